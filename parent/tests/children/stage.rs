//! The folder of one test: copies of the executables, the parts of the children, what they saw, and
//! the daemon with its log.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for anything.
pub(crate) const LONG: Duration = Duration::from_secs(15);

/// The folder; gone behind the test.
pub(crate) struct Stage {
    folder: PathBuf,
}

impl Stage {
    pub(crate) fn new() -> Self {
        assert!(
            nix::unistd::geteuid().is_root(),
            "these tests run the daemon and need root"
        );
        let template = std::env::temp_dir().join("holdfast-children-XXXXXX");
        let stage = Self {
            folder: nix::unistd::mkdtemp(&template).unwrap(),
        };
        let open =
            |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        open(&stage.folder, 0o755);
        for (name, mode) in [("bin", 0o755), ("stage", 0o777), ("scripts", 0o755)] {
            let path = stage.path(name);
            fs::create_dir(&path).unwrap();
            open(&path, mode);
        }
        copy(
            Path::new(env!("CARGO_BIN_EXE_holdfast")),
            &stage.path("bin/holdfast"),
        );
        copy(
            Path::new(env!("CARGO_BIN_EXE_holdfast-mailer")),
            &stage.path("bin/holdfast-mailer"),
        );
        let own = std::env::current_exe().unwrap();
        for name in ["holdfast-vrrp", "holdfast-checker"] {
            copy(&own, &stage.path(&format!("bin/{name}")));
        }
        stage.configure(CONFIG);
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, text: &str) {
        let text = text.replace("SCRIPTS", &self.path("scripts").display().to_string());
        fs::write(self.path("holdfast.conf"), text).unwrap();
    }

    /// Makes a script.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path("scripts").join(name);
        let stage = self.path("stage").display().to_string();
        fs::write(
            &path,
            format!("#!/bin/sh\n{}\n", body.replace("STAGE", &stage)),
        )
        .unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Tells a child how to play.
    pub(crate) fn part(&self, child: &str, words: &str) {
        // Renamed into place: the child must never read half of it.
        let new = self.path("stage/part.new");
        fs::write(&new, words).unwrap();
        fs::rename(new, self.path(&format!("stage/{child}.part"))).unwrap();
    }

    /// What a child wrote.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("stage").join(name)).unwrap_or_default()
    }

    /// All that children of this kind were told, heartbeats apart, without their numbers.
    pub(crate) fn told(&self, child: &str) -> Vec<String> {
        self.read(&format!("{child}.seen"))
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(_, message)| message.to_owned())
            .collect()
    }

    /// The first word of each message.
    pub(crate) fn told_words(&self, child: &str) -> Vec<String> {
        let word = |message: &String| {
            let end = message.find(|character: char| !character.is_alphanumeric());
            message[..end.unwrap_or(message.len())].to_owned()
        };
        self.told(child).iter().map(word).collect()
    }

    /// Waits until a child was told something with that text so many times.
    #[track_caller]
    pub(crate) fn wait_told(&self, child: &str, text: &str, times: usize) {
        wait_for(
            &format!("{times} times {text:?} to the {child} child"),
            || {
                let told = self.told(child);
                (told.iter().filter(|message| message.contains(text)).count() >= times)
                    .then_some(())
            },
        );
    }

    /// The command that starts the daemon.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(self.path("bin/holdfast"));
        command.arg("-f").arg(self.path("holdfast.conf")).arg("-G");
        for (option, file) in [("-p", "p.pid"), ("-r", "r.pid"), ("-c", "c.pid")] {
            command.arg(option).arg(self.path(file));
        }
        command.args(options).stdin(Stdio::null());
        command
    }

    /// Starts the daemon in front, with its log on the console.
    pub(crate) fn start(&self, options: &[&str]) -> Daemon {
        let mut command = self.command(&["-n", "-l"]);
        Daemon::new(command.args(options))
    }

    /// Starts it with the folder as its working directory.
    pub(crate) fn start_in_folder(&self, options: &[&str]) -> Daemon {
        let mut command = self.command(&["-n", "-l"]);
        Daemon::new(command.args(options).current_dir(&self.folder))
    }

    /// Starts it by a line of shell, which gets the command as its arguments.
    pub(crate) fn start_by(&self, line: &str) -> Daemon {
        let real = self.command(&["-n", "-l"]);
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line).arg(real.get_program());
        Daemon::new(command.args(real.get_args()).stdin(Stdio::null()))
    }

    /// Starts it and waits until it is up.
    #[track_caller]
    pub(crate) fn start_up(&self) -> Daemon {
        let daemon = self.start(&[]);
        daemon.wait_log("Startup complete", 1);
        self.wait_told("vrrp", "Go", 1);
        if !daemon.lines("Starting Healthcheck child").is_empty() {
            self.wait_told("checker", "Go", 1);
        }
        daemon
    }

    /// The number in a pid file.
    pub(crate) fn pid(&self, file: &str) -> Option<i32> {
        fs::read_to_string(self.path(file))
            .ok()?
            .trim()
            .parse()
            .ok()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o755)).unwrap();
}

/// One instance with one script.
pub(crate) const CONFIG: &str = "\
vrrp_script chk {
    script \"/bin/true\"
    interval 1
    weight 10
}
vrrp_instance VI_1 {
    interface hf-none0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        192.0.2.100
    }
    track_script {
        chk
    }
}
";

/// A running daemon. Dropping it kills it.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    fn new(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, log }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Lines of the log with that text, without time, name and number.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        self.log()
            .iter()
            .filter_map(|line| line.split_once("]: "))
            .map(|(_, line)| line.to_owned())
            .filter(|line| line.contains(text))
            .collect()
    }

    /// Waits for the nth line with that text.
    #[track_caller]
    pub(crate) fn wait_log(&self, text: &str, times: usize) -> String {
        let what = format!("line {times} with {text:?}");
        let begun = Instant::now();
        loop {
            let log = self.log();
            let mut found = log.iter().filter(|line| line.contains(text));
            if let Some(line) = found.nth(times - 1) {
                return line.clone();
            }
            assert!(
                begun.elapsed() < LONG,
                "waited in vain for {what}; log:\n{}",
                log.join("\n")
            );
            pause();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait_for("the daemon to end", || child.try_wait().unwrap())
    }

    /// Stops it; the status and how long it took.
    #[track_caller]
    pub(crate) fn stop(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = self.wait();
        (status.code(), begun.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that cannot announce itself.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LONG, "waited in vain for {what}");
        pause();
    }
}

fn pause() {
    std::thread::park_timeout(Duration::from_millis(2));
}

/// True while there is such a process.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is not alive.
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// A field of a copy of `/proc/PID/status`.
pub(crate) fn field(status: &str, name: &str) -> String {
    let line = status
        .lines()
        .find(|line| line.split(':').next() == Some(name));
    line.and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .unwrap_or_default()
}
