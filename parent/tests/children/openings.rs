//! Sockets that the VRRP child opens for checks.

use crate::lives::end;
use crate::stage::Stage;
use nix::sys::signal::Signal;

/// Two real servers; the check of the first needs a socket that the checker may not open.
const SERVERS: &str = "\
virtual_server 192.0.2.1 80 {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.0.0.1 80 {
        weight 1
        TCP_CHECK {
            fwmark 7
            bindto 127.0.0.1
            bind_port 1000
        }
    }
    real_server 10.0.0.2 80 {
        weight 1
        TCP_CHECK {
            bind_port 2000
        }
    }
}
";

fn stage(checker: &str, vrrp: &str) -> Stage {
    let stage = Stage::new();
    stage.configure(SERVERS);
    stage.part("checker", checker);
    stage.part("vrrp", vrrp);
    stage
}

const OPENED: &str = "Opened { request: Request(5), opened: Ok(()) }";

pub(crate) fn a_socket_is_opened_by_the_vrrp_child_bound_here_and_handed_on() {
    let stage = stage("open", "");
    let daemon = stage.start_up();
    stage.wait_told("checker", "asks: true", 1);
    stage.wait_told("checker", "asks: false", 1);
    stage.wait_told("checker", OPENED, 1);
    stage.wait_told("checker", "socket of 127.0.0.1:1000", 1);
    stage.wait_told(
        "vrrp",
        "CheckSocket { kind: Tcp, family: V4, mark: 7, interface: None }",
        1,
    );
    assert_eq!(daemon.stop().0, Some(0));
}

pub(crate) fn what_the_vrrp_child_was_refused_is_told_to_the_checker() {
    let stage = stage("open", "open-refuse");
    let daemon = stage.start_up();
    stage.wait_told(
        "checker",
        "opened: Err(Refused(Refusal { step: Mark, errno: 1 }))",
        1,
    );
    assert_eq!(daemon.stop().0, Some(0));
}

pub(crate) fn a_source_that_is_not_on_this_machine_is_refused_like_the_rest() {
    let stage = stage("open", "");
    stage.configure(&SERVERS.replace("127.0.0.1", "203.0.113.9"));
    let daemon = stage.start_up();
    // EADDRNOTAVAIL
    stage.wait_told(
        "checker",
        "opened: Err(Refused(Refusal { step: SourcePort, errno: 99 }))",
        1,
    );
    assert_eq!(daemon.stop().0, Some(0));
}

pub(crate) fn without_an_answer_the_end_of_the_vrrp_child_is_one() {
    let stage = stage("open", "open-hang");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", "Open {", 1);
    end(stage.pid("r.pid"), Signal::SIGKILL);
    stage.wait_told(
        "checker",
        "Opened { request: Request(5), opened: Err(NotTried(\"the VRRP child, which opens it, \
         died\")) }",
        1,
    );
    drop(daemon);
}

pub(crate) fn a_socket_for_a_checker_that_is_gone_reaches_nobody() {
    let stage = stage("open", "open-hang");
    let daemon = stage.start_up();
    stage.wait_told("vrrp", "Open {", 1);
    end(stage.pid("c.pid"), Signal::SIGKILL);
    // The successor asks as well, with the same number of its own.
    stage.wait_told("vrrp", "Open {", 2);
    stage.part("vrrp", "");
    stage.wait_told("checker", OPENED, 1);
    // Behind a reload all that was said before is heard.
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("Reload complete", 1);
    assert_eq!(daemon.stop().0, Some(0));
    let told = stage.told("checker");
    let opened = told.iter().filter(|message| message.contains(OPENED));
    assert_eq!(opened.count(), 1, "{told:#?}");
}

pub(crate) fn a_checker_that_asks_for_what_is_not_its_own_is_ended() {
    for (part, text) in [
        (
            "open-foreign",
            "it asked for a socket of check 7, which is none of its checks, so it was killed",
        ),
        (
            "open-plain",
            "it asked for a socket of check 1, which needs none of ours, so it was killed",
        ),
        (
            "open-flood",
            "it asked for more than 32 sockets at once, so it was killed",
        ),
    ] {
        let stage = stage(part, "open-hang");
        let daemon = stage.start(&[]);
        daemon.wait_log(text, 1);
    }
}

pub(crate) fn a_vrrp_child_that_answers_what_nobody_asked_is_ended() {
    let stage = stage("", "opened-unasked");
    let daemon = stage.start(&[]);
    let text = "it answered a request for a socket that nobody has sent, so it was killed";
    daemon.wait_log(text, 1);
}
