//! Words that checks share. `virtual_server` and `real_server` hold their defaults.

use super::super::Section::{
    self, BfdCheck, DnsCheck, HttpGet, MiscCheck, PingCheck, RealServer, SmtpCheck, SmtpHost,
    SslGet, TcpCheck, UdpCheck, VirtualServer,
};
use super::super::{Keyword, Shape, Word, used};
use super::{BOOL, COUNT, DELAY, PERIOD, PORT, POSITIVE};

/// Blocks that hold defaults for all their checks.
const SERVERS: &[Section] = &[VirtualServer, RealServer];
/// Checks that talk over the network.
const CONNECTING: &[Section] = &[
    TcpCheck, HttpGet, SslGet, SmtpCheck, SmtpHost, UdpCheck, PingCheck, DnsCheck,
];
/// The same, and programs.
const CHECKS: &[Section] = &[
    TcpCheck, HttpGet, SslGet, SmtpCheck, SmtpHost, UdpCheck, PingCheck, DnsCheck, MiscCheck,
];
/// Everything that waits for a result of its own.
const TIMING: &[Section] = &[
    VirtualServer,
    RealServer,
    TcpCheck,
    HttpGet,
    SslGet,
    SmtpCheck,
    SmtpHost,
    UdpCheck,
    PingCheck,
    DnsCheck,
    MiscCheck,
];
const ALPHA: &[Section] = &[
    RealServer, TcpCheck, HttpGet, SslGet, SmtpCheck, SmtpHost, UdpCheck, PingCheck, DnsCheck,
    MiscCheck, BfdCheck,
];
/// Checks in which keepalived reads the old name of `retry` as an unknown word.
const NEWER: &[Section] = &[
    TcpCheck, SmtpCheck, SmtpHost, UdpCheck, PingCheck, DnsCheck, MiscCheck,
];

pub(super) const ROWS: &[Keyword] = &[
    used("delay_loop", Word::DelayLoop, TIMING, PERIOD)
        .about("Seconds between two checks, up to 4294.967295.")
        .default("that of the block around it, else 60"),
    used("retry", Word::Retry, SERVERS, POSITIVE)
        .about("How often checks try again before a server is down, where they do not say so.")
        .default("that of the kind of check"),
    used("retry", Word::Retry, CHECKS, COUNT)
        .about("How often the check is tried again before the server is down.")
        .default("1; DNS_CHECK 3, MISC_CHECK 0"),
    used("nb_get_retry", Word::NbGetRetry, &[HttpGet, SslGet], COUNT)
        .about("The former name of `retry`.")
        .old("retry"),
    used("nb_get_retry", Word::NbGetRetry, NEWER, COUNT)
        .about(
            "The former name of `retry`, as tutorials write it in every check; keepalived knows \
             it in HTTP_GET and SSL_GET only.",
        )
        .old("retry"),
    used("delay_before_retry", Word::DelayBeforeRetry, TIMING, DELAY)
        .about("Seconds between those tries.")
        .default("1; HTTP_GET and SSL_GET 3, DNS_CHECK delay_loop"),
    used("warmup", Word::Warmup, TIMING, DELAY)
        .about(
            "The first check comes a second and a random part of this many seconds after the \
             start, so that not all begin at once.",
        )
        .default("delay_loop"),
    used("alpha", Word::Alpha, &[VirtualServer], BOOL)
        .about(
            "Servers are down until their first check succeeds. In keepalived `off` switches this \
             on as well.",
        )
        .default("off"),
    used("alpha", Word::Alpha, ALPHA, BOOL)
        .about("The server is down until the first check succeeds.")
        .default("that of the block around it"),
    used("log_all_failures", Word::LogAllFailures, CHECKS, BOOL)
        .about("Logs every failed try, not only the one that takes the server out.")
        .default("checker_log_all_failures"),
    used("connect_timeout", Word::ConnectTimeout, SERVERS, PERIOD)
        .about("Seconds that a check may take to connect, where it does not say so.")
        .default("5"),
    used("connect_timeout", Word::ConnectTimeout, CONNECTING, PERIOD)
        .about("Seconds that connecting may take, and each wait for an answer after it.")
        .default("that of the block around it, else 5"),
    used("connect_ip", Word::ConnectIp, CONNECTING, Shape::Address)
        .about("Address that is checked.")
        .default("that of the real server"),
    used("connect_port", Word::ConnectPort, CONNECTING, PORT)
        .about("Port that is checked, 1 to 65535.")
        .default("that of the real server"),
    used("bindto", Word::BindTo, CONNECTING, Shape::Address)
        .about("Own address that the check comes from.")
        .default("the kernel's choice"),
    used("bind_port", Word::BindPort, CONNECTING, PORT)
        .about("Own port that the check comes from, 1 to 65535.")
        .default("the kernel's choice"),
    used("bind_if", Word::BindIf, CONNECTING, Shape::Interface)
        .about("Interface that the check goes out of; required for link-local addresses."),
    used("fwmark", Word::Fwmark, CONNECTING, COUNT)
        .about("Firewall mark of the check's packets; 0 means none.")
        .default("0"),
];
