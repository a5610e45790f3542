//! From a line to words and braces. Comments, quotation marks and blanks end here.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use std::borrow::Cow;

/// A word or a brace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'s> {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// A word's text without quotation marks; the brace itself.
    pub(crate) text: Cow<'s, str>,
    /// Where it stands, with its quotation marks.
    pub(crate) span: Span,
}

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word without quotation marks.
    Bare,
    /// A word in quotation marks.
    Quoted,
    /// `{`.
    Open,
    /// `}`.
    Close,
}

impl TokenKind {
    /// True for what is no brace.
    pub(crate) const fn is_word(self) -> bool {
        match self {
            Self::Bare | Self::Quoted => true,
            Self::Open | Self::Close => false,
        }
    }
}

/// Splits a line. What is wrong with its characters is said; the rest is still good.
pub(crate) fn split<'s>(text: &'s str, line: Span, said: &mut Diagnostics) -> Vec<Token<'s>> {
    let mut tokens = Vec::new();
    split_into(&mut tokens, text, line, said);
    tokens
}

/// The same into a list that is empty.
pub(crate) fn split_into<'s>(
    tokens: &mut Vec<Token<'s>>,
    text: &'s str,
    line: Span,
    said: &mut Diagnostics,
) {
    let mut lexer = Lexer {
        text,
        line,
        at: 0,
        odd: false,
        tokens,
        said,
    };
    while lexer.token() {}
    lexer.stray_backslash();
}

struct Lexer<'s, 'd> {
    text: &'s str,
    line: Span,
    at: usize,
    /// The line has a blank that is none.
    odd: bool,
    tokens: &'d mut Vec<Token<'s>>,
    said: &'d mut Diagnostics,
}

impl<'s> Lexer<'s, '_> {
    /// Takes one token; false at the end of the line or at a comment.
    fn token(&mut self) -> bool {
        self.skip_blanks();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return false;
        };
        match first {
            '#' | '!' => return false,
            '{' => self.brace(TokenKind::Open),
            '}' => self.brace(TokenKind::Close),
            '"' => self.quoted(first, '"'),
            '\u{201c}' | '\u{201d}' | '\u{201e}' => {
                self.odd_quote(first);
                self.quoted(first, '\u{201d}');
            }
            '/' if rest.starts_with("//") && self.is_remark() => {
                self.remark();
                return false;
            }
            _ => self.bare(),
        }
        true
    }

    /// A backslash at the end of a line joins lines in a definition only.
    fn stray_backslash(&mut self) {
        let is_stray = |token: &mut Token<'_>| token.kind == TokenKind::Bare && token.text == "\\";
        if let Some(token) = self.tokens.pop_if(is_stray) {
            self.said.once(Code::StrayBackslash, || {
                let text = "this backslash does not join lines";
                Diagnostic::warning(Code::StrayBackslash, token.span, text)
                    .label("ignored")
                    .because("only the value of a definition `$NAME=…` goes on in the next line")
            });
        }
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        for c in self.rest().chars() {
            if !is_blank(c) {
                return;
            }
            if !c.is_ascii() {
                self.odd_blank(c);
            }
            self.at = self.at.saturating_add(c.len_utf8());
        }
    }

    fn span(&self, start: usize) -> Span {
        self.line.part(start, self.at)
    }

    fn push(&mut self, kind: TokenKind, text: Cow<'s, str>, start: usize) {
        let span = self.span(start);
        self.tokens.push(Token { kind, text, span });
    }

    fn brace(&mut self, kind: TokenKind) {
        let start = self.at;
        self.at = start.saturating_add(1);
        let text = self.text.get(start..self.at).unwrap_or("");
        self.push(kind, text.into(), start);
    }

    /// A word up to the closing mark. There are no escapes inside.
    fn quoted(&mut self, open: char, close: char) {
        let start = self.at;
        let inner = self.rest().get(open.len_utf8()..).unwrap_or("");
        let end = inner.find([close, '"']);
        let (word, mark) = match end {
            Some(end) => {
                let (word, rest) = inner.split_at(end);
                (word, rest.chars().next().map_or(0, char::len_utf8))
            }
            None => (inner, 0),
        };
        self.at = start
            .saturating_add(open.len_utf8())
            .saturating_add(word.len())
            .saturating_add(mark);
        if end.is_none() {
            self.open_quote(start);
        }
        let word = self.plain_blanks(word, start);
        self.push(TokenKind::Quoted, word, start);
    }

    /// A word up to a blank, a quotation mark, a brace or a comment. A backslash protects the
    /// signs of a comment.
    fn bare(&mut self) {
        let start = self.at;
        let mut word = Cow::Borrowed("");
        let mut from = start;
        loop {
            let rest = self.rest();
            let plain = rest.bytes().take_while(|byte| is_plain(*byte)).count();
            self.at = self.at.saturating_add(plain);
            let rest = rest.get(plain..).unwrap_or("");
            let Some(c) = rest.chars().next() else {
                break;
            };
            if rest.starts_with("\\#") || rest.starts_with("\\!") {
                word.to_mut()
                    .push_str(self.text.get(from..self.at).unwrap_or(""));
                from = self.at.saturating_add(1);
                self.at = from.saturating_add(1);
                continue;
            }
            if is_blank(c) || matches!(c, '"' | '{' | '}' | '#' | '!') {
                break;
            }
            self.at = self.at.saturating_add(c.len_utf8());
        }
        let rest = self.text.get(from..self.at).unwrap_or("");
        match word.is_empty() {
            true => word = rest.into(),
            false => word.to_mut().push_str(rest),
        }
        self.push(TokenKind::Bare, word, start);
    }

    /// A quoted text with its odd blanks replaced.
    fn plain_blanks(&mut self, word: &'s str, start: usize) -> Cow<'s, str> {
        let odd = |c: char| !c.is_ascii() && is_blank(c);
        let Some(c) = word.chars().find(|c| odd(*c)) else {
            return word.into();
        };
        let place = self.span(start);
        self.said.once(Code::OddBlank, || odd_blank(c, place));
        word.replace(odd, " ").into()
    }

    /// True where `//` begins a remark: behind a word or at the start of a line, but not as the
    /// value of `path`, which may well begin with two slashes.
    fn is_remark(&self) -> bool {
        match self.tokens.as_slice() {
            [.., last] => last.text != "path" || last.kind != TokenKind::Bare,
            [] => true,
        }
    }

    fn remark(&mut self) {
        let place = self.line.part(self.at, self.text.trim_end().len());
        self.said.once(Code::SlashRemark, || {
            Diagnostic::warning(Code::SlashRemark, place, "`//` does not start a comment")
                .label("read as a comment here")
                .because("keepalived takes these words as values or as unknown words")
                .help("a comment starts with `#` or `!`")
        });
    }

    fn odd_blank(&mut self, c: char) {
        let place = self
            .line
            .part(self.at, self.at.saturating_add(c.len_utf8()));
        // One for each line, not for each blank: the count is of lines.
        if !std::mem::replace(&mut self.odd, true) {
            self.said.once(Code::OddBlank, || odd_blank(c, place));
        }
    }

    fn odd_quote(&mut self, c: char) {
        let place = self
            .line
            .part(self.at, self.at.saturating_add(c.len_utf8()));
        self.said.once(Code::OddQuote, || {
            let text = format!(
                "this looks like a quotation mark but is U+{:04X}, probably pasted from a web page",
                u32::from(c)
            );
            Diagnostic::error(Code::OddQuote, place, text).help("write `\"`")
        });
    }

    fn open_quote(&mut self, start: usize) {
        let place = self.line.part(start, self.text.trim_end().len());
        self.said.push(
            Diagnostic::error(Code::OpenQuote, place, "this quotation has no end")
                .label("`\"` is missing on this line"),
        );
    }
}

/// True for a byte that belongs to a word, wherever it stands.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':' | b'/')
}

fn odd_blank(c: char, place: Span) -> Diagnostic {
    let name = match c {
        '\u{a0}' => " (no-break space)",
        '\u{3000}' => " (ideographic space)",
        '\u{200b}' => " (zero width space)",
        '\u{feff}' => " (byte order mark)",
        _ => "",
    };
    let text = format!(
        "this looks like a space but is U+{:04X}{name}, probably pasted from a web page",
        u32::from(c)
    );
    Diagnostic::warning(Code::OddBlank, place, text)
        .help("read as a space; `holdfastctl fmt -w` replaces it")
}

/// Blanks, and what looks like one.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace()
        || c == '\u{b}'
        || (!c.is_ascii() && (c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    /// Words in order, quoted ones in double quotes, and the number of things said.
    fn lex(text: &str) -> (Vec<String>, usize) {
        let mut sources = Sources::default();
        let file = sources.add("t".into(), text.into());
        let line = sources.line(file, 0).unwrap();
        let mut said = Diagnostics::default();
        let words = split(sources.slice(line), line, &mut said)
            .into_iter()
            .map(|token| match token.kind {
                TokenKind::Quoted => format!("\"{}\"", token.text),
                TokenKind::Bare | TokenKind::Open | TokenKind::Close => token.text.into_owned(),
            })
            .collect();
        (words, crate::diag::Report::new(sources, said).lines().len())
    }

    fn words(text: &str) -> Vec<String> {
        let (words, said) = lex(text);
        assert_eq!(said, 0, "{text}");
        words
    }

    #[test]
    fn a_comment_starts_anywhere_outside_quotes() {
        assert_eq!(words("interface eth0#x"), ["interface", "eth0"]);
        assert_eq!(words("a \"b # ! c\" ! d"), ["a", "\"b # ! c\""]);
        assert_eq!(words("auth_pass a\\#b\\!c"), ["auth_pass", "a#b!c"]);
        assert_eq!(words("  ! Configuration"), [""; 0]);
    }

    #[test]
    fn braces_split_words() {
        assert_eq!(words("unicast_peer{"), ["unicast_peer", "{"]);
        assert_eq!(words("a { b } c"), ["a", "{", "b", "}", "c"]);
        assert_eq!(words("a \"{\""), ["a", "\"{\""]);
    }

    #[test]
    fn a_quotation_mark_ends_a_bare_word() {
        assert_eq!(words("a\"b c\"d"), ["a", "\"b c\"", "d"]);
        assert_eq!(lex("a \"b c"), (vec!["a".to_owned(), "\"b c\"".into()], 1));
    }

    #[test]
    fn blanks_from_web_pages_are_blanks() {
        assert_eq!(
            lex("\u{a0} a\u{a0}b\u{3000}"),
            (vec!["a".to_owned(), "b".into()], 1)
        );
        assert_eq!(lex("# \u{a0}"), (vec![], 0));
    }

    #[test]
    fn slashes_behind_a_word_are_a_remark_unless_they_are_a_path() {
        assert_eq!(lex("nopreempt // x"), (vec!["nopreempt".to_owned()], 1));
        assert_eq!(words("path //x"), ["path", "//x"]);
        assert_eq!(words("a http://x"), ["a", "http://x"]);
    }
}
