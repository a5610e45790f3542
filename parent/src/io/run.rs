//! The start of the daemon, and its loop.

use super::accounts::HostAccounts;
use super::clock;
use super::config::{self, Good, Outcome};
use super::confine;
use super::daemon::{Daemon, Life, Plan};
use super::executables::{self, CHECKER_CHILD};
use super::host::Findings;
use super::log::Log;
use super::mail::MAILER;
use super::pidfile::PidFile;
use super::processes::describe;
use super::ready::Readiness;
use super::signals::Signals;
use super::slot::Slot;
use holdfast::account;
use holdfast::cli::{Options, ReadOptions};
use holdfast::identity::Identity;
use holdfast::notify::Told;
use holdfast::reload::Reload;
use holdfast::requests::Requests;
use holdfast::restart::Legacy;
use holdfast::words::counted;
use holdfast_conf::{Secrets, UnknownWords};
use holdfast_ipc::config::Generation;
use holdfast_ipc::time::Monotonic;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, umask};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit statuses of the daemon (keywords 8.3).
const FATAL: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;
const NOT_PERMITTED: u8 = 4;
const NO_CONFIGURATION: u8 = 6;

const VRRP_CHILD: &str = "holdfast-vrrp";

/// A reason not to start.
struct Stop {
    status: u8,
    text: String,
}

impl Stop {
    fn fatal(text: impl Into<String>) -> Self {
        Self {
            status: FATAL,
            text: text.into(),
        }
    }
}

/// Runs the daemon to its end.
pub(crate) fn run(options: Options, background: bool) -> ExitCode {
    match start(options, background) {
        Ok(mut daemon) => {
            daemon.follow_fifos();
            run_loop(daemon)
        }
        Err(stop) => {
            eprintln!("holdfast: {}", stop.text);
            ExitCode::from(stop.status)
        }
    }
}

fn start(options: Options, background: bool) -> Result<Daemon, Stop> {
    let privileged = nix::unistd::geteuid().is_root();
    if !privileged {
        return Err(Stop {
            status: NOT_PERMITTED,
            text: "has to be started as root: it hands its children two capabilities and drops \
                   the rest (`-t` works for everybody)"
                .to_owned(),
        });
    }
    let ready = if background {
        let ready = Readiness::in_background();
        Some(ready.map_err(|error| Stop::fatal(format!("cannot leave the terminal: {error}")))?)
    } else {
        None
    };
    umask(Mode::from_bits_truncate(0o077));
    let config_path = absolute(&config::choose(options.config.as_ref()))?;
    let good = read_config(&config_path, options.compat, &options.reading)?;
    let bad = |text| Stop {
        status: BAD_CONFIGURATION,
        text,
    };
    refuse_writable_files(&good).map_err(bad)?;
    let findings = good.examine().map_err(bad)?;
    let executables = find_executables()?;
    assemble(options, config_path, good, findings, &executables, ready)
}

fn read_config(path: &Path, compat: bool, reading: &ReadOptions) -> Result<Good, Stop> {
    let unknown = if compat {
        UnknownWords::Ignore
    } else {
        UnknownWords::Refuse
    };
    let colour = std::io::stderr().is_terminal();
    match config::read(path, unknown, reading) {
        Outcome::Unreadable(text) => Err(Stop {
            status: NO_CONFIGURATION,
            text,
        }),
        Outcome::Empty(text) => Err(Stop {
            status: BAD_CONFIGURATION,
            text,
        }),
        Outcome::Wrong(report) => {
            eprint!("{}", report.render(colour));
            Err(Stop {
                status: if report.include_check_failed() {
                    NO_CONFIGURATION
                } else {
                    BAD_CONFIGURATION
                },
                text: format!(
                    "{}: {}. Nothing was started or changed.",
                    path.display(),
                    counted(report.errors(), "error", "errors")
                ),
            })
        }
        Outcome::Good(good) => Ok(*good),
    }
}

/// Whoever can write the configuration is root already, if we run what it says.
pub(crate) fn refuse_writable_files(good: &Good) -> Result<(), String> {
    match good.file_faults().writable.into_iter().next() {
        Some(fault) if good.config.global.script_security => Err(fault),
        Some(_) | None => Ok(()),
    }
}

struct Executables {
    vrrp: PathBuf,
    checker: PathBuf,
}

fn find_executables() -> Result<Executables, Stop> {
    Ok(Executables {
        vrrp: executables::find(VRRP_CHILD).map_err(Stop::fatal)?,
        checker: executables::find(CHECKER_CHILD).map_err(Stop::fatal)?,
    })
}

fn assemble(
    options: Options,
    config_path: PathBuf,
    good: Good,
    findings: Findings,
    executables: &Executables,
    ready: Option<Readiness>,
) -> Result<Daemon, Stop> {
    let identity = Identity::of(options.compat);
    let lock = |path: &PathBuf| {
        let path = absolute(path)?;
        PidFile::lock(&path).map_err(|error| Stop::fatal(describe(&error)))
    };
    let mut pid_file = lock(&options.pid_files.parent)?;
    let vrrp_pid_file = lock(&options.pid_files.vrrp)?;
    let checkers_pid_path = absolute(&options.pid_files.checkers)?;
    // Held from the start where it will be needed, so that two daemons do not share it.
    let checkers_pid_file =
        if good.config.scripts.is_empty() && good.config.virtual_servers.is_empty() {
            None
        } else {
            Some(lock(&checkers_pid_path)?)
        };
    pid_file
        .write(std::process::id())
        .map_err(|error| Stop::fatal(describe(&error)))?;
    let mut log = Log::open(&options, identity)
        .map_err(|error| Stop::fatal(format!("cannot open the log file: {error}")))?;
    let vrrp_account = account::for_vrrp(&HostAccounts).map_err(Stop::fatal)?;
    let signals =
        Signals::catch().map_err(|error| Stop::fatal(format!("cannot catch signals: {error}")))?;
    std::env::set_current_dir("/")
        .map_err(|error| Stop::fatal(format!("cannot change to /: {error}")))?;
    confine::cut_capabilities().map_err(Stop::fatal)?;
    let filtered = confine::filter_calls().map_err(Stop::fatal)?;

    announce(&mut log, &options, &config_path, &good, &findings);
    if !filtered {
        log.warning(confine::NOT_CONFINED);
    }
    if let Some(remark) = &vrrp_account.remark {
        log.warning(remark);
    }
    let generation = Generation::new(1);
    let said = findings.objections().into_keys().collect();
    let plan = Plan::new(
        generation,
        good.config,
        good.needs,
        findings.facts,
        options.log_detail,
        said,
    );
    let now = clock::now();
    let checkers = plan
        .slices
        .checkers
        .keys()
        .map(|account| {
            let executable = executables.checker.clone();
            (
                account.clone(),
                Slot::for_checker(account.clone(), executable, now),
            )
        })
        .collect();
    let vrrp = Slot::new(
        "vrrp child".to_owned(),
        vrrp_account.account,
        executables.vrrp.clone(),
        Legacy::Addresses,
        Some(vrrp_pid_file),
        now,
    );
    Ok(Daemon {
        options,
        identity,
        log,
        signals,
        config_path,
        checker_executable: executables.checker.clone(),
        plan,
        next_plan: None,
        previous_plan: None,
        newest: generation,
        reload: Reload::default(),
        vrrp,
        checkers,
        leaving: Vec::new(),
        checkers_pid_file,
        checkers_pid_path,
        checkpoints: BTreeMap::new(),
        priorities: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        told: Told::default(),
        balance: Default::default(),
        requests: Requests::default(),
        scripts: Default::default(),
        fifos: Default::default(),
        mailing: Default::default(),
        life: Life::Starting,
        log_due: None,
        dump_refused: None,
        ready,
        refused_at_start: None,
        pid_file: Some(pid_file),
    })
}

/// First lines of the log.
fn announce(log: &mut Log, options: &Options, path: &Path, good: &Good, findings: &Findings) {
    let version = env!("CARGO_PKG_VERSION");
    let name = if options.compat {
        "Keepalived"
    } else {
        "holdfast"
    };
    log.info(&format!(
        "Starting {name} v{version}, configuration {}",
        path.display()
    ));
    for remark in &options.remarks {
        log.warning(remark);
    }
    for line in good.report.lines() {
        log.warning(&line);
    }
    for remark in &findings.remarks {
        log.warning(&remark.text);
    }
    for script in &findings.unusable {
        log.error(&script.text);
    }
    if options.dump_config {
        // One line of the log each, without passwords.
        for line in holdfast_conf::print(&good.config, Secrets::Hidden).lines() {
            log.info(line);
        }
    }
    let faults = good.file_faults();
    for text in faults.writable.iter().chain(&faults.readable) {
        log.warning(text);
    }
    let mail = good.config.global.mail.as_ref();
    if mail.is_some_and(|mail| mail.server.is_some())
        && let Err(missing) = executables::find(MAILER)
    {
        log.error(&format!("no mail can be sent: {missing}"));
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Stop> {
    std::path::absolute(path).map_err(|error| Stop::fatal(format!("{}: {error}", path.display())))
}

fn run_loop(mut daemon: Daemon) -> ExitCode {
    loop {
        daemon.turn();
        if let Some(status) = daemon.finished(clock::now()) {
            daemon.clean_up();
            return ExitCode::from(status);
        }
        wait(&daemon);
    }
}

/// Sleeps until something arrives or is due.
fn wait(daemon: &Daemon) {
    let timeout = timeout_until(daemon.deadline());
    let mut fds = vec![PollFd::new(daemon.signals.as_fd(), PollFlags::POLLIN)];
    daemon.vrrp.poll_fds(&mut fds);
    for slot in daemon.checkers.values().chain(&daemon.leaving) {
        slot.poll_fds(&mut fds);
    }
    fds.extend(
        daemon
            .scripts
            .outputs()
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN)),
    );
    daemon.fifos.poll_fds(&mut fds);
    daemon.mailing.poll_fds(&mut fds);
    // Whatever it says, the next turn looks at everything: an error costs one empty turn.
    let _ = poll(&mut fds, timeout);
}

fn timeout_until(deadline: Option<Monotonic>) -> PollTimeout {
    let Some(deadline) = deadline else {
        return PollTimeout::NONE;
    };
    // Rounded up: a turn before the deadline would be one for nothing.
    let millis = deadline.since(clock::now()).get().div_ceil(1_000);
    i32::try_from(millis)
        .ok()
        .and_then(|millis| PollTimeout::try_from(millis).ok())
        .unwrap_or(PollTimeout::MAX)
}
