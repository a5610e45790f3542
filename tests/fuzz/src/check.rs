//! What servers say to checks: the first byte says where it is cut, the rest is what they say.

use holdfast_checker::check::{Conversation, Finding, Input, Outcome, Plan, Step};
use holdfast_ipc::config::model::{
    BodyPattern, DnsType, Endpoint, HttpProbe, HttpVersion, Probe, Url,
};
use holdfast_ipc::time::Monotonic;
use serde_json::Value;
use std::sync::{Arc, LazyLock};

/// Its first two bytes are the id of the DNS query, as in the record.
const RANDOM: u64 = 0x0123_0000_0000_0000;
/// No conversation takes more steps than it has bytes, and a few.
const STEPS: usize = 1 << 16;
/// Far more than any verdict should say.
const LONGEST_TEXT: usize = 2_000;

static PAGE: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let regex = BodyPattern {
        pattern: "(ok|hello)+$".to_owned(),
        options: Vec::new(),
        invert: false,
        min_offset: 1,
        max_offset: Some(9),
        needs_pcre: false,
    };
    let url = Url {
        path: "/".to_owned(),
        host: None,
        digest: None,
        status: vec![(200, 299)],
        regex: Some(regex),
        tls_compliant: false,
    };
    plan(Probe::Http(HttpProbe {
        endpoint: endpoint(),
        tls: None,
        protocol: HttpVersion::V1_1,
        fast_recovery: false,
        urls: vec![url],
    }))
});
static QUERY: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let (endpoint, kind, name) = (endpoint(), DnsType::Soa, "example.org".to_owned());
    plan(Probe::Dns {
        endpoint,
        kind,
        name,
    })
});
static MAIL: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let (endpoint, helo) = (endpoint(), "lb.example.org".to_owned());
    plan(Probe::Smtp { endpoint, helo })
});

fn endpoint() -> Endpoint {
    Endpoint::new([192, 0, 2, 10].into(), 80)
}

fn plan(probe: Probe) -> Arc<Plan> {
    Arc::new(Plan::new(&probe).expect("the check is a good one"))
}

/// Any bytes as the answer of a web server. True where the check passed.
pub fn run_http(input: &[u8]) -> bool {
    run_stream(&PAGE, input)
}

/// Any bytes as what a mail server says.
pub fn run_smtp(input: &[u8]) -> bool {
    run_stream(&MAIL, input)
}

/// Any bytes as a datagram of a DNS server.
pub fn run_dns(input: &[u8]) -> bool {
    let datagram = input.get(1..).unwrap_or_default();
    passed(&play(&QUERY, [datagram].into_iter()))
}

/// Panics where the verdict depends on the cut.
fn run_stream(plan: &Arc<Plan>, input: &[u8]) -> bool {
    let Some((cut, said)) = input.split_first() else {
        return false;
    };
    let whole = play(plan, [said].into_iter().filter(|piece| !piece.is_empty()));
    let (first, second) = said.split_at(usize::from(*cut).min(said.len()));
    let halves = play(
        plan,
        [first, second]
            .into_iter()
            .filter(|piece| !piece.is_empty()),
    );
    assert_eq!(halves, whole, "cut at byte {cut}");
    let bytes = play(plan, said.chunks(1));
    assert_eq!(bytes, whole, "byte by byte");
    passed(&whole)
}

fn passed(finding: &Finding) -> bool {
    let text = finding.to_string();
    assert!(text.len() < LONGEST_TEXT, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
    matches!(finding.outcome, Outcome::Passed(_))
}

fn play<'a>(plan: &Arc<Plan>, mut pieces: impl Iterator<Item = &'a [u8]>) -> Finding {
    let mut now = Monotonic::from_micros(0);
    let mut conversation = Conversation::new(plan, 0);
    let mut step = conversation.start(now, RANDOM);
    for _ in 0..STEPS {
        step = match step {
            Step::Connect { .. } | Step::Secure { .. } => {
                conversation.handle(now, Input::Connected)
            }
            Step::Talk { until, .. } => match pieces.next() {
                Some(bytes) => conversation.handle(now, Input::Bytes(bytes)),
                None => {
                    now = until;
                    conversation.handle(now, Input::TimedOut)
                }
            },
            Step::Done { finding, .. } => return finding,
        };
    }
    panic!("the conversation has no end");
}

/// Inputs from the record of a protocol, with their names.
pub fn seeds(record: &Value, protocol: &str) -> Vec<(String, Vec<u8>)> {
    let vectors = record[protocol].as_array().expect("a list of answers");
    let inputs = vectors.iter().enumerate().map(|(position, vector)| {
        let mut input = vec![9];
        match protocol {
            "http" => input.extend(bytes_of_text(&vector["answer"])),
            "smtp" => {
                let says = vector["says"].as_array().expect("a list of replies");
                input.extend(says.iter().flat_map(bytes_of_text));
            }
            _ => input.extend(crate::packet::bytes_of_hex(&vector["hex"])),
        }
        (format!("{protocol}-{position}"), input)
    });
    inputs.collect()
}

/// Characters up to U+00FF are bytes.
fn bytes_of_text(text: &Value) -> Vec<u8> {
    let chars = text.as_str().expect("a text").chars();
    let bytes = chars.map(|character| u8::try_from(u32::from(character)));
    bytes
        .collect::<Result<_, _>>()
        .expect("characters of one byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_reach_both_verdicts() {
        let record = include_str!("../../vectors/checks.json");
        let record: Value = serde_json::from_str(record).unwrap();
        let runs: [(&str, fn(&[u8]) -> bool); 3] =
            [("http", run_http), ("smtp", run_smtp), ("dns", run_dns)];
        for (protocol, run) in runs {
            let seeds = seeds(&record, protocol);
            assert!(!seeds.is_empty());
            let passed = seeds.iter().filter(|(_, input)| run(input)).count();
            assert!(passed > 0, "{protocol}");
        }
    }
}
