//! Command lines: two levels of quotation, as keepalived reads them.

/// Why a text cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SplitError {
    /// A quotation mark has no partner.
    OpenQuote(char),
    /// A backslash is the last character.
    Backslash,
    /// An escape makes bytes that are no text.
    NotText,
}

impl SplitError {
    pub(super) fn text(self) -> String {
        match self {
            Self::OpenQuote(mark) => format!("`{mark}` has no partner"),
            Self::Backslash => "a backslash protects nothing here".to_owned(),
            Self::NotText => "this escape makes bytes that are no text".to_owned(),
        }
    }
}

/// What a backslash does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// It and the next character are kept; the character neither opens nor closes a quotation.
    Kept,
    /// It stands for another character.
    Replaced,
}

/// Splits at blanks. Both quotation marks protect them, may stand within a word, and join.
pub(super) fn split(text: &str, escapes: Escapes) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let (word, behind) = word(rest, escapes)?;
        words.push(word);
        rest = behind.trim_start_matches(is_blank);
    }
    Ok(words)
}

/// The first word, and what is behind it.
pub(super) fn word(text: &str, escapes: Escapes) -> Result<(String, &str), SplitError> {
    let mut bytes = Vec::new();
    let mut open = None;
    let mut chars = text.chars();
    loop {
        let behind = chars.as_str();
        let Some(c) = chars.next() else {
            break;
        };
        match (c, open) {
            ('\\', _) => match escapes {
                Escapes::Kept => {
                    let next = chars.next().ok_or(SplitError::Backslash)?;
                    push(&mut bytes, c);
                    push(&mut bytes, next);
                }
                Escapes::Replaced => escape(&mut chars, &mut bytes)?,
            },
            (c, Some(mark)) if c == mark => open = None,
            ('"' | '\'', None) => open = Some(c),
            (c, None) if is_blank(c) => return Ok((text_of(bytes)?, behind)),
            (c, _) => push(&mut bytes, c),
        }
    }
    match open {
        Some(mark) => Err(SplitError::OpenQuote(mark)),
        None => Ok((text_of(bytes)?, "")),
    }
}

/// Reads what follows a backslash.
fn escape(chars: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Result<(), SplitError> {
    let c = chars.next().ok_or(SplitError::Backslash)?;
    match c {
        'a' => bytes.push(7),
        'b' => bytes.push(8),
        'E' => bytes.push(27),
        'f' => bytes.push(12),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'v' => bytes.push(11),
        'x' => bytes.push(digits(chars, 16, 2, 0)),
        '0'..='7' => {
            let first = c.to_digit(8).unwrap_or(0);
            bytes.push(digits(chars, 8, 2, first));
        }
        'c' => {
            let control = chars.next().ok_or(SplitError::Backslash)?;
            let byte = u8::try_from(control).map_err(|_| SplitError::NotText)?;
            bytes.push(byte & 0x1f);
        }
        other => push(bytes, other),
    }
    Ok(())
}

/// Reads up to so many digits; more than a byte wraps around.
fn digits(chars: &mut std::str::Chars<'_>, radix: u32, count: usize, first: u32) -> u8 {
    let mut value = first;
    for _ in 0..count {
        let Some(digit) = chars.clone().next().and_then(|c| c.to_digit(radix)) else {
            break;
        };
        chars.next();
        value = value.saturating_mul(radix).saturating_add(digit);
    }
    u8::try_from(value & 0xff).unwrap_or(0)
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn text_of(bytes: Vec<u8>) -> Result<String, SplitError> {
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or(SplitError::NotText)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> Vec<String> {
        let (command, _) = word(text, Escapes::Kept).unwrap();
        split(&command, Escapes::Replaced).unwrap()
    }

    #[test]
    fn single_quotes_protect_blanks_in_a_quoted_command() {
        assert_eq!(both("\"killall -0 nginx\""), ["killall", "-0", "nginx"]);
        assert_eq!(both("\"/bin/sh -c 'exit 1'\""), ["/bin/sh", "-c", "exit 1"]);
        assert_eq!(both("'/bin/x \"a b\" c'"), ["/bin/x", "a b", "c"]);
    }

    #[test]
    fn quotations_join_within_a_word() {
        assert_eq!(split("a\" b \"c d", Escapes::Kept).unwrap(), ["a b c", "d"]);
    }

    #[test]
    fn escapes_are_kept_first_and_replaced_then() {
        assert_eq!(both("\"a\\x41b c\\ d \\101\""), ["aAb", "c d", "A"]);
        assert_eq!(word("a\\\"b", Escapes::Kept).unwrap().0, "a\\\"b");
    }

    #[test]
    fn what_has_no_end_is_an_error() {
        let error = |text| split(text, Escapes::Replaced).unwrap_err();
        assert_eq!(error("'a"), SplitError::OpenQuote('\''));
        assert_eq!(error("a\\"), SplitError::Backslash);
        assert_eq!(error("\\xff"), SplitError::NotText);
        assert_eq!(error("\\0"), SplitError::NotText);
    }
}
