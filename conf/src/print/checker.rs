//! `virtual_server`, `real_server` and the checks, with all values written out.

use super::word::{self, hex, pattern, plain};
use super::{Page, seconds};
use crate::model::{
    Check, CheckTiming, Digest, DnsType, Endpoint, Family, Forward, GroupMember, HttpProbe,
    HttpVersion, Probe, RealServer, Service, Tunnel, TunnelChecksum, UdpProbe, Url, VirtualServer,
};
use std::collections::BTreeMap;

/// The groups that virtual servers name, each once.
pub(super) fn groups(page: &mut Page, servers: &[VirtualServer]) {
    let mut groups: BTreeMap<&str, (&[GroupMember], bool)> = BTreeMap::new();
    for server in servers {
        if let Service::Group { name, members, .. } = &server.service {
            let (first, same) = groups.entry(name).or_insert((members, true));
            *same = *same && *first == members.as_slice();
        }
    }
    for (name, (members, same)) in groups {
        let head = format!("virtual_server_group {}", plain(name));
        page.block(&head, |page| {
            members
                .iter()
                .for_each(|member| page.line(&self::member(*member, same)));
        });
    }
}

/// A line of a group. The family of a mark is left to the real servers where they differ in it.
fn member(member: GroupMember, with_family: bool) -> String {
    match member {
        GroupMember::Addresses { first, last, port } if first == last => format!("{first} {port}"),
        GroupMember::Addresses { first, last, port } => format!("{first}-{last} {port}"),
        GroupMember::Mark { mark, family } => match (with_family, family) {
            (false, _) => format!("fwmark {mark}"),
            (true, Family::V4) => format!("fwmark {mark} inet"),
            (true, Family::V6) => format!("fwmark {mark} inet6"),
        },
    }
}

pub(super) fn virtual_server(page: &mut Page, server: &VirtualServer) {
    let head = match &server.service {
        Service::Address { address, port, .. } => format!("virtual_server {address} {port}"),
        Service::Mark { mark, .. } => format!("virtual_server fwmark {mark}"),
        Service::Group { name, .. } => format!("virtual_server group {}", plain(name)),
    };
    page.block(&head, |page| {
        match &server.service {
            Service::Address { protocol, .. } | Service::Group { protocol, .. } => {
                page.set("protocol", protocol.to_string().to_uppercase());
            }
            Service::Mark { family, .. } => page.set(
                "ip_family",
                match family {
                    Family::V4 => "inet",
                    Family::V6 => "inet6",
                },
            ),
        }
        page.set("lb_algo", server.scheduler.name());
        page.flag("flag-1", server.scheduler_flags.first);
        page.flag("flag-2", server.scheduler_flags.second);
        page.flag("flag-3", server.scheduler_flags.third);
        page.set("lb_kind", forward(server.forward));
        if let Some(persistence) = &server.persistence {
            page.set("persistence_timeout", persistence.timeout_secs);
            page.set("persistence_granularity", persistence.granularity);
            page.maybe(
                "persistence_engine",
                persistence.engine.as_deref().map(plain),
            );
        }
        page.flag("ops", server.one_packet);
        page.flag("ha_suspend", server.ha_suspend);
        page.set("quorum", server.quorum);
        page.set("hysteresis", server.hysteresis);
        page.command("quorum_up", server.quorum_up.as_deref());
        page.command("quorum_down", server.quorum_down.as_deref());
        page.flag("omega", server.omega);
        page.bool("smtp_alert", server.smtp_alert);
        if let Some(sorry) = &server.sorry_server {
            page.set("sorry_server", format!("{} {}", sorry.address, sorry.port));
            page.set("sorry_server_lvs_method", forward(sorry.forward));
            page.flag("sorry_server_inhibit", sorry.inhibit);
        }
        if !page.without_servers {
            for real in &server.real_servers {
                real_server(page, real);
            }
        }
    });
}

fn forward(forward: Forward) -> String {
    let checksum = |checksum| match checksum {
        TunnelChecksum::None => "nocsum",
        TunnelChecksum::Full => "csum",
        TunnelChecksum::Remote => "remcsum",
    };
    match forward {
        Forward::Nat => "NAT".to_owned(),
        Forward::Direct => "DR".to_owned(),
        Forward::Tunnel(Tunnel::Ipip) => "TUN type ipip".to_owned(),
        Forward::Tunnel(Tunnel::Gre { checksum: kind }) => {
            format!("TUN type gre {}", checksum(kind))
        }
        Forward::Tunnel(Tunnel::Gue {
            port,
            checksum: kind,
        }) => format!("TUN type gue port {port} {}", checksum(kind)),
    }
}

pub(super) fn real_server(page: &mut Page, server: &RealServer) {
    let head = format!("real_server {} {}", server.address, server.port);
    page.block(&head, |page| {
        page.set("weight", server.weight);
        page.set("lvs_method", forward(server.forward));
        page.differs("uthreshold", server.upper_threshold, 0);
        page.differs("lthreshold", server.lower_threshold, 0);
        page.bool("inhibit_on_failure", server.inhibit_on_failure);
        page.command("notify_up", server.notify_up.as_deref());
        page.command("notify_down", server.notify_down.as_deref());
        page.bool("smtp_alert", server.smtp_alert);
        for check in &server.checks {
            self::check(page, check);
        }
    });
}

fn check(page: &mut Page, check: &Check) {
    let head = match &check.probe {
        Probe::Tcp(_) => "TCP_CHECK",
        Probe::Http(probe) if probe.tls.is_some() => "SSL_GET",
        Probe::Http(_) => "HTTP_GET",
        Probe::Smtp { .. } => "SMTP_CHECK",
        Probe::Udp(_) => "UDP_CHECK",
        Probe::Ping(_) => "PING_CHECK",
        Probe::Dns { .. } => "DNS_CHECK",
        Probe::Misc { .. } => "MISC_CHECK",
        Probe::File { .. } => "FILE_CHECK",
        Probe::Bfd { .. } => "BFD_CHECK",
    };
    page.block(head, |page| {
        match &check.probe {
            Probe::File { .. } => {}
            Probe::Bfd { .. } => page.bool("alpha", check.timing.alpha),
            _ => timing(page, &check.timing),
        }
        probe(page, check);
    });
}

fn timing(page: &mut Page, timing: &CheckTiming) {
    page.set("delay_loop", seconds(timing.delay_loop));
    page.set("retry", timing.retry);
    page.set("delay_before_retry", seconds(timing.delay_before_retry));
    page.set("warmup", seconds(timing.warmup));
    page.bool("alpha", timing.alpha);
    page.bool("log_all_failures", timing.log_all_failures);
}

fn probe(page: &mut Page, check: &Check) {
    match &check.probe {
        Probe::Tcp(endpoint) | Probe::Ping(endpoint) => self::endpoint(page, endpoint),
        Probe::Http(probe) => http(page, probe),
        Probe::Smtp { endpoint, helo } => {
            self::endpoint(page, endpoint);
            page.set("helo_name", plain(helo));
        }
        Probe::Udp(probe) => udp(page, probe),
        Probe::Dns {
            endpoint,
            kind,
            name,
        } => {
            self::endpoint(page, endpoint);
            page.set("type", dns_type(*kind));
            page.set("name", plain(name));
        }
        Probe::Misc {
            command,
            user,
            timeout,
            dynamic,
        } => {
            page.set("misc_path", word::command(command));
            // Whole seconds; a fraction can only be the time between two checks, the default.
            if *timeout != check.timing.delay_loop {
                page.set("misc_timeout", seconds(*timeout));
            }
            page.flag("misc_dynamic", *dynamic);
            page.maybe("user", user.as_ref().map(word::user));
        }
        Probe::File { file, weight } => {
            page.set("track_file", plain(file.name.as_str()));
            page.maybe(
                "weight",
                weight.map(|(weight, reverse)| {
                    let direction = if reverse { " reverse" } else { "" };
                    format!("{weight}{direction}")
                }),
            );
        }
        Probe::Bfd { session } => page.set("name", plain(session)),
    }
}

fn endpoint(page: &mut Page, endpoint: &Endpoint) {
    page.set("connect_ip", endpoint.address);
    // A virtual server for every port has no port to connect to.
    page.differs("connect_port", endpoint.port, 0);
    page.maybe("bindto", endpoint.source);
    page.maybe("bind_port", endpoint.source_port);
    page.maybe("bind_if", endpoint.interface.as_ref());
    page.set("connect_timeout", seconds(endpoint.timeout));
    page.differs("fwmark", endpoint.mark, 0);
}

fn http(page: &mut Page, probe: &HttpProbe) {
    endpoint(page, &probe.endpoint);
    page.set(
        "http_protocol",
        match probe.protocol {
            HttpVersion::V1_0 => "1.0",
            HttpVersion::V1_0Close => "1.0C",
            HttpVersion::V1_1 => "1.1",
        },
    );
    if let Some(tls) = &probe.tls {
        page.bool("enable_sni", tls.sni);
        page.maybe("sni_name", tls.sni_name.as_deref().map(plain));
        page.bool("verify", tls.verify);
    }
    page.flag("fast_recovery", probe.fast_recovery);
    for url in &probe.urls {
        page.block("url", |page| self::url(page, url, probe.tls.is_some()));
    }
}

fn url(page: &mut Page, url: &Url, tls: bool) {
    page.set("path", plain(&url.path));
    page.maybe("virtualhost", url.host.as_deref().map(plain));
    page.maybe("digest", url.digest.map(digest));
    let codes: Vec<String> = url
        .status
        .iter()
        .map(|(first, last)| format!("{first}-{last}"))
        .collect();
    page.set("status_code", codes.join(" "));
    if let Some(regex) = &url.regex {
        page.set("regex", pattern(&regex.pattern));
        if !regex.options.is_empty() {
            page.set("regex_options", regex.options.join(" "));
        }
        page.flag("regex_no_match", regex.invert);
        page.differs("regex_min_offset", regex.min_offset, 0);
        page.maybe("regex_max_offset", regex.max_offset);
    }
    if tls {
        page.bool("tls_compliant", url.tls_compliant);
    }
}

fn digest(digest: Digest) -> String {
    let bytes = |bytes: &[u8]| hex(bytes.iter().map(|byte| (*byte, 0xff)));
    match digest {
        Digest::Md5(sum) => bytes(&sum),
        Digest::Sha256(sum) => bytes(&sum),
    }
}

fn udp(page: &mut Page, probe: &UdpProbe) {
    endpoint(page, &probe.endpoint);
    if !probe.payload.is_empty() {
        page.set(
            "payload",
            hex(probe.payload.iter().map(|byte| (*byte, 0xff))),
        );
    }
    if let Some(reply) = &probe.reply {
        page.set("require_reply", hex(reply.pattern.iter().copied()));
        page.set("min_reply_length", reply.min_len);
        page.set("max_reply_length", reply.max_len);
    }
}

fn dns_type(kind: DnsType) -> &'static str {
    match kind {
        DnsType::A => "A",
        DnsType::Ns => "NS",
        DnsType::Cname => "CNAME",
        DnsType::Soa => "SOA",
        DnsType::Mx => "MX",
        DnsType::Txt => "TXT",
        DnsType::Aaaa => "AAAA",
        DnsType::Rrsig => "RRSIG",
        DnsType::Dnskey => "DNSKEY",
    }
}
