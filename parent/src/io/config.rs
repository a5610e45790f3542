//! Reads a configuration and holds it against this host.

use super::files::HostFiles;
use super::host::{Findings, examine_host};
use holdfast::cli::ReadOptions;
use holdfast::config_files::{Faults, SeenFile, judge};
use holdfast_conf::model::Config;
use holdfast_conf::{Files, HostNeed, Loaded, Options, Report, UnknownWords};
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

/// Our own place, and keepalived's, where people have theirs already.
const OWN: &str = "/etc/holdfast/holdfast.conf";
const LEGACY: &str = "/etc/keepalived/keepalived.conf";

/// The file that is read.
pub(crate) fn choose(option: Option<&PathBuf>) -> PathBuf {
    match option {
        Some(path) => path.clone(),
        None if Path::new(OWN).exists() => PathBuf::from(OWN),
        None => PathBuf::from(LEGACY),
    }
}

/// What reading gave.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The file cannot be read at all.
    Unreadable(String),
    /// There is nothing in it.
    Empty(String),
    /// It has errors.
    Wrong(Report),
    /// It can be used.
    Good(Box<Good>),
}

/// A configuration that can be used.
#[derive(Debug)]
pub(crate) struct Good {
    /// The configuration.
    pub(crate) config: Config,
    /// Warnings.
    pub(crate) report: Report,
    /// What it needs of a host.
    pub(crate) needs: Vec<HostNeed>,
    files: Vec<SeenFile>,
}

/// Reads a configuration. Nothing is touched.
pub(crate) fn read(path: &Path, unknown_words: UnknownWords, reading: &ReadOptions) -> Outcome {
    let name = path.display();
    let files = HostFiles::default();
    match files.read(path) {
        Err(error) => return Outcome::Unreadable(format!("{name}: {error}")),
        Ok(bytes) if is_empty(&bytes) => {
            return Outcome::Empty(format!(
                "{name} is empty; an empty configuration would give up all addresses"
            ));
        }
        // What was judged is what is parsed, even if somebody writes the file meanwhile.
        Ok(bytes) => files.remember(path, bytes),
    }
    let Loaded {
        config,
        report,
        needs,
        ..
    } = holdfast_conf::load(&files, path, &options(unknown_words, reading));
    let files = files.seen();
    match config {
        Some(config) if report.errors() == 0 => Outcome::Good(Box::new(Good {
            config,
            report,
            needs,
            files,
        })),
        Some(_) | None => Outcome::Wrong(report),
    }
}

/// How to read, with what the text may ask of this host. All of it is read here once: the children
/// get slices of the result, so they cannot differ in a random number or a variable.
pub(crate) fn options(unknown_words: UnknownWords, reading: &ReadOptions) -> Options {
    let name = || nix::unistd::gethostname().ok();
    let first = |name: OsString| name.to_str()?.split('.').next().map(str::to_owned);
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Options {
        unknown_words,
        config_id: reading.config_id.clone().or_else(|| name().and_then(first)),
        all_config: reading.all_config,
        working_directory: std::env::current_dir().ok(),
        environment: std::env::vars_os().filter_map(text).collect(),
        random_seed: RandomState::new().hash_one(0),
        ..Options::default()
    }
}

/// Nothing but blanks and comments.
fn is_empty(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').all(|line| {
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, None | Some(b'#' | b'!'))
    })
}

impl Good {
    /// Holds it against this host.
    pub(crate) fn examine(&self) -> Result<Findings, String> {
        examine_host(&self.config, &self.needs)
    }

    /// Why a reload may not take it: with nothing in it, it would give up all addresses. That is what
    /// an include whose pattern matches nothing looks like.
    pub(crate) fn refuse_nothing(&self, path: &Path) -> Result<(), String> {
        if self.config.instances.is_empty() && self.config.virtual_servers.is_empty() {
            return Err(format!(
                "{} and what it includes define no vrrp_instance and no virtual_server; that would \
                 give up all addresses",
                path.display()
            ));
        }
        Ok(())
    }

    /// Who else could read or change its files.
    pub(crate) fn file_faults(&self) -> Faults {
        judge(&self.config, &self.files)
    }
}
