//! Instances, groups and trackers of two versions.

use super::{Part, Values, router};
use crate::model::{
    BfdInstance, ExtraGarp, NotifyScripts, SyncGroup, TrackFile, TrackProcess, Trackers,
    VrrpInstance,
};

impl Part for VrrpInstance {
    fn name(&self) -> String {
        self.router.name.to_string()
    }

    fn what(&self) -> String {
        let router = &self.router;
        let interface = router
            .interface
            .as_ref()
            .map_or(String::new(), |interface| format!("{interface}, "));
        format!(
            "{interface}VRID {}, priority {}, {} virtual address{}",
            router.vrid,
            router.priority,
            router.addresses.len(),
            if router.addresses.len() == 1 {
                ""
            } else {
                "es"
            },
        )
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            router,
            notify: new_notify,
            smtp_alert,
            deleted,
            notify_lower_priority,
            notify_priority_changes,
            trackers: new_trackers,
            vrf,
            link,
            vmac_for_addresses,
            routes,
            rules,
            promote_secondaries,
            no_accept,
            fault_without_peers,
            garp_extra,
            hmac,
            sync_daemon,
        } = self;
        let mut values = router::differences(&old.router, router);
        notify(&mut values, &old.notify, new_notify);
        values.flag("smtp_alert", old.smtp_alert, *smtp_alert);
        values.changed("notify_deleted", &old.deleted, deleted);
        values.command(
            "notify_master_rx_lower_pri",
            old.notify_lower_priority.as_ref(),
            notify_lower_priority.as_ref(),
        );
        values.option(
            "notify_priority_changes",
            old.notify_priority_changes.as_ref(),
            notify_priority_changes.as_ref(),
        );
        trackers(&mut values, &old.trackers, new_trackers);
        values.option("vrf", old.vrf.as_ref(), vrf.as_ref());
        values.changed("use_vmac or use_ipvlan", &old.link, link);
        values.changed("virtual_routes", &old.routes, routes);
        values.changed("virtual_rules", &old.rules, rules);
        for (word, old, new) in [
            ("use_vmac_addr", old.vmac_for_addresses, *vmac_for_addresses),
            (
                "promote_secondaries",
                old.promote_secondaries,
                *promote_secondaries,
            ),
            ("no_accept", old.no_accept, *no_accept),
            (
                "unicast_fault_no_peer",
                old.fault_without_peers,
                *fault_without_peers,
            ),
        ] {
            values.flag(word, old, new);
        }
        values.option(
            "garp_extra_if",
            old.garp_extra.map(extra).as_ref(),
            garp_extra.map(extra).as_ref(),
        );
        // Keys are never shown.
        values.changed("auth_hmac", &old.hmac, hmac);
        values.option(
            "lvs_sync_daemon_interface",
            old.sync_daemon.as_ref(),
            sync_daemon.as_ref(),
        );
        values
    }
}

fn extra(extra: ExtraGarp) -> String {
    let all = if extra.all { "all " } else { "" };
    format!("{all}{}", extra.interval)
}

fn notify(values: &mut Values, old: &NotifyScripts, new: &NotifyScripts) {
    let NotifyScripts {
        master,
        backup,
        fault,
        stop,
        any,
    } = new;
    values.command("notify_master", old.master.as_ref(), master.as_ref());
    values.command("notify_backup", old.backup.as_ref(), backup.as_ref());
    values.command("notify_fault", old.fault.as_ref(), fault.as_ref());
    values.command("notify_stop", old.stop.as_ref(), stop.as_ref());
    values.command("notify", old.any.as_ref(), any.as_ref());
}

fn trackers(values: &mut Values, old: &Trackers, new: &Trackers) {
    let Trackers {
        files,
        processes,
        bfds,
    } = new;
    values.list("tracked file", &old.files, files, |tracked| &tracked.name);
    values.list("tracked process", &old.processes, processes, |tracked| {
        &tracked.name
    });
    values.list("tracked BFD session", &old.bfds, bfds, |tracked| {
        &tracked.name
    });
}

impl Part for SyncGroup {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn what(&self) -> String {
        let members: Vec<&str> = self.members.iter().map(|name| name.as_str()).collect();
        format!("group of {}", members.join(", "))
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            name: _,
            members,
            track_interfaces,
            track_scripts,
            trackers: new_trackers,
            notify: new_notify,
            smtp_alert,
            notify_priority_changes,
            tracking_weight,
        } = self;
        let mut values = Values::default();
        values.list("member", &old.members, members, |member| member);
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
        trackers(&mut values, &old.trackers, new_trackers);
        notify(&mut values, &old.notify, new_notify);
        values.flag("smtp_alert", old.smtp_alert, *smtp_alert);
        values.option(
            "notify_priority_changes",
            old.notify_priority_changes.as_ref(),
            notify_priority_changes.as_ref(),
        );
        values.flag(
            "sync_group_tracking_weight",
            old.tracking_weight,
            *tracking_weight,
        );
        values
    }
}

impl Part for TrackProcess {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn what(&self) -> String {
        format!("process {}", self.process)
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            name: _,
            process,
            params,
            param_match,
            full_command,
            weight,
            reverse,
            quorum,
            quorum_max,
            terminate_delay,
            fork_delay,
        } = self;
        let mut values = Values::default();
        values.value("process", &old.process, process);
        values.changed("arguments", &old.params, params);
        values.changed("param_match", &old.param_match, param_match);
        values.flag("full_command", old.full_command, *full_command);
        values.value("weight", &old.weight, weight);
        values.flag("reverse", old.reverse, *reverse);
        values.value("quorum", &old.quorum, quorum);
        values.option("quorum_max", old.quorum_max.as_ref(), quorum_max.as_ref());
        values.value("terminate_delay", &old.terminate_delay, terminate_delay);
        values.value("fork_delay", &old.fork_delay, fork_delay);
        values
    }
}

impl Part for TrackFile {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn what(&self) -> String {
        format!("file {}", self.path)
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            name: _,
            path,
            weight,
            reverse,
            init,
        } = self;
        let mut values = Values::default();
        values.value("file", &old.path, path);
        values.value("weight", &old.weight, weight);
        values.flag("reverse", old.reverse, *reverse);
        values.changed("init_file", &old.init, init);
        values
    }
}

impl Part for BfdInstance {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn what(&self) -> String {
        format!("BFD session with {}", self.neighbor)
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            name: _,
            neighbor,
            source,
            min_rx,
            min_tx,
            idle_tx,
            multiplier,
            passive,
            ttl,
            max_hops,
            multihop,
            weight,
            reverse,
            listeners,
        } = self;
        let mut values = Values::default();
        values.value("neighbor_ip", &old.neighbor, neighbor);
        values.option("source_ip", old.source.as_ref(), source.as_ref());
        values.value("min_rx", &old.min_rx, min_rx);
        values.value("min_tx", &old.min_tx, min_tx);
        values.value("idle_tx", &old.idle_tx, idle_tx);
        values.value("multiplier", &old.multiplier, multiplier);
        values.flag("passive", old.passive, *passive);
        values.value("ttl", &old.ttl, ttl);
        values.option("max_hops", old.max_hops.as_ref(), max_hops.as_ref());
        values.flag("multihop", old.multihop, *multihop);
        values.value("weight", &old.weight, weight);
        values.flag("reverse", old.reverse, *reverse);
        values.changed("vrrp or checker", &old.listeners, listeners);
        values
    }
}
