//! What an instance has beside its protocol part.

use super::word::{hex, plain};
use super::{Page, Secrets, seconds};
use crate::model::{
    AntiReplay, AuthHmac, HmacMode, HmacSecret, IpvlanMode, OwnLink, OwnLinkKind, VrrpInstance,
};

/// Words about interfaces and adverts.
pub(super) fn transport(page: &mut Page, instance: &VrrpInstance) {
    page.maybe("vrf", instance.vrf.as_ref());
    page.flag("unicast_fault_no_peer", instance.fault_without_peers);
    if let Some(link) = &instance.link {
        own_link(page, link);
    }
    page.flag("use_vmac_addr", instance.vmac_for_addresses);
    page.flag("promote_secondaries", instance.promote_secondaries);
    page.flag("no_accept", instance.no_accept);
    if let Some(extra) = &instance.garp_extra {
        let all = if extra.all { "all " } else { "" };
        page.set("garp_extra_if", format!("{all}{}", seconds(extra.interval)));
    }
    if let Some(hmac) = &instance.hmac {
        self::hmac(page, hmac);
    }
}

fn own_link(page: &mut Page, link: &OwnLink) {
    let mut words = Vec::new();
    if let Some(name) = &link.name {
        words.push(format!("name {}", plain(name.as_str())));
    }
    let word = match link.kind {
        OwnLinkKind::Vmac { mac, notify } => {
            words.extend(mac.map(|mac| mac.to_string()));
            if notify {
                words.push("netlink_notify_msg".to_owned());
            }
            "use_vmac"
        }
        OwnLinkKind::Ipvlan { address, mode } => {
            words.extend(address.map(|(address, prefix)| {
                let prefix = prefix.map_or(String::new(), |prefix| format!("/{prefix}"));
                format!("{address}{prefix}")
            }));
            words.extend(mode.map(|mode| {
                match mode {
                    IpvlanMode::Bridge => "bridge",
                    IpvlanMode::Private => "private",
                    IpvlanMode::Vepa => "vepa",
                }
                .to_owned()
            }));
            "use_ipvlan"
        }
    };
    if let Some(group) = &link.group {
        words.push(format!("group {}", plain(group)));
    }
    words.insert(0, word.to_owned());
    page.line(&words.join(" "));
    page.flag("vmac_xmit_base", link.transmit_base);
}

fn hmac(page: &mut Page, hmac: &AuthHmac) {
    page.block("auth_hmac", |page| {
        for key in &hmac.keys {
            let secret = match (&key.secret, page.secrets) {
                (HmacSecret::File(path), _) => plain(&format!("file:{path}")),
                (HmacSecret::Bytes(_), Secrets::Hidden) => "********".to_owned(),
                (HmacSecret::Bytes(bytes), Secrets::Shown) => {
                    format!("hex:{}", hex(bytes.iter().map(|byte| (*byte, 0xff))))
                }
            };
            page.set("key", format!("{} {secret}", key.id));
        }
        page.set("active_key", hmac.active);
        match hmac.anti_replay {
            AntiReplay::Time(window) => page.set("time_window", window),
            AntiReplay::Monotonic => page.line("anti_replay monotonic"),
        }
        match hmac.mode {
            HmacMode::Enforce => {}
            HmacMode::Permissive => page.line("mode permissive"),
            HmacMode::ReceiveOnly => page.line("mode receive-only"),
        }
    });
}

/// Words about what is told to others.
pub(super) fn notices(page: &mut Page, instance: &VrrpInstance) {
    if let Some(deleted) = &instance.deleted {
        match &deleted.command {
            Some(command) => page.command("notify_deleted", Some(command)),
            None => page.line("notify_deleted"),
        }
    }
    page.command(
        "notify_master_rx_lower_pri",
        instance.notify_lower_priority.as_ref(),
    );
    if let Some(on) = instance.notify_priority_changes {
        page.bool("notify_priority_changes", on);
    }
    page.maybe("lvs_sync_daemon_interface", instance.sync_daemon.as_ref());
}
