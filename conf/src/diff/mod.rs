//! What differs between two configurations, for a reload and for those who want to know before.

mod instance;
mod router;
pub(crate) mod servers;

use crate::model::{
    Config, Global, ScriptAction, ScriptCommand, Statics, VirtualServer, VrrpInstance, VrrpScript,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// What became of a named part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new; the text says what it is.
    Added(String),
    /// It is gone; the text says what it was.
    Removed(String),
    /// Each value that differs, `priority 100 → 110`.
    Changed(Vec<String>),
    /// Nothing.
    Unchanged,
}

/// A named part and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub kind: ChangeKind,
}

impl Change {
    /// True where nothing differs.
    pub fn is_unchanged(&self) -> bool {
        self.kind == ChangeKind::Unchanged
    }
}

/// One line: `(VI_1) priority 100 → 110, address 192.0.2.85/24 added`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) ", self.name)?;
        match &self.kind {
            ChangeKind::Added(what) => write!(f, "added: {what}"),
            ChangeKind::Removed(what) => write!(f, "removed: {what}"),
            ChangeKind::Changed(values) => f.write_str(&values.join(", ")),
            ChangeKind::Unchanged => f.write_str("unchanged"),
        }
    }
}

/// All parts of two configurations: first those of the new one in its order, then those that are
/// gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Values of `global_defs` that are not folded into the instances.
    pub global: Vec<String>,
    /// `vrrp_script`.
    pub scripts: Vec<Change>,
    /// `vrrp_track_process`, `track_file` and `bfd_instance`.
    pub trackers: Vec<Change>,
    /// `vrrp_instance`.
    pub instances: Vec<Change>,
    /// `vrrp_sync_group`.
    pub sync_groups: Vec<Change>,
    /// `virtual_server`.
    pub virtual_servers: Vec<Change>,
}

impl Diff {
    /// True where nothing differs.
    pub fn is_empty(&self) -> bool {
        self.global.is_empty() && self.all().all(Change::is_unchanged)
    }

    /// One line for each part that differs.
    pub fn lines(&self) -> Vec<String> {
        let global = self
            .global
            .iter()
            .map(|value| format!("global_defs: {value}"));
        let parts = self
            .all()
            .filter(|change| !change.is_unchanged())
            .map(ToString::to_string);
        global.chain(parts).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Change> {
        self.scripts
            .iter()
            .chain(&self.trackers)
            .chain(&self.instances)
            .chain(&self.sync_groups)
            .chain(&self.virtual_servers)
    }
}

/// Compares two configurations. The work grows with their size, not with its square.
pub fn diff(old: &Config, new: &Config) -> Diff {
    Diff {
        instances: parts(&old.instances, &new.instances),
        virtual_servers: parts(&old.virtual_servers, &new.virtual_servers),
        ..without_servers(old, new)
    }
}

/// Neither instances nor virtual servers.
fn without_servers(old: &Config, new: &Config) -> Diff {
    let mut trackers = parts(&old.track_processes, &new.track_processes);
    trackers.extend(parts(&old.track_files, &new.track_files));
    trackers.extend(parts(&old.bfd_instances, &new.bfd_instances));
    Diff {
        global: global(old, new),
        scripts: parts(&old.scripts, &new.scripts),
        trackers,
        instances: Vec::new(),
        sync_groups: parts(&old.sync_groups, &new.sync_groups),
        virtual_servers: Vec::new(),
    }
}

/// What differs apart from instances and virtual servers, in lines.
pub(crate) fn besides(old: &Config, new: &Config) -> Vec<String> {
    without_servers(old, new).lines()
}

/// The values that differ between two versions of an instance.
pub(crate) fn instance(old: &VrrpInstance, new: &VrrpInstance) -> Vec<String> {
    new.differences(old).0
}

/// A part that is found again by its name.
trait Part: PartialEq {
    /// Unique among its kind.
    fn name(&self) -> String;
    /// What it is, in a few words.
    fn what(&self) -> String;
    /// The values that differ from those of an older version of it.
    fn differences(&self, old: &Self) -> Values;
}

fn parts<T: Part>(old: &[T], new: &[T]) -> Vec<Change> {
    let unchanged = |part: &T| Change {
        name: part.name(),
        kind: ChangeKind::Unchanged,
    };
    // Most parts stand where they stood: only those behind them are looked up by name.
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (head, new) = new.split_at_checked(same).unwrap_or((&[], new));
    let old = old.get(same..).unwrap_or_default();
    let mut changes: Vec<Change> = head.iter().map(unchanged).collect();
    let mut before: HashMap<String, &T> = old.iter().map(|part| (part.name(), part)).collect();
    changes.extend(new.iter().map(|part| {
        let name = part.name();
        let kind = match before.remove(&name) {
            None => ChangeKind::Added(part.what()),
            Some(old) if old == part => ChangeKind::Unchanged,
            Some(old) => ChangeKind::Changed(part.differences(old).0),
        };
        Change { name, kind }
    }));
    if before.is_empty() {
        return changes;
    }
    let gone = old
        .iter()
        .map(|part| (part, part.name()))
        .filter(|(_, name)| before.contains_key(name));
    changes.extend(gone.map(|(part, name)| Change {
        name,
        kind: ChangeKind::Removed(part.what()),
    }));
    changes
}

/// Values that differ, in words.
#[derive(Default)]
struct Values(Vec<String>);

impl Values {
    /// `priority 100 → 110`.
    fn value<T: PartialEq + fmt::Display>(&mut self, word: &str, old: &T, new: &T) {
        if old != new {
            self.0.push(format!("{word} {old} → {new}"));
        }
    }

    /// `nopreempt on`.
    fn flag(&mut self, word: &str, old: bool, new: bool) {
        match (old, new) {
            (false, true) => self.0.push(format!("{word} on")),
            (true, false) => self.0.push(format!("{word} off")),
            (true, true) | (false, false) => {}
        }
    }

    /// `mcast_src_ip none → 192.0.2.1`.
    fn option<T: PartialEq + fmt::Display>(
        &mut self,
        word: &str,
        old: Option<&T>,
        new: Option<&T>,
    ) {
        if old != new {
            let show =
                |value: Option<&T>| value.map_or_else(|| "none".to_owned(), ToString::to_string);
            self.0.push(format!("{word} {} → {}", show(old), show(new)));
        }
    }

    /// `authentication changed`, for what is secret or too long to show.
    fn changed<T: PartialEq>(&mut self, word: &str, old: &T, new: &T) {
        if old != new {
            self.0.push(format!("{word} changed"));
        }
    }

    /// `address 192.0.2.85/24 added`, for lists in which a key finds an entry again.
    fn list<'a, T: PartialEq, K: Ord + fmt::Display>(
        &mut self,
        word: &str,
        old: &'a [T],
        new: &'a [T],
        key: impl Fn(&'a T) -> K,
    ) {
        let before: BTreeMap<K, &T> = old.iter().map(|entry| (key(entry), entry)).collect();
        let after: BTreeSet<K> = new.iter().map(&key).collect();
        for entry in new {
            let name = key(entry);
            match before.get(&name) {
                None => self.0.push(format!("{word} {name} added")),
                Some(old) if *old != entry => self.0.push(format!("{word} {name} changed")),
                Some(_) => {}
            }
        }
        for name in before.keys().filter(|name| !after.contains(name)) {
            self.0.push(format!("{word} {name} removed"));
        }
        let same_entries = before.len() == after.len() && before.keys().eq(after.iter());
        let order = |list: &'a [T]| list.iter().map(&key).collect::<Vec<_>>();
        if same_entries && order(old) != order(new) {
            self.0.push(format!("order of {word} changed"));
        }
    }

    /// A script.
    fn command(&mut self, word: &str, old: Option<&ScriptCommand>, new: Option<&ScriptCommand>) {
        let show = |command: &ScriptCommand| match &command.user {
            Some(user) => format!("\"{}\" as {user}", command.words),
            None => format!("\"{}\"", command.words),
        };
        self.option(word, old.map(show).as_ref(), new.map(show).as_ref());
    }
}

fn global(before: &Config, after: &Config) -> Vec<String> {
    let (old, new) = (&before.global, &after.global);
    let Global {
        router_id,
        script_user,
        script_security,
        log_unknown_vrids,
        mail,
        lvs,
        all_groups,
        rs_init_notifies,
        garp_extra,
        surroundings,
        start_stop,
        fifos,
        reload,
    } = new;
    let mut values = Values::default();
    values.option("router_id", old.router_id.as_ref(), router_id.as_ref());
    values.option(
        "script_user",
        old.script_user.as_ref(),
        script_user.as_ref(),
    );
    values.flag(
        "enable_script_security",
        old.script_security,
        *script_security,
    );
    values.flag(
        "log_unknown_vrids",
        old.log_unknown_vrids,
        *log_unknown_vrids,
    );
    values.changed("mail", &old.mail, mail);
    values.changed("lvs", &old.lvs, lvs);
    values.flag("set_supplementary_groups", old.all_groups, *all_groups);
    values.flag("rs_init_notifies", old.rs_init_notifies, *rs_init_notifies);
    values.changed("vrrp_garp_extra_if", &old.garp_extra, garp_extra);
    values.changed("namespace or instance", &old.surroundings, surroundings);
    values.changed("start and stop", &old.start_stop, start_stop);
    values.changed("notify FIFOs", &old.fifos, fifos);
    values.changed("reload files", &old.reload, reload);
    statics(&mut values, &before.statics, &after.statics);
    values.0
}

fn statics(values: &mut Values, old: &Statics, new: &Statics) {
    let Statics {
        addresses,
        routes,
        rules,
        track_groups,
        garp_groups,
        link_delays,
        tls,
    } = new;
    values.changed("static_ipaddress", &old.addresses, addresses);
    values.changed("static_routes", &old.routes, routes);
    values.changed("static_rules", &old.rules, rules);
    values.changed("track_group", &old.track_groups, track_groups);
    values.changed("garp_group", &old.garp_groups, garp_groups);
    values.changed("interface_up_down_delays", &old.link_delays, link_delays);
    values.changed("SSL", &old.tls, tls);
}

impl Part for VrrpScript {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn what(&self) -> String {
        format!("{} every {}", action(&self.action), self.interval)
    }

    fn differences(&self, old: &Self) -> Values {
        let Self {
            name: _,
            action: new_action,
            interval,
            timeout,
            rise,
            fall,
            weight,
            reverse,
            user,
            init_fail,
        } = self;
        let mut values = Values::default();
        values.value("script", &action(&old.action), &action(new_action));
        values.value("interval", &old.interval, interval);
        values.value("timeout", &old.timeout, timeout);
        values.value("rise", &old.rise, rise);
        values.value("fall", &old.fall, fall);
        values.value("weight", &old.weight, weight);
        values.flag("reverse", old.reverse, *reverse);
        values.option("user", old.user.as_ref(), user.as_ref());
        values.flag("init_fail", old.init_fail, *init_fail);
        values
    }
}

fn action(action: &ScriptAction) -> String {
    match action {
        ScriptAction::Run(words) => format!("\"{words}\""),
        ScriptAction::ProcessExists(names) => format!("\"killall -0 {}\"", names.join(" ")),
    }
}

impl Part for VirtualServer {
    fn name(&self) -> String {
        self.service.to_string()
    }

    fn what(&self) -> String {
        format!("{} real servers", self.real_servers.len())
    }

    fn differences(&self, old: &Self) -> Values {
        Values(servers::ServerChange::new(old, self).words())
    }
}
