//! Lines of the log about checks, in keepalived's words, with the cause behind them.

use super::cause::{Cause, Doing};
use super::conversation::{Finding, Outcome, Success};
use super::schedule::{Change, Reaction};
use super::server::{ServerKey, name_of};
use holdfast_ipc::config::model::{Check, Probe};
use holdfast_ipc::log::{Level, LogRecord};

/// What is told of one result.
pub(super) fn lines(
    check: &Check,
    server: &ServerKey,
    reaction: &Reaction,
    finding: &Finding,
) -> Vec<LogRecord> {
    match &finding.outcome {
        Outcome::Passed(success) => passed(check, server, reaction, *success),
        Outcome::Failed(cause) => failed(check, server, reaction, finding, cause)
            .into_iter()
            .collect(),
        Outcome::NotTried(_) => Vec::new(),
    }
}

/// keepalived tells the first success and the one that brings a server back.
fn passed(
    check: &Check,
    server: &ServerKey,
    reaction: &Reaction,
    success: Success,
) -> Vec<LogRecord> {
    let level = match reaction.change {
        Change::Up => Level::Notice,
        Change::Same | Change::Down { .. } if reaction.first => Level::Info,
        Change::Same | Change::Down { .. } => return Vec::new(),
    };
    let text = match (&check.probe, success) {
        (Probe::Tcp(_), _) => format!("TCP connection to {server} success."),
        (Probe::Http(probe), _) if reaction.change == Change::Same && probe.urls.len() > 1 => {
            return Vec::new();
        }
        (Probe::Http(_), _) => format!("Remote Web server {server} succeed on service."),
        (Probe::Smtp { .. }, _) => format!("Remote SMTP server {server} succeed on service."),
        (Probe::Udp(_), _) => format!("UDP connection to {server} success."),
        (Probe::Ping(_), _) => format!("ICMP connection to {server} success."),
        (Probe::Dns { .. }, _) => format!("DNS_CHECK ({server}) success."),
        (
            Probe::Misc { .. },
            Success::Exit {
                status,
                weight: Some(weight),
            },
        ) => format!(
            "{} succeeded (exited with status {status}, weight {weight}).",
            misc(check, server)
        ),
        (Probe::Misc { .. }, _) => format!("{} succeeded.", misc(check, server)),
        (Probe::File { .. }, _) if reaction.change == Change::Same => return Vec::new(),
        (Probe::File { file, .. }, _) => {
            format!("({server}): tracked file {} leaving FAULT state", file.name)
        }
        (Probe::Bfd { .. }, success) => {
            format!("{} of {server} is up: {success}", name_of(&check.probe))
        }
    };
    vec![LogRecord::new(level, text)]
}

fn failed(
    check: &Check,
    server: &ServerKey,
    reaction: &Reaction,
    finding: &Finding,
    cause: &Cause,
) -> Option<LogRecord> {
    let service = &server.service;
    let (level, when) = match reaction.change {
        Change::Down { retries } => (Level::Notice, after(check, retries)),
        Change::Up | Change::Same if check.timing.log_all_failures || reaction.first => {
            (Level::Info, attempt(check, reaction))
        }
        Change::Up | Change::Same => return None,
    };
    let text = match &check.probe {
        Probe::Http(probe) => {
            let name = if probe.tls.is_some() {
                "SSL_CHECK"
            } else {
                "HTTP_CHECK"
            };
            format!("{name} on service {server} failed{when}: {finding}")
        }
        Probe::Ping(_) => {
            format!("ICMP CHECK on service {server} of {service} failed{when}: {finding}")
        }
        Probe::Dns { .. } => match cause {
            Cause::TimedOut {
                doing: Doing::Reply,
                ..
            } => {
                format!("DNS_CHECK ({server}) read timeout from socket{when}: {finding}")
            }
            _ => format!("DNS_CHECK ({server}) failed{when}: {finding}"),
        },
        Probe::Misc { .. } => format!("{} {}", misc(check, server), misc_failure(cause, &when)),
        Probe::File { file, .. } => {
            format!(
                "({server}): tracked file {} now FAULT state: {finding}",
                file.name
            )
        }
        Probe::Tcp(_) | Probe::Smtp { .. } | Probe::Udp(_) | Probe::Bfd { .. } => {
            let name = name_of(&check.probe);
            format!("{name} on service {server} failed{when}: {finding}")
        }
    };
    Some(LogRecord::new(level, text))
}

/// ` after 3 retries`; nothing at the first check or with retry 0.
fn after(check: &Check, retries: Option<u32>) -> String {
    match (&check.probe, retries) {
        (Probe::Misc { .. }, Some(1)) => " after 1 retry".to_owned(),
        (Probe::Misc { .. }, None) if check.timing.retry == 0 => " with retry disabled".to_owned(),
        (_, Some(retries)) => format!(" after {retries} retries"),
        (_, None) => String::new(),
    }
}

/// ` (try 1 of 4)`: the verdict has not turned.
fn attempt(check: &Check, reaction: &Reaction) -> String {
    let tries = check.timing.retry.saturating_add(1);
    match reaction.attempt {
        0 => String::new(),
        attempt => format!(" (try {attempt} of {tries})"),
    }
}

fn misc(check: &Check, server: &ServerKey) -> String {
    let command = match &check.probe {
        Probe::Misc { command, .. } => command.to_string(),
        _ => String::new(),
    };
    let service = &server.service;
    format!("Misc check for [{server} VS {service}] by [{command}]")
}

fn misc_failure(cause: &Cause, when: &str) -> String {
    match cause {
        Cause::RunTimedOut { .. } => format!("timed out{when}."),
        Cause::Exit(status) => format!("failed{when} (exited with status {status})."),
        Cause::Signal(signal) => format!("failed{when} (due to signal {signal})."),
        other => format!("failed{when} ({other})."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::excerpt::Excerpt;
    use super::*;
    use holdfast_ipc::config::model::{
        CheckTiming, DnsType, Endpoint, HttpProbe, HttpVersion, Micros, Protocol, Service,
        ShellWords, TlsOptions, UdpProbe,
    };
    use std::sync::Arc;

    fn endpoint() -> Endpoint {
        Endpoint::new("192.0.2.10".parse().unwrap(), 80)
    }

    fn http(tls: bool) -> Probe {
        let tls = tls.then_some(TlsOptions {
            sni: false,
            sni_name: None,
            verify: false,
        });
        Probe::Http(HttpProbe {
            endpoint: endpoint(),
            tls,
            protocol: HttpVersion::V1_0,
            fast_recovery: false,
            urls: Vec::new(),
        })
    }

    fn misc() -> Probe {
        Probe::Misc {
            command: ShellWords::try_from(vec!["/c".to_owned(), "-x".to_owned()]).unwrap(),
            user: None,
            timeout: Micros::from_secs(1),
            dynamic: false,
        }
    }

    fn all() -> Vec<Probe> {
        vec![
            Probe::Tcp(endpoint()),
            http(false),
            http(true),
            Probe::Smtp {
                endpoint: endpoint(),
                helo: "x".to_owned(),
            },
            Probe::Udp(UdpProbe {
                endpoint: endpoint(),
                payload: Vec::new(),
                reply: None,
            }),
            Probe::Ping(endpoint()),
            Probe::Dns {
                endpoint: endpoint(),
                kind: DnsType::Soa,
                name: ".".to_owned(),
            },
            misc(),
        ]
    }

    fn line(probe: Probe, retry: u32, change: Change, outcome: Outcome) -> String {
        let timing = CheckTiming {
            delay_loop: Micros::from_secs(10),
            retry,
            delay_before_retry: Micros::from_secs(1),
            warmup: Micros::ZERO,
            alpha: false,
            log_all_failures: false,
        };
        let service = Service::Address {
            address: "192.0.2.1".parse().unwrap(),
            port: 80,
            protocol: Protocol::Tcp,
        };
        let (address, port) = ("10.0.0.1".parse().unwrap(), 80);
        let server = ServerKey {
            service: Arc::new(service),
            address,
            port,
        };
        let reaction = Reaction {
            change,
            wait: Micros::ZERO,
            first: false,
            attempt: 0,
        };
        let (took, last) = (Micros::from_millis(2), Excerpt::default());
        let finding = Finding {
            outcome,
            took,
            last,
        };
        let all = lines(&Check { timing, probe }, &server, &reaction, &finding);
        all.into_iter().map(|record| record.text).collect()
    }

    #[test]
    fn successes_read_as_those_of_keepalived() {
        let success = |probe| line(probe, 1, Change::Up, Outcome::Passed(Success::Connected));
        assert_eq!(
            all().into_iter().map(success).collect::<Vec<_>>(),
            [
                "TCP connection to [10.0.0.1]:tcp:80 success.",
                "Remote Web server [10.0.0.1]:tcp:80 succeed on service.",
                "Remote Web server [10.0.0.1]:tcp:80 succeed on service.",
                "Remote SMTP server [10.0.0.1]:tcp:80 succeed on service.",
                "UDP connection to [10.0.0.1]:tcp:80 success.",
                "ICMP connection to [10.0.0.1]:tcp:80 success.",
                "DNS_CHECK ([10.0.0.1]:tcp:80) success.",
                "Misc check for [[10.0.0.1]:tcp:80 VS [192.0.2.1]:tcp:80] by [/c -x] succeeded.",
            ]
        );
    }

    #[test]
    fn failures_read_as_those_of_keepalived_with_the_cause_behind_them() {
        let down = Change::Down { retries: Some(3) };
        let failure = |probe| line(probe, 3, down, Outcome::Failed(Cause::Exit(2)));
        assert_eq!(
            all().into_iter().map(failure).collect::<Vec<_>>(),
            [
                "TCP_CHECK on service [10.0.0.1]:tcp:80 failed after 3 retries: exit 2 after 2 ms",
                "HTTP_CHECK on service [10.0.0.1]:tcp:80 failed after 3 retries: exit 2 after 2 ms",
                "SSL_CHECK on service [10.0.0.1]:tcp:80 failed after 3 retries: exit 2 after 2 ms",
                "SMTP_CHECK on service [10.0.0.1]:tcp:80 failed after 3 retries: exit 2 after 2 ms",
                "UDP_CHECK on service [10.0.0.1]:tcp:80 failed after 3 retries: exit 2 after 2 ms",
                "ICMP CHECK on service [10.0.0.1]:tcp:80 of [192.0.2.1]:tcp:80 failed after 3 \
                 retries: exit 2 after 2 ms",
                "DNS_CHECK ([10.0.0.1]:tcp:80) failed after 3 retries: exit 2 after 2 ms",
                "Misc check for [[10.0.0.1]:tcp:80 VS [192.0.2.1]:tcp:80] by [/c -x] failed after 3 \
                 retries (exited with status 2).",
            ]
        );
    }

    #[test]
    fn a_misc_check_counts_its_retries_in_its_own_way() {
        let misc = |retry, retries, cause| {
            let text = line(
                misc(),
                retry,
                Change::Down { retries },
                Outcome::Failed(cause),
            );
            text.split_once("by [/c -x] ").unwrap().1.to_owned()
        };
        let after = Micros::from_secs(1);
        assert_eq!(
            misc(1, Some(1), Cause::Exit(1)),
            "failed after 1 retry (exited with status 1)."
        );
        assert_eq!(
            misc(0, None, Cause::Signal(9)),
            "failed with retry disabled (due to signal 9)."
        );
        assert_eq!(misc(1, None, Cause::RunTimedOut { after }), "timed out.");
        assert_eq!(
            misc(1, Some(1), Cause::RunTimedOut { after }),
            "timed out after 1 retry."
        );
    }

    #[test]
    fn a_dns_server_that_is_silent_has_its_own_words() {
        let cause = Cause::TimedOut {
            doing: Doing::Reply,
            after: Micros::from_secs(5),
        };
        let probe = Probe::Dns {
            endpoint: endpoint(),
            kind: DnsType::Soa,
            name: ".".to_owned(),
        };
        let down = Change::Down { retries: Some(3) };
        assert_eq!(
            line(probe, 3, down, Outcome::Failed(cause)),
            "DNS_CHECK ([10.0.0.1]:tcp:80) read timeout from socket after 3 retries: no reply within 5 s"
        );
    }
}
