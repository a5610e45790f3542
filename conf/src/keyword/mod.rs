//! The one table of the language: each word, where it is allowed, what follows it, what it is for
//! when it is missing, and whether holdfast carries it out.

mod bfd;
mod checker;
mod global;
mod root;
mod statics;
mod sync;
mod tracker;
mod vrrp;
mod word;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use word::Word;

/// Blocks that contain words of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Section {
    Root,
    GlobalDefs,
    Script,
    TrackProcess,
    TrackFile,
    Bfd,
    SyncGroup,
    Instance,
    Authentication,
    Hmac,
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
    Url,
    SslUrl,
    SmtpHost,
    FileCheck,
    BfdCheck,
    TrackGroup,
    GarpGroup,
    Ssl,
}

impl Section {
    /// All of them.
    pub(crate) const ALL: [Self; 28] = [
        Self::Root,
        Self::GlobalDefs,
        Self::Script,
        Self::TrackProcess,
        Self::TrackFile,
        Self::Bfd,
        Self::SyncGroup,
        Self::Instance,
        Self::Authentication,
        Self::Hmac,
        Self::VirtualServer,
        Self::RealServer,
        Self::TcpCheck,
        Self::HttpGet,
        Self::SslGet,
        Self::SmtpCheck,
        Self::UdpCheck,
        Self::PingCheck,
        Self::DnsCheck,
        Self::MiscCheck,
        Self::Url,
        Self::SslUrl,
        Self::SmtpHost,
        Self::FileCheck,
        Self::BfdCheck,
        Self::TrackGroup,
        Self::GarpGroup,
        Self::Ssl,
    ];

    /// The word that opens it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Root => "the outer level",
            Self::GlobalDefs => "global_defs",
            Self::Script => "vrrp_script",
            Self::TrackProcess => "vrrp_track_process",
            Self::TrackFile => "track_file",
            Self::Bfd => "bfd_instance",
            Self::SyncGroup => "vrrp_sync_group",
            Self::Instance => "vrrp_instance",
            Self::Authentication => "authentication",
            Self::Hmac => "auth_hmac",
            Self::VirtualServer => "virtual_server",
            Self::RealServer => "real_server",
            Self::TcpCheck => "TCP_CHECK",
            Self::HttpGet => "HTTP_GET",
            Self::SslGet => "SSL_GET",
            Self::SmtpCheck => "SMTP_CHECK",
            Self::UdpCheck => "UDP_CHECK",
            Self::PingCheck => "PING_CHECK",
            Self::DnsCheck => "DNS_CHECK",
            Self::MiscCheck => "MISC_CHECK",
            Self::Url | Self::SslUrl => "url",
            Self::SmtpHost => "host",
            Self::FileCheck => "FILE_CHECK",
            Self::BfdCheck => "BFD_CHECK",
            Self::TrackGroup => "track_group",
            Self::GarpGroup => "garp_group",
            Self::Ssl => "SSL",
        }
    }
}

/// What follows a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing.
    Flag,
    /// `on`, `true`, `yes`, `off`, `false`, `no`, or nothing, which means on.
    Bool,
    /// A decimal number.
    Int { min: i64, max: i64 },
    /// A decimal number or nothing.
    OptInt { min: i64, max: i64, absent: i64 },
    /// Seconds with up to six decimals; the limits are microseconds.
    Time { min: u64, max: u64 },
    /// Milliseconds with up to three decimals; the limits are microseconds.
    Millis { min: u64, max: u64 },
    /// One of these, in exactly this spelling.
    Choice(&'static [&'static str]),
    /// One of these or nothing.
    OptChoice(&'static [&'static str]),
    /// One of these, in any case; the spelling here is what is kept.
    AnyCase(&'static [&'static str]),
    /// One word.
    Text,
    /// One word or nothing.
    OptText,
    /// At least one word.
    Words,
    /// A text in shell-like quotation with escapes.
    Pattern,
    /// A network interface.
    Interface,
    /// An IP address.
    Address,
    /// A multicast address; IPv4 or IPv6 where the word is for one of them only.
    Group(Option<crate::model::Family>),
    /// A command line, then user and group.
    Command,
    /// The same or nothing.
    OptCommand,
    /// A command line; words behind it are read over.
    Script,
    /// A user and perhaps a group.
    User,
    /// A weight up to this number in both directions, and perhaps `reverse`.
    Weight(i64),
    /// A number for a new file, and whether it replaces one.
    InitFile,
    /// Name, hardware address and group of a macvlan.
    Vmac,
    /// Name, address, mode and group of an ipvlan.
    Ipvlan,
    /// Perhaps `all`, then seconds.
    ExtraGarp,
    /// A number from 1 to 255 and a secret.
    HmacKey,
    /// An address or host name and perhaps a port.
    MailServer,
    /// An address and perhaps a port.
    Server,
    /// A netmask or a prefix length.
    Granularity,
    /// `NAT`, `DR`, `TUN` and what belongs to a tunnel.
    Forward,
    /// 16 or 32 bytes in hexadecimal.
    Digest,
    /// Bytes in hexadecimal, `X` for any digit.
    Hex,
    /// The same or nothing.
    OptHex,
    /// Numbers and ranges of them, 100 to 599.
    StatusCodes,
    /// A word of at most so many characters.
    Short(usize),
    /// A path from `/`.
    AbsolutePath,
    /// The same or nothing.
    OptAbsolutePath,
    /// A number in C's notation, or names of permissions.
    Umask,
    /// Numbers of processors.
    Cpus,
    /// At most so many words, no two the same; none at all is right.
    Distinct(usize),
    /// `MTU`, `ADVERT` or a number of bytes.
    BufferPolicy,
    /// Names of checks with their signs; none at all is right.
    IncludeCheck,
    /// A path, then user and group.
    Fifo,
    /// Interface, instance and numbers of a sync daemon.
    SyncDaemon,
    /// `tcp N`, `tcpfin N`, `udp N`.
    LvsTimeouts,
    /// A weight up to this number in both directions, and its direction.
    LongWeight(i64),
    /// A block of lines that are no words of the table.
    Entries(Entries),
    /// The same with a name.
    NamedEntries(Entries),
    /// A block of words of the table.
    Block(Section, Header),
    /// Whatever comes, perhaps a block. For words that are not carried out.
    Any,
}

impl Shape {
    /// True where a block has to follow.
    pub(crate) const fn is_block(self) -> bool {
        matches!(
            self,
            Self::Entries(_) | Self::NamedEntries(_) | Self::Block(..)
        )
    }
}

/// What the lines of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entries {
    /// Mail addresses; each word is one.
    Mails,
    /// Virtual addresses.
    Addresses,
    /// Static addresses.
    StaticAddresses,
    /// Virtual routes.
    Routes,
    /// Static routes.
    StaticRoutes,
    /// Virtual rules.
    Rules,
    /// Static rules.
    StaticRules,
    /// Unicast peers.
    Peers,
    /// What is tracked, with a weight.
    Trackers(Tracked),
    /// Instances; each word is one.
    Members,
    /// Interfaces; each word is one.
    Interfaces,
    /// Interfaces with the way to ask for their link.
    Linkbeat,
    /// Interfaces with two delays.
    LinkDelays,
    /// Addresses, ranges of them and firewall marks.
    ServerGroup,
}

/// What the lines of a `track_…` list name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracked {
    Interface,
    Script,
    File,
    Process,
    Bfd,
}

impl Tracked {
    /// The largest weight that a line of its list can have; the same below zero.
    pub(crate) const fn max_weight(self) -> i64 {
        match self {
            Self::Interface | Self::Script | Self::Bfd => 253,
            Self::File | Self::Process => 254,
        }
    }
}

/// What stands between a word and its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    None,
    Name,
    /// Address and perhaps a port.
    Server,
    /// The same, or `fwmark N`, or `group NAME`.
    VirtualServer,
}

/// What holdfast does with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out.
    Used,
    /// It may be there any number of times.
    Repeated,
    /// holdfast does so in any case; accepted without a word.
    Always,
    /// Accepted with a warning that says why it has no effect.
    NoEffect(&'static str),
    /// Read, checked and kept in the model like any other, but this version does not carry it out;
    /// the text says what would happen without it. An error, so that nothing is left out in silence.
    Checked(&'static str),
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// How it is written.
    pub(crate) name: &'static str,
    /// What it means; several spellings may mean the same.
    pub(crate) word: Word,
    /// Where it is allowed.
    pub(crate) sections: &'static [Section],
    /// What follows it.
    pub(crate) shape: Shape,
    /// What holdfast does with it.
    pub(crate) fate: Fate,
    /// What it does, for the manual: one or two sentences.
    pub(crate) about: &'static str,
    /// What holds where it is missing, for the manual; empty where nothing does.
    pub(crate) default: &'static str,
    /// First release of keepalived that has it; empty for 2.2.7 and before.
    pub(crate) since: &'static str,
    /// What to write instead of an old spelling.
    pub(crate) old: Option<&'static str>,
}

impl Keyword {
    /// What it does.
    const fn about(mut self, text: &'static str) -> Self {
        self.about = text;
        self
    }

    /// What holds where it is missing.
    const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    /// First release of keepalived that has it.
    const fn since(mut self, release: &'static str) -> Self {
        self.since = release;
        self
    }

    /// What to write instead.
    const fn old(mut self, instead: &'static str) -> Self {
        self.old = Some(instead);
        self
    }

    /// What follows a word that is not carried out, so that its value is checked all the same.
    const fn takes(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Read and checked, but not carried out; the text says what would happen without it.
    const fn checked(mut self, consequence: &'static str) -> Self {
        self.fate = Fate::Checked(consequence);
        self
    }
}

/// A row that is carried out.
const fn used(
    name: &'static str,
    word: Word,
    sections: &'static [Section],
    shape: Shape,
) -> Keyword {
    row(name, word, sections, shape, Fate::Used)
}

/// A row that is carried out each time that it comes.
const fn repeated(
    name: &'static str,
    word: Word,
    sections: &'static [Section],
    shape: Shape,
) -> Keyword {
    row(name, word, sections, shape, Fate::Repeated)
}

/// A row that is accepted without effect.
const fn idle(name: &'static str, sections: &'static [Section], why: &'static str) -> Keyword {
    row(name, Word::None, sections, Shape::Any, Fate::NoEffect(why))
}

/// A row for what holdfast does in any case.
const fn always(name: &'static str, sections: &'static [Section]) -> Keyword {
    row(name, Word::None, sections, Shape::Any, Fate::Always)
}

const fn row(
    name: &'static str,
    word: Word,
    sections: &'static [Section],
    shape: Shape,
    fate: Fate,
) -> Keyword {
    Keyword {
        name,
        word,
        sections,
        shape,
        fate,
        about: "",
        default: "",
        since: "",
        old: None,
    }
}

/// All rows.
pub(crate) fn table() -> impl Iterator<Item = &'static Keyword> {
    root::ROWS
        .iter()
        .chain(statics::ROWS)
        .chain(global::TABLES.iter().copied().flatten())
        .chain(tracker::ROWS)
        .chain(bfd::ROWS)
        .chain(sync::ROWS)
        .chain(vrrp::ROWS)
        .chain(checker::TABLES.iter().copied().flatten())
}

/// The row of a word in a block.
pub(crate) fn find(section: Section, name: &str) -> Option<&'static Keyword> {
    static INDEX: LazyLock<HashMap<(Section, &'static str), &'static Keyword>> =
        LazyLock::new(|| {
            table()
                .flat_map(|row| {
                    row.sections
                        .iter()
                        .map(move |section| ((*section, row.name), row))
                })
                .collect()
        });
    INDEX.get(&(section, name)).copied()
}

/// True for a word that is read and not carried out, in whatever block.
pub(crate) fn is_only_checked(name: &str) -> bool {
    table().any(|row| row.name == name && matches!(row.fate, Fate::Checked(_)))
}

/// How a word is written in a block, for messages and printing.
pub(crate) fn name_in(section: Section, word: Word) -> &'static str {
    table()
        .find(|row| row.word == word && row.sections.contains(&section))
        .map_or("", |row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_twice_in_one_block() {
        let places: usize = table().map(|row| row.sections.len()).sum();
        let found: std::collections::BTreeSet<_> = table()
            .flat_map(|row| row.sections.iter().map(move |s| (*s, row.name)))
            .collect();
        assert_eq!(places, found.len());
    }

    #[test]
    fn every_block_has_words_and_is_opened_by_one() {
        for section in Section::ALL {
            assert!(table().any(|row| row.sections.contains(&section)));
            let opened =
                table().any(|row| matches!(row.shape, Shape::Block(inner, _) if inner == section));
            assert_eq!(opened, section != Section::Root, "{section:?}");
        }
    }
}
