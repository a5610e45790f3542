//! What instances and sync groups watch.

use super::entry::EntryKind;
use super::settings::Settings;
use super::{Blocks, Context, Named, tracker};
use crate::HostFact;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    BfdName, FileName, IfName, Probe, ProcessName, ScriptName, TrackInterface, TrackScript,
    Tracked, Trackers, VirtualServer, Weight,
};
use crate::source::Span;
use std::collections::BTreeMap;

/// The blocks of one kind that exist, with the weight that is written in them and their place.
type Names<'a> = BTreeMap<&'a str, (Option<(Weight, bool)>, Span)>;

/// Everything that can be tracked by name.
pub(super) struct Known<'a> {
    scripts: Names<'a>,
    files: Names<'a>,
    processes: Names<'a>,
    bfds: Names<'a>,
    /// BFD sessions of which only real servers are told, with the word that says so.
    deaf: BTreeMap<&'a str, Span>,
}

impl<'a> Known<'a> {
    pub(super) fn new(blocks: &'a Blocks) -> Self {
        Self {
            scripts: names(&blocks.scripts),
            files: names(&blocks.files),
            processes: names(&blocks.processes),
            bfds: names(&blocks.bfds),
            deaf: blocks.bfds.iter().filter_map(only_checkers).collect(),
        }
    }
}

/// A BFD session that says `checker` and not `vrrp`.
fn only_checkers(block: &Named) -> Option<(&str, Span)> {
    let setting = block.settings.get(Word::Checker)?;
    (!block.settings.has(Word::Vrrp)).then_some((block.name.as_str(), setting.head))
}

fn names(blocks: &[Named]) -> Names<'_> {
    blocks
        .iter()
        .map(|block| {
            let weight = tracker::weight(&block.settings);
            (block.name.as_str(), (weight, block.span))
        })
        .collect()
}

/// A line of a tracker list.
struct Line<N> {
    name: N,
    weight: Weight,
    reverse: bool,
    span: Span,
    /// The weight is written nowhere.
    assumed: bool,
}

impl<N> Line<N> {
    fn has_weight(&self) -> bool {
        self.weight.get() != 0
    }
}

/// All tracker lists of an instance or group.
pub(super) struct Lists {
    interfaces: Vec<Line<IfName>>,
    scripts: Vec<Line<ScriptName>>,
    files: Vec<Line<FileName>>,
    processes: Vec<Line<ProcessName>>,
    bfds: Vec<Line<BfdName>>,
}

/// Why weights cannot be used.
#[derive(Clone, Copy)]
pub(super) enum NoWeights {
    /// Priority 255 stays whatever happens.
    Owner,
    /// Members of a group with different priorities could never agree; here the group begins.
    Group(Span),
}

impl Lists {
    /// Reads the lists. `own` is the interface that is watched anyway.
    pub(super) fn read(
        cx: &mut Context<'_>,
        settings: &Settings,
        known: &Known<'_>,
        subject: &str,
        own: Option<&IfName>,
    ) -> Self {
        Self {
            interfaces: interfaces(cx, settings, subject, own),
            scripts: known_lines(cx, settings, &SCRIPTS, &known.scripts),
            files: known_lines(cx, settings, &FILES, &known.files),
            processes: known_lines(cx, settings, &PROCESSES, &known.processes),
            bfds: told_lines(cx, settings, known),
        }
    }

    /// Takes away the weights, as keepalived does. Processes keep theirs.
    pub(super) fn without_weights(mut self, cx: &mut Context<'_>, why: NoWeights) -> Self {
        restrict(cx, why, &mut self.scripts, |_| None);
        restrict(cx, why, &mut self.bfds, |_| None);
        // Weight 1 is only what a file has that says nothing.
        let zero = Weight::default();
        restrict(cx, why, &mut self.files, |line| {
            line.assumed.then_some(zero)
        });
        restrict(cx, why, &mut self.interfaces, |_| match why {
            NoWeights::Owner => None,
            NoWeights::Group(_) => Some(zero),
        });
        self
    }

    pub(super) fn finish(self) -> (Vec<TrackInterface>, Vec<TrackScript>, Trackers) {
        let interfaces = self.interfaces.into_iter().map(|line| TrackInterface {
            interface: line.name,
            weight: line.weight,
            reverse: line.reverse,
        });
        let scripts = self.scripts.into_iter().map(|line| TrackScript {
            script: line.name,
            weight: line.weight,
            reverse: line.reverse,
        });
        let trackers = Trackers {
            files: plain(self.files),
            processes: plain(self.processes),
            bfds: plain(self.bfds),
        };
        (interfaces.collect(), scripts.collect(), trackers)
    }
}

fn plain<N>(lines: Vec<Line<N>>) -> Vec<Tracked<N>> {
    lines
        .into_iter()
        .map(|line| Tracked {
            name: line.name,
            weight: line.weight,
            reverse: line.reverse,
        })
        .collect()
}

/// Gives lines with a weight another one, or takes them away; says so once for the list.
fn restrict<N: ToString>(
    cx: &mut Context<'_>,
    why: NoWeights,
    lines: &mut Vec<Line<N>>,
    instead: impl Fn(&Line<N>) -> Option<Weight>,
) {
    let Some(first) = lines.iter().find(|line| line.has_weight()) else {
        return;
    };
    let becomes = match instead(first) {
        Some(_) => "read as weight 0, as keepalived does",
        None => "not tracked, as with keepalived",
    };
    let name = quote(&first.name.to_string());
    cx.push(match why {
        NoWeights::Owner => Diagnostic::warning(
            Code::OwnerIgnoresWeights,
            first.span,
            format!("the weight of {name} has no effect on priority 255"),
        )
        .label(becomes),
        NoWeights::Group(group) => Diagnostic::warning(
            Code::GroupWeights,
            first.span,
            format!("{name} has a weight in a sync group"),
        )
        .label(becomes)
        .also(group, "the group")
        .because("members whose priorities differ may never agree on a MASTER")
        .help("use weight 0, or say `sync_group_tracking_weight` in the group"),
    });
    let zero = Weight::default();
    lines.retain_mut(|line| {
        if !line.has_weight() {
            return true;
        }
        let weight = instead(line);
        line.weight = weight.unwrap_or(zero);
        weight.is_some()
    });
}

/// Name, weight and direction where they are written, and place.
type Written = (String, Option<(Weight, bool)>, Span);

/// The lines of a tracker list, each name once.
fn entries(cx: &mut Context<'_>, settings: &Settings, word: Word) -> Vec<Written> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut list = Vec::new();
    for entry in settings.entries(word) {
        let EntryKind::Tracker(name, weight) = &entry.kind else {
            continue;
        };
        if let Some(first) = seen.get(name.as_str()) {
            let text = format!("{} is tracked twice", quote(name));
            cx.push(
                Diagnostic::warning(Code::ListedTwice, entry.span, text)
                    .label("ignored")
                    .also(*first, "first here"),
            );
            continue;
        }
        seen.insert(name, entry.span);
        list.push((name.clone(), *weight, entry.span));
    }
    list
}

/// What is named in a list.
struct Kind {
    word: Word,
    /// The block that has to exist.
    block: &'static str,
    code: Code,
    /// The weight of those that say nothing.
    weight: i16,
}

const SCRIPTS: Kind = Kind {
    word: Word::TrackScript,
    block: "vrrp_script",
    code: Code::UnknownScript,
    weight: 0,
};
const FILES: Kind = Kind {
    word: Word::TrackFile,
    block: "track_file",
    code: Code::UnknownTracker,
    weight: 1,
};
const PROCESSES: Kind = Kind {
    word: Word::TrackProcess,
    block: "vrrp_track_process",
    code: Code::UnknownTracker,
    weight: 0,
};
const BFDS: Kind = Kind {
    word: Word::TrackBfd,
    block: "bfd_instance",
    code: Code::UnknownTracker,
    weight: 0,
};

/// A list of things that exist, with their own weights filled in.
fn known_lines<N: TryFrom<String>>(
    cx: &mut Context<'_>,
    settings: &Settings,
    kind: &Kind,
    known: &Names<'_>,
) -> Vec<Line<N>> {
    let mut lines = Vec::new();
    for (name, written, span) in entries(cx, settings, kind.word) {
        let Some((own, block)) = known.get(name.as_str()) else {
            let near = cx.nearest(&name, known.keys().copied());
            let text = format!("there is no `{}` {}", kind.block, quote(&name));
            cx.push(
                Diagnostic::error(kind.code, span, text)
                    .label("tracked here")
                    .maybe_help(near.map(|near| format!("did you mean {}?", quote(near)))),
            );
            continue;
        };
        behind_its_use(cx, kind, &name, span, *block);
        let written = written.or(*own);
        let default = (Weight::try_from(kind.weight).unwrap_or_default(), false);
        let (weight, reverse) = written.unwrap_or(default);
        if let Ok(name) = N::try_from(name) {
            lines.push(Line {
                name,
                weight,
                reverse,
                span,
                assumed: written.is_none(),
            });
        }
    }
    lines
}

/// keepalived looks for what it has read so far.
fn behind_its_use(cx: &mut Context<'_>, kind: &Kind, name: &str, span: Span, block: Span) {
    if block.file != span.file || block.start < span.start {
        return;
    }
    let text = format!("keepalived does not track {} here", quote(name));
    cx.push(
        Diagnostic::note(Code::KeepalivedDiffers, span, text)
            .label("holdfast does")
            .also(block, "this stands behind its use")
            .help(format!(
                "put the `{}` first: then both track it",
                kind.block
            )),
    );
}

/// `track_bfd`; sessions that tell no instance cannot be tracked.
fn told_lines(cx: &mut Context<'_>, settings: &Settings, known: &Known<'_>) -> Vec<Line<BfdName>> {
    let lines: Vec<Line<BfdName>> = known_lines(cx, settings, &BFDS, &known.bfds);
    for line in &lines {
        if let Some(word) = known.deaf.get(line.name.as_str()) {
            let text = format!("{} tells no instance", quote(line.name.as_str()));
            cx.push(
                Diagnostic::error(Code::UnknownTracker, line.span, text)
                    .label("tracked here")
                    .also(*word, "only real servers are told")
                    .because("keepalived leaves it out: the instance would track nothing")
                    .help("leave out `checker`"),
            );
        }
    }
    lines
}

/// `track_interface`. The instance's own interface is watched anyway.
fn interfaces(
    cx: &mut Context<'_>,
    settings: &Settings,
    subject: &str,
    own: Option<&IfName>,
) -> Vec<Line<IfName>> {
    let mut lines = Vec::new();
    for (name, weight, span) in entries(cx, settings, Word::TrackInterface) {
        let Some(name) = super::name(cx, IfName::try_from(name), span) else {
            continue;
        };
        if own == Some(&name) {
            let text = format!("{} is watched anyway", quote(name.as_str()));
            cx.push(
                Diagnostic::note(Code::AlreadyTracked, span, text)
                    .label("ignored: it is the interface of this instance"),
            );
            continue;
        }
        cx.need(HostFact::Interface(name.clone()), subject, span);
        let assumed = weight.is_none();
        let (weight, reverse) = weight.unwrap_or_default();
        lines.push(Line {
            name,
            weight,
            reverse,
            span,
            assumed,
        });
    }
    lines
}

/// Scripts, files and processes that are watched for nobody.
pub(super) fn unused(cx: &mut Context<'_>, blocks: &Blocks, servers: &[VirtualServer]) {
    // What is wrong may well be the line that tracks it.
    if cx.said.errors() > 0 {
        return;
    }
    for (list, kind) in [
        (&blocks.scripts, SCRIPTS),
        (&blocks.files, FILES),
        (&blocks.processes, PROCESSES),
    ] {
        let checked = match kind.word {
            Word::TrackFile => Some(checked_files(servers)),
            _ => None,
        };
        let tracked: std::collections::BTreeSet<&str> = blocks
            .instances
            .iter()
            .chain(&blocks.groups)
            .flat_map(|block| block.settings.entries(kind.word))
            .filter_map(|entry| match &entry.kind {
                EntryKind::Tracker(name, _) => Some(name.as_str()),
                _ => None,
            })
            .chain(checked.into_iter().flatten())
            .collect();
        for block in list {
            if !tracked.contains(block.name.as_str()) {
                cx.push(nobody_tracks(&kind, block));
            }
        }
    }
}

/// Names of the files that real servers follow.
fn checked_files(servers: &[VirtualServer]) -> impl Iterator<Item = &str> {
    let real = servers.iter().flat_map(|server| &server.real_servers);
    real.flat_map(|real| &real.checks)
        .filter_map(|check| match &check.probe {
            Probe::File { file, .. } => Some(file.name.as_str()),
            _ => None,
        })
}

fn nobody_tracks(kind: &Kind, block: &Named) -> Diagnostic {
    if kind.word == Word::TrackScript {
        let text = format!("nobody tracks script {}", quote(&block.name));
        return Diagnostic::warning(Code::UnusedScript, block.span, text)
            .label("it is not run")
            .help("name it in `track_script { … }` of an instance");
    }
    let list = match kind.word {
        Word::TrackFile => "track_file",
        _ => "track_process",
    };
    let text = format!("nobody tracks {}", quote(&block.name));
    Diagnostic::warning(Code::UnusedTracker, block.span, text)
        .label("it changes nothing")
        .help(match kind.word {
            Word::TrackFile => "name it in a `FILE_CHECK` of a real server".to_owned(),
            _ => format!("name it in `{list} {{ … }}` of an instance"),
        })
}
