//! The words of a block with their checked values.

use super::link::{IpvlanWords, VmacWords};
use super::special::SyncWords;
use super::{Context, value};
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::{self, Fate, Header, Keyword, Section, Shape, Word};
use crate::model::{
    ExtraGarp, Fifo, Forward, HmacKey, IfName, InitFile, LvsTimeouts, MailServer, Micros,
    ScriptCommand, ShellWords, UserSpec, Weight,
};
use crate::source::Span;
use crate::tree::Statement;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A value that fits the shape of its word.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Flag,
    Bool(bool),
    Int(i64),
    Time(Micros),
    Text(String),
    Words(Vec<String>),
    Interface(IfName),
    Address(IpAddr),
    Command(Box<ScriptCommand>),
    Script(Box<ShellWords>),
    User(Box<UserSpec>),
    Weight(Weight, bool),
    InitFile(InitFile),
    Vmac(Box<VmacWords>),
    Ipvlan(Box<IpvlanWords>),
    ExtraGarp(ExtraGarp),
    HmacKey(HmacKey),
    /// A command, where one is written.
    OptCommand(Option<Box<ScriptCommand>>),
    LongWeight(i32, bool),
    Fifo(Box<Fifo>),
    SyncDaemon(Box<SyncWords>),
    LvsTimeouts(LvsTimeouts),
    MailServer(Box<MailServer>),
    Server(IpAddr, Option<u16>),
    Forward(Forward),
    /// Value and mask of each byte.
    Bytes(Vec<(u8, u8)>),
    Codes(Vec<(u16, u16)>),
    Entries(Vec<super::entry::Entry>),
    /// A list with a name.
    Named(Box<HeaderValue>, Vec<super::entry::Entry>),
    Block(Box<HeaderValue>, Settings),
}

/// What stood between a word and its block.
#[derive(Clone, Debug)]
pub(crate) struct HeaderValue {
    /// The name, where there is one.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) span: Span,
    /// What it names, where it is a server.
    pub(crate) server: Option<ServerName>,
}

/// What a `virtual_server` or `real_server` names.
#[derive(Clone, Debug)]
pub(crate) enum ServerName {
    Address(IpAddr, Option<u16>),
    Mark(std::num::NonZeroU32),
    Group(String),
}

/// A word with its value.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) word: Word,
    /// The word.
    pub(crate) head: Span,
    /// The value.
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// The words of a block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    list: Vec<Setting>,
    /// Where each word comes first in a list that is too long to be searched; else empty.
    first: BTreeMap<Word, usize>,
    /// Words whose value was wrong, each once; that was said.
    failed: Vec<Word>,
}

/// Lists of more settings are not searched: with thousands of real servers in one block the work
/// would grow with the square of their number.
const SEARCHED: usize = 32;

/// Makes the accessors of one kind of value.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident -> $kind:ty;)*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name(&self, word: Word) -> Option<$kind> {
                match &self.get(word)?.value {
                    Value::$variant(value) => Some(value.clone()),
                    _ => None,
                }
            }
        )*
    };
}

impl Settings {
    /// The setting of a word.
    pub(crate) fn get(&self, word: Word) -> Option<&Setting> {
        self.list.get(self.position(word)?)
    }

    fn position(&self, word: Word) -> Option<usize> {
        if self.first.is_empty() {
            return self.list.iter().position(|setting| setting.word == word);
        }
        self.first.get(&word).copied()
    }

    fn add(&mut self, setting: Setting) {
        let end = self.list.len();
        if end == SEARCHED {
            for (at, setting) in self.list.iter().enumerate() {
                self.first.entry(setting.word).or_insert(at);
            }
        }
        if end >= SEARCHED {
            self.first.entry(setting.word).or_insert(end);
        }
        self.list.push(setting);
    }

    /// All settings of a word that may be repeated.
    pub(crate) fn all(&self, word: Word) -> impl Iterator<Item = &Setting> {
        self.list.iter().filter(move |setting| setting.word == word)
    }

    /// True where the word is there.
    pub(crate) fn has(&self, word: Word) -> bool {
        self.get(word).is_some()
    }

    /// True where the word is there with a wrong value.
    pub(crate) fn failed(&self, word: Word) -> bool {
        self.failed.contains(&word)
    }

    /// The value's place, else another one.
    pub(crate) fn span(&self, word: Word, otherwise: Span) -> Span {
        self.get(word).map_or(otherwise, |setting| setting.span)
    }

    accessors! {
        /// `on` or `off`.
        bool: Bool -> bool;
        /// A number.
        int: Int -> i64;
        /// A length of time.
        time: Time -> Micros;
        /// A text.
        text: Text -> String;
        /// An interface.
        interface: Interface -> IfName;
        /// An address.
        address: Address -> IpAddr;
        /// A command with its user.
        command: Command -> Box<ScriptCommand>;
        /// A command line.
        script: Script -> Box<ShellWords>;
        /// A user.
        user: User -> Box<UserSpec>;
        /// A mail server.
        mail_server: MailServer -> Box<MailServer>;
    }

    /// A number of a smaller type; the table's range fits it.
    pub(crate) fn number<T: TryFrom<i64>>(&self, word: Word) -> Option<T> {
        T::try_from(self.int(word)?).ok()
    }

    /// The entries of all blocks of a word.
    pub(crate) fn entries(&self, word: Word) -> impl Iterator<Item = &super::entry::Entry> {
        self.all(word)
            .filter_map(|setting| match &setting.value {
                Value::Entries(entries) => Some(entries),
                _ => None,
            })
            .flatten()
    }

    /// These, and what only the other ones have.
    pub(crate) fn over(&self, base: &Self) -> Self {
        let mut both = self.clone();
        for setting in &base.list {
            if !both.has(setting.word) {
                both.add(setting.clone());
            }
        }
        both.fail(base);
        both
    }

    /// These but for one word.
    pub(crate) fn without(&self, word: Word) -> Self {
        let mut others = Self::default();
        others.fail(self);
        for setting in self.list.iter().filter(|setting| setting.word != word) {
            others.add(setting.clone());
        }
        others
    }

    /// All settings in their order.
    pub(crate) fn list(&self) -> &[Setting] {
        &self.list
    }

    /// The same, taken.
    pub(crate) fn take_list(&mut self) -> Vec<Setting> {
        self.first.clear();
        std::mem::take(&mut self.list)
    }

    /// Notes the words whose value was wrong in other settings.
    pub(crate) fn fail(&mut self, other: &Self) {
        for word in &other.failed {
            self.note_failed(*word);
        }
    }

    fn note_failed(&mut self, word: Word) {
        if !self.failed(word) {
            self.failed.push(word);
        }
    }

    /// Adds another block's words, as if they had been written behind these.
    pub(crate) fn extend(&mut self, cx: &mut Context<'_>, other: Self) {
        self.fail(&other);
        for setting in other.list {
            self.put(cx, setting, Repeat::Last);
        }
    }

    /// Of a word and its contrary the last one counts, as with keepalived: it takes the place.
    /// Gives the setting back where there is no contrary.
    fn replace_opposite(&mut self, cx: &mut Context<'_>, setting: Setting) -> Option<Setting> {
        let other = opposite(setting.word).and_then(|word| self.position(word));
        let Some((at, before)) = other.and_then(|at| Some((at, self.list.get_mut(at)?))) else {
            return Some(setting);
        };
        let text = format!(
            "{} says the contrary of {}",
            quote(cx.sources.slice(setting.head)),
            quote(cx.sources.slice(before.head))
        );
        cx.push(
            Diagnostic::warning(Code::SetTwice, setting.head, text)
                .label("the last one counts")
                .also(before.head, "this does not count"),
        );
        if self.first.remove(&before.word).is_some() {
            self.first.insert(setting.word, at);
        }
        *before = setting;
        None
    }

    pub(crate) fn put(&mut self, cx: &mut Context<'_>, setting: Setting, repeat: Repeat) {
        let Some(setting) = self.replace_opposite(cx, setting) else {
            return;
        };
        let before = match repeat {
            Repeat::Many => None,
            Repeat::First | Repeat::Last => self.position(setting.word),
        };
        let before = before.and_then(|at| self.list.get_mut(at));
        let Some(before) = before.filter(|before| !matches!(before.value, Value::Entries(_)))
        else {
            self.add(setting);
            return;
        };
        let repeat = match &before.value {
            Value::Text(state) if setting.word == Word::State && state == "MASTER" => Repeat::First,
            _ => repeat,
        };
        let counts = match repeat {
            Repeat::First if setting.word == Word::State => {
                "ignored: `state MASTER` cannot be taken back"
            }
            Repeat::First => "ignored: the first one counts",
            Repeat::Last | Repeat::Many => "the last one counts",
        };
        let text = format!("{} is set twice", quote(cx.sources.slice(setting.head)));
        cx.push(
            Diagnostic::warning(Code::SetTwice, setting.head, text)
                .label(counts)
                .also(before.head, "first set here"),
        );
        if repeat == Repeat::Last {
            *before = setting;
        }
    }
}

/// The word that says the contrary.
const fn opposite(word: Word) -> Option<Word> {
    match word {
        Word::Accept => Some(Word::NoAccept),
        Word::NoAccept => Some(Word::Accept),
        Word::Preempt => Some(Word::Nopreempt),
        Word::Nopreempt => Some(Word::Preempt),
        _ => None,
    }
}

/// What becomes of a word that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    First,
    Last,
    Many,
}

impl Repeat {
    fn of(row: &Keyword) -> Self {
        match (row.fate, row.shape) {
            (Fate::Repeated, _) => Self::Many,
            (_, Shape::Block(Section::FileCheck | Section::BfdCheck, _)) => Self::Many,
            // keepalived keeps the first of two scripts, pipes and the like, the last of
            // everything else.
            (_, Shape::Command | Shape::OptCommand | Shape::Fifo | Shape::SyncDaemon) => {
                Self::First
            }
            _ => Self::Last,
        }
    }
}

/// Reads all statements of a block.
pub(crate) fn read(
    cx: &mut Context<'_>,
    section: Section,
    statements: &[Statement<'_>],
) -> Settings {
    let mut settings = Settings::default();
    for statement in statements {
        read_statement(cx, section, statement, &mut settings);
    }
    settings
}

/// Reads one statement.
pub(crate) fn read_statement(
    cx: &mut Context<'_>,
    section: Section,
    statement: &Statement<'_>,
    settings: &mut Settings,
) {
    let Some(row) = statement.keyword else {
        unknown(cx, section, statement, settings);
        return;
    };
    old_spelling(cx, row, statement.head.span);
    match row.fate {
        Fate::Used | Fate::Repeated | Fate::Always | Fate::Checked(_) => {}
        Fate::NoEffect(why) => {
            let text = format!("`{}` has no effect", row.name);
            cx.push(Diagnostic::warning(Code::NoEffect, statement.head.span, text).label(why));
        }
    }
    if row.shape == Shape::Any {
        return;
    }
    stray_block(cx, row, statement);
    let errors = cx.said.errors();
    let value = value(cx, row, statement);
    let good = cx.said.errors() == errors;
    if let Fate::Checked(consequence) = row.fate
        && !value.as_ref().is_some_and(|(value, _)| is_off(value))
    {
        super::not_carried_out(cx, &statement.head, consequence);
    }
    if row.word == Word::None {
        return;
    }
    if value.is_none() || !good {
        settings.note_failed(row.word);
    }
    if let Some((value, span)) = value {
        let setting = Setting {
            word: row.word,
            head: statement.head.span,
            span,
            value,
        };
        settings.put(cx, setting, Repeat::of(row));
    }
}

/// True for a value that asks for nothing.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Bool(on) => !on,
        Value::Time(time) => time.is_zero(),
        Value::ExtraGarp(extra) => extra.interval.is_zero(),
        _ => false,
    }
}

/// A spelling that has a successor.
fn old_spelling(cx: &mut Context<'_>, row: &Keyword, span: Span) {
    let Some(instead) = row.old else {
        return;
    };
    // Of that one more is said where it is read.
    if row.word == Word::NbGetRetry {
        return;
    }
    let text = format!("`{}` is an old spelling", row.name);
    let diagnostic =
        Diagnostic::note(Code::OldSpelling, span, text).help(format!("write `{instead}` instead"));
    cx.said.once_each(diagnostic);
}

/// A block behind a word that has none.
fn stray_block(cx: &mut Context<'_>, row: &Keyword, statement: &Statement<'_>) {
    if row.shape.is_block() {
        return;
    }
    if let Some(block) = &statement.block {
        let text = format!("`{}` has no block", row.name);
        cx.push(
            Diagnostic::error(Code::StrayOpen, block.open, text)
                .label("nothing belongs between braces here"),
        );
    }
}

fn value(cx: &mut Context<'_>, row: &Keyword, statement: &Statement<'_>) -> Option<(Value, Span)> {
    match row.shape {
        Shape::Block(section, header) => {
            let header = read_header(cx, header, statement);
            let block = statement.block.as_ref()?;
            // The inside is read even where the header is wrong: all errors in one run.
            let settings = read(cx, section, &block.statements);
            let span = statement.span();
            Some((Value::Block(Box::new(header?), settings), span))
        }
        Shape::Entries(kind) => {
            value::no_args(cx, row, statement);
            let block = statement.block.as_ref()?;
            let entries = super::entry::read(cx, kind, &block.statements);
            Some((Value::Entries(entries), statement.head.span))
        }
        Shape::NamedEntries(kind) => {
            let header = read_header(cx, Header::Name, statement);
            let block = statement.block.as_ref()?;
            let entries = super::entry::read(cx, kind, &block.statements);
            Some((Value::Named(Box::new(header?), entries), statement.span()))
        }
        _ => value::parse(cx, row, statement),
    }
}

fn read_header(
    cx: &mut Context<'_>,
    header: Header,
    statement: &Statement<'_>,
) -> Option<HeaderValue> {
    let span = statement.args_span();
    let named = |name: &str, span| HeaderValue {
        name: name.to_owned(),
        span,
        server: None,
    };
    match header {
        Header::None => {
            value::extra_words(cx, statement, 0);
            Some(named("", statement.head.span))
        }
        Header::Name => {
            value::extra_words(cx, statement, 1);
            let name = statement.args.first();
            if name.is_none() {
                let text = format!("{} needs a name", quote(&statement.head.text));
                cx.push(
                    Diagnostic::error(Code::MissingValue, statement.head.span, text)
                        .label("a name is expected behind this"),
                );
            }
            name.map(|name| named(&name.text, name.span))
        }
        Header::Server | Header::VirtualServer => {
            let server = value::server(cx, header, statement)?;
            Some(HeaderValue {
                server: Some(server),
                ..named(cx.sources.slice(span), span)
            })
        }
    }
}

fn unknown(
    cx: &mut Context<'_>,
    section: Section,
    statement: &Statement<'_>,
    settings: &mut Settings,
) {
    let word = statement.head.text.as_ref();
    let span = statement.head.span;
    let elsewhere: Vec<_> = Section::ALL
        .into_iter()
        .filter(|other| keyword::find(*other, word).is_some())
        .map(|other| format!("`{}`", other.name()))
        .collect();
    if !elsewhere.is_empty() {
        let text = format!("{} does not belong here", quote(word));
        let diagnostic = cx
            .refusal(Code::WrongBlock, span, text)
            .label(format!("not known {}", place(section)))
            .help(format!("it belongs in {}", elsewhere.join(", ")));
        cx.push(diagnostic);
        return;
    }
    let names = keyword::table()
        .filter(|row| row.sections.contains(&section))
        .map(|row| row.name);
    let near = cx.nearest(word, names);
    // The word that was meant is not missing.
    let meant = near.and_then(|name| keyword::find(section, name));
    if let Some(row) = meant {
        settings.note_failed(row.word);
    }
    let help = near.map(|name| format!("did you mean `{name}`?"));
    let diagnostic = cx
        .refusal(
            Code::UnknownWord,
            span,
            format!("unknown word {}", quote(word)),
        )
        .label(format!("not known {}", place(section)))
        .maybe_help(help);
    cx.push(diagnostic);
}

fn place(section: Section) -> String {
    match section {
        Section::Root => "at the outer level".to_owned(),
        section => format!("in `{}`", section.name()),
    }
}
