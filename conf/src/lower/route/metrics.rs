//! Values that the kernel keeps beside a route.

use crate::diag::{Code, Diagnostic, quote};
use crate::lower::words::{self, Words};
use crate::lower::{Context, number};
use crate::model::{Lockable, RouteMetrics};
use crate::tree::Text;

/// Reads an option if it is one of these; none where it is not, then whether it was good.
pub(super) fn option(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    metrics: &mut RouteMetrics,
) -> Option<Option<()>> {
    let target = match word.text.as_ref() {
        "mtu" => &mut metrics.mtu,
        "advmss" => &mut metrics.advmss,
        "reordering" => &mut metrics.reordering,
        "cwnd" => &mut metrics.cwnd,
        "ssthresh" => &mut metrics.ssthresh,
        "rtt" => return Some(time(cx, word, words, &mut metrics.rtt, 8)),
        "rttvar" => return Some(time(cx, word, words, &mut metrics.rttvar, 4)),
        "rto_min" => return Some(time(cx, word, words, &mut metrics.rto_min, 1)),
        "congctl" => return Some(congestion(cx, word, words, metrics)),
        "hoplimit" | "window" | "initcwnd" | "initrwnd" | "features" | "quickack"
        | "fastopen_no_cookie" => return Some(plain(cx, word, words, metrics)),
        _ => return None,
    };
    Some(lockable(cx, word, words, target))
}

fn lockable(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    target: &mut Option<Lockable>,
) -> Option<()> {
    let locked = words.take("lock");
    let value = words.value(cx, word)?;
    let value = words::number_u32(cx, word, value)?;
    *target = Some(Lockable { value, locked });
    Some(())
}

/// A time, kept in parts of a millisecond as the kernel does: `scale` of them are one.
fn time(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    target: &mut Option<Lockable>,
    scale: u32,
) -> Option<()> {
    /// keepalived's limits, milliseconds.
    const LIMITS: std::ops::RangeInclusive<u32> = 200..=120_000;
    let locked = words.take("lock");
    let value = words.value(cx, word)?;
    let text = value.text.as_ref();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or("");
    let parts = match unit {
        "" => decimal(digits, 0),
        "ms" => decimal(digits, 0).and_then(|ms| ms.checked_mul(scale)),
        "s" | "sec" | "secs" => decimal(digits, 3).and_then(|ms| ms.checked_mul(scale)),
        _ => None,
    };
    let good = parts.filter(|parts| {
        parts
            .checked_div(scale)
            .is_some_and(|ms| LIMITS.contains(&ms))
    });
    let Some(value_in_parts) = good else {
        let wanted = format!("`{}` must be between 0.2 and 120 seconds", word.text);
        cx.push(
            Diagnostic::error(Code::OutOfRange, value.span, wanted).label(format!(
                "expected e.g. 300ms or 1.5s; a number alone counts 1/{} s",
                scale.saturating_mul(1_000)
            )),
        );
        return None;
    };
    *target = Some(Lockable {
        value: value_in_parts,
        locked,
    });
    Some(())
}

/// A decimal number times a power of ten; further decimals are cut.
fn decimal(text: &str, power: usize) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || (power == 0 && text.contains('.'))
    {
        return None;
    }
    let decimals: String = decimals.chars().chain("000".chars()).take(power).collect();
    format!("{whole}{decimals}").parse().ok()
}

fn congestion(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    metrics: &mut RouteMetrics,
) -> Option<()> {
    /// linux/tcp.h TCP_CA_NAME_MAX without the final zero byte.
    const MAX: usize = 15;
    let locked = words.take("lock");
    let value = words.value(cx, word)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if value.text.is_empty() || value.text.len() > MAX || !value.text.bytes().all(plain) {
        let text = format!("{} is not a congestion control", quote(&value.text));
        cx.push(
            Diagnostic::error(Code::BadName, value.span, text).label(format!(
                "expected a name of at most {MAX} characters, e.g. cubic"
            )),
        );
        return None;
    }
    metrics.congctl = Some((value.text.to_string(), locked));
    Some(())
}

/// Options that cannot be locked.
fn plain(
    cx: &mut Context<'_>,
    word: &Text<'_>,
    words: &mut Words<'_>,
    metrics: &mut RouteMetrics,
) -> Option<()> {
    let value = words.value(cx, word)?;
    match word.text.as_ref() {
        "hoplimit" => metrics.hoplimit = Some(words::number_u8(cx, word, value)?),
        "window" => metrics.window = Some(words::number_u32(cx, word, value)?),
        "initcwnd" => metrics.initcwnd = Some(words::number_u32(cx, word, value)?),
        "initrwnd" => metrics.initrwnd = Some(words::number_u32(cx, word, value)?),
        "quickack" => metrics.quickack = Some(bit(cx, word, value)?),
        "fastopen_no_cookie" => metrics.fastopen_no_cookie = Some(bit(cx, word, value)?),
        _ if value.text == "ecn" => metrics.ecn = true,
        _ => {
            let text = format!("unknown feature {}", quote(&value.text));
            cx.push(Diagnostic::error(Code::NotAChoice, value.span, text).label("expected `ecn`"));
            return None;
        }
    }
    Some(())
}

fn bit(cx: &mut Context<'_>, word: &Text<'_>, value: &Text<'_>) -> Option<bool> {
    number::int(cx, &word.text, value, 0, 1).map(|bit| bit == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_cut_behind_the_last_that_counts() {
        assert_eq!(decimal("1.5", 3), Some(1_500));
        assert_eq!(decimal("0.2509", 3), Some(250));
        assert_eq!(decimal("300", 0), Some(300));
        assert_eq!(decimal("1.5", 0), None);
        assert_eq!(decimal("", 3), None);
        assert_eq!(decimal("99999999999", 3), None);
    }
}
