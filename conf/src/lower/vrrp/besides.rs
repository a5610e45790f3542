//! What an instance has beside its protocol part.

use super::{Basics, Scope, hmac, link, notify};
use crate::diag::{Code, Diagnostic};
use crate::keyword::Word;
use crate::lower::settings::Value;
use crate::lower::{Context, script, statics};
use crate::model::{
    AdvertInterval, DeletedNotice, IfName, Trackers, Transport, VirtualRouter, Vrid, VrrpInstance,
};

/// What these parts depend on; none where that is wrong.
pub(super) struct Besides<'a> {
    pub(super) trackers: Trackers,
    pub(super) transport: Option<&'a Transport>,
    pub(super) interface: Option<&'a IfName>,
    pub(super) advert_int: Option<AdvertInterval>,
    pub(super) vrid: Option<Vrid>,
}

impl Besides<'_> {
    /// Reads all of it, also where the protocol part is wrong: all errors in one run.
    pub(super) fn read(
        self,
        cx: &mut Context<'_>,
        scope: &Scope<'_>,
        basics: Basics,
    ) -> impl FnOnce(VirtualRouter) -> VrrpInstance + use<> {
        let own = scope.own;
        let link = link::link(cx, scope, basics, self.transport, self.vrid);
        let promote_secondaries = link::promote_secondaries(cx, scope, link.is_some());
        let vrf = vrf(cx, scope, self.transport, self.interface);
        let hmac = hmac::hmac(cx, scope, basics, self.advert_int);
        let routes = statics::routes(cx, own, Word::VirtualRoutes, &scope.subject);
        let rules = statics::rules(cx, own, Word::VirtualRules, &scope.subject);
        let deleted = deleted(cx, scope);
        let notify_lower_priority =
            script::command(cx, own, Word::NotifyMasterRxLowerPri, &scope.subject);
        let notify = notify(cx, scope);
        let notify_priority_changes = own.bool(Word::NotifyPriorityChanges);
        let smtp_alert = own
            .bool(Word::SmtpAlert)
            .or_else(|| scope.global.bool(Word::SmtpAlertVrrp))
            .or_else(|| scope.global.bool(Word::SmtpAlert))
            .unwrap_or(false);
        let garp_extra = match own.get(Word::GarpExtraIf).map(|setting| &setting.value) {
            Some(Value::ExtraGarp(extra)) => Some(*extra),
            _ => None,
        };
        let vmac_for_addresses = own.has(Word::UseVmacAddr);
        let no_accept = own.has(Word::NoAccept);
        let fault_without_peers = own.has(Word::UnicastFaultNoPeer);
        let sync_daemon = own.interface(Word::LvsSyncDaemonInterface);
        let trackers = self.trackers;
        move |router| VrrpInstance {
            router,
            notify,
            smtp_alert,
            deleted,
            notify_lower_priority,
            notify_priority_changes,
            trackers,
            vrf,
            link,
            vmac_for_addresses,
            routes,
            rules,
            promote_secondaries,
            no_accept,
            fault_without_peers,
            garp_extra,
            hmac,
            sync_daemon,
        }
    }
}

/// `vrf` is for unicast without an interface.
fn vrf(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    transport: Option<&Transport>,
    interface: Option<&IfName>,
) -> Option<IfName> {
    let vrf = scope.own.interface(Word::Vrf)?;
    let why = match (transport, interface) {
        (_, Some(_)) => "the interface says which VRF it is",
        (Some(Transport::Multicast { .. }), None) => "it is for unicast only",
        (Some(Transport::Unicast { .. }) | None, None) => return Some(vrf),
    };
    let mut diagnostic = Diagnostic::warning(
        Code::IdleWord,
        scope.span(Word::Vrf),
        "`vrf` has no effect here",
    )
    .label(why);
    if let Some(setting) = scope.own.get(Word::Interface) {
        diagnostic = diagnostic.also(setting.span, "the interface");
    }
    cx.push(diagnostic);
    None
}

/// `notify_deleted`, with or without a script.
fn deleted(cx: &mut Context<'_>, scope: &Scope<'_>) -> Option<DeletedNotice> {
    let setting = scope.own.get(Word::NotifyDeleted)?;
    let Value::OptCommand(command) = &setting.value else {
        return None;
    };
    if let Some(command) = command {
        script::command_needs(cx, command, &scope.subject, setting.span);
    }
    Some(DeletedNotice {
        command: command.as_deref().cloned(),
    })
}
