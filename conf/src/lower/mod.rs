//! From blocks as written to the checked configuration: the only place that says "wrong value".

mod address;
mod bfd;
mod bytes;
mod checker;
mod command;
pub(crate) mod entry;
mod forward;
mod global;
mod hmac;
mod link;
mod lint;
mod number;
mod route;
mod rule;
mod script;
pub(crate) mod settings;
mod special;
mod statics;
mod sync;
mod tracker;
mod tracking;
mod value;
mod vrrp;
mod words;

use crate::diag::{Code, Diagnostic, Diagnostics, Severity, quote};
use crate::keyword::{Section, Word};
use crate::model::{Config, InvalidValue, TrackFile};
use crate::origin::Origins;
use crate::source::{Sources, Span};
use crate::suggest;
use crate::tree::{Statement, Text, Tree};
use crate::{HostFact, HostNeed, NotCarriedOut, Options, UnknownWords};
use settings::{Settings, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Display;

/// What all of the lowering shares.
pub(crate) struct Context<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) options: &'a Options,
    pub(crate) said: &'a mut Diagnostics,
    needs: Vec<HostNeed>,
    /// Who needs what, as far as it is noted.
    noted: HashSet<(String, HostFact)>,
    /// Where values are set, if somebody asked.
    origins: Option<Origins>,
    /// What the next rule without a preference has; IPv4 and IPv6.
    preferences: [u32; 2],
}

/// What lowering gives.
pub(crate) struct Lowered {
    /// The configuration, with gaps where there were errors.
    pub(crate) config: Config,
    /// What the host has to have.
    pub(crate) needs: Vec<HostNeed>,
    /// Where values were set, if somebody asked.
    pub(crate) origins: Option<Origins>,
}

impl Context<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.said.push(diagnostic);
    }

    /// An error, or a warning where unknown words are passed over.
    fn refusal(&self, code: Code, span: Span, text: String) -> Diagnostic {
        match self.options.unknown_words {
            UnknownWords::Refuse => Diagnostic::error(code, span, text),
            UnknownWords::Ignore => Diagnostic::warning(code, span, text).because("it is ignored"),
        }
    }

    /// The name that was probably meant. Not searched where nobody would see it, since the search
    /// looks at all names.
    fn nearest<'n>(&self, word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        match self.said.is_full() {
            true => None,
            false => suggest::nearest(word, names),
        }
    }

    /// Notes what the host has to have, once for each who needs it.
    fn need(&mut self, fact: HostFact, subject: &(impl Display + ?Sized), span: Span) {
        let subject = subject.to_string();
        if self.noted.insert((subject.clone(), fact.clone())) {
            self.needs.push(HostNeed {
                fact,
                subject,
                place: self.sources.show(span),
            });
        }
    }
}

/// A block with a name.
struct Named {
    name: String,
    span: Span,
    settings: Settings,
}

/// All blocks of the outer level, read but not yet put together.
#[derive(Default)]
struct Blocks {
    /// Words of the outer level that are no blocks of words.
    root: Settings,
    global: Settings,
    scripts: Vec<Named>,
    processes: Vec<Named>,
    files: Vec<Named>,
    bfds: Vec<Named>,
    groups: Vec<Named>,
    instances: Vec<Named>,
    servers: Vec<checker::Draft>,
    server_groups: checker::Groups,
    track_groups: Vec<Named>,
    garp_groups: Vec<Named>,
    ssl: Option<Named>,
}

/// Reads all statements and puts the configuration together.
pub(crate) fn lower(
    sources: &Sources,
    lines: &[Span],
    options: &Options,
    said: &mut Diagnostics,
) -> Lowered {
    let mut cx = Context {
        sources,
        options,
        said,
        needs: Vec::new(),
        noted: HashSet::new(),
        origins: options.origins.then(Origins::default),
        preferences: [rule::LAST_PREFERENCE; 2],
    };
    let mut tree = Tree::new(sources, lines);
    let mut blocks = Blocks::default();
    while let Some(statement) = tree.next(cx.said) {
        take(&mut cx, &mut blocks, &statement);
    }
    let config = assemble(&mut cx, blocks);
    Lowered {
        config,
        needs: cx.needs,
        origins: cx.origins,
    }
}

fn take(cx: &mut Context<'_>, blocks: &mut Blocks, statement: &Statement<'_>) {
    let mut root = Settings::default();
    settings::read_statement(cx, Section::Root, statement, &mut root);
    if let Some(origins) = &mut cx.origins {
        origins.record(cx.sources, &root);
    }
    lint::commands(cx, &root);
    for setting in root.take_list() {
        let word = setting.word;
        let (header, settings) = match setting.value {
            Value::Block(header, settings) => (header, settings),
            Value::Named(header, entries) => {
                let failed = root.failed(word);
                let groups = &mut blocks.server_groups;
                groups.add(cx, &header.name, header.span, &entries, failed);
                continue;
            }
            value => {
                let setting = settings::Setting { value, ..setting };
                blocks.root.put(cx, setting, root_repeat(word));
                continue;
            }
        };
        if word == Word::VirtualServer {
            let draft = checker::draft(cx, header, settings, &mut blocks.server_groups);
            blocks.servers.extend(draft);
            continue;
        }
        let named = Named {
            name: header.name,
            span: header.span,
            settings,
        };
        match word {
            Word::GlobalDefs => blocks.global.extend(cx, named.settings),
            Word::VrrpScript => blocks.scripts.push(named),
            Word::TrackProcessBlock => blocks.processes.push(named),
            Word::TrackFileBlock => blocks.files.push(named),
            Word::BfdInstance => blocks.bfds.push(named),
            Word::SyncGroup => blocks.groups.push(named),
            Word::VrrpInstance => blocks.instances.push(named),
            Word::TrackGroup => blocks.track_groups.push(named),
            Word::GarpGroup => blocks.garp_groups.push(named),
            Word::Ssl => ssl(cx, blocks, named),
            _ => {}
        }
    }
    blocks.root.fail(&root);
}

/// keepalived keeps the first of two names of a process.
const fn root_repeat(word: Word) -> settings::Repeat {
    match word {
        Word::NetNamespace | Word::NetNamespaceIpvs | Word::InstanceName => settings::Repeat::First,
        _ => settings::Repeat::Last,
    }
}

/// Several blocks count as one.
fn ssl(cx: &mut Context<'_>, blocks: &mut Blocks, named: Named) {
    match &mut blocks.ssl {
        Some(first) => first.settings.extend(cx, named.settings),
        None => blocks.ssl = Some(named),
    }
}

fn assemble(cx: &mut Context<'_>, mut blocks: Blocks) -> Config {
    let drafts = std::mem::take(&mut blocks.servers);
    let mut server_groups = std::mem::take(&mut blocks.server_groups);
    let mut global = global::assemble(cx, &blocks.root, &blocks.global);
    let scripts = script::assemble(cx, &blocks.scripts);
    let track_processes = tracker::processes(cx, &blocks.processes);
    let track_files = tracker::files(cx, &blocks.files);
    let bfd_instances = bfd::assemble(cx, &blocks.bfds);
    let known = tracking::Known::new(&blocks);
    let instances = vrrp::assemble(cx, &blocks, &known);
    let sync_groups = sync::assemble(cx, &blocks, &known);
    global.lvs.sync_daemon = global::sync_daemon(cx, &blocks.global, &instances);
    let named = checker::Named {
        files: known_files(&blocks.files, &track_files),
        sessions: names(&blocks.bfds),
    };
    let virtual_servers = checker::finish(cx, drafts, &blocks.global, &mut server_groups, &named);
    tracking::unused(cx, &blocks, &virtual_servers);
    let statics = statics::assemble(cx, &blocks, &instances);
    vrrp::also_static(cx, &blocks, &instances, &statics);
    let config = Config {
        global,
        statics,
        scripts,
        track_processes,
        track_files,
        bfd_instances,
        instances,
        sync_groups,
        virtual_servers,
    };
    lint::values(cx, &config, &blocks);
    if cx.said.errors() == 0 && config.instances.is_empty() && config.virtual_servers.is_empty() {
        cx.push(Diagnostic::unplaced(
            Severity::Warning,
            Code::NothingConfigured,
            "nothing is configured: there is no vrrp_instance and no virtual_server",
        ));
    }
    config
}

fn names(blocks: &[Named]) -> BTreeSet<&str> {
    blocks.iter().map(|block| block.name.as_str()).collect()
}

/// All tracked files, with the content of those that have no mistake.
fn known_files<'a>(
    blocks: &'a [Named],
    files: &'a [TrackFile],
) -> BTreeMap<&'a str, Option<&'a TrackFile>> {
    let blocks = blocks.iter().map(|block| (block.name.as_str(), None));
    let files = files.iter().map(|file| (file.name.as_str(), Some(file)));
    blocks.chain(files).collect()
}

/// A word that switches off here what it switches on in keepalived.
fn off_is_off(cx: &mut Context<'_>, name: &str, span: Span) {
    let text = format!("`{name}` is off: keepalived reads it as on");
    cx.push(
        Diagnostic::warning(Code::OffIsOff, span, text)
            .label("read as it is written")
            .because("keepalived looks for the word only, not for what follows it")
            .help("leave the line out if keepalived reads this file as well"),
    );
}

/// A name of a block, or an error that says what is wrong with it.
fn name<T>(cx: &mut Context<'_>, name: Result<T, InvalidValue>, span: Span) -> Option<T> {
    match name {
        Ok(name) => Some(name),
        Err(error) => {
            cx.push(Diagnostic::error(Code::BadName, span, error.to_string()));
            None
        }
    }
}

/// A word that is read and checked, and nothing more: said once for each word.
fn not_carried_out(cx: &mut Context<'_>, word: &Text<'_>, consequence: &str) {
    let text = format!("`{}` is not carried out by this version", word.text);
    let diagnostic = match cx.options.not_carried_out {
        NotCarriedOut::Refuse => Diagnostic::error(Code::NotYet, word.span, text),
        NotCarriedOut::Warn => Diagnostic::warning(Code::NotYet, word.span, text),
    };
    cx.said.once_each(diagnostic.because(consequence));
}

/// Two blocks with one name.
fn same_names(cx: &mut Context<'_>, kind: &str, blocks: &[Named]) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for block in blocks {
        if let Some(first) = seen.get(block.name.as_str()) {
            let text = format!("`{kind}` {} is there twice", quote(&block.name));
            cx.push(
                Diagnostic::error(Code::SameName, block.span, text)
                    .label("second one")
                    .also(*first, "first one"),
            );
        } else {
            seen.insert(&block.name, block.span);
        }
    }
}

/// A block without a word that it cannot do without.
fn missing_word(cx: &mut Context<'_>, kind: &str, word: &str, block: &Named) {
    if cx.said.is_incomplete() {
        return;
    }
    let text = format!("`{kind}` {} has no `{word}`", quote(&block.name));
    cx.push(
        Diagnostic::error(Code::MissingWord, block.span, text)
            .label(format!("`{word}` is required in this block")),
    );
}
