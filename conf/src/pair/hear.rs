//! Who accepts whose adverts, by the rules of the VRRP child's receiver (RFC 9568 section 7.1).

use super::group::{Group, Member};
use crate::model::{Auth, AuthHmac, Family, HmacMode, HmacSecret, Transport, Version};
use std::net::IpAddr;

/// Why a node does not go by another's adverts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deaf {
    Family,
    Vrid,
    /// One sends to a group, the other to addresses; or two groups.
    Transport,
    /// The sender does not send to the receiver.
    NotSent,
    /// The receiver accepts listed peers only.
    NotListed,
    HopLimit,
    Version,
    AuthType,
    Password,
    Interval,
    /// The trailer of `auth_hmac` is missing, or nobody expects it.
    Trailer,
    /// The trailer is made with a key that the receiver does not have.
    Key,
    /// Both have one source address.
    OwnAddress,
    /// An owner that drops all adverts.
    Ignores,
}

/// Everything that keeps adverts of one node from another; empty where they are accepted.
pub(super) fn obstacles(from: &Member<'_>, to: &Member<'_>) -> Vec<Deaf> {
    let (sender, receiver) = (from.router(), to.router());
    let mut obstacles = Vec::new();
    let mut add = |there: bool, deaf| {
        if there {
            obstacles.push(deaf);
        }
    };
    add(sender.family != receiver.family, Deaf::Family);
    add(sender.vrid != receiver.vrid, Deaf::Vrid);
    add(sender.version != receiver.version, Deaf::Version);
    let both_v2 = sender.version == Version::V2 && receiver.version == Version::V2;
    let interval = sender.advert_int.secs() != receiver.advert_int.secs();
    add(both_v2 && interval, Deaf::Interval);
    if both_v2 {
        add(kind(sender.auth) != kind(receiver.auth), Deaf::AuthType);
        let same_kind = kind(sender.auth) == kind(receiver.auth);
        add(same_kind && sender.auth != receiver.auth, Deaf::Password);
    }
    let own = from.source().is_some() && from.source() == to.source();
    add(own, Deaf::OwnAddress);
    let ignores =
        receiver.priority.is_owner() && (receiver.owner_ignore_adverts || receiver.strict);
    add(ignores, Deaf::Ignores);
    for deaf in trailer(from, to).into_iter().chain(way(from, to)) {
        add(true, deaf);
    }
    obstacles
}

/// `auth_hmac`: keepalived's trailer behind the addresses.
fn trailer(from: &Member<'_>, to: &Member<'_>) -> Option<Deaf> {
    let sent = from.instance.hmac.as_ref();
    let sent = sent.filter(|hmac| hmac.mode != HmacMode::ReceiveOnly);
    match (sent, &to.instance.hmac) {
        (None, None) => None,
        (None, Some(hmac)) => (hmac.mode == HmacMode::Enforce).then_some(Deaf::Trailer),
        (Some(_), None) => Some(Deaf::Trailer),
        (Some(sent), Some(known)) => {
            let key = |hmac: &AuthHmac, id: u8| {
                let key = hmac.keys.iter().find(|key| key.id == id);
                key.map(|key| key.secret.clone())
            };
            let fits = match (key(sent, sent.active), key(known, sent.active)) {
                (Some(HmacSecret::Bytes(one)), Some(HmacSecret::Bytes(other))) => one == other,
                // What is in a file is not known here.
                (Some(_), Some(_)) => true,
                _ => false,
            };
            (!fits).then_some(Deaf::Key)
        }
    }
}

/// What keeps the packets themselves away.
fn way(from: &Member<'_>, to: &Member<'_>) -> Option<Deaf> {
    match (&from.router().transport, &to.router().transport) {
        (Transport::Multicast { group: a, .. }, Transport::Multicast { group: b, .. }) => {
            (a != b).then_some(Deaf::Transport)
        }
        (Transport::Multicast { .. }, Transport::Unicast { .. })
        | (Transport::Unicast { .. }, Transport::Multicast { .. }) => Some(Deaf::Transport),
        (Transport::Unicast { ttl, .. }, Transport::Unicast { .. }) => {
            if !sends_to(from, to) {
                return Some(Deaf::NotSent);
            }
            let sent = ttl.unwrap_or_else(|| default_ttl(from.router().family));
            accepts_from(from, to, sent)
        }
    }
}

/// keepalived's TTL and hop limit of unicast adverts.
const fn default_ttl(family: Family) -> u8 {
    match family {
        Family::V4 => 255,
        Family::V6 => 64,
    }
}

/// True where the receiver's address is among the sender's peers, or may be: it is not written.
pub(super) fn sends_to(from: &Member<'_>, to: &Member<'_>) -> bool {
    to.source().is_none_or(|address| lists(from, address))
}

/// True where an address is in `unicast_peer`.
pub(super) fn lists(member: &Member<'_>, address: IpAddr) -> bool {
    match &member.router().transport {
        Transport::Unicast { peers, .. } => peers.iter().any(|peer| peer.address == address),
        Transport::Multicast { .. } => false,
    }
}

fn accepts_from(from: &Member<'_>, to: &Member<'_>, sent: u8) -> Option<Deaf> {
    let Transport::Unicast {
        peers,
        check_source,
        ..
    } = &to.router().transport
    else {
        return None;
    };
    let source = from.source()?;
    match peers.iter().find(|peer| peer.address == source) {
        Some(peer) => {
            // On the way it can only become less.
            let least = peer.min_ttl.unwrap_or(0);
            (sent < least).then_some(Deaf::HopLimit)
        }
        None => check_source.then_some(Deaf::NotListed),
    }
}

/// Type 0, 1 or 2.
pub(super) const fn kind(auth: Auth) -> u8 {
    match auth {
        Auth::None => 0,
        Auth::Pass(_) => 1,
        Auth::Ah(_) => 2,
    }
}

/// Who hears whom, by positions in the group.
#[derive(Debug)]
pub(super) struct Hearing(Vec<Vec<bool>>);

impl Hearing {
    pub(super) fn new(group: &Group<'_>) -> Self {
        let row = |to: &Member<'_>| {
            group
                .members
                .iter()
                .map(|from| from.index != to.index && obstacles(from, to).is_empty())
                .collect()
        };
        Self(group.members.iter().map(row).collect())
    }

    /// True where `to` goes by the adverts of `from`.
    pub(super) fn hears(&self, to: usize, from: usize) -> bool {
        self.0
            .get(to)
            .and_then(|row| row.get(from))
            .copied()
            .unwrap_or(false)
    }
}
