//! Sentences of the log that are more than a word around a value. The key phrases are keepalived's,
//! since people's scripts look for them.

use crate::limit::Rejected;
use crate::packet::Reject;
use holdfast_ipc::config::model::{Auth, VirtualRouter};
use holdfast_ipc::state::Cause;

const BOTH_MASTER: &str = "both routers will be MASTER as long as this lasts";

/// Why a FAULT begins, in keepalived's words where it has any.
pub(crate) fn fault_reason(cause: &Cause) -> String {
    match cause {
        Cause::InterfaceDown { interface } => format!("interface {interface} down"),
        Cause::NoSourceAddress { interface, family } => {
            format!("no {family} address for interface {interface}")
        }
        Cause::SourceAddressMissing { address } => {
            format!("src address not configured: {address} is not on this machine")
        }
        Cause::AddressRefused { .. }
        | Cause::ConfigurationChanged
        | Cause::FaultCleared
        | Cause::HigherAddress { .. }
        | Cause::HigherPriority { .. }
        | Cause::InterfaceMissing { .. }
        | Cause::LowerPriority { .. }
        | Cause::MasterReleased { .. }
        | Cause::MasterSilent { .. }
        | Cause::OwnAdvertLate { .. }
        | Cause::Owner
        | Cause::Removed
        | Cause::Resumed
        | Cause::ScriptFailed { .. }
        | Cause::ScriptUnknown { .. }
        | Cause::Startup
        | Cause::Stopping
        | Cause::TrackedInterfaceDown { .. }
        | Cause::VirtualAddressFight { .. } => cause.to_string(),
    }
}

/// The line on a rejected packet of a known virtual router.
pub(crate) fn rejected(router: &VirtualRouter, rejected: &Rejected) -> String {
    let name = &router.name;
    let Rejected { reject, from, pass } = rejected;
    format!(
        "({name}) ignored advert from {from}: {reject}{}{}",
        consequence(router, *reject),
        pass.suffix()
    )
}

/// The line on packets whose own lines were suppressed.
pub(crate) fn rejected_summary(name: &str, rejected: &Rejected) -> String {
    let Rejected { reject, from, pass } = rejected;
    format!(
        "({name}) {} more adverts ignored in {}, the last from {from}: {reject}",
        pass.suppressed, pass.since
    )
}

/// What it means and what to do, for causes that are somebody's mistake.
fn consequence(router: &VirtualRouter, reject: Reject) -> String {
    match reject {
        Reject::Version(_) => format!(
            "; this instance speaks version {}, {BOTH_MASTER}; make `version` the same on both",
            router.version.number()
        ),
        Reject::AuthType(_) | Reject::AhMissing => format!(
            "; this instance has {}, {BOTH_MASTER}; make `auth_type` the same on both",
            auth_word(&router.auth)
        ),
        Reject::AuthPassword | Reject::AhIcv => {
            format!("; {BOTH_MASTER}; make `auth_pass` the same on both")
        }
        Reject::Interval(_) => format!(
            " from ours, {}; {BOTH_MASTER}; make `advert_int` the same on both",
            router.advert_int
        ),
        Reject::Sender => "; add it to `unicast_peer` if it is one of ours".to_owned(),
        Reject::Destination => {
            "; multicast and unicast do not mix, compare `unicast_peer` on both".to_owned()
        }
        Reject::OwnAddress => {
            "; is there a loop in the network, or another machine with our address?".to_owned()
        }
        Reject::Owner => "; another router takes part with the addresses that we own".to_owned(),
        Reject::CountZero => "; it has no `virtual_ipaddress`".to_owned(),
        Reject::IpHeader
        | Reject::HopLimit(_)
        | Reject::Length
        | Reject::Type(_)
        | Reject::Checksum
        | Reject::UnknownVrid(_)
        | Reject::AhSpi
        | Reject::AhReplay
        | Reject::IntervalZero
        | Reject::FirstAddressNotLinkLocal => String::new(),
    }
}

fn auth_word(auth: &Auth) -> &'static str {
    match auth {
        Auth::None => "no authentication",
        Auth::Pass(_) => "auth_type PASS",
        Auth::Ah(_) => "auth_type AH",
    }
}
