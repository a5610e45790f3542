//! Plays the parent for a real checker process that runs as nobody.

use holdfast_ipc::Channel;
use holdfast_ipc::channel::{ChannelError, socket_pair};
use holdfast_ipc::config::model::{Micros, ScriptAction, ScriptName, ShellWords, TlsFiles};
use holdfast_ipc::config::{CheckerConfig, CheckerScript, Generation};
use holdfast_ipc::log::LogRecord;
use holdfast_ipc::message::{
    CheckerStart, CheckerToParent, Confinement, Hello, ParentToChecker, Role,
};
use holdfast_ipc::state::Verdict;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// No answer of a test takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// User and group that the checker runs as.
pub(crate) const NOBODY: u32 = 65534;

/// Whoever started the tests may have left descriptors open; the real parent leaves none.
const CLOSE_THE_REST: &str = "for path in /proc/$$/fd/*; do
    number=${path##*/}; [ $number -le 2 ] || eval \"exec $number<&-\"
done
exec \"$@\"";

/// A checker with the parent's end of its socket.
pub(crate) struct Checker {
    pub(crate) process: Child,
    pub(crate) parent: Option<Channel<ParentToChecker, CheckerToParent>>,
    pub(crate) confinement: Confinement,
    pub(crate) logs: Vec<LogRecord>,
}

impl Checker {
    /// Starts one up to `Confined`, as nobody.
    pub(crate) fn start() -> Self {
        Self::start_as(NOBODY, &[], &[])
    }

    /// The same as any user, by way of other programs: one that root runs (`unshare …`), one that
    /// the user runs (`prlimit …`).
    pub(crate) fn start_as(user: u32, before: &[&str], through: &[&str]) -> Self {
        let (ours, theirs) = socket_pair().expect("socket pair");
        let reuid = format!("--reuid={user}");
        let regid = format!("--regid={user}");
        // setpriv clears the bounding set as the parent does; std alone cannot.
        let drop = [
            "setpriv",
            &reuid,
            &regid,
            "--clear-groups",
            "--inh-caps=-all",
        ];
        let line = [before, &drop[..], &["--bounding-set=-all"], through].concat();
        let process = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", CLOSE_THE_REST, "bash"])
            .args(line)
            .arg(reachable_binary())
            .stdin(Stdio::from(theirs))
            .stderr(Stdio::piped())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .process_group(0)
            .spawn()
            .expect("setpriv (package util-linux) and the right to use it (root)");
        let mut parent: Channel<ParentToChecker, CheckerToParent> =
            Channel::new(ours, 64 * 1024 * 1024);
        let hello = ParentToChecker::Hello(Hello::of(Role::Parent));
        parent.send(&hello).unwrap();
        let CheckerToParent::Hello(hello) = parent.receive_within(PATIENCE).unwrap() else {
            panic!("no Hello");
        };
        hello.check(Role::Checker).unwrap();
        let CheckerToParent::Confined(confinement) = parent.receive_within(PATIENCE).unwrap()
        else {
            panic!("not confined");
        };
        Self {
            process,
            parent: Some(parent),
            confinement,
            logs: Vec::new(),
        }
    }

    /// Starts one and lets it run this configuration.
    pub(crate) fn running(config: CheckerConfig) -> Self {
        Self::running_with(config, Vec::new())
    }

    /// The same with verdicts of a predecessor.
    pub(crate) fn running_with(config: CheckerConfig, verdicts: Vec<Verdict>) -> Self {
        let mut checker = Self::start();
        checker.go(config, verdicts);
        checker
    }

    /// Lets it run this configuration.
    pub(crate) fn go(&mut self, config: CheckerConfig, verdicts: Vec<Verdict>) {
        let generation = Generation::new(1);
        self.send(&ParentToChecker::Start(CheckerStart {
            generation,
            config,
            fresh: true,
            verdicts,
        }));
        assert_eq!(self.next(), CheckerToParent::Ready { generation });
        self.send(&ParentToChecker::Go);
    }

    pub(crate) fn send(&mut self, message: &ParentToChecker) {
        self.parent.as_mut().unwrap().send(message).unwrap();
    }

    /// The next message that is no log line.
    pub(crate) fn next(&mut self) -> CheckerToParent {
        self.try_next(PATIENCE).expect("a message")
    }

    /// The next message that is no log line, if one comes in time.
    pub(crate) fn try_next(&mut self, wait: Duration) -> Result<CheckerToParent, ChannelError> {
        let end = Instant::now() + wait;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.parent.as_mut().unwrap().receive_within(left)? {
                CheckerToParent::Log(record) => self.logs.push(record),
                other => return Ok(other),
            }
        }
    }

    /// The next verdict.
    pub(crate) fn verdict(&mut self) -> Verdict {
        match self.next() {
            CheckerToParent::Verdict { verdict, .. } => verdict,
            other => panic!("expected a verdict, got {other:?}"),
        }
    }

    /// Waits for a log line with this text.
    pub(crate) fn log_with(&mut self, part: &str) -> LogRecord {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.logs.iter().position(|log| log.text.contains(part)) {
                return self.logs.remove(place);
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.parent.as_mut().unwrap().receive_within(left) {
                Ok(CheckerToParent::Log(record)) => self.logs.push(record),
                Ok(_) => {}
                Err(error) => panic!("no line with {part:?}: {error}; lines: {:#?}", self.logs),
            }
        }
    }

    /// True when it answers.
    pub(crate) fn ping(&mut self) {
        self.send(&ParentToChecker::Ping { sequence: 77 });
        loop {
            if let CheckerToParent::Pong { sequence: 77 } = self.next() {
                return;
            }
        }
    }

    /// Asks it to end; gives its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.send(&ParentToChecker::Stop);
        while self.next() != CheckerToParent::Stopped {}
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        wait_until("the checker ends", || self.process.try_wait().unwrap()).code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The binary at a place that other users can reach: a checkout may lie below /root.
fn reachable_binary() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_holdfast-checker"));
    let open =
        |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    if built.ancestors().all(open) {
        return built;
    }
    static COPY: OnceLock<Place> = OnceLock::new();
    let copy = COPY.get_or_init(|| {
        let place = Place::new();
        let status = Command::new("cp").arg(&built).arg(&place.0).status();
        assert!(status.unwrap().success());
        place
    });
    copy.0.join("holdfast-checker")
}

/// Asks again and again until there is an answer.
pub(crate) fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// A directory for scripts and what they write, removed at the end.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!(
            "holdfast-checker-test-{}-{number}",
            std::process::id()
        ));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let writable = path.join("out");
        fs::create_dir(&writable).unwrap();
        fs::set_permissions(&writable, fs::Permissions::from_mode(0o777)).unwrap();
        Self(path)
    }

    /// A file that scripts may write.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.0.join("out").join(name)
    }

    /// Writes a shell script; `@/` in it stands for the directory that it may write to.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let out = self.0.join("out");
        let text = text.replace("@/", &format!("{}/", out.display()));
        self.file(name, &format!("#!/bin/sh\n{text}\n"))
    }

    /// Writes an executable file.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        // Not written in place: a process that another test starts at this moment may hold the
        // descriptor, and the kernel refuses to run a file that is open for writing.
        let status = Command::new("sh")
            .arg("-c")
            .arg("printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"")
            .args(["sh", text])
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn name(text: &str) -> ScriptName {
    ScriptName::try_from(text).unwrap()
}

/// A script with an interval in milliseconds; the timeout is 10 s, rise and fall 1.
pub(crate) fn script(called: &str, program: &Path, interval: u64) -> CheckerScript {
    let words = ShellWords::try_from(vec![program.to_str().unwrap().to_owned()]).unwrap();
    action(called, ScriptAction::Run(words), interval)
}

pub(crate) fn action(called: &str, action: ScriptAction, interval: u64) -> CheckerScript {
    CheckerScript {
        name: name(called),
        action,
        interval: Micros::from_millis(interval),
        timeout: Micros::from_secs(10),
        rise: 1,
        fall: 1,
        init_fail: false,
    }
}

pub(crate) fn config(scripts: impl Into<Vec<CheckerScript>>) -> CheckerConfig {
    CheckerConfig {
        scripts: scripts.into(),
        script_security: false,
        servers: 0,
        tls: TlsFiles::default(),
    }
}

/// True while a process runs (and is no zombie).
pub(crate) fn runs(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit(") ").next().map(|rest| !rest.starts_with('Z')))
        .unwrap_or(false)
}

/// A number that a script wrote, once it is there.
pub(crate) fn written(path: &Path) -> String {
    wait_until("a script writes its number", || {
        fs::read_to_string(path)
            .ok()
            .filter(|text| text.ends_with('\n'))
            .map(|text| text.trim().to_owned())
    })
}

/// Processes whose parent this is, with the zombies.
pub(crate) fn children_of(pid: u32) -> Vec<String> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}
