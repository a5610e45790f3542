//! `vrrp_track_process`, `track_file`, `bfd_instance`, and lists of what is tracked.

use super::word::plain;
use super::{Page, seconds};
use crate::model::{
    BfdInstance, BfdListeners, Micros, ParamMatch, TrackFile, TrackInterface, TrackProcess,
    TrackScript, Tracked, Trackers, Weight,
};
use std::fmt::Display;

pub(super) fn weight(weight: Weight, reverse: bool) -> String {
    let direction = if reverse { " reverse" } else { "" };
    format!("{weight}{direction}")
}

pub(super) fn process(page: &mut Page, process: &TrackProcess) {
    let head = format!("vrrp_track_process {}", plain(process.name.as_str()));
    page.block(&head, |page| {
        let words: Vec<String> = std::iter::once(&process.process)
            .chain(&process.params)
            .map(|word| plain(word))
            .collect();
        page.set("process", words.join(" "));
        match process.param_match {
            ParamMatch::Ignored => page.flag("full_command", process.full_command),
            ParamMatch::Exact => page.flag("param_match", process.params.is_empty()),
            ParamMatch::Initial => page.line("param_match initial"),
            ParamMatch::Partial => page.line("param_match partial"),
        }
        page.set("weight", weight(process.weight, process.reverse));
        // `quorum_max 0` sets it to 0.
        if process.quorum > 0 {
            page.differs("quorum", process.quorum, 1);
        }
        page.maybe("quorum_max", process.quorum_max);
        page.time_or_off("terminate_delay", process.terminate_delay);
        page.time_or_off("fork_delay", process.fork_delay);
    });
}

pub(super) fn file(page: &mut Page, file: &TrackFile) {
    let head = format!("track_file {}", plain(file.name.as_str()));
    page.block(&head, |page| {
        page.set("file", plain(&file.path));
        page.set("weight", weight(file.weight, file.reverse));
        if let Some(init) = file.init {
            let overwrite = if init.overwrite { " overwrite" } else { "" };
            page.set("init_file", format!("{}{overwrite}", init.value));
        }
    });
}

pub(super) fn bfd(page: &mut Page, bfd: &BfdInstance) {
    let head = format!("bfd_instance {}", plain(bfd.name.as_str()));
    page.block(&head, |page| {
        page.set("neighbor_ip", bfd.neighbor);
        page.maybe("source_ip", bfd.source);
        page.set("min_rx", millis(bfd.min_rx));
        page.set("min_tx", millis(bfd.min_tx));
        page.set("idle_tx", millis(bfd.idle_tx));
        page.set("multiplier", bfd.multiplier);
        page.flag("passive", bfd.passive);
        page.set("ttl", bfd.ttl);
        match bfd.max_hops {
            Some(hops) => page.differs("max_hops", hops, 0),
            None => page.line("max_hops -1"),
        }
        page.flag("multihop", bfd.multihop);
        page.set("weight", weight(bfd.weight, bfd.reverse));
        match bfd.listeners {
            BfdListeners::Vrrp => page.line("vrrp"),
            BfdListeners::Checkers => page.line("checker"),
            BfdListeners::Both => {}
        }
    });
}

/// Milliseconds as they are written: `10`, `0.25`.
fn millis(time: Micros) -> String {
    // A thousandth of a millisecond is a millionth of a second, so three digits move.
    seconds(time.times(1_000))
}

pub(super) fn lists(
    page: &mut Page,
    interfaces: &[TrackInterface],
    scripts: &[TrackScript],
    trackers: &Trackers,
) {
    list(page, "track_interface", interfaces, |line| {
        (&line.interface, line.weight, line.reverse)
    });
    list(page, "track_script", scripts, |line| {
        (&line.script, line.weight, line.reverse)
    });
    named(page, "track_file", &trackers.files);
    named(page, "track_process", &trackers.processes);
    named(page, "track_bfd", &trackers.bfds);
}

fn named<N: Display>(page: &mut Page, word: &str, lines: &[Tracked<N>]) {
    list(page, word, lines, |line| {
        (&line.name, line.weight, line.reverse)
    });
}

fn list<'a, T, N: Display + 'a>(
    page: &mut Page,
    word: &str,
    lines: &'a [T],
    parts: impl Fn(&'a T) -> (&'a N, Weight, bool),
) {
    if lines.is_empty() {
        return;
    }
    page.block(word, |page| {
        for (name, weight, reverse) in lines.iter().map(parts) {
            let name = plain(&name.to_string());
            page.line(&format!("{name} weight {}", self::weight(weight, reverse)));
        }
    });
}
