//! Trackers and lists of what is tracked.

use super::super::{address, family, micros, name, weight, weight_up_to};
use holdfast_conf::model::*;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

prop_compose! {
    pub(crate) fn process()(
        process in "[a-z/ ]{0,9}[a-z]",
        params in prop::collection::vec("[-a-z= ]{0,5}[a-z]", 0..3),
        param_match in select(vec![
            ParamMatch::Ignored, ParamMatch::Exact, ParamMatch::Initial, ParamMatch::Partial,
        ]),
        full_command: bool,
        weight in weight_up_to(254),
        reverse: bool,
        quorum in 1_u16..,
        more in option::of(any::<u16>()),
        must_not_run: bool,
        terminate_delay in micros(3_600),
        fork_delay in micros(3_600),
    ) -> TrackProcess {
        let param_match = match param_match {
            ParamMatch::Ignored if !params.is_empty() => ParamMatch::Exact,
            other => other,
        };
        TrackProcess {
            name: ProcessName::try_from("x").unwrap(),
            process, params, param_match,
            full_command: full_command || param_match != ParamMatch::Ignored,
            weight, reverse,
            quorum: if must_not_run { 0 } else { quorum },
            quorum_max: if must_not_run { Some(0) } else { more.map(|more| quorum.saturating_add(more)) },
            terminate_delay, fork_delay,
        }
    }
}

prop_compose! {
    pub(crate) fn file()(
        path in "/[a-z/ #]{0,9}[a-z]",
        weight in weight_up_to(254),
        reverse: bool,
        init in option::of((-254_i16..=254, any::<bool>())),
    ) -> TrackFile {
        TrackFile {
            name: FileName::try_from("x").unwrap(),
            path, weight, reverse,
            init: init.map(|(value, overwrite)| InitFile { value, overwrite }),
        }
    }
}

prop_compose! {
    pub(crate) fn bfd(number: u16)(
        family in family(),
        source in option::of(any::<u16>()),
        min_rx in 1_000_u64..=4_294_967_000,
        min_tx in 1_u64..=4_294_967,
        idle_tx in 1_000_000_u64..=4_294_967_000,
        multiplier in 1_u8..,
        passive: bool,
        ttl in 1_u8..,
        max_hops: Option<u8>,
        multihop: bool,
        weight in weight(),
        reverse: bool,
        listeners in select(vec![BfdListeners::Vrrp, BfdListeners::Checkers, BfdListeners::Both]),
    ) -> BfdInstance {
        BfdInstance {
            name: BfdName::try_from("x").unwrap(),
            neighbor: address(family, number),
            source: source.map(|number| address(family, number)),
            min_rx: Micros::new(min_rx),
            min_tx: Micros::from_millis(min_tx),
            idle_tx: Micros::new(idle_tx),
            multiplier, passive, ttl,
            max_hops: max_hops.map(|hops| hops.min(ttl)),
            multihop, weight, reverse, listeners,
        }
    }
}

/// What instances can track.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    pub(crate) processes: Vec<TrackProcess>,
    pub(crate) files: Vec<TrackFile>,
    pub(crate) bfds: Vec<BfdInstance>,
}

prop_compose! {
    pub(crate) fn targets()(
        names in prop::collection::btree_set(name(), 0..3),
        processes in prop::collection::vec(process().boxed(), 3),
        files in prop::collection::vec(file().boxed(), 3),
        bfds in (bfd(1).boxed(), bfd(2).boxed(), bfd(3).boxed()),
    ) -> Targets {
        let mut targets = Targets {
            processes,
            files,
            bfds: vec![bfds.0, bfds.1, bfds.2],
        };
        targets.processes.truncate(names.len());
        targets.files.truncate(names.len());
        targets.bfds.truncate(names.len());
        for (at, name) in names.into_iter().enumerate() {
            targets.processes[at].name = ProcessName::try_from(name.clone()).unwrap();
            targets.files[at].name = FileName::try_from(name.clone()).unwrap();
            targets.bfds[at].name = BfdName::try_from(name).unwrap();
        }
        targets
    }
}

/// A choice among what is there.
pub(crate) type Pick = (bool, Weight, bool);

pub(crate) fn pick<N>(
    names: impl Iterator<Item = N>,
    picks: &mut impl Iterator<Item = Pick>,
) -> Vec<Tracked<N>> {
    names
        .zip(picks)
        .filter(|(_, (there, _, _))| *there)
        .map(|(name, (_, weight, reverse))| Tracked {
            name,
            weight,
            reverse,
        })
        .collect()
}

pub(crate) fn pick_all(targets: &Targets, picks: &mut impl Iterator<Item = Pick>) -> Trackers {
    Trackers {
        files: pick(targets.files.iter().map(|file| file.name.clone()), picks),
        processes: pick(
            targets.processes.iter().map(|process| process.name.clone()),
            picks,
        ),
        bfds: pick(
            targets
                .bfds
                .iter()
                .filter(|bfd| bfd.listeners != BfdListeners::Checkers)
                .map(|bfd| bfd.name.clone()),
            picks,
        ),
    }
}

/// Takes away the weights that cannot be used, as the reader does.
pub(crate) fn unweighted(
    interfaces: &mut Vec<TrackInterface>,
    scripts: &mut Vec<TrackScript>,
    trackers: &mut Trackers,
) {
    interfaces.retain(|tracked| tracked.weight.get() == 0);
    scripts.retain(|tracked| tracked.weight.get() == 0);
    trackers.files.retain(|tracked| tracked.weight.get() == 0);
    trackers.bfds.retain(|tracked| tracked.weight.get() == 0);
}
