//! Many policies, and which of them accept a message, without asking each.
//!
//! Each branch of a policy is **filed** under one of its conditions, and of that under each of its
//! patterns. A pattern is filed in a **way** that a value can be looked at, under the **key** that
//! the values it matches have in that way:
//!
//! ```text
//!   {"event": ["placed"], "store": ["s-7", {"prefix": "x-"}]}      filed under "store":
//!
//!     store, exactly, "s-7"               store, first two bytes, "x-"
//! ```
//!
//! A message's values are looked at in the ways that are in use for their paths. What is filed
//! under their keys are candidates, and these are evaluated. So a message costs as many steps as it
//! has values and as there are candidates, however many other policies there are. A key only has
//! to be the same for all values that a pattern matches, so a candidate may fail, but no policy
//! that accepts is missed.
//!
//! Of a branch's conditions the one is taken under whose keys the fewest policies are filed then:
//! each of them is one that its messages look at in vain. No key gets crowded while others are not.
//! A condition that may hold without any value has no key. A branch of such conditions only is
//! looked at for every message.

mod access;
mod body;
mod filed;
mod key;
mod part;
mod paths;
mod probes;
mod ranges;
#[cfg(test)]
mod tests;

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use hashbrown::HashMap;
use siphasher::sip::SipHasher13;

use super::attributes::Attributes;
use super::{FilterPolicy, FilterPolicyScope};
use crate::attributes::MessageAttribute;
use part::{Chosen, Part};
use probes::Probes;

/// What filter policies look at.
#[derive(Copy, Clone, Debug)]
pub struct Filterable<'a> {
    /// The message's attributes.
    pub attributes: &'a [MessageAttribute<'a>],
    /// Its body. It is read only if a policy has body scope.
    pub body: &'a str,
}

/// Filter policies by number, indexed.
///
/// ```
/// # use std::sync::Arc;
/// # use tidings_core::filter_policy::*;
/// let mut index = FilterIndex::default();
/// for (number, store) in ["north", "south"].into_iter().enumerate() {
///     let json = format!(r#"{{"store": ["{store}"]}}"#);
///     let policy = FilterPolicy::parse(&json, FilterPolicyScope::MessageBody)?;
///     index.insert(number as u32, Arc::new(policy));
/// }
/// let mut matches = Vec::new();
/// index.matches(&Filterable { attributes: &[], body: r#"{"store": "south"}"# }, &mut matches);
/// assert_eq!(matches, [1]);
/// # Ok::<(), FilterPolicyFault>(())
/// ```
#[derive(Default)]
pub struct FilterIndex {
    policies: HashMap<u32, Indexed, BuildHasherDefault<SipHasher13>>,
    by_attributes: Part,
    by_body: Part,
}

struct Indexed {
    policy: Arc<FilterPolicy>,
    chosen: Chosen,
}

impl FilterIndex {
    /// Adds a policy, in place of the one that has the number.
    ///
    /// A policy that nobody else holds takes less memory: its paths are shared with other policies.
    pub fn insert(&mut self, number: u32, mut policy: Arc<FilterPolicy>) {
        self.remove(number);
        let part = self.part(policy.scope);
        if let Some(policy) = Arc::get_mut(&mut policy) {
            part.share_paths(&mut policy.branches);
        }
        let chosen = part.file(number, &policy.branches);
        self.policies.insert(number, Indexed { policy, chosen });
    }

    /// Takes a policy away and returns it; `None` if there is none of this number.
    pub fn remove(&mut self, number: u32) -> Option<Arc<FilterPolicy>> {
        let Indexed { policy, chosen } = self.policies.remove(&number)?;
        self.part(policy.scope).remove(number, &policy.branches, &chosen);
        Some(policy)
    }

    /// The policy of this number.
    pub fn get(&self, number: u32) -> Option<&Arc<FilterPolicy>> {
        self.policies.get(&number).map(|indexed| &indexed.policy)
    }

    /// How many policies there are.
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Fills `matches` with the numbers of all policies that accept the message, in rising order:
    /// those for which [`FilterPolicy::accepts`] is true. What was in it goes.
    pub fn matches(&self, message: &Filterable<'_>, matches: &mut Vec<u32>) {
        matches.clear();
        if !self.by_attributes.is_empty() {
            self.match_attributes(message.attributes, matches);
        }
        if !self.by_body.is_empty() {
            self.match_body(message.body, matches);
        }
        matches.sort_unstable();
    }

    fn match_attributes(&self, attributes: &[MessageAttribute<'_>], matches: &mut Vec<u32>) {
        let attributes = Attributes::read(attributes);
        let mut probes = Probes::default();
        for (name, values) in attributes.iter() {
            if let Some(path) = self.by_attributes.path(name) {
                probes.presence(path);
                values.iter().for_each(|value| probes.value(path, value));
            }
        }
        let candidates = self.by_attributes.candidates(probes);
        let accepting = |policy: &FilterPolicy| attributes.fulfil(&policy.branches);
        self.push_accepting(candidates, accepting, matches);
    }

    fn match_body(&self, json: &str, matches: &mut Vec<u32>) {
        let value = super::body::parse(json);
        let body = value.as_ref().map(|value| body::Body::read(value, &self.by_body));
        let probes = body.as_ref().map(body::Body::probes).unwrap_or_default();
        let candidates = self.by_body.candidates(probes);
        let accepting = |policy: &FilterPolicy| {
            body.as_ref().is_some_and(|body| body.fulfils(&policy.branches))
        };
        self.push_accepting(candidates, accepting, matches);
    }

    fn push_accepting(
        &self,
        candidates: Vec<u32>,
        accepting: impl Fn(&FilterPolicy) -> bool,
        matches: &mut Vec<u32>,
    ) {
        // All are looked up before any is evaluated: the waits for memory overlap.
        let candidates: Vec<(u32, &FilterPolicy)> = candidates
            .into_iter()
            .filter_map(|number| Some((number, &**self.get(number)?)))
            .collect();
        matches.extend(candidates.into_iter().filter_map(|(number, policy)| {
            (policy.is_empty() || accepting(policy)).then_some(number)
        }));
    }

    fn part(&mut self, scope: FilterPolicyScope) -> &mut Part {
        match scope {
            FilterPolicyScope::MessageAttributes => &mut self.by_attributes,
            FilterPolicyScope::MessageBody => &mut self.by_body,
        }
    }
}
