//! Numbers and lengths of time.

use super::Context;
use crate::diag::{Code, Diagnostic, quote};
use crate::model::Micros;
use crate::tree::Text;

/// A decimal number within limits. Says what is wrong.
pub(super) fn int(
    cx: &mut Context<'_>,
    name: &str,
    word: &Text<'_>,
    min: i64,
    max: i64,
) -> Option<i64> {
    let digits = word.text.strip_prefix('-').unwrap_or(&word.text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let range = || format!("`{name}` must be {}", between(min, max));
    if !is_number {
        cx.push(
            Diagnostic::error(Code::NotANumber, word.span, range())
                .label(format!("{} is not a whole number", quote(&word.text))),
        );
        return None;
    }
    let value = word.text.parse().ok();
    let good = value.filter(|value| (min..=max).contains(value));
    if good.is_none() {
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, range())
                .label(format!("{} is out of range", short(&word.text))),
        );
    }
    good
}

fn between(min: i64, max: i64) -> String {
    match (min, max) {
        (0, 4_294_967_295) => "a number from 0".to_owned(),
        (1, 4_294_967_295) => "at least 1".to_owned(),
        (2, 3) => "2 or 3".to_owned(),
        (min, max) => format!("between {min} and {max}"),
    }
}

/// Seconds with decimals within limits.
pub(super) fn time(
    cx: &mut Context<'_>,
    name: &str,
    word: &Text<'_>,
    min: u64,
    max: u64,
) -> Option<Micros> {
    let range = || {
        let limit = |micros| {
            let text = Micros::new(micros).to_string();
            text.trim_end_matches(" s").to_owned()
        };
        match max {
            4_294_000_000 => format!("`{name}` must be at least {} seconds", limit(min)),
            _ => format!(
                "`{name}` must be between {} and {} seconds",
                limit(min),
                limit(max)
            ),
        }
    };
    let Some((micros, rounded)) = seconds(&word.text) else {
        cx.push(
            Diagnostic::error(Code::NotANumber, word.span, range())
                .label(format!("{} is not a number of seconds", quote(&word.text))),
        );
        return None;
    };
    if !(min..=max).contains(&micros) {
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, range())
                .label(format!("{} is out of range", short(&word.text))),
        );
        return None;
    }
    if rounded {
        let text = format!("`{name}` is rounded to {}", Micros::new(micros));
        cx.push(
            Diagnostic::warning(Code::Rounded, word.span, text).label("more than six decimals"),
        );
    }
    Some(Micros::new(micros))
}

/// Milliseconds with decimals within limits.
pub(super) fn millis(
    cx: &mut Context<'_>,
    name: &str,
    word: &Text<'_>,
    min: u64,
    max: u64,
) -> Option<Micros> {
    let whole = |micros: u64| micros.checked_div(1_000).unwrap_or(0);
    let range = || {
        let (min, max) = (whole(min), whole(max));
        format!("`{name}` must be between {min} and {max} milliseconds")
    };
    let Some((micros, rounded)) = decimal(&word.text, 3) else {
        cx.push(
            Diagnostic::error(Code::NotANumber, word.span, range())
                .label(format!("{} is not a number", quote(&word.text))),
        );
        return None;
    };
    if !(min..=max).contains(&micros) {
        cx.push(
            Diagnostic::error(Code::OutOfRange, word.span, range())
                .label(format!("{} is out of range", short(&word.text))),
        );
        return None;
    }
    if rounded {
        let text = format!("`{name}` is rounded to {}", Micros::new(micros));
        cx.push(
            Diagnostic::warning(Code::Rounded, word.span, text).label("more than three decimals"),
        );
    }
    Some(Micros::new(micros))
}

/// Microseconds, rounded half up, and whether decimals were cut.
fn seconds(text: &str) -> Option<(u64, bool)> {
    decimal(text, 6)
}

/// A number in units of its last decimal, rounded half up, and whether decimals were cut.
fn decimal(text: &str, places: usize) -> Option<(u64, bool)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let unit = (0..places).fold(1_u64, |unit, _| unit.saturating_mul(10));
    let whole: u64 = match whole {
        "" => 0,
        whole => whole.parse().unwrap_or(u64::MAX),
    };
    let up = decimals
        .as_bytes()
        .get(places)
        .is_some_and(|digit| *digit >= b'5');
    let kept = decimals.bytes().chain(std::iter::repeat(b'0')).take(places);
    let part = kept.fold(0_u64, |part, digit| {
        let digit = digit.saturating_sub(b'0');
        part.saturating_mul(10).saturating_add(u64::from(digit))
    });
    let micros = part.saturating_add(u64::from(up));
    let rounded = decimals
        .get(places..)
        .is_some_and(|rest| rest.bytes().any(|d| d != b'0'));
    Some((whole.saturating_mul(unit).saturating_add(micros), rounded))
}

/// A number for a label, cut where it is absurd.
fn short(text: &str) -> String {
    /// Digits that are shown.
    const MAX: usize = 24;
    match text.get(..MAX) {
        Some(start) if text.len() > MAX => format!("{start}…"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_up_to_three_decimals() {
        assert_eq!(decimal("10", 3), Some((10_000, false)));
        assert_eq!(decimal("12.5", 3), Some((12_500, false)));
        assert_eq!(decimal("10.1235", 3), Some((10_124, true)));
        assert_eq!(decimal("9.9995", 3), Some((10_000, true)));
    }

    #[test]
    fn seconds_have_up_to_six_decimals() {
        assert_eq!(seconds("1"), Some((1_000_000, false)));
        assert_eq!(seconds(".25"), Some((250_000, false)));
        assert_eq!(seconds("0.0000005"), Some((1, true)));
        assert_eq!(seconds("1.5000000"), Some((1_500_000, false)));
        for wrong in ["", ".", "-1", "1s", "1.2.3", "1e3", "+1"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        assert_eq!(seconds("99999999999999999999").unwrap().0, u64::MAX);
    }
}
