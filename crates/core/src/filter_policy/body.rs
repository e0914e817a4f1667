//! Policies and a message's body.
//!
//! A condition is fulfilled by a value of the body that it chooses, or by there being none. The
//! values that conditions choose have to go together: no two may be in different elements of one
//! array. A value in the way of a condition that wants none is one that goes together with all that
//! are chosen.
//!
//! Trying every choice would take as many steps as there are values, to the power of conditions. So
//! each part of a body is asked what can be chosen in it, as sets of conditions: few, whatever its
//! size, and for the parts together they follow from those of the parts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scalar::Scalar;
use super::{Branch, Condition};

/// Reads a body; `None` if it is not a JSON object.
pub(super) fn parse(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok().filter(Value::is_object)
}

/// Whether all conditions of the branch hold together for the body.
pub(super) fn matches(branch: &Branch, body: &Value) -> bool {
    let wants: Vec<Want<'_>> = branch
        .conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| Want { bit: 1 << index, condition, rest: Some(&condition.path) })
        .collect();
    choices(body, &wants).iter().any(|choice| {
        wants.iter().all(|want| {
            want.bit & choice.chosen != 0
                || (want.bit & choice.in_the_way == 0 && want.condition.may_be_absent())
        })
    })
}

/// A set of conditions, a bit for each. A branch has at most eight.
type Conditions = u8;

/// A condition that may find its value here.
#[derive(Copy, Clone)]
struct Want<'p> {
    bit: Conditions,
    condition: &'p Condition,
    /// What is left of its path; `None` if it has arrived.
    rest: Option<&'p str>,
}

impl<'p> Want<'p> {
    /// The same below a key; `None` if its path does not go there. The key may have dots, and then
    /// be several steps of the path.
    fn below(self, key: &str) -> Option<Self> {
        let left = self.rest?.strip_prefix(key)?;
        let rest = if left.is_empty() { None } else { Some(left.strip_prefix('.')?) };
        Some(Self { rest, ..self })
    }
}

/// A way to choose values in a part of a body.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Choice {
    /// The conditions that have chosen a value in this part.
    chosen: Conditions,
    /// The others that have a value in this part that goes together with the chosen ones.
    in_the_way: Conditions,
}

impl Choice {
    /// Nothing is in the way of a condition that has its value; without this there were more sets
    /// than differ.
    fn new(chosen: Conditions, in_the_way: Conditions) -> Self {
        Self { chosen, in_the_way: in_the_way & !chosen }
    }
}

/// All ways to choose values in a part of a body. That of choosing none is always among them.
fn choices(part: &Value, wants: &[Want<'_>]) -> BTreeSet<Choice> {
    match part {
        Value::Object(members) => {
            let mut all = BTreeSet::from([Choice::default()]);
            for (key, member) in members {
                let wants: Vec<_> = wants.iter().filter_map(|want| want.below(key)).collect();
                if !wants.is_empty() {
                    all = both(&all, &choices(member, &wants));
                }
            }
            all
        }
        Value::Array(elements) => one_of(elements.iter().map(|element| choices(element, wants))),
        value => Scalar::from_json(value)
            .map_or_else(|| BTreeSet::from([Choice::default()]), |value| of_value(&value, wants)),
    }
}

/// In two members of an object: each way of the one with each of the other.
fn both(one: &BTreeSet<Choice>, other: &BTreeSet<Choice>) -> BTreeSet<Choice> {
    one.iter()
        .flat_map(|a| {
            other.iter().map(|b| Choice::new(a.chosen | b.chosen, a.in_the_way | b.in_the_way))
        })
        .collect()
}

/// In an array: values of one element; or none, and then those of all elements are in the way.
fn one_of(elements: impl Iterator<Item = BTreeSet<Choice>>) -> BTreeSet<Choice> {
    let mut all = BTreeSet::new();
    let mut in_the_way = 0;
    for choice in elements.flatten() {
        if choice.chosen == 0 {
            in_the_way |= choice.in_the_way;
        } else {
            all.insert(choice);
        }
    }
    all.insert(Choice { chosen: 0, in_the_way });
    all
}

/// In a single value: that of the condition that has arrived, if it matches; two conditions have
/// never the same path.
fn of_value(value: &Scalar<'_>, wants: &[Want<'_>]) -> BTreeSet<Choice> {
    let mut all = BTreeSet::new();
    let mut in_the_way = 0;
    for want in wants.iter().filter(|want| want.rest.is_none()) {
        in_the_way |= want.bit;
        if want.condition.is_matched_by(value) {
            all.insert(Choice { chosen: want.bit, in_the_way: 0 });
        }
    }
    all.insert(Choice { chosen: 0, in_the_way });
    all
}
