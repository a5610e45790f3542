//! `regex` of a page. It is searched for in linear time, so what needs more is refused here.

use super::idle;
use crate::diag::{Code, Diagnostic, quote};
use crate::keyword::Word;
use crate::lower::Context;
use crate::lower::settings::{Setting, Settings, Value};
use crate::model::BodyPattern;
use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionOp};
use regex_syntax::{ParserBuilder, hir};

/// Brackets in brackets.
const NEST_LIMIT: u32 = 100;

/// Options that change what fits, and are carried out.
const USED: &[&str] = &[
    "anchored",
    "caseless",
    "dollar_endonly",
    "dotall",
    "extended",
    "multiline",
    "ucp",
    "ungreedy",
    "utf",
];

/// Options that change how PCRE searches, not what fits.
const IDLE: &[&str] = &[
    "alt_verbnames",
    "auto_callout",
    "dupnames",
    "never_backslash_c",
    "never_ucp",
    "never_utf",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "no_utf_check",
    "use_offset_limit",
];

/// Options that change what fits, and cannot be carried out.
const REFUSED: &[&str] = &[
    "allow_empty_class",
    "alt_bsux",
    "alt_circumflex",
    "endanchored",
    "firstline",
    "literal",
    "match_unset_backref",
];

/// The pattern of a page with its options.
pub(super) fn pattern(cx: &mut Context<'_>, settings: &Settings) -> Option<BodyPattern> {
    let Some(setting) = settings.get(Word::Regex) else {
        for word in [
            Word::RegexOptions,
            Word::RegexNoMatch,
            Word::RegexMinOffset,
            Word::RegexMaxOffset,
        ] {
            idle(cx, settings, word, "there is no `regex`");
        }
        return None;
    };
    let Value::Text(pattern) = &setting.value else {
        return None;
    };
    let options = options(cx, settings);
    let mut body = BodyPattern {
        pattern: pattern.clone(),
        options,
        invert: settings.has(Word::RegexNoMatch),
        min_offset: settings.number(Word::RegexMinOffset).unwrap_or(0),
        max_offset: settings.number(Word::RegexMaxOffset),
        needs_pcre: false,
    };
    parse(cx, setting, &mut body);
    offsets(cx, settings, &body);
    Some(body)
}

/// A range without a byte in it.
fn offsets(cx: &mut Context<'_>, settings: &Settings, body: &BodyPattern) {
    if let (Some(last), Some(setting)) = (body.max_offset, settings.get(Word::RegexMaxOffset))
        && last < body.min_offset
    {
        let text = format!(
            "nothing begins at or behind byte {} and at or before {last}",
            body.min_offset
        );
        cx.push(
            Diagnostic::warning(Code::NeverSucceeds, setting.span, text)
                .label("the pattern can never fit"),
        );
    }
}

/// The words that are known, as written.
fn options(cx: &mut Context<'_>, settings: &Settings) -> Vec<String> {
    let Some(setting) = settings.get(Word::RegexOptions) else {
        return Vec::new();
    };
    let Value::Words(words) = &setting.value else {
        return Vec::new();
    };
    let mut known = Vec::new();
    for word in words {
        let is_in = |list: &[&str]| list.iter().any(|name| name.eq_ignore_ascii_case(word));
        if is_in(REFUSED) {
            let text = format!("{} cannot be carried out", quote(word));
            cx.push(
                Diagnostic::error(Code::RegexTooMuch, setting.span, text)
                    .label("this option changes what the pattern fits"),
            );
        } else if is_in(USED) || is_in(IDLE) {
            known.push(word.clone());
        } else {
            let names = USED.iter().chain(IDLE).copied();
            let near = cx.nearest(word, names);
            let text = format!("unknown option {}", quote(word));
            let diagnostic = cx
                .refusal(Code::UnknownOption, setting.span, text)
                .label("not known as an option of a pattern")
                .because("keepalived ignores it without a word")
                .maybe_help(near.map(|near| format!("did you mean `{near}`?")));
            cx.push(diagnostic);
        }
    }
    known
}

/// Says what is wrong with a pattern, and which search it needs.
fn parse(cx: &mut Context<'_>, setting: &Setting, body: &mut BodyPattern) {
    let Some((code, what)) = not_linear(body) else {
        return;
    };
    let diagnostic = match by_pcre(body) {
        Some(Ok(())) => {
            body.needs_pcre = true;
            return;
        }
        Some(Err(reason)) => unreadable(setting, reason),
        None if code == Code::RegexTooMuch => Diagnostic::error(
            code,
            setting.span,
            "this pattern needs more than holdfast's search can do",
        )
        .label(what)
        .because("the search takes a time that grows with the page only")
        .help(
            "leave out look-around, back-references and the like, or build holdfast with the \
             feature `pcre`",
        ),
        None => unreadable(setting, what),
    };
    cx.push(diagnostic);
}

fn unreadable(setting: &Setting, what: String) -> Diagnostic {
    Diagnostic::error(
        Code::BadPattern,
        setting.span,
        "this pattern cannot be read",
    )
    .label(what)
}

/// Whether PCRE2 knows the pattern; `None` where this program is built without it.
#[cfg(feature = "pcre")]
fn by_pcre(body: &BodyPattern) -> Option<Result<(), String>> {
    if body.has_option("dollar_endonly") {
        return Some(Err(
            "`dollar_endonly` is not carried out for what only PCRE knows".to_owned(),
        ));
    }
    if ["(?R)", "(?0)"]
        .iter()
        .any(|whole| body.pattern.contains(whole))
    {
        return Some(Err(
            "the whole pattern cannot be inside itself; name a part of it".to_owned(),
        ));
    }
    Some(crate::model::pcre::Pcre::new(body).map(drop))
}

#[cfg(not(feature = "pcre"))]
const fn by_pcre(_body: &BodyPattern) -> Option<Result<(), String>> {
    None
}

/// What a linear search cannot do, or cannot read.
fn not_linear(body: &BodyPattern) -> Option<(Code, String)> {
    let pattern = &body.pattern;
    let has = |name| body.has_option(name);
    let mut parser = ParserBuilder::new()
        .nest_limit(NEST_LIMIT)
        .utf8(false)
        .unicode(has("utf") || has("ucp"))
        .case_insensitive(has("caseless"))
        .multi_line(has("multiline"))
        .dot_matches_new_line(has("dotall"))
        .ignore_whitespace(has("extended"))
        .swap_greed(has("ungreedy"))
        .build();
    match parser.parse(pattern) {
        Ok(_) => possessive(pattern, has("extended")).then(|| {
            (
                Code::RegexTooMuch,
                "a repetition that gives nothing back (`a++`)".to_owned(),
            )
        }),
        Err(regex_syntax::Error::Parse(error)) => Some(too_much(&error)),
        Err(regex_syntax::Error::Translate(error)) => Some(translation(&error)),
        Err(error) => Some((Code::BadPattern, error.to_string())),
    }
}

/// What PCRE has and a linear search has not, told from what is no pattern at all.
fn too_much(error: &ast::Error) -> (Code, String) {
    use ast::ErrorKind;
    let place = error.span().start.offset;
    let rest = error.pattern().get(place..).unwrap_or("");
    let before = error.pattern().get(..place).unwrap_or("");
    match error.kind() {
        ErrorKind::UnsupportedLookAround => (Code::RegexTooMuch, "look-around".to_owned()),
        ErrorKind::UnsupportedBackreference => (Code::RegexTooMuch, "a back-reference".to_owned()),
        ErrorKind::FlagUnrecognized if rest.starts_with('>') => {
            (Code::RegexTooMuch, "an atomic group".to_owned())
        }
        ErrorKind::FlagUnrecognized if rest.starts_with(['(', '|', '&', '+', '0', '1']) => (
            Code::RegexTooMuch,
            "a condition, reset or recursion".to_owned(),
        ),
        ErrorKind::EscapeUnrecognized | ErrorKind::FlagUnrecognized
            if before.ends_with('(') || before.ends_with("(?") || rest.starts_with('\\') =>
        {
            (
                Code::RegexTooMuch,
                format!(
                    "{}, which only PCRE knows",
                    quote(&rest.chars().take(2).collect::<String>())
                ),
            )
        }
        kind => (Code::BadPattern, kind.to_string()),
    }
}

fn translation(error: &hir::Error) -> (Code, String) {
    (Code::BadPattern, error.kind().to_string())
}

/// `a++`, `a*+`, `a?+` are one repetition in PCRE, and two inside each other here.
fn possessive(pattern: &str, extended: bool) -> bool {
    let mut parser = ast::parse::ParserBuilder::new()
        .nest_limit(NEST_LIMIT)
        .ignore_whitespace(extended)
        .build();
    let Ok(ast) = parser.parse(pattern) else {
        return false;
    };
    struct Finder(bool);
    impl ast::Visitor for Finder {
        type Output = bool;
        type Err = std::convert::Infallible;

        fn finish(self) -> Result<bool, Self::Err> {
            Ok(self.0)
        }

        fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
            if let Ast::Repetition(outer) = ast
                && is_plus(&outer.op)
                && matches!(*outer.ast, Ast::Repetition(_))
            {
                self.0 = true;
            }
            Ok(())
        }
    }
    ast::visit(&ast, Finder(false)).unwrap_or(false)
}

fn is_plus(op: &RepetitionOp) -> bool {
    matches!(op.kind, RepetitionKind::OneOrMore)
}
