//! 10,000 virtual servers with five real servers each: start, unchanged reload and the death of the
//! VRRP child, and whether the adverts of one router are on time meanwhile. keepalived would end
//! itself where the kernel has no IPVS; with a stand-in for that it reads, checks and advertises, and
//! its programming costs nothing. Both program a real table in the virtual machine
//! (`tests/vmlab/measure`).

use crate::load::{self, Memory};
use holdfast_tests::expect::{VIP, VRID, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Daemon, Kind, Lab};
use nix::sys::signal::Signal;
use std::time::Duration;

const POOLS: u32 = 10_000;
/// keepalived's reload with 50,000 checks was not over after 60 s; nobody has to see its end.
const RELOAD: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);
const INTERVAL: Duration = Duration::from_millis(100);

/// What was measured.
pub(crate) struct Servers {
    /// From the start of the process to `Startup complete`.
    pub(crate) start: Duration,
    /// From SIGHUP to `Reload complete`, nothing changed; at most [`RELOAD`].
    pub(crate) reload: Duration,
    /// From the death of the VRRP child to the next advert.
    pub(crate) death: Duration,
    /// The longest time between two adverts from the first one on, without that death.
    pub(crate) gap: Duration,
    /// How late the machine itself was meanwhile.
    pub(crate) lateness: Duration,
    /// Behind all that.
    pub(crate) memory: Memory,
}

/// Runs it once.
pub(crate) fn measure(kind: Kind, checked: bool) -> Servers {
    let lab = Lab::new(1);
    let begun = lab.timeline().now();
    let daemon = lab.start(0, kind, &configuration(checked));
    let (up, _) = lab.wait_for_log(0, begun, "Startup complete");
    lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_adverts(0, VRID, 5);
    let hup = daemon.hang_up();
    let reloaded = reloaded(&lab, hup);
    lab.wait_for_adverts(0, VRID, 10);
    let first = lab.look(|view| view.adverts_of(0, VRID).next().map(|found| found.0));
    let within = Span {
        from: first.expect("adverts were waited for"),
        to: lab.timeline().now(),
    };
    let gap = lab.look(|view| view.longest_gap(0, VRID, within));
    let lateness = lab.timeline().machine_lateness(within);
    let memory = load::memory(&daemon.processes());
    Servers {
        start: up.saturating_sub(begun),
        reload: reloaded.saturating_sub(hup),
        death: child_death(&lab, &daemon),
        gap,
        lateness,
        memory,
    }
}

fn reloaded(lab: &Lab, hup: Duration) -> Duration {
    loop {
        let found = lab.look(|view| view.since(hup).log(0, "Reload complete").map(|it| it.0));
        let now = lab.timeline().now();
        match found {
            Some(at) => return at,
            None if now >= hup + RELOAD => return now,
            None => lab.timeline().watch(LOOK),
        };
    }
}

fn child_death(lab: &Lab, daemon: &Daemon) -> Duration {
    let since = daemon.signal(daemon.vrrp_pid(), Signal::SIGKILL);
    lab.timeline().wait("the next advert", LONG, |view| {
        let next = view.since(since).adverts_of(0, VRID).next()?;
        Some(next.0.saturating_sub(since))
    })
}

/// Nobody answers at these addresses; the first checks come within a minute, spread.
fn configuration(checked: bool) -> String {
    let check = match checked {
        true => "        TCP_CHECK {\n            connect_timeout 3\n        }\n",
        false => "",
    };
    let router = vi().version(3).every(INTERVAL).priority(150);
    let config = (0..POOLS).fold(Config::new().vi(&router), |config, number| {
        config.block(virtual_server(number, check))
    });
    config.text()
}

fn virtual_server(number: u32, check: &str) -> String {
    let [_, _, high, low] = number.to_be_bytes();
    let servers: String = (1..=5)
        .map(|last| {
            format!("    real_server 198.51.100.{last} 80 {{\n        weight 1\n{check}    }}\n")
        })
        .collect();
    format!(
        "virtual_server 198.18.{high}.{low} 80 {{\n    delay_loop 60\n    lvs_sched rr\n    \
         lvs_method NAT\n    protocol TCP\n{servers}}}\n"
    )
}
