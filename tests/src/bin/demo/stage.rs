//! The stage: nodes, web servers, daemons and the client, and what can be done to them.

use holdfast_tests::client::{Answer, Client};
use holdfast_tests::nginx::Nginx;
use holdfast_tests::{Config, Daemon, Kind, Lab, Vi, What};
use nix::sys::signal::Signal;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The address that the web servers share.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 80));
/// The nodes.
pub(crate) const NAMES: [&str; 2] = ["web1", "web2"];
/// Their priorities.
pub(crate) const PRIORITIES: [u8; 2] = [100, 90];
/// Time between two adverts.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);
/// Time between two runs of the check.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// What a failing check costs.
const WEIGHT: i32 = -20;
/// Priority of the first node while its check fails.
pub(crate) const LOST_PRIORITY: u8 = 80;

/// Everything that plays. The order is that in which it is taken down.
pub(crate) struct Stage {
    pub(crate) client: Client,
    daemons: [Option<Daemon>; 2],
    services: [Option<Nginx>; 2],
    pub(crate) lab: Lab,
}

/// The configuration of a node, as the README has it.
pub(crate) fn configuration(lab: &Lab, node: usize) -> String {
    let check = format!("killall -0 {}", Nginx::process_name(lab, NAMES[node]));
    let lines = [
        format!("interval {}", CHECK_INTERVAL.as_secs()),
        format!("weight {WEIGHT}"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let router = Vi::new(51)
        .name("VI_1")
        .version(2)
        .every(INTERVAL)
        .priority(PRIORITIES[node].into())
        .vip("192.0.2.80/24")
        .track("chk_nginx");
    Config::new()
        .script("chk_nginx", &check, &lines)
        .vi(&router)
        .text()
}

impl Stage {
    /// Builds it; the daemons elect their master while the curtain rises.
    pub(crate) fn build() -> Self {
        let lab = Lab::pair();
        let client = Client::ask_http(&lab, ADDRESS);
        let mut stage = Self {
            client,
            daemons: [None, None],
            services: [None, None],
            lab,
        };
        for node in [0, 1] {
            stage.start_service(node);
            stage.start_daemon(node);
            stage
                .lab
                .wait_for_log(node, Duration::ZERO, "Entering BACKUP STATE");
        }
        stage
    }

    pub(crate) fn start_service(&mut self, node: usize) {
        self.services[node] = Some(Nginx::start(&self.lab, node, NAMES[node]));
    }

    pub(crate) fn stop_service(&mut self, node: usize) {
        if let Some(service) = self.services[node].take() {
            service.stop(&self.lab, node);
        }
    }

    pub(crate) fn start_daemon(&mut self, node: usize) {
        let daemon = self
            .lab
            .start(node, Kind::Holdfast, &configuration(&self.lab, node));
        self.daemons[node] = Some(daemon);
    }

    /// The node is gone in one moment, with everything that runs on it.
    pub(crate) fn power_off(&mut self, node: usize) {
        let mut daemons: Vec<&mut Daemon> = self.daemons[node].iter_mut().collect();
        self.lab.power_off(node, &mut daemons);
        self.daemons[node] = None;
        self.services[node] = None;
    }

    pub(crate) fn power_on(&mut self, node: usize) {
        self.lab.power_on(node);
        self.start_service(node);
        self.start_daemon(node);
    }

    /// Sends a signal to the VRRP child of a node.
    pub(crate) fn signal_child(&self, node: usize, signal: Signal) {
        if let Some(daemon) = &self.daemons[node] {
            daemon.signal(daemon.vrrp_pid(), signal);
        }
    }

    pub(crate) fn service_runs(&self, node: usize) -> bool {
        self.services[node].is_some()
    }

    pub(crate) fn daemon_runs(&self, node: usize) -> bool {
        self.daemons[node].is_some()
    }

    /// The node that holds the address, when it is one.
    pub(crate) fn holder(&self) -> Option<usize> {
        match self.lab.look(|view| view.holders(ADDRESS))[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The last state that the daemon of a node told.
    pub(crate) fn state(&self, node: usize) -> String {
        if !self.daemon_runs(node) {
            return "off".to_owned();
        }
        self.lab.look(|view| {
            let told = view
                .events()
                .iter()
                .rev()
                .filter(|event| event.node == node);
            let state = told.filter_map(|event| match &event.what {
                What::Log(line) => line.split_once("Entering ")?.1.split_once(" STATE"),
                _ => None,
            });
            state
                .map(|parts| parts.0.to_owned())
                .next()
                .unwrap_or_else(|| "starting".to_owned())
        })
    }

    /// The latest answers of the client, oldest first.
    pub(crate) fn latest_answers(&self, count: usize) -> Vec<Answer> {
        let answers = self.client.answers();
        let from = answers.len().saturating_sub(count);
        answers[from..].to_vec()
    }
}
