use super::*;

fn read(words: &[&str]) -> Result<Request, UsageError> {
    let words = std::iter::once("holdfastctl").chain(words.iter().copied());
    parse(words.map(OsString::from))
}

fn command(words: &[&str]) -> Command {
    read(words).unwrap().command
}

fn error(words: &[&str]) -> String {
    read(words).unwrap_err().to_string()
}

#[test]
fn every_sub_command_takes_its_arguments() {
    let check = Check {
        files: vec!["a".into(), "b".into()],
        host: true,
        pair: true,
        format: Format::Json,
    };
    assert_eq!(
        command(&["check", "--pair", "a", "--host", "b", "--format=json"]),
        Command::Check(check)
    );
    let diff = Command::Diff {
        old: "a".into(),
        new: "b".into(),
        format: Format::Text,
    };
    assert_eq!(command(&["diff", "a", "b"]), diff);
    for (option, target) in [
        ("-w", Target::Write),
        ("--write", Target::Write),
        ("--check", Target::Compare),
        ("--color=never", Target::Output),
    ] {
        let files = vec!["a".into()];
        assert_eq!(
            command(&["fmt", option, "a"]),
            Command::Fmt { files, target }
        );
    }
    let dump = Command::Dump {
        file: "-a".into(),
        format: Format::Json,
    };
    assert_eq!(command(&["dump", "--format=json", "--", "-a"]), dump);
    assert_eq!(
        command(&["explain", "hf0201", "1"]),
        Command::Explain(vec![Code::OutOfRange, Code::Unreadable])
    );
    assert_eq!(command(&["explain", "--list"]), Command::ListCodes);
    for words in [&["words", "SSL", "key"][..], &["words", "SSL/key"]] {
        let place = vec!["SSL".to_owned(), "key".to_owned()];
        let format = Format::Text;
        assert_eq!(command(words), Command::Words { place, format });
    }
}

#[test]
fn what_is_missing_or_too_much_is_said() {
    let check = "; `holdfastctl check --help` says how";
    for (words, expected) in [
        (
            &[][..],
            "a command is expected; `holdfastctl --help` lists the commands",
        ),
        (
            &["chek"],
            "unknown command `chek`; `holdfastctl --help` lists the commands",
        ),
        (
            &["--host"],
            "unknown option --host; `holdfastctl --help` lists the commands",
        ),
        (&["check"], &format!("a file is expected{check}")),
        (
            &["check", "--pair", "a"],
            &format!("two files are expected{check}"),
        ),
        (&["check", "-w", "a"], &format!("unknown option -w{check}")),
        (
            &["check", "--format", "xml", "a"],
            &format!("--format cannot be `xml`; expected text, json{check}"),
        ),
        (
            &["diff", "a", "b", "c"],
            "two files are expected, the old one and the new one; `holdfastctl diff --help` says how",
        ),
        (
            &["dump", "a", "b"],
            "one file is expected; `holdfastctl dump --help` says how",
        ),
        (
            &["explain"],
            "a code is expected, such as HF0201; `holdfastctl explain --help` says how",
        ),
        (
            &["explain", "HF9999"],
            "there is no code `HF9999`, `holdfastctl explain --list` shows all of them; \
             `holdfastctl explain --help` says how",
        ),
        (
            &["explain", "--list", "1"],
            "unexpected argument `1`; `holdfastctl explain --help` says how",
        ),
    ] {
        assert_eq!(error(words), expected, "{words:?}");
    }
    assert!(error(&["fmt", "--check=yes", "a"]).contains("--check"));
}

#[test]
fn help_is_answered_in_every_place_and_fits_80_columns() {
    assert_eq!(command(&["--help"]), Command::Help(None));
    assert_eq!(command(&["-v", "-h"]), Command::Version);
    let mut all = vec![help()];
    for of in SUBCOMMANDS {
        assert_eq!(command(&[of.name, "-h"]), Command::Help(Some(of)));
        all.push(help_of(of));
    }
    for text in all {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn every_option_of_the_table_is_taken() {
    for of in SUBCOMMANDS {
        for option in of.options.iter().chain(COMMON) {
            let values = match option.takes {
                Takes::Nothing => vec![format!("--{}", option.long)],
                Takes::Text(_) => vec![format!("--{}=x", option.long)],
                Takes::OneOf(words) => words
                    .iter()
                    .map(|word| format!("--{}={word}", option.long))
                    .collect(),
            };
            for value in values {
                let outcome = read(&[of.name, &value, "1", "2"]);
                if let Err(error) = outcome {
                    assert!(!error.to_string().contains("unknown option"), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_name_for_conditional_lines_is_for_all_files_or_for_its_own() {
    let ids = |words: &[&str]| -> Vec<Option<String>> {
        let request = read(words).unwrap();
        (0..3).map(|file| request.id(file).cloned()).collect()
    };
    let some = |id: &str| Some(id.to_owned());
    assert_eq!(ids(&["check", "a"]), [None, None, None]);
    let one = ids(&["check", "-i", "x", "a", "b"]);
    assert_eq!(one, [some("x"), some("x"), some("x")]);
    let each = ids(&["check", "--pair", "-ix", "--config-id=y", "a", "a"]);
    assert_eq!(each, [some("x"), some("y"), some("y")]);
    assert_eq!(
        error(&["dump", "-ix", "-iy", "a"]),
        "there are more --config-id than files; `holdfastctl dump --help` says how"
    );
}

#[test]
fn colour_is_for_terminals_unless_somebody_says_otherwise() {
    let set = || Some(OsString::from("1"));
    assert!(When::Auto.on(true, None));
    assert!(When::Auto.on(true, Some(OsString::new())));
    assert!(!When::Auto.on(false, None));
    assert!(!When::Auto.on(true, set()));
    assert!(When::Always.on(false, set()));
    assert!(!When::Never.on(true, None));
    assert_eq!(
        read(&["--color", "always", "diff", "a", "b"])
            .unwrap()
            .colour,
        When::Always
    );
}
