//! From lines to what they consist of.

use crate::diag::{Code, Diagnostics};
use crate::lexer::{self, Token, TokenKind};
use crate::reader::include::Include;
use crate::source::{Sources, Span};

/// Something that keeps its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// Where it stands.
    pub(super) span: Span,
}

/// Kinds of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty line.
    Blank,
    /// A comment with a line of its own.
    Comment(String),
    /// A comment behind something else on its line.
    Trailing(String),
    /// Words of one statement, with single blanks between them.
    Words(Words),
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// A line that stays as written: an include, a condition, a generator, and lines that would
    /// become one of these if they were divided.
    Whole(Whole),
    /// A line of a definition, with its blanks.
    Verbatim(String),
}

/// A statement without its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) text: String,
    /// Parameters stand among them.
    pub(super) parameter: bool,
    /// A brace may be put behind them. Behind a parameter it may not, unless it is there already:
    /// the parameter may stand for several lines.
    pub(super) joins: bool,
}

/// A line that stays as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) text: String,
    /// `@…`: such lines are alternatives.
    pub(super) condition: bool,
    /// Closing braces before anything else.
    pub(super) leading_closes: usize,
    /// All opening and closing braces.
    pub(super) opens: usize,
    pub(super) closes: usize,
}

/// True if two files consist of the same; empty lines and the place of comments do not matter.
pub(super) fn same(one: &[Item], other: &[Item]) -> bool {
    meaning(one).eq(meaning(other)) && comments(one).eq(comments(other))
}

fn meaning(items: &[Item]) -> impl Iterator<Item = &Kind> {
    items
        .iter()
        .map(|item| &item.kind)
        .filter(|kind| !matches!(kind, Kind::Blank | Kind::Comment(_) | Kind::Trailing(_)))
}

fn comments(items: &[Item]) -> impl Iterator<Item = &str> {
    items.iter().filter_map(|item| match &item.kind {
        Kind::Comment(text) | Kind::Trailing(text) => Some(text.as_str()),
        _ => None,
    })
}

/// True for a line that begins a definition, behind a condition as well.
pub(super) fn is_definition(text: &str) -> bool {
    let text = text.trim_start_matches(lexer::is_blank);
    let rest = match text.strip_prefix('@') {
        Some(condition) => condition
            .trim_start_matches(|c| !lexer::is_blank(c))
            .trim_start_matches(lexer::is_blank),
        None => text,
    };
    crate::reader::text::definition(rest).is_some()
}

/// True if a definition goes on behind this line: a backslash is last, but for a comment.
fn goes_on(text: &str) -> bool {
    let is_open = |text: &str| text.trim_end().ends_with('\\');
    let mut comments = text.match_indices(['#', '!']);
    is_open(text)
        || comments.any(|(at, _)| {
            let before = text.get(..at).unwrap_or("");
            before.ends_with(lexer::is_blank) && is_open(before)
        })
}

/// A definition goes on while its lines end with a backslash; comments between them do not end it.
pub(super) fn definition(
    sources: &Sources,
    first: Span,
    rest: &mut impl Iterator<Item = Span>,
    items: &mut Vec<Item>,
) {
    let mut line = Some(first);
    while let Some(span) = line {
        let text = sources.slice(span).trim_end();
        let kind = Kind::Verbatim(text.to_owned());
        items.push(Item { kind, span });
        let is_comment = text.trim_start().starts_with(['#', '!']);
        line = match is_comment || goes_on(text) {
            true => rest.next(),
            false => None,
        };
    }
}

/// Takes a line apart.
pub(super) fn line(text: &str, span: Span, said: &mut Diagnostics, items: &mut Vec<Item>) {
    let masked = mask(text);
    let mut lexed = Diagnostics::default();
    let line = Line::new(text, span, lexer::split(&masked, span, &mut lexed));
    // All else that is wrong with characters is repaired here.
    said.adopt(lexed, &[Code::OpenQuote]);
    if line.stays() {
        let kind = Kind::Whole(line.whole());
        items.push(Item { kind, span });
        return;
    }
    let before = items.len();
    line.statements(items);
    let comment = line.comment();
    let kind = match (items.len() > before, comment) {
        (true, None) => return,
        (false, None) => Kind::Blank,
        (true, Some(comment)) => Kind::Trailing(comment),
        (false, Some(comment)) => Kind::Comment(comment),
    };
    items.push(Item { kind, span });
}

/// The line with each `${NAME}` made one word of the same length, so that its braces are none.
fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        masked.push_str(before);
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ');
        let end = behind.find(|c| !inside(c)).unwrap_or(behind.len());
        match behind.get(end..).and_then(|tail| tail.strip_prefix('}')) {
            Some(tail) => {
                masked.push_str(&"$".repeat(end.saturating_add(3)));
                rest = tail;
            }
            None => {
                masked.push_str("${");
                rest = behind;
            }
        }
    }
    masked.push_str(rest);
    masked
}

/// True where a statement at the start of a line would be more than a statement.
fn is_special(text: &str) -> bool {
    text.starts_with('@')
        || text.starts_with("~SEQ")
        || text.starts_with("~LST")
        || crate::reader::text::definition(text).is_some()
        || Include::parse(text).is_some()
}

/// True where a parameter may stand for this.
fn has_parameter(text: &str) -> bool {
    text.split('$')
        .skip(1)
        .any(|behind| behind.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic()))
}

struct Line<'a> {
    text: &'a str,
    span: Span,
    tokens: Vec<Token<'a>>,
}

impl<'a> Line<'a> {
    fn new(text: &'a str, span: Span, tokens: Vec<Token<'_>>) -> Self {
        let tokens = tokens.into_iter().map(|token| Token {
            kind: token.kind,
            text: token.text.into_owned().into(),
            span: token.span,
        });
        Self {
            text,
            span,
            tokens: tokens.collect(),
        }
    }

    /// The text between two offsets of the file.
    fn slice(&self, start: u32, end: u32) -> &'a str {
        let at = |offset: u32| usize::try_from(offset.saturating_sub(self.span.start)).ok();
        match (at(start), at(end)) {
            (Some(start), Some(end)) => self.text.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    fn is_brace(token: &Token<'_>) -> bool {
        matches!(token.kind, TokenKind::Open | TokenKind::Close)
    }

    /// Words between braces, each run a statement.
    fn runs(&self) -> impl Iterator<Item = &[Token<'a>]> {
        self.tokens
            .split(Self::is_brace)
            .filter(|run| !run.is_empty())
    }

    /// True for a line that must not be divided.
    fn stays(&self) -> bool {
        if is_special(self.text.trim_matches(lexer::is_blank)) {
            return true;
        }
        let mut runs = self.runs();
        let at_start = self
            .tokens
            .first()
            .is_some_and(|first| !Self::is_brace(first));
        if at_start {
            runs.next();
        }
        runs.any(|run| is_special(self.rest(run)))
            || self.divides_a_parameter()
            || self.frees_a_parameter()
    }

    /// True where a brace touches `$NAME`, which is no parameter there; with a blank it would be one.
    fn frees_a_parameter(&self) -> bool {
        self.tokens.windows(2).any(|pair| match pair {
            [word, brace] => {
                Self::is_brace(brace)
                    && word.span.end == brace.span.start
                    && has_parameter(&word.text)
            }
            _ => false,
        })
    }

    /// The line from a run of words on.
    fn rest(&self, run: &[Token<'_>]) -> &'a str {
        run.first()
            .map_or("", |first| self.slice(first.span.start, self.span.end))
    }

    /// True where a parameter stands among braces of one line: it may hold some itself.
    fn divides_a_parameter(&self) -> bool {
        let simple = match self.tokens.as_slice() {
            [] => true,
            [first, middle @ .., last] => {
                !middle.iter().any(Self::is_brace)
                    && first.kind != TokenKind::Open
                    && last.kind != TokenKind::Close
                    && !(first.kind == TokenKind::Close && last.kind == TokenKind::Open)
            }
            [_] => true,
        };
        !simple && has_parameter(self.slice(self.span.start, self.end()))
    }

    /// The end of the last token.
    fn end(&self) -> u32 {
        self.tokens
            .last()
            .map_or(self.span.start, |token| token.span.end)
    }

    fn whole(&self) -> Whole {
        let count = |kind| {
            self.tokens
                .iter()
                .filter(|token| token.kind == kind)
                .count()
        };
        let text = self.text.trim_matches(lexer::is_blank);
        let leading = self.tokens.iter();
        Whole {
            text: text.to_owned(),
            condition: text.starts_with('@'),
            leading_closes: leading
                .take_while(|token| token.kind == TokenKind::Close)
                .count(),
            // The braces of an include are alternatives.
            opens: if Include::parse(text).is_some() {
                0
            } else {
                count(TokenKind::Open)
            },
            closes: if Include::parse(text).is_some() {
                0
            } else {
                count(TokenKind::Close)
            },
        }
    }

    /// Statements and braces in their order.
    fn statements(&self, items: &mut Vec<Item>) {
        let mut rest = self.tokens.as_slice();
        while let Some(first) = rest.first() {
            let words = rest.iter().position(Self::is_brace).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(words.max(1));
            let last = run.last().unwrap_or(first);
            let kind = match first.kind {
                TokenKind::Open => Kind::Open,
                TokenKind::Close => Kind::Close,
                TokenKind::Bare | TokenKind::Quoted => {
                    let text = self.words(run);
                    let parameter = has_parameter(&text);
                    let brace = behind
                        .first()
                        .is_some_and(|next| next.kind == TokenKind::Open);
                    Kind::Words(Words {
                        text,
                        parameter,
                        joins: brace || !parameter,
                    })
                }
            };
            let span = first.span.to(last.span);
            items.push(Item { kind, span });
            rest = behind;
        }
    }

    /// Words with one blank where there were some, and plain quotation marks.
    fn words(&self, run: &[Token<'_>]) -> String {
        let literal = run.iter().any(is_literal);
        let mut text = String::new();
        let mut before: Option<&Token<'_>> = None;
        for token in run {
            let gap = before.map_or("", |before| self.slice(before.span.end, token.span.start));
            if literal {
                text.push_str(gap);
            } else if !gap.is_empty() {
                text.push(' ');
            }
            // Not the token's text: parameters are masked there.
            let raw = self.slice(token.span.start, token.span.end);
            match token.kind {
                TokenKind::Quoted => push_quoted(&mut text, raw, literal),
                TokenKind::Bare | TokenKind::Open | TokenKind::Close => text.push_str(raw),
            }
            before = Some(token);
        }
        text
    }

    /// What is behind the last token, as a comment that keepalived knows too.
    fn comment(&self) -> Option<String> {
        let behind = self.slice(self.end(), self.span.end);
        let comment = behind.trim_start_matches(lexer::is_blank).trim_end();
        match comment.strip_prefix("//") {
            _ if comment.is_empty() => None,
            Some(rest) => Some(format!("#{rest}")),
            None => Some(comment.to_owned()),
        }
    }
}

/// Where blanks may count as they are: command lines have single quotation marks and escapes that
/// the lexer does not know, and a pattern is taken literally.
fn is_literal(token: &Token<'_>) -> bool {
    token.text.contains(['\'', '\\']) || (token.kind == TokenKind::Bare && token.text == "regex")
}

/// A quoted word with its marks, and with the blanks that were meant.
fn push_quoted(text: &mut String, raw: &str, literal: bool) {
    let mut inner = raw.chars();
    inner.next();
    inner.next_back();
    let plain = |c: char| !literal && !c.is_ascii() && lexer::is_blank(c);
    text.push('"');
    text.extend(inner.map(|c| if plain(c) { ' ' } else { c }));
    text.push('"');
}
