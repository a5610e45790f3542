//! Scripts: what is run, as whom, how often.

use super::{InvalidValue, Micros, ScriptName, Weight};
use serde::{Deserialize, Serialize};
use std::fmt;

/// User and group of a script as written; looked up by the parent, not here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserSpec {
    /// User name or number.
    pub user: String,
    /// Group name or number; the user's own group where it is missing.
    pub group: Option<String>,
    /// The user's other groups are wanted as well: a colon before the group.
    pub all_groups: bool,
}

impl fmt::Display for UserSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        match (&self.group, self.all_groups) {
            (Some(group), false) => write!(f, ":{group}"),
            (Some(group), true) => write!(f, " :{group}"),
            (None, true) => f.write_str(" :"),
            (None, false) => Ok(()),
        }
    }
}

/// A command line split into words; there is always a first word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ShellWords {
    program: String,
    arguments: Vec<String>,
}

impl ShellWords {
    /// The program: an absolute path, or a name that is searched in PATH.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The words behind the program.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The same arguments for another path of the program (after a PATH search).
    #[must_use]
    pub fn with_program(&self, program: String) -> Self {
        Self {
            program,
            arguments: self.arguments.clone(),
        }
    }
}

impl TryFrom<Vec<String>> for ShellWords {
    type Error = InvalidValue;

    fn try_from(words: Vec<String>) -> Result<Self, InvalidValue> {
        if words.iter().any(|word| word.contains('\0')) {
            return Err(InvalidValue::new(
                "a command line cannot contain a NUL byte",
            ));
        }
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self {
                program,
                arguments: words.collect(),
            }),
            Some(_) | None => Err(InvalidValue::new("the command line is empty")),
        }
    }
}

impl From<ShellWords> for Vec<String> {
    fn from(words: ShellWords) -> Self {
        std::iter::once(words.program)
            .chain(words.arguments)
            .collect()
    }
}

impl fmt::Display for ShellWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.arguments
            .iter()
            .try_for_each(|word| write!(f, " {word}"))
    }
}

/// A script that is started on an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScriptCommand {
    /// What is run.
    pub words: ShellWords,
    /// As whom, where the configuration says so.
    pub user: Option<UserSpec>,
}

/// What a check does to find its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScriptAction {
    /// Runs a command; exit status 0 is success.
    Run(ShellWords),
    /// `killall -0 NAME` and `pidof NAME`: success while at least one process of each name runs.
    /// Answered from /proc, since an unprivileged user cannot signal the processes of others.
    ProcessExists(Vec<String>),
}

/// `vrrp_script NAME { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrrpScript {
    /// Its name.
    pub name: ScriptName,
    /// What it does.
    pub action: ScriptAction,
    /// Time between the starts of two runs.
    pub interval: Micros,
    /// Longest time that a run may take.
    pub timeout: Micros,
    /// Successes in a row until the verdict is "ok", at least 1.
    pub rise: u32,
    /// Failures in a row until the verdict is "failed", at least 1.
    pub fall: u32,
    /// Default weight for those who track it.
    pub weight: Weight,
    /// Default direction for those who track it.
    pub reverse: bool,
    /// As whom it runs, where the configuration says so.
    pub user: Option<UserSpec>,
    /// Counts as failed until `rise` successes, instead of the first result deciding at once.
    pub init_fail: bool,
}
