//! Which sockets of checks need a privilege, and what they are: derived from the configuration and
//! this host alone, so a checker that was taken over gets no socket that nobody configured.

use crate::balance::checks;
use crate::slice::HostFacts;
use holdfast_conf::model::{Config, Endpoint, Family, Probe};
use holdfast_ipc::balance::CheckId;
use holdfast_ipc::opening::{CheckSocket, OpenStep, SocketKind};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What an unprivileged process may do with sockets on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketFacts {
    /// The first port that it may bind (sysctl `net.ipv4.ip_unprivileged_port_start`).
    pub first_free_port: u16,
    /// It may bind a socket to an interface: since Linux 5.7.
    pub devices_are_free: bool,
}

impl SocketFacts {
    /// From the words of the kernel: its sysctl and its release. What cannot be read needs a
    /// privilege: asking for one too many does no harm.
    pub fn of(port_start: &str, release: &str) -> Self {
        let mut numbers = release.split(['.', '-']).map(|part| part.parse().ok());
        let version: (Option<u32>, Option<u32>) =
            (numbers.next().flatten(), numbers.next().flatten());
        Self {
            first_free_port: port_start.trim().parse().unwrap_or(FIRST_FREE_PORT),
            devices_are_free: version >= (Some(5), Some(7)),
        }
    }
}

/// The kernel's default.
const FIRST_FREE_PORT: u16 = 1024;

/// A socket that the checker child cannot open itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What the VRRP child opens.
    pub socket: CheckSocket,
    /// What the parent binds it to.
    pub source: Option<Source>,
}

/// Where a socket is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The address; port 0 is the kernel's choice.
    pub address: SocketAddr,
    /// Which word of the configuration says so.
    pub step: OpenStep,
}

/// All of a configuration.
pub fn planned(config: &Config, facts: &HostFacts) -> BTreeMap<CheckId, Planned> {
    checks(config)
        .filter_map(|numbered| Some((numbered.id, plan(&numbered.check.probe, facts.sockets)?)))
        .collect()
}

/// That of one check, where it needs a privilege.
pub fn plan(probe: &Probe, facts: SocketFacts) -> Option<Planned> {
    let (kind, endpoint) = over(probe)?;
    needs_privilege(endpoint, facts).then(|| Planned {
        socket: CheckSocket {
            kind,
            family: Family::of(endpoint.address),
            mark: endpoint.mark,
            interface: endpoint.interface.clone(),
        },
        source: source(endpoint),
    })
}

fn over(probe: &Probe) -> Option<(SocketKind, &Endpoint)> {
    match probe {
        Probe::Tcp(endpoint) | Probe::Smtp { endpoint, .. } => Some((SocketKind::Tcp, endpoint)),
        Probe::Http(probe) => Some((SocketKind::Tcp, &probe.endpoint)),
        Probe::Udp(probe) => Some((SocketKind::Udp, &probe.endpoint)),
        Probe::Dns { endpoint, .. } => Some((SocketKind::Udp, endpoint)),
        Probe::Ping(endpoint) => Some((SocketKind::Ping, endpoint)),
        Probe::Misc { .. } | Probe::File { .. } | Probe::Bfd { .. } => None,
    }
}

fn needs_privilege(endpoint: &Endpoint, facts: SocketFacts) -> bool {
    let low = |port| port < facts.first_free_port;
    endpoint.mark != 0
        || endpoint.source_port.is_some_and(low)
        || (endpoint.interface.is_some() && !facts.devices_are_free)
}

fn source(endpoint: &Endpoint) -> Option<Source> {
    let step = match endpoint.source_port {
        Some(_) => OpenStep::SourcePort,
        None => OpenStep::Source,
    };
    let address = endpoint.own()?;
    Some(Source { address, step })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: SocketFacts = SocketFacts {
        first_free_port: 1024,
        devices_are_free: true,
    };

    fn endpoint() -> Endpoint {
        Endpoint::new("10.0.0.1".parse().unwrap(), 80)
    }

    fn needs(facts: SocketFacts, change: impl FnOnce(&mut Endpoint)) -> bool {
        let mut endpoint = endpoint();
        change(&mut endpoint);
        plan(&Probe::Tcp(endpoint), facts).is_some()
    }

    fn device(endpoint: &mut Endpoint) {
        endpoint.interface = Some("eth0".try_into().unwrap());
    }

    #[test]
    fn a_mark_needs_a_privilege_and_a_port_or_device_where_the_kernel_says_so() {
        assert!(!needs(USUAL, |_| {}));
        assert!(needs(USUAL, |endpoint| endpoint.mark = 7));
        assert!(needs(USUAL, |endpoint| endpoint.source_port = Some(1023)));
        assert!(!needs(USUAL, |endpoint| endpoint.source_port = Some(1024)));
        assert!(!needs(USUAL, |endpoint| endpoint.source =
            Some("10.0.0.9".parse().unwrap())));
        assert!(!needs(USUAL, device));
        let old = SocketFacts {
            devices_are_free: false,
            ..USUAL
        };
        assert!(needs(old, device));
        let open = SocketFacts {
            first_free_port: 0,
            ..USUAL
        };
        assert!(!needs(open, |endpoint| endpoint.source_port = Some(1)));
    }

    #[test]
    fn the_words_of_the_kernel_are_understood() {
        let facts = |first_free_port, devices_are_free| SocketFacts {
            first_free_port,
            devices_are_free,
        };
        assert_eq!(
            SocketFacts::of("1024\n", "6.1.0-13-amd64"),
            facts(1024, true)
        );
        assert_eq!(
            SocketFacts::of("80\n", "5.14.0-427.el9.x86_64"),
            facts(80, true)
        );
        assert_eq!(SocketFacts::of("0\n", "5.7-rc1"), facts(0, true));
        assert_eq!(
            SocketFacts::of("1024\n", "4.18.0-553.el8"),
            facts(1024, false)
        );
        assert_eq!(SocketFacts::of("1024\n", "5.6.19"), facts(1024, false));
        assert_eq!(SocketFacts::of("", "odd"), facts(1024, false));
    }

    #[test]
    fn what_is_opened_is_what_the_configuration_says() {
        let endpoint = Endpoint {
            mark: 7,
            source_port: Some(1000),
            interface: Some("eth0".try_into().unwrap()),
            address: "2001:db8::1".parse().unwrap(),
            ..endpoint()
        };
        let socket = |kind| CheckSocket {
            kind,
            family: Family::V6,
            mark: 7,
            interface: Some("eth0".try_into().unwrap()),
        };
        let source = Source {
            address: "[::]:1000".parse().unwrap(),
            step: OpenStep::SourcePort,
        };
        let expected = |kind| {
            Some(Planned {
                socket: socket(kind),
                source: Some(source),
            })
        };
        let ping = Probe::Ping(endpoint.clone());
        assert_eq!(plan(&ping, USUAL), expected(SocketKind::Ping));
        let mail = Probe::Smtp {
            endpoint,
            helo: String::new(),
        };
        assert_eq!(plan(&mail, USUAL), expected(SocketKind::Tcp));
    }

    #[test]
    fn an_own_address_without_port_leaves_the_port_to_the_kernel() {
        let endpoint = Endpoint {
            mark: 7,
            source: Some("10.0.0.9".parse().unwrap()),
            ..endpoint()
        };
        let planned = plan(&Probe::Tcp(endpoint), USUAL).unwrap();
        let source = Source {
            address: "10.0.0.9:0".parse().unwrap(),
            step: OpenStep::Source,
        };
        assert_eq!(planned.source, Some(source));
    }
}
