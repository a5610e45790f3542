//! Bytes as choices: words of the language at their places, with values around their limits.

use holdfast_conf::{WordInfo, language};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Blocks inside each other; the language has six.
const DEEPEST: usize = 8;
/// Lines of a block of entries.
const ENTRIES: u8 = 4;

type Blocks = Vec<&'static str>;

static WORDS: LazyLock<BTreeMap<Blocks, Vec<WordInfo>>> = LazyLock::new(|| {
    let mut words = BTreeMap::<Blocks, Vec<WordInfo>>::new();
    for word in language() {
        words.entry(word.blocks.clone()).or_default().push(word);
    }
    words
});

/// Values of each kind of argument, by how the language writes it.
const VALUES: &[(&str, &[&str])] = &[
    ("NAME", &["A", "B", "C", "\"a b\"", "x$y", "VI_1", "été"]),
    ("INSTANCE", &["A", "B", "C", "VI_1"]),
    (
        "TEXT",
        &["a", "\"b c\"", "'d'", "\"\"", "p#q", "12345678", "1.5"],
    ),
    ("TEXT...", &["a b", "\"b c\" d", "x"]),
    (
        "PATTERN",
        &["^ok$", "(a|b)+", "[", "a{1,2}", "\\d", "\"a b\""],
    ),
    (
        "INTERFACE",
        &["eth0", "lo", "eth1", "a-very-long-interface-name"],
    ),
    (
        "ADDRESS",
        &[
            "192.0.2.1",
            "2001:db8::1",
            "224.0.0.18",
            "ff02::12",
            "0.0.0.0",
            "::",
            "fe80::1",
            "256.1.1.1",
            "10.0.0.1",
        ],
    ),
    (
        "COMMAND",
        &[
            "/bin/true",
            "\"/bin/a b 'c d'\"",
            "'x \"y\"'",
            "a b c",
            "\"\"",
        ],
    ),
    ("USER", &["root", "nobody", "x"]),
    ("GROUP", &["root", "A", "224.0.0.18"]),
    ("[[:]GROUP]", &["", ":root", "root"]),
    ("MAIL", &["a@example.org", "\"A B <a@b>\"", "x"]),
    ("PATH", &["/tmp/x", "x/y", "\"/a b\""]),
    ("MAC", &["02:00:00:00:00:01", "x"]),
    ("HOST", &["mail.example.org", "h"]),
    ("PORT", &["80", "0", "65535", "65536", "http"]),
    ("[PORT]", &["80", "", "65535", "65536"]),
    ("NUMBER", &["0", "1", "4294967295", "4294967296", "-1"]),
    ("SECONDS", &["0", "1", "2147483647", "4294967296"]),
    (
        "BOOL",
        &["on", "off", "true", "false", "yes", "no", "maybe"],
    ),
    (
        "DIGITS",
        &["0123456789abcdef0123456789abcdef", "ff", "0", "zz", "7d"],
    ),
    (
        "CODE|CODE-CODE...",
        &["200", "200-299 404", "600", "100-99"],
    ),
    ("NETMASK|LENGTH", &["255.255.255.0", "24", "128", "33"]),
    (
        "MODE|NAME[|NAME...]",
        &["022", "S_IRUSR|IWGRP", "0x12", "7777"],
    ),
    ("text:hex", &["1 abc", "2 hex:0011", "255 file:/k"]),
    (
        "ADDRESS-LINE",
        &[
            "192.0.2.1/24 dev eth0",
            "2001:db8::1/64",
            "192.0.2.2 brd 192.0.2.255 scope link label eth0:1",
            "192.0.2.3/32 dev eth1 no_track preferred_lft 0",
            "192.0.2.4/33",
        ],
    ),
    (
        "ROUTE-LINE",
        &[
            "192.0.2.0/24 via 10.0.0.1 dev eth0 metric 5",
            "src 10.0.0.2 default via 10.0.0.1 table 100",
            "blackhole 10.9.0.0/16",
            "10.0.0.0/8 nexthop via 10.0.0.1 dev eth0 weight 2 nexthop via 10.0.0.3 dev eth1",
            "2001:db8::/32 via fe80::1 dev eth0 mtu lock 1400",
        ],
    ),
    (
        "RULE-LINE",
        &[
            "from 192.0.2.0/24 table 1 priority 100",
            "to 2001:db8::/32 blackhole",
            "not fwmark 0x1/0xff table main",
            "iif eth0 oif eth1 sport 1-2 goto 7",
        ],
    ),
    (
        "PEER-LINE",
        &[
            "192.0.2.7",
            "2001:db8::7 min_ttl 1 max_ttl 255",
            "192.0.2.8 ttl 300",
        ],
    ),
    (
        "TRACKER-LINE",
        &[
            "A",
            "B weight -5",
            "C weight 253 reverse",
            "eth0 weight 254",
        ],
    ),
    ("LINKBEAT-LINE", &["eth0 MII", "eth1"]),
    ("DELAY-LINE", &["eth0 1", "eth1 up 2", "eth0 down 300"]),
    (
        "SERVER-LINE",
        &[
            "192.0.2.1 80",
            "192.0.2.1-20 80",
            "fwmark 5",
            "2001:db8::1-ff 0",
        ],
    ),
];

/// Places where something stands that no word of the table is.
const ODD: &[&str] = &[
    "}\n",
    "{\n",
    "# x\n",
    "! x\n",
    "\"\n",
    "'\n",
    "\\\n",
    "wibble 5\n",
    "$A=5\n",
    "$A\n",
    "$B= \\\n x \\\n y\n",
    "$B\n",
    "${A} ${A}\n",
    "@web1 priority 5\n",
    "@^web1 ",
    "~SEQ(i,1,3) x$i\n",
    "~LST(i,a,b) ${i}\n",
    "include b.conf\n",
    "includem *\n",
    "include_check\n",
    "${_INSTANCE}\n",
    "${_ENV SITE}\n",
    "${_RANDOM 1 9}",
    "\u{a0}",
    "\u{202e}",
    "\r\n",
    "\t",
    "\n",
    "virtual_ipaddress { 10.0.0.1\n",
    "vrrp_instance ${A} {\n",
];

struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or_default()
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::from(self.next()) % list.len()]
    }
}

/// A text of at most `most` bytes.
pub fn text(bytes: &[u8], most: usize) -> String {
    let mut choices = Choices {
        bytes: bytes.iter(),
    };
    let mut text = String::new();
    while choices.bytes.len() > 0 && text.len() < most {
        word(&mut choices, &mut Vec::new(), &mut text);
    }
    while text.len() > most {
        text.pop();
    }
    text
}

fn word(choices: &mut Choices<'_>, blocks: &mut Blocks, text: &mut String) {
    let kind = choices.next();
    if kind == u8::MAX {
        text.push_str(choices.of(ODD));
        return;
    }
    // Now and then a word of another block, which is at the wrong place here.
    let words = match kind {
        0xf8..=0xfe => WORDS
            .values()
            .nth(usize::from(choices.next()) % WORDS.len()),
        _ => WORDS.get(blocks),
    };
    let Some(words) = words.filter(|words| !words.is_empty()) else {
        return;
    };
    let at = (usize::from(choices.next()) << 8 | usize::from(kind)) % words.len();
    let word = &words[at];
    text.push_str(word.name);
    if word.opens_block {
        block(word, choices, blocks, text);
    } else {
        text.push(' ');
        arguments(&word.arguments, choices, text);
        text.push('\n');
    }
}

fn block(word: &WordInfo, choices: &mut Choices<'_>, blocks: &mut Blocks, text: &mut String) {
    text.push(' ');
    arguments(word.arguments.trim_end_matches("{ ... }"), choices, text);
    text.push_str(" {\n");
    blocks.push(word.name);
    if blocks.len() < DEEPEST {
        for _ in 0..choices.next() % 16 {
            self::word(choices, blocks, text);
        }
    }
    blocks.pop();
    text.push_str("}\n");
}

fn arguments(pattern: &str, choices: &mut Choices<'_>, text: &mut String) {
    if let Some((head, entry)) = pattern.split_once('{') {
        arguments(head, choices, text);
        let entry = entry.trim_matches([' ', '}', '.']);
        text.push_str(" {\n");
        for _ in 0..choices.next() % ENTRIES {
            value(entry, choices, text);
            text.push('\n');
        }
        text.push_str("}\n");
        return;
    }
    for part in pattern.split_whitespace() {
        value(part, choices, text);
        text.push(' ');
    }
}

fn value(pattern: &str, choices: &mut Choices<'_>, text: &mut String) {
    if let Some((_, values)) = VALUES.iter().find(|(name, _)| *name == pattern) {
        text.push_str(choices.of(values));
        return;
    }
    let pattern = pattern
        .trim_end_matches("...")
        .trim_matches(['[', ']', '(', ')']);
    let options: Vec<&str> = pattern.split('|').collect();
    let option = choices.of(&options).trim_matches(['[', ']']);
    if let Some((min, max)) = option.split_once("..") {
        number(min, max, choices, text);
        return;
    }
    match VALUES.iter().find(|(name, _)| *name == option) {
        Some((_, values)) => text.push_str(choices.of(values)),
        None => text.push_str(option),
    }
}

/// At the limits, beyond them, between them, and in odd forms.
fn number(min: &str, max: &str, choices: &mut Choices<'_>, text: &mut String) {
    let choice = choices.next();
    let beside = |limit: &str, step: i128| {
        limit
            .parse::<i128>()
            .map_or_else(|_| format!("{limit}1"), |limit| (limit + step).to_string())
    };
    text.push_str(&match choice {
        0..=39 => min.to_owned(),
        40..=79 => max.to_owned(),
        80..=99 => beside(min, -1),
        100..=119 => beside(max, 1),
        120..=179 => (choice - 119).to_string(),
        180..=199 => format!("0.{choice}"),
        200..=209 => format!("0x{choice:x}"),
        210..=219 => format!("{min}.5"),
        220..=229 => format!("0{choice}"),
        230..=239 => "1.0000001".to_owned(),
        240..=249 => "99999999999999999999".to_owned(),
        _ => format!("\"{min}\""),
    });
}
