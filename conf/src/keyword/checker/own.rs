//! Words of single kinds of checks.

use super::super::Section::{
    self, BfdCheck, DnsCheck, FileCheck, HttpGet, MiscCheck, SmtpCheck, SmtpHost, SslGet, SslUrl,
    UdpCheck, Url,
};
use super::super::{Header, Keyword, Shape, Word, idle, repeated, used};
use super::{BOOL, COUNT, FLAG, MAX_WEIGHT};

const WEB: &[Section] = &[HttpGet, SslGet];
const SSL: &[Section] = &[SslGet];
const PAGE: &[Section] = &[Url, SslUrl];
const MISC: &[Section] = &[MiscCheck];
const UDP: &[Section] = &[UdpCheck];

/// A datagram holds no more.
const LENGTH: Shape = Shape::Int {
    min: 0,
    max: 65_535,
};

pub(super) const ROWS: &[Keyword] = &[
    // MISC_CHECK
    used("misc_path", Word::MiscPath, MISC, Shape::Script)
        .about("The command that is run; quoted, if it has arguments."),
    used(
        "misc_timeout",
        Word::MiscTimeout,
        MISC,
        Shape::Int { min: 0, max: 4_294 },
    )
    .about("Seconds after which the command is ended and counts as failed; 0 means delay_loop.")
    .default("delay_loop"),
    used("misc_dynamic", Word::MiscDynamic, MISC, FLAG).about(
        "The exit status sets the weight: 0 leaves it, 1 means down, 2 to 255 set it to that \
             number less 2.",
    ),
    used("user", Word::User, MISC, Shape::User)
        .about("User, and perhaps group, that the command runs as.")
        .default("script_user"),
    // SMTP_CHECK
    used("helo_name", Word::HeloName, &[SmtpCheck], Shape::Text)
        .about("Name that the mail server is greeted with.")
        .default("smtpchecker.keepalived.org"),
    repeated(
        "host",
        Word::SmtpHost,
        &[SmtpCheck],
        Shape::Block(SmtpHost, Header::None),
    )
    .about(
        "One of several targets, each a check of its own with the words of this block; what it \
         does not say is taken from the block around it.",
    )
    .old("SMTP_CHECK"),
    // HTTP_GET and SSL_GET
    used(
        "http_protocol",
        Word::HttpProtocol,
        WEB,
        Shape::AnyCase(&["1.0", "1.0C", "1.1"]),
    )
    .about("Version of HTTP; `1.0C` is 1.0 with `Connection: close`.")
    .default("1.0"),
    used("enable_sni", Word::EnableSni, WEB, BOOL)
        .about(
            "Sends the name of the site (`virtualhost`) in the TLS handshake. keepalived does so \
             only where this is switched on.",
        )
        .default("on"),
    used("sni_name", Word::SniName, WEB, Shape::OptText)
        .about("Name that is sent in the TLS handshake; switches it on.")
        .default("virtualhost")
        .since("2.4.4"),
    used("fast_recovery", Word::FastRecovery, WEB, BOOL)
        .about(
            "At the start and after a failure the pages are asked for one after the other, not \
             one in each delay_loop.",
        )
        .default("off"),
    used("tls_compliant", Word::TlsCompliant, SSL, BOOL)
        .about("Says good-bye to the server (close_notify) before the connection is closed.")
        .default("off")
        .since("2.2.8"),
    used("verify", Word::Verify, SSL, BOOL)
        .about(
            "The server has to show a certificate that is valid for the name asked for. \
             keepalived has no such word and takes any certificate.",
        )
        .default("off"),
    repeated(
        "url",
        Word::Url,
        &[HttpGet],
        Shape::Block(Url, Header::None),
    )
    .about("A page that has to be as described; all pages of a check have to be."),
    repeated("url", Word::Url, SSL, Shape::Block(SslUrl, Header::None))
        .about("A page that has to be as described; all pages of a check have to be."),
    // url
    used("path", Word::Path, PAGE, Shape::Text)
        .about("Path of the page, with its query; required."),
    used("digest", Word::Digest, PAGE, Shape::Digest).about(
        "Sum of the page's content: 32 hexadecimal digits of MD5, or 64 of SHA-256, which \
             keepalived lacks. `holdfastctl genhash` prints it.",
    ),
    used("status_code", Word::StatusCode, PAGE, Shape::StatusCodes)
        .about("Status codes that are accepted: numbers and ranges of them, 100 to 599.")
        .default("200-299"),
    used("regex", Word::Regex, PAGE, Shape::Pattern).about(
        "A pattern that the page's content has to fit, in PCRE's language. Look-around, \
             back-references and the like need a holdfast that is built with the feature `pcre`, \
             and are searched for in the first 8 KiB.",
    ),
    used("regex_no_match", Word::RegexNoMatch, PAGE, FLAG)
        .about("The content must not fit the pattern."),
    used("regex_options", Word::RegexOptions, PAGE, Shape::Words).about(
        "Options of the pattern, e.g. `caseless`, `dotall`, `multiline`, `extended`, \
             `ungreedy`, `anchored`, `endanchored`, `literal`, `utf`, `ucp`.",
    ),
    idle("regex_stack", PAGE, "holdfast's patterns need no stack")
        .takes(Shape::Words)
        .about("Size of the stack for the pattern: first and most bytes."),
    used("regex_min_offset", Word::RegexMinOffset, PAGE, COUNT)
        .about("The pattern has to fit at or behind this byte of the content.")
        .default("0"),
    used("regex_max_offset", Word::RegexMaxOffset, PAGE, COUNT)
        .about("The pattern has to fit at or before this byte of the content."),
    used("tls_compliant", Word::TlsCompliant, &[SslUrl], BOOL)
        .about("The same for this page.")
        .default("that of the check")
        .since("2.2.8"),
    // UDP_CHECK
    used("payload", Word::Payload, UDP, Shape::Hex)
        .about("Content of the datagram in hexadecimal.")
        .default("none"),
    used("require_reply", Word::RequireReply, UDP, Shape::OptHex)
        .about(
            "An answer has to come, and to begin with these bytes in hexadecimal; `X` stands for \
             any digit.",
        )
        .default("off: only an ICMP error is a failure"),
    used("min_reply_length", Word::MinReplyLength, UDP, LENGTH)
        .about("Least bytes of an answer that has a pattern.")
        .default("0"),
    used("max_reply_length", Word::MaxReplyLength, UDP, LENGTH)
        .about("Most bytes of an answer that has a pattern.")
        .default("255"),
    // DNS_CHECK
    used(
        "type",
        Word::DnsType,
        &[DnsCheck],
        Shape::AnyCase(&[
            "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY",
        ]),
    )
    .about("Type of the record that is asked for.")
    .default("SOA"),
    used("name", Word::DnsName, &[DnsCheck], Shape::Text)
        .about("Name that is asked for.")
        .default("the root"),
    // FILE_CHECK and BFD_CHECK
    used("track_file", Word::CheckedFile, &[FileCheck], Shape::Text)
        .about("Name of the `track_file`; required."),
    used(
        "weight",
        Word::FileWeight,
        &[FileCheck],
        Shape::LongWeight(MAX_WEIGHT),
    )
    .about("What the number in the file is multiplied with; `reverse` turns the sign.")
    .default("that of the track_file"),
    used("name", Word::CheckedBfd, &[BfdCheck], Shape::Text)
        .about("Name of the `bfd_instance`; required."),
];
