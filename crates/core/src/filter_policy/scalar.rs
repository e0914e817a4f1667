//! What patterns are compared with: texts, numbers, truth values and null.

use std::borrow::Cow;

use serde_json::Value;

use crate::limits;

/// A value in a policy or in a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    Truth(bool),
    Null,
}

/// A number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Number {
    /// Within [`limits::FILTER_POLICY_NUMBERS`]: in units of 0.00001, which is as exactly as
    /// numbers are compared. Developer guide, "Filter policy constraints".
    Comparable(i64),
    /// As it is written. Equal to itself only, and neither larger nor smaller than anything: the
    /// number of an account, for instance.
    Other(Box<str>),
}

const UNITS_PER_ONE: f64 = 1e5;

impl Number {
    pub(super) fn from_json(number: &serde_json::Number) -> Self {
        Self::of(number.as_f64(), || number.to_string())
    }

    /// The value of a `Number` attribute. What cannot be read is a number unlike all others.
    pub(super) fn from_text(text: &str) -> Self {
        Self::of(text.trim().parse().ok(), || text.to_owned())
    }

    fn of(number: Option<f64>, text: impl FnOnce() -> String) -> Self {
        match number.filter(|number| limits::FILTER_POLICY_NUMBERS.contains(number)) {
            // Within 10^14 units, so nothing is cut off.
            Some(number) => Self::Comparable((number * UNITS_PER_ONE).round() as i64),
            None => Self::Other(text().into()),
        }
    }
}

impl<'a> Scalar<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// `None` if it is an array or an object.
    pub(super) fn from_json(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(truth) => Some(Self::Truth(*truth)),
            Value::Number(number) => Some(Self::Number(Number::from_json(number))),
            Value::String(text) => Some(Self::text(text.as_str())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Scalar::Number(number),
            Self::Truth(truth) => Scalar::Truth(truth),
            Self::Null => Scalar::Null,
        }
    }
}
