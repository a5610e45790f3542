//! Files for tests: a folder as the root of all paths, or memory.

#![expect(dead_code, reason = "each test target uses a part of it")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests assert by panicking"
)]

use holdfast_conf::{
    FileKind, Files, HostFact, Loaded, NotCarriedOut, Options, Secrets, UnknownWords, load, print,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Options of a start without compatibility option.
pub(crate) const STRICT: Options = Options {
    unknown_words: UnknownWords::Refuse,
    not_carried_out: NotCarriedOut::Refuse,
    config_id: None,
    all_config: false,
    working_directory: None,
    environment: BTreeMap::new(),
    random_seed: 0,
    origins: false,
};

/// Options of those who look at a configuration without running it.
pub(crate) const LOOKING: Options = Options {
    unknown_words: UnknownWords::Refuse,
    not_carried_out: NotCarriedOut::Warn,
    config_id: None,
    all_config: false,
    working_directory: None,
    environment: BTreeMap::new(),
    random_seed: 0,
    origins: false,
};

/// A folder of the test data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// The files of one folder.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Files for Folder {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(path))
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let meta = std::fs::metadata(self.0.join(path))?;
        Ok(if meta.is_dir() {
            FileKind::Directory
        } else if meta.permissions().mode() & 0o111 != 0 {
            FileKind::Executable
        } else {
            FileKind::Regular
        })
    }

    fn matches(&self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let pattern = Path::new(pattern);
        let folder = pattern.parent().unwrap_or_else(|| Path::new(""));
        let name = pattern.file_name().unwrap_or_default().to_string_lossy();
        let (start, end) = name.split_once('*').expect("one star in the last part");
        let Ok(entries) = std::fs::read_dir(self.0.join(folder)) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(start) && name.ends_with(end))
            .map(|name| folder.join(name))
            .collect();
        found.sort();
        Ok(found)
    }
}

/// Files in memory, by path.
#[derive(Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    /// One file, `a.conf`.
    pub(crate) fn one(text: impl Into<Vec<u8>>) -> Self {
        Self(BTreeMap::from([(PathBuf::from("a.conf"), text.into())]))
    }

    /// Reads `a.conf` of these, words that are not carried out included.
    pub(crate) fn look(&self) -> Loaded {
        load(self, Path::new("a.conf"), &LOOKING)
    }

    /// Reads `a.conf` of these.
    pub(crate) fn load(&self) -> Loaded {
        load(self, Path::new("a.conf"), &STRICT)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn matches(&self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.keys().cloned().collect())
    }
}

/// Everything that an operator is told about a configuration.
pub(crate) fn told(loaded: &Loaded, name: &str) -> String {
    let mut text = loaded.report.render(false);
    for need in &loaded.needs {
        let fact = match &need.fact {
            HostFact::Interface(name) => format!("interface {name}"),
            HostFact::Program(name) => format!("program {name}"),
            HostFact::User(user) => format!("user {user}"),
        };
        let _ = writeln!(text, "needs {fact} ({}, {})", need.subject, need.place);
    }
    let _ = writeln!(text, "{}", loaded.report.summary(name, 0));
    if let Some(config) = &loaded.config {
        let _ = write!(text, "\n{}", print(config, Secrets::Hidden));
    }
    text
}

/// Compares with a file, or writes it where `CONF_UPDATE` is set.
pub(crate) fn compare(text: &str, expected: &Path) -> Result<(), String> {
    if std::env::var_os("CONF_UPDATE").is_some() {
        std::fs::write(expected, text).unwrap();
        return Ok(());
    }
    let wanted = std::fs::read_to_string(expected).unwrap_or_default();
    if wanted == text {
        return Ok(());
    }
    Err(format!(
        "{} differs (CONF_UPDATE=1 rewrites it)\n--- expected\n{wanted}\n--- is\n{text}",
        expected.display()
    ))
}
