//! `vrrp_track_process` and `track_file`.

use super::settings::{Settings, Value};
use super::{Context, Named, number};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::model::{
    FileName, InitFile, Micros, ParamMatch, ProcessName, TrackFile, TrackProcess, Weight,
};
use crate::tree::Text;

/// All tracked processes; names are unique.
pub(super) fn processes(cx: &mut Context<'_>, blocks: &[Named]) -> Vec<TrackProcess> {
    super::same_names(cx, "vrrp_track_process", blocks);
    blocks
        .iter()
        .filter_map(|block| process(cx, block))
        .collect()
}

fn process(cx: &mut Context<'_>, block: &Named) -> Option<TrackProcess> {
    let settings = &block.settings;
    let name = super::name(cx, ProcessName::try_from(block.name.as_str()), block.span);
    let words = match settings.get(Word::Process).map(|setting| &setting.value) {
        Some(Value::Words(words)) => words.clone(),
        _ => {
            if !settings.failed(Word::Process) {
                super::missing_word(cx, "vrrp_track_process", "process", block);
            }
            return None;
        }
    };
    let mut words = words.into_iter();
    let process = words.next()?;
    let params: Vec<String> = words.collect();
    let param_match = match settings.text(Word::ParamMatch).as_deref() {
        Some("initial") => ParamMatch::Initial,
        Some("partial") => ParamMatch::Partial,
        Some(_) => ParamMatch::Exact,
        None if params.is_empty() => ParamMatch::Ignored,
        None => ParamMatch::Exact,
    };
    let full_command = settings.has(Word::FullCommand) || param_match != ParamMatch::Ignored;
    if !full_command {
        long_name(cx, block, &process);
    }
    let (quorum, quorum_max) = quorum(cx, block);
    let delay = |word| {
        let common = || settings.time(Word::Delay);
        settings.time(word).or_else(common).unwrap_or(Micros::ZERO)
    };
    let (weight, reverse) = weight(settings).unwrap_or_default();
    Some(TrackProcess {
        name: name?,
        process,
        params,
        param_match,
        full_command,
        weight,
        reverse,
        quorum,
        quorum_max,
        terminate_delay: delay(Word::TerminateDelay),
        fork_delay: delay(Word::ForkDelay),
    })
}

/// The kernel keeps 15 bytes of a name.
fn long_name(cx: &mut Context<'_>, block: &Named, process: &str) {
    /// linux/sched.h TASK_COMM_LEN without the final zero byte.
    const COMM: usize = 15;
    if process.len() > COMM || process.contains('/') {
        let text = format!("no process is called {}", quote(process));
        let place = block.settings.span(Word::Process, block.span);
        cx.push(
            Diagnostic::warning(Code::LongProcessName, place, text)
                .label("the kernel keeps 15 bytes of a name, without the directory")
                .help("say `full_command`, or write the short name"),
        );
    }
}

/// How many have to run, and may run.
fn quorum(cx: &mut Context<'_>, block: &Named) -> (u16, Option<u16>) {
    let settings = &block.settings;
    let quorum: u16 = settings.number(Word::Quorum).unwrap_or(1);
    let most: Option<u16> = settings.number(Word::QuorumMax);
    match most {
        Some(0) => (0, most),
        Some(most) if most < quorum => {
            let text = "`quorum_max` is below `quorum`";
            let place = settings.span(Word::QuorumMax, block.span);
            cx.push(
                Diagnostic::error(Code::QuorumBounds, place, text)
                    .label("no number of processes is right")
                    .also(
                        settings.span(Word::Quorum, block.span),
                        format!("at least {quorum} have to run"),
                    )
                    .because("keepalived ignores the upper limit"),
            );
            (quorum, None)
        }
        most => (quorum, most),
    }
}

/// All tracked files; names are unique.
pub(super) fn files(cx: &mut Context<'_>, blocks: &[Named]) -> Vec<TrackFile> {
    super::same_names(cx, "track_file", blocks);
    blocks.iter().filter_map(|block| file(cx, block)).collect()
}

fn file(cx: &mut Context<'_>, block: &Named) -> Option<TrackFile> {
    /// The number in the file is added as it is.
    const FACTOR: i16 = 1;
    let settings = &block.settings;
    let name = super::name(cx, FileName::try_from(block.name.as_str()), block.span);
    let Some(path) = settings.text(Word::File) else {
        if !settings.failed(Word::File) {
            super::missing_word(cx, "track_file", "file", block);
        }
        return None;
    };
    if !path.starts_with('/') {
        let text = format!("{} is not an absolute path", quote(&path));
        let place = settings.span(Word::File, block.span);
        cx.push(
            Diagnostic::error(Code::RelativePath, place, text)
                .label("a path that begins with `/` is expected")
                .because("the daemon's working directory is not that of this file"),
        );
        return None;
    }
    let (weight, reverse) =
        weight(settings).unwrap_or_else(|| (Weight::try_from(FACTOR).unwrap_or_default(), false));
    Some(TrackFile {
        name: name?,
        path,
        weight,
        reverse,
        init: match settings.get(Word::InitFile).map(|setting| &setting.value) {
            Some(Value::InitFile(init)) => Some(*init),
            _ => None,
        },
    })
}

/// The weight of a block, where one is written.
pub(super) fn weight(settings: &Settings) -> Option<(Weight, bool)> {
    match settings.get(Word::Weight).map(|setting| &setting.value) {
        Some(Value::Weight(weight, reverse)) => Some((*weight, *reverse)),
        _ => None,
    }
}

/// `[VALUE] [overwrite]`
pub(super) fn init_file(cx: &mut Context<'_>, words: &[Text<'_>]) -> Option<InitFile> {
    let mut init = InitFile {
        value: 0,
        overwrite: false,
    };
    let mut written = false;
    for word in words {
        if word.text == "overwrite" {
            init.overwrite = true;
        } else if written {
            super::entry::unknown_option(cx, word, "`overwrite` or nothing more");
            return None;
        } else {
            let value = number::int(cx, "init_file", word, -254, 254)?;
            init.value = i16::try_from(value).ok()?;
            written = true;
        }
    }
    Some(init)
}
