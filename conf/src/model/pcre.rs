//! Patterns that need more than linear time, by PCRE2, within bounds.
//!
//! PCRE2 goes back and tries again, so a page can be made on which a pattern takes for ever. A search
//! here is a row of attempts, one at each byte. An attempt may take few steps at first; one that
//! needs more is repeated with more, as long as all of them together stay below a sum.

use super::BodyPattern;
use pcre2::bytes::{Regex, RegexBuilder};
use std::fmt;

/// Bytes of a body that are searched. PCRE2 does not count the bytes that a repetition such as `a*+`
/// runs over; one that runs to the end from each of these is 34 million of them, some 0.1 s.
pub const WINDOW: usize = 8_192;
/// Steps that an attempt may take, at first and each time that it is repeated.
const STEPS: [u32; 5] = [100, 1_000, 10_000, 100_000, 500_000];
/// Steps of all repeated attempts of a search together, some 0.1 s.
const SUM: u32 = 1_000_000;
/// Most memory of an attempt in KiB, and how deep it may nest.
const ROOM: &str = "(*LIMIT_HEAP=4096)(*LIMIT_DEPTH=1000000)";
/// PCRE2 has taken one of its limits: steps, depth, memory.
const LIMITS: [i32; 3] = [-47, -53, -63];

/// A pattern, ready to be searched for.
pub struct Pcre {
    /// The same with more and more steps.
    attempts: Vec<(u32, Regex)>,
}

/// Why a search has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GaveUp {
    /// It takes too many steps.
    TooManySteps,
    /// PCRE2 says so.
    Failed(String),
}

impl fmt::Debug for Pcre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = self.attempts.first().map(|(_, regex)| regex.as_str());
        f.debug_tuple("Pcre").field(&pattern).finish()
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySteps => f.write_str("it takes too many steps"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl Pcre {
    /// Makes a pattern ready; says what is wrong where it is none.
    pub fn new(source: &BodyPattern) -> Result<Self, String> {
        let tiers = STEPS
            .iter()
            .map(|steps| Ok((*steps, compile(source, *steps)?)));
        let attempts = tiers.collect::<Result<_, pcre2::Error>>();
        Ok(Self {
            attempts: attempts.map_err(|error| error.to_string())?,
        })
    }

    /// True where it fits at a byte from `first` to `last`.
    pub fn begins_within(&self, body: &[u8], first: usize, last: usize) -> Result<bool, GaveUp> {
        let mut left = SUM;
        for at in first..=last.min(body.len()) {
            if self.fits_at(body, at, &mut left)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fits_at(&self, body: &[u8], at: usize, left: &mut u32) -> Result<bool, GaveUp> {
        for (nth, (steps, regex)) in self.attempts.iter().enumerate() {
            if nth > 0 {
                *left = left.checked_sub(*steps).ok_or(GaveUp::TooManySteps)?;
            }
            match regex.is_match_at(body, at) {
                Ok(fits) => return Ok(fits),
                Err(error) if LIMITS.contains(&error.code()) => {}
                Err(error) => return Err(GaveUp::Failed(error.to_string())),
            }
        }
        Err(GaveUp::TooManySteps)
    }
}

/// Fits only where the search begins.
fn compile(source: &BodyPattern, steps: u32) -> Result<Regex, pcre2::Error> {
    let (verbs, pattern) = verbs(&source.pattern);
    let has = |name| source.has_option(name);
    let flags = [("ungreedy", "(?U)"), ("dupnames", "(?J)")];
    let flags: String = flags
        .iter()
        .filter_map(|(name, flag)| has(name).then_some(*flag))
        .collect();
    // A remark at the end of an extended pattern goes to the end of its line.
    let end = if has("extended") { "\n" } else { "" };
    let whole = format!("(*LIMIT_MATCH={steps}){ROOM}{verbs}\\G(?:{flags}{pattern}{end})");
    RegexBuilder::new()
        .caseless(has("caseless"))
        .dotall(has("dotall"))
        .extended(has("extended"))
        .multi_line(has("multiline"))
        .ucp(has("ucp"))
        .utf(has("utf"))
        .build(&whole)
}

/// What has to stand in front of everything else, such as `(*UTF)`.
fn verbs(pattern: &str) -> (&str, &str) {
    let mut at = 0_usize;
    while let Some(rest) = pattern.get(at..).filter(|rest| rest.starts_with("(*"))
        && let Some(end) = rest.find(')')
        && rest.get(2..end).is_some_and(is_verb)
    {
        at = at.saturating_add(end).saturating_add(1);
    }
    pattern.split_at_checked(at).unwrap_or(("", pattern))
}

/// Those that PCRE2 wants at the very beginning; `(*COMMIT)` and the like may stand anywhere.
fn is_verb(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "UTF",
        "UCP",
        "CR",
        "LF",
        "CRLF",
        "ANYCRLF",
        "ANY",
        "NUL",
        "BSR_ANYCRLF",
        "BSR_UNICODE",
        "NOTEMPTY",
        "NO_START_OPT",
        "NO_AUTO_POSSESS",
        "NO_DOTSTAR_ANCHOR",
    ];
    NAMES.contains(&name) || name.starts_with("LIMIT_")
}
