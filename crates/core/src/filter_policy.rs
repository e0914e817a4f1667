//! Filter policies: which messages of a topic a subscription wants.
//!
//! [`FilterPolicy::parse`] checks a policy and makes it ready; [`FilterPolicy::accepts`] asks it
//! about one message. These are pure functions, and the plain meaning of a policy: a
//! [`FilterIndex`], which asks many policies at once, agrees with them.
//!
//! A policy is a JSON object. Its keys all have to hold (AND), of the values listed for a key one
//! has to (OR), of the objects listed for `$or` one has to. So a policy is as good as a list of
//! **branches**, each a list of conditions without any OR but that of values:
//!
//! ```text
//!   {"store": ["a", "b"], "$or": [{"price": {"usd": [{"numeric": ["<", 9]}]}}, {"sale": [true]}]}
//!
//!   branch 1: store is "a" or "b", price.usd is below 9
//!   branch 2: store is "a" or "b", sale is true
//! ```
//!
//! A key below another is told by both names, joined with a dot. The service does not tell them
//! from a key that has the dot in its name, in policies or in messages, and neither do we. A key
//! that a branch names twice counts as it stands last.
//!
//! What a policy may cost is limited in three ways. Distinct keys are counted. Combinations are
//! the product, over the keys, of the number of values times the depth of the key (1 at the top);
//! the objects of an `$or` are summed instead. Wildcard points are, for each key, those of its
//! wildcard patterns summed and multiplied by how many patterns these are; a pattern has one point
//! for a single wildcard and three for each if there are more.
//!
//! Developer guide of SNS, "Amazon SNS subscription filter policies" and the pages below it.

mod attributes;
mod body;
mod cidr;
mod compile;
mod complexity;
mod event_pattern;
mod expression;
mod fault;
mod index;
mod pattern;
mod scalar;
#[cfg(test)]
mod tests;
mod wildcard;

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use serde_json::Value;

use crate::attributes::MessageAttribute;
use crate::limits;
use attributes::Attributes;
use compile::Clause;
use pattern::Pattern;
use scalar::Scalar;

pub use event_pattern::{EventPattern, PatternedEvent};
pub use fault::FilterPolicyFault;
pub use index::{FilterIndex, Filterable};

/// `FilterPolicyScope`: what of a message a policy looks at.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum FilterPolicyScope {
    /// Its attributes. What holds if nothing was said.
    #[default]
    MessageAttributes,
    /// Its body, which then has to be a JSON object.
    MessageBody,
}

impl FilterPolicyScope {
    /// Reads the attribute's value.
    ///
    /// # Errors
    /// [`FilterPolicyFault::Scope`] if it is neither of the two.
    pub fn parse(text: &str) -> Result<Self, FilterPolicyFault> {
        [Self::MessageAttributes, Self::MessageBody]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| FilterPolicyFault::Scope(text.to_owned()))
    }

    /// The attribute's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        }
    }
}

impl Display for FilterPolicyScope {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A subscription's filter policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterPolicy {
    /// As it was given.
    text: Box<str>,
    scope: FilterPolicyScope,
    /// One of these has to hold. At most [`limits::FILTER_POLICY_COMBINATIONS_MAX`].
    branches: Box<[Branch]>,
}

/// Conditions that have to hold together, each on another key: at most
/// [`limits::FILTER_POLICY_KEYS_MAX`], or [`limits::EVENT_PATTERN_KEYS_MAX`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Branch {
    conditions: Vec<Condition>,
}

/// What a policy says of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Condition {
    /// The key's name, after the names of those that it is nested in, joined with dots.
    path: Arc<str>,
    /// One of these has to match. Shared: branches have most of their conditions in common.
    patterns: Arc<[Pattern]>,
}

impl FilterPolicy {
    /// Reads a policy that is to be used in the scope.
    ///
    /// # Errors
    /// A [`FilterPolicyFault`] if it is no policy, is too large or too complex, or has nested keys
    /// while attributes have none.
    pub fn parse(json: &str, scope: FilterPolicyScope) -> Result<Self, FilterPolicyFault> {
        if json.len() > limits::FILTER_POLICY_BYTES_MAX {
            return Err(FilterPolicyFault::TooLarge);
        }
        let policy: Value = serde_json::from_str(json)
            .map_err(|error| FilterPolicyFault::NotJson(error.to_string()))?;
        let clauses =
            compile::compile(&policy).map_err(|misfit| fault::malformed(&policy, &misfit))?;
        complexity::check(&clauses, scope)?;
        Ok(Self { text: json.into(), scope, branches: exact(branches(&clauses)) })
    }

    /// The policy as it was given, space and order of keys included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it looks at.
    pub fn scope(&self) -> FilterPolicyScope {
        self.scope
    }

    /// Whether it says nothing at all: `{}`. Such a policy accepts every message; setting it takes
    /// the subscription's policy away.
    pub fn is_empty(&self) -> bool {
        self.branches.iter().all(|branch| branch.conditions.is_empty())
    }

    /// Whether the subscription wants the message: by its attributes or its body, as the scope
    /// says.
    pub fn accepts(&self, attributes: &[MessageAttribute<'_>], body: &str) -> bool {
        match self.scope {
            FilterPolicyScope::MessageAttributes => self.matches_attributes(attributes),
            FilterPolicyScope::MessageBody => self.matches_body(body),
        }
    }

    /// Whether the policy matches the attributes, whatever its scope. Attributes that the policy
    /// does not name are ignored.
    ///
    /// `String` and `Number` attributes have one value, `String.Array` those of the JSON array of
    /// texts, numbers, truth values and nulls that it holds; if an attribute that the policy names
    /// holds no such array, nothing matches. A `Binary` attribute exists but has no value.
    ///
    /// A pattern matches if it matches any value; only `anything-but` has to match all values of a
    /// `String.Array`. As documented, a text's quotation marks and backslashes match those that
    /// have a backslash before them in the pattern (in the policy's JSON, `\\\"` and `\\\\`).
    pub fn matches_attributes(&self, attributes: &[MessageAttribute<'_>]) -> bool {
        self.is_empty() || Attributes::read(attributes).fulfil(&self.branches)
    }

    /// Whether the policy matches a body, whatever its scope. A body that is not a JSON object
    /// never matches, other than with an empty policy.
    ///
    /// A pattern is compared with texts, numbers, truth values and nulls; an object or an empty
    /// array in their place is as good as no such key. An array stands for any one of its
    /// elements, at any depth, for all conditions that look into it: those on different keys of the
    /// objects in an array have to hold for one of these objects. A key does not exist if it is
    /// missing from the elements for which the other conditions hold, and from all if there are
    /// none.
    pub fn matches_body(&self, body: &str) -> bool {
        self.is_empty()
            || body::parse(body)
                .is_some_and(|body| self.branches.iter().any(|branch| body::matches(branch, &body)))
    }
}

impl Condition {
    /// Whether a value fulfils it.
    fn is_matched_by(&self, value: &Scalar<'_>) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(value))
    }

    /// Whether there being no value fulfils it.
    fn may_be_absent(&self) -> bool {
        self.patterns.iter().any(Pattern::matches_absence)
    }
}

impl Branch {
    /// Adds a condition, in place of one on the same key.
    fn put(&mut self, condition: Condition) {
        self.conditions.retain(|earlier| earlier.path != condition.path);
        self.conditions.push(condition);
    }

    /// As many branches as there are alternatives: this one, with the conditions of each.
    fn with_each(&self, alternatives: &[Branch]) -> Vec<Branch> {
        alternatives
            .iter()
            .map(|alternative| {
                let mut both = self.clone();
                alternative.conditions.iter().for_each(|condition| both.put(condition.clone()));
                both
            })
            .collect()
    }
}

/// The same without room for more: there are many policies in memory.
fn exact(mut branches: Vec<Branch>) -> Box<[Branch]> {
    branches.iter_mut().for_each(|branch| branch.conditions.shrink_to_fit());
    branches.into()
}

/// The branches of clauses that all have to hold. The clauses' complexity is within its limit, and
/// there are never more branches than combinations.
fn branches(clauses: &[Clause]) -> Vec<Branch> {
    let mut branches = vec![Branch::default()];
    for clause in clauses {
        match clause {
            Clause::Key { condition, .. } => {
                branches.iter_mut().for_each(|branch| branch.put(condition.clone()));
            }
            Clause::Or(alternatives) => {
                let alternatives: Vec<Branch> =
                    alternatives.iter().flat_map(|clauses| self::branches(clauses)).collect();
                branches = branches.iter().flat_map(|b| b.with_each(&alternatives)).collect();
            }
        }
    }
    branches
}
