//! Conditions, definitions and generators of one line, in keepalived's order: the condition first,
//! then a definition or a generator, then what is used in the line; after a brace a line begins
//! anew.

use super::Reader;
use super::budget::{Exhausted, MAX_DEPTH, MAX_ROUNDS};
use super::definition::{self, Definition, Start, Wrong};
use super::generator::{self, Kind, List, Sequence};
use super::given_up;
use super::include::Include;
use super::rope::Rope;
use super::substitute::Substituted;
use super::text::{Scan, Sign, counted, skip_to};
use crate::diag::{Code, Diagnostic, quote};
use crate::lexer::is_blank;
use crate::source::{Chain, PieceKind, Span};
use crate::tree::SECRETS;
use std::ops::Range;
use std::rc::Rc;

/// The line that is being made is given up; what is wrong was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

/// Lines of the file from which the value of a definition goes on.
pub(super) type Lines<'l> = &'l mut dyn Iterator<Item = Span>;

impl Reader<'_> {
    /// Takes a line of a file that is not just words. What was made of it counts only as a whole;
    /// of a line that is given up, its braces count, so that what follows is read in its block.
    pub(super) fn expand(&mut self, line: Span, lines: Lines<'_>) {
        let before = self.lines.len();
        let rope = Rope::written(self.sources.slice(line), line);
        if self.logical(rope, lines).is_err() {
            self.lines.truncate(before);
            self.lines
                .extend(given_up::blocks(self.sources.slice(line), line));
            self.rounds = 1;
            self.depth = 0;
            self.said.set_incomplete();
        }
    }

    /// Takes a line, or what stands behind a brace or a condition of it.
    pub(super) fn logical(&mut self, line: Rope, lines: Lines<'_>) -> Result<(), GivenUp> {
        self.pay(&line)?;
        if self.depth >= MAX_DEPTH {
            let place = self.outer(&line, 0);
            self.too_deep(place);
            return Err(GivenUp);
        }
        self.depth = self.depth.saturating_add(1);
        self.by_start(line, lines)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn by_start(&mut self, line: Rope, lines: Lines<'_>) -> Result<(), GivenUp> {
        let start = skip_to(line.text(), 0);
        match line.from(start).chars().next() {
            None | Some('#' | '!') => Ok(()),
            Some('@') => self.condition(&line, start, lines),
            Some('$') => match definition::start(line.text(), start) {
                Start::Definition(head) => self.define(&line, &head, lines),
                Start::Wrong(wrong) => self.wrong_definition(&line, &wrong),
                Start::Other => self.statement(line, lines),
            },
            Some('~') => match generator::start(line.text(), start) {
                Some(Ok(head)) => self.generate(&line, start, &head),
                Some(Err(why)) => {
                    let end = counted(line.text());
                    self.wrong_generator(&line, start..end, why)
                }
                None => self.statement(line, lines),
            },
            Some(_) => self.statement(line, lines),
        }
    }

    /// `@id rest`, `@^id rest`.
    fn condition(&mut self, line: &Rope, at: usize, lines: Lines<'_>) -> Result<(), GivenUp> {
        let text = line.text();
        let word = line.from(at.saturating_add(1));
        let ends = |c: char| is_blank(c) || matches!(c, '#' | '!');
        let word = word.split(ends).next().unwrap_or("");
        let end = at.saturating_add(1).saturating_add(word.len());
        let (id, wanted) = match word.strip_prefix('^') {
            Some(id) => (id, false),
            None => (word, true),
        };
        let rest = skip_to(text, end);
        if id.is_empty() {
            let result = if wanted {
                "always left out"
            } else {
                "always taken"
            };
            let place = self.place(line, at..end);
            self.said.push(
                Diagnostic::warning(Code::BadCondition, place, "this condition names nothing")
                    .label(format!("the line is {result}"))
                    .help("write the name behind the sign, without a blank: `@web1 priority 150`"),
            );
        }
        let matches = self.options.config_id.as_deref() == Some(id);
        if matches != wanted {
            self.note_left_out(line, rest);
            self.pass_over(line.from(rest), lines);
            return Ok(());
        }
        if line.from(rest).starts_with('@') {
            let place = self.place(line, rest..rest.saturating_add(first_word(line.from(rest))));
            self.said.push(
                Diagnostic::error(Code::BadCondition, place, "a line has one condition only")
                    .label("second condition")
                    .because("keepalived takes the second one as a word that nobody knows"),
            );
            return Err(GivenUp);
        }
        self.logical(line.part(rest..text.len()), lines)
    }

    /// A line that is left out with a brace of a block: if the braces do not fit, it is the cause.
    fn note_left_out(&mut self, line: &Rope, rest: usize) {
        if !self.said.left_out_a_brace() && has_open_block(line.from(rest)) {
            let place = self.place(line, rest..counted(line.text()));
            self.said.set_left_out(place);
        }
    }

    /// A definition that is left out takes its further lines with it.
    fn pass_over(&mut self, text: &str, lines: Lines<'_>) {
        let is_definition = matches!(definition::start(text, 0), Start::Definition(_));
        let mut goes_on = is_definition && text.starts_with('$') && ends_open(text);
        while goes_on {
            goes_on = match lines.next() {
                Some(line) => {
                    let text = self.sources.slice(line);
                    ends_open(text) || is_comment(text)
                }
                None => false,
            };
        }
    }

    fn define(
        &mut self,
        line: &Rope,
        head: &definition::Head,
        lines: Lines<'_>,
    ) -> Result<(), GivenUp> {
        let text = line.text();
        let name = text.get(head.name.clone()).unwrap_or("").to_owned();
        let whole = self.place(line, head.name.start.saturating_sub(1)..counted(text));
        let mut value = vec![value_part(line, head.value)];
        let mut goes_on = ends_open(line.from(head.value));
        while goes_on && let Some(next) = lines.next() {
            if is_comment(self.sources.slice(next)) {
                continue;
            }
            if self.is_too_long(next) {
                return Err(GivenUp);
            }
            let text = self.sources.slice(next);
            goes_on = ends_open(text);
            value.push(value_part(&Rope::written(text, next), 0));
        }
        if definition::is_secret(&name) {
            for part in &value {
                part.pieces()
                    .iter()
                    .for_each(|piece| self.said.hide(piece.place));
            }
        }
        if name.starts_with('_') {
            self.reserved(whole, &name);
        }
        let place = line.place(head.name.clone()).unwrap_or(whole);
        let value = Rc::from(value);
        self.definitions
            .insert(name.into(), Definition { value, place });
        Ok(())
    }

    fn reserved(&mut self, place: Span, name: &str) {
        let predefined = super::predefined::NAMES.contains(&name);
        let text = match predefined {
            true => format!("{} is predefined", quote(name)),
            false => format!("{} is a reserved name", quote(name)),
        };
        let label = match predefined {
            true => "this value counts from here on",
            false => "names that start with `_` are reserved",
        };
        self.said
            .push(Diagnostic::warning(Code::ReservedName, place, text).label(label));
    }

    fn wrong_definition(&mut self, line: &Rope, wrong: &Wrong) -> Result<(), GivenUp> {
        let (range, label, help) = match wrong {
            Wrong::Blank(range) => (
                range,
                "blanks around this",
                "there is no blank between `$`, the name and `=`: `$NAME=VALUE`",
            ),
            Wrong::Name(range) => (
                range,
                "not a name",
                "a name has letters, digits and `_`, and does not start with a digit",
            ),
        };
        let place = self.place(line, range.clone());
        self.said.push(
            Diagnostic::error(
                Code::BadDefinition,
                place,
                "this is not read as a definition",
            )
            .label(label)
            .help(help),
        );
        Err(GivenUp)
    }

    fn generate(&mut self, line: &Rope, at: usize, head: &generator::Head) -> Result<(), GivenUp> {
        let whole = at..head.rest;
        let Substituted {
            line: arguments,
            more,
        } = self.substitute(line.part(head.arguments.clone()))?;
        if !more.is_empty() {
            return self.wrong_generator(line, whole, "a value has more than one line");
        }
        let rest = line.part(head.rest..line.text().len());
        let place = line.place(whole.clone());
        let (Some(place), text) = (place, arguments.text()) else {
            return Ok(());
        };
        match head.kind {
            Kind::List => match List::parse(text) {
                Ok(list) => self.each_of_list(&list, &arguments, place, &rest),
                Err(why) => self.wrong_generator(line, whole, &why),
            },
            Kind::Decimal | Kind::Hexadecimal => {
                match Sequence::parse(text, head.kind == Kind::Hexadecimal) {
                    Ok(sequence) => self.each_of_sequence(&sequence, place, &rest),
                    Err(why) => self.wrong_generator(line, whole, &why),
                }
            }
        }
    }

    fn wrong_generator(
        &mut self,
        line: &Rope,
        range: Range<usize>,
        why: &str,
    ) -> Result<(), GivenUp> {
        let name = line.from(range.start).get(..4).unwrap_or("").to_owned();
        let place = self.place(line, range);
        let help = match name.as_str() {
            "~LST" => "write `~LST(NAME, VALUE, …)` or `~LST({NAME, …}, {VALUE, …}, …)`",
            _ => "write `~SEQ(NAME, [START, [STEP,]] END)`",
        };
        self.said.push(
            Diagnostic::error(
                Code::BadGenerator,
                place,
                format!("`{name}` is written wrong"),
            )
            .label(why)
            .help(help),
        );
        Err(GivenUp)
    }

    fn each_of_sequence(
        &mut self,
        sequence: &Sequence,
        place: Span,
        rest: &Rope,
    ) -> Result<(), GivenUp> {
        self.rounds_of(sequence.count, place, |reader| {
            for value in sequence.values() {
                let value = Rope::of(&value, place, PieceKind::Made, Chain::WRITTEN);
                reader.set(&sequence.name, value, place);
                reader.logical(rest.clone(), &mut std::iter::empty())?;
            }
            Ok(())
        })
    }

    fn each_of_list(
        &mut self,
        list: &List,
        values: &Rope,
        place: Span,
        rest: &Rope,
    ) -> Result<(), GivenUp> {
        let count = u64::try_from(list.rounds.len()).unwrap_or(u64::MAX);
        self.rounds_of(count, place, |reader| {
            for round in &list.rounds {
                for (index, name) in list.names.iter().enumerate() {
                    let value = round.get(index).cloned().unwrap_or(0..0);
                    reader.set(name, values.part(value), place);
                }
                reader.logical(rest.clone(), &mut std::iter::empty())?;
            }
            Ok(())
        })
    }

    fn set(&mut self, name: &str, value: Rope, place: Span) {
        let value = Rc::from([value]);
        let definition = Definition { value, place };
        match self.definitions.get_mut(name) {
            Some(known) => *known = definition,
            None => {
                self.definitions.insert(name.into(), definition);
            }
        }
    }

    /// Does something in some rounds, unless there are too many of them.
    fn rounds_of(
        &mut self,
        count: u64,
        place: Span,
        work: impl FnOnce(&mut Self) -> Result<(), GivenUp>,
    ) -> Result<(), GivenUp> {
        let outside = self.rounds;
        let all = outside.saturating_mul(count);
        if all > MAX_ROUNDS {
            self.said.once(Code::ExpandsTooFar, || {
                let text = format!("these generators have {all} rounds");
                Diagnostic::error(Code::ExpandsTooFar, place, text)
                    .label(format!("at most {MAX_ROUNDS} rounds are done"))
            });
            return Err(GivenUp);
        }
        self.rounds = all;
        work(self)?;
        self.rounds = outside;
        Ok(())
    }

    /// A line of words: what is used in it is put in its place.
    fn statement(&mut self, line: Rope, lines: Lines<'_>) -> Result<(), GivenUp> {
        if let Some(at) = begins_anew(line.text()) {
            self.words(line.part(0..at), lines)?;
            return self.logical(line.part(at..line.text().len()), lines);
        }
        self.words(line, lines)
    }

    fn words(&mut self, line: Rope, lines: Lines<'_>) -> Result<(), GivenUp> {
        let before = line.as_written();
        let Substituted { line, more } = self.substitute(line)?;
        let changed = before.is_none() || line.as_written().is_none();
        if changed && is_special(line.text()) {
            self.logical(line, lines)?;
        } else if let Some(at) = begins_anew(line.text()).filter(|_| changed) {
            self.finished(&line.part(0..at))?;
            self.logical(line.part(at..line.text().len()), lines)?;
        } else {
            self.finished(&line)?;
        }
        // What was used last came first into the line.
        for (value, chain) in more.iter().rev() {
            for line in value.iter().skip(1) {
                self.logical(line.brought_by(*chain), &mut std::iter::empty())?;
            }
        }
        Ok(())
    }

    /// A line in which nothing is left to do.
    fn finished(&mut self, line: &Rope) -> Result<(), GivenUp> {
        let text = line.text();
        if let Some(include) = Include::parse(text) {
            let place = self.place(line, include.start..counted(text));
            let include = include.owned();
            self.include(place, &include);
            return Ok(());
        }
        self.include_check(line);
        if counted(text) == 0 {
            return Ok(());
        }
        let span = match line.as_written() {
            Some(written) => written,
            None => self.make(line)?,
        };
        self.lines.push(span);
        Ok(())
    }

    /// Adds a made line to the sources.
    fn make(&mut self, line: &Rope) -> Result<Span, GivenUp> {
        let text = line.text();
        if self.budget.line(text.len()).is_err() {
            return Err(self.exhausted(line));
        }
        let Some(span) = self.sources.add_made(text, line.pieces()) else {
            return Err(self.exhausted(line));
        };
        let ends = line.pieces().iter().skip(1).map(|piece| piece.at);
        let ends = ends.chain(std::iter::once(u32::MAX));
        for (piece, end) in line.pieces().iter().zip(ends) {
            if piece.kind == PieceKind::Undefined {
                let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
                self.said.doubt(span.part(at(piece.at), at(end)));
            }
        }
        Ok(span)
    }

    /// The place of a stretch for a diagnostic.
    pub(super) fn place(&mut self, line: &Rope, range: Range<usize>) -> Span {
        if let Some(written) = line.as_written() {
            self.hide_secrets(line.text(), written);
            return written.part(range.start, range.end);
        }
        let made = if self.said.is_full() {
            Err(GivenUp)
        } else {
            self.make(line)
        };
        match made {
            Ok(made) => {
                self.hide_secrets(line.text(), made);
                made.part(range.start, range.end)
            }
            Err(GivenUp) => self.outer(line, range.start),
        }
    }

    /// Hides passwords of a line that may not come to where all lines are searched for them.
    fn hide_secrets(&mut self, text: &str, line: Span) {
        for word in SECRETS {
            for (at, _) in text.match_indices(word) {
                let before = text.get(..at).and_then(|before| before.chars().last());
                let start = at.saturating_add(word.len());
                let rest = text.get(start..).unwrap_or("");
                let begins = before.is_none_or(|c| is_blank(c) || matches!(c, '{' | '}'));
                if begins && rest.starts_with(is_blank) {
                    self.said.hide(line.part(skip_to(text, start), text.len()));
                }
            }
        }
    }

    /// What was written for an offset of a line that cannot be shown.
    pub(super) fn outer(&self, line: &Rope, offset: usize) -> Span {
        let piece = line.piece_at(offset).or_else(|| line.pieces().first());
        let root = piece.and_then(|piece| self.sources.uses_of(piece.chain).last());
        root.map(|one| one.place)
            .or_else(|| piece.map(|piece| piece.place))
            .unwrap_or_else(|| self.sources.nowhere())
    }

    /// Pays for a step.
    pub(super) fn pay(&mut self, line: &Rope) -> Result<(), GivenUp> {
        match self.budget.step(line.text().len()) {
            Ok(()) => Ok(()),
            Err(Exhausted) => Err(self.exhausted(line)),
        }
    }

    pub(super) fn exhausted(&mut self, line: &Rope) -> GivenUp {
        let place = self.outer(line, 0);
        self.said.once(Code::ExpandsTooFar, || {
            Diagnostic::error(Code::ExpandsTooFar, place, "this becomes too much")
                .label("definitions and generators make too many lines of this")
                .because(super::budget::Budget::limits())
        });
        GivenUp
    }
}

/// The value of a definition in one of its lines.
fn value_part(line: &Rope, start: usize) -> Rope {
    let end = counted(line.text()).max(start);
    let text = line.text().get(start..end).unwrap_or("").trim_end();
    let text = text.strip_suffix('\\').unwrap_or(text).trim_end();
    line.part(start..start.saturating_add(text.len()))
}

/// True if a definition goes on behind this line.
fn ends_open(text: &str) -> bool {
    let counted = text.get(..counted(text)).unwrap_or("");
    [text, counted]
        .iter()
        .any(|text| text.trim_end().ends_with('\\'))
}

fn is_comment(text: &str) -> bool {
    text.trim_start().starts_with(['#', '!'])
}

/// True if the braces of a line do not fit together.
fn has_open_block(text: &str) -> bool {
    let mut scan = Scan::default();
    let mut open: i32 = 0;
    loop {
        match scan.next(text) {
            Some(Sign::Brace(at)) => {
                let opens = text.get(at..).is_some_and(|rest| rest.starts_with('{'));
                open = open.saturating_add(if opens { 1 } else { -1 });
            }
            Some(Sign::Dollar(_)) => {}
            Some(Sign::Comment(_)) | None => return open != 0,
        }
    }
}

fn first_word(text: &str) -> usize {
    text.find(is_blank).unwrap_or(text.len())
}

/// True for a line that has to be looked at again.
pub(super) fn is_special(text: &str) -> bool {
    let text = text.trim_start_matches(is_blank);
    text.starts_with('@')
        || matches!(definition::start(text, 0), Start::Definition(_)) && text.starts_with('$')
        || generator::start(text, 0).is_some()
}

/// Where a line begins anew: behind a brace, if that matters.
pub(super) fn begins_anew(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    loop {
        match scan.next(text)? {
            Sign::Comment(_) => return None,
            Sign::Dollar(at) => scan.skip_use(text, at),
            Sign::Brace(at) => {
                let behind = skip_to(text, at.saturating_add(1));
                let rest = text.get(behind..)?;
                if is_special(rest) || Include::parse(rest).is_some() {
                    return Some(behind);
                }
            }
        }
    }
}
