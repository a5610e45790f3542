//! `vrrp_instance`.

mod addresses;
mod auth;
mod besides;
mod cross;
mod election;
mod garp;
mod hmac;
mod link;
mod transport;

pub(super) use cross::also_static;
mod traps;

use super::settings::Settings;
use super::tracking::{Known, Lists, NoWeights};
use super::{Blocks, Context, Named, script, sync};
use crate::HostFact;
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::model::{
    AdvertInterval, ChecksumForm, Family, IfName, InstanceName, Micros, NotifyScripts, Priority,
    Version, VirtualRouter, Vrid, VrrpInstance,
};
use crate::source::Span;

/// All instances, checked against each other and the scripts.
pub(super) fn assemble(
    cx: &mut Context<'_>,
    blocks: &Blocks,
    known: &Known<'_>,
) -> Vec<VrrpInstance> {
    super::same_names(cx, "vrrp_instance", &blocks.instances);
    let groups = sync::memberships(blocks);
    let mut done = Vec::new();
    for block in &blocks.instances {
        let scope = Scope {
            block,
            own: &block.settings,
            global: &blocks.global,
            group: groups.get(block.name.as_str()).copied(),
            subject: format!("instance {}", block.name),
        };
        if let Some(instance) = instance(cx, &scope, known) {
            done.push((block, instance));
        }
    }
    cross::check(cx, &done);
    done.into_iter().map(|(_, instance)| instance).collect()
}

/// Where the words of an instance are looked up.
struct Scope<'a> {
    block: &'a Named,
    own: &'a Settings,
    global: &'a Settings,
    /// The sync group that it is in.
    group: Option<&'a Named>,
    /// `instance VI_1`, for needs of the host.
    subject: String,
}

impl Scope<'_> {
    /// The instance's own value, else the global one.
    fn bool(&self, word: Word) -> Option<bool> {
        self.own.bool(word).or_else(|| self.global.bool(word))
    }

    fn time(&self, word: Word) -> Option<Micros> {
        self.own.time(word).or_else(|| self.global.time(word))
    }

    fn number<T: TryFrom<i64>>(&self, word: Word) -> Option<T> {
        self.own.number(word).or_else(|| self.global.number(word))
    }

    /// Where a word of this instance stands, else its name.
    fn span(&self, word: Word) -> Span {
        self.own.span(word, self.block.span)
    }
}

/// What several parts of an instance depend on.
#[derive(Clone, Copy)]
struct Basics {
    family: Family,
    version: Version,
    strict: bool,
}

fn instance(cx: &mut Context<'_>, scope: &Scope<'_>, known: &Known<'_>) -> Option<VrrpInstance> {
    let name = super::name(
        cx,
        InstanceName::try_from(scope.block.name.as_str()),
        scope.block.span,
    );
    let family = addresses::family(scope);
    let basics = Basics {
        family,
        version: version(cx, scope, family),
        strict: scope.bool(Word::Strict).unwrap_or(false),
    };
    let transport = transport::transport(cx, scope, basics);
    let interface = interface(cx, scope, &transport);
    let (addresses, excluded) = addresses::both(cx, scope, basics);
    let auth = auth::auth(cx, scope, basics);
    let election = election::election(cx, scope, basics, auth);
    let vrid = vrid(cx, scope);
    let advert_int = advert_int(cx, scope, basics.version);
    let garp = garp::garp(cx, scope, basics);
    let own = interface.as_ref().and_then(Option::as_ref);
    let lists = trackers(cx, scope, known, own, election.priority);
    let (track_interfaces, track_scripts, trackers) = lists.finish();
    let besides = besides::Besides {
        trackers,
        transport: transport.as_ref(),
        interface: own,
        advert_int,
        vrid,
    };
    let besides = besides.read(cx, scope, basics);
    traps::said(cx, scope, &election);
    strict_values(cx, scope, basics);
    Some(besides(VirtualRouter {
        name: name?,
        vrid: vrid?,
        version: basics.version,
        family: basics.family,
        interface: interface?,
        initial_state: election.initial_state,
        priority: election.priority,
        advert_int: advert_int?,
        transport: transport?,
        auth,
        checksum: checksum(scope),
        nopreempt: election.nopreempt,
        preempt_delay: election.preempt_delay,
        down_timer_adverts: down_timer_adverts(scope, basics),
        garp,
        lower_prio_no_advert: basics.strict || scope.bool(Word::LowerPrioNoAdvert).unwrap_or(false),
        higher_prio_send_advert: !basics.strict
            && scope.bool(Word::HigherPrioSendAdvert).unwrap_or(false),
        owner_ignore_adverts: basics.strict
            || (election.priority.is_owner()
                && scope.bool(Word::OwnerIgnoreAdverts).unwrap_or(false)),
        skip_check_adv_addr: scope.bool(Word::SkipCheckAdvAddr).unwrap_or(false),
        track_src_ip: scope.own.has(Word::TrackSrcIp),
        dont_track_primary: scope.own.has(Word::DontTrackPrimary),
        strict: basics.strict,
        addresses,
        excluded,
        track_interfaces,
        track_scripts,
    }))
}

/// The tracker lists, without the weights that cannot be used.
fn trackers(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    known: &Known<'_>,
    own: Option<&IfName>,
    priority: Priority,
) -> Lists {
    let lists = Lists::read(cx, scope.own, known, &scope.subject, own);
    if priority.is_owner() {
        return lists.without_weights(cx, NoWeights::Owner);
    }
    match scope.group {
        Some(group) if !group.settings.has(Word::SyncTrackingWeight) => {
            lists.without_weights(cx, NoWeights::Group(group.span))
        }
        _ => lists,
    }
}

/// IPv6 has version 3 only.
fn version(cx: &mut Context<'_>, scope: &Scope<'_>, family: Family) -> Version {
    let written: Option<u8> = scope.own.number(Word::Version);
    if family == Family::V6 {
        if written == Some(2) {
            let text = "VRRPv2 has no IPv6: version 3 is used";
            cx.push(
                Diagnostic::warning(Code::FamilyNeedsV3, scope.span(Word::Version), text)
                    .label("ignored"),
            );
        }
        return Version::V3;
    }
    match written.or_else(|| scope.global.number(Word::Version)) {
        Some(3) => Version::V3,
        _ => Version::V2,
    }
}

fn vrid(cx: &mut Context<'_>, scope: &Scope<'_>) -> Option<Vrid> {
    let number: Option<u8> = scope.own.number(Word::VirtualRouterId);
    if number.is_none() && !scope.own.failed(Word::VirtualRouterId) {
        super::missing_word(cx, "vrrp_instance", "virtual_router_id", scope.block);
    }
    Vrid::try_from(number?).ok()
}

/// None in the outer option is an error; only unicast with a source may go without an interface.
fn interface(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    transport: &Option<crate::model::Transport>,
) -> Option<Option<IfName>> {
    let Some(interface) = scope.own.interface(Word::Interface) else {
        let optional = match transport {
            Some(crate::model::Transport::Unicast { source, .. }) => source.is_some(),
            Some(crate::model::Transport::Multicast { .. }) => false,
            None => true,
        };
        if optional {
            return Some(None);
        }
        if !scope.own.failed(Word::Interface) {
            super::missing_word(cx, "vrrp_instance", "interface", scope.block);
        }
        return None;
    };
    let span = scope.span(Word::Interface);
    if interface.as_str() == "lo" {
        let text = "VRRP cannot run on the loopback interface";
        cx.push(
            Diagnostic::error(Code::BadName, span, text)
                .help("name the interface that leads to the other nodes"),
        );
        return None;
    }
    cx.need(HostFact::Interface(interface.clone()), &scope.subject, span);
    Some(Some(interface))
}

/// Rounds to what the version can send.
fn advert_int(cx: &mut Context<'_>, scope: &Scope<'_>, version: Version) -> Option<AdvertInterval> {
    let Some(written) = scope.own.time(Word::AdvertInt) else {
        return Some(AdvertInterval::DEFAULT);
    };
    /// The longest interval that 12 bits of centiseconds hold.
    const LONGEST_V3: u64 = 4_095;
    let micros = written.get();
    let (unit, least, most) = match version {
        Version::V2 => (1_000_000, 1, 255),
        Version::V3 => (10_000, 1, LONGEST_V3),
    };
    let half = unit / 2;
    let units = micros
        .saturating_add(half)
        .checked_div(unit)
        .unwrap_or(1)
        .clamp(least, most);
    let used = Micros::new(units.saturating_mul(unit));
    if used != written {
        let reason = match version {
            Version::V2 => "VRRPv2 sends whole seconds",
            Version::V3 => "VRRPv3 sends hundredths of a second up to 40.95 seconds",
        };
        let text = format!("`advert_int` is rounded to {used}");
        let diagnostic =
            Diagnostic::warning(Code::Rounded, scope.span(Word::AdvertInt), text).label(reason);
        cx.push(match version {
            Version::V2 => diagnostic.help("`version 3` has fractions, on all nodes"),
            Version::V3 => diagnostic,
        });
    }
    let centis = used.get().checked_div(10_000).unwrap_or(0);
    AdvertInterval::new(version, u16::try_from(centis).ok()?).ok()
}

fn checksum(scope: &Scope<'_>) -> ChecksumForm {
    let old = scope.own.text(Word::OldUnicastChecksum);
    if scope.bool(Word::V3ChecksumAsV2).unwrap_or(false) {
        ChecksumForm::MessageOnly
    } else if old.is_some_and(|word| word != "never") {
        ChecksumForm::OldUnicast
    } else {
        ChecksumForm::PseudoHeader
    }
}

fn down_timer_adverts(scope: &Scope<'_>, basics: Basics) -> u8 {
    /// RFC 9568 section 6.1: Active_Down_Interval.
    const DEFAULT: u8 = 3;
    if basics.strict {
        return DEFAULT;
    }
    scope.number(Word::DownTimerAdverts).unwrap_or(DEFAULT)
}

fn notify(cx: &mut Context<'_>, scope: &Scope<'_>) -> NotifyScripts {
    let mut command = |word| script::command(cx, scope.own, word, &scope.subject);
    NotifyScripts {
        master: command(Word::NotifyMaster),
        backup: command(Word::NotifyBackup),
        fault: command(Word::NotifyFault),
        stop: command(Word::NotifyStop),
        any: command(Word::Notify),
    }
}

/// Values that strict mode overrides, and what it does not do here.
fn strict_values(cx: &mut Context<'_>, scope: &Scope<'_>, basics: Basics) {
    if !basics.strict {
        return;
    }
    if let Some(strict) = scope
        .own
        .get(Word::Strict)
        .or_else(|| scope.global.get(Word::Strict))
    {
        let place = strict.head;
        cx.said.once(Code::StrictKeepsTraffic, || {
            Diagnostic::note(
                Code::StrictKeepsTraffic,
                place,
                "strict mode does not close the virtual address here",
            )
            .because("keepalived drops all packets to it unless the priority is 255")
            .help("leave out strict mode unless the other nodes need it")
        });
    }
    let overridden = [
        (Word::DownTimerAdverts, "`down_timer_adverts` is 3"),
        (Word::LowerPrioNoAdvert, "`lower_prio_no_advert` is on"),
        (
            Word::HigherPrioSendAdvert,
            "`higher_prio_send_advert` is off",
        ),
        (Word::GarpLowerPrioRepeat, "`garp_lower_prio_repeat` is 0"),
        (Word::GarpLowerPrioDelay, "`garp_lower_prio_delay` is 0"),
    ];
    for (word, what) in overridden {
        if let Some(setting) = scope.own.get(word) {
            let text = format!("strict mode: {what} whatever is written");
            cx.push(
                Diagnostic::warning(Code::StrictSetsValue, setting.head, text).label("ignored"),
            );
        }
    }
}
