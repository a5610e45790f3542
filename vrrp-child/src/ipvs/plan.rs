//! From the present table to the desired one, by differences alone.
//!
//! Whatever is the same is not touched, so its connections go on. Within a service everything new
//! comes before anything goes: a service never has no server in between unless it should. Services
//! of others stay; whose a service is, is known from what was desired before.

use super::command::Command;
use super::table::{Entry, KernelTable, Server, ServerKey, ServiceKey};
use std::collections::{BTreeMap, BTreeSet};

/// All commands that turn `present` into `desired`. A present service that is not desired goes only
/// where it is one of `ours`.
pub fn plan(
    present: &KernelTable,
    desired: &KernelTable,
    ours: &BTreeSet<ServiceKey>,
) -> Vec<Command> {
    let mut commands = Vec::new();
    for (key, wanted) in desired {
        plan_service(*key, present.get(key), wanted, &mut commands);
    }
    let gone = ours.iter().filter(|key| !desired.contains_key(key));
    commands.extend(
        gone.filter(|key| present.contains_key(key))
            .map(|key| Command::RemoveService(*key)),
    );
    commands
}

/// The commands of one service.
pub fn plan_service(
    key: ServiceKey,
    present: Option<&Entry>,
    wanted: &Entry,
    commands: &mut Vec<Command>,
) {
    let nothing = BTreeMap::new();
    let servers = match present {
        None => {
            commands.push(Command::AddService(key, wanted.options));
            &nothing
        }
        Some(entry) => {
            if entry.options != wanted.options {
                commands.push(Command::EditService(key, wanted.options));
            }
            &entry.servers
        }
    };
    plan_servers(key, servers, &wanted.servers, commands);
}

fn plan_servers(
    key: ServiceKey,
    present: &BTreeMap<ServerKey, Server>,
    wanted: &BTreeMap<ServerKey, Server>,
    commands: &mut Vec<Command>,
) {
    let mut edits = Vec::new();
    for (server, options) in wanted {
        match present.get(server) {
            None => commands.push(Command::AddServer(key, *server, *options)),
            Some(found) if options.is_fulfilled_by(found) => {}
            Some(_) => edits.push(Command::EditServer(key, *server, *options)),
        }
    }
    commands.append(&mut edits);
    let gone = present.keys().filter(|server| !wanted.contains_key(server));
    commands.extend(gone.map(|server| Command::RemoveServer(key, *server)));
}
