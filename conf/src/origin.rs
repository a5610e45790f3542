//! Where the values of a configuration were set.
//!
//! Blocks are addressed as they are nested: `vrrp_instance VI_1 / authentication`,
//! `virtual_server 192.0.2.1 80 / real_server 10.0.0.1 80 / HTTP_GET #1 / url #2`.

use crate::keyword::{self, Header, Section, Shape, Word};
use crate::lower::settings::{HeaderValue, ServerName, Setting, Settings, Value};
use crate::source::{Sources, Span};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// Between a block and the one inside it.
pub(crate) const INSIDE: &str = " / ";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as the operator named it.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The block that the value is taken from, where it is another one: `global_defs`.
    pub from: Option<String>,
}

/// `web1.conf:22:5`, or `global_defs, web1.conf:4:5`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = &self.from {
            write!(f, "{from}, ")?;
        }
        let file = crate::diag::escape(&self.file);
        write!(f, "{file}:{}:{}", self.line, self.column)
    }
}

/// All places where something was set.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    blocks: BTreeMap<String, Block>,
    /// The number that a further block of a path has; so many blocks of one path cost no search.
    numbers: BTreeMap<String, usize>,
}

/// One block as written.
#[derive(Debug)]
struct Block {
    section: Section,
    /// What stands between its word and its brace, else the word.
    head: Span,
    words: BTreeMap<Word, Span>,
    /// Lines of a list, by address or name.
    entries: BTreeMap<String, Span>,
}

/// A place, and the block that it is taken from where that is another one.
pub(crate) type Found<'a> = (Span, Option<&'a str>);

impl Origins {
    /// Notes the blocks of the outer level with everything inside them.
    pub(crate) fn record(&mut self, sources: &Sources, root: &Settings) {
        for setting in root.list() {
            self.setting(sources, "", Section::Root, setting);
        }
    }

    fn setting(&mut self, sources: &Sources, path: &str, section: Section, setting: &Setting) {
        match &setting.value {
            Value::Block(header, inner) => {
                let Some((inside, numbered)) = block_of(section, setting.word) else {
                    return;
                };
                let path = self.path(path, inside, numbered, header);
                let head = if header.name.is_empty() {
                    setting.head
                } else {
                    header.span
                };
                self.block(&path, inside, head);
                for setting in inner.list() {
                    self.setting(sources, &path, inside, setting);
                }
            }
            Value::Entries(entries) => {
                let path = join(path, keyword::name_in(section, setting.word));
                let block = self.block(&path, section, setting.head);
                for entry in entries {
                    let key = entry_key(sources.slice(entry.span));
                    block.entries.entry(key).or_insert(entry.span);
                }
            }
            _ => {}
        }
        if let Some(block) = self.blocks.get_mut(path) {
            // Words that may be repeated point at their first place, all others at the last.
            block.words.insert(setting.word, setting.head);
        }
    }

    /// The block of a path; `global_defs` may be there several times.
    fn block(&mut self, path: &str, section: Section, head: Span) -> &mut Block {
        self.blocks.entry(path.to_owned()).or_insert_with(|| Block {
            section,
            head,
            words: BTreeMap::new(),
            entries: BTreeMap::new(),
        })
    }

    fn path(
        &mut self,
        parent: &str,
        inside: Section,
        numbered: bool,
        header: &HeaderValue,
    ) -> String {
        let head = match header.server {
            Some(ServerName::Address(address, Some(port))) => {
                format!("{} {address} {port}", inside.name())
            }
            Some(ServerName::Address(address, None)) => format!("{} {address}", inside.name()),
            _ if header.name.is_empty() => inside.name().to_owned(),
            _ => format!("{} {}", inside.name(), header.name),
        };
        let path = join(parent, &head);
        let is_server = matches!(inside, Section::VirtualServer | Section::RealServer);
        if numbered {
            self.numbered(&path, 1)
        } else if is_server && self.blocks.contains_key(&path) {
            self.numbered(&path, 2)
        } else {
            path
        }
    }

    /// The path with the first number that is free.
    fn numbered(&mut self, path: &str, first: usize) -> String {
        let next = self.numbers.entry(path.to_owned()).or_insert(first);
        let number = *next;
        *next = next.saturating_add(1);
        format!("{path} #{number}")
    }

    /// The path of the `number`th block with this head in a block.
    pub(crate) fn inside(&self, parent: &str, head: &str, number: usize) -> String {
        let path = join(parent, head);
        let known = |path: &String| self.blocks.contains_key(path);
        let numbered = format!("{path} #{number}");
        if known(&numbered) {
            return numbered;
        }
        if !known(&path)
            && let Some((without_port, _)) = path.rsplit_once(' ')
        {
            let beside = self
                .blocks
                .range(without_port.to_owned()..)
                .map(|(path, _)| path)
                .take_while(|path| path.starts_with(without_port))
                .find(|path| {
                    let rest = path.get(without_port.len()..).unwrap_or("");
                    (rest.is_empty() || rest.starts_with(' ')) && !rest.contains(INSIDE)
                });
            if let Some(beside) = beside {
                return beside.clone();
            }
        }
        path
    }

    /// Where a block begins.
    pub(crate) fn head(&self, path: &str) -> Option<Span> {
        self.blocks.get(path).map(|block| block.head)
    }

    /// Where a line of a list stands.
    pub(crate) fn entry(&self, path: &str, text: &str) -> Option<Span> {
        let entries = &self.blocks.get(path)?.entries;
        entries.get(&entry_key(text)).copied()
    }

    /// Where the value of a word comes from; none for a default.
    pub(crate) fn word<'a>(&'a self, path: &'a str, name: &str) -> Option<Found<'a>> {
        let block = self.blocks.get(path)?;
        let word = keyword::find(block.section, name)?.word;
        let own = std::iter::once(word).chain(aliases(word).iter().copied());
        let place = own.filter_map(|word| block.words.get(&word)).next();
        place
            .map(|place| (*place, None))
            .or_else(|| self.inherited(path, block.section, word))
            .or_else(|| {
                let other = keyword::name_in(block.section, derived(word)?);
                let (place, from) = self.word(path, other)?;
                Some((place, from.or(Some(other))))
            })
    }

    fn inherited<'a>(&'a self, path: &'a str, section: Section, word: Word) -> Option<Found<'a>> {
        let mut outer = path;
        while let Some((parent, _)) = outer.rsplit_once(INSIDE) {
            outer = parent;
            let Some(block) = self.blocks.get(parent) else {
                continue;
            };
            let taken = match word {
                // Mail of a real server does not follow its virtual server's.
                Word::SmtpAlert => None,
                Word::ConnectIp | Word::ConnectPort if block.section == Section::RealServer => {
                    Some(&block.head)
                }
                _ => block.words.get(&word),
            };
            if let Some(place) = taken {
                return Some((*place, Some(block.section.name())));
            }
        }
        let global = self.blocks.get(Section::GlobalDefs.name())?;
        if section == Section::GlobalDefs {
            return None;
        }
        let place = globals(section, word).find_map(|word| global.words.get(&word))?;
        Some((*place, Some(Section::GlobalDefs.name())))
    }
}

/// A block inside another one.
fn join(parent: &str, head: &str) -> String {
    if parent.is_empty() {
        head.to_owned()
    } else {
        format!("{parent}{INSIDE}{head}")
    }
}

/// The inside of a block, and whether there may be several without a name.
fn block_of(section: Section, word: Word) -> Option<(Section, bool)> {
    let rows =
        || keyword::table().filter(|row| row.word == word && row.sections.contains(&section));
    rows().find_map(|row| match row.shape {
        Shape::Block(inside, header) => {
            let numbered = header == Header::None
                && row.fate == keyword::Fate::Repeated
                && section != Section::Root;
            Some((inside, numbered))
        }
        _ => None,
    })
}

/// An address in its canonical form, else a name without quotation marks.
fn entry_key(text: &str) -> String {
    let word = match text.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or(rest),
        None => text.split_whitespace().next().unwrap_or(text),
    };
    let address = word.split('/').next().unwrap_or(word);
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => word.to_owned(),
    }
}

/// Other words that set the same value.
const fn aliases(word: Word) -> &'static [Word] {
    match word {
        Word::Flag1 => &[Word::ShFallback, Word::MhFallback],
        Word::Flag2 => &[Word::ShPort, Word::MhPort],
        Word::Retry => &[Word::NbGetRetry],
        _ => &[],
    }
}

/// The word whose value is taken where one is missing.
const fn derived(word: Word) -> Option<Word> {
    match word {
        Word::GarpLowerPrioDelay => Some(Word::GarpMasterDelay),
        Word::GarpLowerPrioRepeat => Some(Word::GarpMasterRepeat),
        Word::Timeout => Some(Word::Interval),
        Word::Warmup | Word::MiscTimeout => Some(Word::DelayLoop),
        _ => None,
    }
}

/// Words of `global_defs` that a value of a block comes from, the nearest first.
fn globals(section: Section, word: Word) -> impl Iterator<Item = Word> {
    let others: &[Word] = match (section, word) {
        (Section::Instance, Word::SmtpAlert) => &[Word::SmtpAlertVrrp],
        (_, Word::SmtpAlert) => &[Word::SmtpAlertChecker],
        _ => &[],
    };
    let least: &[Word] = match word {
        Word::GarpMasterDelay
        | Word::GarpMasterRepeat
        | Word::GarpLowerPrioDelay
        | Word::GarpLowerPrioRepeat => &[Word::MinGarp],
        Word::McastDstIp => &[Word::McastGroup4, Word::McastGroup6],
        _ => &[],
    };
    others
        .iter()
        .copied()
        .chain([word])
        .chain(least.iter().copied())
}
