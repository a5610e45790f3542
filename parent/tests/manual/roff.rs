//! Text as manual pages hold it.

/// A text with words in backticks: these become bold. One sentence on each line.
pub(crate) fn text(text: &str) -> String {
    let sentences = sentences(text);
    let lines: Vec<String> = sentences.iter().map(|line| line_of(line)).collect();
    lines.join("\n")
}

fn line_of(line: &str) -> String {
    let mut made = String::new();
    for (number, part) in line.split('`').enumerate() {
        match number % 2 {
            0 => made.push_str(&plain(part)),
            _ => made.push_str(&bold(part)),
        }
    }
    // At the start of a line these two would be a request.
    match made.starts_with(['.', '\'']) {
        true => format!("\\&{made}"),
        false => made,
    }
}

/// A word as it is typed.
pub(crate) fn bold(word: &str) -> String {
    format!("\\fB{}\\fR", literal(word))
}

/// What is typed, character by character.
pub(crate) fn literal(text: &str) -> String {
    plain(text)
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('^', "\\(ha")
        .replace('~', "\\(ti")
}

fn plain(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('…', "...")
        .replace('~', "\\(ti")
}

/// Cuts behind full stops that end a sentence; `e.g.` does not.
fn sentences(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for part in text.split_inclusive(". ") {
        let last = lines.last_mut().unwrap();
        last.push_str(part);
        if part.ends_with(". ") && !part.ends_with("e.g. ") {
            last.truncate(last.trim_end().len());
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}
