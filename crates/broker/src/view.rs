//! What requests may look up without asking the owner: the terms of queues and topics.
//!
//! It shows what is durable. The writer adds what a batch changed after the batch is on stable
//! storage and before its replies are given, so that whoever was told of a change finds it here.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tidings_core::terms::{Change, Resource, Terms};

/// Terms by resource. Those without any are not in it.
#[derive(Default)]
pub(crate) struct View(RwLock<HashMap<Resource, Arc<Terms>>>);

impl View {
    /// The terms of a queue or topic; `None` if it has none, or is not there.
    pub(crate) fn terms(&self, resource: &Resource) -> Option<Arc<Terms>> {
        let terms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        terms.get(resource).cloned()
    }

    /// What a batch changed.
    pub(crate) fn apply(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for Change { resource, terms } in changes {
            match terms {
                Some(terms) => all.insert(resource, terms),
                None => all.remove(&resource),
            };
        }
    }

    /// What holds in a shard that goes live.
    pub(crate) fn reset(&self, all: impl Iterator<Item = Change>) {
        let all = all.filter_map(|change| Some((change.resource, change.terms?))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }
}
