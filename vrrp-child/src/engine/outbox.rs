//! Where virtual routers put what they want to have done, and in which order it leaves.

use crate::action::{Action, AddressChange};
use crate::addresses::Placed;
use crate::garp::Pace;
use crate::interfaces::Interfaces;
use crate::track::Verdicts;
use holdfast_ipc::log::{Level, LogRecord};
use holdfast_ipc::time::Monotonic;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Place of a virtual router in the engine.
pub(crate) type Slot = usize;

/// One address change with the router that wants it; none where that router is gone.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) slot: Option<Slot>,
    pub(crate) change: AddressChange,
}

/// Buffers that are used again with every event.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// All address changes of one event, which become one action.
    pub(crate) changes: Vec<Change>,
    /// What comes behind them.
    pub(crate) after: Vec<Action>,
}

/// What all virtual routers look at.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) net: Interfaces,
    pub(crate) verdicts: Verdicts,
    /// All virtual addresses, with the routers that have them.
    pub(crate) virtuals: BTreeMap<IpAddr, Vec<Slot>>,
    pub(crate) log_detail: bool,
}

/// Surroundings of one virtual router while it handles one event.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Monotonic,
    pub(crate) slot: Slot,
    pub(crate) shared: &'a Shared,
    pub(crate) pace: &'a mut Pace,
    pub(crate) actions: &'a mut Vec<Action>,
    pub(crate) work: &'a mut Work,
}

impl Ctx<'_> {
    pub(crate) fn net(&self) -> &Interfaces {
        &self.shared.net
    }

    pub(crate) fn is_virtual(&self, address: IpAddr) -> bool {
        self.shared.virtuals.contains_key(&address)
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Behind all address changes of this event.
    pub(crate) fn act_after(&mut self, action: Action) {
        self.work.after.push(action);
    }

    pub(crate) fn log(&mut self, level: Level, text: String) {
        self.actions.push(Action::Log(LogRecord::new(level, text)));
    }

    pub(crate) fn add(&mut self, placed: &Placed) {
        self.change(AddressChange::Add {
            index: placed.index,
            address: placed.address.clone(),
        });
    }

    pub(crate) fn remove(&mut self, placed: &Placed) {
        self.change(AddressChange::Remove {
            index: placed.index,
            address: placed.address.clone(),
        });
    }

    /// True where this event removes the address already.
    pub(crate) fn is_leaving(&self, placed: &Placed) -> bool {
        self.work.changes.iter().any(|change| match &change.change {
            AddressChange::Add { .. } => false,
            AddressChange::Remove { index, address } => {
                placed.is(*index, address.address, address.prefix)
            }
        })
    }

    fn change(&mut self, change: AddressChange) {
        self.work.changes.push(Change {
            slot: Some(self.slot),
            change,
        });
    }
}
