//! Patterns of a build with the feature `pcre`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking"
)]

mod common;

use common::Memory;
use holdfast_conf::model::{BodyPattern, Probe};

/// The errors of a pattern with these options.
fn report(pattern: &str, options: &str) -> (usize, String, Option<BodyPattern>) {
    let text = format!(
        "virtual_server 192.0.2.1 80 {{\n real_server 198.51.100.1 80 {{\n HTTP_GET {{\n url {{\n path /\n regex \"{pattern}\"\n regex_options {options}\n }}\n }}\n }}\n}}\n"
    );
    let loaded = Memory::one(text).load();
    let (errors, told) = (loaded.report.errors(), loaded.report.render(false));
    let pattern = loaded.config.map(|mut config| {
        let mut real = config.virtual_servers.remove(0).real_servers.remove(0);
        match real.checks.remove(0).probe {
            Probe::Http(mut probe) => probe.urls.remove(0).regex.unwrap(),
            other => panic!("{other:?}"),
        }
    });
    (errors, told, pattern)
}

#[test]
fn what_only_pcre_knows_is_accepted_and_marked() {
    for (pattern, needs_pcre) in [
        ("ok", false),
        ("ok(?!ay)", true),
        ("(?<=a)b", true),
        ("(a)\\\\1", true),
        ("a*+b", true),
        ("(?>a)", true),
        ("\\\\Gx", true),
        ("(a(?1)?b)", true),
    ] {
        let (errors, told, found) = report(pattern, "caseless");
        assert_eq!(errors, 0, "{pattern}: {told}");
        assert_eq!(found.unwrap().needs_pcre, needs_pcre, "{pattern}");
    }
}

#[test]
fn what_pcre_does_not_know_either_is_an_error_in_its_words() {
    let (errors, told, _) = report("(?=a", "caseless");
    assert_eq!(errors, 1);
    assert!(told.contains("missing closing parenthesis"), "{told}");
}

#[test]
fn what_is_not_carried_out_even_then_is_refused() {
    for (pattern, options, why) in [
        (
            "a(?=b)$",
            "dollar_endonly",
            "`dollar_endonly` is not carried out",
        ),
        ("a(?R)?b", "caseless", "cannot be inside itself"),
        ("a(?=b)", "literal", "cannot be carried out"),
    ] {
        let (errors, told, _) = report(pattern, options);
        assert_eq!(errors, 1, "{told}");
        assert!(told.contains(why), "{told}");
    }
}
