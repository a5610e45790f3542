//! `vrrp_script` and `vrrp_instance`.

use super::word::{self, plain};
use super::{Page, Secrets, besides, route, seconds, sync, tracker};
use crate::model::{
    Auth, AuthKey, Broadcast, ChecksumForm, Family, InitialState, Micros, ScriptAction, Transport,
    Version, VirtualAddress, VirtualRouter, VrrpInstance, VrrpScript,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) fn script(page: &mut Page, script: &VrrpScript) {
    let head = format!("vrrp_script {}", plain(script.name.as_str()));
    page.block(&head, |page| {
        match &script.action {
            ScriptAction::Run(words) => page.set("script", word::command(words)),
            ScriptAction::ProcessExists(names) => {
                page.set("script", format!("\"killall -0 {}\"", names.join(" ")));
            }
        }
        page.set("interval", seconds(script.interval));
        page.time_differs("timeout", script.timeout, script.interval);
        page.set("weight", tracker::weight(script.weight, script.reverse));
        page.differs("rise", script.rise, 1);
        page.differs("fall", script.fall, 1);
        page.maybe("user", script.user.as_ref().map(word::user));
        page.flag("init_fail", script.init_fail);
    });
}

pub(super) fn instance(page: &mut Page, instance: &VrrpInstance) {
    let router = &instance.router;
    let head = format!("vrrp_instance {}", plain(router.name.as_str()));
    page.block(&head, |page| {
        identity(page, router);
        transport(page, router);
        besides::transport(page, instance);
        election(page, router);
        garp(page, router);
        authentication(page, router.auth);
        addresses(page, "virtual_ipaddress", &router.addresses);
        page.flag("no_virtual_ipaddress", router.addresses.is_empty());
        addresses(page, "virtual_ipaddress_excluded", &router.excluded);
        page.lines("virtual_routes", &instance.routes, route::route);
        page.lines("virtual_rules", &instance.rules, route::rule);
        tracker::lists(
            page,
            &router.track_interfaces,
            &router.track_scripts,
            &instance.trackers,
        );
        sync::notify(page, &instance.notify);
        besides::notices(page, instance);
        page.flag("smtp_alert", instance.smtp_alert);
    });
}

fn identity(page: &mut Page, router: &VirtualRouter) {
    page.set(
        "state",
        match router.initial_state {
            InitialState::Master => "MASTER",
            InitialState::Backup => "BACKUP",
        },
    );
    page.maybe("interface", router.interface.as_ref());
    page.set("virtual_router_id", router.vrid);
    page.set("priority", router.priority);
    // IPv6 has version 3 only.
    if router.family == Family::V4 && router.version == Version::V3 {
        page.set("version", 3);
    }
    page.set("advert_int", seconds(router.advert_int.micros()));
}

fn transport(page: &mut Page, router: &VirtualRouter) {
    match &router.transport {
        Transport::Multicast { group, source } => {
            page.maybe("mcast_src_ip", *source);
            let default = match router.family {
                Family::V4 => IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18)),
                Family::V6 => IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12)),
            };
            page.differs("mcast_dst_ip", *group, default);
        }
        Transport::Unicast {
            source,
            peers,
            ttl,
            check_source,
        } => {
            page.maybe("unicast_src_ip", *source);
            page.maybe("unicast_ttl", *ttl);
            page.flag("check_unicast_src", *check_source);
            page.block("unicast_peer", |page| {
                for peer in peers {
                    let limit = |word, limit: Option<u8>| {
                        limit.map_or(String::new(), |limit| format!(" {word} {limit}"))
                    };
                    let (min, max) = (
                        limit("min_ttl", peer.min_ttl),
                        limit("max_ttl", peer.max_ttl),
                    );
                    page.line(&format!("{}{min}{max}", peer.address));
                }
            });
        }
    }
    match router.checksum {
        ChecksumForm::PseudoHeader => {}
        ChecksumForm::MessageOnly => page.line("v3_checksum_as_v2"),
        ChecksumForm::OldUnicast => page.line("old_unicast_checksum"),
    }
}

fn election(page: &mut Page, router: &VirtualRouter) {
    page.flag("nopreempt", router.nopreempt);
    page.time_differs("preempt_delay", router.preempt_delay, Micros::ZERO);
    page.flag("skip_check_adv_addr", router.skip_check_adv_addr);
    page.flag("track_src_ip", router.track_src_ip);
    page.flag("dont_track_primary", router.dont_track_primary);
    page.flag("strict_mode", router.strict);
    // Strict mode sets the others itself.
    if !router.strict {
        page.differs("down_timer_adverts", router.down_timer_adverts, 3);
        page.flag("lower_prio_no_advert", router.lower_prio_no_advert);
        page.flag("higher_prio_send_advert", router.higher_prio_send_advert);
        page.flag("owner_ignore_adverts", router.owner_ignore_adverts);
    }
}

fn garp(page: &mut Page, router: &VirtualRouter) {
    let garp = &router.garp;
    page.time_differs("garp_master_delay", garp.master_delay, Micros::from_secs(5));
    page.differs("garp_master_repeat", garp.master_repeat, 5);
    page.time_differs("garp_master_refresh", garp.master_refresh, Micros::ZERO);
    page.differs("garp_master_refresh_repeat", garp.master_refresh_repeat, 1);
    if !router.strict {
        page.time_differs(
            "garp_lower_prio_delay",
            garp.lower_prio_delay,
            garp.master_delay,
        );
        page.differs(
            "garp_lower_prio_repeat",
            garp.lower_prio_repeat,
            garp.master_repeat,
        );
    }
}

fn authentication(page: &mut Page, auth: Auth) {
    let (kind, key) = match auth {
        Auth::None => return,
        Auth::Pass(key) => ("PASS", key),
        Auth::Ah(key) => ("AH", key),
    };
    let password = match page.secrets {
        Secrets::Shown => plain(&password(&key)),
        Secrets::Hidden => "********".to_owned(),
    };
    page.block("authentication", |page| {
        page.set("auth_type", kind);
        page.set("auth_pass", password);
    });
}

/// The password of a key. Where it was cut within a character, the character is completed: the
/// reader cuts it at the same place.
fn password(key: &AuthKey) -> String {
    /// Each first byte of a character goes on with at least one of these. The first one never
    /// makes a blank.
    const NEXT: [u8; 3] = [0x90, 0xa0, 0x80];
    let mut bytes: Vec<u8> = key
        .bytes()
        .iter()
        .copied()
        .take_while(|byte| *byte != 0)
        .collect();
    while is_cut(&bytes) {
        let next = NEXT.into_iter().find(|next| {
            let longer: Vec<u8> = bytes.iter().copied().chain([*next]).collect();
            std::str::from_utf8(&longer).is_ok() || is_cut(&longer)
        });
        let Some(next) = next else {
            break;
        };
        bytes.push(next);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// True for text that ends within a character.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn addresses(page: &mut Page, word: &str, addresses: &[VirtualAddress]) {
    if addresses.is_empty() {
        return;
    }
    page.block(word, |page| {
        addresses
            .iter()
            .for_each(|address| page.line(&self::address(address)));
    });
}

/// One address with its options.
pub(crate) fn address(address: &VirtualAddress) -> String {
    let v6 = address.address.is_ipv6();
    let mut words = vec![match address.peer {
        // The length of an address with a peer is the longest.
        Some(_) => address.address.to_string(),
        None => format!("{}/{}", address.address, address.prefix),
    }];
    let mut option = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("{word} {value}"));
        }
    };
    option("peer", address.peer.map(|peer| peer.to_string()));
    option("dev", address.dev.as_ref().map(ToString::to_string));
    option(
        "scope",
        (address.scope != 0).then(|| address.scope.to_string()),
    );
    option("label", address.label.as_deref().map(plain));
    option(
        "brd",
        match address.broadcast {
            Broadcast::None => None,
            Broadcast::Address(address) => Some(address.to_string()),
        },
    );
    option("preferred_lft", lifetime(address));
    let flags = [
        ("-nodad", v6 && !address.nodad),
        ("home", address.home),
        ("mngtmpaddr", address.mngtmpaddr),
        ("noprefixroute", address.noprefixroute),
        ("autojoin", address.autojoin),
        ("no_track", address.no_track),
        ("use_vmac", address.use_vmac),
    ];
    words.extend(
        flags
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(word, _)| word.to_owned()),
    );
    words.join(" ")
}

/// The lifetime, where it is not the default of the prefix.
fn lifetime(address: &VirtualAddress) -> Option<String> {
    let whole = address.address.is_ipv6() && address.prefix == 128;
    let default = whole.then_some(0);
    (address.preferred_lft != default).then(|| {
        address
            .preferred_lft
            .map_or_else(|| "forever".to_owned(), |seconds| seconds.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_password_is_completed_to_one_that_is_cut_to_the_same_key() {
        for text in [
            "pässwörd",
            "1234567€",
            "1234567😀",
            "123456\u{3001}",
            "12345\u{10ffff}",
            "secret",
        ] {
            let key = AuthKey::new(text.as_bytes());
            let written = password(&key);
            assert_eq!(AuthKey::new(written.as_bytes()), key, "{text} {written}");
            assert!(!written.chars().any(char::is_whitespace));
        }
    }
}
