//! Which paths policies name, and in which ways their values have to be looked at.

use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::key::{PathId, Walk, Way};

/// The paths that policies name.
#[derive(Default)]
pub(super) struct Paths {
    all: HashTable<Path>,
}

/// A path that policies name.
pub(super) struct Path {
    pub(super) id: PathId,
    pub(super) text: Arc<str>,
    /// How many conditions are on it.
    conditions: usize,
    /// The ways in which patterns on it are filed, in order, each with how many patterns these are.
    ways: Vec<(Way, u32)>,
}

impl Paths {
    /// The path, if a policy names it.
    pub(super) fn find(&self, id: PathId) -> Option<&Path> {
        self.all.find(id.hash(), |path| path.id == id)
    }

    /// Notes one more condition on the path.
    pub(super) fn name(&mut self, text: &Arc<str>) {
        let id = Walk::default().below(text).id();
        let entry = self.all.entry(id.hash(), |path| path.id == id, |path| path.id.hash());
        let mut entry = entry.or_insert_with(|| Path {
            id,
            text: Arc::clone(text),
            conditions: 0,
            ways: Vec::new(),
        });
        entry.get_mut().conditions += 1;
    }

    /// Notes one condition less. The last one takes the path away, when nothing is filed on it any
    /// more.
    pub(super) fn unname(&mut self, text: &str) {
        let id = Walk::default().below(text).id();
        let entry = self.all.entry(id.hash(), |path| path.id == id, |path| path.id.hash());
        let Entry::Occupied(mut entry) = entry else { return };
        let path = entry.get_mut();
        path.conditions -= 1;
        if path.conditions == 0 {
            assert!(path.ways.is_empty(), "what a condition is filed under goes before its path");
            entry.remove();
        }
    }

    /// Notes one more pattern that is filed in this way.
    pub(super) fn use_way(&mut self, id: PathId, way: Way) {
        let Some(path) = self.all.find_mut(id.hash(), |path| path.id == id) else { return };
        match path.ways.binary_search_by_key(&way, |(way, _)| *way) {
            Ok(at) => path.ways[at].1 += 1,
            Err(at) => path.ways.insert(at, (way, 1)),
        }
    }

    /// Notes one pattern less.
    pub(super) fn leave_way(&mut self, id: PathId, way: Way) {
        let Some(path) = self.all.find_mut(id.hash(), |path| path.id == id) else { return };
        if let Ok(at) = path.ways.binary_search_by_key(&way, |(way, _)| *way) {
            path.ways[at].1 -= 1;
            if path.ways[at].1 == 0 {
                path.ways.remove(at);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Path {
    /// The ways in which patterns on it are filed, each with how many patterns these are.
    pub(super) fn ways(&self) -> &[(Way, u32)] {
        &self.ways
    }
}
