//! From lines to blocks as written, one statement of the outer level at a time.

use crate::diag::{Code, Diagnostic, Diagnostics, quote};
use crate::keyword::{self, Keyword, Section, Shape};
use crate::lexer::{self, Token, TokenKind};
use crate::source::{Sources, Span};
use std::borrow::Cow;

/// Blocks inside blocks; keepalived's own are four deep.
pub(crate) const MAX_DEPTH: usize = 32;

/// Words whose values are never shown, in whatever block.
pub(crate) const SECRETS: &[&str] = &["auth_pass", "key", "password"];

/// A word with its place.
#[derive(Clone, Debug)]
pub(crate) struct Text<'s> {
    /// Without quotation marks.
    pub(crate) text: Cow<'s, str>,
    /// With quotation marks.
    pub(crate) span: Span,
}

/// A word with what follows it.
#[derive(Debug)]
pub(crate) struct Statement<'s> {
    /// The first word.
    pub(crate) head: Text<'s>,
    /// The words behind it.
    pub(crate) args: Vec<Text<'s>>,
    /// Its row of the table, where it stands in a block of known words.
    pub(crate) keyword: Option<&'static Keyword>,
    /// The block behind it.
    pub(crate) block: Option<Block<'s>>,
}

/// What stands between braces.
#[derive(Debug)]
pub(crate) struct Block<'s> {
    /// The opening brace.
    pub(crate) open: Span,
    /// In their order.
    pub(crate) statements: Vec<Statement<'s>>,
}

impl Statement<'_> {
    /// All words behind the first, or the place where they are missing.
    pub(crate) fn args_span(&self) -> Span {
        match (self.args.first(), self.args.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => self.head.span.after(),
        }
    }

    /// The first word with all others.
    pub(crate) fn span(&self) -> Span {
        self.head.span.to(self.args_span())
    }
}

/// Reads statement after statement.
pub(crate) struct Tree<'s> {
    sources: &'s Sources,
    lines: &'s [Span],
    /// The next line that is to be read.
    next: usize,
    /// Lines that were read at least once; what is wrong with their words is said already.
    seen: usize,
    /// Line and place where the statement of the outer level began that is being read.
    began: (usize, u32),
    /// Words of the line that are not taken yet, the next one last.
    tokens: Vec<Token<'s>>,
    /// Blocks that are open, the innermost last.
    open: Vec<Open<'s>>,
    /// A finished statement of the outer level; a brace may still follow on the next line.
    done: Option<Statement<'s>>,
    /// Closing braces are missing: guess where.
    guessing: bool,
    /// An error about braces was said, so that the end of the text needs no further one.
    confused: bool,
    /// The statement that is being read is too deep to be of any use.
    useless: bool,
}

/// A block that is being read.
struct Open<'s> {
    statement: Statement<'s>,
    brace: Span,
    statements: Vec<Statement<'s>>,
    /// The words that are known inside; none where they are no words of the table.
    section: Option<Section>,
}

impl<'s> Tree<'s> {
    pub(crate) fn new(sources: &'s Sources, lines: &'s [Span]) -> Self {
        Self {
            sources,
            lines,
            next: 0,
            seen: 0,
            began: (0, 0),
            tokens: Vec::new(),
            open: Vec::new(),
            done: None,
            guessing: false,
            confused: false,
            useless: false,
        }
    }

    /// The next statement of the outer level.
    pub(crate) fn next(&mut self, said: &mut Diagnostics) -> Option<Statement<'s>> {
        loop {
            let Some(token) = self.token(said) else {
                if self.at_end(said) {
                    return self.done.take();
                }
                continue;
            };
            let before = match token.kind {
                TokenKind::Open => self.open_block(token.span, said),
                TokenKind::Close => self.close_block(token.span, said),
                TokenKind::Bare | TokenKind::Quoted => self.statement(token, said),
            };
            if before.is_some() {
                return before;
            }
        }
    }

    /// The next token, from the next line if need be.
    fn token(&mut self, said: &mut Diagnostics) -> Option<Token<'s>> {
        while self.tokens.is_empty() {
            let line = *self.lines.get(self.next)?;
            let mut again = Diagnostics::default();
            let said = if self.next < self.seen {
                &mut again
            } else {
                &mut *said
            };
            lexer::split_into(&mut self.tokens, self.sources.slice(line), line, said);
            self.tokens.reverse();
            self.next = self.next.saturating_add(1);
            self.seen = self.seen.max(self.next);
        }
        self.tokens.pop()
    }

    /// Goes back to where the open statement of the outer level began.
    fn read_again(&mut self, said: &mut Diagnostics) {
        let (line, start) = self.began;
        self.open.clear();
        self.tokens.clear();
        self.next = line;
        while let Some(token) = self.token(said) {
            if token.span.start >= start {
                self.tokens.push(token);
                return;
            }
        }
    }

    /// The next token if it stands in the same line and is a word.
    fn word(&mut self) -> Option<Token<'s>> {
        self.tokens.pop_if(|token| token.kind.is_word())
    }

    /// How many words come next in the same line.
    fn words_follow(&self) -> usize {
        let next = self.tokens.iter().rev();
        next.take_while(|token| token.kind.is_word()).count()
    }

    /// Takes the words of a statement. Gives the statement of the outer level that ended before.
    fn statement(&mut self, first: Token<'s>, said: &mut Diagnostics) -> Option<Statement<'s>> {
        if self.open.is_empty() {
            self.began = (self.next.saturating_sub(1), first.span.start);
        }
        let head = Text {
            text: first.text,
            span: first.span,
        };
        let mut args = Vec::with_capacity(self.words_follow());
        while let Some(token) = self.word() {
            args.push(Text {
                text: token.text,
                span: token.span,
            });
        }
        if self.guessing {
            self.close_forgotten(&head, said);
        }
        let section = self.section();
        let statement = Statement {
            keyword: section.and_then(|section| keyword::find(section, &head.text)),
            head,
            args,
            block: None,
        };
        if SECRETS.contains(&statement.head.text.as_ref()) {
            said.hide(statement.args_span());
        }
        let needs_block = statement
            .keyword
            .is_some_and(|keyword| keyword.shape.is_block());
        let before = self.add(statement);
        if needs_block && !self.brace_follows(said) {
            self.open_without_brace(said);
        }
        before
    }

    /// The words that are known here.
    fn section(&self) -> Option<Section> {
        match self.open.last() {
            Some(open) => open.section,
            None => Some(Section::Root),
        }
    }

    /// Adds a statement to the innermost block, or to the outer level.
    fn add(&mut self, statement: Statement<'s>) -> Option<Statement<'s>> {
        match self.open.last_mut() {
            Some(open) => {
                open.statements.push(statement);
                None
            }
            None if std::mem::take(&mut self.useless) => self.done.take(),
            None => self.done.replace(statement),
        }
    }

    /// True if the next token, on this line or a later one, is an opening brace.
    fn brace_follows(&mut self, said: &mut Diagnostics) -> bool {
        let Some(token) = self.token(said) else {
            return false;
        };
        let brace = token.kind == TokenKind::Open;
        self.tokens.push(token);
        brace
    }

    fn open_without_brace(&mut self, said: &mut Diagnostics) {
        let Some(statement) = self.take_last() else {
            return;
        };
        said.push(
            Diagnostic::error(
                Code::MissingOpen,
                statement.span(),
                format!("{} needs a block", quote(&statement.head.text)),
            )
            .label("`{` is missing behind this"),
        );
        self.confused = true;
        let brace = statement.span().after();
        self.push_open(statement, brace);
    }

    /// The last statement at this level, if it has no block yet.
    fn take_last(&mut self) -> Option<Statement<'s>> {
        match self.open.last_mut() {
            Some(open) => open
                .statements
                .pop_if(|statement| statement.block.is_none()),
            None => self.done.take_if(|statement| statement.block.is_none()),
        }
    }

    fn push_open(&mut self, statement: Statement<'s>, brace: Span) {
        let section = match statement.keyword.map(|keyword| keyword.shape) {
            Some(Shape::Block(section, _)) => Some(section),
            _ => None,
        };
        self.open.push(Open {
            statement,
            brace,
            statements: Vec::new(),
            section,
        });
    }

    fn open_block(&mut self, brace: Span, said: &mut Diagnostics) -> Option<Statement<'s>> {
        if self.open.len() >= MAX_DEPTH {
            self.too_deep(brace, said);
            return None;
        }
        match self.take_last() {
            Some(statement) => {
                self.push_open(statement, brace);
                None
            }
            None => {
                said.push_brace(
                    Diagnostic::error(Code::StrayOpen, brace, "this `{` belongs to no word")
                        .label("a word is expected before it"),
                );
                self.skip_block(said);
                None
            }
        }
    }

    fn too_deep(&mut self, brace: Span, said: &mut Diagnostics) {
        said.push(
            Diagnostic::error(
                Code::TooDeep,
                brace,
                format!("more than {MAX_DEPTH} blocks inside each other"),
            )
            .help("is a `}` missing before this?"),
        );
        self.confused = true;
        self.useless = true;
        self.skip_block(said);
    }

    /// Passes over everything up to the closing brace of a block.
    fn skip_block(&mut self, said: &mut Diagnostics) {
        let mut depth = 1_usize;
        while depth > 0 {
            let Some(token) = self.token(said) else {
                self.confused = true;
                return;
            };
            match token.kind {
                TokenKind::Open => depth = depth.saturating_add(1),
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Bare | TokenKind::Quoted => {}
            }
        }
    }

    fn close_block(&mut self, brace: Span, said: &mut Diagnostics) -> Option<Statement<'s>> {
        let Some(open) = self.open.pop() else {
            // A line that was not read may have held the brace.
            if !self.confused && !said.is_incomplete() {
                said.push_brace(
                    Diagnostic::error(Code::ExtraClose, brace, "this `}` closes no block")
                        .label("there is no open block here"),
                );
                self.confused = true;
            }
            return None;
        };
        self.finish(open)
    }

    /// Puts a block that has ended where it belongs.
    fn finish(&mut self, open: Open<'s>) -> Option<Statement<'s>> {
        let statement = Statement {
            block: Some(Block {
                open: open.brace,
                statements: open.statements,
            }),
            ..open.statement
        };
        self.add(statement)
    }

    /// At the end of the text: true if there is nothing more to read. Where blocks are open, the
    /// outermost of them is read once more, now with guesses where a brace is missing.
    fn at_end(&mut self, said: &mut Diagnostics) -> bool {
        let Some(innermost) = self.open.last() else {
            return true;
        };
        self.confused |= said.is_incomplete();
        if !self.guessing && !self.confused {
            self.guessing = true;
            self.read_again(said);
            return false;
        }
        if !self.confused {
            let text = format!("{} is not closed", quote(&innermost.statement.head.text));
            said.push_brace(
                Diagnostic::error(Code::OpenBlock, innermost.brace, text)
                    .label("`}` for this `{` is missing"),
            );
            self.confused = true;
        }
        self.close_down_to(0);
        true
    }

    /// Closes all but some of the open blocks.
    fn close_down_to(&mut self, keep: usize) {
        while self.open.len() > keep {
            if let Some(open) = self.open.pop() {
                let before = self.finish(open);
                debug_assert!(
                    before.is_none(),
                    "the outer level has one statement at a time"
                );
            }
        }
    }

    /// Closes blocks in which a word is not known, if it is known in a block around them.
    fn close_forgotten(&mut self, head: &Text<'s>, said: &mut Diagnostics) {
        let knows = |section: Option<Section>| {
            section.is_some_and(|section| keyword::find(section, &head.text).is_some())
        };
        if knows(self.section()) {
            return;
        }
        let around = |depth: usize| match depth.checked_sub(1) {
            Some(index) => self.open.get(index).and_then(|open| open.section),
            None => Some(Section::Root),
        };
        let keep = (0..self.open.len())
            .rev()
            .find(|depth| knows(around(*depth)));
        let (Some(keep), Some(innermost)) = (keep, self.open.last()) else {
            return;
        };
        let name = quote(&innermost.statement.head.text);
        said.push(
            Diagnostic::error(
                Code::OpenBlock,
                head.span,
                format!("{name} is still open here"),
            )
            .label("`}` is missing before this")
            .also(innermost.brace, "the block begins here"),
        );
        self.confused = true;
        self.close_down_to(keep);
    }
}
