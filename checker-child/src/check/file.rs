//! `FILE_CHECK`: the number in a followed file.

use super::cause::Cause;
use super::conversation::{Finding, Outcome, Success};
use super::excerpt::Excerpt;
use holdfast_ipc::config::model::{InitFile, Micros, Probe};
use std::fmt;
use std::sync::Arc;

/// Names a followed file: its absolute path, as configured.
pub type FilePath = Arc<str>;

/// What a followed file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A number.
    Number(i32),
    /// There is no file.
    Missing,
    /// There is one that cannot be read, or is no file; why.
    Unreadable(String),
}

impl Reading {
    /// The number that counts: 0 where there is none, as with keepalived.
    pub const fn number(&self) -> i32 {
        match self {
            Self::Number(number) => *number,
            Self::Missing | Self::Unreadable(_) => 0,
        }
    }
}

/// `holds 3`.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "holds {number}"),
            Self::Missing => f.write_str("is missing, which counts as 0"),
            Self::Unreadable(why) => write!(f, "cannot be read, which counts as 0: {why}"),
        }
    }
}

/// `FILE_CHECK`, made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlan {
    /// The file.
    pub path: FilePath,
    /// `init_file`.
    pub init: Option<InitFile>,
    /// What the number is multiplied with; 0: the number itself is the verdict.
    weight: i64,
    /// With weight 0: which numbers are well.
    reverse: bool,
}

impl FilePlan {
    pub(super) fn of(probe: &Probe) -> Option<Self> {
        let Probe::File { file, weight } = probe else {
            return None;
        };
        let (weight, reverse) = weight.unwrap_or((file.weight.get().into(), file.reverse));
        let weight = i64::from(weight);
        Some(Self {
            path: file.path.as_str().into(),
            init: file.init,
            weight: if reverse {
                weight.saturating_neg()
            } else {
                weight
            },
            reverse,
        })
    }

    /// What the newest reading means.
    pub fn judge(&self, reading: &Reading) -> Finding {
        Finding {
            outcome: match self.shift(reading.number()) {
                Some(shift) => Outcome::Passed(Success::File { shift }),
                None => Outcome::Failed(Cause::File {
                    path: Arc::clone(&self.path),
                    reading: reading.clone(),
                }),
            },
            took: Micros::ZERO,
            last: Excerpt::default(),
        }
    }

    /// What the number adds to the weight of the server; none where it takes the server down.
    /// With weight 0 every number but 0 does so; otherwise a product at the lower end of an `i32`.
    fn shift(&self, number: i32) -> Option<i64> {
        if self.weight == 0 {
            return ((number != 0) == self.reverse).then_some(0);
        }
        let product = i64::from(number).saturating_mul(self.weight);
        (product > i64::from(i32::MIN)).then_some(product.min(i64::from(i32::MAX)))
    }
}

/// The number at the beginning of a file, read as keepalived does: blanks, a sign, then digits,
/// decimal or behind `0x` or `0`; what follows does not matter, and no digit at all is 0. A number
/// that does not fit an `i32` is given back as it is written.
pub(crate) fn number(content: &[u8]) -> Result<i32, String> {
    let text = content.trim_ascii_start();
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned {
        [b'0', b'x' | b'X', rest @ ..] if is_digit(rest.first(), 16) => (16, rest),
        [b'0', ..] => (8, unsigned),
        _ => (10, unsigned),
    };
    let digits = digits.iter().take_while(|byte| is_digit(Some(byte), radix));
    let value = digits.clone().fold(0_i64, |value, digit| {
        let digit = char::from(*digit).to_digit(radix).unwrap_or(0);
        value
            .saturating_mul(radix.into())
            .saturating_add(digit.into())
    });
    let value = if negative {
        value.saturating_neg()
    } else {
        value
    };
    i32::try_from(value).map_err(|_too_large| first_word(text))
}

fn is_digit(byte: Option<&u8>, radix: u32) -> bool {
    byte.is_some_and(|byte| char::from(*byte).is_digit(radix))
}

/// What a line of the log shows of a file, at most.
const SHOWN: usize = 32;

fn first_word(text: &[u8]) -> String {
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or(text);
    let shown = word.get(..SHOWN).unwrap_or(word);
    shown.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_ipc::config::model::{FileName, TrackFile, Weight};
    use proptest::prelude::*;

    fn plan(own: Option<(i32, bool)>, files: (i16, bool)) -> FilePlan {
        let file = TrackFile {
            name: FileName::try_from("f").unwrap(),
            path: "/run/f".to_owned(),
            weight: Weight::try_from(files.0).unwrap(),
            reverse: files.1,
            init: None,
        };
        let file = Box::new(file);
        FilePlan::of(&Probe::File { file, weight: own }).unwrap()
    }

    /// What is added to the weight; none: the server is down.
    fn shift(number: i32, weight: i32, reverse: bool) -> Option<i64> {
        plan(Some((weight, reverse)), (7, true)).shift(number)
    }

    #[test]
    fn a_file_without_weight_is_a_verdict() {
        assert_eq!(shift(0, 0, false), Some(0));
        assert_eq!(shift(3, 0, false), None);
        assert_eq!(shift(0, 0, true), None);
        assert_eq!(shift(-1, 0, true), Some(0));
    }

    #[test]
    fn a_file_with_weight_moves_it_and_at_the_lower_end_takes_the_server_down() {
        assert_eq!(shift(3, -5, false), Some(-15));
        assert_eq!(shift(3, -5, true), Some(15));
        assert_eq!(shift(i32::MIN, 1, false), None);
        assert_eq!(
            shift(i32::MIN.saturating_add(1), 1, false),
            Some(-2_147_483_647)
        );
        assert_eq!(shift(-50, i32::MAX, false), None);
        assert_eq!(shift(i32::MIN, i32::MIN, false), Some(i64::from(i32::MAX)));
    }

    #[test]
    fn the_weight_of_the_file_holds_where_the_check_has_none() {
        assert_eq!(plan(None, (5, true)).shift(2), Some(-10));
        assert_eq!(plan(Some((3, false)), (5, true)).shift(2), Some(6));
    }

    #[test]
    fn the_words_tell_what_the_file_holds_and_why_it_counts() {
        let plan = plan(Some((0, true)), (1, false));
        let words = |reading| plan.judge(&reading).to_string();
        assert_eq!(words(Reading::Number(0)), "/run/f holds 0");
        assert_eq!(
            words(Reading::Missing),
            "/run/f is missing, which counts as 0"
        );
        assert_eq!(
            words(Reading::Unreadable("Permission denied".to_owned())),
            "/run/f cannot be read, which counts as 0: Permission denied"
        );
        assert_eq!(words(Reading::Number(1)), "file adds 0 to the weight");
    }

    #[test]
    fn numbers_are_read_as_keepalived_reads_them() {
        let observed: &[(&[u8], i32)] = &[
            (b"5\n", 5),
            (b"-50\n", -50),
            (b"xyz\n", 0),
            (b"12abc\n", 12),
            (b"   17  ", 17),
            (b"\n18\n", 18),
            (b"+19\n", 19),
            (b"0x20\n", 32),
            (b"21 22\n", 21),
            (b"", 0),
            (b"2147483647\n", i32::MAX),
            (b"-2147483648\n", i32::MIN),
        ];
        for (content, expected) in observed {
            assert_eq!(number(content), Ok(*expected), "{}", content.escape_ascii());
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_told_as_it_is_written_and_cut() {
        assert_eq!(number(b"99999999999 x\n"), Err("99999999999".to_owned()));
        assert_eq!(number(b"-2147483649"), Err("-2147483649".to_owned()));
        let long = "9".repeat(4_096);
        assert_eq!(number(long.as_bytes()), Err("9".repeat(SHOWN)));
    }

    proptest! {
        #[test]
        fn every_number_is_read_back_and_no_content_is_too_much(
            value: i32,
            content: Vec<u8>,
        ) {
            prop_assert_eq!(number(format!("{value}\n").as_bytes()), Ok(value));
            let _any = number(&content);
        }
    }
}
