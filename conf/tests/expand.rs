//! Conditions, definitions, generators and includes, against a model that is as simple as the
//! manual says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests assert by panicking"
)]

mod common;

use common::{Memory, STRICT};
use holdfast_conf::{Loaded, Options, UnknownWords, load};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn loaded(text: &str, options: &Options) -> Loaded {
    load(&Memory::one(text), Path::new("a.conf"), options)
}

/// An instance whose addresses are made by these lines.
fn instance(before: &str, lines: &str) -> String {
    format!(
        "{before}vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 1\n \
         virtual_ipaddress {{\n{lines}\n }}\n}}\n"
    )
}

/// The addresses that these lines make, without anything said about them.
fn addresses_with(before: &str, lines: &str, options: &Options) -> Vec<String> {
    let loaded = loaded(&instance(before, lines), options);
    assert_eq!(loaded.report.lines(), [""; 0], "{lines}");
    loaded.config.unwrap().instances[0]
        .router
        .addresses
        .iter()
        .map(|address| address.address.to_string())
        .collect()
}

fn addresses(before: &str, lines: &str) -> Vec<String> {
    addresses_with(before, lines, &STRICT)
}

/// What is said about a text, in single lines.
fn said(text: &str) -> Vec<String> {
    loaded(text, &STRICT).report.lines()
}

fn named(id: &str) -> Options {
    Options {
        config_id: Some(id.to_owned()),
        ..STRICT
    }
}

/// One error, not one more for each line that would stand in the wrong block.
#[test]
fn what_follows_a_line_that_is_given_up_is_read_in_its_block() {
    let circle = "$A=x$B\n$B=${A}\n";
    let inside = "interface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\n";
    for text in [
        format!("{circle}vrrp_instance $A {{\n{inside}}}\n"),
        format!("{circle}vrrp_instance VI_1 {{\n{inside}}} $A\nglobal_defs {{\n}}\n"),
    ] {
        let said = said(&text);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("HF0016"), "{said:?}");
    }
}

#[test]
fn values_are_put_in_when_they_are_used() {
    // The example of the manual.
    let before = "$BASE=10.2.${SUB}\n$SUB=0\n";
    let lines = "${BASE}.100\n$SUB=10\n${BASE}.100\n";
    assert_eq!(addresses(before, lines), ["10.2.0.100", "10.2.10.100"]);
}

#[test]
fn conditions_choose_lines_by_the_name_of_the_machine() {
    let lines = "@main 10.0.0.1\n@^main 10.0.0.2\n@other 10.0.0.3\n@^other 10.0.0.4\n@main";
    let with = |options: &Options| addresses_with("", lines, options);
    assert_eq!(with(&named("main")), ["10.0.0.1", "10.0.0.4"]);
    assert_eq!(with(&named("other")), ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(with(&STRICT), ["10.0.0.2", "10.0.0.4"]);
}

#[test]
fn a_condition_may_come_out_of_a_definition_and_stand_behind_a_brace() {
    let with = |before: &str, lines: &str| addresses_with(before, lines, &named("main"));
    assert_eq!(
        with("$M=@main\n$O=@other\n", "$M 10.0.0.1\n$O 10.0.0.2"),
        ["10.0.0.1"]
    );
    let text = "vrrp_instance A { @main interface eth0\n virtual_router_id 1\n \
                virtual_ipaddress { @main 10.0.0.1\n @other 10.0.0.2\n } }\n";
    let loaded = loaded(text, &named("main"));
    assert_eq!(loaded.report.lines(), [""; 0]);
    let router = &loaded.config.unwrap().instances[0].router;
    assert_eq!(router.addresses.len(), 1);
}

#[test]
fn a_definition_that_a_condition_leaves_out_takes_its_lines_with_it() {
    let before =
        "@other $X= \\\n wibble \\\n # remark\n wobble\n@main $X= \\\n 10.0.0.1 \\\n 10.0.0.2\n";
    assert_eq!(
        addresses_with(before, "$X", &named("main")),
        ["10.0.0.1", "10.0.0.2"]
    );
}

#[test]
fn lines_of_a_definition_are_carried_out_at_each_use() {
    let before = "$M= \\\n $K=${I}0 \\\n @main 10.0.0.${K} \\\n @^main 10.0.1.${K} \\\n ~SEQ(j, 2) 10.${I}.0.$j\n";
    assert_eq!(
        addresses(before, "~LST(I, 1, 2) $M"),
        [
            "10.0.1.10",
            "10.1.0.1",
            "10.1.0.2",
            "10.0.1.20",
            "10.2.0.1",
            "10.2.0.2"
        ]
    );
}

#[test]
fn remarks_inside_of_a_definition_do_not_end_it() {
    let before =
        "$M= \\\n 10.0.0.1 # one \\\n # 10.0.0.2\n 10.0.0.3 \\ # three\n 10.0.0.4 # four\n";
    assert_eq!(
        addresses(before, "$M"),
        ["10.0.0.1", "10.0.0.3", "10.0.0.4"]
    );
}

#[test]
fn a_definition_may_hold_braces_and_whole_blocks() {
    let text = "$B={\n$E=}\n$V= \\\n vrrp_instance VI_${N} $B \\\n interface eth${N} \\\n \
                virtual_router_id $N \\\n virtual_ipaddress { \\\n 10.0.0.${N} } \\\n $E\n\
                ~SEQ(N, 3) $V\n";
    let loaded = loaded(text, &STRICT);
    assert_eq!(loaded.report.lines(), [""; 0]);
    let config = loaded.config.unwrap();
    let names: Vec<_> = config
        .instances
        .iter()
        .map(|one| one.router.name.as_str())
        .collect();
    assert_eq!(names, ["VI_1", "VI_2", "VI_3"]);
}

#[test]
fn what_is_in_quotation_marks_or_a_remark_is_handled_with_care() {
    let text =
        "$A=x # y\n$Q=\"a # b\"\nglobal_defs {\n router_id $Q # ${NOT} @x\n}\n# ${NOT}\n ! $NOT\n";
    let loaded = loaded(&(text.to_owned() + &instance("", "10.0.0.1")), &STRICT);
    assert_eq!(loaded.report.lines(), [""; 0]);
    assert_eq!(
        loaded.config.unwrap().global.router_id.as_deref(),
        Some("a # b")
    );
}

#[test]
fn hashes_and_bangs_that_start_no_comment_survive_a_definition() {
    let text = "$X=1\nglobal_defs {\n router_id a\\#b${X}${_HASH}c${_BANG}\n}\n";
    let loaded = loaded(&(text.to_owned() + &instance("", "10.0.0.1")), &STRICT);
    assert_eq!(loaded.report.lines(), [""; 0]);
    assert_eq!(
        loaded.config.unwrap().global.router_id.as_deref(),
        Some("a#b1#c!")
    );
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_another_one_others() {
    let numbers = |seed| {
        let options = Options {
            random_seed: seed,
            ..STRICT
        };
        addresses_with("", "~SEQ(i, 8) 10.${i}.0.${_RANDOM 1 250}", &options)
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}

#[test]
fn a_dollar_in_a_password_or_a_command_is_just_a_dollar() {
    let text = instance("", "10.0.0.1")
        + "vrrp_script x {\n script \"/bin/sh -c 'test $1 = a$ -a $HOME'\"\n}\n\
           vrrp_instance B {\n interface eth1\n virtual_router_id 2\n authentication {\n \
           auth_type AH\n auth_pass pa$word\n }\n virtual_ipaddress {\n 10.0.0.2\n }\n track_script { x }\n}\n";
    let lines = said(&text);
    assert!(
        !lines.iter().any(|line| line.contains("HF001")),
        "{lines:#?}"
    );
}

#[test]
fn an_include_may_use_a_definition_and_stand_behind_a_condition_or_a_brace() {
    let mut files =
        Memory::one("$F=b.inc\n$V=1\n@^x include $F\nvrrp_instance VI_1 { include c.inc\n}\n");
    files.0.insert(
        "b.inc".into(),
        b"global_defs {\nrouter_id b${V}\n}\n$IF=eth7\n".to_vec(),
    );
    files.0.insert(
        "c.inc".into(),
        b"interface $IF\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n".to_vec(),
    );
    let loaded = files.load();
    assert_eq!(loaded.report.lines(), [""; 0]);
    let config = loaded.config.unwrap();
    assert_eq!(config.global.router_id.as_deref(), Some("b1"));
    assert_eq!(
        config.instances[0]
            .router
            .interface
            .as_ref()
            .unwrap()
            .as_str(),
        "eth7"
    );
}

#[test]
fn include_check_holds_from_its_line_to_the_end_of_its_file() {
    let failed = |text: &str| {
        let mut files = Memory::one(text);
        files.0.insert(
            "b".into(),
            b"global_defs { include_check +match }\n".to_vec(),
        );
        let loaded = files.load();
        loaded.report.include_check_failed()
    };
    assert!(!failed(
        "include gone\nglobal_defs {\n include_check match\n}\n"
    ));
    assert!(failed(
        "global_defs {\n include_check match\n}\ninclude gone\n"
    ));
    assert!(failed("global_defs { include_check }\ninclude gone\n"));
    assert!(!failed(
        "global_defs { include_check match -match }\ninclude gone\n"
    ));
    assert!(!failed("include b\ninclude gone\n"));
    assert!(failed("include b\nincludem gone\n"));
}

#[test]
fn every_include_has_to_succeed_where_that_is_asked_for() {
    let options = Options {
        all_config: true,
        ..STRICT
    };
    let report = loaded("include gone\n", &options).report;
    assert!(report.include_check_failed());
    let report = loaded("include gone\n", &STRICT).report;
    assert!(!report.include_check_failed());
    assert_eq!(report.errors(), 1);
}

#[test]
fn a_missing_include_is_a_warning_where_unknown_words_are() {
    let options = Options {
        unknown_words: UnknownWords::Ignore,
        ..STRICT
    };
    let text = format!("include gone\n{}", instance("", "10.0.0.1"));
    let loaded = loaded(&text, &options);
    assert!(loaded.config.is_some());
    assert_eq!(
        loaded.report.lines(),
        ["a.conf:1:9: warning[HF0001]: there is no file `gone`"]
    );
}

#[test]
fn an_error_in_a_definition_names_both_places() {
    let text = "$P=300\n".to_owned()
        + &instance("", "10.0.0.1")
        + "vrrp_instance B {\n interface eth1\n virtual_router_id 2\n priority $P\n virtual_ipaddress { 10.0.0.2 }\n}\n";
    let report = loaded(&text, &STRICT).report;
    let shown = report.render(false);
    for part in [
        "a.conf:12:11",
        "1 | $P=300",
        "   --- ",
        "this became `priority 300`",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let json = report.json();
    assert_eq!(json["diagnostics"][0]["line"], 12);
    assert_eq!(json["diagnostics"][0]["related"][0]["line"], 1);
    assert_eq!(json["diagnostics"][0]["expanded"], "priority 300");
}

#[test]
fn the_same_mistake_of_a_definition_is_said_once() {
    let text = "$V= \\\n vrrp_instance VI_${N} { \\\n interface eth${N} \\\n virtual_router_id $N \\\n prio 5 \\\n virtual_ipaddress { 10.0.0.${N} } \\\n }\n~SEQ(N, 50) $V\n";
    let report = loaded(text, &STRICT).report;
    assert_eq!(report.errors(), 50);
    assert_eq!(report.lines().len(), 1);
    assert!(report.render(false).contains("the same 49 more times"));
    assert_eq!(report.json()["not_shown"], 0);
}

#[test]
fn two_mistakes_of_one_code_in_a_definition_are_both_said() {
    let text = "$V= \\\n vrrp_instance VI_${N} { \\\n priority 100 \\\n virtual_ipaddress { 10.0.0.${N} } \\\n }\n~SEQ(N, 3) $V\n";
    let report = loaded(text, &STRICT).report;
    assert_eq!(report.errors(), 6);
    let lines = report.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].ends_with("`interface` is required in this block"));
    assert!(lines[1].ends_with("`virtual_router_id` is required in this block"));
    let shown = report.render(false);
    assert_eq!(shown.matches("the same 2 more times").count(), 2, "{shown}");
}

#[test]
fn a_line_that_a_generator_only_repeats_is_wrong_once() {
    let text = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n priority 100\n virtual_ipaddress {\n ~SEQ(N, 9) 10.0.0.$N/24\n }\n}\n";
    let report = loaded(text, &STRICT).report;
    assert_eq!(report.errors(), 9);
    let lines = report.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(report.render(false).contains("the same 8 more times"));
    assert_eq!(report.json()["not_shown"], 0);
}

// ---- Against a model.

/// A definition, a use, or plain text of the model's language.
#[derive(Clone, Debug)]
enum Line {
    Define(usize, Vec<Part>),
    Several(usize, Vec<Vec<Part>>),
    Words(Vec<Part>),
    OnlyFor(bool, Vec<Part>),
    Sequence(usize, i64, i64, Vec<Part>),
    Use(usize),
}

#[derive(Clone, Debug)]
enum Part {
    Text(u8),
    Name(usize),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        any::<u8>().prop_map(Part::Text),
        (0_usize..4).prop_map(Part::Name)
    ]
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    prop::collection::vec(part(), 1..4)
}

fn model_line() -> impl Strategy<Value = Line> {
    prop_oneof![
        (0_usize..4, parts()).prop_map(|(name, value)| Line::Define(name, value)),
        (4_usize..6, prop::collection::vec(parts(), 2..4))
            .prop_map(|(name, lines)| Line::Several(name, lines)),
        parts().prop_map(Line::Words),
        (any::<bool>(), parts()).prop_map(|(own, words)| Line::OnlyFor(own, words)),
        (0_usize..4, -3_i64..4, -3_i64..4, parts())
            .prop_map(|(name, start, end, words)| Line::Sequence(name, start, end, words)),
        (4_usize..6).prop_map(Line::Use),
    ]
}

/// Names of a value point to smaller ones only, so that there is no circle.
fn below(parts: &[Part], name: usize) -> Vec<Part> {
    parts
        .iter()
        .map(|part| match part {
            Part::Name(other) if *other >= name => Part::Text(7),
            other => other.clone(),
        })
        .collect()
}

fn write_parts(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(number) => format!("t{number}"),
            Part::Name(name) => format!("${{N{name}}}"),
        })
        .collect()
}

#[derive(Default)]
struct Model {
    values: BTreeMap<usize, Vec<Part>>,
    several: BTreeMap<usize, Vec<Vec<Part>>>,
    text: String,
    entries: Vec<String>,
}

impl Model {
    fn value(&self, parts: &[Part]) -> String {
        parts
            .iter()
            .map(|part| match part {
                Part::Text(number) => format!("t{number}"),
                Part::Name(name) => self.value(&self.values[name]),
            })
            .collect()
    }

    fn entry(&mut self, parts: &[Part]) {
        let value = self.value(parts);
        self.entries.push(value);
    }

    fn line(&mut self, line: &Line) {
        match line {
            Line::Define(name, value) => {
                let value = below(value, *name);
                self.text += &format!("$N{name}={}\n", write_parts(&value));
                self.values.insert(*name, value);
            }
            Line::Several(name, lines) => {
                let text: Vec<_> = lines.iter().map(|line| write_parts(line)).collect();
                self.text += &format!("$N{name}= \\\n{}\n", text.join(" \\\n"));
                self.several.insert(*name, lines.clone());
            }
            Line::Words(words) => {
                self.text += &format!("{}\n", write_parts(words));
                self.entry(words);
            }
            Line::OnlyFor(own, words) => {
                let id = if *own { "me" } else { "^me" };
                self.text += &format!("@{id} {}\n", write_parts(words));
                if *own {
                    self.entry(words);
                }
            }
            Line::Sequence(name, start, end, words) => {
                self.text += &format!("~SEQ(N{name}, {start}, {end}) {}\n", write_parts(words));
                let step = if end < start { -1 } else { 1 };
                for round in 0..=(end - start).abs() {
                    let number = (start + step * round).to_string();
                    let number = number.replace('-', "m");
                    self.values.insert(*name, vec![Part::Text(0)]);
                    let value = self.value_with(words, *name, &number);
                    self.entries.push(value);
                }
                // What the variable is afterwards is not guaranteed.
                self.text += &format!("$N{name}=t0\n");
            }
            Line::Use(name) => {
                self.text += &format!("  $N{name}\n");
                for line in self.several[name].clone() {
                    self.entry(&line);
                }
            }
        }
    }

    /// As `value`, with a number for one of the names.
    fn value_with(&self, parts: &[Part], name: usize, number: &str) -> String {
        parts
            .iter()
            .map(|part| match part {
                Part::Text(number) => format!("t{number}"),
                Part::Name(other) if *other == name => number.to_owned(),
                Part::Name(other) => self.value_with(&self.values[other], name, number),
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn expansions_are_those_of_the_model(lines in prop::collection::vec(model_line(), 0..25)) {
        let mut model = Model::default();
        for name in 0..4 {
            model.line(&Line::Define(name, vec![Part::Text(1)]));
        }
        for name in 4..6 {
            model.line(&Line::Several(name, vec![vec![Part::Text(2)], vec![Part::Text(3)]]));
        }
        for line in &lines {
            model.line(line);
        }
        model.line(&Line::Words(vec![Part::Text(9)]));
        // The words go to a place where each word is an entry that is kept as it is.
        let text = format!("global_defs {{\n notification_email {{\n{}}}\n}}\n", model.text);
        let text = text + "global_defs {\n smtp_server 10.0.0.9\n notification_email_from a@b.c\n}\n" + &instance("", "10.0.0.1");
        let loaded = loaded(&text, &named("me"));
        prop_assert_eq!(loaded.report.errors(), 0, "{}\n{}", text, loaded.report.render(false));
        let mail = loaded.config.unwrap().global.mail.unwrap();
        let entries: Vec<String> = mail.to.iter().map(|to| to.to_string().replace('-', "m")).collect();
        prop_assert_eq!(entries, model.entries, "{}", text);
    }

    #[test]
    fn a_text_without_definitions_is_not_touched(words in "[a-z0-9 .:/{}\n]{0,200}") {
        // The same text with a definition that is not used, and with lines that go through it.
        let with = format!("$UNUSED=1\n@nobody x\n{words}");
        let shifted = format!("# a\n# b\n{words}");
        let lines = |text: &str| loaded(text, &STRICT).report.lines();
        prop_assert_eq!(lines(&with), lines(&shifted));
    }
}
