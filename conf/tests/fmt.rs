//! The formatter: how it looks, and that it changes neither meaning nor comments.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking"
)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]

mod common;

use common::{Folder, LOOKING, Memory, data};
use holdfast_conf::{Loaded, Unformatted, format, load};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// The canonical form, which is its own canonical form.
fn formatted(text: &str) -> String {
    match format("a.conf", text.into()) {
        Ok(text) => {
            let again = format("a.conf", text.clone().into()).unwrap();
            assert_eq!(again, text, "the second time gives something else");
            text
        }
        Err(Unformatted::Broken(report)) => panic!("{}{text}", report.render(false)),
        Err(Unformatted::Unfaithful) => panic!("unfaithful\n{text}"),
    }
}

fn refused(text: impl Into<Vec<u8>>) -> Vec<String> {
    match format("a.conf", text.into()) {
        Err(Unformatted::Broken(report)) => report.lines(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_block_is_indented_with_its_brace_on_the_line_of_its_word() {
    let text = "\
vrrp_instance VI_1
{
state BACKUP\r
  interface   eth0
\t virtual_ipaddress{ 192.0.2.10/24   dev eth1 }


    track_interface

    {

    eth1   }
}
";
    let expected = "\
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_ipaddress {
        192.0.2.10/24 dev eth1
    }

    track_interface {
        eth1
    }
}
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn comments_stay_where_they_are() {
    let text = "

! first
# second
vrrp_instance VI_1 # what it is
{ # why

      # alone
  interface eth0# behind
  track_interface # between
  # two comments
  { eth1 } // last
}   ! end   \t
# over
";
    let expected = "\
! first
# second
vrrp_instance VI_1 {  # what it is
    # why

    # alone
    interface eth0  # behind
    track_interface {  # between
        # two comments
        eth1
    }  # last
}  ! end
# over
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn what_was_pasted_from_a_web_page_is_repaired() {
    assert_eq!(formatted("\u{feff}@a b  c\u{a0}\n"), "@a b  c\n");
    assert_eq!(
        formatted("\u{feff}vrrp_script\u{a0}x {\n\u{3000}script “/bin/a\u{a0}b”\n}"),
        "vrrp_script x {\n    script \"/bin/a b\"\n}\n"
    );
    assert_eq!(
        formatted("script “/bin/a 'b  c'”"),
        "script \"/bin/a 'b  c'\"\n"
    );
    assert_eq!(formatted("# a\u{a0}b\n"), "# a\u{a0}b\n");
}

#[test]
fn quotation_marks_and_the_blanks_between_single_ones_stay() {
    for line in [
        "notify \"/bin/a  b\" nobody",
        "notify '/bin/a   \"b  c\"' nobody",
        "notify /bin/a\\ b\"c d\"e",
        "auth_pass a\\#b\\!c",
        "path //x",
        "regex \"a\u{a0}b  c\"",
        "script \"/bin/a 'b\u{a0}c' d\\\u{a0}e\"",
    ] {
        assert_eq!(
            formatted(&std::format!("  {line}  ")),
            std::format!("{line}\n")
        );
    }
}

#[test]
fn lines_of_the_preprocessor_stay_as_they_are() {
    let text = "\
include   conf.d/{a,b}.conf   # more
$ROUTES= \\
    192.0.2.0/24   dev eth0  \\
      # {
  @main $X=a  \\  # and
  # one more
  b  { \\
}
@main vrrp_instance  A {
@^main vrrp_instance  B {
interface   ${IF}
virtual_ipaddress { ${A} }
~SEQ(i, 1, 3)   track_script { x$i }
priority   $P   # mine
$BLOCK
}
";
    let expected = "\
include   conf.d/{a,b}.conf   # more
$ROUTES= \\
    192.0.2.0/24   dev eth0  \\
      # {
  @main $X=a  \\  # and
  # one more
  b  { \\
}
@main vrrp_instance  A {
@^main vrrp_instance  B {
    interface ${IF}
    virtual_ipaddress { ${A} }
    ~SEQ(i, 1, 3)   track_script { x$i }
    priority $P  # mine
    $BLOCK
}
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_line_is_not_divided_where_a_part_of_it_would_become_something_else() {
    for line in [
        "a { include x }",
        "a { @b c }",
        "a { ~SEQ(i, 2) b }",
        "a { $X=1 }",
    ] {
        assert_eq!(formatted(line), std::format!("{line}\n"));
    }
}

#[test]
fn a_brace_is_not_put_behind_a_parameter_that_may_hold_several_lines() {
    assert_eq!(formatted("a $X\n{\nb\n}"), "a $X\n{\n    b\n}\n");
    assert_eq!(formatted("a  ${X}{\nb\n}"), "a ${X} {\n    b\n}\n");
}

/// `$X{` is no use of X, `$X {` is one.
#[test]
fn a_brace_that_touches_a_name_is_not_moved_away_from_it() {
    for text in ["a $X{\n    b\n}\n", "a {\n    b $X}\n"] {
        assert_eq!(formatted(text), text);
    }
}

#[test]
fn a_file_with_wrong_values_is_formatted() {
    assert_eq!(
        formatted("vrrp_instance  A {\npriorty  900\n}"),
        "vrrp_instance A {\n    priorty 900\n}\n"
    );
    assert_eq!(formatted(""), "");
    assert_eq!(formatted(" \n\n"), "");
}

#[test]
fn a_file_whose_structure_is_broken_is_refused_at_the_place() {
    for (text, expected) in [
        (
            "a {\n}\n}\n",
            "a.conf:3:1: error[HF0105]: this `}` closes no block: there is no open block here",
        ),
        (
            "vrrp_instance A {\n interface eth0\nvrrp_instance B {\n}\n",
            "a.conf:3:1: error[HF0106]: `vrrp_instance` is still open here: `}` is missing before this",
        ),
        (
            "{\n}\n",
            "a.conf:1:1: error[HF0109]: this `{` belongs to no word: a word is expected before it",
        ),
        (
            "a \"b\n",
            "a.conf:1:3: error[HF0006]: this quotation has no end: `\"` is missing on this line",
        ),
        (
            "a\0",
            "a.conf:1:2: error[HF0003]: control character 0x00 at byte 1",
        ),
    ] {
        assert_eq!(refused(text), [expected], "{text}");
    }
    assert!(refused("a {\n".repeat(5_000))[0].contains("HF0108"));
    assert!(refused(b"\xff".as_slice())[0].contains("HF0002"));
    assert!(refused("x".repeat(9_000))[0].contains("HF0004"));
}

#[test]
fn a_password_on_a_line_that_is_refused_is_not_shown() {
    let text = "authentication {\n auth_pass \"s3cret\n}\n";
    let Err(Unformatted::Broken(report)) = format("a.conf", text.into()) else {
        panic!("refused");
    };
    assert!(!report.render(false).contains("s3cret"));
}

#[test]
fn a_line_that_would_become_too_long_is_left_alone() {
    let text = std::format!("a {{\n{}\n}}\n", "x".repeat(8_190));
    assert!(matches!(
        format("a.conf", text.into()),
        Err(Unformatted::Unfaithful)
    ));
}

#[test]
fn conditions_without_an_end_do_not_make_the_text_grow() {
    let text = "@a b {\nc\n".repeat(20_000);
    assert!(formatted(&text).len() < text.len() * 30);
}

/// All configurations of the test data, with the folder that they are read in.
fn files() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for folder in ["seeds", "corpus"] {
        let mut open = vec![data(folder)];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|end| end == "conf") {
                    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                    all.push((folder.clone(), name));
                }
            }
        }
    }
    all
}

#[test]
fn every_file_of_the_test_data_means_the_same_when_it_is_formatted() {
    let mut compared = 0;
    for (folder, name) in files() {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let Ok(text) = format(&name, bytes.clone()) else {
            let load = load(&Folder(folder.clone()), Path::new(&name), &LOOKING);
            assert!(load.report.errors() > 0, "{} {name}", folder.display());
            continue;
        };
        assert_eq!(formatted(&text), text, "{} {name}", folder.display());
        let original = String::from_utf8(bytes).unwrap();
        assert_eq!(
            comments(&text),
            comments(&original),
            "{} {name}",
            folder.display()
        );
        let before = load(&Memory::one(original), Path::new("a.conf"), &LOOKING);
        let after = load(&Memory::one(text), Path::new("a.conf"), &LOOKING);
        if odd_quotes(&before) == 0 {
            assert_eq!(before.config, after.config, "{} {name}", folder.display());
        }
        assert_eq!(
            before.report.errors(),
            after.report.errors() + odd_quotes(&before),
            "{name}"
        );
        compared += 1;
    }
    assert!(compared >= 60, "{compared}");
}

/// Errors that the formatter repairs.
fn odd_quotes(loaded: &Loaded) -> usize {
    let lines = loaded.report.lines();
    lines.iter().filter(|line| line.contains("HF0009")).count()
}

/// Comments in their order, without what the formatter may change of them.
fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut quoted = false;
        for (at, c) in line.char_indices() {
            let before = &line[..at];
            quoted ^= matches!(c, '"' | '“' | '”');
            let slashes = line[at..].starts_with("//")
                && !before.trim_end().ends_with("path")
                && before.chars().next_back().is_none_or(char::is_whitespace);
            if !quoted && !before.ends_with('\\') && (matches!(c, '#' | '!') || slashes) {
                let text = line[at..].trim_end();
                found.push(text.replacen("//", "#", usize::from(slashes)));
                break;
            }
        }
    }
    found
}

/// One statement, with a block or without, written in some way.
fn statement() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "interface",
        "192.0.2.1/24",
        "\"b  c\"",
        "\"\"",
        "'d",
        "e'",
        "x\"y z\"",
        "\\#f",
        "-1",
        "“g h”",
    ]);
    let blank = prop::sample::select(vec![" ", "\t", "  ", "\u{a0}", " \u{3000}"]);
    let line = (prop::collection::vec((word, blank), 1..4)).prop_map(|words| {
        words
            .into_iter()
            .map(|(word, blank)| std::format!("{word}{blank}"))
            .collect::<String>()
    });
    let end = || {
        prop::sample::select(vec![
            "\n",
            "\r\n",
            " # c\n",
            "! d \n\n\n",
            "\n  # e\n",
            "\n\n",
        ])
    };
    let open = prop::sample::select(vec![
        "{",
        "{ ",
        " {\n",
        "\n{",
        "# o\n{\n",
        "\n\n# p\n { # q\n",
    ]);
    let leaf = (line.clone(), end()).prop_map(|(line, end)| line + end);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (
            line.clone(),
            open.clone(),
            prop::collection::vec(inner, 0..4),
            end(),
        )
            .prop_map(|(line, open, inner, end)| {
                std::format!("{line}{open}{}}}{end}", inner.concat())
            })
    })
}

/// Signs that matter to the reader of lines.
const SIGNS: &[&str] = &[
    "{",
    "}",
    "\"",
    "'",
    "#",
    "!",
    "@x ",
    "@^x ",
    "~SEQ(i, 2) ",
    "$X=",
    "${X}",
    "$X",
    "\\",
    "//",
    " ",
    "\n",
    "\r\n",
    "\u{a0}",
    "\u{feff}",
    "“",
    "include ",
    "a",
];

proptest! {
    #[test]
    fn a_damaged_file_means_the_same_when_it_is_formatted(
        file: prop::sample::Index,
        damages in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(SIGNS)),
            1..4,
        ),
    ) {
        let all = files();
        let (folder, name) = &all[file.index(all.len())];
        let bytes = std::fs::read(folder.join(name)).unwrap();
        prop_assume!(bytes.len() < 10_000);
        let mut text: Vec<char> = String::from_utf8_lossy(&bytes).chars().collect();
        for (place, removed, put) in damages {
            let at = place.index(text.len() + 1);
            let end = text.len().min(at + removed);
            text.splice(at..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        let Ok(result) = format("a.conf", text.clone().into()) else {
            return Ok(());
        };
        prop_assert_eq!(&formatted(&result), &result);
        let before = Memory::one(text.clone()).look();
        // A remark behind `//` that becomes a comment, and a repaired quotation, may take errors away.
        if odd_quotes(&before) == 0 && !text.contains("//") {
            let after = Memory::one(result).look();
            // How many follow from the first one hangs on the reader's guesses, indentation among them.
            let broken = |loaded: &Loaded| loaded.report.errors() > 0;
            prop_assert_eq!(broken(&before), broken(&after), "{}", text);
            prop_assert_eq!(before.config, after.config, "{}", text);
        }
    }

    #[test]
    fn comments_and_words_of_any_text_stay_in_their_order(
        statements in prop::collection::vec(statement(), 0..6)
    ) {
        let text = statements.concat();
        let result = formatted(&text);
        prop_assert_eq!(comments(&result), comments(&text));
        let words = |text: &str| -> String {
            text.lines()
                .map(|line| line.chars().filter(|c| !c.is_whitespace()).collect::<String>())
                .collect::<String>()
                .replace(['“', '”'], "\"")
        };
        // Comments move behind a brace that moves, so they are looked at by themselves.
        let bare = |text: &str| {
            let lines: Vec<_> = text.lines().map(|line| {
                let found = comments(line);
                found.first().map_or(line, |found| &line[..line.rfind(found.as_str()).unwrap()]).to_owned()
            }).collect();
            words(&lines.join("\n"))
        };
        prop_assert_eq!(bare(&result), bare(&text));
    }

    #[test]
    fn any_text_at_all_is_formatted_or_refused(text in "[a{}\"'#!@$~\\\\/ \n\t\u{a0}“x=]{0,60}") {
        if let Ok(result) = format("a.conf", text.into()) {
            formatted(&result);
        }
    }
}
