//! Policies and a message's attributes.

use std::borrow::Cow;

use serde_json::Value;

use super::pattern::Pattern;
use super::scalar::{Number, Scalar};
use super::{Branch, Condition};
use crate::attributes::{AttributeValue, MessageAttribute};

/// A message's attributes as policies see them.
pub(super) struct Attributes<'a> {
    /// By name.
    all: Vec<Attribute<'a>>,
    /// Whether one of them should hold an array and does not.
    some_unreadable: bool,
}

struct Attribute<'a> {
    name: &'a str,
    /// No values if it is binary; `None` if it should hold an array and does not.
    values: Option<Vec<Scalar<'a>>>,
    /// Whether `anything-but` has to match all its values instead of any.
    is_text_array: bool,
}

impl<'a> Attributes<'a> {
    pub(super) fn read(attributes: &[MessageAttribute<'a>]) -> Self {
        let mut all: Vec<_> = attributes.iter().map(Attribute::read).collect();
        all.sort_by_key(|attribute| attribute.name);
        let some_unreadable = all.iter().any(|attribute| attribute.values.is_none());
        Self { all, some_unreadable }
    }

    /// Whether one of the branches holds. An attribute that cannot be read fails all of a policy
    /// that names it; others do not matter.
    pub(super) fn fulfil(&self, branches: &[Branch]) -> bool {
        !self.names_unreadable(branches)
            && branches.iter().any(|branch| branch.conditions.iter().all(|c| self.holds(c)))
    }

    /// Names and values. One that cannot be read has none.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &[Scalar<'a>])> {
        self.all.iter().map(|attribute| (attribute.name, attribute.values()))
    }

    fn names_unreadable(&self, branches: &[Branch]) -> bool {
        self.some_unreadable
            && branches.iter().flat_map(|branch| &branch.conditions).any(|condition| {
                self.named(&condition.path).iter().any(|attribute| attribute.values.is_none())
            })
    }

    fn holds(&self, condition: &Condition) -> bool {
        match self.named(&condition.path).first() {
            Some(attribute) => condition.patterns.iter().any(|p| attribute.is_matched_by(p)),
            None => condition.may_be_absent(),
        }
    }

    /// The attributes of a name: one at most, if the message was checked.
    fn named(&self, name: &str) -> &[Attribute<'a>] {
        let from = self.all.partition_point(|attribute| attribute.name < name);
        let count = self.all[from..].partition_point(|attribute| attribute.name == name);
        &self.all[from..from + count]
    }
}

impl<'a> Attribute<'a> {
    fn read(attribute: &MessageAttribute<'a>) -> Self {
        let name = attribute.name;
        let AttributeValue::Text(text) = attribute.value else {
            return Self { name, values: Some(Vec::new()), is_text_array: false };
        };
        let (base_type, label) =
            attribute.data_type.split_once('.').unwrap_or((attribute.data_type, ""));
        let values = match (base_type, label) {
            // The second is not among the documented types, but in an example of filtering.
            ("String" | "Number", "Array") => array(text),
            ("Number", _) => Some(vec![Scalar::Number(Number::from_text(text))]),
            _ => Some(vec![Scalar::Text(escaped(Cow::Borrowed(text)))]),
        };
        Self { name, values, is_text_array: base_type == "String" && label == "Array" }
    }

    fn values(&self) -> &[Scalar<'a>] {
        self.values.as_deref().unwrap_or_default()
    }

    /// Developer guide, "String value matching": `anything-but` matches an array "if none of the
    /// array elements are listed"; and "Numeric value matching": "because it contains a value that
    /// isn't".
    fn is_matched_by(&self, pattern: &Pattern) -> bool {
        let mut values = self.values().iter();
        match pattern {
            Pattern::Exists(exists) => *exists,
            Pattern::AnythingBut(_) | Pattern::AnythingButTexts(_) if self.is_text_array => {
                values.len() > 0 && values.all(|value| pattern.matches(value))
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
