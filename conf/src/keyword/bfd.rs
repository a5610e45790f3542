//! Words of `bfd_instance`.

use super::Section::{self, Bfd};
use super::{Keyword, Shape, Word, used};

const BFD: &[Section] = &[Bfd];

/// The longest time that 32 bits of microseconds hold in whole milliseconds.
const LONGEST: u64 = 4_294_967_000;
const INTERVAL: Shape = Shape::Millis {
    min: 1_000,
    max: LONGEST,
};
const TTL: Shape = Shape::Int { min: 1, max: 255 };

pub(super) const ROWS: &[Keyword] = &[
    used("neighbor_ip", Word::NeighborIp, BFD, Shape::Address)
        .about("Address of the other end of the session."),
    used("neighbour_ip", Word::NeighborIp, BFD, Shape::Address)
        .about("Another spelling of `neighbor_ip`."),
    used("source_ip", Word::SourceIp, BFD, Shape::Address)
        .about("Own address of the session, of the same family as `neighbor_ip`.")
        .default("chosen by the kernel"),
    used("min_rx", Word::MinRx, BFD, INTERVAL)
        .about("Milliseconds, with up to three decimals: the neighbour shall not send packets faster than this.")
        .default("10"),
    used("min_tx", Word::MinTx, BFD, INTERVAL)
        .about("Milliseconds, with up to three decimals: this node wants to send packets as fast as this.")
        .default("10"),
    used(
        "idle_tx",
        Word::IdleTx,
        BFD,
        Shape::Millis {
            min: 1_000_000,
            max: LONGEST,
        },
    )
    .about("Milliseconds between packets while the session is not up.")
    .default("1000"),
    used("multiplier", Word::Multiplier, BFD, Shape::Int { min: 1, max: 255 })
        .about("Packets that may be missing in a row until the neighbour counts as lost.")
        .default("5"),
    used("passive", Word::Passive, BFD, Shape::Flag)
        .about("Sends nothing until the neighbour has sent a packet."),
    used("ttl", Word::Ttl, BFD, TTL)
        .about("TTL or hop limit of packets that are sent.")
        .default("255 for IPv4, 64 for IPv6"),
    used("hoplimit", Word::Ttl, BFD, TTL).about("Another spelling of `ttl`."),
    used("max_hops", Word::MaxHops, BFD, Shape::Int { min: -1, max: 255 })
        .about("Routers that a received packet may have passed; -1 means any number.")
        .default("0"),
    used("multihop", Word::Multihop, BFD, Shape::Bool)
        .about("The neighbour is behind routers: UDP port 4784 is used instead of 3784 (RFC 5883).")
        .default("off")
        .since("2.2.8"),
    used("weight", Word::Weight, BFD, Shape::Weight(253))
        .about("What the session does to the priority of those that track it: a positive weight is added while it is up, a negative one is taken off while it is down. 0 means FAULT while it is down.")
        .default("0"),
    used("vrrp", Word::Vrrp, BFD, Shape::Flag)
        .about("Only instances are told of changes of the session, no real servers.")
        .default("both are told"),
    used("checker", Word::Checker, BFD, Shape::Flag)
        .about("Only real servers are told of changes of the session, no instances.")
        .default("both are told"),
];
