//! Lines of `virtual_rules` and `static_rules`.

use super::route::{foreign_protocol, network, virtual_route_with_group};
use super::words::{self, IP_PROTOCOLS, NO_NAMES, TABLES, Words, hex_or_decimal, named};
use super::{Context, number, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::model::{Family, KEEPALIVED_PROTOCOL, NamedNumber, Network, Rule, RuleAction};
use crate::tree::{Statement, Text};

const OPTIONS: &[&str] = &[
    "inet",
    "inet6",
    "not",
    "from",
    "to",
    "table",
    "lookup",
    "preference",
    "order",
    "priority",
    "tos",
    "dsfield",
    "fwmark",
    "realms",
    "suppress_prefixlength",
    "sup_pl",
    "suppress_ifgroup",
    "sup_group",
    "iif",
    "dev",
    "oif",
    "tunnel-id",
    "uidrange",
    "l3mdev",
    "protocol",
    "ipproto",
    "sport",
    "dport",
    "type",
    "goto",
    "nop",
    "blackhole",
    "prohibit",
    "unreachable",
    "no_track",
    "track_group",
];

/// Where keepalived begins to count down for rules without a preference.
pub(super) const LAST_PREFERENCE: u32 = 16_384;

/// A rule with its options. Only a static one may name a `track_group`.
pub(super) fn parse(
    cx: &mut Context<'_>,
    statement: &Statement<'_>,
    is_static: bool,
) -> Option<Rule> {
    let mut line = Line {
        family: None,
        preference: None,
        action: None,
        is_static,
        rule: Rule {
            family: Family::V4,
            preference: 0,
            invert: false,
            from: None,
            to: None,
            tos: None,
            fwmark: None,
            realms: None,
            iif: None,
            oif: None,
            tunnel_id: None,
            uid_range: None,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            suppress_prefix: None,
            suppress_group: None,
            action: RuleAction::Nop,
            protocol: u8::try_from(KEEPALIVED_PROTOCOL).unwrap_or(u8::MAX),
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

/// A line while its words are read.
struct Line<'t> {
    family: Option<(Family, &'t Text<'t>)>,
    preference: Option<u32>,
    action: Option<(RuleAction, &'t Text<'t>)>,
    is_static: bool,
    rule: Rule,
}

impl<'t> Line<'t> {
    fn word(
        &mut self,
        cx: &mut Context<'_>,
        word: &'t Text<'t>,
        words: &mut Words<'t>,
    ) -> Option<()> {
        match word.text.as_ref() {
            "inet" => self.is(cx, Family::V4, word)?,
            "inet6" => self.is(cx, Family::V6, word)?,
            "not" => self.rule.invert = true,
            "no_track" => self.rule.no_track = true,
            "l3mdev" => self.act(cx, RuleAction::L3mdev, word)?,
            // What follows is the action itself.
            "type" => {}
            "nop" => self.act(cx, RuleAction::Nop, word)?,
            "blackhole" => self.act(cx, RuleAction::Blackhole, word)?,
            "prohibit" => self.act(cx, RuleAction::Prohibit, word)?,
            "unreachable" => self.act(cx, RuleAction::Unreachable, word)?,
            "from" => self.rule.from = self.selector(cx, word, words)?,
            "to" => self.rule.to = self.selector(cx, word, words)?,
            "track_group" if !self.is_static => return virtual_route_with_group(cx, word),
            name if OPTIONS.contains(&name) => {
                let value = words.value(cx, word)?;
                self.option(cx, word, value)?;
            }
            _ => {
                words::unknown(
                    cx,
                    word,
                    "an option of a rule, such as `from` or `table`",
                    OPTIONS,
                );
                return None;
            }
        }
        Some(())
    }

    /// Options with one value.
    fn option(
        &mut self,
        cx: &mut Context<'_>,
        word: &'t Text<'t>,
        value: &'t Text<'t>,
    ) -> Option<()> {
        let max32 = u64::from(u32::MAX);
        let rule = &mut self.rule;
        match word.text.as_ref() {
            "table" | "lookup" => {
                let table = table(cx, word, value)?;
                self.act(cx, RuleAction::Table(table), word)?;
            }
            "goto" => {
                let number = hex_or_decimal(cx, word, &value.text, value, max32)?;
                let target = RuleAction::Goto(u32::try_from(number).ok()?);
                self.act(cx, target, word)?;
            }
            "preference" | "order" | "priority" => {
                let number = hex_or_decimal(cx, word, &value.text, value, max32)?;
                self.preference = u32::try_from(number).ok();
            }
            "tos" | "dsfield" => rule.tos = Some(named(cx, word, value, 255, NO_NAMES)?),
            "fwmark" => rule.fwmark = Some(mark(cx, word, value)?),
            "realms" => {
                rule.realms = Some(words::realms(cx, word, value)?);
                self.is(cx, Family::V4, word)?;
            }
            "suppress_prefixlength" | "sup_pl" => {
                let length = number::int(cx, &word.text, value, 0, 128)?;
                rule.suppress_prefix = u8::try_from(length).ok();
            }
            "suppress_ifgroup" | "sup_group" => {
                rule.suppress_group = Some(named(cx, word, value, u32::MAX, NO_NAMES)?);
            }
            "iif" | "dev" => rule.iif = Some(value::interface(cx, value)?),
            "oif" => rule.oif = Some(value::interface(cx, value)?),
            "tunnel-id" => {
                rule.tunnel_id = Some(hex_or_decimal(cx, word, &value.text, value, u64::MAX)?);
            }
            "uidrange" => rule.uid_range = Some(range(cx, word, value, u32::MAX)?),
            "protocol" => rule.protocol = words::number_u8(cx, word, value)?,
            "ipproto" => rule.ip_protocol = Some(named(cx, word, value, 255, IP_PROTOCOLS)?),
            "sport" => rule.source_ports = Some(ports(cx, word, value)?),
            "dport" => rule.destination_ports = Some(ports(cx, word, value)?),
            _ => rule.track_group = Some(value.text.to_string()),
        }
        Some(())
    }

    /// `all`, or a network.
    fn selector(
        &mut self,
        cx: &mut Context<'_>,
        option: &Text<'_>,
        words: &mut Words<'t>,
    ) -> Option<Option<Network>> {
        let word = words.value(cx, option)?;
        if matches!(word.text.as_ref(), "all" | "any" | "default") {
            return Some(None);
        }
        let network = network(cx, word)?;
        self.is(cx, network.family(), word)?;
        Some(Some(network))
    }

    fn is(&mut self, cx: &mut Context<'_>, family: Family, word: &'t Text<'t>) -> Option<()> {
        if let Some((before, place)) = self.family
            && before != family
        {
            cx.push(
                Diagnostic::error(Code::MixedFamilies, word.span, "IPv4 and IPv6 in one rule")
                    .label(format!("this is {family}"))
                    .also(place.span, format!("this is {before}")),
            );
            return None;
        }
        self.family = self.family.or(Some((family, word)));
        Some(())
    }

    fn act(&mut self, cx: &mut Context<'_>, action: RuleAction, word: &'t Text<'t>) -> Option<()> {
        if let Some((_, before)) = &self.action {
            cx.push(
                Diagnostic::error(Code::BadRule, word.span, "a rule does one thing only")
                    .label("second action")
                    .also(before.span, "first action"),
            );
            return None;
        }
        self.action = Some((action, word));
        Some(())
    }

    /// What depends on several words.
    fn finish(mut self, cx: &mut Context<'_>, statement: &Statement<'_>) -> Option<Rule> {
        let family = self.family.map_or(Family::V4, |(family, _)| family);
        self.rule.family = family;
        let Some((action, place)) = self.action else {
            cx.push(
                Diagnostic::error(Code::BadRule, statement.span(), "this rule does nothing")
                    .label("expected `table`, or one of `goto`, `nop`, `blackhole`, `prohibit`, `unreachable`, `l3mdev`"),
            );
            return None;
        };
        self.rule.preference = match self.preference {
            Some(preference) => preference,
            None => without_preference(cx, statement, family),
        };
        if let RuleAction::Goto(target) = action
            && target <= self.rule.preference
        {
            let text = format!(
                "a rule of preference {} cannot go back to {target}",
                self.rule.preference
            );
            cx.push(
                Diagnostic::error(Code::BadRule, place.span, text)
                    .label("expected a larger preference than the rule's own"),
            );
            return None;
        }
        self.rule.action = action;
        if u32::from(self.rule.protocol) != KEEPALIVED_PROTOCOL && !self.rule.no_track {
            foreign_protocol(cx, statement, "rule");
            return None;
        }
        if self.rule.track_group.is_some() && self.rule.iif.is_none() {
            let text = "a rule with a `track_group` needs an interface";
            cx.push(
                Diagnostic::error(Code::MissingValue, statement.span(), text)
                    .label("`iif` is missing on this line"),
            );
            return None;
        }
        Some(self.rule)
    }
}

/// Counts down from `LAST_PREFERENCE`, in the order of the files, as keepalived does.
fn without_preference(cx: &mut Context<'_>, statement: &Statement<'_>, family: Family) -> u32 {
    let [v4, v6] = &mut cx.preferences;
    let next = match family {
        Family::V4 => v4,
        Family::V6 => v6,
    };
    let preference = *next;
    *next = preference.saturating_sub(1);
    cx.push(
        Diagnostic::warning(
            Code::NoPreference,
            statement.span(),
            "this rule has no `preference`",
        )
        .label(format!(
            "read as `preference {preference}`, as with keepalived"
        ))
        .because(
            "the next rule without one comes before it: the order is that of the file backwards",
        )
        .help("write a preference, e.g. `preference 1000`"),
    );
    preference
}

fn table(cx: &mut Context<'_>, word: &Text<'_>, value: &Text<'_>) -> Option<NamedNumber> {
    let table = named(cx, word, value, u32::MAX, TABLES)?;
    if table == NamedNumber::Number(0) {
        let text = format!("`{}` cannot be 0", word.text);
        cx.push(
            Diagnostic::error(Code::OutOfRange, value.span, text)
                .label("expected a number from 1, or a name such as `main`"),
        );
        return None;
    }
    Some(table)
}

/// `MARK[/MASK]`.
fn mark(cx: &mut Context<'_>, word: &Text<'_>, value: &Text<'_>) -> Option<(u32, u32)> {
    let max = u64::from(u32::MAX);
    let (mark, mask) = match value.text.split_once('/') {
        Some((mark, mask)) => (mark, Some(mask)),
        None => (value.text.as_ref(), None),
    };
    let mark = hex_or_decimal(cx, word, mark, value, max)?;
    let mask = match mask {
        Some(mask) => hex_or_decimal(cx, word, mask, value, max)?,
        None => max,
    };
    Some((u32::try_from(mark).ok()?, u32::try_from(mask).ok()?))
}

/// `FIRST-LAST`.
fn range(cx: &mut Context<'_>, word: &Text<'_>, value: &Text<'_>, max: u32) -> Option<(u32, u32)> {
    let bound = |text: &str| text.parse::<u32>().ok().filter(|number| *number <= max);
    let range = value
        .text
        .split_once('-')
        .and_then(|(first, last)| Some((bound(first)?, bound(last)?)))
        .filter(|(first, last)| first <= last);
    if range.is_none() {
        let text = format!("{} is no range", quote(&value.text));
        cx.push(
            Diagnostic::error(Code::OutOfRange, value.span, text).label(format!(
                "`{}` must be FIRST-LAST, each from 0 to {max}",
                word.text
            )),
        );
    }
    range
}

/// A range of ports, or one port.
fn ports(cx: &mut Context<'_>, word: &Text<'_>, value: &Text<'_>) -> Option<(u16, u16)> {
    if !value.text.contains('-') {
        let port = number::int(cx, &word.text, value, 0, 65_535)?;
        let port = u16::try_from(port).ok()?;
        return Some((port, port));
    }
    let (first, last) = range(cx, word, value, 65_535)?;
    Some((u16::try_from(first).ok()?, u16::try_from(last).ok()?))
}
