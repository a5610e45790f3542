//! What mail says, in keepalived's words (keywords 11).

use crate::balance::real_name;
use crate::logline::one_line;
use crate::notify::News;
use holdfast_conf::model::{InstanceName, Probe, RealServer, VirtualServer};

/// Longest subject in bytes, as keepalived has it.
const MAX_SUBJECT: usize = 255;

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// In one line.
    pub subject: String,
    /// The rest.
    pub body: String,
}

impl Letter {
    fn new(router_id: &str, about: &str, body: &str) -> Self {
        let subject = one_line(&format!("[{router_id}] {about}")).into_owned();
        let mut end = MAX_SUBJECT.min(subject.len());
        while !subject.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        Self {
            subject: subject.get(..end).unwrap_or_default().to_owned(),
            body: format!("=> {body} <=\n"),
        }
    }

    /// With one more line that says why.
    fn because(mut self, detail: Option<&str>) -> Self {
        if let Some(detail) = detail {
            self.body.push_str(&one_line(detail));
            self.body.push('\n');
        }
        self
    }
}

/// A virtual router changed its state; none where that is no state of a router.
pub fn of_router(router_id: &str, name: &InstanceName, news: News) -> Option<Letter> {
    let (what, body) = match news {
        News::Master => (
            "Entering MASTER state",
            "VRRP Instance is now owning VRRP VIPs",
        ),
        News::Backup => ("Entering BACKUP state", NO_LONGER),
        News::Fault => ("Entering FAULT state", NO_LONGER),
        News::Stop => ("Stopping", "VRRP Instance stopping"),
        News::Up | News::Down => return None,
    };
    let about = format!("VRRP Instance {name} - {what}");
    Some(Letter::new(router_id, &about, body))
}

const NO_LONGER: &str = "VRRP Instance is no longer owning VRRP VIPs";

/// What is known about the check that decided.
#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    /// What it asks.
    pub probe: &'a Probe,
    /// What it said.
    pub detail: &'a str,
}

/// A real server went up or down.
pub fn of_real_server(
    router_id: &str,
    server: &VirtualServer,
    real: &RealServer,
    up: bool,
    reason: Option<Reason<'_>>,
) -> Letter {
    let about = format!(
        "Realserver {} of virtual server {} - {}",
        real_name(server, real),
        server.service,
        state(up)
    );
    let body = reason.map_or_else(
        || if up { "Server is up" } else { "Server is down" },
        |reason| of_probe(reason.probe, up),
    );
    Letter::new(router_id, &about, body).because(reason.map(|reason| reason.detail))
}

/// keepalived's line for each kind of check.
const fn of_probe(probe: &Probe, up: bool) -> &'static str {
    match (probe, up) {
        (Probe::Tcp(_), true) => "TCP CHECK succeed on service",
        (Probe::Tcp(_), false) => "TCP CHECK failed on service",
        (Probe::Udp(_), true) => "UDP CHECK succeed on service",
        (Probe::Udp(_), false) => "UDP CHECK failed on service",
        (Probe::Ping(_), true) => "ICMP CHECK succeed on service",
        (Probe::Ping(_), false) => "ICMP CHECK failed on service",
        (Probe::Dns { .. }, true) => "DNS_CHECK: succeed on service",
        (Probe::Dns { .. }, false) => "DNS_CHECK: failed on service",
        (Probe::Misc { .. }, true) => "MISC CHECK succeeded on service",
        (Probe::Misc { .. }, false) => "MISC CHECK failed on service",
        (Probe::File { .. }, true) => "FILE CHECK succeed on service",
        (Probe::File { .. }, false) => "FILE CHECK failed on service",
        (Probe::Bfd { .. }, true) => "BFD CHECK succeed on service",
        (Probe::Bfd { .. }, false) => "BFD CHECK failed on service",
        (Probe::Http(_) | Probe::Smtp { .. }, true) => "CHECK succeed on service",
        (Probe::Http(_), false) => "CHECK failed on service : HTTP/SSL request failed",
        (Probe::Smtp { .. }, false) => "CHECK failed on service",
    }
}

/// A quorum was gained or lost; `detail` has the line's numbers.
pub fn of_quorum(router_id: &str, server: &VirtualServer, up: bool, detail: &str) -> Letter {
    let about = format!("Virtualserver {} - {}", server.service, state(up));
    Letter::new(router_id, &about, &one_line(detail))
}

const fn state(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::tests::config;

    fn letter(subject: &str, body: &str) -> Letter {
        Letter {
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn mail_of_routers_has_keepalived_s_words() {
        let name = InstanceName::try_from("VI_1").unwrap();
        for (news, subject, body) in [
            (
                News::Master,
                "[lb1] VRRP Instance VI_1 - Entering MASTER state",
                "=> VRRP Instance is now owning VRRP VIPs <=\n",
            ),
            (
                News::Backup,
                "[lb1] VRRP Instance VI_1 - Entering BACKUP state",
                "=> VRRP Instance is no longer owning VRRP VIPs <=\n",
            ),
            (
                News::Fault,
                "[lb1] VRRP Instance VI_1 - Entering FAULT state",
                "=> VRRP Instance is no longer owning VRRP VIPs <=\n",
            ),
            (
                News::Stop,
                "[lb1] VRRP Instance VI_1 - Stopping",
                "=> VRRP Instance stopping <=\n",
            ),
        ] {
            let expected = Some(letter(subject, body));
            assert_eq!(of_router("lb1", &name, news), expected);
        }
    }

    #[test]
    fn mail_of_servers_has_keepalived_s_words_and_the_reason() {
        let config = config(
            "virtual_server 192.0.2.1 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n\
             real_server 10.0.0.1 80 {\nTCP_CHECK {\n}\n}\n}\n",
        );
        let server = &config.virtual_servers[0];
        let real = &server.real_servers[0];
        let reason = Reason {
            probe: &real.checks[0].probe,
            detail: "refused\r\nX: y",
        };
        assert_eq!(
            of_real_server("lb1", server, real, false, Some(reason)),
            letter(
                "[lb1] Realserver [10.0.0.1]:tcp:80 of virtual server [192.0.2.1]:tcp:80 - DOWN",
                "=> TCP CHECK failed on service <=\nrefused\\r\\nX: y\n",
            )
        );
        assert_eq!(
            of_quorum("lb1", server, true, "Gained quorum 1+0=1 <= 2"),
            letter(
                "[lb1] Virtualserver [192.0.2.1]:tcp:80 - UP",
                "=> Gained quorum 1+0=1 <= 2 <=\n",
            )
        );
    }

    #[test]
    fn a_subject_is_one_line_of_255_bytes_at_most() {
        let name = InstanceName::try_from("V").unwrap();
        let long = of_router(&"ü".repeat(200), &name, News::Master)
            .unwrap()
            .subject;
        assert_eq!(long.len(), 255);
        let two = of_router("a\r\nBcc: b@c", &name, News::Master)
            .unwrap()
            .subject;
        assert!(two.starts_with("[a\\r\\nBcc: b@c] VRRP"), "{two}");
    }
}
