//! Words of `real_server`, and those that it shares with `virtual_server`.

use super::super::Section::{
    self, BfdCheck, DnsCheck, FileCheck, HttpGet, MiscCheck, PingCheck, RealServer, SmtpCheck,
    SslGet, SslUrl, TcpCheck, UdpCheck, Url, VirtualServer,
};
use super::super::{Header, Keyword, Shape, Word, idle, repeated, used};
use super::{BOOL, COUNT, MAX_WEIGHT};

const RS: &[Section] = &[RealServer];
const VS: &[Section] = &[VirtualServer];
const BOTH: &[Section] = &[VirtualServer, RealServer];

const fn check(name: &'static str, word: Word, section: Section) -> Keyword {
    repeated(name, word, RS, Shape::Block(section, Header::None))
}

pub(super) const ROWS: &[Keyword] = &[
    used(
        "weight",
        Word::ServerWeight,
        RS,
        Shape::Int {
            min: 0,
            max: MAX_WEIGHT,
        },
    )
    .about("Share of the connections; 0 takes no new ones.")
    .default("that of the virtual server, else 1"),
    used("inhibit_on_failure", Word::InhibitOnFailure, VS, BOOL)
        .about(
            "Real servers that fail keep their place in the kernel's table with weight 0, so that \
             their connections go on. In keepalived `off` switches this on as well.",
        )
        .default("off"),
    used("inhibit_on_failure", Word::InhibitOnFailure, RS, BOOL)
        .about(
            "When it fails, the server keeps its place in the kernel's table with weight 0, so \
             that its connections go on.",
        )
        .default("that of the virtual server"),
    used("smtp_alert", Word::SmtpAlert, VS, BOOL)
        .about("Sends mail when the quorum is gained or lost.")
        .default("smtp_alert_checker or smtp_alert, else off"),
    used("smtp_alert", Word::SmtpAlert, RS, BOOL)
        .about("Sends mail when the server goes up or down.")
        .default("smtp_alert_checker or smtp_alert, else on"),
    used(
        "virtualhost",
        Word::Virtualhost,
        &[VirtualServer, RealServer, HttpGet, SslGet, Url, SslUrl],
        Shape::Text,
    )
    .about("Name of the site that HTTP_GET and SSL_GET ask for.")
    .default("that of the block around it, else the address"),
    idle("snmp_name", BOTH, "holdfast has no SNMP agent")
        .takes(Shape::Text)
        .about("Name of the server in SNMP."),
    used("uthreshold", Word::UpperThreshold, RS, COUNT)
        .about("With this many connections the server takes no new ones; 0 means no limit.")
        .default("0"),
    used("lthreshold", Word::LowerThreshold, RS, COUNT)
        .about("Below this many connections it takes new ones again.")
        .default("0"),
    used("notify_up", Word::NotifyUp, RS, Shape::Command)
        .about("A command that is run when the server goes up; user and group may follow it."),
    used("notify_down", Word::NotifyDown, RS, Shape::Command)
        .about("A command that is run when the server goes down; user and group may follow it."),
    check("MISC_CHECK", Word::MiscCheck, MiscCheck)
        .about("Runs a program; exit status 0 means that the server is up."),
    check("TCP_CHECK", Word::TcpCheck, TcpCheck).about("Opens a TCP connection and closes it."),
    check("SMTP_CHECK", Word::SmtpCheck, SmtpCheck)
        .about("Greets a mail server and says good-bye."),
    check("HTTP_GET", Word::HttpGet, HttpGet).about("Asks for pages over HTTP."),
    check("SSL_GET", Word::SslGet, SslGet).about("Asks for pages over HTTPS."),
    check("UDP_CHECK", Word::UdpCheck, UdpCheck)
        .about("Sends a datagram, and waits for an answer if that is asked for."),
    check("PING_CHECK", Word::PingCheck, PingCheck).about("Sends an ICMP echo request."),
    check("DNS_CHECK", Word::DnsCheck, DnsCheck).about("Asks a name server over UDP."),
    check("FILE_CHECK", Word::FileCheck, FileCheck)
        .about("Moves the weight by the number in a `track_file`."),
    check("BFD_CHECK", Word::BfdCheck, BfdCheck)
        .about("The server is up while a BFD session is up.")
        .checked("the server stays up when its BFD session goes down"),
];
