//! Blocks of the outer level that belong to no instance and no server: static lines, interfaces,
//! groups of them, certificates.

use super::Section::{self, GarpGroup, Root, Ssl, TrackGroup};
use super::{Entries, Header, Keyword, Shape, Word, idle, repeated, used};

const ROOT: &[Section] = &[Root];
const TRACK: &[Section] = &[TrackGroup];
const GARP: &[Section] = &[GarpGroup];
const SSL: &[Section] = &[Ssl];

const NO_PAUSES: &str =
    "these interfaces have no pauses of their own between gratuitous ARP messages";

/// Up to what 32 bits of milliseconds hold.
const PAUSE: Shape = Shape::Time {
    min: 0,
    max: 4_294_000_000,
};

pub(super) const ROWS: &[Keyword] = &[
    used(
        "static_ipaddress",
        Word::StaticIpaddress,
        ROOT,
        Shape::Entries(Entries::StaticAddresses),
    )
    .about(
        "Addresses that are added at the start and taken away at the stop, whatever the state of \
         the instances is. Each line is an address with its options.",
    )
    .checked("these addresses are not added to any interface"),
    used(
        "static_routes",
        Word::StaticRoutes,
        ROOT,
        Shape::Entries(Entries::StaticRoutes),
    )
    .about(
        "Routes that are added at the start and taken away at the stop, whatever the state of the \
         instances is. Each line is a route with its options.",
    )
    .checked("these routes are not added"),
    used(
        "static_rules",
        Word::StaticRules,
        ROOT,
        Shape::Entries(Entries::StaticRules),
    )
    .about(
        "Rules of policy routing that are added at the start and taken away at the stop, whatever \
         the state of the instances is. Each line is a rule with its options.",
    )
    .checked("these rules are not added"),
    repeated(
        "track_group",
        Word::TrackGroup,
        ROOT,
        Shape::Block(TrackGroup, Header::Name),
    )
    .about(
        "Names instances that react when a static address, route or rule that names this group is \
         lost.",
    )
    .checked("the loss of a static address, route or rule changes no instance"),
    used(
        "group",
        Word::Group,
        TRACK,
        Shape::Entries(Entries::Members),
    )
    .about("The instances; each word is one."),
    repeated(
        "garp_group",
        Word::GarpGroup,
        ROOT,
        Shape::Block(GarpGroup, Header::None),
    )
    .about(
        "Interfaces that share their pauses between gratuitous ARP messages, e.g. since they lead \
         to one switch.",
    )
    .checked(NO_PAUSES),
    used("garp_interval", Word::GarpInterval, GARP, PAUSE)
        .about("Least seconds between two gratuitous ARP messages on all these interfaces.")
        .default("0"),
    used("gna_interval", Word::GnaInterval, GARP, PAUSE)
        .about("Least seconds between two neighbour advertisements on all these interfaces.")
        .default("0"),
    repeated("interface", Word::Interface, GARP, Shape::Interface)
        .about("An interface of the group."),
    repeated(
        "interfaces",
        Word::Interfaces,
        GARP,
        Shape::Entries(Entries::Interfaces),
    )
    .about("Interfaces of the group; each word is one."),
    idle(
        "linkbeat_interfaces",
        ROOT,
        "holdfast follows the link state that the kernel reports",
    )
    .takes(Shape::Entries(Entries::Linkbeat))
    .about(
        "Interfaces whose link is asked for again and again, by MII, ETHTOOL or IOCTL, for \
         drivers that do not report it.",
    ),
    used(
        "interface_up_down_delays",
        Word::InterfaceDelays,
        ROOT,
        Shape::Entries(Entries::LinkDelays),
    )
    .about(
        "Lines `INTERFACE DOWN [UP]`: seconds, up to 255, that a link has to be down or up before \
         it counts as that. A missing UP is 0.",
    )
    .checked("a link that flaps moves the address each time"),
    used("SSL", Word::Ssl, ROOT, Shape::Block(Ssl, Header::None))
        .about("What SSL_GET shows to the servers that it checks, and whom it trusts."),
    used("password", Word::SslPassword, SSL, Shape::Text).about("Passphrase of the private key."),
    used("ca", Word::SslCa, SSL, Shape::Text)
        .about("File with the certificates of authorities that are trusted (PEM)."),
    used("certificate", Word::SslCertificate, SSL, Shape::Text)
        .about("File with the own certificate (PEM)."),
    used("key", Word::SslKey, SSL, Shape::Text)
        .about("File with the private key of that certificate (PEM)."),
];
