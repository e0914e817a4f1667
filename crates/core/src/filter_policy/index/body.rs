//! A message's body, read once for all policies.

use serde_json::Value;

use super::super::scalar::Scalar;
use super::super::{Branch, body};
use super::key::Walk;
use super::part::Part;
use super::paths::Path;
use super::probes::Probes;

/// A body's values at the paths that policies name.
pub(super) struct Body<'v, 'i> {
    whole: &'v Value,
    /// By path.
    leaves: Vec<Leaf<'v, 'i>>,
}

struct Leaf<'v, 'i> {
    path: &'i Path,
    value: Scalar<'v>,
    is_in_array: bool,
}

impl<'v, 'i> Body<'v, 'i> {
    /// Reads an object.
    pub(super) fn read(whole: &'v Value, part: &'i Part) -> Self {
        let mut leaves = Vec::new();
        collect(whole, Walk::default(), false, part, &mut leaves);
        leaves.sort_by(|one, other| one.path.text.cmp(&other.path.text));
        Self { whole, leaves }
    }

    /// What is to be looked up for it.
    pub(super) fn probes(&self) -> Probes {
        let mut probes = Probes::default();
        for at_one_path in self.leaves.chunk_by(|one, other| one.path.id == other.path.id) {
            at_one_path.iter().take(1).for_each(|leaf| probes.presence(leaf.path));
            at_one_path.iter().for_each(|leaf| probes.value(leaf.path, &leaf.value));
        }
        probes
    }

    /// Whether one of the branches holds.
    pub(super) fn fulfils(&self, branches: &[Branch]) -> bool {
        branches.iter().any(|branch| self.fulfils_all(branch))
    }

    /// Whether all conditions hold together.
    ///
    /// If each has a value that it matches, then these go together if only one is in an array, or
    /// none. Only for more the body has to be looked at as a whole.
    fn fulfils_all(&self, branch: &Branch) -> bool {
        let mut in_arrays = 0;
        let mut is_certain = true;
        for condition in &branch.conditions {
            let leaves = self.at(&condition.path);
            let is_in_array = leaves.iter().any(|leaf| leaf.is_in_array);
            in_arrays += usize::from(is_in_array);
            if leaves.iter().any(|leaf| condition.is_matched_by(&leaf.value)) {
                continue;
            }
            if !condition.may_be_absent() || !(is_in_array || leaves.is_empty()) {
                return false;
            }
            is_certain &= leaves.is_empty();
        }
        (is_certain && in_arrays <= 1) || body::matches(branch, self.whole)
    }

    fn at(&self, path: &str) -> &[Leaf<'v, 'i>] {
        let from = self.leaves.partition_point(|leaf| *leaf.path.text < *path);
        let count = self.leaves[from..].partition_point(|leaf| *leaf.path.text == *path);
        &self.leaves[from..from + count]
    }
}

/// Objects and arrays in a body are at most as deep as its parser allows.
fn collect<'v, 'i>(
    part_of_body: &'v Value,
    walk: Walk,
    is_in_array: bool,
    part: &'i Part,
    leaves: &mut Vec<Leaf<'v, 'i>>,
) {
    match part_of_body {
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, walk.below(key), is_in_array, part, leaves);
            }
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| collect(element, walk, true, part, leaves));
        }
        value => {
            if let (Some(path), Some(value)) = (part.walked(walk), Scalar::from_json(value)) {
                leaves.push(Leaf { path, value, is_in_array });
            }
        }
    }
}
