//! From a policy's JSON to its clauses, checked.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Condition;
use super::expression;
use super::fault::Misfit;

/// A part of a policy; all parts of an object have to hold.
#[derive(Debug)]
pub(super) enum Clause {
    /// A key with its values.
    Key {
        condition: Condition,
        /// How many keys one goes through to it, itself included.
        depth: u64,
    },
    /// `$or`: one of these objects has to hold.
    Or(Vec<Vec<Clause>>),
}

const OR: &str = "$or";

/// Names that make an `$or` a key like others, if an object in it has them.
const RESERVED: [&str; 13] = [
    "prefix",
    "suffix",
    "equals-ignore-case",
    "wildcard",
    "anything-but",
    "numeric",
    "exists",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
];

/// The clauses of a policy: none if it is empty.
pub(super) fn compile(policy: &Value) -> Result<Vec<Clause>, Misfit<'_>> {
    match policy {
        Value::Object(members) if members.is_empty() => Ok(Vec::new()),
        Value::Object(members) => object(policy, members, &Above { path: None, depth: 0 }),
        _ => Err(Misfit::at_start(policy, "Filter is not an object")),
    }
}

/// The keys that an object is nested in.
struct Above<'p> {
    path: Option<&'p str>,
    depth: u64,
}

fn object<'v>(
    value: &'v Value,
    members: &'v Map<String, Value>,
    above: &Above<'_>,
) -> Result<Vec<Clause>, Misfit<'v>> {
    if members.is_empty() {
        return Err(Misfit::at_end(value, "Empty objects are not allowed"));
    }
    let mut clauses = Vec::new();
    for (key, value) in members {
        let path = above.path.map_or_else(|| key.clone(), |path| format!("{path}.{key}"));
        let depth = above.depth + 1;
        match value {
            Value::Array(values) => match alternatives(key, values) {
                Some(alternatives) => clauses.push(or(alternatives, above)?),
                None => clauses.push(Clause::Key { condition: condition(value, path)?, depth }),
            },
            Value::Object(members) => {
                clauses.extend(object(value, members, &Above { path: Some(&path), depth })?);
            }
            _ => {
                let reason = format!("\"{key}\" must be an object or an array");
                return Err(Misfit::at_start(value, reason));
            }
        }
    }
    Ok(clauses)
}

type Alternative<'v> = (&'v Value, &'v Map<String, Value>);

/// The objects of an `$or`; `None` if it is not one but a key of that name. It is one if its array
/// holds two objects or more, and none has a reserved name. Developer guide, "AND/OR logic".
fn alternatives<'v>(key: &str, values: &'v [Value]) -> Option<Vec<Alternative<'v>>> {
    if key != OR || values.len() < 2 {
        return None;
    }
    let alternative = |value: &'v Value| {
        let members = value.as_object()?;
        let reserved = members.keys().any(|name| RESERVED.contains(&name.as_str()));
        (!reserved).then_some((value, members))
    };
    values.iter().map(alternative).collect()
}

fn or<'v>(alternatives: Vec<Alternative<'v>>, above: &Above<'_>) -> Result<Clause, Misfit<'v>> {
    alternatives
        .into_iter()
        .map(|(value, members)| object(value, members, above))
        .collect::<Result<_, _>>()
        .map(Clause::Or)
}

fn condition(array: &Value, path: String) -> Result<Condition, Misfit<'_>> {
    let patterns: Vec<_> = array
        .as_array()
        .into_iter()
        .flatten()
        .map(expression::pattern)
        .collect::<Result<_, _>>()?;
    if patterns.is_empty() {
        return Err(Misfit::at_end(array, "Empty arrays are not allowed"));
    }
    Ok(Condition { path: Arc::from(path), patterns: Arc::from(patterns) })
}
