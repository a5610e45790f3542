//! Writes items in their canonical form.

use super::item::{Item, Kind, Whole};
use crate::tree::MAX_DEPTH;

/// Blanks of one block.
const INDENT: &str = "    ";

/// The text: 4 blanks for each block, one statement on a line, `{` on the line of its word.
pub(super) fn layout(items: &[Item]) -> String {
    let mut layout = Layout::default();
    for item in items {
        layout.take(&item.kind);
    }
    layout.text()
}

/// A line that is being written.
struct Line {
    depth: usize,
    text: String,
    comment: Option<String>,
    role: Role,
}

/// What an empty line beside it would be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Itself an empty line.
    Blank,
    /// Kept.
    Plain,
    /// Dropped behind it.
    Opens,
    /// Dropped before it.
    Closes,
    /// Kept as written, with its own indentation.
    Verbatim,
}

#[derive(Default)]
struct Layout {
    lines: Vec<Line>,
    depth: usize,
    /// The line of a statement that may still get a block.
    open_for_brace: Option<usize>,
    /// Braces of the condition before this one.
    alternative: Option<(usize, usize)>,
}

impl Layout {
    fn take(&mut self, kind: &Kind) {
        match kind {
            Kind::Blank => self.push("", Role::Blank),
            Kind::Comment(text) => self.push(text, Role::Plain),
            Kind::Trailing(text) => self.trailing(text),
            Kind::Words(words) => {
                self.alternative = None;
                self.open_for_brace = words.joins.then_some(self.lines.len());
                self.push(&words.text, Role::Plain);
            }
            Kind::Open => self.open(),
            Kind::Close => {
                self.alternative = None;
                self.open_for_brace = None;
                self.depth = self.depth.saturating_sub(1);
                self.push("}", Role::Closes);
            }
            Kind::Whole(whole) => self.whole(whole),
            Kind::Verbatim(text) => {
                self.open_for_brace = None;
                self.push(text, Role::Verbatim);
            }
        }
    }

    fn push(&mut self, text: &str, role: Role) {
        self.lines.push(Line {
            depth: self.depth,
            text: text.to_owned(),
            comment: None,
            role,
        });
    }

    /// Puts `{` behind its word; what stands between them moves into the block.
    fn open(&mut self) {
        self.alternative = None;
        self.depth = self.depth.saturating_add(1);
        let word = self.open_for_brace.take();
        let Some(at) = word else {
            self.lines.push(Line {
                depth: self.depth.saturating_sub(1),
                text: "{".to_owned(),
                comment: None,
                role: Role::Opens,
            });
            return;
        };
        while self.lines.pop_if(|line| line.role == Role::Blank).is_some() {}
        let lines = self.lines.get_mut(at..).and_then(<[_]>::split_first_mut);
        let Some((head, inside)) = lines else {
            return;
        };
        head.text.push_str(" {");
        head.role = Role::Opens;
        for line in inside {
            line.depth = line.depth.saturating_add(1);
        }
    }

    /// Stays behind the last line, unless that would change the order of comments.
    fn trailing(&mut self, text: &str) {
        match self.lines.last_mut() {
            Some(last)
                if last.comment.is_none() && !is_comment(&last.text) && !last.text.is_empty() =>
            {
                last.comment = Some(text.to_owned());
            }
            _ => self.push(text, Role::Plain),
        }
    }

    fn whole(&mut self, whole: &Whole) {
        let braces = (whole.opens, whole.closes);
        // Conditions in a row that open the same block are alternatives: one of them counts.
        let again = whole.condition && braces != (0, 0) && self.alternative == Some(braces);
        self.alternative = whole.condition.then_some(braces);
        self.open_for_brace = None;
        let depth = self.depth;
        let shown = if again && whole.opens > whole.closes {
            depth.saturating_sub(whole.opens.saturating_sub(whole.closes))
        } else if again {
            depth
        } else {
            depth.saturating_sub(whole.leading_closes)
        };
        self.depth = shown;
        self.push(&whole.text, Role::Plain);
        self.depth = match again {
            true => depth,
            false => depth
                .saturating_add(whole.opens)
                .saturating_sub(whole.closes),
        };
    }

    /// All lines; empty ones only one at a time, and none at the edges of blocks and of the file.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut before = Role::Opens;
        let mut blank = false;
        for line in &self.lines {
            if line.role == Role::Blank {
                blank = true;
                continue;
            }
            if blank && before != Role::Opens && line.role != Role::Closes {
                text.push('\n');
            }
            blank = false;
            before = line.role;
            if line.role != Role::Verbatim {
                text.push_str(&INDENT.repeat(line.depth.min(MAX_DEPTH)));
            }
            text.push_str(&line.text);
            if let Some(comment) = &line.comment {
                text.push_str("  ");
                text.push_str(comment);
            }
            text.push('\n');
        }
        text
    }
}

fn is_comment(text: &str) -> bool {
    text.starts_with(['#', '!'])
}
