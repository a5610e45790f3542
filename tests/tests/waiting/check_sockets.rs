//! Checks whose sockets need a privilege that the checker does not have: the packets really carry
//! the mark, come from the port and go out of the interface that the configuration says, also when
//! the process that opens the sockets has died and behind a reload.

use holdfast_tests::expect::{VIP, VRID, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::{Config, Daemon, Kind, Lab, process};
use nix::sys::signal::Signal;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Only packets with mark 7 find the way to this one.
const MARKED: &str = "198.51.100.11";
/// The better way to this one leads nowhere: only a socket on `eth0` takes the other.
const BEHIND_ETH0: &str = "198.51.100.12";
/// The second node, where all of them are.
const SERVER: &str = "192.0.2.2";

fn servers(delay_loop: u32) -> String {
    let tcp = |address: &str, words: &str| {
        format!(
            "    real_server {address} 80 {{\n        weight 1\n        TCP_CHECK {{\n            \
             retry 0\n            connect_timeout 3\n            {words}\n        }}\n    }}\n"
        )
    };
    let all = [
        tcp(MARKED, "fwmark 7"),
        tcp(SERVER, "bind_port 1000"),
        tcp(BEHIND_ETH0, "bind_if eth0\n            fwmark 9"),
    ];
    let text = all.concat();
    let head = format!("    delay_loop {delay_loop}\n    lvs_sched rr\n    lvs_method NAT");
    format!("virtual_server 192.0.2.100 80 {{\n{head}\n    protocol TCP\n{text}}}\n")
}

fn configuration(delay_loop: u32) -> String {
    Config::new().vi(&vi()).block(servers(delay_loop)).text()
}

/// Connections to one address on the second node.
#[derive(Clone)]
struct Server {
    peers: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Server {
    /// Listens until the test is over.
    fn start(lab: &Lab, address: &str) -> Self {
        let peers: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
        let address = format!("{address}:80");
        let listening = {
            let address = address.clone();
            let bind = move || TcpListener::bind(&address).unwrap();
            lab.node(1).netns().run(bind)
        };
        let seen = Arc::clone(&peers);
        std::thread::spawn(move || {
            for stream in listening.incoming().flatten() {
                let peer = stream.peer_addr().unwrap();
                seen.lock().unwrap().push(peer);
            }
        });
        Self { peers }
    }

    fn peers(&self) -> Vec<SocketAddr> {
        self.peers.lock().unwrap().clone()
    }

    /// Waits for two more connections: the first may have been under way.
    fn wait_for_more(&self, what: &str) {
        let before = self.peers().len();
        let more = || (self.peers().len() >= before + 2).then_some(());
        process::poll(LONG, what, more);
    }
}

/// The ways of the first node, and the servers on the second.
fn lay_out(lab: &Lab) -> [Server; 3] {
    let (node, far) = (lab.node(0), lab.node(1));
    for address in [MARKED, BEHIND_ETH0] {
        far.ip(&format!("address add {address}/32 dev lo"));
    }
    node.ip("rule add fwmark 7 table 7");
    node.ip(&format!("route add {MARKED}/32 via {SERVER} table 7"));
    node.ip("link add away type veth peer name nowhere");
    node.ip("link set away up");
    node.ip("link set nowhere up");
    node.ip(&format!("route add {BEHIND_ETH0}/32 dev away metric 1"));
    node.ip(&format!("route add {BEHIND_ETH0}/32 via {SERVER} metric 9"));
    [MARKED, SERVER, BEHIND_ETH0].map(|address| Server::start(lab, address))
}

fn all_are_asked(servers: &[Server; 3], when: &str) {
    for (server, name) in servers.iter().zip(["fwmark", "bind_port", "bind_if"]) {
        server.wait_for_more(&format!("the check with {name} asks {when}"));
    }
}

fn start(lab: &Lab) -> Daemon {
    let begun = lab.timeline().now();
    let daemon = lab.start(0, Kind::Holdfast, &configuration(1));
    lab.wait_for_holder(0, VIP, LONG);
    for address in [MARKED, SERVER, BEHIND_ETH0] {
        let success = format!("TCP connection to [{address}]:tcp:80 success.");
        lab.wait_for_log(0, begun, &success);
    }
    daemon
}

fn lines_with(lab: &Lab, since: Duration, text: &str) -> Vec<String> {
    lab.look(|view| {
        let lines = view.since(since).logs(0).map(|(_, line)| line.to_owned());
        lines.filter(|line| line.contains(text)).collect()
    })
}

#[test]
fn checks_have_their_mark_port_and_interface_and_keep_them_over_a_crash_and_a_reload() {
    let lab = Lab::new(2);
    let servers = lay_out(&lab);
    let begun = lab.timeline().now();
    let daemon = start(&lab);
    all_are_asked(&servers, "again");
    let from: Vec<String> = servers[1].peers().iter().map(ToString::to_string).collect();
    let others: Vec<_> = from
        .iter()
        .filter(|peer| *peer != "192.0.2.1:1000")
        .collect();
    assert!(others.is_empty(), "{others:?}");

    let old = daemon.vrrp_pid();
    daemon.signal(old, Signal::SIGKILL);
    daemon.wait_for_other_vrrp(old);
    all_are_asked(&servers, "behind a crash");
    lab.wait_for_adverts(0, VRID, 2);

    let since = daemon.reload(&configuration(2));
    lab.wait_for_log(0, since, "Reload complete");
    all_are_asked(&servers, "behind a reload");
    assert_eq!(lines_with(&lab, begun, "failed"), [""; 0]);
    assert_eq!(lines_with(&lab, begun, "Removing service"), [""; 0]);
}

#[test]
fn a_server_that_only_marked_packets_reach_is_down_without_the_way_of_its_mark() {
    let lab = Lab::new(2);
    let _servers = lay_out(&lab);
    let _daemon = start(&lab);
    let since = lab.timeline().now();
    lab.node(0).ip("rule del fwmark 7 table 7");
    let (_, line) = lab.wait_for_log(0, since, "TCP_CHECK on service [198.51.100.11]:tcp:80");
    assert!(line.contains("failed: network unreachable"), "{line}");
}

#[test]
fn what_even_the_privileged_processes_are_refused_is_told_with_the_kernel_s_reason() {
    let lab = Lab::new(2);
    lay_out(&lab);
    let text = Config::new()
        .vi(&vi())
        .block(servers(1).replace(
            "bind_port 1000",
            "bind_port 1000\n            bindto 203.0.113.9",
        ))
        .text();
    let since = lab.timeline().now();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    let (_, line) = lab.wait_for_log(0, since, "TCP_CHECK on service [192.0.2.2]:tcp:80");
    let reason = "bind_port: Cannot assign requested address";
    assert!(line.contains(reason), "{line}");
}
