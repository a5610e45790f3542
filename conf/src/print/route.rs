//! Lines of addresses, routes and rules.

use super::word::plain;
use crate::model::{
    Encap, Family, Hop, KEEPALIVED_PROTOCOL, Lockable, NamedNumber, Realms, Route, RouteInsertion,
    RouteKind, RouteMetrics, Rule, RuleAction, StaticAddress,
};
use std::fmt::Display;

/// The words of a line.
#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn word(&mut self, word: impl Display) {
        self.0.push(word.to_string());
    }

    fn flag(&mut self, word: &str, there: bool) {
        if there {
            self.word(word);
        }
    }

    fn option(&mut self, word: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.word(format_args!("{word} {value}"));
        }
    }

    fn lockable(&mut self, word: &str, value: Option<Lockable>) {
        if let Some(Lockable { value, locked }) = value {
            let lock = if locked { "lock " } else { "" };
            self.word(format_args!("{word} {lock}{value}"));
        }
    }

    fn text(self) -> String {
        self.0.join(" ")
    }
}

/// A static address with its options.
pub(super) fn static_address(address: &StaticAddress) -> String {
    let mut line = Line(vec![super::vrrp::address(&address.address)]);
    line.option("track_group", address.track_group.as_deref().map(plain));
    line.text()
}

/// A route with its options.
pub(super) fn route(route: &Route) -> String {
    let mut line = Line::default();
    line.flag(route.kind.name(), route.kind != RouteKind::Unicast);
    line.word(route.destination);
    line.option("from", route.from);
    line.option("src", route.src);
    line.option("tos", route.tos.as_ref());
    line.option("table", route.table.as_ref());
    let own = NamedNumber::Number(KEEPALIVED_PROTOCOL);
    line.option(
        "protocol",
        (route.protocol != own).then_some(&route.protocol),
    );
    line.option("scope", route.scope.as_ref());
    line.option("metric", route.metric);
    hop(&mut line, &route.hop);
    line.option("expires", route.expires);
    line.option("pref", route.pref);
    line.option(
        "ttl-propagate",
        route
            .ttl_propagate
            .map(|on| if on { "enabled" } else { "disabled" }),
    );
    metrics(&mut line, &route.metrics);
    line.option("vrf", route.vrf.as_ref());
    line.flag("append", route.insertion == RouteInsertion::Append);
    line.flag("add", route.insertion == RouteInsertion::Add);
    line.flag("no_track", route.no_track);
    line.option("track_group", route.track_group.as_deref().map(plain));
    for next in &route.hops {
        line.word("nexthop");
        // Always there, so that the hop is never empty and its words end here.
        line.option("weight", Some(next.weight));
        hop(&mut line, &next.hop);
    }
    line.text()
}

fn hop(line: &mut Line, hop: &Hop) {
    line.option("via", hop.via);
    line.option("dev", hop.dev.as_ref());
    line.flag("onlink", hop.onlink);
    line.option("realms", hop.realms.as_ref().map(realms));
    if let Some(encap) = &hop.encap {
        self::encap(line, encap);
    }
}

fn realms(realms: &Realms) -> String {
    match &realms.from {
        Some(from) => format!("{from}/{}", realms.to),
        None => realms.to.to_string(),
    }
}

fn encap(line: &mut Line, encap: &Encap) {
    match encap {
        Encap::Ip {
            family,
            id,
            dst,
            src,
            tos,
            ttl,
            flags,
        } => {
            let (kind, tos_word, ttl_word) = match family {
                Family::V4 => ("encap ip", "tos", "ttl"),
                Family::V6 => ("encap ip6", "tc", "hoplimit"),
            };
            line.word(kind);
            line.option("id", *id);
            line.option("dst", *dst);
            line.option("src", *src);
            line.option(tos_word, *tos);
            line.option(ttl_word, *ttl);
            line.option("flags", *flags);
        }
        Encap::Mpls(labels) => {
            let labels: Vec<_> = labels.iter().map(u32::to_string).collect();
            line.option("encap mpls", Some(labels.join("/")));
        }
        Encap::Ila([a, b, c, d]) => {
            line.word(format_args!("encap ila {a:x}:{b:x}:{c:x}:{d:x}"));
        }
    }
}

fn metrics(line: &mut Line, metrics: &RouteMetrics) {
    line.lockable("mtu", metrics.mtu);
    line.lockable("advmss", metrics.advmss);
    line.lockable("rtt", metrics.rtt);
    line.lockable("rttvar", metrics.rttvar);
    line.lockable("reordering", metrics.reordering);
    line.lockable("cwnd", metrics.cwnd);
    line.lockable("ssthresh", metrics.ssthresh);
    line.lockable("rto_min", metrics.rto_min);
    if let Some((name, locked)) = &metrics.congctl {
        let lock = if *locked { "lock " } else { "" };
        line.word(format_args!("congctl {lock}{name}"));
    }
    line.option("hoplimit", metrics.hoplimit);
    line.option("window", metrics.window);
    line.option("initcwnd", metrics.initcwnd);
    line.option("initrwnd", metrics.initrwnd);
    line.flag("features ecn", metrics.ecn);
    line.option("quickack", metrics.quickack.map(u8::from));
    line.option(
        "fastopen_no_cookie",
        metrics.fastopen_no_cookie.map(u8::from),
    );
}

/// A rule with its options.
pub(super) fn rule(rule: &Rule) -> String {
    let mut line = Line::default();
    line.word(match rule.family {
        Family::V4 => "inet",
        Family::V6 => "inet6",
    });
    line.flag("not", rule.invert);
    line.option("from", rule.from);
    line.option("to", rule.to);
    line.option("tos", rule.tos.as_ref());
    if let Some((mark, mask)) = rule.fwmark {
        line.word(format_args!("fwmark {mark:#x}/{mask:#x}"));
    }
    line.option("realms", rule.realms.as_ref().map(realms));
    line.option("iif", rule.iif.as_ref());
    line.option("oif", rule.oif.as_ref());
    line.option("tunnel-id", rule.tunnel_id);
    let range = |(first, last): (u32, u32)| format!("{first}-{last}");
    let ports = |(first, last): (u16, u16)| format!("{first}-{last}");
    line.option("uidrange", rule.uid_range.map(range));
    line.option("ipproto", rule.ip_protocol.as_ref());
    line.option("sport", rule.source_ports.map(ports));
    line.option("dport", rule.destination_ports.map(ports));
    line.option("suppress_prefixlength", rule.suppress_prefix);
    line.option("suppress_ifgroup", rule.suppress_group.as_ref());
    line.option("preference", Some(rule.preference));
    match &rule.action {
        RuleAction::Table(table) => line.option("table", Some(table)),
        RuleAction::L3mdev => line.word("l3mdev"),
        RuleAction::Goto(target) => line.option("goto", Some(target)),
        RuleAction::Nop => line.word("nop"),
        RuleAction::Blackhole => line.word("blackhole"),
        RuleAction::Prohibit => line.word("prohibit"),
        RuleAction::Unreachable => line.word("unreachable"),
    }
    if u32::from(rule.protocol) != KEEPALIVED_PROTOCOL {
        line.option("protocol", Some(rule.protocol));
    }
    line.flag("no_track", rule.no_track);
    line.option("track_group", rule.track_group.as_deref().map(plain));
    line.text()
}
