//! Policies and a message's attributes.

use std::borrow::Cow;

use serde_json::Value;

use super::pattern::Pattern;
use super::scalar::{Number, Scalar};
use super::{Branch, Condition};
use crate::attributes::{AttributeValue, MessageAttribute};

/// Whether one of the branches holds for the attributes.
pub(super) fn matches(branches: &[Branch], attributes: &[MessageAttribute<'_>]) -> bool {
    let named = |name: &str| {
        branches.iter().flat_map(|branch| &branch.conditions).any(|c| &*c.path == name)
    };
    // Without those that the policy does not name. One that cannot be read fails the whole policy.
    let readable: Option<Vec<Attribute<'_>>> =
        attributes.iter().filter(|a| named(a.name)).map(Attribute::read).collect();
    readable.is_some_and(|attributes| {
        branches
            .iter()
            .any(|branch| branch.conditions.iter().all(|c| condition_holds(c, &attributes)))
    })
}

fn condition_holds(condition: &Condition, attributes: &[Attribute<'_>]) -> bool {
    let attribute = attributes.iter().find(|attribute| *attribute.name == *condition.path);
    condition.patterns.iter().any(|pattern| match attribute {
        Some(attribute) => attribute.is_matched_by(pattern),
        None => pattern.matches_absence(),
    })
}

/// An attribute as patterns see it.
struct Attribute<'a> {
    name: &'a str,
    /// None if it is binary.
    values: Vec<Scalar<'a>>,
    /// Whether `anything-but` has to match all its values instead of any.
    is_text_array: bool,
}

impl<'a> Attribute<'a> {
    /// `None` if it should hold an array and does not.
    fn read(attribute: &MessageAttribute<'a>) -> Option<Self> {
        let AttributeValue::Text(text) = attribute.value else {
            return Some(Self { name: attribute.name, values: Vec::new(), is_text_array: false });
        };
        let (base_type, label) =
            attribute.data_type.split_once('.').unwrap_or((attribute.data_type, ""));
        let values = match (base_type, label) {
            // The second is not among the documented types, but in an example of filtering.
            ("String" | "Number", "Array") => array(text)?,
            ("Number", _) => vec![Scalar::Number(Number::from_text(text))],
            _ => vec![Scalar::Text(escaped(Cow::Borrowed(text)))],
        };
        let is_text_array = base_type == "String" && label == "Array";
        Some(Self { name: attribute.name, values, is_text_array })
    }

    /// Developer guide, "String value matching": `anything-but` matches an array "if none of the
    /// array elements are listed"; and "Numeric value matching": "because it contains a value that
    /// isn't".
    fn is_matched_by(&self, pattern: &Pattern) -> bool {
        let mut values = self.values.iter();
        match pattern {
            Pattern::Exists(exists) => *exists,
            Pattern::AnythingBut(_) | Pattern::AnythingButTexts(_) if self.is_text_array => {
                !self.values.is_empty() && values.all(|value| pattern.matches(value))
            }
            pattern => values.any(|value| pattern.matches(value)),
        }
    }
}

fn array(json: &str) -> Option<Vec<Scalar<'static>>> {
    let Ok(Value::Array(elements)) = serde_json::from_str(json) else {
        return None;
    };
    let value = |element: &Value| match Scalar::from_json(element)?.into_owned() {
        Scalar::Text(text) => Some(Scalar::Text(escaped(text))),
        other => Some(other),
    };
    elements.iter().map(value).collect()
}

/// A text as patterns for attributes have to write it. Developer guide, "Filter policy
/// constraints": quotation marks and backslashes are to be escaped twice in a policy, where once
/// would be enough for JSON.
fn escaped(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains(['"', '\\']) {
        Cow::Owned(text.replace('\\', r"\\").replace('"', r#"\""#))
    } else {
        text
    }
}
