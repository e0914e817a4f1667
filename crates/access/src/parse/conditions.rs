//! The `Condition` element.

use serde_json::Value;

use super::Rules;
use crate::condition::{Condition, Operator, Values};
use crate::fault::Fault;

pub(super) fn conditions(value: &Value, at: &str, rules: Rules) -> Result<Box<[Condition]>, Fault> {
    let Value::Object(operators) = value else {
        return Err(Fault::new(at, "not an object"));
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let at = format!("{at}.{name}");
        let (operator, comparison) = Operator::parse(name)
            .ok_or_else(|| Fault::new(at.as_str(), "no such condition operator"))?;
        let Value::Object(keys) = keys else {
            return Err(Fault::new(at, "not an object"));
        };
        for (key, value) in keys {
            let at = format!("{at}.{key}");
            if rules.writing.strict && key.is_empty() {
                return Err(Fault::new(at, "the key has no name"));
            }
            let texts = scalars(value, &at, rules)?;
            let values = Values::parse(comparison, &texts, rules.writing)
                .map_err(|problem| Fault::new(at, problem))?;
            let written = (name.as_str().into(), key.as_str().into());
            conditions.push(Condition {
                operator,
                key: key.to_lowercase().into(),
                written,
                values,
            });
        }
    }
    Ok(conditions.into())
}

/// Texts, numbers and truth values, one or a list, all as texts. An empty list is one that nothing
/// matches where the services take it.
fn scalars(value: &Value, at: &str, rules: Rules) -> Result<Vec<String>, Fault> {
    let list = match value {
        Value::Array(list) if list.is_empty() && rules.writing.strict => {
            return Err(Fault::new(at, "an empty list"));
        }
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let texts: Option<Vec<String>> = list.iter().map(text).collect();
    texts.ok_or_else(|| Fault::new(at, "neither a text nor a list of them"))
}
