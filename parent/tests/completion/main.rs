//! The shell completion is in step with the command lines: the scripts are made from what `--help`
//! says and what the programs parse.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bash;
mod fish;
mod model;
mod zsh;

use model::{Program, Value, daemon, tool};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/completion")
}

/// All scripts with their names, as the shells look for them.
fn scripts() -> Vec<(String, String)> {
    let mut scripts = Vec::new();
    for program in [daemon(), tool()] {
        let name = program.name;
        scripts.push((format!("bash/{name}"), bash::script(&program)));
        scripts.push((format!("zsh/_{name}"), zsh::script(&program)));
        scripts.push((format!("fish/{name}.fish"), fish::script(&program)));
    }
    scripts
}

#[test]
fn the_scripts_offer_what_the_programs_take() {
    for (name, script) in scripts() {
        let path = folder().join(&name);
        if std::env::var_os("COMPLETION_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &script).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            there, script,
            "{name} is not in step with the options; COMPLETION_UPDATE=1 rewrites it"
        );
    }
}

#[test]
fn every_option_that_the_daemon_s_help_names_is_taken() {
    let options = daemon().options;
    assert!(options.len() > 15, "{}", options.len());
    // That one has to be the first, and has options of its own.
    for option in options.iter().filter(|option| option.long != "genhash") {
        let mut word = format!("--{}", option.long);
        match &option.value {
            None => {}
            Some(Value::File) => word.push_str("=/x"),
            Some(Value::Words(words)) => {
                word.push_str(&format!("={}", words.first().map_or("x", String::as_str)));
            }
        }
        let words = ["holdfast", "-t", &word].map(OsString::from);
        if let Err(error) = holdfast::cli::parse(words) {
            assert!(!error.to_string().contains("option"), "{word}: {error}");
        }
    }
}

/// What bash offers for the last of some words.
fn offered(program: &Program, words: &[&str]) -> Vec<String> {
    let script = folder().join("bash").join(program.name);
    let program = program.name;
    let last = words.len();
    let words = words.join(" ");
    let code = format!(
        "source '{}'; COMP_WORDS=({program} {words}); COMP_CWORD={last}; _{program}; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let tools = Path::new(env!("CARGO_BIN_EXE_holdfastctl"))
        .parent()
        .unwrap();
    let output = Command::new("bash")
        .args(["--norc", "-c", &code])
        .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
        .current_dir(folder())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    // Outside of a completion bash has no place for this.
    let other: Vec<_> = told
        .lines()
        .filter(|line| !line.contains("compopt"))
        .collect();
    assert!(other.is_empty(), "{told}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_commands_options_values_files_and_codes() {
    for (words, expected) in [
        (&["c"][..], &["check"][..]),
        (&["--v"], &["--version"]),
        (&["--d"], &["--dump"]),
        (&["--dump", "--conf"], &["--config-id"]),
        (&["fmt", "--d"], &["--dump"]),
        (&["fmt", "--w"], &["--write"]),
        (&["check", "--ho"], &["--host"]),
        (&["check", "--write"], &[]),
        (&["check", "--format", "=", "j"], &["json"]),
        (&["check", "--format", "j"], &["json"]),
        (&["check", "--color", "="], &["auto", "always", "never"]),
        (&["check", "--host", "ba"], &["bash"]),
        (
            &["explain", "HF020"],
            &[
                "HF0201", "HF0202", "HF0203", "HF0204", "HF0205", "HF0206", "HF0208", "HF0209",
            ],
        ),
        (
            &["words", "vrrp_script/in"],
            &["vrrp_script/interval", "vrrp_script/init_fail"],
        ),
    ] {
        assert_eq!(offered(&tool(), words), expected, "{words:?}");
    }
    for (words, expected) in [
        (&["--use"][..], &["--use-file"][..]),
        (&["-f", "zs"], &["zsh"]),
        (&["--config-test", "=", "fi"], &["fish"]),
        (&["--config-test", "--form"], &["--format"]),
        (&["--signum", "=", "ST"], &["STOP", "STATS", "STATS_CLEAR"]),
        (&["--log-facility", "da"], &["daemon"]),
    ] {
        assert_eq!(offered(&daemon(), words), expected, "{words:?}");
    }
}
