//! Why a packet is dropped. Each cause is counted and logged by itself.

use std::fmt;

/// One cause. A packet is dropped for the first that applies, in the order of RFC 9568 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// The IP header is cut off, or its lengths do not fit the datagram.
    IpHeader,
    /// Not addressed to the group or the address that the instance listens on: multicast into a
    /// unicast instance or the reverse.
    Destination,
    /// TTL or hop limit is not what the instance wants; `None` when the kernel gave none.
    HopLimit(Option<u8>),
    /// The VRRP message is shorter than its header or than its address count says, or longer.
    Length,
    /// The version is not the instance's.
    Version(u8),
    /// The type is not 1.
    Type(u8),
    /// The checksum is wrong in all forms that are accepted.
    Checksum,
    /// No instance has this VRID on that interface.
    UnknownVrid(u8),
    /// Authentication of another type than the instance's.
    AuthType(u8),
    /// The password differs.
    AuthPassword,
    /// There is no authentication header, or one that is not to be expected, or it is malformed.
    AhMissing,
    /// The integrity check value is wrong.
    AhIcv,
    /// The security parameter index is not the source address.
    AhSpi,
    /// The sequence number is not above the last one.
    AhReplay,
    /// Version 3 with no address.
    CountZero,
    /// Version 3 with an interval of 0.
    IntervalZero,
    /// Version 2 with another interval than ours, in seconds.
    Interval(u8),
    /// The first IPv6 address is not link-local (strict mode only).
    FirstAddressNotLinkLocal,
    /// The sender is not in the peer list.
    Sender,
    /// It carries our own source address.
    OwnAddress,
    /// We are the owner and ignore adverts.
    Owner,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IpHeader => f.write_str("malformed IP header"),
            Self::Destination => f.write_str("unexpected destination address"),
            Self::HopLimit(Some(found)) => write!(f, "invalid TTL or hop limit {found}"),
            Self::HopLimit(None) => f.write_str("TTL or hop limit unknown"),
            Self::Length => f.write_str("wrong length"),
            Self::Version(found) => write!(f, "version {found}"),
            Self::Type(found) => write!(f, "unknown type {found}"),
            Self::Checksum => f.write_str("wrong checksum"),
            Self::UnknownVrid(found) => write!(f, "unknown VRID {found}"),
            Self::AuthType(found) => write!(f, "authentication type {found}"),
            Self::AuthPassword => f.write_str("wrong authentication password"),
            Self::AhMissing => f.write_str("missing or malformed authentication header"),
            Self::AhIcv => f.write_str("wrong authentication (integrity check value)"),
            Self::AhSpi => f.write_str("authentication header of another sender"),
            Self::AhReplay => f.write_str("replayed authentication sequence number"),
            Self::CountZero => f.write_str("no address in the advert"),
            Self::IntervalZero => f.write_str("advertisement interval 0"),
            Self::Interval(found) => write!(f, "advertisement interval {found} s differs"),
            Self::FirstAddressNotLinkLocal => {
                f.write_str("the first address is not a link-local one")
            }
            Self::Sender => f.write_str("sender is not in unicast_peer"),
            Self::OwnAddress => f.write_str("our own source address"),
            Self::Owner => f.write_str("this router is the owner"),
        }
    }
}
