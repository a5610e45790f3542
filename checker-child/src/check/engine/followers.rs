//! Checks that follow a file: what it holds counts at once, and for all of them.

use super::super::file::{FilePath, FilePlan, Reading};
use super::{Action, Engine, conclude, tell_if_other};
use holdfast_ipc::config::model::InitFile;
use std::sync::Arc;

impl Engine {
    /// The files that checks follow, each once, and how it is made at the start.
    pub fn followed(&self) -> impl Iterator<Item = (FilePath, Option<InitFile>)> {
        self.followers.iter().map(|(path, checks)| {
            let mut plans = checks.iter().filter_map(|check| self.file_plan(*check));
            (Arc::clone(path), plans.find_map(|plan| plan.init))
        })
    }

    fn file_plan(&self, check: super::CheckId) -> Option<&FilePlan> {
        let (server, place) = *self.places.get(&check)?;
        let slot = self.servers.get(server)?.as_ref()?.checks.get(place)?;
        slot.work.followed().map(Arc::as_ref)
    }

    /// Another configuration: who follows what.
    pub(super) fn collect_followers(&mut self) {
        self.followers.clear();
        let servers = self.servers.iter().flatten();
        for slot in servers.flat_map(|server| &server.checks) {
            if let Some(plan) = slot.work.followed() {
                let path = Arc::clone(&plan.path);
                self.followers.entry(path).or_default().push(slot.id);
            }
        }
    }

    /// A followed file was read. Checks that are suspended are told when they go on.
    pub(super) fn read(&mut self, path: &str, reading: &Reading, actions: &mut Vec<Action>) {
        let checks = self.followers.get(path).cloned().unwrap_or_default();
        for check in checks {
            let Some(&(at, place)) = self.places.get(&check) else {
                continue;
            };
            if self.is_suspended(at) {
                continue;
            }
            let Some(server) = self.servers.get_mut(at).and_then(Option::as_mut) else {
                continue;
            };
            let slot = server.checks.get(place);
            if let Some(plan) = slot.and_then(|slot| slot.work.followed()).cloned() {
                conclude(server, place, &plan.judge(reading), actions);
                tell_if_other(server, actions);
            }
        }
    }
}
