//! The laboratory itself, proven with keepalived on both nodes: what it causes happens, and what it
//! measures is true.

use holdfast_tests::client::{Client, PACE};
use holdfast_tests::forge::Forged;
use holdfast_tests::inject::{self, Injection};
use holdfast_tests::lab::{LONG, node_address, node_mac};
use holdfast_tests::nginx::Nginx;
use holdfast_tests::syslog::Rsyslog;
use holdfast_tests::timeline::Span;
use holdfast_tests::{Daemon, Kind, Lab, Vi, process, rfc, shell};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));
const INTERVAL: Duration = Duration::from_millis(200);
const SLACK: Duration = Duration::from_millis(150);

fn vi(priority: u32) -> Vi {
    Vi::new(51).priority(priority).vip("192.0.2.100/24")
}

fn keepalived_pair(lab: &Lab) -> [Daemon; 2] {
    let first = lab.start(0, Kind::Keepalived, &vi(150).alone());
    let second = lab.start(1, Kind::Keepalived, &vi(100).alone());
    lab.wait_for_holder(0, VIP, LONG);
    lab.wait_for_adverts(0, 51, 3);
    [first, second]
}

#[test]
fn a_node_that_loses_power_is_replaced_within_the_master_down_time() {
    let lab = Lab::pair();
    let [mut first, _second] = keepalived_pair(&lab);
    let client = Client::ask_udp(&lab, 2, VIP);
    lab.wait_for_adverts(0, 51, 3);
    let off = lab.power_off(0, &mut [&mut first]);
    let taken = lab.wait_for_holder(1, VIP, LONG);
    lab.wait_for_adverts(1, 51, 3);
    let down = rfc::master_down(3, INTERVAL, 100);
    assert!(
        taken - off <= down + SLACK,
        "{:?} over {down:?}",
        taken - off
    );
    assert!(
        taken - off + INTERVAL >= down,
        "{:?} under {down:?}",
        taken - off
    );
    let outage = client.outage(Span {
        from: off - INTERVAL,
        to: lab.timeline().now(),
    });
    assert!(
        outage <= down + SLACK && outage + INTERVAL + PACE >= down,
        "{outage:?}"
    );
}

#[test]
fn a_partition_gives_two_masters_and_its_end_gives_one_with_a_fresh_arp_cache_entry() {
    let lab = Lab::pair();
    let _pair = keepalived_pair(&lab);
    lab.partition();
    lab.timeline()
        .wait("both nodes to hold the address", LONG, |view| {
            (view.holders(VIP) == [0, 1]).then_some(())
        });
    lab.client().run(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.send_to(b"who has it?", (VIP, 9)).unwrap();
    });
    let healed = lab.heal();
    lab.wait_for_holder(0, VIP, LONG);
    lab.timeline()
        .wait("the winner to announce itself", LONG, |view| {
            view.since(healed).announcements(0, VIP).next()
        });
    assert_eq!(lab.cached_mac(VIP), Some(node_mac(0)));
}

#[test]
fn a_forged_advert_of_higher_priority_reaches_the_master() {
    let lab = Lab::pair();
    let _pair = keepalived_pair(&lab);
    let stranger = Ipv4Addr::new(192, 0, 2, 3);
    let since = lab.timeline().now();
    inject::once(
        &lab,
        Forged::v3(stranger, 51, 200, 20, "192.0.2.100".parse().unwrap()).frame(),
    );
    lab.wait_for_log(
        0,
        since,
        "Master received advert from 192.0.2.3 with higher priority 200",
    );
}

#[test]
fn an_injection_keeps_its_pace_and_a_flood_is_fast() {
    let lab = Lab::new(1);
    let frame = Forged::v3(Ipv4Addr::new(192, 0, 2, 3), 9, 200, 20, Ipv4Addr::LOCALHOST).frame();
    let paced = Injection::start(&lab, vec![frame.clone()], Duration::from_millis(10));
    lab.timeline().watch(Duration::from_millis(500));
    let sent = paced.sent();
    assert!((30..=55).contains(&sent), "{sent} in half a second");
    drop(paced);
    let flood = Injection::start(&lab, vec![frame], Duration::ZERO);
    lab.timeline().watch(Duration::from_millis(500));
    assert!(flood.sent() > 5_000, "{} in half a second", flood.sent());
}

#[test]
fn links_and_interfaces_go_and_come_back() {
    let lab = Lab::new(1);
    let own = node_address(0);
    lab.carrier_down(0);
    assert!(lab.node(0).ip("link show eth0").contains("NO-CARRIER"));
    lab.carrier_up(0);
    lab.rename_interface(0, "eth0", "lan0");
    assert!(lab.node(0).ip("link show lan0").contains("UP"));
    lab.rename_interface(0, "lan0", "eth0");
    lab.delete_interface(0);
    lab.timeline().wait("the address to go", LONG, |view| {
        (!view.holds(0, own)).then_some(())
    });
    lab.recreate_interface(0);
    lab.timeline().wait("the address to come", LONG, |view| {
        view.holds(0, own).then_some(())
    });
}

#[test]
fn a_web_server_answers_on_its_node_alone() {
    let lab = Lab::pair();
    let web = Nginx::start(&lab, 1, "web2");
    let client = Client::ask_http(&lab, node_address(1));
    process::poll(LONG, "an answer", || {
        client
            .answers()
            .iter()
            .any(|answer| answer.by.as_deref() == Some("web2"))
            .then_some(())
    });
    shell::run("killall", &["-0", web.name()]);
    let name = web.name().to_owned();
    web.stop(&lab, 1);
    assert!(!shell::output("killall", &["-0", &name]).status.success());
}

#[test]
fn a_private_rsyslog_writes_what_it_is_sent() {
    let lab = Lab::new(1);
    let mut rsyslog = Rsyslog::prepare(&lab.directory().join("rsyslog"));
    rsyslog.start();
    let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
    socket
        .send_to(b"<30>probe[1]: one line", rsyslog.socket())
        .unwrap();
    assert!(rsyslog.wait_for("one line").contains("probe[1]"));
    rsyslog.stop();
    assert!(
        socket
            .send_to(b"<30>probe[1]: lost", rsyslog.socket())
            .is_err()
    );
}

#[test]
fn nothing_is_left_of_a_laboratory() {
    let lab = Lab::pair();
    let [first, second] = keepalived_pair(&lab);
    let directory = lab.directory().to_path_buf();
    let names = [
        lab.node(0).netns().name().to_owned(),
        lab.bridge().name().to_owned(),
    ];
    let mut processes = first.processes();
    processes.extend(second.processes());
    assert!(processes.len() >= 4, "{processes:?}");
    drop((first, second, lab));
    assert!(!directory.exists());
    for name in names {
        assert!(!std::path::Path::new("/run/netns").join(name).exists());
    }
    for pid in processes {
        process::wait_until_gone(pid, LONG);
    }
}
