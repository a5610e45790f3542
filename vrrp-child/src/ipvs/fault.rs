//! What the kernel refuses, in words that say what to do.

use super::command::Command;
use super::table::ServiceOptions;
use super::work::Refusal;
use holdfast_ipc::config::model::Micros;

/// Numbers of errors (asm-generic/errno-base.h, asm-generic/errno.h).
pub(super) const EPERM: i32 = 1;
pub(super) const ENOENT: i32 = 2;
pub(super) const ESRCH: i32 = 3;
pub(super) const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
const ERANGE: i32 = 34;
const EAFNOSUPPORT: i32 = 97;

/// Time until something that failed is tried again. Loading a module is the operator's work, so
/// seconds do not matter, and each try costs the kernel a search for it (some milliseconds in a
/// process of its own).
pub const RETRY: Micros = Micros::from_secs(10);

/// The kernel has no load balancer.
pub(super) fn unavailable(refusal: &Refusal) -> String {
    let advice = match refusal.errno {
        EPERM => {
            "the process may not program it: it needs CAP_NET_ADMIN in the user namespace that \
                  owns this network namespace"
        }
        _ => "load the module with `modprobe ip_vs` (and name it in /etc/modules-load.d)",
    };
    format!(
        "IPVS is not in this kernel ({}): virtual servers are checked, not programmed; VRRP is not \
         touched. {advice}; it is tried again every {RETRY}",
        refusal.text
    )
}

/// It is there again.
pub(super) const AVAILABLE: &str = "IPVS is in the kernel now: virtual servers are programmed";

/// A command that was refused, and what to do about it.
pub(super) fn refused(command: &Command, refusal: &Refusal) -> String {
    let Refusal { errno, text } = refusal;
    let advice = match (command, *errno) {
        (Command::AddService(_, options) | Command::EditService(_, options), ENOENT) => {
            missing_module(options)
        }
        (_, EPERM) => "the process needs CAP_NET_ADMIN".to_owned(),
        (_, EAFNOSUPPORT) => "IPv6 is switched off, or IPVS was built without it".to_owned(),
        (Command::StartDaemon(daemon), ENODEV) => {
            format!("there is no interface {}", daemon.interface)
        }
        (Command::AddServer(..) | Command::EditServer(..), ERANGE) => {
            "the lower threshold must not be above the upper one".to_owned()
        }
        _ => String::new(),
    };
    let separator = if advice.is_empty() { "" } else { "; " };
    format!(
        "{} failed: {text}{separator}{advice}; it is tried again every {RETRY}",
        describe(command)
    )
}

fn missing_module(options: &ServiceOptions) -> String {
    let scheduler = options
        .scheduler
        .map(|name| format!("`modprobe ip_vs_{name}`"));
    let scheduler = scheduler.unwrap_or_else(|| "a scheduler".to_owned());
    match options.engine {
        None => format!("the scheduler is not in this kernel: {scheduler}"),
        Some(engine) => format!(
            "the scheduler or the persistence engine is not in this kernel: {scheduler}, \
             `modprobe ip_vs_pe_{engine}`"
        ),
    }
}

fn describe(command: &Command) -> String {
    let deed = deed(command);
    match command.service() {
        Some(key) => format!("VS {key}: {deed}"),
        None => deed,
    }
}

/// What a command does, without the service that it is about.
pub(super) fn deed(command: &Command) -> String {
    match command {
        Command::AddService(..) => "adding it to the kernel".to_owned(),
        Command::EditService(..) => "changing it in the kernel".to_owned(),
        Command::RemoveService(_) => "removing it from the kernel".to_owned(),
        Command::AddServer(key, server, _) => format!("adding {} in the kernel", server.show(key)),
        Command::EditServer(key, server, _) => {
            format!("changing {} in the kernel", server.show(key))
        }
        Command::RemoveServer(key, server) => {
            format!("removing {} in the kernel", server.show(key))
        }
        Command::SetTimeouts(_) => "lvs_timeouts: setting them".to_owned(),
        Command::StartDaemon(daemon) => format!(
            "lvs_sync_daemon: starting the {} on {}",
            daemon.role, daemon.interface
        ),
        Command::StopDaemon(daemon) => format!("lvs_sync_daemon: stopping the {}", daemon.role),
        Command::Zero(_) => "clearing counters".to_owned(),
        Command::Flush => "lvs_flush: emptying the kernel's table".to_owned(),
    }
}
