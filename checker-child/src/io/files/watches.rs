//! Which watch concerns which file.

use holdfast_checker::check::FilePath;
use nix::sys::inotify::WatchDescriptor;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

/// A name in a watched directory.
pub(super) type Interest = (WatchDescriptor, OsString);

/// All watches. A directory has one, however many files it leads to.
#[derive(Debug, Default)]
pub(super) struct Watches {
    files: BTreeMap<FilePath, Vec<Interest>>,
    directories: HashMap<WatchDescriptor, HashMap<OsString, Vec<FilePath>>>,
}

impl Watches {
    /// What leads to a file now. Gives the watches that nobody needs any more.
    pub(super) fn set(
        &mut self,
        path: &FilePath,
        interests: Vec<Interest>,
    ) -> Vec<WatchDescriptor> {
        for (watch, name) in &interests {
            let names = self.directories.entry(*watch).or_default();
            names
                .entry(name.clone())
                .or_default()
                .push(Arc::clone(path));
        }
        let old = match interests.is_empty() {
            true => self.files.remove(path),
            false => self.files.insert(Arc::clone(path), interests),
        };
        let old = old.unwrap_or_default();
        old.iter()
            .filter_map(|old| self.drop_one(path, old))
            .collect()
    }

    /// Takes one interest away; gives its watch if it was the last one.
    fn drop_one(&mut self, path: &FilePath, (watch, name): &Interest) -> Option<WatchDescriptor> {
        let names = self.directories.get_mut(watch)?;
        if let Some(paths) = names.get_mut(name) {
            if let Some(at) = paths.iter().position(|known| known == path) {
                paths.swap_remove(at);
            }
            if paths.is_empty() {
                names.remove(name);
            }
        }
        if !names.is_empty() {
            return None;
        }
        self.directories.remove(watch);
        Some(*watch)
    }

    /// The files that a change of this name in this directory concerns; none as name is all of it.
    /// `None` for a watch that is not known.
    pub(super) fn concerned(
        &self,
        watch: WatchDescriptor,
        name: Option<&OsStr>,
    ) -> Option<Vec<FilePath>> {
        let names = self.directories.get(&watch)?;
        Some(match name {
            Some(name) => names.get(name).cloned().unwrap_or_default(),
            None => names.values().flatten().cloned().collect(),
        })
    }

    /// The kernel has given up this watch: the directory is gone.
    pub(super) fn forget(&mut self, watch: WatchDescriptor) {
        self.directories.remove(&watch);
    }
}
