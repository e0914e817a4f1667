//! Conditions of a statement. IAM user guide, "IAM JSON policy elements: Condition operators" and
//! "Conditions with multiple context keys or values".

mod operator;
mod scalar;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod values;

use std::net::IpAddr;

use crate::context::{Context, ContextValue};

pub(crate) use operator::{Operator, Quantifier};
use scalar::Scalar;
pub(crate) use scalar::single_text;
pub(crate) use values::{Values, Writing, templates};

/// One key under one operator.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    /// In lower case.
    pub(crate) key: Box<str>,
    /// Operator and key as the document has them.
    pub(crate) written: (Box<str>, Box<str>),
    pub(crate) values: Values,
}

impl Condition {
    /// Whether the request meets it.
    ///
    /// An absent key meets negated operators and those with `IfExists` and `ForAllValues`, and no
    /// others; `ForAnyValue` asks for a value even if negated.
    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        let value = context.value(&self.key).filter(|value| !is_empty(value));
        if let Values::Null(wanted) = &self.values {
            return wanted.contains(&value.is_none());
        }
        let Operator { negated, if_exists, quantifier } = self.operator;
        let Some(value) = value else {
            return if_exists
                || match quantifier {
                    Quantifier::One => negated,
                    Quantifier::All => true,
                    Quantifier::Any => false,
                };
        };
        let fits = |scalar: &Scalar<'_>| self.values.have(scalar, context);
        match quantifier {
            Quantifier::One => any(&value, fits) != negated,
            Quantifier::All => !any(&value, |scalar| fits(scalar) == negated),
            Quantifier::Any => any(&value, |scalar| fits(scalar) != negated),
        }
    }
}

fn is_empty(value: &ContextValue<'_>) -> bool {
    matches!(value, ContextValue::Many(texts) if texts.is_empty())
}

/// Whether one of the key's values is such.
fn any(value: &ContextValue<'_>, is: impl Fn(&Scalar<'_>) -> bool) -> bool {
    match value {
        ContextValue::Text(text) => is(&Scalar::Text(text)),
        ContextValue::Bool(bool) => is(&Scalar::Bool(*bool)),
        ContextValue::Number(number) => is(&Scalar::Number(*number)),
        ContextValue::Instant(instant) => is(&Scalar::Instant(*instant)),
        ContextValue::Address(address) => is(&Scalar::Address(canonical(*address))),
        ContextValue::Many(texts) => texts.iter().any(|text| is(&Scalar::Text(text))),
    }
}

/// `::ffff:192.0.2.1` is an IPv4 address that came through a socket of IPv6.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
