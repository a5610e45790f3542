//! Words of `virtual_server`, `real_server` and the checks.

use super::Section::{
    self, DnsCheck, HttpGet, MiscCheck, PingCheck, RealServer, SmtpCheck, SslGet, SslUrl, TcpCheck,
    UdpCheck, Url, VirtualServer,
};
use super::{Header, Keyword, Shape, Word, idle, not_yet, repeated, used};

const VS: &[Section] = &[VirtualServer];
const RS: &[Section] = &[RealServer];
const BOTH: &[Section] = &[VirtualServer, RealServer];
/// Where a default of the checks may stand.
const TIMING: &[Section] = &[
    VirtualServer,
    RealServer,
    TcpCheck,
    HttpGet,
    SslGet,
    SmtpCheck,
    UdpCheck,
    PingCheck,
    DnsCheck,
    MiscCheck,
];
const CHECKS: &[Section] = &[
    TcpCheck, HttpGet, SslGet, SmtpCheck, UdpCheck, PingCheck, DnsCheck, MiscCheck,
];
const CONNECTING: &[Section] = &[
    TcpCheck, HttpGet, SslGet, SmtpCheck, UdpCheck, PingCheck, DnsCheck,
];
const CONNECT_TIMEOUT: &[Section] = &[
    VirtualServer,
    RealServer,
    TcpCheck,
    HttpGet,
    SslGet,
    SmtpCheck,
    UdpCheck,
    PingCheck,
    DnsCheck,
];
const WEB: &[Section] = &[HttpGet, SslGet];
const SSL: &[Section] = &[SslGet];
const PAGE: &[Section] = &[Url, SslUrl];

const BOOL: Shape = Shape::Bool;
const FLAG: Shape = Shape::Flag;
const PORT: Shape = Shape::Int {
    min: 1,
    max: 65_535,
};
const COUNT: Shape = Shape::Int {
    min: 0,
    max: 4_294_967_295,
};
const MAX_WEIGHT: i64 = 2_147_483_647;
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_967_295,
};
/// A period: more than nothing.
const PERIOD: Shape = Shape::Time {
    min: 1,
    max: 4_294_967_295,
};
const SCHEDULERS: Shape = Shape::Choice(&[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos",
]);

pub(super) const ROWS: &[Keyword] = &[
    // virtual_server
    used(
        "ip_family",
        Word::IpFamily,
        VS,
        Shape::Choice(&["inet", "inet6"]),
    ),
    used("lb_algo", Word::LbAlgo, VS, SCHEDULERS),
    used("lvs_sched", Word::LbAlgo, VS, SCHEDULERS),
    used("lb_kind", Word::LbKind, VS, Shape::Forward),
    used("lvs_method", Word::LbKind, BOTH, Shape::Forward),
    idle("hashed", VS, "it has none in keepalived either"),
    used("ops", Word::Ops, VS, FLAG),
    used("flag-1", Word::Flag1, VS, FLAG),
    used("flag-2", Word::Flag2, VS, FLAG),
    used("flag-3", Word::Flag3, VS, FLAG),
    used("sh-port", Word::ShPort, VS, FLAG),
    used("sh-fallback", Word::ShFallback, VS, FLAG),
    used("mh-port", Word::MhPort, VS, FLAG),
    used("mh-fallback", Word::MhFallback, VS, FLAG),
    used(
        "persistence_engine",
        Word::PersistenceEngine,
        VS,
        Shape::Text,
    ),
    used(
        "persistence_timeout",
        Word::PersistenceTimeout,
        VS,
        Shape::OptInt {
            min: 1,
            max: 2_678_400,
            absent: 360,
        },
    ),
    used(
        "persistence_granularity",
        Word::PersistenceGranularity,
        VS,
        Shape::Granularity,
    ),
    used(
        "protocol",
        Word::Protocol,
        VS,
        Shape::AnyCase(&["TCP", "UDP", "SCTP"]),
    ),
    used("ha_suspend", Word::HaSuspend, VS, FLAG),
    used("omega", Word::Omega, VS, FLAG),
    used(
        "quorum",
        Word::Quorum,
        VS,
        Shape::Int {
            min: 1,
            max: 4_294_967_295,
        },
    ),
    used("hysteresis", Word::Hysteresis, VS, COUNT),
    used("quorum_up", Word::QuorumUp, VS, Shape::Command),
    used("quorum_down", Word::QuorumDown, VS, Shape::Command),
    used("sorry_server", Word::SorryServer, VS, Shape::Server),
    used("sorry_server_inhibit", Word::SorryServerInhibit, VS, FLAG),
    used(
        "sorry_server_lvs_method",
        Word::SorryServerMethod,
        VS,
        Shape::Forward,
    ),
    repeated(
        "real_server",
        Word::RealServer,
        VS,
        Shape::Block(RealServer, Header::Server),
    ),
    // Both.
    used(
        "weight",
        Word::ServerWeight,
        VS,
        Shape::Int {
            min: 1,
            max: MAX_WEIGHT,
        },
    ),
    used(
        "weight",
        Word::ServerWeight,
        RS,
        Shape::Int {
            min: 0,
            max: MAX_WEIGHT,
        },
    ),
    used("inhibit_on_failure", Word::InhibitOnFailure, BOTH, BOOL),
    used("smtp_alert", Word::SmtpAlert, BOTH, BOOL),
    used(
        "virtualhost",
        Word::Virtualhost,
        &[VirtualServer, RealServer, HttpGet, SslGet, Url, SslUrl],
        Shape::Text,
    ),
    idle("snmp_name", BOTH, "holdfast has no SNMP agent"),
    // real_server
    used("uthreshold", Word::UpperThreshold, RS, COUNT),
    used("lthreshold", Word::LowerThreshold, RS, COUNT),
    used("notify_up", Word::NotifyUp, RS, Shape::Command),
    used("notify_down", Word::NotifyDown, RS, Shape::Command),
    repeated(
        "TCP_CHECK",
        Word::TcpCheck,
        RS,
        Shape::Block(TcpCheck, Header::None),
    ),
    repeated(
        "HTTP_GET",
        Word::HttpGet,
        RS,
        Shape::Block(HttpGet, Header::None),
    ),
    repeated(
        "SSL_GET",
        Word::SslGet,
        RS,
        Shape::Block(SslGet, Header::None),
    ),
    repeated(
        "SMTP_CHECK",
        Word::SmtpCheck,
        RS,
        Shape::Block(SmtpCheck, Header::None),
    ),
    repeated(
        "UDP_CHECK",
        Word::UdpCheck,
        RS,
        Shape::Block(UdpCheck, Header::None),
    ),
    repeated(
        "PING_CHECK",
        Word::PingCheck,
        RS,
        Shape::Block(PingCheck, Header::None),
    ),
    repeated(
        "DNS_CHECK",
        Word::DnsCheck,
        RS,
        Shape::Block(DnsCheck, Header::None),
    ),
    repeated(
        "MISC_CHECK",
        Word::MiscCheck,
        RS,
        Shape::Block(MiscCheck, Header::None),
    ),
    not_yet("FILE_CHECK", RS),
    not_yet("BFD_CHECK", RS),
    // What checks share.
    used("delay_loop", Word::DelayLoop, TIMING, PERIOD),
    used(
        "retry",
        Word::Retry,
        BOTH,
        Shape::Int {
            min: 1,
            max: 4_294_967_295,
        },
    ),
    used("retry", Word::Retry, CHECKS, COUNT),
    used("nb_get_retry", Word::NbGetRetry, CHECKS, COUNT),
    used("delay_before_retry", Word::DelayBeforeRetry, TIMING, DELAY),
    used("warmup", Word::Warmup, TIMING, DELAY),
    used("alpha", Word::Alpha, TIMING, BOOL),
    used("log_all_failures", Word::LogAllFailures, CHECKS, BOOL),
    used(
        "connect_timeout",
        Word::ConnectTimeout,
        CONNECT_TIMEOUT,
        PERIOD,
    ),
    used("connect_ip", Word::ConnectIp, CONNECTING, Shape::Address),
    used("connect_port", Word::ConnectPort, CONNECTING, PORT),
    used("bindto", Word::BindTo, CONNECTING, Shape::Address),
    used("bind_port", Word::BindPort, CONNECTING, PORT),
    used("bind_if", Word::BindIf, CONNECTING, Shape::Interface),
    used("fwmark", Word::Fwmark, CONNECTING, COUNT),
    // Each check's own.
    used("misc_path", Word::MiscPath, &[MiscCheck], Shape::Script),
    used(
        "misc_timeout",
        Word::MiscTimeout,
        &[MiscCheck],
        Shape::Int { min: 0, max: 4_294 },
    ),
    used("misc_dynamic", Word::MiscDynamic, &[MiscCheck], FLAG),
    used("user", Word::User, &[MiscCheck], Shape::User),
    used("helo_name", Word::HeloName, &[SmtpCheck], Shape::Text),
    not_yet("host", &[SmtpCheck]),
    used(
        "http_protocol",
        Word::HttpProtocol,
        WEB,
        Shape::AnyCase(&["1.0", "1.0C", "1.1"]),
    ),
    used("enable_sni", Word::EnableSni, WEB, BOOL),
    used("sni_name", Word::SniName, WEB, Shape::OptText),
    used("fast_recovery", Word::FastRecovery, WEB, BOOL),
    used("tls_compliant", Word::TlsCompliant, &[SslGet, SslUrl], BOOL),
    repeated(
        "url",
        Word::Url,
        &[HttpGet],
        Shape::Block(Url, Header::None),
    ),
    repeated("url", Word::Url, SSL, Shape::Block(SslUrl, Header::None)),
    used("path", Word::Path, PAGE, Shape::Text),
    used("digest", Word::Digest, PAGE, Shape::Digest),
    used("status_code", Word::StatusCode, PAGE, Shape::StatusCodes),
    used("regex", Word::Regex, PAGE, Shape::Pattern),
    used("regex_no_match", Word::RegexNoMatch, PAGE, FLAG),
    used("regex_options", Word::RegexOptions, PAGE, Shape::Words),
    idle("regex_stack", PAGE, "holdfast's patterns need no stack"),
    used("regex_min_offset", Word::RegexMinOffset, PAGE, COUNT),
    used("regex_max_offset", Word::RegexMaxOffset, PAGE, COUNT),
    used("payload", Word::Payload, &[UdpCheck], Shape::Hex),
    used(
        "require_reply",
        Word::RequireReply,
        &[UdpCheck],
        Shape::OptHex,
    ),
    used(
        "min_reply_length",
        Word::MinReplyLength,
        &[UdpCheck],
        Shape::Int {
            min: 0,
            max: 65_535,
        },
    ),
    used(
        "max_reply_length",
        Word::MaxReplyLength,
        &[UdpCheck],
        Shape::Int {
            min: 0,
            max: 65_535,
        },
    ),
    used(
        "type",
        Word::DnsType,
        &[DnsCheck],
        Shape::AnyCase(&[
            "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY",
        ]),
    ),
    used("name", Word::DnsName, &[DnsCheck], Shape::Text),
];
