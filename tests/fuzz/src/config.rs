//! Texts as configurations: whatever was read can be shown, printed, formatted and compared.

use crate::structured;
use holdfast_conf::model::Config;
use holdfast_conf::{
    Files, Loaded, Node, NotCarriedOut, Options, Secrets, UnknownWords, diff, dump, dump_json,
    dump_with, format, load, pair, plan, print,
};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Longer inputs find nothing that shorter ones do not.
const LONGEST_INPUT: usize = 8 * 1024;
/// What may be shown of any text at all.
const LONGEST_OUTPUT: usize = 200_000;
/// Generators make megabytes from a few bytes; these are read, and not printed and read again.
const LONGEST_PRINT: usize = 64 * 1024;
/// A line of its own between the main file and the one that it includes.
pub const SECOND_FILE: &str = "\n%%%\n";
/// The main file and the other one.
const NAMES: [&str; 2] = ["a.conf", "b.conf"];

struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let names = NAMES.into_iter().map(PathBuf::from);
        Self(names.zip(texts).collect())
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path);
        text.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn matches(&self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let names = self.0.keys().cloned();
        Ok(match pattern {
            "*" => names.collect(),
            _ => names.filter(|name| name == Path::new(pattern)).collect(),
        })
    }
}

/// Any bytes, of which the first one chooses options. True where it is a configuration.
pub fn run_text(input: &[u8]) -> bool {
    let Some((first, text)) = input.split_first() else {
        return false;
    };
    run(*first, &text[..text.len().min(LONGEST_INPUT)])
}

/// Words of the language that the bytes choose. True where it is a configuration.
pub fn run_words(input: &[u8]) -> bool {
    let Some((first, choices)) = input.split_first() else {
        return false;
    };
    let text = structured::text(&choices[..choices.len().min(LONGEST_INPUT)], LONGEST_INPUT);
    run(*first, text.as_bytes())
}

/// Everything that is done with a configuration, once and for a text of any size.
pub fn run_once(text: &str) {
    let (main, second) = files(text.as_bytes());
    let memory = Memory::new([main.to_vec(), second.to_vec()]);
    let loaded = load(&memory, Path::new(NAMES[0]), &options(0));
    harmless(&loaded);
    let _ = format(NAMES[0], main.to_vec());
    if let Some(config) = &loaded.config {
        equal_to_itself(config, &loaded);
        let text = print(config, Secrets::Shown);
        let _ = (dump(&loaded), read_again(&text));
    }
}

/// The main file and the other one.
fn files(text: &[u8]) -> (&[u8], &[u8]) {
    let separator = SECOND_FILE.as_bytes();
    let cut = text
        .windows(separator.len())
        .position(|bytes| bytes == separator);
    cut.map_or((text, b"".as_slice()), |cut| {
        (&text[..cut], &text[cut + separator.len()..])
    })
}

fn run(choice: u8, text: &[u8]) -> bool {
    let (main, second) = files(text);
    let loaded = load(
        &Memory::new([main.to_vec(), second.to_vec()]),
        Path::new(NAMES[0]),
        &options(choice),
    );
    harmless(&loaded);
    formatted_once(main);
    if let Some(config) = &loaded.config {
        same_after_formatting(main, second, choice, config);
        equal_to_itself(config, &loaded);
        same_after_printing(config, &loaded);
    }
    loaded.config.is_some()
}

fn options(choice: u8) -> Options {
    let unknown_words = match choice & 1 {
        0 => UnknownWords::Refuse,
        _ => UnknownWords::Ignore,
    };
    let not_carried_out = match choice & 2 {
        0 => NotCarriedOut::Warn,
        _ => NotCarriedOut::Refuse,
    };
    Options {
        unknown_words,
        not_carried_out,
        config_id: (choice & 4 == 0).then(|| "web1".to_owned()),
        all_config: choice & 8 != 0,
        working_directory: Some("/etc/holdfast".into()),
        environment: BTreeMap::from([("SITE".to_owned(), "east #1".to_owned())]),
        random_seed: 0,
        origins: choice & 16 == 0,
    }
}

/// How everything that is printed is read again.
fn looking() -> Options {
    Options {
        not_carried_out: NotCarriedOut::Warn,
        ..Options::default()
    }
}

fn read_again(text: &str) -> Loaded {
    load(
        &Memory::new([text.as_bytes().to_vec()]),
        Path::new(NAMES[0]),
        &looking(),
    )
}

/// The output is short and nothing that a terminal would act on.
fn harmless(loaded: &Loaded) {
    assert_eq!(loaded.config.is_none(), loaded.report.errors() > 0);
    let shown = loaded.report.render(false);
    let log = loaded.report.lines().join("\n");
    let json = loaded.report.json().to_string();
    let summary = loaded.report.summary(NAMES[0], 0);
    for text in [&shown, &log, &json, &summary] {
        assert!(text.len() < LONGEST_OUTPUT, "{} bytes", text.len());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    }
}

/// What is formatted is its own canonical form.
fn formatted_once(text: &[u8]) -> Option<Vec<u8>> {
    let formatted = format(NAMES[0], text.to_vec()).ok()?;
    let again = format(NAMES[0], formatted.clone().into_bytes());
    assert_eq!(again.expect("it can be formatted again"), formatted);
    Some(formatted.into_bytes())
}

/// It means the same. What was wrong may become right: marks of web pages become quotation marks.
fn same_after_formatting(main: &[u8], second: &[u8], choice: u8, config: &Config) {
    let Some(formatted) = formatted_once(main) else {
        return;
    };
    let shown = String::from_utf8_lossy(&formatted).into_owned();
    let loaded = load(
        &Memory::new([formatted, second.to_vec()]),
        Path::new(NAMES[0]),
        &options(choice),
    );
    assert!(
        loaded.config.as_ref() == Some(config),
        "{}{shown}",
        loaded.report.render(false)
    );
}

fn equal_to_itself(config: &Config, loaded: &Loaded) {
    assert!(diff(config, config).is_empty());
    assert!(plan(config, config).is_empty());
    let nodes = ["web1", "web2"].map(|name| Node { name, loaded });
    let report = pair(&nodes);
    let _ = report.errors();
}

/// What is printed or dumped and read again is the same configuration.
fn same_after_printing(config: &Config, loaded: &Loaded) {
    let text = print(config, Secrets::Shown);
    if text.len() > LONGEST_PRINT {
        return;
    }
    let again = read_again(&text);
    assert!(
        again.config.as_ref() == Some(config),
        "{}{text}\n{:#?}\n{config:#?}",
        again.report.render(false),
        again.config
    );
    let formatted = format(NAMES[0], text.clone().into_bytes()).expect("what is printed is good");
    assert_eq!(formatted.trim_end(), text.trim_end());
    let hidden = print(config, Secrets::Hidden);
    assert!(hidden.len() <= LONGEST_PRINT * 2);
    if let Some(dumped) = dump_with(loaded, Secrets::Shown) {
        let again = read_again(&dumped);
        assert!(
            again.config.as_ref() == Some(config),
            "{}{dumped}",
            again.report.render(false)
        );
    }
    let _ = (dump(loaded), dump_json(loaded));
}

/// Configurations with their names: folders of cases, files, or both, below a directory.
pub fn seeds(directories: &[PathBuf]) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for directory in directories {
        let entries = std::fs::read_dir(directory).expect("the directory can be read");
        for entry in entries {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let file = match path.is_dir() {
                true => path.join("in.conf"),
                false if name.ends_with(".conf") => path.clone(),
                false => continue,
            };
            if let Ok(text) = std::fs::read(file) {
                seeds.push((name.into_owned(), [b" ", text.as_slice()].concat()));
            }
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_reach_both_verdicts() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conf/tests");
        let seeds = seeds(&[tests.join("seeds"), tests.join("corpus")]);
        let good = seeds.iter().filter(|(_, input)| run_text(input)).count();
        assert!(good > 20 && good < seeds.len(), "{good}");
    }

    #[test]
    fn choices_of_words_reach_both_verdicts() {
        let (inputs, mut good) = (2_000_u32, 0);
        for number in 0..inputs {
            let mut input = vec![0];
            input.extend(number.wrapping_mul(0x9e37_79b1).to_be_bytes().repeat(2));
            good += u32::from(run_words(&input));
        }
        assert!(good > 0 && good < inputs, "{good}");
    }
}
