//! Two or more files against each other: one folder for each case.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::{Folder, compare, data};
use holdfast_conf::{Code, Loaded, Node, NotCarriedOut, Options, PairReport, load, pair};
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> = std::fs::read_dir(data("pair"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// All nodes of a case, `web1.conf` and so on.
fn report(case: &Path) -> PairReport {
    let options = Options {
        origins: true,
        not_carried_out: NotCarriedOut::Warn,
        ..Options::default()
    };
    let nodes: Vec<(String, Loaded)> = ["web1", "web2", "web3"]
        .into_iter()
        .filter(|name| case.join(format!("{name}.conf")).exists())
        .map(|name| {
            let file = format!("{name}.conf");
            let loaded = load(&Folder(case.to_owned()), Path::new(&file), &options);
            (name.to_owned(), loaded)
        })
        .collect();
    let nodes: Vec<Node<'_>> = nodes
        .iter()
        .map(|(name, loaded)| Node { name, loaded })
        .collect();
    pair(&nodes)
}

#[test]
fn every_case_says_what_is_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let report = report(&case);
        let text = format!(
            "{}{} errors, {} warnings\n",
            report.render(false),
            report.errors(),
            report.warnings()
        );
        wrong.extend(compare(&text, &case.join("expected.txt")).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nodes of tutorials that belong together.
const SEEDS: &[(&str, &str)] = &[
    ("000-web1-ah", "000-web2-ah"),
    ("000-web1-nopreempt", "000-web2-nopreempt"),
    ("001-httpd-master", "001-httpd-backup"),
    ("001-httpd-master-script", "001-httpd-backup-script"),
    ("002-mcast-group-master", "002-mcast-group-backup"),
    ("003-unicast-havip-01", "003-unicast-havip-02"),
    ("004-com188", "004-com238"),
];

#[test]
fn nodes_of_tutorials_are_compared() {
    let mut wrong = Vec::new();
    for (one, other) in SEEDS {
        let options = Options {
            origins: true,
            ..Options::default()
        };
        let loaded = [one, other].map(|name| {
            let file = format!("{name}.conf");
            load(&Folder(data("seeds")), Path::new(&file), &options)
        });
        let [first, second] = &loaded;
        let nodes = [("A", first), ("B", second)].map(|(name, loaded)| Node { name, loaded });
        let text = pair(&nodes).render(false);
        let expected = data("seeds").join(format!("{one}.pair.txt"));
        wrong.extend(compare(&text, &expected).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_about_several_nodes_has_a_case() {
    let all: String = cases()
        .iter()
        .map(|case| report(case).render(false))
        .collect();
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| (501..600).contains(&code.number()))
        .filter(|code| !all.contains(&format!(" {code} ")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn lines_fit_a_terminal_and_no_password_is_shown() {
    for case in cases() {
        let report = report(&case);
        let text = report.render(false);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let json = report.json().to_string();
        for secret in ["r4Zt0p", "r4Zt0P"] {
            assert!(!text.contains(secret) && !json.contains(secret));
        }
        assert!(!text.contains('\x1b'));
    }
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    for case in cases() {
        let report = report(&case);
        let mut plain = String::new();
        let coloured = report.render(true);
        for (at, part) in coloured.split("\x1b[").enumerate() {
            plain.push_str(if at == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            });
        }
        assert_eq!(plain, report.render(false));
    }
}
