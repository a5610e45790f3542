//! The manual pages are in step with the programs: their lists are made from the tables that the
//! programs use, their examples are read, and the formatter has nothing to complain about.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod language;
mod options;
mod roff;

use holdfast_conf::{Files, Options, load};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PAGES: [&str; 3] = ["holdfast.8", "holdfastctl.1", "holdfast.conf.5"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("doc")
}

/// The page made from its source: lines `@NAME@` become lists.
fn made(page: &str) -> String {
    let source = std::fs::read_to_string(folder().join("source").join(page)).unwrap();
    let mut text = format!(".\\\" Made from source/{page} and the tables of the programs.\n");
    for line in source.lines() {
        match line {
            "@OPTIONS@" => text.push_str(&options::daemon()),
            "@REFUSED@" => text.push_str(&options::refused()),
            "@COMMANDS@" => text.push_str(&options::commands()),
            "@COMMON@" => text.push_str(&options::common()),
            "@WORDS@" => text.push_str(&language::words()),
            "@CODES@" => text.push_str(&language::codes()),
            line => {
                text.push_str(&line.replace("@VERSION@", env!("CARGO_PKG_VERSION")));
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn the_pages_are_in_step_with_the_tables() {
    for page in PAGES {
        let (path, made) = (folder().join(page), made(page));
        if std::env::var_os("MANUAL_UPDATE").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == made,
            "{page} is not in step with its source and the tables; MANUAL_UPDATE=1 rewrites it"
        );
    }
}

#[test]
fn the_list_of_differences_has_every_word_without_effect() {
    const MARK: &str = "<!-- words without effect -->\n";
    let path = folder().join("differences.md");
    let there = std::fs::read_to_string(&path).unwrap();
    let (before, after) = there.split_once(MARK).unwrap();
    let made = language::without_effect();
    if std::env::var_os("MANUAL_UPDATE").is_some() {
        return std::fs::write(&path, format!("{before}{MARK}{made}")).unwrap();
    }
    assert!(
        after == made,
        "the list is not in step; MANUAL_UPDATE=1 rewrites it"
    );
}

#[test]
fn every_word_every_code_and_every_option_is_in_a_page() {
    let language = made("holdfast.conf.5");
    let lines: Vec<&str> = language.lines().collect();
    for word in holdfast_conf::language() {
        let head = roff::bold(word.name);
        assert!(lines.iter().any(|line| line.starts_with(&head)), "{head}");
    }
    for code in holdfast_conf::Code::ALL {
        let head = roff::bold(&code.to_string());
        assert!(lines.contains(&head.as_str()), "{code}");
    }
    let daemon = made("holdfast.8");
    let options = options::help();
    assert!(options.len() > 15, "{options:?}");
    for (names, _) in options {
        assert!(daemon.contains(&roff::bold(&names)), "{names}");
    }
}

/// What the formatter shows, and what it complains about.
fn formatted(page: &str) -> (String, String) {
    let mut groff = Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-P-cbou"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("groff: {error}; please install groff-base"));
    let (mut input, text) = (groff.stdin.take().unwrap(), made(page));
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = groff.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn the_formatter_has_no_complaint() {
    for page in PAGES {
        let (text, complaints) = formatted(page);
        assert_eq!(complaints, "", "{page}");
        let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80).collect();
        assert_eq!(wide, Vec::<&str>::new(), "{page}");
    }
}

/// One file, and no other.
struct Example(String);

impl Files for Example {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("example.conf") => Ok(self.0.clone().into_bytes()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn matches(&self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// The examples of the section of that name, as they are typed.
fn examples(page: &str) -> Vec<String> {
    let text = made(page);
    let (_, section) = text.split_once("\n.SH EXAMPLES\n").unwrap();
    let section = section.split("\n.SH ").next().unwrap();
    let parts = section.split(".EX\n").skip(1);
    let typed = |part: &str| part.split(".EE").next().unwrap().to_owned();
    parts
        .map(|part| {
            typed(part)
                .replace("\\-", "-")
                .replace("\\(ti", "~")
                .replace("\\(ha", "^")
                .replace("\\e", "\\")
        })
        .collect()
}

#[test]
fn the_examples_are_read_without_an_error_or_a_warning() {
    let examples = examples("holdfast.conf.5");
    assert_eq!(examples.len(), 4);
    for text in examples {
        let files = Example(text.clone());
        let loaded = load(&files, Path::new("example.conf"), &Options::default());
        let told = loaded.report.render(false);
        let found = (loaded.report.errors(), loaded.report.warnings());
        assert_eq!(found, (0, 0), "{text}\n{told}");
    }
}
