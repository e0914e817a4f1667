//! A queue's terms, and which topics they let in.

use tidings_access::{Kind, PolicyDocument};

use super::queue::Queue;
use crate::terms::{Encryption, Terms};

/// Topics whose admission a queue remembers. Beyond that it forgets them all and asks anew.
const ADMISSIONS_MAX: usize = 1024;

impl Queue {
    /// To be called when policy, tags or key have changed.
    pub(crate) fn renew_terms(&mut self) {
        let attributes = &self.attributes;
        let policy = attributes.policy.as_deref().map(|text| (text, Kind::Queue));
        let encryption = attributes.kms_master_key_id.clone().map(|key_id| Encryption {
            key_id,
            reuse_seconds: attributes.kms_data_key_reuse_period_seconds,
        });
        self.terms = Terms::of(policy, &self.tags, encryption);
        self.admissions.take();
    }

    /// The access policy, if there is one that can be read.
    pub(crate) fn policy(&self) -> Option<&PolicyDocument> {
        self.terms.as_ref()?.policy.as_ref()
    }

    /// Whether the policy lets the topic with this number send here, if that was asked before.
    pub(crate) fn admission(&self, topic: u32) -> Option<bool> {
        self.admissions.borrow().get(&topic).copied()
    }

    /// Remembers it until the policy changes.
    pub(crate) fn remember_admission(&self, topic: u32, is_admitted: bool) {
        let mut admissions = self.admissions.borrow_mut();
        if admissions.len() >= ADMISSIONS_MAX {
            admissions.clear();
        }
        admissions.insert(topic, is_admitted);
    }
}
