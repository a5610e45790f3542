//! How much later than the RFC allows the peer takes over, and how long a dead child is missed.

use crate::stats::Times;
use holdfast_tests::expect::{LOW, VIP, VRID, listening, silence, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::{Kind, Lab, Vi, rfc};
use nix::sys::signal::Signal;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(100);

fn router(priority: u32) -> Vi {
    vi().every(INTERVAL).priority(priority)
}

/// Silence on the wire from the last advert of a master that dies to the first one of its peer,
/// less the master-down time.
pub(crate) fn excess(kind: Kind, runs: usize) -> Times {
    let lab = Lab::pair();
    let _second = listening(&lab, 1, kind, &router(LOW.into()).alone());
    let down = rfc::master_down(3, INTERVAL, LOW);
    let run = |_| {
        let mut first = listening(&lab, 0, kind, &router(150).alone());
        lab.wait_for_holder(0, VIP, LONG);
        lab.wait_for_adverts(0, VRID, 5);
        let since = lab.timeline().mark(0, "everything is killed");
        first.kill_all();
        let heard = silence(&lab, 0, 1, since);
        lab.node(0)
            .netns()
            .try_ip("address delete 192.0.2.100/24 dev eth0");
        lab.wait_for_holder(1, VIP, LONG);
        heard.saturating_sub(down)
    };
    Times::new((0..runs).map(run).collect())
}

/// From the death of a master's VRRP child to its next advert.
pub(crate) fn child_death(kind: Kind, runs: usize) -> Times {
    let run = |_| {
        // A new daemon each time: the back-off after several deaths is not what is measured.
        let lab = Lab::new(1);
        let daemon = lab.start(0, kind, &router(150).alone());
        lab.wait_for_holder(0, VIP, LONG);
        lab.wait_for_adverts(0, VRID, 5);
        let since = daemon.signal(daemon.vrrp_pid(), Signal::SIGKILL);
        lab.timeline().wait("the next advert", LONG, |view| {
            let next = view.since(since).adverts_of(0, VRID).next()?;
            Some(next.0 - since)
        })
    };
    Times::new((0..runs).map(run).collect())
}
