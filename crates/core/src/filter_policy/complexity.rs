//! How much a policy may ask for.

use std::collections::BTreeSet;

use super::compile::Clause;
use super::{Condition, FilterPolicyFault, FilterPolicyScope};
use crate::limits;

/// Checks what clauses ask for.
///
/// # Errors
/// `Nested`, `TooManyKeys` or `TooComplex`.
pub(super) fn check(clauses: &[Clause], scope: FilterPolicyScope) -> Result<(), FilterPolicyFault> {
    let mut keys = Vec::new();
    collect_keys(clauses, &mut keys);
    if scope == FilterPolicyScope::MessageAttributes && keys.iter().any(|(_, depth)| *depth > 1) {
        return Err(FilterPolicyFault::Nested);
    }
    let paths: BTreeSet<&str> = keys.iter().map(|(condition, _)| &*condition.path).collect();
    if paths.len() > limits::FILTER_POLICY_KEYS_MAX {
        return Err(FilterPolicyFault::TooManyKeys);
    }
    if combinations(clauses) > limits::FILTER_POLICY_COMBINATIONS_MAX
        || wildcard_points_of(clauses) > limits::FILTER_POLICY_WILDCARD_POINTS_MAX
    {
        return Err(FilterPolicyFault::TooComplex);
    }
    Ok(())
}

/// The points of all wildcard patterns.
pub(super) fn wildcard_points_of(clauses: &[Clause]) -> usize {
    let mut keys = Vec::new();
    collect_keys(clauses, &mut keys);
    keys.iter().map(|(condition, _)| wildcard_points(condition)).sum()
}

/// All keys with their depth, those of alternatives included.
fn collect_keys<'c>(clauses: &'c [Clause], keys: &mut Vec<(&'c Condition, u64)>) {
    for clause in clauses {
        match clause {
            Clause::Key { condition, depth } => keys.push((condition, *depth)),
            Clause::Or(alternatives) => {
                alternatives.iter().for_each(|clauses| collect_keys(clauses, keys));
            }
        }
    }
}

fn combinations(clauses: &[Clause]) -> u64 {
    clauses.iter().fold(1, |product: u64, clause| {
        product.saturating_mul(match clause {
            Clause::Key { condition, depth } => {
                depth.saturating_mul(condition.patterns.len().try_into().unwrap_or(u64::MAX))
            }
            Clause::Or(alternatives) => alternatives
                .iter()
                .fold(0, |sum: u64, clauses| sum.saturating_add(combinations(clauses))),
        })
    })
}

fn wildcard_points(condition: &Condition) -> usize {
    let wildcards: Vec<_> =
        condition.patterns.iter().flat_map(|pattern| pattern.wildcards()).collect();
    let points: usize = wildcards.iter().map(|wildcard| wildcard.points()).sum();
    points * wildcards.len()
}
