//! The language as a list, for manuals and for machines: every word at every place, from the table.

mod arguments;

use crate::keyword::{Fate, Keyword, Section, Shape, table};
use serde_json::{Value, json};

/// A word in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordInfo {
    /// The blocks around it, from the outside; empty at the outer level.
    pub blocks: Vec<&'static str>,
    /// How it is written.
    pub name: &'static str,
    /// What follows it, with limits and units: `1..255`, `0.01..255 s`, `[MASTER|BACKUP]`.
    pub arguments: String,
    /// What holds where it is missing; empty where nothing does.
    pub default: &'static str,
    /// What it does: one or a few sentences.
    pub about: &'static str,
    /// First release of keepalived that has it; empty for 2.2.7 and before.
    pub since: &'static str,
    /// What to write instead, where the word is an old one.
    pub old: Option<&'static str>,
    /// What this version of holdfast does with it.
    pub treatment: Treatment,
    /// Whether words of their own stand in a block behind it.
    pub opens_block: bool,
}

/// What this version of holdfast does with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It does what it says.
    CarriedOut,
    /// It is read and checked, and then refused; the text says what would happen without it.
    Checked(&'static str),
    /// It is accepted with a warning; the text says why it has no effect.
    NoEffect(&'static str),
    /// holdfast does so in any case.
    Always,
}

impl Treatment {
    /// Its name in lists for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CarriedOut => "carried-out",
            Self::Checked(_) => "checked",
            Self::NoEffect(_) => "no-effect",
            Self::Always => "always",
        }
    }

    /// The consequence or the reason; empty where there is none.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Checked(why) | Self::NoEffect(why) => why,
            Self::CarriedOut | Self::Always => "",
        }
    }
}

impl WordInfo {
    /// The word with the blocks around it: `vrrp_instance/authentication/auth_type`.
    pub fn path(&self) -> String {
        [&self.blocks, &[self.name][..]].concat().join("/")
    }

    /// For machines. Fields that hold nothing are left out.
    pub fn json(&self) -> Value {
        let mut value = json!({
            "blocks": self.blocks,
            "name": self.name,
            "arguments": self.arguments,
            "about": self.about,
            "treatment": self.treatment.name(),
        });
        let besides = [
            ("default", self.default),
            ("since", self.since),
            ("instead", self.old.unwrap_or_default()),
            ("why", self.treatment.why()),
        ];
        if let Some(fields) = value.as_object_mut() {
            let said = besides.into_iter().filter(|(_, text)| !text.is_empty());
            fields.extend(said.map(|(name, text)| (name.to_owned(), text.into())));
        }
        value
    }
}

/// Every word at every place: the words of a block in the order of the table, then the blocks in it.
pub fn language() -> impl Iterator<Item = WordInfo> {
    let mut words = Vec::new();
    collect(Section::Root, &[], &mut words);
    words.into_iter()
}

fn collect(section: Section, blocks: &[&'static str], words: &mut Vec<WordInfo>) {
    let rows = || table().filter(|row| row.sections.contains(&section));
    words.extend(rows().map(|row| info(row, blocks)));
    for row in rows() {
        if let Shape::Block(inner, _) = row.shape {
            collect(inner, &[blocks, &[row.name]].concat(), words);
        }
    }
}

fn info(row: &Keyword, blocks: &[&'static str]) -> WordInfo {
    WordInfo {
        blocks: blocks.to_vec(),
        name: row.name,
        arguments: arguments::text(row.shape),
        default: row.default,
        about: row.about,
        since: row.since,
        old: row.old,
        treatment: match row.fate {
            Fate::Used | Fate::Repeated => Treatment::CarriedOut,
            Fate::Always => Treatment::Always,
            Fate::NoEffect(why) => Treatment::NoEffect(why),
            Fate::Checked(consequence) => Treatment::Checked(consequence),
        },
        opens_block: matches!(row.shape, Shape::Block(..)),
    }
}
