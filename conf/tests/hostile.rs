//! Broken and hostile text: one clear error each, at the right place, in little output.

#![expect(clippy::unwrap_used, reason = "tests assert by panicking")]

mod common;

use common::{Memory, STRICT};
use holdfast_conf::{Code, Loaded, load};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// What may be shown of any text at all.
const MAX_OUTPUT: usize = 200_000;

fn lines(text: impl Into<Vec<u8>>) -> Vec<String> {
    let loaded = Memory::one(text).load();
    assert!(loaded.config.is_none());
    harmless(&loaded);
    loaded.report.lines()
}

/// The output is short and nothing that a terminal would act on.
fn harmless(loaded: &Loaded) {
    let shown = loaded.report.render(false);
    let log = loaded.report.lines().join("\n");
    for text in [&shown, &log] {
        assert!(text.len() < MAX_OUTPUT, "{} bytes", text.len());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
    }
}

fn one_line(text: impl Into<Vec<u8>>) -> String {
    let lines = lines(text);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn a_nul_is_one_error_at_its_place() {
    assert_eq!(
        one_line("vrrp_instance VI_1 {\n    interface eth0\0\n}\n"),
        "a.conf:2:19: error[HF0003]: control character 0x00 at byte 39"
    );
}

#[test]
fn bytes_that_are_no_text_are_one_error_with_their_offset() {
    assert_eq!(
        one_line(b"a \xff\xfe b".as_slice()),
        "a.conf:1:3: error[HF0002]: this is not UTF-8: byte 0xff at offset 2"
    );
}

#[test]
fn binary_junk_is_one_error() {
    // A fixed sequence without any meaning: a linear congruential generator.
    let mut state = 1_u32;
    let junk: Vec<u8> = (0..65_536)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    assert!(one_line(junk).contains("error[HF000"));
}

#[test]
fn a_long_line_is_one_error_and_a_long_comment_none() {
    let long = "x".repeat(1 << 20);
    assert_eq!(
        one_line(format!("global_defs {{\n  router_id {long}\n}}\n")),
        "a.conf:2:1: error[HF0004]: this line has 1048588 bytes: at most 8192 bytes are read"
    );
    let loaded = Memory::one(format!("# {long}\n")).load();
    assert_eq!(loaded.report.errors(), 0);
}

#[test]
fn a_quotation_without_end_is_one_error_in_three_variants() {
    for line in [
        "script \"/bin/true",
        "script /bin/true\"",
        "script \"/bin/true -x\"\"",
    ] {
        let line = one_line(format!("vrrp_script x {{\n    {line}\n}}\n"));
        assert!(line.contains("a.conf:2:"), "{line}");
        assert!(line.contains("error[HF0006]"), "{line}");
    }
}

#[test]
fn thousands_of_blocks_are_one_error() {
    for word in ["a", "vrrp_instance x", ""] {
        let text = format!("{word} {{\n").repeat(5_000);
        let line = one_line(text.clone());
        assert!(line.contains("error[HF010"), "{line}");
        let line = one_line(text + &"}\n".repeat(5_000));
        assert!(line.contains("error[HF010"), "{line}");
    }
    assert!(
        one_line(
            "a { "
                .repeat(5_000)
                .replace("{ a { a { a {", "{ a { a { a {\n")
        )
        .contains("HF0108")
    );
}

#[test]
fn thousands_of_closing_braces_are_one_error() {
    assert!(one_line("}\n".repeat(5_000)).starts_with("a.conf:1:1: error[HF0105]"));
}

#[test]
fn thousands_of_unknown_words_are_counted_and_not_shown() {
    let lines = lines("wibble\n".repeat(50_000));
    assert_eq!(lines.len(), 101);
    assert_eq!(lines[100], "… and 49900 more, not shown");
}

#[test]
fn a_file_that_is_too_large_is_one_error() {
    let line = one_line(vec![b' '; (64 << 20) + 1]);
    assert!(line.contains(&format!("[{}]", Code::LargeFile)), "{line}");
}

#[test]
fn files_inside_files_end_somewhere() {
    let mut files = Memory::default();
    files.0.insert("a.conf".into(), b"include 0\n".to_vec());
    for depth in 0..100 {
        let text = format!("include {next}\ninclude {next}\n", next = depth + 1);
        files.0.insert(depth.to_string().into(), text.into_bytes());
    }
    let loaded = files.load();
    harmless(&loaded);
    assert_eq!(loaded.report.errors(), 1);
    assert!(loaded.report.lines()[0].contains(&format!("[{}]", Code::TooManyIncludes)));
}

#[test]
fn a_file_that_includes_itself_is_one_error_that_names_it() {
    let mut files = Memory::default();
    files
        .0
        .insert("d/a.conf".into(), b"\n  include ../d/./a.conf\n".to_vec());
    let loaded = load(&files, Path::new("d/a.conf"), &STRICT);
    assert_eq!(
        loaded.report.lines(),
        ["d/a.conf:2:11: error[HF0011]: `d/../d/./a.conf` includes itself: closes the circle"]
    );
}

/// Definitions of which each uses the one before twice.
fn doubling(first: &str, next: impl Fn(usize) -> String) -> String {
    let made: String = (1..40).map(next).collect();
    format!("$A0={first}\n{made}$A39\n")
}

#[test]
fn definitions_that_double_are_one_error() {
    for first in ["\\\n x \\\n x", "\\\n \\\n ", ""] {
        let text = doubling(first, |n| {
            let before = n - 1;
            match first {
                "" => format!("$A{n}=${{A{before}}}${{A{before}}}\n"),
                _ => format!("$A{n}= \\\n $A{before} \\\n $A{before}\n"),
            }
        });
        let line = one_line(text);
        assert!(
            line.contains("error[HF0018]: this becomes too much"),
            "{line}"
        );
    }
}

#[test]
fn a_line_that_grows_is_one_error() {
    let line = one_line(doubling("xxxx", |n| {
        let before = n - 1;
        format!("$A{n}=${{A{before}}}${{A{before}}}\n")
    }));
    assert!(
        line.contains("error[HF0004]: this line becomes longer than 8192 bytes"),
        "{line}"
    );
}

#[test]
fn a_generator_of_a_million_rounds_is_one_error() {
    for text in [
        "~SEQ(a, 1, 1000000) x\n",
        "~SEQ(a, 1, 1000) ~SEQ(b, 1, 1000) x\n",
        "$M= \\\n ~SEQ(b, 1, 1000) $N\n$N=~SEQ(c, 9223372036854775807) x\n~SEQ(a, 1, 1000) $M\n",
    ] {
        let line = one_line(text);
        assert!(
            line.contains("error[HF0018]: these generators have"),
            "{line}"
        );
    }
}

#[test]
fn circles_of_definitions_are_one_error_that_names_them() {
    for (text, circle) in [
        ("$A=$A\n$A\n", "$A -> $A"),
        ("$A=$B\n$B=$A\n${A}\n", "$A -> $B -> $A"),
        ("$A= \\\n x \\\n $B\n$B=$A\n$A\n", "$A -> $B -> $A"),
        ("$A=$B\n$B=$C\n$C=$B\n$A\n$C\n", "$B -> $C -> $B"),
    ] {
        let line = one_line(text);
        assert!(line.contains("error[HF0016]"), "{line}");
        assert!(line.ends_with(circle), "{line}");
    }
}

#[test]
fn definitions_hundreds_deep_are_one_error() {
    let made: String = (1..300).map(|n| format!("$A{n}=$A{}\n", n - 1)).collect();
    let line = one_line(format!("$A0=x\n{made}$A299\n"));
    assert!(line.contains("error[HF0018]: this goes too deep"), "{line}");
    let line = one_line(format!("{}x\n", "@^y ~SEQ(i, 1) ".repeat(200)));
    assert!(line.contains("error[HF0018]: this goes too deep"), "{line}");
}

#[test]
fn what_a_definition_hides_is_not_shown() {
    let text = "$P=hunter2 x\n$MY_SECRET=hunter3 ${P\n$Q=auth_pass ${P} ${NOT}\nauth_pass hunter5${_RANDOM 7 3}\n{ key hunter6${_PWD x} }\nvrrp_instance A {\n authentication {\n $Q\n auth_pass ${P}\n }\n}\n$MY_SECRET=1 ${MY_SECRET\n$_MY_SECRET=hunter4\n";
    let loaded = Memory::one(text).load();
    let shown = loaded.report.render(false) + &loaded.report.lines().join("\n");
    assert!(shown.contains("HF0015"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(!loaded.report.json().to_string().contains("hunter"));
}

#[test]
fn a_missing_brace_is_one_error_where_it_is_missing() {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n  192.0.2.1\n\n track_script {\n }\n}\nglobal_defs {\n}\n";
    assert_eq!(
        one_line(text),
        "a.conf:7:2: error[HF0106]: `virtual_ipaddress` is still open here: `}` is missing before this"
    );
}

#[test]
fn crlf_is_no_part_of_a_value() {
    let text = "vrrp_instance A {\r\n interface eth0\r\n virtual_router_id 1\r\n virtual_ipaddress {\r\n 192.0.2.1\r\n }\r\n}\r\n";
    let loaded = Memory::one(text).load();
    assert_eq!(loaded.report.lines(), [""; 0]);
    let config = loaded.config.unwrap();
    assert_eq!(
        config.instances[0]
            .router
            .interface
            .as_ref()
            .unwrap()
            .as_str(),
        "eth0"
    );
}

/// Pieces of configurations in any order.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "vrrp_instance",
        "VI_1",
        "{",
        "}",
        "\n",
        "interface",
        "eth0",
        "virtual_router_id",
        "51",
        "priority",
        "virtual_ipaddress",
        "192.0.2.1/24",
        "2001:db8::1",
        "dev",
        "\"",
        "'",
        "\\",
        "#",
        "!",
        "//",
        "authentication",
        "auth_pass",
        "track_script",
        "weight",
        "-4",
        "reverse",
        "vrrp_script",
        "script",
        "\"killall -0 x\"",
        "virtual_server",
        "real_server",
        "80",
        "TCP_CHECK",
        "HTTP_GET",
        "url",
        "path",
        "include",
        "a.conf",
        "*.conf",
        "$A=",
        "${A}",
        "@x",
        "~SEQ(",
        "$A",
        "$B=$A",
        "$B=${B}x",
        "${B}",
        "$A=\\\n",
        "\\\n",
        "~SEQ(i,3)",
        "~LST({A,B},{1,$A},{$B})",
        "$i",
        "@^x",
        "${_ENV A}",
        "${_RANDOM 1 2}",
        "${_HASH}",
        "include_check",
        "includea",
        "\u{a0}",
        "\u{202e}",
        "unicast_peer",
        "global_defs",
        "vrrp_strict",
        "é",
        "advert_int",
        "0.5",
        "notify_master",
        "state",
        "MASTER",
        "fwmark",
        "regex",
        "digest",
    ]);
    prop::collection::vec((words, prop::sample::select(vec![" ", "", "\n"])), 0..200).prop_map(
        |pieces| {
            pieces
                .into_iter()
                .map(|(word, gap)| format!("{word}{gap}"))
                .collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_end_with_little_output(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        harmless(&Memory::one(bytes).load());
    }

    #[test]
    fn any_text_ends_with_little_output(text in "\\PC{0,400}") {
        harmless(&Memory::one(text).load());
    }

    #[test]
    fn any_order_of_words_ends_with_little_output(text in pieces()) {
        let loaded = Memory::one(text).load();
        harmless(&loaded);
        prop_assert_eq!(loaded.config.is_none(), loaded.report.errors() > 0);
    }

    #[test]
    fn a_cut_seed_ends_with_little_output(seed in 0_usize..17, cut: prop::sample::Index) {
        let mut names: Vec<PathBuf> = std::fs::read_dir(common::data("seeds"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "conf"))
            .collect();
        names.sort();
        let bytes = std::fs::read(&names[seed]).unwrap();
        harmless(&Memory::one(&bytes[..cut.index(bytes.len())]).load());
    }
}
