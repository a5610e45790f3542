//! Mail about changes of state: as keepalived's, by a process that may do nothing else, whatever the
//! mail server does.

use holdfast_tests::expect::{HIGH, VIP, VRID, vi};
use holdfast_tests::lab::LONG;
use holdfast_tests::mail::{Answer, Answers, PlayedServer, RealServer, Taken};
use holdfast_tests::timeline::Span;
use holdfast_tests::{Config, Daemon, Kind, Lab, process};
use nix::unistd::User;
use std::fs;
use std::time::Duration;

const MAIL: [&str; 5] = [
    "notification_email {\n        root@example.com\n        ops@example.com\n    }",
    "notification_email_from lb1@example.com",
    "smtp_server 127.0.0.1",
    "smtp_helo_name lb1.example.com",
    "smtp_connect_timeout 1",
];

fn config() -> String {
    let vi = vi().priority(HIGH.into()).line("smtp_alert");
    let config = MAIL
        .iter()
        .fold(Config::new(), |config, line| config.global(line));
    config.vi(&vi).text()
}

fn subject(what: &str) -> String {
    format!("[lab] VRRP Instance VI_51 - {what}")
}

/// BACKUP, MASTER and FAULT as one daemon writes it to two people.
fn story_of(kind: Kind) -> Vec<Taken> {
    let lab = Lab::new(1);
    let server = PlayedServer::start(lab.node(0).netns(), &[]);
    let daemon = lab.start(0, kind, &config());
    lab.wait_for_holder(0, VIP, LONG);
    server.wait(2);
    lab.carrier_down(0);
    let taken = server.wait(3);
    drop(daemon);
    taken
}

#[test]
fn mail_has_keepalived_s_envelope_subject_and_body() {
    let own = story_of(Kind::Holdfast);
    let reference = story_of(Kind::Keepalived);
    let compared = |taken: &[Taken]| -> Vec<_> {
        let each = taken.iter().map(|mail| {
            let field = |name| mail.field(name).map(str::to_owned);
            (
                (mail.from.clone(), mail.to.clone()),
                ["From", "Subject", "To"].map(field),
                mail.body().join("\n"),
            )
        });
        each.collect()
    };
    assert_eq!(compared(&own), compared(&reference));
    let subjects: Vec<&str> = own.iter().map(Taken::subject).collect();
    let expected = ["BACKUP", "MASTER", "FAULT"];
    assert_eq!(
        subjects,
        expected.map(|state| subject(&format!("Entering {state} state")))
    );
    assert_eq!(own[0].to, ["<root@example.com>", "<ops@example.com>"]);
    assert_eq!(own[0].field("X-Mailer"), Some("holdfast"));
}

#[test]
fn a_real_mail_server_takes_one_mail_for_all_recipients() {
    let lab = Lab::new(1);
    let folder = lab.directory().join("mail");
    let _server = RealServer::start(lab.node(0).netns(), &folder);
    let _daemon = lab.start(0, Kind::Holdfast, &config());
    lab.wait_for_holder(0, VIP, LONG);
    let mail = process::poll(LONG, "the second mail", || {
        fs::read_to_string(folder.join("2.mail")).ok()
    });
    let begin = "FROM lb1@example.com\nTO root@example.com\nTO ops@example.com\nDate: ";
    assert!(mail.starts_with(begin), "{mail}");
    for part in [
        "\r\nSubject: [lab] VRRP Instance VI_51 - Entering MASTER state\r\n",
        "\r\n\r\n=> VRRP Instance is now owning VRRP VIPs <=\r\n",
        "\r\nMessage-ID: <",
    ] {
        assert!(mail.contains(part), "{mail}");
    }
    let sent = "SMTP alert successfully sent: \"[lab] VRRP Instance VI_51 - Entering MASTER state\" \
                to 2 recipients";
    lab.wait_for_log(0, Duration::ZERO, sent);
}

fn mailer(daemon: &Daemon) -> Option<u32> {
    daemon
        .processes()
        .into_iter()
        .find(|pid| process::executable_of(*pid).as_deref() == Some("holdfast-mailer"))
}

#[test]
fn the_mailer_has_no_privilege_and_hardly_any_system_call() {
    let lab = Lab::new(1);
    let server = PlayedServer::start(lab.node(0).netns(), &[("connect", Answer::Silence)]);
    let text = config().replace("smtp_connect_timeout 1", "smtp_connect_timeout 30");
    let daemon = lab.start(0, Kind::Holdfast, &text);
    server.wait_for_visits(1);
    let pid = mailer(&daemon).expect("the mailer waits for its server");
    let status = process::status(pid);
    let user = ["holdfast", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).unwrap())
        .unwrap();
    let (uid, gid) = (user.uid, user.gid);
    assert_eq!(status["Uid"], format!("{uid}\t{uid}\t{uid}\t{uid}"));
    assert_eq!(status["Gid"], format!("{gid}\t{gid}\t{gid}\t{gid}"));
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_eq!((&*status["NoNewPrivs"], &*status["Seccomp"]), ("1", "2"));
    // Those that it inherited, and its own.
    assert_eq!(status["Seccomp_filters"], "3");
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max processes"), "0");
    assert_eq!(limit("Max file size"), "0");
    assert_eq!(limit("Max open files"), "32");
    let environment = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    assert!(
        environment
            .split_terminator('\0')
            .all(|word| word.starts_with("PATH="))
    );
}

#[test]
fn a_server_that_lets_strangers_wait_gets_the_mail_later() {
    let lab = Lab::new(1);
    let answers: Answers = &[("RCPT", Answer::SayOnce("450 greylisted, come back"))];
    let server = PlayedServer::start(lab.node(0).netns(), answers);
    let _daemon = lab.start(0, Kind::Holdfast, &config());
    lab.wait_for_log(0, Duration::ZERO, "450 greylisted, come back");
    let taken = process::poll(LONG, "the first recipient's mail", || {
        let taken = server.taken();
        let late = |mail: &Taken| mail.to == ["<root@example.com>"];
        taken.iter().any(late).then_some(taken)
    });
    // Nobody gets one twice.
    let backup = subject("Entering BACKUP state");
    let of_backup = taken.iter().filter(|mail| mail.subject() == backup);
    let mut people: Vec<&str> = of_backup
        .flat_map(|mail| &mail.to)
        .map(String::as_str)
        .collect();
    people.sort_unstable();
    assert_eq!(people, ["<ops@example.com>", "<root@example.com>"]);
}

/// What a server does, and what the log says about it.
const HOSTILE: [(&str, Answers, &str); 7] = [
    (
        "says nothing",
        &[("connect", Answer::Silence)],
        "not delivered yet",
    ),
    ("drips", &[("connect", Answer::Drip)], ""),
    (
        "says a megabyte",
        &[("connect", Answer::Endless)],
        "not delivered yet",
    ),
    (
        "says NULs",
        &[("connect", Answer::Say("220 a\0b\u{1b}[31m\u{202e}"))],
        "successfully sent",
    ),
    (
        "closes in DATA",
        &[(".", Answer::Close)],
        "not delivered yet",
    ),
    (
        "is busy",
        &[("MAIL", Answer::Say("421 too many"))],
        "421 too many",
    ),
    (
        "refuses",
        &[("RCPT", Answer::Say("550 no\0\u{1b}[31m"))],
        "550 no",
    ),
];

#[test]
fn whatever_the_mail_server_does_adverts_go_out_on_time_and_it_is_told() {
    for (what, answers, told) in HOSTILE {
        let lab = Lab::new(1);
        let server = PlayedServer::start(lab.node(0).netns(), answers);
        let mut daemon = lab.start(0, Kind::Holdfast, &config());
        let begin = lab.wait_for_holder(0, VIP, LONG);
        server.wait_for_visits(1);
        lab.wait_for_log(0, Duration::ZERO, told);
        let end = lab.wait_for_adverts(0, VRID, 10);
        let gap = lab.look(|view| {
            view.longest_gap(
                0,
                VRID,
                Span {
                    from: begin,
                    to: end,
                },
            )
        });
        assert!(
            gap <= Duration::from_millis(400),
            "{what}: {gap:?} between two adverts"
        );
        let strange = lab.look(|view| {
            let mut lines = view.logs(0);
            lines.any(|(_, line)| line.contains(['\0', '\u{1b}', '\u{202e}']))
        });
        assert!(!strange, "{what}: the server's bytes are in the log");
        daemon.terminate();
        let (status, took) = daemon.wait(LONG);
        assert!(
            status.success() && took <= Duration::from_millis(1_100),
            "{what}: {took:?}"
        );
        assert_eq!(mailer(&daemon), None, "{what}");
    }
}

#[test]
fn without_a_mail_server_the_mail_is_tried_again() {
    let lab = Lab::new(1);
    let _daemon = lab.start(0, Kind::Holdfast, &config());
    lab.wait_for_log(0, Duration::ZERO, "not delivered yet, tried again in 5 s");
    let server = PlayedServer::start(lab.node(0).netns(), &[]);
    let subjects: Vec<String> = server
        .wait(2)
        .iter()
        .map(|mail| mail.subject().to_owned())
        .collect();
    for state in ["BACKUP", "MASTER"] {
        assert!(
            subjects.contains(&subject(&format!("Entering {state} state"))),
            "{subjects:?}"
        );
    }
}

#[test]
fn the_last_mail_leaves_before_the_daemon_ends() {
    let lab = Lab::new(1);
    let server = PlayedServer::start(lab.node(0).netns(), &[]);
    let mut daemon = lab.start(0, Kind::Holdfast, &config());
    lab.wait_for_holder(0, VIP, LONG);
    server.wait(2);
    daemon.terminate();
    let (status, took) = daemon.wait(LONG);
    assert!(
        status.success() && took <= Duration::from_millis(1_100),
        "{took:?}"
    );
    let taken = server.taken();
    assert_eq!(
        taken.last().map(Taken::subject),
        Some(&*subject("Stopping"))
    );
    assert_eq!(taken[2].body(), ["=> VRRP Instance stopping <="]);
}

#[test]
fn nobody_gets_mail_about_a_fault_where_that_is_not_wanted_or_about_silent_instances() {
    let lab = Lab::new(1);
    let server = PlayedServer::start(lab.node(0).netns(), &[]);
    let quiet = MAIL
        .iter()
        .fold(Config::new(), |config, line| config.global(line));
    let text = quiet
        .global("no_email_faults")
        .global("smtp_alert_vrrp on")
        .vi(&vi().priority(HIGH.into()))
        .vi(&vi_52().line("smtp_alert off"))
        .text();
    let _daemon = lab.start(0, Kind::Holdfast, &text);
    lab.wait_for_holder(0, VIP, LONG);
    server.wait(2);
    lab.carrier_down(0);
    lab.wait_for_log(0, Duration::ZERO, "(VI_51) Entering FAULT STATE");
    lab.carrier_up(0);
    let taken = server.wait(4);
    let subjects: Vec<&str> = taken.iter().map(Taken::subject).collect();
    let expected = ["BACKUP", "MASTER", "BACKUP", "MASTER"];
    assert_eq!(
        subjects,
        expected.map(|state| subject(&format!("Entering {state} state")))
    );
}

fn vi_52() -> holdfast_tests::Vi {
    holdfast_tests::Vi::new(52).vip("192.0.2.152/24")
}
