//! The real `holdfastctl` as anybody uses it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let template = std::env::temp_dir().join("holdfastctl-XXXXXX");
        Self(nix::unistd::mkdtemp(&template).unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfastctl"));
    command.args(arguments).env_remove("NO_COLOR");
    command
}

/// Status, standard output, standard error.
fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn holdfastctl(arguments: &[&str]) -> (i32, String, String) {
    told(&command(arguments).output().unwrap())
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

const GOOD: &str = "\
vrrp_instance VI_1 {
    state BACKUP
    interface hf-none0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.0.2.10/24
    }
}
";

const UGLY: &str = "\
vrrp_instance VI_1
{
  state BACKUP # both
  interface hf-none0
virtual_router_id 51
priority 100
  virtual_ipaddress { 192.0.2.10/24 }
}
";

const NEAT: &str = "\
vrrp_instance VI_1 {
    state BACKUP  # both
    interface hf-none0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        192.0.2.10/24
    }
}
";

fn wrong() -> String {
    GOOD.replace("51", "300").replace("priority", "priorty")
}

#[test]
fn wrong_usage_is_status_2_and_says_where_help_is() {
    let (status, out, err) = holdfastctl(&["chek"]);
    let expected = "holdfastctl: unknown command `chek`; `holdfastctl --help` lists the commands\n";
    assert_eq!((status, out.as_str(), err.as_str()), (2, "", expected));
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = holdfastctl(&["--help"]);
    assert_eq!(help, (0, holdfast::ctl::help(), String::new()));
    let version = format!("holdfastctl v{}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(holdfastctl(&["-v"]), (0, version, String::new()));
}

#[test]
fn a_good_file_is_status_0_and_nothing_about_this_host_is_said() {
    let folder = Folder::new();
    let file = folder.file("c", GOOD);
    let expected = format!("{}: 0 errors, 0 warnings.\n", file.display());
    assert_eq!(
        holdfastctl(&["check", name(&file)]),
        (0, expected, String::new())
    );
    let (status, out, _) = holdfastctl(&["check", "--host", name(&file)]);
    assert_eq!(status, 0);
    assert!(
        out.contains("host: interface `hf-none0` does not exist here"),
        "{out}"
    );
}

#[test]
fn errors_are_status_1_with_the_place_a_hint_and_a_sum() {
    let folder = Folder::new();
    let (good, wrong) = (folder.file("good", GOOD), folder.file("wrong", wrong()));
    let missing = folder.0.join("missing");
    let (status, out, err) = holdfastctl(&["check", name(&good), name(&wrong), name(&missing)]);
    assert_eq!((status, err.as_str()), (1, ""));
    assert!(out.contains(&format!("{}:4:23", wrong.display())), "{out}");
    assert!(
        out.contains("\n`holdfastctl explain HF0201 HF0101` says more\n"),
        "{out}"
    );
    assert!(
        out.contains(&format!("{}: No such file", missing.display())),
        "{out}"
    );
    assert!(
        out.ends_with("\n3 files, 2 of them refused: 3 errors, 0 warnings.\n"),
        "{out}"
    );
    assert!(!out.contains('\x1b'), "{out}");
}

#[test]
fn colour_is_given_when_it_is_asked_for() {
    let folder = Folder::new();
    let file = folder.file("c", wrong());
    let (_, out, _) = holdfastctl(&["check", "--color=always", name(&file)]);
    assert!(out.contains("\x1b["), "{out}");
}

#[test]
fn json_is_one_document_with_every_place() {
    let folder = Folder::new();
    let wrong = folder.file("c", wrong());
    let missing = folder.0.join("missing");
    let (status, out, err) =
        holdfastctl(&["check", "--format", "json", name(&wrong), name(&missing)]);
    assert_eq!((status, err.as_str()), (1, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(document["errors"], 3);
    let file = &document["files"][0];
    assert_eq!(file["file"], name(&wrong));
    assert_eq!((&file["errors"], &file["warnings"]), (&2.into(), &0.into()));
    let first = serde_json::json!({
        "code": "HF0201",
        "severity": "error",
        "message": "`virtual_router_id` must be between 1 and 255",
        "label": "300 is out of range",
        "file": name(&wrong), "line": 4, "column": 23, "end_column": 26,
        "notes": [], "helps": [], "related": [], "more": 0, "again": 0, "expanded": null,
    });
    assert_eq!(file["diagnostics"][0], first);
    let help = "did you mean `priority`?";
    assert_eq!(file["diagnostics"][1]["helps"], serde_json::json!([help]));
    let missing = &document["files"][1]["diagnostics"][0];
    assert_eq!(
        (&missing["code"], &missing["line"]),
        (&"HF0001".into(), &Value::Null)
    );
}

#[test]
fn the_other_side_of_a_conflict_is_in_the_document() {
    let folder = Folder::new();
    let file = folder.file("c", format!("{GOOD}{}", GOOD.replace("51", "52")));
    let (status, out, _) = holdfastctl(&["check", "--format=json", name(&file)]);
    assert_eq!(status, 1);
    let document: Value = serde_json::from_str(&out).unwrap();
    let related = serde_json::json!([{
        "file": name(&file), "line": 1, "column": 15, "end_column": 19, "text": "first one",
    }]);
    let diagnostics = document["files"][0]["diagnostics"].as_array().unwrap();
    let same_name = diagnostics
        .iter()
        .find(|one| one["code"] == "HF0114")
        .unwrap();
    assert_eq!(same_name["related"], related);
}

#[test]
fn a_code_is_explained_however_it_is_written() {
    let (status, out, _) = holdfastctl(&["explain", "hf0201", "412x"]);
    assert_eq!((status, out.as_str()), (2, ""));
    let (status, out, _) = holdfastctl(&["explain", "hf0201", "0101"]);
    assert_eq!(status, 0);
    assert!(
        out.starts_with("HF0201: a number is out of range\n\n"),
        "{out}"
    );
    assert!(out.contains("\nFix:\n"), "{out}");
    assert!(
        out.contains("\n\n\nHF0101: a word that nobody knows\n\n"),
        "{out}"
    );
    let (status, out, _) = holdfastctl(&["explain", "--list"]);
    assert_eq!(status, 0);
    assert!(
        out.contains("\nHF0201  a number is out of range\n"),
        "{out}"
    );
}

#[test]
fn a_word_is_shown_with_all_about_it() {
    let (status, text, told) = holdfastctl(&["words", "vrrp_instance", "priority"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((status, told.as_str()), (0, ""));
    assert_eq!(lines[0], "vrrp_instance/priority 1..255");
    assert_eq!(
        lines.last(),
        Some(&"    Default: 100; 255 with `state MASTER`.")
    );
    let (status, _, told) = holdfastctl(&["words", "vrrp_instance", "priorty"]);
    let hint = "holdfastctl: there is no word and no block `vrrp_instance priorty`";
    assert_eq!((status, told.starts_with(hint)), (2, true), "{told}");
}

#[test]
fn all_words_are_listed_for_machines() {
    let (_, text, _) = holdfastctl(&["words", "--format=json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let (_, lines, _) = holdfastctl(&["words"]);
    let words = document["words"].as_array().unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(words.len(), lines.lines().count());
    let fields: Vec<&String> = words[0].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["about", "arguments", "blocks", "name", "treatment"]
    );
}

#[test]
fn a_reload_is_told_before_it_happens() {
    let folder = Folder::new();
    let old = folder.file("old", GOOD);
    let new = folder.file("new", GOOD.replace("100", "150"));
    let (status, out, _) = holdfastctl(&["diff", name(&old), name(&new)]);
    assert_eq!(status, 0);
    assert!(out.contains("VI_1"), "{out}");
    assert!(out.contains("priority 100 → 150"), "{out}");
    let (_, out, _) = holdfastctl(&["diff", "--format=json", name(&old), name(&new)]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(document["plan"]["instances"][0]["name"], "VI_1");
    let same = holdfastctl(&["diff", name(&old), name(&old)]);
    assert_eq!(same, (0, "No change.\n".to_owned(), String::new()));
}

#[test]
fn a_reload_that_would_be_refused_is_status_1() {
    let folder = Folder::new();
    let old = folder.file("old", GOOD);
    let wrong = folder.file("wrong", wrong());
    let (status, out, _) = holdfastctl(&["diff", name(&old), name(&wrong)]);
    assert_eq!(status, 1);
    assert!(out.contains("HF0201"), "{out}");
    let empty = folder.file("empty", "# nothing\n");
    let (status, out, _) = holdfastctl(&["diff", name(&old), name(&empty)]);
    assert_eq!(status, 1);
    assert!(out.contains("is empty"), "{out}");
}

#[test]
fn nodes_that_do_not_hear_each_other_are_status_1() {
    let folder = Folder::new();
    let one = folder.file("web1.conf", GOOD);
    let two = folder.file("web2.conf", GOOD.replace("100", "90"));
    let (status, out, err) = holdfastctl(&["check", "--pair", name(&one), name(&two)]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(
        out.ends_with("\n2 nodes: 0 errors, 0 warnings between them.\n"),
        "{out}"
    );

    let slow = GOOD.replace("priority 100", "priority 90\n    advert_int 2");
    let two = folder.file("web2.conf", slow);
    let (status, out, _) = holdfastctl(&["check", "--pair", name(&one), name(&two)]);
    assert_eq!(status, 1);
    assert!(out.contains("HF0503  advert_int differs"), "{out}");
    assert!(out.contains("web1") && out.contains("web2"), "{out}");

    let arguments = ["check", "--pair", "--format=json", name(&one), name(&two)];
    let (status, out, _) = holdfastctl(&arguments);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &document["pair"]["errors"]), (1, &1.into()));
    assert_eq!(document["files"].as_array().unwrap().len(), 2);
}

#[test]
fn one_file_for_all_nodes_is_held_against_itself_under_each_name() {
    let folder = Folder::new();
    let priorities = "@web1 priority 100\n    @web2 priority 90\n    @web3 priority 100";
    let file = folder.file("c", GOOD.replace("priority 100", priorities));
    let check = |one: &str, two: &str| {
        let file = name(&file);
        holdfastctl(&["check", "--pair", "-i", one, "-i", two, file, file])
    };
    let (status, out, _) = check("web1", "web2");
    assert_eq!(status, 0);
    assert!(
        out.ends_with("\n2 nodes: 0 errors, 0 warnings between them.\n"),
        "{out}"
    );
    let (_, out, _) = check("web1", "web3");
    assert!(out.contains("equal priority 100"), "{out}");
    let (_, out, _) = holdfastctl(&["dump", "-iweb2", name(&file)]);
    assert!(out.contains("    priority 90 "), "{out}");
}

#[test]
fn a_node_with_errors_of_its_own_is_shown_before_the_pair() {
    let folder = Folder::new();
    let (good, wrong) = (folder.file("web1", GOOD), folder.file("web2", wrong()));
    let (status, out, _) = holdfastctl(&["check", "--pair", name(&good), name(&wrong)]);
    assert_eq!(status, 1);
    assert!(out.starts_with("error[HF0201]"), "{out}");
    assert!(out.contains("HF0550"), "{out}");
}

#[test]
fn a_dump_shows_defaults_their_places_and_no_password() {
    let folder = Folder::new();
    let auth = "    authentication {\n        auth_type AH\n        auth_pass s3cret\n    }\n";
    let file = folder.file(
        "c",
        GOOD.replace("    priority", &format!("{auth}    priority")),
    );
    let (status, out, _) = holdfastctl(&["dump", name(&file)]);
    assert_eq!(status, 0);
    assert!(out.contains("advert_int 1"), "{out}");
    assert!(out.contains(&format!("# {}:3", file.display())), "{out}");
    assert!(!out.contains("s3cret"), "{out}");
    let (status, out, _) = holdfastctl(&["dump", "--format=json", name(&file)]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    assert!(document["values"].as_array().unwrap().len() > 10, "{out}");
    assert!(!out.contains("s3cret"), "{out}");
    let missing = folder.0.join("missing");
    let (status, out, _) = holdfastctl(&["dump", name(&missing)]);
    assert_eq!(status, 1);
    assert!(out.contains("HF0001"), "{out}");
}

#[test]
fn fmt_prints_the_canonical_text_and_changes_nothing() {
    let folder = Folder::new();
    let file = folder.file("c", UGLY);
    let expected = (0, NEAT.to_owned(), String::new());
    assert_eq!(holdfastctl(&["fmt", name(&file)]), expected);
    assert_eq!(fs::read_to_string(&file).unwrap(), UGLY);
}

#[test]
fn fmt_check_names_the_files_that_differ() {
    let folder = Folder::new();
    let (ugly, neat) = (folder.file("ugly", UGLY), folder.file("neat", NEAT));
    let expected = (1, format!("{}\n", ugly.display()), String::new());
    assert_eq!(
        holdfastctl(&["fmt", "--check", name(&neat), name(&ugly)]),
        expected
    );
    let fine = (0, String::new(), String::new());
    assert_eq!(holdfastctl(&["fmt", "--check", name(&neat)]), fine);
    assert_eq!(fs::read_to_string(&ugly).unwrap(), UGLY);
}

#[test]
fn fmt_write_replaces_the_file_and_keeps_mode_and_owner() {
    let folder = Folder::new();
    let file = folder.file("c", UGLY);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    if nix::unistd::geteuid().is_root() {
        chown(&file, Some(7), Some(8)).unwrap();
    }
    let before = fs::metadata(&file).unwrap();
    assert_eq!(
        holdfastctl(&["fmt", "-w", name(&file)]),
        (0, String::new(), String::new())
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), NEAT);
    let after = fs::metadata(&file).unwrap();
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert_ne!(after.ino(), before.ino(), "another file has taken its name");
    assert_eq!(folder.names(), ["c"]);
    holdfastctl(&["fmt", "-w", name(&file)]);
    let again = fs::metadata(&file).unwrap();
    assert_eq!(
        again.ino(),
        after.ino(),
        "a file that is neat is not touched"
    );
}

#[test]
fn fmt_write_refuses_links_and_what_is_no_file() {
    let folder = Folder::new();
    let file = folder.file("c", UGLY);
    let link = folder.0.join("link");
    symlink(&file, &link).unwrap();
    let (status, _, err) = holdfastctl(&["fmt", "-w", name(&link)]);
    let expected = format!(
        "holdfastctl: {}: is a symbolic link; name the file that it leads to\n",
        link.display()
    );
    assert_eq!((status, err), (1, expected));
    let (status, _, err) = holdfastctl(&["fmt", "-w", name(&folder.0)]);
    assert_eq!(status, 1);
    assert!(err.ends_with(": not a regular file\n"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), UGLY);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn a_broken_file_is_not_formatted_and_the_others_are() {
    let folder = Folder::new();
    let (broken, ugly) = (folder.file("broken", "a {\n"), folder.file("ugly", UGLY));
    let (status, out, err) = holdfastctl(&["fmt", "-w", name(&broken), name(&ugly)]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains(&format!("{}:1:3", broken.display())), "{err}");
    assert!(err.contains("error[HF0106]"), "{err}");
    let last = format!("holdfastctl: {} stays as it is\n", broken.display());
    assert!(err.ends_with(&last), "{err}");
    assert_eq!(fs::read_to_string(&broken).unwrap(), "a {\n");
    assert_eq!(fs::read_to_string(&ugly).unwrap(), NEAT);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(&["explain", "--list"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_reload_that_would_leave_nothing_is_told_as_the_refusal_that_it_is() {
    let folder = Folder::new();
    let old = folder.file("old", GOOD);
    let new = folder.file("new", "global_defs {\n    router_id A\n}\n");
    let (status, out, _) = holdfastctl(&["diff", name(&old), name(&new)]);
    let expected = format!(
        "holdfastctl: {} and what it includes define no vrrp_instance and no virtual_server; that \
         would give up all addresses\n",
        new.display()
    );
    assert_eq!((status, out), (1, expected));
}

#[test]
fn a_node_that_shares_nothing_is_an_error_of_the_pair() {
    let folder = Folder::new();
    let (good, empty) = (folder.file("web1", GOOD), folder.file("web2", ""));
    let (status, out, _) = holdfastctl(&["check", "--pair", name(&good), name(&empty)]);
    assert_eq!(status, 1);
    let first = format!(
        "holdfastctl: {} and what it includes define no",
        empty.display()
    );
    assert!(out.starts_with(&first), "{out}");
}

#[test]
fn dump_is_a_command_an_option_and_an_option_of_fmt() {
    let folder = Folder::new();
    let file = folder.file("c", GOOD);
    let dumped = holdfastctl(&["dump", name(&file)]);
    assert!(
        dumped.0 == 0 && dumped.1.contains("# default"),
        "{dumped:?}"
    );
    assert_eq!(holdfastctl(&["--dump", name(&file)]), dumped);
    assert_eq!(holdfastctl(&["fmt", "--dump", name(&file)]), dumped);
    let json = holdfastctl(&["dump", "--format=json", name(&file)]);
    let arguments = ["fmt", "--dump", "--format=json", name(&file)];
    assert_eq!(holdfastctl(&arguments), json);
    let (status, out, err) = holdfastctl(&["fmt", "-w", "--dump", name(&file)]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("--dump changes no file"), "{err}");
}

#[test]
fn what_a_terminal_would_act_on_is_not_echoed() {
    let folder = Folder::new();
    let strange = folder.file("a\x1b[31mb", GOOD.replace("51", "300"));
    let missing = folder.0.join("c\x1b[31md");
    let wrong = "e\x1b[31mf";
    for arguments in [
        &["check", name(&strange)][..],
        &["check", name(&missing)],
        &["check", "--pair", name(&strange), name(&missing)],
        &["diff", name(&strange), name(&missing)],
        &["dump", name(&missing)],
        &["fmt", name(&missing)],
        &["fmt", "-w", name(&missing)],
        &[wrong],
        &["words", wrong],
        &["explain", wrong],
        &["check", "--format", wrong, "x"],
    ] {
        let (status, out, err) = holdfastctl(&[arguments, &["--color=never"]].concat());
        assert_ne!(status, 0, "{arguments:?}");
        let said = out + &err;
        assert!(!said.is_empty() && !said.contains('\x1b'), "{said:?}");
    }
}

#[test]
fn an_error_that_cannot_be_written_is_still_a_status() {
    for (arguments, expected) in [(&["chek"][..], 2), (&["fmt", "/nonexistent"], 1)] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let status = command(arguments).stderr(full).status().unwrap();
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
}
