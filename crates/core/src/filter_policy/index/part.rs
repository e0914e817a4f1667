//! The policies of one scope: where each is filed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{Branch, Condition};
use super::access::{self, Access};
use super::filed::Filed;
use super::key::{PathId, Walk, Way};
use super::paths::{Path, Paths};
use super::probes::Probes;
use super::ranges::{Range, Ranges};

/// The policies of one scope.
#[derive(Default)]
pub(super) struct Part {
    paths: Paths,
    filed: Filed,
    ranges: Ranges,
    /// Policies with a branch that has no condition to be filed under.
    unfiled: BTreeSet<u32>,
    policies: usize,
}

/// By which condition each branch of a policy is filed: its index, or [`UNFILED`].
pub(super) enum Chosen {
    /// Most policies have one branch, and need no allocation.
    One(u8),
    Each(Box<[u8]>),
}

/// More than a branch has conditions.
const UNFILED: u8 = u8::MAX;

/// A key that says only that there is a value: as bad as so many more policies under another.
const ANY_COST: usize = 16;

/// How many ranges that have a number in common are counted, before all of the path are taken to.
const COMMON_RANGES_MAX: usize = 32;

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        self.policies == 0
    }

    /// The path of an attribute's name, if policies name it.
    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.walked(Walk::default().below(name))
    }

    /// The path that was walked, if policies name it.
    pub(super) fn walked(&self, walk: Walk) -> Option<&Path> {
        self.paths.find(walk.id())
    }

    /// Replaces paths by the same that others have.
    pub(super) fn share_paths(&self, branches: &mut [Branch]) {
        for condition in branches.iter_mut().flat_map(|branch| &mut branch.conditions) {
            if let Some(path) = self.paths.find(id(condition)) {
                condition.path = Arc::clone(&path.text);
            }
        }
    }

    /// Files a policy; returns how.
    pub(super) fn file(&mut self, number: u32, branches: &[Branch]) -> Chosen {
        self.policies += 1;
        for condition in branches.iter().flat_map(|branch| &branch.conditions) {
            self.paths.name(&condition.path);
        }
        let mut file = |branch: &Branch| {
            let chosen = self.choose(branch);
            match branch.conditions.get(usize::from(chosen)) {
                Some(condition) => self.put(number, condition),
                None => {
                    self.unfiled.insert(number);
                }
            }
            chosen
        };
        match branches {
            [branch] => Chosen::One(file(branch)),
            branches => Chosen::Each(branches.iter().map(file).collect()),
        }
    }

    /// Takes a policy away that is filed like this.
    pub(super) fn remove(&mut self, number: u32, branches: &[Branch], chosen: &Chosen) {
        self.policies -= 1;
        let chosen = match chosen {
            Chosen::One(one) => std::slice::from_ref(one),
            Chosen::Each(each) => each,
        };
        for (branch, chosen) in branches.iter().zip(chosen) {
            match branch.conditions.get(usize::from(*chosen)) {
                Some(condition) => self.take(number, condition),
                None => {
                    self.unfiled.remove(&number);
                }
            }
        }
        for condition in branches.iter().flat_map(|branch| &branch.conditions) {
            self.paths.unname(&condition.path);
        }
    }

    /// The policies that may accept a message of which these are the probes, in rising order.
    pub(super) fn candidates(&self, probes: Probes) -> Vec<u32> {
        let mut candidates: Vec<u32> = self.unfiled.iter().copied().collect();
        candidates.extend(probes.found(&self.filed, &self.ranges));
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        self.is_empty()
            && self.paths.is_empty()
            && self.filed.is_empty()
            && self.ranges.is_empty()
            && self.unfiled.is_empty()
    }

    /// The index of the condition to file a branch under, or [`UNFILED`].
    fn choose(&self, branch: &Branch) -> u8 {
        let costs = branch.conditions.iter().zip(0..UNFILED).filter_map(|(condition, index)| {
            let accesses = access::of_condition(id(condition), condition)?;
            Some((self.cost(id(condition), &accesses), index))
        });
        costs.min().map_or(UNFILED, |(_, index)| index)
    }

    /// How many candidates the messages for which the condition holds would have, and how many
    /// keys it takes.
    fn cost(&self, path: PathId, accesses: &[Access]) -> usize {
        let cost = |access: &Access| match access {
            Access::Filed(Way::Any, key) => self.filed.under(*key).len() + ANY_COST,
            Access::Filed(_, key) => self.filed.under(*key).len() + 1,
            Access::Range(range) => self.overlapping(path, *range) + 1,
        };
        accesses.iter().map(cost).sum()
    }

    /// About as many ranges as a number in this one is in.
    fn overlapping(&self, path: PathId, range: Range) -> usize {
        let Some(path) = self.paths.find(path) else { return 0 };
        let mut probes = Probes::default();
        probes.number(path.id, range.from(), path.ways().iter().map(|(way, _)| *way));
        let common = probes.found(&self.filed, &self.ranges).take(COMMON_RANGES_MAX).count();
        if common < COMMON_RANGES_MAX {
            return common;
        }
        let ranges = path.ways().iter().filter(|(way, _)| matches!(way, Way::Range(_)));
        ranges.map(|(_, patterns)| *patterns as usize).sum()
    }

    fn put(&mut self, number: u32, condition: &Condition) {
        let path = id(condition);
        for access in access::of_condition(path, condition).unwrap_or_default() {
            self.paths.use_way(path, access.way());
            match access {
                Access::Filed(_, key) => self.filed.insert(key, number),
                Access::Range(range) => self.ranges.insert(range.key(path), range, number),
            }
        }
    }

    fn take(&mut self, number: u32, condition: &Condition) {
        let path = id(condition);
        for access in access::of_condition(path, condition).unwrap_or_default() {
            self.paths.leave_way(path, access.way());
            match access {
                Access::Filed(_, key) => self.filed.remove(key, number),
                Access::Range(range) => self.ranges.remove(range.key(path), range, number),
            }
        }
    }
}

fn id(condition: &Condition) -> PathId {
    Walk::default().below(&condition.path).id()
}
