//! What many instances cost: processor time of all processes per advert, and memory.

use holdfast_tests::lab::LONG;
use holdfast_tests::{Config, Daemon, Kind, Lab, Vi};
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(100);
/// How long processor time is counted.
const PERIOD: Duration = Duration::from_secs(10);

/// What was measured.
pub(crate) struct Load {
    /// Of the master.
    pub(crate) memory: Memory,
    /// Processor time of the master's processes for each advert that it sent.
    pub(crate) per_sent: Duration,
    /// Processor time of the backup's processes for each advert that it received.
    pub(crate) per_received: Duration,
    /// The longest time between two adverts of any of the routers.
    pub(crate) gap: Duration,
}

/// Memory of some processes of a daemon, in KiB.
pub(crate) struct Memory {
    pss: u64,
    rss: u64,
    processes: usize,
}

impl Memory {
    pub(crate) fn pss(&self) -> u64 {
        self.pss
    }

    pub(crate) fn rss(&self) -> u64 {
        self.rss
    }

    pub(crate) fn processes(&self) -> usize {
        self.processes
    }
}

/// Lets a master and a backup run so many routers.
pub(crate) fn measure(kind: Kind, routers: u8) -> Load {
    let lab = Lab::pair();
    let first = lab.start(0, kind, &configuration(routers, 150));
    let second = lab.start(1, kind, &configuration(routers, 100));
    // A looser wait than one for each address: looking at thousands of adverts costs time itself.
    lab.timeline()
        .wait("the last router to advertise", LONG, |view| {
            view.adverts_of(0, routers).nth(3).map(|_| ())
        });
    lab.timeline().watch(INTERVAL * 30);
    let of = |daemon: &Daemon| processor_time(&daemon.processes());
    let before = [&first, &second].map(of);
    let within = lab.timeline().watch(PERIOD);
    let after = [&first, &second].map(of);
    let (sent, gap) = lab.look(|view| {
        let window = view.since(within.from).until(within.to);
        assert_eq!(window.adverts(1).count(), 0, "the backup was disturbed");
        let gaps = (1..=routers).map(|vrid| view.longest_gap(0, vrid, within));
        (window.adverts(0).count(), gaps.max().unwrap_or_default())
    });
    let sent = u32::try_from(sent).expect("a count of adverts").max(1);
    Load {
        memory: memory(&first.processes()),
        per_sent: (after[0] - before[0]) / sent,
        per_received: (after[1] - before[1]) / sent,
        gap,
    }
}

fn configuration(routers: u8, priority: u32) -> String {
    let routers = (1..=routers).map(|vrid| {
        let vip = format!("198.51.100.{vrid}/32");
        Vi::new(vrid).every(INTERVAL).priority(priority).vip(&vip)
    });
    routers
        .fold(Config::new(), |config, router| config.vi(&router))
        .text()
}

/// Processor time of all threads of all processes, in nanoseconds from the scheduler.
pub(crate) fn processor_time(processes: &[u32]) -> Duration {
    let threads = processes.iter().flat_map(|pid| {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        tasks
            .flatten()
            .map(|task| task.path().join("schedstat"))
            .collect::<Vec<_>>()
    });
    let nanos = threads.filter_map(|path| {
        std::fs::read_to_string(path)
            .ok()?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Of all these processes.
pub(crate) fn memory(processes: &[u32]) -> Memory {
    let field = |pid: u32, name: &str| -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
            .unwrap_or_default()
    };
    Memory {
        pss: processes.iter().map(|pid| field(*pid, "Pss:")).sum(),
        rss: processes.iter().map(|pid| field(*pid, "Rss:")).sum(),
        processes: processes.len(),
    }
}
