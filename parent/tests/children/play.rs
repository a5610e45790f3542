//! A played child. It follows the protocol except where its part says otherwise, and writes down
//! what it is told.

use holdfast_ipc::balance::{CheckId, CheckVerdict, MemberId, PoolChange, PoolId};
use holdfast_ipc::channel::Channel;
use holdfast_ipc::config::Generation;
use holdfast_ipc::config::model::{InstanceName, ScriptName};
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::message::{
    CheckerToParent, Confinement, Hello, ParentToChecker, ParentToVrrp, Role, StartMode,
    VrrpToParent,
};
use holdfast_ipc::opening::{NotOpened, OpenStep, Refusal, Request};
use holdfast_ipc::state::{Cause, Checkpoint, ScriptState, StateChange, Verdict, VrrpState};
use holdfast_ipc::time::Monotonic;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, getsockname, socket};
use std::fmt::Debug;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Which child this process plays; none when it runs the tests.
pub(crate) fn role() -> Option<Role> {
    let name = std::env::args().next()?;
    match Path::new(&name).file_name()?.to_str()? {
        "holdfast-vrrp" => Some(Role::Vrrp),
        "holdfast-checker" => Some(Role::Checker),
        _ => None,
    }
}

/// Plays until the end.
pub(crate) fn play(role: Role) -> ExitCode {
    let stage = Stage::of(role);
    // Children of different users write to the same files.
    nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    stage.write("status", &fs::read_to_string("/proc/self/status").unwrap());
    stage.write(
        "environ",
        &fs::read_to_string("/proc/self/environ").unwrap(),
    );
    stage.write("files", &open_files());
    stage.write(
        "cwd",
        &std::env::current_dir().unwrap().display().to_string(),
    );
    match role {
        Role::Vrrp => vrrp(&stage),
        Role::Checker => checker(&stage),
        Role::Parent => panic!("nobody plays the parent"),
    }
    ExitCode::SUCCESS
}

fn open_files() -> String {
    let mut files: Vec<String> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            let kind = target.display().to_string();
            let kind = kind.split(':').next()?.to_owned();
            Some(format!("{} {kind}", entry.file_name().to_str()?))
        })
        .collect();
    files.sort();
    files.join("\n")
}

/// The folder of the test.
struct Stage {
    folder: PathBuf,
    name: &'static str,
}

impl Stage {
    fn of(role: Role) -> Self {
        let own = std::env::args().next().unwrap();
        let folder = Path::new(&own).parent().unwrap().join("../stage");
        let name = match role {
            Role::Vrrp => "vrrp",
            Role::Checker | Role::Parent => "checker",
        };
        Self { folder, name }
    }

    /// True when the part has that word. It can change while the child plays.
    fn does(&self, word: &str) -> bool {
        let part = fs::read_to_string(self.folder.join(format!("{}.part", self.name)));
        part.is_ok_and(|part| part.split_whitespace().any(|own| own == word))
    }

    fn write(&self, what: &str, text: &str) {
        let _ = fs::write(self.folder.join(format!("{}.{what}", self.name)), text);
    }

    /// Writes down what was said.
    fn saw(&self, message: &impl Debug) {
        let path = self.folder.join(format!("{}.seen", self.name));
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        let line = format!("{} {message:?}\n", std::process::id());
        file.write_all(line.as_bytes()).unwrap();
    }

    /// The misbehaviour of this moment, if the part has any.
    fn moment(&self, moment: &str) {
        if self.does(&format!("die-{moment}")) {
            std::process::abort();
        }
        if self.does(&format!("exit-{moment}")) {
            std::process::exit(7);
        }
        if self.does(&format!("panic-{moment}")) {
            eprintln!("thread panicked\x1b[31m at {moment}");
            std::process::exit(101);
        }
        while self.does(&format!("hang-{moment}")) {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        if self.does(&format!("garbage-{moment}")) {
            let stdin = std::io::stdin();
            nix::unistd::write(stdin.as_fd(), b"\x00nonsense").unwrap();
        }
        if self.does(&format!("framing-{moment}")) {
            let stdin = std::io::stdin();
            nix::unistd::write(stdin.as_fd(), &[9; 100]).unwrap();
        }
        if self.does(&format!("empty-{moment}")) {
            let stdin = std::io::stdin();
            nix::unistd::write(stdin.as_fd(), &[0; 1]).unwrap();
        }
    }

    fn hello(&self, role: Role) -> Hello {
        let mut hello = Hello::of(role);
        if self.does("old-hello") {
            hello.version = "0.0.0".to_owned();
        }
        hello
    }
}

fn confinement() -> Confinement {
    Confinement {
        seccomp: true,
        landlock: "played".to_owned(),
    }
}

fn channel<Out: serde::Serialize, In: serde::de::DeserializeOwned>() -> Channel<Out, In> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    Channel::new(stdin, 1 << 20)
}

/// The one instance of the test configurations.
pub(crate) fn instance() -> InstanceName {
    InstanceName::try_from("VI_1").unwrap()
}

fn changed(to: VrrpState, cause: Cause) -> VrrpToParent {
    VrrpToParent::Changed(StateChange {
        instance: instance(),
        from: VrrpState::Init,
        to,
        priority: 150,
        cause,
        at: Monotonic::from_micros(1),
    })
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        instance: instance(),
        state: VrrpState::Master,
        learned_interval: None,
        ah_sequence: 0,
        master: None,
    }
}

fn vrrp(stage: &Stage) {
    let mut parent = channel::<VrrpToParent, ParentToVrrp>();
    let mut mode = StartMode::Fresh;
    let mut generation = Generation::default();
    let mut waiting = Vec::new();
    let mut stops: Option<Instant> = None;
    loop {
        let Ok(message) = parent.receive_within(Duration::from_secs(60)) else {
            return stage.saw(&"the parent is gone");
        };
        if !matches!(message, ParentToVrrp::Ping { .. }) {
            stage.saw(&message);
        }
        if let ParentToVrrp::Open { request, .. } = &message {
            waiting.push(*request);
        }
        if !stage.does("open-hang") {
            for request in waiting.drain(..) {
                open(stage, &mut parent, request);
            }
        }
        let mut say = |answer: VrrpToParent| parent.send(&answer).unwrap();
        match message {
            ParentToVrrp::CheckVerdicts { .. }
            | ParentToVrrp::KeptPools { .. }
            | ParentToVrrp::Open { .. }
            | ParentToVrrp::Pools { .. }
            | ParentToVrrp::Standings { .. } => {}
            ParentToVrrp::Hello(_) => {
                stage.moment("hello");
                say(VrrpToParent::Hello(stage.hello(Role::Vrrp)));
                say(VrrpToParent::Confined(confinement()));
            }
            ParentToVrrp::Start(start) => {
                stage.moment("start");
                mode = start.mode;
                generation = start.generation;
                if stage.does("refuse-release") && mode == StartMode::Release {
                    let reason = "played refusal".to_owned();
                    say(VrrpToParent::Refused { generation, reason });
                    say(VrrpToParent::Stopped);
                    return;
                }
                if stage.does("refuse-start") {
                    let reason = "played refusal".to_owned();
                    say(VrrpToParent::Refused { generation, reason });
                    return;
                }
                say(VrrpToParent::Ready { generation });
            }
            ParentToVrrp::Go if mode == StartMode::Release => {
                say(VrrpToParent::Stopped);
                return;
            }
            ParentToVrrp::Go => {
                if stage.does("foreign-checkpoint") {
                    say(VrrpToParent::Checkpoint(Checkpoint {
                        instance: InstanceName::try_from("VI_9").unwrap(),
                        state: VrrpState::Master,
                        learned_interval: None,
                        ah_sequence: 0,
                        master: None,
                    }));
                }
                if !stage.does("at-stop") {
                    say_server_news(stage, generation, &mut say);
                }
                if stage.does("opened-unasked") {
                    open(stage, &mut parent, Request::new(77));
                }
                let mut say = |answer: VrrpToParent| parent.send(&answer).unwrap();
                if stage.does("long-log") {
                    let text = "long ".repeat(20_000);
                    say(VrrpToParent::Log(LogRecord {
                        level: Level::Info,
                        text,
                    }));
                }
                if stage.does("master") {
                    // A successor only says where it goes on.
                    if mode == StartMode::Resume {
                        say(changed(VrrpState::Master, Cause::Resumed));
                    } else {
                        say(changed(VrrpState::Backup, Cause::Startup));
                        say(changed(VrrpState::Master, Cause::Owner));
                    }
                    say(VrrpToParent::Checkpoint(checkpoint()));
                }
                if stage.does("flap") {
                    for _ in 0..FLAPS {
                        say(changed(
                            VrrpState::Backup,
                            Cause::MasterSilent {
                                last: None,
                                waited: Default::default(),
                            },
                        ));
                        say(changed(VrrpState::Master, Cause::Owner));
                    }
                }
                if stage.does("foreign-instance") {
                    let instance = InstanceName::try_from("VI_\u{202e}9").unwrap();
                    say(VrrpToParent::Checkpoint(Checkpoint {
                        instance,
                        ..checkpoint()
                    }));
                }
                stage.moment("go");
            }
            ParentToVrrp::Ping { sequence } => {
                stage.moment("ping");
                if stage.does("stopped-ping") {
                    say(VrrpToParent::Stopped);
                    return;
                }
                if stops.is_some_and(|since| since.elapsed() >= SLOW_STOP) {
                    say(VrrpToParent::Stopped);
                    return;
                }
                say(VrrpToParent::Pong { sequence });
            }
            ParentToVrrp::Prepare { generation, .. } => {
                stage.moment("prepare");
                if stage.does("refuse-prepare") {
                    let reason = "played refusal".to_owned();
                    say(VrrpToParent::Refused { generation, reason });
                } else {
                    say(VrrpToParent::Prepared { generation });
                }
            }
            ParentToVrrp::Commit { generation: next } => {
                stage.moment("commit");
                generation = next;
                say(VrrpToParent::Committed { generation });
            }
            ParentToVrrp::Abort { .. } | ParentToVrrp::Verdict { .. } => {}
            ParentToVrrp::Stop if stage.does("slow-stop") => stops = Some(Instant::now()),
            ParentToVrrp::Stop => {
                stage.moment("stop");
                if stage.does("at-stop") {
                    say_server_news(stage, generation, &mut say);
                }
                say(VrrpToParent::Stopped);
                return;
            }
        }
    }
}

/// Answers a request for a socket.
fn open(stage: &Stage, parent: &mut Channel<VrrpToParent, ParentToVrrp>, request: Request) {
    let answer = |opened| VrrpToParent::Opened { request, opened };
    if stage.does("open-refuse") {
        let step = OpenStep::Mark;
        return parent
            .send(&answer(Err(Refusal { step, errno: 1 })))
            .unwrap();
    }
    let (family, kind) = (AddressFamily::Inet, SockType::Stream);
    let socket = socket(family, kind, SockFlag::empty(), None).unwrap();
    parent.send_carrying(&answer(Ok(())), socket).unwrap();
}

fn say_server_news(stage: &Stage, generation: Generation, say: &mut impl FnMut(VrrpToParent)) {
    for (word, message) in server_news(generation) {
        if stage.does(word) {
            say(message);
        }
    }
}

/// So long a child takes to stop that has much to do; longer than a stop takes otherwise.
pub(crate) const SLOW_STOP: Duration = Duration::from_millis(1_200);

/// So often an instance changes its state to and fro.
pub(crate) const FLAPS: usize = 1_000;

/// What a child says about the servers of its configuration.
fn server_news(generation: Generation) -> [(&'static str, VrrpToParent); 5] {
    let changed = |change| VrrpToParent::PoolChanged { generation, change };
    let member = |pool, up| {
        changed(PoolChange::Member {
            pool: PoolId::new(pool),
            member: MemberId::new(0),
            up,
        })
    };
    let held = |address: &str| VrrpToParent::Held {
        address: address.parse().unwrap(),
        held: true,
    };
    let lost = PoolChange::Quorum {
        pool: PoolId::new(0),
        up: false,
        detail: "played".to_owned(),
    };
    [
        ("member-down", member(0, false)),
        ("quorum-lost", changed(lost)),
        ("foreign-pool", member(9, false)),
        ("held", held("192.0.2.1")),
        ("foreign-held", held("192.0.2.9")),
    ]
}

/// The next message, with the descriptor that came with it.
fn hear(
    parent: &mut Channel<CheckerToParent, ParentToChecker>,
) -> Option<(ParentToChecker, Option<OwnedFd>)> {
    loop {
        if let Some(heard) = parent.receive_carrying().ok()? {
            return Some(heard);
        }
        let mut waiting = [PollFd::new(parent.as_fd(), PollFlags::POLLIN)];
        poll(&mut waiting, PollTimeout::NONE).unwrap();
    }
}

/// Writes down where a socket is bound to.
fn saw_socket(stage: &Stage, socket: &OwnedFd) {
    let own: SockaddrStorage = getsockname(socket.as_raw_fd()).unwrap();
    stage.saw(&format!("socket of {}", own.as_sockaddr_in().unwrap()));
}

/// Requests for sockets.
fn wishes(stage: &Stage, generation: Generation) -> Vec<CheckerToParent> {
    let parts = [
        ("open", 0, 1),
        ("open-plain", 1, 1),
        ("open-foreign", 7, 1),
        ("open-flood", 0, 33),
    ];
    let parts = parts.into_iter().filter(|(word, ..)| stage.does(word));
    let wish = |check, number| CheckerToParent::Open {
        generation,
        check: CheckId::new(check),
        request: Request::new(number),
    };
    parts
        .flat_map(|(_, check, count)| (5..5 + count).map(move |number| wish(check, number)))
        .collect()
}

fn check_verdict(check: u32) -> CheckVerdict {
    CheckVerdict {
        check: CheckId::new(check),
        up: false,
        weight: 0,
        detail: "played".to_owned(),
    }
}

fn verdict(script: &str) -> Verdict {
    Verdict {
        script: ScriptName::try_from(script).unwrap(),
        state: ScriptState::Ok,
        detail: "played".to_owned(),
    }
}

fn checker(stage: &Stage) {
    let mut parent = channel::<CheckerToParent, ParentToChecker>();
    let mut current = Default::default();
    let mut asked = false;
    loop {
        let Some((message, socket)) = hear(&mut parent) else {
            return stage.saw(&"the parent is gone");
        };
        if let Some(socket) = socket {
            saw_socket(stage, &socket);
        }
        if !matches!(message, ParentToChecker::Ping { .. }) {
            stage.saw(&message);
        }
        let mut say = |answer: CheckerToParent| parent.send(&answer).unwrap();
        match message {
            ParentToChecker::Servers { .. }
            | ParentToChecker::KeptServers { .. }
            | ParentToChecker::CheckVerdicts { .. }
            | ParentToChecker::Held { .. } => {}
            ParentToChecker::Opened { opened, .. } => {
                // The VRRP child may have been slower to start.
                let not_running = |reason: &String| reason.contains("not running");
                asked = !matches!(&opened, Err(NotOpened::NotTried(why)) if not_running(why));
            }
            ParentToChecker::Hello(_) => {
                stage.moment("hello");
                say(CheckerToParent::Hello(stage.hello(Role::Checker)));
                say(CheckerToParent::Confined(confinement()));
            }
            ParentToChecker::Start(start) => {
                stage.moment("start");
                current = start.generation;
                say(CheckerToParent::Ready {
                    generation: current,
                });
            }
            ParentToChecker::Go => {
                for (word, check) in [("check-verdict", 0), ("foreign-check", 7)] {
                    if stage.does(word) {
                        say(CheckerToParent::CheckVerdicts {
                            generation: current,
                            verdicts: vec![check_verdict(check)],
                        });
                    }
                }
                for (word, script) in [("verdict", "chk"), ("foreign-verdict", "other")] {
                    if stage.does(word) {
                        say(CheckerToParent::Verdict {
                            generation: current,
                            verdict: verdict(script),
                        });
                    }
                }
                stage.moment("go");
            }
            ParentToChecker::Ping { sequence } => {
                stage.moment("ping");
                if !std::mem::replace(&mut asked, true) {
                    for message in wishes(stage, current) {
                        say(message);
                    }
                }
                say(CheckerToParent::Pong { sequence });
            }
            ParentToChecker::Prepare { generation, .. } => {
                stage.moment("prepare");
                if stage.does("refuse-prepare") {
                    let reason = "played refusal".to_owned();
                    say(CheckerToParent::Refused { generation, reason });
                } else {
                    say(CheckerToParent::Prepared { generation });
                }
            }
            ParentToChecker::Commit { generation } => {
                stage.moment("commit");
                current = generation;
                say(CheckerToParent::Committed { generation });
            }
            ParentToChecker::Abort { .. } => {}
            ParentToChecker::Stop => {
                stage.moment("stop");
                say(CheckerToParent::Stopped);
                return;
            }
        }
    }
}
