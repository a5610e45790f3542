//! Puts values in the place of their names. As in keepalived the text is replaced and then read
//! again from there, so that a value may end in the middle of something.

use super::Reader;
use super::budget::MAX_DEPTH;
use super::definition::{Definition, Reference, reference};
use super::expand::GivenUp;
use super::predefined::{self, Value};
use super::rope::Rope;
use super::text::{MAX_LINE, Scan, Sign, counted};
use crate::diag::{Code, Diagnostic, quote};
use crate::lexer::is_blank;
use crate::source::{Chain, PieceKind, Use};
use crate::suggest::nearest;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Values with more than one line that were used, with their uses.
pub(super) type More = Vec<(Rc<[Rope]>, Chain)>;

/// A line with all values in their places.
pub(super) struct Substituted {
    pub(super) line: Rope,
    /// What comes behind it, the last one first.
    pub(super) more: More,
}

/// A use in a line.
struct Found {
    range: Range<usize>,
    name: Arc<str>,
    words: String,
    braced: bool,
    quoted: bool,
}

impl Reader<'_> {
    /// Puts the values in their places; a comment at the end goes.
    pub(super) fn substitute(&mut self, line: Rope) -> Result<Substituted, GivenUp> {
        let mut line = line;
        let mut more = More::new();
        let mut scan = Scan::default();
        loop {
            match scan.next(line.text()) {
                None => break,
                Some(Sign::Brace(_)) => {}
                Some(Sign::Comment(at)) => {
                    line.truncate(at);
                    break;
                }
                Some(Sign::Dollar(at)) => {
                    scan.at = self.dollar(&mut line, at, scan.quoted, &mut more)?;
                }
            }
        }
        Ok(Substituted { line, more })
    }

    /// Deals with a `$`; gives the offset from which the line is read on.
    fn dollar(
        &mut self,
        line: &mut Rope,
        at: usize,
        quoted: bool,
        more: &mut More,
    ) -> Result<usize, GivenUp> {
        let behind = at.saturating_add(1);
        let found = match reference(line.from(at), quoted) {
            Reference::None => return Ok(behind),
            Reference::Glued { name } => {
                let range = at..behind.saturating_add(name.len());
                let name = name.to_owned();
                self.glued(line, range, &name);
                return Ok(behind);
            }
            Reference::Name {
                name,
                length,
                braced,
            } => Found {
                range: at..at.saturating_add(length),
                name: self.shared(name),
                words: String::new(),
                braced,
                quoted,
            },
            Reference::Call {
                name,
                words,
                length,
            } => Found {
                range: at..at.saturating_add(length),
                name: self.shared(name),
                words: words.to_owned(),
                braced: true,
                quoted,
            },
        };
        match self.definitions.get(&found.name).cloned() {
            Some(definition) if found.words.trim().is_empty() => {
                self.defined(line, &found, &definition, more)?;
                Ok(at)
            }
            Some(_) | None => self.not_defined(line, &found),
        }
    }

    /// The one copy of a name that is defined.
    fn shared(&self, name: &str) -> Arc<str> {
        match self.definitions.get_key_value(name) {
            Some((known, _)) => Arc::clone(known),
            None => name.into(),
        }
    }

    fn defined(
        &mut self,
        line: &mut Rope,
        found: &Found,
        definition: &Definition,
        more: &mut More,
    ) -> Result<(), GivenUp> {
        self.pay(line)?;
        let parent = line.chain_at(found.range.start);
        let depth = self.check_chain(line, found, parent)?;
        self.budget.depth(depth).map_err(|_| self.exhausted(line))?;
        if definition.value.len() > 1 {
            self.check_last(line, found)?;
        }
        let place = line.place(found.range.clone()).unwrap_or(definition.place);
        let chain = self.sources.chain(Use {
            place,
            parent,
            name: Arc::clone(&found.name),
        });
        let value = definition
            .value
            .first()
            .map(|first| first.brought_by(chain));
        line.replace(found.range.clone(), &value.unwrap_or_default());
        if definition.value.len() > 1 {
            more.push((Rc::clone(&definition.value), chain));
        }
        if line.text().len() > MAX_LINE {
            let place = self.outer(line, found.range.start);
            let text = format!("this line becomes longer than {MAX_LINE} bytes");
            self.said.push(
                Diagnostic::error(Code::LongLine, place, text)
                    .label(format!("with {} in its place", quote(&found.name))),
            );
            return Err(GivenUp);
        }
        Ok(())
    }

    /// Circles and depth; gives the depth.
    fn check_chain(&mut self, line: &Rope, found: &Found, parent: Chain) -> Result<usize, GivenUp> {
        let mut depth = 0_usize;
        let mut circle = false;
        for one in self.sources.uses_of(parent) {
            depth = depth.saturating_add(1);
            // A name is shared by all of its uses.
            circle |= Arc::ptr_eq(&one.name, &found.name);
        }
        if !circle && depth < MAX_DEPTH {
            return Ok(depth);
        }
        let place = match line.place(found.range.clone()) {
            Some(place) if parent == Chain::WRITTEN => place,
            Some(_) | None => self.outer(line, found.range.start),
        };
        if !circle {
            self.too_deep(place);
            return Err(GivenUp);
        }
        let mut names = vec![format!("${}", found.name)];
        for one in self.sources.uses_of(parent) {
            names.push(format!("${}", one.name));
            if one.name == found.name {
                break;
            }
        }
        names.reverse();
        let defined = self.definitions.get(&found.name).map(|known| known.place);
        self.said.once(Code::DefinitionCycle, || {
            let text = format!(
                "the value of {} contains itself",
                quote(&format!("${}", found.name))
            );
            let error = Diagnostic::error(Code::DefinitionCycle, place, text)
                .label(shortened(&names))
                .because("keepalived would never end here");
            match defined {
                Some(defined) => error.also(defined, "defined here"),
                None => error,
            }
        });
        Err(GivenUp)
    }

    /// A value with several lines has to be the last thing in its line.
    fn check_last(&mut self, line: &Rope, found: &Found) -> Result<(), GivenUp> {
        let end = counted(line.text());
        let rest = line.text().get(found.range.end..end).unwrap_or("");
        if !found.quoted && rest.trim_matches(is_blank).is_empty() {
            return Ok(());
        }
        let place = self.place(line, found.range.clone());
        let defined = self.definitions.get(&found.name).map(|known| known.place);
        let text = format!("{} has more than one line", quote(&found.name));
        let mut error = Diagnostic::error(Code::NotLast, place, text)
            .label("nothing may stand behind it")
            .because("keepalived leaves it as it is");
        if let Some(defined) = defined {
            error = error.also(defined, "defined here");
        }
        self.said.push(error);
        Err(GivenUp)
    }

    /// A name without a definition: predefined, or just text.
    fn not_defined(&mut self, line: &mut Rope, found: &Found) -> Result<usize, GivenUp> {
        let directory = self.directory();
        let value = predefined::value(
            &found.name,
            &found.words,
            &directory,
            self.options,
            &mut self.random,
        );
        let text = match value {
            Some(Value::Text(text)) => text,
            Some(Value::Unset(name)) => {
                self.unset(line, found, &name);
                String::new()
            }
            Some(Value::Wrong(why)) => {
                let place = self.place(line, found.range.clone());
                let text = format!("{} is used wrongly", quote(&found.name));
                self.said
                    .push(Diagnostic::error(Code::BadPredefined, place, text).label(why));
                return Err(GivenUp);
            }
            None => return self.undefined(line, found),
        };
        self.pay(line)?;
        let text = if found.quoted { text } else { protected(&text) };
        let chain = line.chain_at(found.range.start);
        let place = line.place(found.range.clone());
        if let Some(place) = place {
            let value = Rope::of(&text, place, PieceKind::Made, chain);
            line.replace(found.range.clone(), &value);
        }
        Ok(found.range.start.saturating_add(text.len()))
    }

    fn unset(&mut self, line: &Rope, found: &Found, name: &str) {
        let place = self.place(line, found.range.clone());
        let text = format!("the variable {} is not set", quote(name));
        self.said.push(
            Diagnostic::warning(Code::UnsetVariable, place, text)
                .label("nothing is put in its place"),
        );
    }

    /// A name that nobody defined. keepalived leaves it as it is, which is right for `$` in
    /// passwords and in commands for a shell, and falls apart at the braces elsewhere.
    fn undefined(&mut self, line: &mut Rope, found: &Found) -> Result<usize, GivenUp> {
        let behind = found.range.end;
        if line
            .part(found.range.clone())
            .pieces()
            .iter()
            .any(|piece| piece.kind == PieceKind::Undefined)
        {
            return Ok(behind);
        }
        let alone = line
            .text()
            .get(..counted(line.text()))
            .unwrap_or("")
            .trim_matches(is_blank)
            == line.text().get(found.range.clone()).unwrap_or("");
        let refused = alone || (found.braced && !found.quoted);
        let known = self.nearest_name(&found.name);
        if !refused && !found.braced && known.is_none() {
            return Ok(behind);
        }
        let place = self.place(line, found.range.clone());
        let text = format!("{} is not defined", quote(&found.name));
        let help = known.map(|known| format!("did you mean `${{{known}}}`?"));
        if !refused {
            self.said.push(
                Diagnostic::warning(Code::UndefinedName, place, text)
                    .label("left as it is")
                    .maybe_help(help),
            );
            return Ok(behind);
        }
        let example = format!("define it before its first use: `${}=VALUE`", found.name);
        self.said.push(
            Diagnostic::error(Code::UndefinedName, place, text)
                .label("no definition before this line")
                .help(help.unwrap_or(example)),
        );
        let text = format!("${}", found.name);
        let chain = line.chain_at(found.range.start);
        if let Some(place) = line.place(found.range.clone()) {
            let itself = Rope::of(&text, place, PieceKind::Undefined, chain);
            line.replace(found.range.clone(), &itself);
        }
        Ok(found.range.start.saturating_add(text.len()))
    }

    /// `$NAME` with something behind it that keeps it from being replaced.
    fn glued(&mut self, line: &Rope, range: Range<usize>, name: &str) {
        if !self.definitions.contains_key(name) && !predefined::NAMES.contains(&name) {
            return;
        }
        let next = line.from(range.end).chars().next();
        let place = self.place(line, range);
        self.said.push(
            Diagnostic::warning(
                Code::NotReplaced,
                place,
                format!("{} is not replaced here", quote(name)),
            )
            .label(match next {
                Some(next) => format!("{} stands behind it", quote(&next.to_string())),
                None => String::new(),
            })
            .because("`$NAME` needs a blank, `,`, `)` or the end of the line behind it")
            .help(format!("write `${{{name}}}`")),
        );
    }

    fn nearest_name(&self, name: &str) -> Option<String> {
        let names = self.definitions.keys().map(|name| &**name);
        let all = names.chain(predefined::NAMES.iter().copied());
        nearest(name, all).map(str::to_owned)
    }

    /// The directory of the file that is being read.
    pub(super) fn directory(&self) -> std::path::PathBuf {
        let file = self.open.last().and_then(|open| open.parent());
        file.unwrap_or_else(|| Path::new("")).to_owned()
    }
}

/// What would start a comment is protected, as if it were written so.
fn protected(text: &str) -> String {
    text.replace('#', "\\#").replace('!', "\\!")
}

/// `$A -> $B -> $A`; the middle of a long one is left out.
fn shortened(names: &[String]) -> String {
    /// More are not read by anybody.
    const MAX_SHOWN: usize = 6;
    if names.len() <= MAX_SHOWN {
        return names.join(" -> ");
    }
    let half = MAX_SHOWN / 2;
    let first = names.iter().take(half);
    let last = names.iter().skip(names.len().saturating_sub(half));
    let dots = "…".to_owned();
    let all: Vec<&str> = first
        .chain(std::iter::once(&dots))
        .chain(last)
        .map(String::as_str)
        .collect();
    all.join(" -> ")
}
