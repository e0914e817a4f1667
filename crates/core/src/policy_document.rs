//! The access policy of a queue: what makes a document one, and the statements that AddPermission
//! and RemovePermission write in it.
//!
//! Here a document is checked and changed, not evaluated: who may do what is decided where a
//! request is authorised, before it becomes a command.

mod permissions;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use tidings_access::{Kind, PolicyDocument};

use crate::limits;
use crate::rejection::Rejection;

pub use permissions::{add_permission, remove_permission};
pub(crate) use permissions::{is_labelled, one_or_list, take_statements, with_statements};

const DOCUMENT_MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
const STATEMENT_MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
const PRINCIPAL_KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// Checks that a text is a policy document for a queue: 1 to 20 statements with an effect, whom it
/// is for, actions and resources; no member or condition operator that is unknown; at most 8,192
/// bytes, 50 principals in all, and 7 actions and 10 conditions in one statement. Names of actions,
/// resources, principals and condition keys are not looked at.
///
/// # Errors
/// OverLimit if there is too much of something. InvalidAttributeValue if it is no such document.
pub fn check(text: &str) -> Result<(), Rejection> {
    check_size(text)?;
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err(invalid());
    };
    let statements = statements(&document).ok_or_else(invalid)?;
    if statements.len() > limits::POLICY_STATEMENTS_MAX {
        return Err(too_many(
            "statements were found in the submitted policy",
            statements.len(),
            limits::POLICY_STATEMENTS_MAX,
        ));
    }
    check_statements(statements)?;
    // The one who will read it has the last word.
    PolicyDocument::parse(text, Kind::Queue).map(drop).map_err(|_| invalid())
}

/// The statements of a document, at least one; `None` if its other members, or the lack of
/// statements, make it none.
pub(crate) fn statements(document: &Map<String, Value>) -> Option<&[Value]> {
    let version = document.get("Version");
    let version_fits =
        version.is_none_or(|version| version.as_str().is_some_and(|v| VERSIONS.contains(&v)));
    let id_fits = document.get("Id").is_none_or(Value::is_string);
    if !has_only(document, &DOCUMENT_MEMBERS) || !version_fits || !id_fits {
        return None;
    }
    match document.get("Statement")? {
        Value::Array(statements) if !statements.is_empty() => Some(statements),
        statement @ Value::Object(_) => Some(std::slice::from_ref(statement)),
        _ => None,
    }
}

/// Whether two documents say the same: their JSON does, whatever the order of members and the
/// space between them.
pub(crate) fn same(one: &str, another: &str) -> bool {
    match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(another)) {
        (Ok(one), Ok(another)) => one == another,
        _ => one == another,
    }
}

fn check_statements(statements: &[Value]) -> Result<(), Rejection> {
    let mut principals = 0;
    let mut sids = Vec::new();
    for statement in statements {
        let counts = statement.as_object().and_then(counts).ok_or_else(invalid)?;
        if counts.actions > limits::POLICY_ACTIONS_MAX {
            return Err(too_many(
                "actions were found in a statement from the submitted policy",
                counts.actions,
                limits::POLICY_ACTIONS_MAX,
            ));
        }
        if counts.conditions > limits::POLICY_CONDITIONS_MAX {
            return Err(too_many(
                "conditions were found in a statement from the submitted policy",
                counts.conditions,
                limits::POLICY_CONDITIONS_MAX,
            ));
        }
        principals += counts.principals;
        if let Some(sid) = statement.get("Sid") {
            if sids.contains(&sid) {
                return Err(invalid());
            }
            sids.push(sid);
        }
    }
    if principals > limits::POLICY_PRINCIPALS_MAX {
        return Err(too_many(
            "principals were found in the submitted policy",
            principals,
            limits::POLICY_PRINCIPALS_MAX,
        ));
    }
    Ok(())
}

/// How much of what has a limit a statement has.
pub(crate) struct Counts {
    pub(crate) principals: usize,
    pub(crate) actions: usize,
    pub(crate) conditions: usize,
}

/// `None` if it is no statement.
pub(crate) fn counts(statement: &Map<String, Value>) -> Option<Counts> {
    let effect = statement.get("Effect")?.as_str()?;
    let fits = has_only(statement, &STATEMENT_MEMBERS)
        && statement.get("Sid").is_none_or(Value::is_string)
        && matches!(effect, "Allow" | "Deny");
    if !fits {
        return None;
    }
    texts(either(statement, "Resource", "NotResource")?)?;
    Some(Counts {
        principals: principals(either(statement, "Principal", "NotPrincipal")?)?,
        actions: texts(either(statement, "Action", "NotAction")?)?,
        conditions: statement.get("Condition").map_or(Some(0), conditions)?,
    })
}

/// The one of two members that is there; `None` if none is, or both are.
fn either<'a>(statement: &'a Map<String, Value>, one: &str, other: &str) -> Option<&'a Value> {
    match (statement.get(one), statement.get(other)) {
        (Some(value), None) | (None, Some(value)) => Some(value),
        _ => None,
    }
}

/// How many texts there are: one, or those of a list.
fn texts(value: &Value) -> Option<usize> {
    match value {
        Value::String(_) => Some(1),
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
            Some(list.len())
        }
        _ => None,
    }
}

/// How many principals there are: `"*"`, or texts by kind.
fn principals(value: &Value) -> Option<usize> {
    match value {
        Value::String(everyone) if everyone == "*" => Some(1),
        Value::Object(kinds) if !kinds.is_empty() && has_only(kinds, &PRINCIPAL_KINDS) => {
            kinds.values().map(texts).sum()
        }
        _ => None,
    }
}

/// How many conditions there are: keys, of all operators together.
fn conditions(value: &Value) -> Option<usize> {
    let operators = value.as_object()?;
    operators
        .iter()
        .map(|(operator, keys)| {
            let keys = keys.as_object()?;
            let fits = is_operator(operator) && keys.values().all(is_condition_value);
            fits.then_some(keys.len())
        })
        .sum()
}

/// Texts, numbers and truth values, one or a list.
fn is_condition_value(value: &Value) -> bool {
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    match value {
        Value::Array(list) => list.iter().all(is_scalar),
        value => is_scalar(value),
    }
}

/// Whether there is such a condition operator. IAM user guide, "Condition operators".
fn is_operator(name: &str) -> bool {
    let name = name
        .strip_prefix("ForAllValues:")
        .or_else(|| name.strip_prefix("ForAnyValue:"))
        .unwrap_or(name);
    let operator = name.strip_suffix("IfExists").unwrap_or(name);
    match operator {
        "Null" => name == "Null",
        "StringEquals"
        | "StringNotEquals"
        | "StringEqualsIgnoreCase"
        | "StringNotEqualsIgnoreCase"
        | "StringLike"
        | "StringNotLike" => true,
        "ArnEquals" | "ArnNotEquals" | "ArnLike" | "ArnNotLike" => true,
        "Bool" | "BinaryEquals" | "IpAddress" | "NotIpAddress" => true,
        _ => {
            let comparison =
                operator.strip_prefix("Numeric").or_else(|| operator.strip_prefix("Date"));
            matches!(
                comparison,
                Some(
                    "Equals"
                        | "NotEquals"
                        | "LessThan"
                        | "LessThanEquals"
                        | "GreaterThan"
                        | "GreaterThanEquals"
                )
            )
        }
    }
}

fn has_only(object: &Map<String, Value>, names: &[&str]) -> bool {
    object.keys().all(|name| names.contains(&name.as_str()))
}

fn check_size(text: &str) -> Result<(), Rejection> {
    if text.len() > limits::POLICY_BYTES_MAX {
        return Err(Rejection::OverLimit("Submitted policy is over max allowed size.".into()));
    }
    Ok(())
}

fn too_many(what: &str, found: usize, max: usize) -> Rejection {
    Rejection::OverLimit(format!("{found} {what}, max allowed is {max}"))
}

fn invalid() -> Rejection {
    Rejection::attribute_value("Policy")
}
