//! Configurations of checks, and a checker that does them.

use crate::harness::{Checker, PATIENCE};
use holdfast_ipc::balance::{CheckConfig, CheckId, CheckVerdict, CheckedServer};
use holdfast_ipc::config::model::{
    Check, CheckTiming, Endpoint, HttpProbe, HttpVersion, Micros, Probe, Protocol, Service,
    TlsFiles, Url,
};
use holdfast_ipc::config::{CheckerConfig, Generation};
use holdfast_ipc::message::{CheckerToParent, ParentToChecker};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

pub(crate) const ONE: Generation = Generation::new(1);
pub(crate) const TWO: Generation = Generation::new(2);

/// Asked every 200 ms, down at the first failure, answers within 5 s.
pub(crate) fn timing() -> CheckTiming {
    CheckTiming {
        delay_loop: Micros::from_millis(200),
        retry: 0,
        delay_before_retry: Micros::from_millis(100),
        warmup: Micros::ZERO,
        alpha: false,
        log_all_failures: false,
    }
}

pub(crate) fn endpoint(to: SocketAddr) -> Endpoint {
    Endpoint::new(to.ip(), to.port())
}

pub(crate) fn check(probe: Probe) -> Check {
    Check {
        timing: timing(),
        probe,
    }
}

pub(crate) fn tcp(to: SocketAddr) -> Check {
    check(Probe::Tcp(endpoint(to)))
}

/// The same check with less patience.
pub(crate) fn impatient(mut check: Check, millis: u64) -> Check {
    let timeout = Micros::from_millis(millis);
    match &mut check.probe {
        Probe::Tcp(endpoint)
        | Probe::Ping(endpoint)
        | Probe::Smtp { endpoint, .. }
        | Probe::Dns { endpoint, .. } => endpoint.timeout = timeout,
        Probe::Http(probe) => probe.endpoint.timeout = timeout,
        Probe::Udp(probe) => probe.endpoint.timeout = timeout,
        Probe::Misc { .. } | Probe::File { .. } | Probe::Bfd { .. } => {}
    }
    check
}

/// Servers of one virtual server with one check each, numbered from 0.
pub(crate) fn servers(checks: impl IntoIterator<Item = Check>) -> Vec<CheckedServer> {
    let numbered = checks.into_iter().zip(0..);
    numbered
        .map(|(check, number)| CheckedServer {
            service: service(),
            address: IpAddr::from([10, 0, 0, 1]),
            port: u16::try_from(number).unwrap(),
            weight: 10,
            only_with: None,
            checks: vec![CheckConfig {
                id: CheckId::new(number),
                check,
                asks: false,
            }],
        })
        .collect()
}

pub(crate) fn service() -> Service {
    Service::Address {
        address: IpAddr::from([192, 0, 2, 1]),
        port: 80,
        protocol: Protocol::Tcp,
    }
}

/// No scripts, and that many servers.
pub(crate) fn config(servers: &[CheckedServer]) -> CheckerConfig {
    CheckerConfig {
        scripts: Vec::new(),
        script_security: false,
        servers: u32::try_from(servers.len()).unwrap(),
        tls: TlsFiles::default(),
    }
}

/// A checker that does these checks.
pub(crate) fn watching(checks: impl IntoIterator<Item = Check>) -> Checker {
    let mut checker = Checker::start();
    checker.watch(&servers(checks));
    checker
}

impl Checker {
    /// Lets it watch these servers from the start.
    pub(crate) fn watch(&mut self, servers: &[CheckedServer]) {
        self.tell_servers(ONE, servers);
        self.go(config(servers), Vec::new());
    }

    pub(crate) fn tell_servers(&mut self, generation: Generation, servers: &[CheckedServer]) {
        for piece in servers.chunks(holdfast_ipc::balance::MAX_BATCH) {
            self.send(&ParentToChecker::Servers {
                generation,
                servers: piece.to_vec(),
            });
        }
    }

    /// Switches it over to these servers.
    pub(crate) fn reload(&mut self, servers: &[CheckedServer]) {
        let generation = TWO;
        self.tell_servers(generation, servers);
        self.send(&ParentToChecker::Prepare {
            generation,
            config: config(servers),
        });
        self.wait_for(&CheckerToParent::Prepared { generation });
        self.send(&ParentToChecker::Commit { generation });
        self.wait_for(&CheckerToParent::Committed { generation });
    }

    /// Waits for this message; verdicts before it are dropped.
    pub(crate) fn wait_for(&mut self, wanted: &CheckerToParent) {
        loop {
            match self.next() {
                got if got == *wanted => return,
                CheckerToParent::CheckVerdicts { .. } => {}
                other => panic!("expected {wanted:?}, got {other:?}"),
            }
        }
    }

    /// The next verdicts over checks.
    pub(crate) fn check_verdicts(&mut self) -> Vec<CheckVerdict> {
        match self.next() {
            CheckerToParent::CheckVerdicts { verdicts, .. } => verdicts,
            other => panic!("expected verdicts over checks, got {other:?}"),
        }
    }

    /// Verdicts until each of that many checks has one; the newest of each.
    pub(crate) fn verdicts_of(&mut self, count: usize) -> Vec<CheckVerdict> {
        let mut all = BTreeMap::new();
        let end = Instant::now() + PATIENCE;
        while all.len() < count {
            assert!(Instant::now() < end, "only {all:?}");
            for verdict in self.check_verdicts() {
                all.insert(verdict.check, verdict);
            }
        }
        all.into_values().collect()
    }

    /// The next verdict of a checker that does one check.
    pub(crate) fn only_verdict(&mut self) -> CheckVerdict {
        let mut verdicts = self.check_verdicts();
        assert_eq!(verdicts.len(), 1, "{verdicts:?}");
        verdicts.remove(0)
    }
}

/// What a single check says first.
#[track_caller]
pub(crate) fn first_verdict(check: Check) -> CheckVerdict {
    watching([check]).only_verdict()
}

/// The check passes, with this text.
#[track_caller]
pub(crate) fn assert_up(check: Check, text: &str) {
    let verdict = first_verdict(check);
    assert!(verdict.up, "{verdict:?}");
    assert_text(&verdict, text);
}

/// The check fails for this reason.
#[track_caller]
pub(crate) fn assert_down(check: Check, text: &str) {
    let verdict = first_verdict(check);
    assert!(!verdict.up, "{verdict:?}");
    assert_text(&verdict, text);
}

/// `*` in the text stands for a length of time: `12 ms`, `less than 1 ms`.
#[track_caller]
pub(crate) fn assert_text(verdict: &CheckVerdict, text: &str) {
    let Some((before, behind)) = text.split_once('*') else {
        assert_eq!(verdict.detail, text);
        return;
    };
    let time = verdict
        .detail
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(behind))
        .unwrap_or_else(|| panic!("expected {text:?}, got {:?}", verdict.detail));
    let unit = time.ends_with(" ms") || time.ends_with(" s");
    assert!(unit && time.len() < 20, "{:?}", verdict.detail);
}

/// A page at this address that has to come with status 200.
pub(crate) fn page(to: SocketAddr) -> HttpProbe {
    HttpProbe {
        endpoint: endpoint(to),
        tls: None,
        protocol: HttpVersion::V1_0,
        fast_recovery: false,
        urls: vec![url("/")],
    }
}

pub(crate) fn url(path: &str) -> Url {
    Url {
        path: path.to_owned(),
        host: None,
        digest: None,
        status: vec![(200, 299)],
        regex: None,
        tls_compliant: false,
    }
}

pub(crate) fn http(probe: HttpProbe) -> Check {
    check(Probe::Http(probe))
}
