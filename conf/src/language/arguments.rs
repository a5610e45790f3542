//! What follows a word, as manuals write it. Words in capitals are explained in `holdfast.conf(5)`.

use crate::keyword::{Entries, Header, Shape};
use crate::model::Family;

const COMMAND: &str = "COMMAND [USER [[:]GROUP]]";
const FORWARD: &str = "NAT|DR|TUN [type ipip|type gre|type gue port PORT] [nocsum|csum|remcsum]";

/// The text of a shape; empty where nothing follows.
pub(super) fn text(shape: Shape) -> String {
    match shape {
        Shape::Int { min, max } => format!("{min}..{max}"),
        Shape::OptInt { min, max, .. } => format!("[{min}..{max}]"),
        Shape::Time { min, max } => format!("{}..{} s", decimal(min, 6), decimal(max, 6)),
        Shape::Millis { min, max } => format!("{}..{} ms", decimal(min, 3), decimal(max, 3)),
        Shape::Choice(words) | Shape::AnyCase(words) => words.join("|"),
        Shape::OptChoice(words) => format!("[{}]", words.join("|")),
        Shape::Weight(most) => format!("-{most}..{most} [reverse]"),
        Shape::LongWeight(most) => format!("-{most}..{most} [reverse|noreverse]"),
        Shape::Short(most) => format!("TEXT (up to {most} characters)"),
        Shape::Distinct(most) => format!("[NAME...] (up to {most})"),
        Shape::OptCommand => format!("[{COMMAND}]"),
        Shape::Entries(entries) => block(entry(entries)),
        Shape::NamedEntries(entries) => format!("NAME {}", block(entry(entries))),
        Shape::Block(_, header) => format!("{}{{ ... }}", head(header)),
        other => fixed(other).to_owned(),
    }
}

/// Shapes whose text has no numbers in it.
const fn fixed(shape: Shape) -> &'static str {
    match shape {
        Shape::Bool => "[BOOL]",
        Shape::Text => "TEXT",
        Shape::OptText => "[TEXT]",
        Shape::Words => "TEXT...",
        Shape::Pattern => "PATTERN",
        Shape::Interface => "INTERFACE",
        Shape::Address => "ADDRESS",
        Shape::Group(None) => "ADDRESS (multicast)",
        Shape::Group(Some(Family::V4)) => "ADDRESS (IPv4 multicast)",
        Shape::Group(Some(Family::V6)) => "ADDRESS (IPv6 multicast)",
        Shape::Command => COMMAND,
        Shape::Script => "COMMAND",
        Shape::User => "USER [[:]GROUP]",
        Shape::InitFile => "[NUMBER] [overwrite]",
        Shape::Vmac => "[[name] NAME] [MAC] [netlink_notify_msg] [group NUMBER]",
        Shape::Ipvlan => "[[name] NAME] [ADDRESS] [bridge|private|vepa] [group NUMBER]",
        Shape::ExtraGarp => "[all] 0..86400 s",
        Shape::HmacKey => "1..255 TEXT|hex:DIGITS|file:PATH",
        Shape::MailServer => "ADDRESS|HOST [PORT]",
        Shape::Server => "ADDRESS [PORT]",
        Shape::Granularity => "NETMASK|LENGTH",
        Shape::Forward => FORWARD,
        Shape::Digest => "DIGITS (32 or 64, hexadecimal)",
        Shape::Hex => "DIGITS (hexadecimal)",
        Shape::OptHex => "[DIGITS] (hexadecimal)",
        Shape::StatusCodes => "CODE|CODE-CODE...",
        Shape::AbsolutePath => "PATH",
        Shape::OptAbsolutePath => "[PATH]",
        Shape::Umask => "MODE|NAME[|NAME...]",
        Shape::Cpus => "NUMBER...",
        Shape::BufferPolicy => "MTU|ADVERT|BYTES",
        Shape::IncludeCheck => "[[+|-]read|match|wildcard_match|brace_match]...",
        Shape::Fifo => "PATH [USER [GROUP]]",
        Shape::SyncDaemon => {
            "INTERFACE [[inst] INSTANCE] [id 0..255] [maxlen 1..65507] [port 1..65535] \
             [ttl 1..255] [group ADDRESS]"
        }
        Shape::LvsTimeouts => "[tcp SECONDS] [tcpfin SECONDS] [udp SECONDS]",
        Shape::Any => "[...]",
        Shape::Flag
        | Shape::Int { .. }
        | Shape::OptInt { .. }
        | Shape::Time { .. }
        | Shape::Millis { .. }
        | Shape::Choice(_)
        | Shape::OptChoice(_)
        | Shape::AnyCase(_)
        | Shape::Weight(_)
        | Shape::LongWeight(_)
        | Shape::Short(_)
        | Shape::Distinct(_)
        | Shape::OptCommand
        | Shape::Entries(_)
        | Shape::NamedEntries(_)
        | Shape::Block(..) => "",
    }
}

fn block(entry: &str) -> String {
    format!("{{ {entry}... }}")
}

const fn entry(entries: Entries) -> &'static str {
    match entries {
        Entries::Mails => "MAIL",
        Entries::Addresses | Entries::StaticAddresses => "ADDRESS-LINE",
        Entries::Routes | Entries::StaticRoutes => "ROUTE-LINE",
        Entries::Rules | Entries::StaticRules => "RULE-LINE",
        Entries::Peers => "PEER-LINE",
        Entries::Trackers(_) => "TRACKER-LINE",
        Entries::Members => "INSTANCE",
        Entries::Interfaces => "INTERFACE",
        Entries::Linkbeat => "LINKBEAT-LINE",
        Entries::LinkDelays => "DELAY-LINE",
        Entries::ServerGroup => "SERVER-LINE",
    }
}

const fn head(header: Header) -> &'static str {
    match header {
        Header::None => "",
        Header::Name => "NAME ",
        Header::Server => "ADDRESS [PORT] ",
        Header::VirtualServer => "ADDRESS [PORT]|fwmark NUMBER|group NAME ",
    }
}

/// A number of the smallest units as a decimal number, without zeros at its end.
fn decimal(number: u64, digits: usize) -> String {
    let padded = format!("{number:0>width$}", width = digits.saturating_add(1));
    let (whole, rest) = padded.split_at(padded.len().saturating_sub(digits));
    match rest.trim_end_matches('0') {
        "" => whole.to_owned(),
        rest => format!("{whole}.{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_in_the_unit_of_the_word() {
        let time = Shape::Time {
            min: 10_000,
            max: 255_000_000,
        };
        assert_eq!(text(time), "0.01..255 s");
        let millis = Shape::Millis {
            min: 1_000,
            max: 4_294_967_000,
        };
        assert_eq!(text(millis), "1..4294967 ms");
        assert_eq!(text(Shape::Int { min: -1, max: 255 }), "-1..255");
        assert_eq!(text(Shape::Flag), "");
    }
}
