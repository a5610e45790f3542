use super::*;

fn read(words: &[&str]) -> Result<Command, UsageError> {
    parse(words.iter().map(OsString::from))
}

fn options(words: &[&str]) -> Options {
    match read(words) {
        Ok(Command::Run(options)) => options,
        other => panic!("{other:?}"),
    }
}

fn error(words: &[&str]) -> String {
    read(words).unwrap_err().0
}

#[test]
fn without_arguments_the_daemon_runs_with_its_defaults() {
    assert_eq!(options(&["holdfast"]), Options::default());
}

#[test]
fn keepalived_s_short_options_can_be_written_together() {
    let expected = Options {
        foreground: true,
        log_console: true,
        log_detail: true,
        dump_config: true,
        config: Some("/etc/x.conf".into()),
        ..Options::default()
    };
    assert_eq!(options(&["holdfast", "-nlDdf", "/etc/x.conf"]), expected);
    let long = [
        "holdfast",
        "--dont-fork",
        "--log-console",
        "--log-detail",
        "--dump-conf",
        "--use-file=/etc/x.conf",
    ];
    assert_eq!(options(&long), expected);
}

#[test]
fn pid_files_and_the_syslog_socket_are_taken_from_their_options() {
    let read = options(&[
        "holdfast",
        "-p",
        "/a",
        "-r",
        "/b",
        "-c",
        "/c",
        "--syslog-socket",
        "/d",
        "-S",
        "local3",
    ]);
    let expected = Options {
        pid_files: PidFiles {
            parent: "/a".into(),
            vrrp: "/b".into(),
            checkers: "/c".into(),
        },
        syslog_socket: "/d".into(),
        facility: Facility::Local(3),
        ..Options::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn the_log_file_has_a_default_outside_of_tmp() {
    let file = |words: &[&str]| options(words).log_file;
    assert_eq!(
        file(&["holdfast", "-g"]),
        Some("/var/log/holdfast.log".into())
    );
    assert_eq!(file(&["holdfast", "-g/x"]), Some("/x".into()));
    assert_eq!(file(&["holdfast", "--log-file=/x"]), Some("/x".into()));
}

#[test]
fn the_configuration_test_may_name_a_file_for_its_output() {
    let test = |output: Option<&str>| {
        Ok(Command::Test(TestOptions {
            config: Some("x".into()),
            output: output.map(PathBuf::from),
            reading: ReadOptions::default(),
            format: Format::Text,
        }))
    };
    assert_eq!(read(&["holdfast", "-t", "-f", "x"]), test(None));
    assert_eq!(read(&["holdfast", "-t/out", "-f", "x"]), test(Some("/out")));
    assert_eq!(
        read(&["holdfast", "--config-test=/out", "-fx"]),
        test(Some("/out"))
    );
}

#[test]
fn the_configuration_test_speaks_json_where_that_is_asked_for() {
    let json = TestOptions {
        format: Format::Json,
        ..TestOptions::default()
    };
    assert_eq!(
        read(&["holdfast", "--format=json", "-t"]),
        Ok(Command::Test(json))
    );
    assert_eq!(
        error(&["holdfast", "-t", "--format", "xml"]),
        "--format cannot be `xml`; expected text or json"
    );
    assert_eq!(
        error(&["holdfast", "--format=json"]),
        "--format is for -t, the configuration test"
    );
}

#[test]
fn the_name_keepalived_switches_compatibility_on() {
    assert!(options(&["/usr/sbin/keepalived"]).compat);
    assert!(options(&["keepalived"]).compat);
    assert!(!options(&["/opt/keepalived/holdfast"]).compat);
    assert!(options(&["holdfast", "--compat"]).compat);
}

#[test]
fn facilities_are_numbers_or_names() {
    assert_eq!(
        options(&["holdfast", "-S", "0"]).facility,
        Facility::Local(0)
    );
    assert_eq!(
        options(&["holdfast", "-S", "local7"]).facility,
        Facility::Local(7)
    );
    assert_eq!(
        options(&["holdfast", "-S", "user"]).facility,
        Facility::User
    );
    assert_eq!(
        options(&["holdfast", "-S", "daemon"]).facility,
        Facility::Daemon
    );
    for wrong in ["8", "local8", "local", "mail", "", "01"] {
        assert_eq!(
            error(&["holdfast", "-S", wrong]),
            format!(
                "`{wrong}` is no log facility; expected 0 to 7, local0 to local7, user or daemon"
            )
        );
    }
}

#[test]
fn help_version_and_signal_numbers_need_nothing_else() {
    assert_eq!(read(&["holdfast", "-h", "-v"]), Ok(Command::Help));
    assert_eq!(read(&["holdfast", "-n", "--version"]), Ok(Command::Version));
    assert_eq!(
        read(&["holdfast", "--signum=RELOAD"]),
        Ok(Command::SignalNumber("RELOAD".to_owned()))
    );
}

#[test]
fn options_of_keepalived_that_change_nothing_here_are_remarked() {
    let read = options(&["holdfast", "-B", "--all", "-b", "/x", "-P"]);
    assert_eq!(
        read.remarks,
        [
            "-B is accepted and changes nothing",
            "--all is accepted and changes nothing",
            "-b /x is accepted and changes nothing",
            "-P is accepted; tracked scripts are checked as without it",
        ]
    );
    assert_eq!(options(&["holdfast", "-P", "-C"]).remarks, [""; 0]);
}

#[test]
fn options_that_would_be_misleading_are_refused_with_the_reason() {
    assert_eq!(
        error(&["holdfast", "-V"]),
        "keepalived's option -V is refused: addresses always go when the daemon stops"
    );
    assert_eq!(
        error(&["holdfast", "--namespace=x"]),
        "keepalived's option --namespace is refused: start it with `ip netns exec NAME \
         holdfast …`"
    );
    assert_eq!(
        error(&["holdfast", "-C"]),
        "-C (health checks without VRRP) is not carried out by this version"
    );
}

#[test]
fn unknown_options_stray_words_and_missing_values_are_errors() {
    assert_eq!(
        error(&["holdfast", "--frobnicate"]),
        "unknown option --frobnicate"
    );
    assert_eq!(error(&["holdfast", "-Z"]), "unknown option -Z");
    assert_eq!(error(&["holdfast", "start"]), "unexpected argument `start`");
    assert_eq!(
        error(&["holdfast", "-f"]),
        "missing argument for option '-f'"
    );
    assert_eq!(
        UsageError("x".to_owned()).to_string(),
        "x; `holdfast --help` lists the options"
    );
}

#[test]
fn the_help_names_every_option_that_is_carried_out() {
    for option in [
        "--use-file",
        "--config-test",
        "--dont-fork",
        "--log-console",
        "--log-detail",
        "--dump-conf",
        "--log-facility",
        "--log-file",
        "--no-syslog",
        "--syslog-socket",
        "--pid",
        "--vrrp_pid",
        "--checkers_pid",
        "--compat",
        "--signum",
        "--version",
        "--help",
    ] {
        assert!(HELP.contains(option), "{option}");
    }
}

#[test]
fn the_name_for_conditions_and_strict_includes_reach_daemon_and_test() {
    let reading = ReadOptions {
        config_id: Some("web1".to_owned()),
        all_config: true,
    };
    assert_eq!(options(&["holdfast", "-e", "-i", "web1"]).reading, reading);
    assert_eq!(
        read(&["holdfast", "-t", "--config-id=web1", "--all-config"]),
        Ok(Command::Test(TestOptions {
            reading,
            ..TestOptions::default()
        }))
    );
}
