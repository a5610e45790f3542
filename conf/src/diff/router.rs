//! The protocol part of two versions of an instance.

use super::Values;
use crate::model::{ChecksumForm, GarpSettings, InitialState, Transport, Version, VirtualRouter};

/// All values by name, so that a new one cannot be forgotten.
pub(super) fn differences(old: &VirtualRouter, new: &VirtualRouter) -> Values {
    let VirtualRouter {
        name: _,
        vrid,
        version,
        family,
        interface,
        initial_state,
        priority,
        advert_int,
        transport,
        auth,
        checksum,
        nopreempt,
        preempt_delay,
        down_timer_adverts,
        garp,
        lower_prio_no_advert,
        higher_prio_send_advert,
        owner_ignore_adverts,
        skip_check_adv_addr,
        track_src_ip,
        dont_track_primary,
        strict,
        addresses,
        excluded,
        track_interfaces,
        track_scripts,
    } = new;
    let mut values = Values::default();
    values.value("virtual_router_id", &old.vrid, vrid);
    values.value("version", &old.version.number(), &Version::number(*version));
    values.value("family", &old.family, family);
    values.option("interface", old.interface.as_ref(), interface.as_ref());
    values.value("state", &state(old.initial_state), &state(*initial_state));
    values.value("priority", &old.priority, priority);
    values.value("advert_int", &old.advert_int, advert_int);
    self::transport(&mut values, &old.transport, transport);
    // A password is never shown.
    values.changed("authentication", &old.auth, auth);
    values.value("checksum", &form(old.checksum), &form(*checksum));
    values.flag("nopreempt", old.nopreempt, *nopreempt);
    values.value("preempt_delay", &old.preempt_delay, preempt_delay);
    values.value(
        "down_timer_adverts",
        &old.down_timer_adverts,
        down_timer_adverts,
    );
    self::garp(&mut values, &old.garp, garp);
    for (word, old, new) in [
        (
            "lower_prio_no_advert",
            old.lower_prio_no_advert,
            *lower_prio_no_advert,
        ),
        (
            "higher_prio_send_advert",
            old.higher_prio_send_advert,
            *higher_prio_send_advert,
        ),
        (
            "owner_ignore_adverts",
            old.owner_ignore_adverts,
            *owner_ignore_adverts,
        ),
        (
            "skip_check_adv_addr",
            old.skip_check_adv_addr,
            *skip_check_adv_addr,
        ),
        ("track_src_ip", old.track_src_ip, *track_src_ip),
        (
            "dont_track_primary",
            old.dont_track_primary,
            *dont_track_primary,
        ),
        ("strict_mode", old.strict, *strict),
    ] {
        values.flag(word, old, new);
    }
    values.list("address", &old.addresses, addresses, |a| a.address);
    values.list("excluded address", &old.excluded, excluded, |a| a.address);
    values.list(
        "tracked interface",
        &old.track_interfaces,
        track_interfaces,
        |tracked| &tracked.interface,
    );
    values.list(
        "tracked script",
        &old.track_scripts,
        track_scripts,
        |tracked| &tracked.script,
    );
    values
}

const fn state(state: InitialState) -> &'static str {
    match state {
        InitialState::Master => "MASTER",
        InitialState::Backup => "BACKUP",
    }
}

const fn form(form: ChecksumForm) -> &'static str {
    match form {
        ChecksumForm::PseudoHeader => "with pseudo-header",
        ChecksumForm::MessageOnly => "as in version 2",
        ChecksumForm::OldUnicast => "as before 1.3.6",
    }
}

fn transport(values: &mut Values, old: &Transport, new: &Transport) {
    match (old, new) {
        (
            Transport::Multicast { group, source },
            Transport::Multicast {
                group: new_group,
                source: new_source,
            },
        ) => {
            values.value("mcast_dst_ip", group, new_group);
            values.option("mcast_src_ip", source.as_ref(), new_source.as_ref());
        }
        (
            Transport::Unicast {
                source,
                peers,
                ttl,
                check_source,
            },
            Transport::Unicast {
                source: new_source,
                peers: new_peers,
                ttl: new_ttl,
                check_source: new_check,
            },
        ) => {
            values.option("unicast_src_ip", source.as_ref(), new_source.as_ref());
            values.list("unicast peer", peers, new_peers, |peer| peer.address);
            values.option("unicast_ttl", ttl.as_ref(), new_ttl.as_ref());
            values.flag("check_unicast_src", *check_source, *new_check);
        }
        (Transport::Multicast { .. }, Transport::Unicast { .. }) => {
            values.0.push("multicast → unicast".to_owned());
        }
        (Transport::Unicast { .. }, Transport::Multicast { .. }) => {
            values.0.push("unicast → multicast".to_owned());
        }
    }
}

fn garp(values: &mut Values, old: &GarpSettings, new: &GarpSettings) {
    let GarpSettings {
        master_delay,
        master_repeat,
        master_refresh,
        master_refresh_repeat,
        lower_prio_delay,
        lower_prio_repeat,
        interval,
        gna_interval,
    } = new;
    values.value("garp_master_delay", &old.master_delay, master_delay);
    values.value("garp_master_repeat", &old.master_repeat, master_repeat);
    values.value("garp_master_refresh", &old.master_refresh, master_refresh);
    values.value(
        "garp_master_refresh_repeat",
        &old.master_refresh_repeat,
        master_refresh_repeat,
    );
    values.value(
        "garp_lower_prio_delay",
        &old.lower_prio_delay,
        lower_prio_delay,
    );
    values.value(
        "garp_lower_prio_repeat",
        &old.lower_prio_repeat,
        lower_prio_repeat,
    );
    values.value("vrrp_garp_interval", &old.interval, interval);
    values.value("vrrp_gna_interval", &old.gna_interval, gna_interval);
}
