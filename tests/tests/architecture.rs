//! The shape of the project, held by a test: who may know whom, what pure code may name, which
//! licences come in.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate, its directory, and which of ours it may know (design: `conf` is a leaf).
const CRATES: [(&str, &str, &[&str]); 5] = [
    ("holdfast-conf", "conf", &[]),
    ("holdfast-ipc", "ipc", &["holdfast-conf"]),
    ("holdfast", "parent", &["holdfast-conf", "holdfast-ipc"]),
    ("holdfast-vrrp", "vrrp-child", &["holdfast-ipc"]),
    ("holdfast-checker", "checker-child", &["holdfast-ipc"]),
];
const TESTS: &str = "holdfast-tests";

/// What pure code does not name: clocks, files, sockets, processes, the environment, and every
/// crate that speaks to the system.
const IMPURE: [&str; 27] = [
    "caps",
    "landlock",
    "libc",
    "netlink_packet_core",
    "netlink_packet_route",
    "netlink_sys",
    "nix",
    "rtnetlink",
    "rustix",
    "seccompiler",
    "signal_hook",
    "socket2",
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "syslog",
    "tokio",
    "rand",
];
/// The same for what is called by its last names.
const IMPURE_CALLS: [&str; 6] = [
    "Instant::now",
    "SystemTime::now",
    "eprint!",
    "eprintln!",
    "print!",
    "println!",
];
/// Files of the libraries that may name something of these, and why.
const EXCEPTIONS: [(&str, &str, &str); 7] = [
    (
        "ipc/src/channel.rs",
        "nix",
        "the socket between the processes, in the one crate that all of them share",
    ),
    (
        "ipc/src/channel.rs",
        "rustix",
        "receives descriptors that come with messages as owned ones",
    ),
    (
        "ipc/src/channel.rs",
        "Instant::now",
        "the deadline of the greeting, before there is an event loop",
    ),
    (
        "vrrp-child/src/ipvs/codec/frame.rs",
        "netlink_packet_core",
        "headers of messages, without a socket; the vectors and the fuzz target need them",
    ),
    ("parent/src/seccomp.rs", "libc", FILTER),
    ("parent/src/seccomp.rs", "nix", FILTER),
    ("parent/src/seccomp.rs", "seccompiler", FILTER),
];
const FILTER: &str = "numbers of system calls, compiled to a program that `io` installs";

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

/// What cargo knows about the tree; the network is not needed where it was built.
fn metadata() -> Value {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

fn dependencies(package: &Value) -> BTreeSet<&str> {
    let all = package["dependencies"].as_array().unwrap();
    all.iter().map(|other| text(other, "name")).collect()
}

/// Only packages from elsewhere have a source.
fn is_ours(package: &&Value) -> bool {
    package["source"].is_null()
}

#[test]
fn crates_know_each_other_as_the_design_says() {
    let metadata = metadata();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = packages(&metadata)
        .filter(is_ours)
        .map(|package| {
            let mut known = dependencies(package);
            known.retain(|name| name.starts_with("holdfast"));
            (text(package, "name"), known)
        })
        .collect();
    // They may know everybody, and nobody knows them: the other rows show it.
    assert!(found.remove(TESTS).is_some());
    let expected = CRATES
        .iter()
        .map(|(name, _, known)| (*name, known.iter().copied().collect()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn bincode_is_seen_in_ipc_alone_in_the_one_version_that_works() {
    let metadata = metadata();
    let users: Vec<_> = packages(&metadata)
        .filter(is_ours)
        .filter(|package| dependencies(package).contains("bincode"))
        .map(|package| text(package, "name"))
        .collect();
    assert_eq!(users, ["holdfast-ipc"]);
    let versions: Vec<_> = packages(&metadata)
        .filter(|package| text(package, "name") == "bincode")
        .map(|package| text(package, "version"))
        .collect();
    assert_eq!(versions, ["2.0.1"]);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("bincode = { version = \"=2.0.1\""));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let lints = |directory: &str| {
        let manifest = fs::read_to_string(root().join(directory).join("Cargo.toml")).unwrap();
        let (_, behind) = manifest.split_once("\n[lints").unwrap_or_default();
        let end = behind.find("\n[dependencies").unwrap_or(behind.len());
        behind[..end].to_owned()
    };
    for (name, directory, _) in CRATES {
        assert_eq!(lints(directory).trim_end(), "]\nworkspace = true", "{name}");
    }
    // The harness may panic, and so lists its lints itself; what matters most stays.
    let harness = lints("tests");
    for line in ["unsafe_code = \"forbid\"", "allow_attributes = \"deny\""] {
        assert!(harness.contains(line), "{line}");
    }
}

#[test]
fn every_licence_in_the_tree_is_on_the_list_of_deny_toml() {
    let allowed = allowed_licences();
    assert!(allowed.contains("MIT") && allowed.len() > 3, "{allowed:?}");
    let metadata = metadata();
    let strangers: Vec<_> = packages(&metadata)
        .filter(|package| !is_allowed(text(package, "license"), &allowed))
        .map(|package| (text(package, "name"), text(package, "license")))
        .collect();
    assert_eq!(strangers, []);
}

/// The list in deny.toml; one truth for cargo-deny and for this test.
fn allowed_licences() -> BTreeSet<String> {
    let file = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, behind) = file.split_once("\nallow = [\n").unwrap();
    let (list, _) = behind.split_once("\n]").unwrap();
    let lines = list.lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.trim_end_matches(',').trim_matches('"').to_owned())
        .collect()
}

/// Reads an SPDX expression: OR, AND, brackets, and the old slash that means OR. What is not
/// understood is not allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let value = either(&mut words, allowed);
    value && words.is_empty()
}

fn either(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut value = both(words, allowed);
    while words.last() == Some(&"OR") {
        words.pop();
        value |= both(words, allowed);
    }
    value
}

fn both(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut value = one(words, allowed);
    while words.last() == Some(&"AND") {
        words.pop();
        value &= one(words, allowed);
    }
    value
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<String>) -> bool {
    match words.pop() {
        Some("(") => {
            let value = either(words, allowed);
            words.pop() == Some(")") && value
        }
        Some(name) if words.last() == Some(&"WITH") => {
            words.pop();
            let whole = format!("{name} WITH {}", words.pop().unwrap_or_default());
            allowed.contains(&whole)
        }
        Some(name) => allowed.contains(name),
        None => false,
    }
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    let rows = [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("(MIT OR ISC", false),
        ("MIT ISC", false),
        ("MIT WITH strange-exception", false),
        ("MIT WITH strange-exception OR ISC", true),
    ];
    for (expression, expected) in rows {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn pure_code_names_no_clock_file_socket_or_process() {
    let mut excused = BTreeSet::new();
    let mut faults = Vec::new();
    for (_, directory, _) in CRATES {
        for path in rust_files(&root().join(directory).join("src")) {
            let shown = shown(&path);
            if !is_pure(&shown) {
                continue;
            }
            for name in impure_names(&bare_code(&fs::read_to_string(&path).unwrap())) {
                match EXCEPTIONS
                    .iter()
                    .find(|(file, what, _)| *file == shown && *what == name)
                {
                    Some(exception) => drop(excused.insert(*exception)),
                    None => faults.push(format!("{shown} names {name}")),
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(
        excused,
        BTreeSet::from(EXCEPTIONS),
        "an exception is not needed any more"
    );
}

/// Everything of a library: not the binaries, and not what only `main.rs` declares.
fn is_pure(path: &str) -> bool {
    let (_, inside) = path.split_once("/src/").unwrap();
    inside != "main.rs" && !inside.starts_with("io/") && !inside.starts_with("bin/")
}

#[test]
fn only_a_binary_declares_the_modules_that_do_input_and_output() {
    for (name, directory, _) in CRATES {
        let library = fs::read_to_string(root().join(directory).join("src/lib.rs")).unwrap();
        let code = bare_code(&library);
        assert!(!code.contains("mod io"), "{name}");
    }
}

/// What of the forbidden list a piece of code names, by `use` or by a whole path.
fn impure_names(code: &str) -> BTreeSet<&'static str> {
    let mut paths: Vec<String> = words(code, "use")
        .filter_map(|start| code[start..].split_once(';'))
        .flat_map(|(tree, _)| expand(&without_blanks(tree)))
        .collect();
    paths.extend(inline_paths(code));
    // What this was compiled for is no part of the environment.
    paths.retain(|path| !path.starts_with("std::env::consts"));
    let names = |wanted: &&&str| {
        paths.iter().any(|path| {
            path.strip_prefix(**wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    };
    let calls = |wanted: &&&str| has_word(code, wanted);
    let listed = IMPURE.iter().filter(names);
    listed
        .chain(IMPURE_CALLS.iter().filter(calls))
        .copied()
        .collect()
}

/// `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<String> {
    let Some((front, behind)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim_start_matches("::").to_owned()];
    };
    let inner = behind.strip_suffix('}').unwrap_or(behind);
    let mut depth = 0_i32;
    let mut parts = vec![String::new()];
    for character in inner.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    parts
        .iter()
        .filter(|part| !part.is_empty())
        .flat_map(|part| expand(&format!("{front}{part}")))
        .collect()
}

/// All paths with `::` in a piece of code.
fn inline_paths(code: &str) -> impl Iterator<Item = String> + '_ {
    code.split(|character: char| !(character.is_alphanumeric() || "_:".contains(character)))
        .filter(|word| word.contains("::"))
        .map(|word| word.trim_start_matches("::").to_owned())
}

fn without_blanks(text: &str) -> String {
    text.replace(" as ", "\0")
        .split_whitespace()
        .collect::<String>()
        .replace('\0', " as ")
}

/// True where a word stands by itself.
fn has_word(code: &str, word: &str) -> bool {
    words(code, word).next().is_some()
}

/// Ends of a word, wherever it stands by itself.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).filter_map(move |(start, _)| {
        let end = start + word.len();
        let before = code[..start].chars().next_back();
        let behind = code[end..].chars().next();
        let alone = !before.is_some_and(part_of_name) && !behind.is_some_and(part_of_name);
        alone.then_some(end)
    })
}

#[test]
fn names_are_found_however_they_are_written() {
    let rows: [(&str, &[&str]); 10] = [
        ("use std::fs;", &["std::fs"]),
        ("use std::{io, fs::{self, File}};", &["std::fs"]),
        (
            "use std::{\n    net::{IpAddr,\n    UdpSocket as Socket},\n};",
            &["std::net::UdpSocket"],
        ),
        ("let x = std::env::var(name);", &["std::env"]),
        (
            "use nix::errno::Errno; f(::tokio::spawn(x))",
            &["nix", "tokio"],
        ),
        ("let now = Instant::now();", &["Instant::now"]),
        ("f(std::env::consts::ARCH)", &[]),
        ("eprintln!(x)", &["eprintln!"]),
        (
            "use std::net::IpAddr; use std::time::{Duration, Instant};",
            &[],
        ),
        ("let nix = environment.fs; my_println!(nix)", &[]),
    ];
    for (code, expected) in rows {
        let found: Vec<_> = impure_names(code).into_iter().collect();
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn nobody_writes_unsafe_code() {
    let keyword = ["un", "safe"].concat();
    let root = root();
    let own = CRATES.iter().map(|(_, directory, _)| *directory);
    let files = own
        .chain(["tests"])
        .flat_map(|directory| rust_files(&root.join(directory)));
    let found: Vec<_> = files
        .filter(|path| has_word(&bare_code(&fs::read_to_string(path).unwrap()), &keyword))
        .map(|path| shown(&path))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

/// The list of differences to keepalived names a test for each; a renamed test must not stay there.
#[test]
fn every_test_that_the_list_of_differences_names_exists() {
    let root = root();
    let sources: Vec<String> = CRATES
        .iter()
        .flat_map(|(_, directory, _)| rust_files(&root.join(directory)))
        .chain(rust_files(&root.join("tests")))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let list = fs::read_to_string(root.join("parent/doc/differences.md")).unwrap();
    let cells = list
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.trim_end_matches('|').rsplit('|').next());
    let names: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| name.contains('_') && !name.contains(['/', '.']))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|name| {
            let (function, entry) = (format!("fn {name}"), format!("{name}:"));
            let defines = |text: &String| text.contains(&function) || text.contains(&entry);
            !sources.iter().any(defines)
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// The same for the cases of the configuration's corpus that it names.
#[test]
fn every_case_that_the_list_of_differences_names_exists() {
    let root = root();
    let list = fs::read_to_string(root.join("parent/doc/differences.md")).unwrap();
    let cells = list
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| line.trim_end_matches('|').rsplit('|').next());
    let names: Vec<&str> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    let corpus = root.join("conf/tests/corpus");
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|name| !corpus.join(name).join("in.conf").exists())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// All Rust files below a directory, build folders left out.
fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                if entry.file_name() != "target" {
                    left.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap();
    inside.to_str().unwrap().to_owned()
}

/// Code without comments and without the inside of strings and characters.
fn bare_code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skip(rest);
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            // A name that ends in r or b does not begin a string.
            if first.is_alphanumeric() || first == '_' {
                let name = rest
                    .find(|next: char| !(next.is_alphanumeric() || next == '_'))
                    .unwrap_or(rest.len());
                code.push_str(&rest[..name]);
                rest = &rest[name..];
            }
        }
    }
    code
}

/// Length of the comment, string or character that the text begins with; 0 for code.
fn skip(text: &str) -> usize {
    let to_end = |end: Option<usize>| end.unwrap_or(text.len());
    if text.starts_with("//") {
        return to_end(text.find('\n'));
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    let opening = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - opening.len();
    if let Some(raw) = opening.strip_prefix('r') {
        let marks = raw.len() - raw.trim_start_matches('#').len();
        if raw[marks..].starts_with('"') {
            let begin = prefix + 1 + marks + 1;
            let closing = format!("\"{}", "#".repeat(marks));
            let end = text[begin..].find(&closing);
            return to_end(end.map(|at| begin + at + closing.len()));
        }
    }
    if opening.starts_with('"') {
        return prefix + quoted(opening, '"');
    }
    if opening.starts_with('\'') {
        return match character(opening) {
            0 => 0,
            length => prefix + length,
        };
    }
    0
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character in quotes; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(_)) => quoted(text, '\''),
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => 0,
    }
}

#[test]
fn comments_and_strings_are_no_code() {
    let rows = [
        ("a // nix\nb", "a  \nb"),
        ("a /* nix /* x */ y */ b", "a   b"),
        ("f(\"nix \\\" // \", x)", "f( , x)"),
        ("r#\"a \" b\"# + br\"\\\" + c", "  +   + c"),
        ("'\"' + 'a' + '\\'' + b'x'", "  +   +   +  "),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("for\"x\"", "for "),
        ("'ä'x", " x"),
    ];
    for (text, code) in rows {
        assert_eq!(bare_code(text), code, "{text}");
    }
}
