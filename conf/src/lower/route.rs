//! Lines of `virtual_routes` and `static_routes`.

mod encap;
mod metrics;

use super::address::address_and_prefix;
use super::words::{self, PROTOCOLS, SCOPES, TABLES, Words, everything, longest, masked, named};
use super::{Context, number, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{
    Family, Hop, KEEPALIVED_PROTOCOL, NamedNumber, Network, Route, RouteInsertion, RouteKind,
    RouteMetrics, WeightedHop,
};
use crate::tree::{Statement, Text};

const OPTIONS: &[&str] = &[
    "inet",
    "inet6",
    "to",
    "unicast",
    "local",
    "broadcast",
    "brd",
    "anycast",
    "multicast",
    "prohibit",
    "unreachable",
    "blackhole",
    "throw",
    "nat",
    "xresolve",
    "src",
    "as",
    "via",
    "gw",
    "from",
    "tos",
    "dsfield",
    "table",
    "protocol",
    "scope",
    "metric",
    "priority",
    "preference",
    "dev",
    "oif",
    "onlink",
    "encap",
    "expires",
    "mtu",
    "advmss",
    "rtt",
    "rttvar",
    "reordering",
    "cwnd",
    "rto_min",
    "congctl",
    "hoplimit",
    "window",
    "ssthresh",
    "realms",
    "initcwnd",
    "initrwnd",
    "features",
    "quickack",
    "fastopen_no_cookie",
    "pref",
    "ttl-propagate",
    "add",
    "append",
    "prepend",
    "nexthop",
    "or",
    "vrf",
    "no_track",
    "track_group",
];

const HOP_OPTIONS: &[&str] = &[
    "via", "gw", "dev", "oif", "weight", "onlink", "encap", "realms", "as",
];

/// A route with its options. Only a static one may name a `track_group`.
pub(super) fn parse(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
    is_static: bool,
) -> Option<Route> {
    let mut line = Line {
        family: None,
        destination: None,
        own_protocol: true,
        is_static,
        route: Route {
            kind: RouteKind::Unicast,
            destination: everything(Family::V4),
            from: None,
            src: None,
            tos: None,
            table: None,
            protocol: NamedNumber::Number(KEEPALIVED_PROTOCOL),
            scope: None,
            metric: None,
            hop: Hop::default(),
            hops: Vec::new(),
            expires: None,
            pref: None,
            ttl_propagate: None,
            metrics: Box::new(RouteMetrics::default()),
            insertion: RouteInsertion::Prepend,
            vrf: None,
            no_track: false,
            track_group: None,
        },
    };
    let mut words = Words::all(statement);
    while let Some(word) = words.next() {
        line.word(cx, word, &mut words)?;
    }
    line.finish(cx, statement)
}

/// Where a route goes to, as written.
enum Destination<'t> {
    Everything,
    Network(Network, &'t Text<'t>),
}

/// A line while its words are read.
struct Line<'t> {
    /// What `inet`, `inet6` or an address says.
    family: Option<(Family, &'t Text<'t>)>,
    destination: Option<Destination<'t>>,
    own_protocol: bool,
    is_static: bool,
    route: Route,
}

impl<'t> Line<'t> {
    fn word(
        &mut self,
        cx: &mut Context<'_>,
        word: &'t Text<'t>,
        words: &mut Words<'t>,
    ) -> Option<()> {
        let route = &mut self.route;
        match word.text.as_ref() {
            "inet" => self.is(cx, Family::V4, word)?,
            "inet6" => self.is(cx, Family::V6, word)?,
            "to" => {
                let to = words.value(cx, word)?;
                self.destination(cx, to)?;
            }
            "src" => self.route.src = Some(self.address(cx, word, words)?),
            "from" => self.route.from = Some(self.network(cx, word, words)?),
            "via" | "gw" | "dev" | "oif" | "onlink" | "encap" | "realms" | "as" => {
                hop_word(cx, word, words, &mut self.route.hop)?;
            }
            "nexthop" | "or" => {
                if word.text == "or" {
                    self.first_of_the_old_form();
                }
                let hop = hop(cx, word, words)?;
                self.route.hops.push(hop);
            }
            "no_track" => route.no_track = true,
            "track_group" if self.is_static => {
                route.track_group = Some(words.value(cx, word)?.text.to_string());
            }
            "track_group" => return virtual_route_with_group(cx, word),
            "add" => route.insertion = RouteInsertion::Add,
            "append" => route.insertion = RouteInsertion::Append,
            "prepend" => route.insertion = RouteInsertion::Prepend,
            name => match RouteKind::ALL.iter().find(|(kind, _)| *kind == name) {
                Some((_, kind)) => route.kind = *kind,
                None if OPTIONS.contains(&name) => self.option(cx, word, words)?,
                None if self.destination.is_none() && looks_like_destination(name) => {
                    self.destination(cx, word)?;
                }
                None => {
                    words::unknown(
                        cx,
                        word,
                        "an option of a route, such as `via` or `dev`",
                        OPTIONS,
                    );
                    return None;
                }
            },
        }
        Some(())
    }

    /// The old form `via ADDRESS or ADDRESS`: what stands in front of `or` is a way as well.
    fn first_of_the_old_form(&mut self) {
        let route = &mut self.route;
        if route.hops.is_empty() && route.hop != Hop::default() {
            let hop = std::mem::take(&mut route.hop);
            route.hops.push(WeightedHop { hop, weight: 1 });
        }
    }

    /// Options with one value.
    fn option(
        &mut self,
        cx: &mut Context<'_>,
        word: &Text<'_>,
        words: &mut Words<'_>,
    ) -> Option<()> {
        let route = &mut self.route;
        if let Some(done) = metrics::option(cx, word, words, &mut route.metrics) {
            return done;
        }
        let value = words.value(cx, word)?;
        match word.text.as_ref() {
            "tos" | "dsfield" => {
                route.tos = Some(named(cx, word, value, 255, words::NO_NAMES)?);
            }
            "table" => route.table = Some(named(cx, word, value, u32::MAX, TABLES)?),
            "protocol" => {
                route.protocol = named(cx, word, value, 255, PROTOCOLS)?;
                self.own_protocol = route.protocol == NamedNumber::Number(KEEPALIVED_PROTOCOL);
            }
            "scope" => route.scope = Some(named(cx, word, value, 255, SCOPES)?),
            "metric" | "priority" | "preference" => {
                route.metric = Some(words::number_u32(cx, word, value)?);
            }
            "expires" => route.expires = Some(words::number_u32(cx, word, value)?),
            "pref" => route.pref = Some(router_preference(cx, word, value)?),
            "ttl-propagate" => route.ttl_propagate = Some(enabled(cx, value)?),
            "vrf" => route.vrf = Some(value::interface(cx, value)?),
            _ => {}
        }
        Some(())
    }

    /// What family the route has; two families in one route are an error.
    fn is(&mut self, cx: &mut Context<'_>, family: Family, word: &'t Text<'t>) -> Option<()> {
        match self.family {
            Some((before, place)) if before != family => {
                let text = "IPv4 and IPv6 in one route";
                cx.push(
                    Diagnostic::error(Code::MixedFamilies, word.span, text)
                        .label(format!("this is {family}"))
                        .also(place.span, format!("this is {before}")),
                );
                None
            }
            Some(_) => Some(()),
            None => {
                self.family = Some((family, word));
                Some(())
            }
        }
    }

    fn destination(&mut self, cx: &mut Context<'_>, word: &'t Text<'t>) -> Option<()> {
        self.destination = Some(match word.text.as_ref() {
            "default" | "any" | "all" => Destination::Everything,
            "default6" => {
                self.is(cx, Family::V6, word)?;
                Destination::Everything
            }
            _ => {
                let network = network(cx, word)?;
                self.is(cx, network.family(), word)?;
                Destination::Network(network, word)
            }
        });
        Some(())
    }

    fn address(
        &mut self,
        cx: &mut Context<'_>,
        option: &Text<'_>,
        words: &mut Words<'t>,
    ) -> Option<std::net::IpAddr> {
        let word = words.value(cx, option)?;
        let address = value::address(cx, word)?;
        self.is(cx, Family::of(address), word)?;
        Some(address)
    }

    fn network(
        &mut self,
        cx: &mut Context<'_>,
        option: &Text<'_>,
        words: &mut Words<'t>,
    ) -> Option<Network> {
        let word = words.value(cx, option)?;
        let network = network(cx, word)?;
        self.is(cx, network.family(), word)?;
        Some(network)
    }

    /// What depends on several words.
    fn finish(mut self, cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Route> {
        let via = self.route.hop.via.map(Family::of);
        let family = self
            .family
            .map(|(family, _)| family)
            .or(via)
            .or_else(|| {
                self.route
                    .hops
                    .iter()
                    .find_map(|hop| hop.hop.via.map(Family::of))
            })
            .unwrap_or(Family::V4);
        self.route.destination = match self.destination {
            Some(Destination::Everything) => everything(family),
            Some(Destination::Network(network, word)) => destination_network(cx, network, word)?,
            None => {
                let text = "this route leads nowhere";
                cx.push(
                    Diagnostic::error(Code::MissingValue, statement.span(), text)
                        .label("expected a network such as 192.0.2.0/24, or `default`"),
                );
                return None;
            }
        };
        if !self.own_protocol && !self.route.no_track {
            foreign_protocol(cx, statement, "route");
            return None;
        }
        if self.route.track_group.is_some() && self.route.interfaces().next().is_none() {
            let text = "a route with a `track_group` needs an interface";
            cx.push(
                Diagnostic::error(Code::MissingValue, statement.span(), text)
                    .label("`dev` is missing on this line"),
            );
            return None;
        }
        Some(self.route)
    }
}

/// What another program says is its own is not ours to miss.
pub(super) fn foreign_protocol(cx: &mut Context<'_>, statement: &Statement<'_>, kind: &str) {
    let text = format!("a {kind} with another `protocol` needs `no_track`");
    cx.push(
        Diagnostic::error(Code::MissingValue, statement.span(), text)
            .label("`no_track` is missing on this line")
            .because(format!(
                "a {kind} is recognised as holdfast's own by protocol {KEEPALIVED_PROTOCOL}"
            )),
    );
}

/// `track_group` in a list that belongs to an instance.
pub(super) fn virtual_route_with_group(cx: &mut Context<'_>, word: &Text<'_>) -> Option<()> {
    let text = "`track_group` is for static addresses, routes and rules";
    cx.push(
        Diagnostic::error(Code::IdleOption, word.span, text)
            .label("what belongs to an instance is tracked by that instance"),
    );
    None
}

/// True for what can be read as an address, so that the error is about an address.
fn looks_like_destination(word: &str) -> bool {
    matches!(word, "default" | "default6" | "any" | "all")
        || word.contains([':', '.'])
        || word.starts_with(|c: char| c.is_ascii_digit())
}

/// `ADDR` or `ADDR/LEN`.
pub(super) fn network(cx: &mut Context<'_>, word: &Text<'_>) -> Option<Network> {
    let (address, prefix) = address_and_prefix(cx, word)?;
    Some(Network {
        address,
        prefix: prefix.unwrap_or_else(|| longest(Family::of(address))),
    })
}

/// The kernel refuses an IPv4 route with host bits, and clears them in IPv6.
fn destination_network(cx: &mut Context<'_>, network: Network, word: &Text<'_>) -> Option<Network> {
    let clean = masked(network);
    if clean != network && network.family() == Family::V4 {
        let text = format!(
            "{} is an address in a network, not a network",
            quote(&word.text)
        );
        cx.push(
            Diagnostic::error(Code::BadPrefix, word.span, text)
                .label(format!("expected e.g. {clean}"))
                .because("the kernel refuses such a route"),
        );
        return None;
    }
    Some(clean)
}

fn is_address(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
}

/// What stands behind `nexthop`, or behind `or` in the old form, which needs no `via`.
fn hop<'t>(cx: &mut Context<'_>, word: &Text<'_>, words: &mut Words<'t>) -> Option<WeightedHop> {
    /// The kernel counts from 0 in one byte.
    const MAX_WEIGHT: i64 = 256;
    let mut hop = WeightedHop {
        hop: Hop::default(),
        weight: 1,
    };
    let mut any = false;
    if word.text == "or" && words.peek().is_some_and(is_address) {
        hop.hop.via = Some(value::address(cx, words.next()?)?);
        any = true;
    }
    while words.peek().is_some_and(|next| HOP_OPTIONS.contains(&next)) {
        let option = words.next()?;
        any = true;
        if option.text == "weight" {
            let value = words.value(cx, option)?;
            let weight = number::int(cx, "weight", value, 1, MAX_WEIGHT)?;
            hop.weight = u16::try_from(weight).ok()?;
        } else {
            hop_word(cx, option, words, &mut hop.hop)?;
        }
    }
    if !any {
        let text = format!("{} without a way to go", quote(&word.text));
        cx.push(
            Diagnostic::error(Code::MissingValue, word.span, text)
                .label("`via ADDRESS` or `dev INTERFACE` is expected behind this"),
        );
        return None;
    }
    Some(hop)
}

/// A word that says where packets go.
fn hop_word(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    hop: &mut Hop,
) -> Option<()> {
    match word.text.as_ref() {
        "via" | "gw" => hop.via = Some(gateway(cx, word, words)?),
        "dev" | "oif" => {
            let value = words.value(cx, word)?;
            hop.dev = Some(value::interface(cx, value)?);
        }
        "onlink" => hop.onlink = true,
        "encap" => hop.encap = Some(encap::parse(cx, word, words)?),
        "realms" => {
            let value = words.value(cx, word)?;
            hop.realms = Some(words::realms(cx, word, value)?);
        }
        "as" => {
            words.take("to");
            words.value(cx, word)?;
            let text = "`as` has no effect";
            cx.push(
                Diagnostic::warning(Code::IdleOption, word.span, text)
                    .label("keepalived does not carry it out either"),
            );
        }
        _ => {}
    }
    Some(())
}

/// `[inet|inet6] ADDR`; it may be of another family than the destination.
fn gateway(
    cx: &mut Context<'_>,
    option: &Text<'_>,
    words: &mut Words<'_>,
) -> Option<std::net::IpAddr> {
    let family = if words.take("inet") {
        Some(Family::V4)
    } else if words.take("inet6") {
        Some(Family::V6)
    } else {
        None
    };
    let word = words.value(cx, option)?;
    let address = value::address(cx, word)?;
    if let Some(family) = family
        && Family::of(address) != family
    {
        let text = format!("{address} is not an {family} address");
        cx.push(Diagnostic::error(Code::MixedFamilies, word.span, text));
        return None;
    }
    Some(address)
}

/// RFC 4191 section 2.1; holdfast's number is the one of the packet.
fn router_preference(cx: &mut Context<'_>, option: &Text<'_>, value: &Text<'_>) -> Option<u8> {
    match value.text.as_ref() {
        "low" => Some(3),
        "medium" => Some(0),
        "high" => Some(1),
        _ => words::number_u8(cx, option, value),
    }
}

fn enabled(cx: &mut Context<'_>, value: &Text<'_>) -> Option<bool> {
    let enabled = match value.text.as_ref() {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    };
    if enabled.is_none() {
        let text = format!("`ttl-propagate` cannot be {}", quote(&value.text));
        cx.push(
            Diagnostic::error(Code::NotAChoice, value.span, text)
                .label("expected `enabled` or `disabled`"),
        );
    }
    enabled
}
