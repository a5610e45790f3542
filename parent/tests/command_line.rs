//! The real `holdfast` as somebody without privileges uses it: nothing is started or changed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use nix::unistd::{Uid, User, geteuid};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let template = std::env::temp_dir().join("holdfast-command-XXXXXX");
        let folder = nix::unistd::mkdtemp(&template).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A copy that is written while another test starts a process cannot be executed ("text file busy").
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs it as nobody where we are root, else as ourselves.
fn holdfast(arguments: &[&str]) -> Output {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // Where this user may not reach the build folder, a copy does.
    let folder = Folder::new();
    let program = folder.0.join("holdfast");
    fs::copy(env!("CARGO_BIN_EXE_holdfast"), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.args(arguments).current_dir("/");
    if geteuid().is_root() {
        let nobody = User::from_name("nobody").unwrap().unwrap();
        command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    }
    command.output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The test of a configuration: status and text.
fn test(path: &Path) -> (i32, String) {
    let output = holdfast(&["-t", "-f", path.to_str().unwrap()]);
    (status(&output), stderr(&output))
}

const INSTANCE: &str = "\
vrrp_instance VI_1 {
    interface hf-none0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        192.0.2.100
    }
}
";

#[test]
fn help_and_version_go_to_standard_output() {
    let help = holdfast(&["--help"]);
    assert_eq!(
        (status(&help), stdout(&help)),
        (0, holdfast::cli::HELP.to_owned())
    );
    let version = holdfast(&["-v"]);
    let expected = format!("holdfast v{}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((status(&version), stdout(&version)), (0, expected));
}

#[test]
fn signal_numbers_are_printed_for_scripts() {
    let known = holdfast(&["--signum=RELOAD"]);
    assert_eq!((status(&known), stdout(&known)), (0, "1\n".to_owned()));
    let unknown = holdfast(&["--signum=WHAT"]);
    assert_eq!(status(&unknown), 1);
    assert_eq!(
        stderr(&unknown),
        "holdfast: there is no signal `WHAT`; known: STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON\n"
    );
}

#[test]
fn a_wrong_option_is_an_error_with_a_hint() {
    let output = holdfast(&["--frobnicate"]);
    assert_eq!(status(&output), 1);
    assert_eq!(
        stderr(&output),
        "holdfast: unknown option --frobnicate; `holdfast --help` lists the options\n"
    );
}

#[test]
fn without_root_the_daemon_says_what_it_would_need_and_changes_nothing() {
    let folder = Folder::new();
    let conf = folder.file("c", INSTANCE);
    for options in [&["-f"][..], &["-n", "-f"]] {
        let mut arguments = options.to_vec();
        arguments.push(conf.to_str().unwrap());
        let output = holdfast(&arguments);
        assert_eq!(status(&output), 4);
        assert!(stderr(&output).starts_with("holdfast: has to be started as root"));
    }
}

#[test]
fn a_good_configuration_is_status_0_and_facts_of_the_host_are_told_apart() {
    let folder = Folder::new();
    let conf = folder.file("c", INSTANCE);
    let (status, text) = test(&conf);
    assert_eq!(status, 0, "{text}");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("hf-none0"))
        .collect();
    assert_eq!(
        lines,
        ["host: interface `hf-none0` does not exist here (instance VI_1 will wait for it)"]
    );
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("{}: 0 errors, ", conf.display())),
        "{last}"
    );
    assert!(
        last.ends_with(". Nothing was started or changed."),
        "{last}"
    );
}

#[test]
fn errors_are_status_5_with_the_place_and_no_colour_in_a_pipe() {
    let folder = Folder::new();
    let conf = folder.file("c", &INSTANCE.replace("150", "300").replace("51", "0"));
    let (status, text) = test(&conf);
    assert_eq!(status, 5, "{text}");
    assert!(text.contains(&format!("{}:3:23", conf.display())), "{text}");
    assert!(text.contains(&format!("{}:4:14", conf.display())), "{text}");
    assert!(
        text.contains(": 2 errors, 0 warnings. Nothing was started or changed."),
        "{text}"
    );
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn a_missing_or_unreadable_file_is_status_4() {
    let folder = Folder::new();
    let missing = folder.0.join("missing");
    let (status, text) = test(&missing);
    assert_eq!(status, 4);
    assert_eq!(
        text,
        format!(
            "holdfast: {}: No such file or directory (os error 2)\n",
            missing.display()
        )
    );
    let (status, text) = test(&folder.0);
    assert_eq!(status, 4);
    assert_eq!(
        text,
        format!("holdfast: {}: not a regular file\n", folder.0.display())
    );
    if Uid::current().is_root() {
        let secret = folder.file("secret", INSTANCE);
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(test(&secret).0, 4);
    }
}

#[test]
fn an_empty_file_is_status_5() {
    let folder = Folder::new();
    for text in ["", "\n  \n", "# nothing\n  ! nothing\n"] {
        let conf = folder.file("c", text);
        let (status, told) = test(&conf);
        assert_eq!(status, 5);
        assert!(told.contains("is empty"), "{told}");
    }
}

#[test]
fn an_include_that_has_to_succeed_and_does_not_is_status_6() {
    let folder = Folder::new();
    let tested = |include: &str, options: &[&str]| {
        let conf = folder.file("c", &format!("{include}\n{INSTANCE}"));
        let options = [options, &["-t", "-f", conf.to_str().unwrap()]].concat();
        status(&holdfast(&options))
    };
    assert_eq!(tested("includem gone", &[]), 6);
    assert_eq!(tested("include gone", &["-e"]), 6);
    assert_eq!(tested("include gone", &[]), 5);
    assert_eq!(tested("include gone*", &[]), 0);
}

#[test]
fn the_name_for_conditional_lines_comes_from_its_option_or_from_the_host() {
    let folder = Folder::new();
    let conf = folder.file("c", &format!("@^left wibble\n{INSTANCE}"));
    let conf = conf.to_str().unwrap();
    assert_eq!(status(&holdfast(&["-t", "-i", "left", "-f", conf])), 0);
    assert_eq!(status(&holdfast(&["-t", "-i", "right", "-f", conf])), 5);
    let name = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let name = name.split('.').next().unwrap();
    let conf = folder.file("d", &format!("@^{name} wibble\n{INSTANCE}"));
    assert_eq!(status(&holdfast(&["-t", "-f", conf.to_str().unwrap()])), 0);
}

#[test]
fn a_word_that_nobody_knows_is_an_error_even_in_compatibility() {
    let folder = Folder::new();
    let conf = folder.file("c", &INSTANCE.replace("priority", "priorty"));
    let output = holdfast(&["--compat", "-t", "-f", conf.to_str().unwrap()]);
    assert_eq!(status(&output), 5);
    assert!(
        stderr(&output).contains("priority"),
        "it suggests the right word"
    );
}

#[test]
fn an_insecure_script_is_status_6_and_the_place_is_named() {
    let folder = Folder::new();
    let script = folder.file("check.sh", "#!/bin/sh\n");
    fs::set_permissions(&script, Permissions::from_mode(0o777)).unwrap();
    let block = format!(
        "vrrp_script chk {{\n    script \"{}\"\n}}\n",
        script.display()
    );
    let conf = folder.file("c", &format!("{block}{INSTANCE}"));
    let (status, text) = test(&conf);
    assert_eq!(status, 6, "{text}");
    let line = text.lines().find(|line| line.contains("check.sh")).unwrap();
    assert!(
        line.starts_with("host: script chk is not run and counts as failed: "),
        "{line}"
    );
}

#[test]
fn a_script_that_is_not_here_is_a_fact_of_this_host() {
    let folder = Folder::new();
    let block = "vrrp_script chk {\n    script \"/opt/hf-gone\"\n    user hf-nobody\n}\n";
    let conf = folder.file("c", &format!("{block}{INSTANCE}"));
    let (status, text) = test(&conf);
    assert_eq!(status, 0, "{text}");
    let begin = "host: script chk is not run and counts as failed: ";
    assert!(text.lines().any(|line| line.starts_with(begin)), "{text}");
}

#[test]
fn diagnostics_go_to_a_file_when_one_is_named() {
    let folder = Folder::new();
    let conf = folder.file("c", &INSTANCE.replace("150", "300"));
    let out = folder.file("out", "");
    fs::set_permissions(&out, Permissions::from_mode(0o666)).unwrap();
    let option = format!("--config-test={}", out.display());
    let output = holdfast(&[&option, "-f", conf.to_str().unwrap()]);
    assert_eq!(status(&output), 5);
    assert_eq!(stderr(&output), "");
    assert!(fs::read_to_string(&out).unwrap().contains("1 error, "));
}

#[test]
fn json_is_one_document_where_the_text_would_be() {
    let folder = Folder::new();
    let conf = folder.file("c", &INSTANCE.replace("150", "300"));
    let output = holdfast(&["-t", "--format=json", "-f", conf.to_str().unwrap()]);
    assert_eq!((status(&output), stdout(&output)), (5, String::new()));
    let document: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(document["status"], 5);
    assert_eq!(document["diagnostics"][0]["code"], "HF0201");
    assert_eq!(document["diagnostics"][0]["line"], 4);

    let good = folder.file("g", INSTANCE);
    let output = holdfast(&["-t", "--format", "json", "-f", good.to_str().unwrap()]);
    let document: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!((status(&output), &document["errors"]), (0, &0.into()));
    let remark = "interface `hf-none0` does not exist here (instance VI_1 will wait for it)";
    let remarks = document["remarks"].as_array().unwrap();
    assert!(remarks.contains(&remark.into()), "{document}");

    let missing = folder.0.join("missing");
    let output = holdfast(&["-t", "--format=json", "-f", missing.to_str().unwrap()]);
    let document: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!((status(&output), &document["status"]), (4, &4.into()));
}

#[test]
fn one_line_says_where_more_is_to_be_read() {
    let folder = Folder::new();
    let wrong = INSTANCE.replace("150", "300").replace("51", "0");
    let (_, text) = test(&folder.file("c", &wrong));
    let hints: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("explain"))
        .collect();
    assert_eq!(hints, ["`holdfastctl explain HF0201` says more"]);
    let (_, text) = test(&folder.file("g", INSTANCE));
    assert!(!text.contains("explain"), "{text}");
}

#[test]
fn the_launcher_gives_nobody_anything() {
    let own = nix::unistd::getuid().as_raw();
    let uid = if own == 0 { 65_534 } else { own };
    let parent = std::process::id().to_string();
    for target in ["0", "1"]
        .into_iter()
        .filter(|target| *target != uid.to_string())
    {
        let output = holdfast(&["@launch", "script", target, target, &parent, "/bin/id"]);
        assert_eq!(status(&output), 125);
        assert_eq!(stdout(&output), "");
        assert!(
            stderr(&output).starts_with("cannot start /bin/id: "),
            "{}",
            stderr(&output)
        );
    }
    let output = holdfast(&["@launch", "nonsense"]);
    assert_eq!(status(&output), 125);
    assert_eq!(stderr(&output), "holdfast: this argument is internal\n");
}

#[test]
fn genhash_is_the_first_option_or_none() {
    let output = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["-n", "-T"])
        .output()
        .unwrap();
    let expected = "holdfast: -T has to be the first option; `holdfast --help` lists the options\n";
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}
