//! From a value in a policy to the pattern that it is.
//!
//! The order of checks is the service's, so that of several mistakes the same one is reported.

use std::ops::Bound;

use serde_json::{Map, Value};

use super::cidr::Cidr;
use super::fault::Misfit;
use super::pattern::{Pattern, TextPattern};
use super::scalar::{Number, Scalar};
use super::wildcard::Wildcard;

const ONE_KEY_ONLY: &str = "Only one key allowed in match expression";
const TOO_MANY_ELEMENTS: &str = "Too many elements in numeric expression";
const MIXED_LIST: &str = "Inside anything but list, either all values are number or string, mixed \
                          type is not supported";

/// One of the values listed for a key.
pub(super) fn pattern(value: &Value) -> Result<Pattern, Misfit<'_>> {
    match (value, Scalar::from_json(value)) {
        (_, Some(scalar)) => Ok(Pattern::exactly(scalar)),
        (Value::Object(members), None) => expression(value, members),
        _ => {
            Err(Misfit::at_start(value, "Match value must be String, number, true, false, or null"))
        }
    }
}

fn expression<'v>(
    value: &'v Value,
    members: &'v Map<String, Value>,
) -> Result<Pattern, Misfit<'v>> {
    let mut members = members.iter();
    let Some((operator, operand)) = members.next() else {
        return Err(Misfit::at_end(value, "Match expression name not found"));
    };
    let (pattern, if_more) = match operator.as_str() {
        "exists" => (exists(operand)?, ONE_KEY_ONLY),
        "cidr" => (cidr(operand)?, ONE_KEY_ONLY),
        // Also said where nothing is numeric.
        "anything-but" => (anything_but(operand)?, TOO_MANY_ELEMENTS),
        "numeric" => (numeric(operand)?, TOO_MANY_ELEMENTS),
        operator => match text_operator(operator) {
            Some(parse) => (Pattern::Text(text(operator, parse, operand)?), ONE_KEY_ONLY),
            None => {
                let reason = format!("Unrecognized match type {operator}");
                return Err(Misfit::at_start(operand, reason));
            }
        },
    };
    match members.next() {
        None => Ok(pattern),
        Some((_, second)) => Err(Misfit::at_start(second, if_more)),
    }
}

fn exists(operand: &Value) -> Result<Pattern, Misfit<'_>> {
    operand.as_bool().map(Pattern::Exists).ok_or_else(|| {
        Misfit::at_start(operand, "exists match pattern must be either true or false.")
    })
}

fn cidr(operand: &Value) -> Result<Pattern, Misfit<'_>> {
    match operand {
        // The service does not say where.
        Value::String(text) => Cidr::parse(text)
            .map(|block| Pattern::Within(Box::new(block)))
            .map_err(Misfit::somewhere),
        // It does say "prefix".
        _ => Err(Misfit::at_start(operand, "prefix match pattern must be a string")),
    }
}

type ParseText = fn(&str) -> Result<TextPattern, String>;

/// How the operand of an operator on texts is read.
fn text_operator(name: &str) -> Option<ParseText> {
    Some(match name {
        "prefix" => |text| Ok(TextPattern::Prefix(text.into())),
        "suffix" => |text| Ok(TextPattern::Suffix(text.into())),
        "equals-ignore-case" => |text| Ok(TextPattern::IgnoringCase(text.to_lowercase().into())),
        "wildcard" => |text| Ok(TextPattern::Wildcard(Box::new(Wildcard::parse(text)?))),
        _ => return None,
    })
}

fn text<'v>(
    operator: &str,
    parse: ParseText,
    operand: &'v Value,
) -> Result<TextPattern, Misfit<'v>> {
    match operand {
        Value::String(text) => parse(text).map_err(|reason| Misfit::at_end(operand, reason)),
        _ => Err(Misfit::at_start(operand, format!("{operator} match pattern must be a string"))),
    }
}

fn anything_but(operand: &Value) -> Result<Pattern, Misfit<'_>> {
    match operand {
        Value::String(_) | Value::Number(_) => {
            Ok(Pattern::AnythingBut([excluded(operand)?].into()))
        }
        Value::Array(list) => anything_but_list(operand, list),
        Value::Object(members) => anything_but_texts(operand, members),
        _ => Err(Misfit::at_start(
            operand,
            "Value of anything-but must be an array or single string/number value.",
        )),
    }
}

fn anything_but_list<'v>(operand: &'v Value, list: &'v [Value]) -> Result<Pattern, Misfit<'v>> {
    let values: Vec<_> = list.iter().map(excluded).collect::<Result<_, _>>()?;
    let texts = values.iter().filter(|value| matches!(value, Scalar::Text(_))).count();
    if values.is_empty() || (texts > 0 && texts < values.len()) {
        return Err(Misfit::at_end(operand, MIXED_LIST));
    }
    Ok(Pattern::AnythingBut(values.into()))
}

fn excluded(value: &Value) -> Result<Scalar<'static>, Misfit<'_>> {
    match value {
        Value::String(text) => Ok(Scalar::text(text.clone())),
        Value::Number(number) => match Number::from_json(number) {
            number @ Number::Comparable(_) => Ok(Scalar::Number(number)),
            Number::Other(_) => Err(Misfit::at_start(value, out_of_range())),
        },
        _ => Err(Misfit::at_start(
            value,
            "Inside anything but list, start|null|boolean is not supported.",
        )),
    }
}

/// `anything-but` of an operator on texts, with one operand or a list. `prefix` and `wildcard` are
/// documented. `suffix` was seen refused in 2024, and is with `equals-ignore-case` what the
/// matcher of the service's vendor accepts by now.
fn anything_but_texts<'v>(
    value: &'v Value,
    members: &'v Map<String, Value>,
) -> Result<Pattern, Misfit<'v>> {
    let mut members = members.iter();
    let Some((operator, operand)) = members.next() else {
        return Err(Misfit::at_end(value, "Anything-But expression name not found"));
    };
    let Some(parse) = text_operator(operator) else {
        let reason = format!("Unsupported anything-but pattern: {operator}");
        return Err(Misfit::at_start(operand, reason));
    };
    let operands = match operand {
        Value::Array(list) if list.is_empty() => {
            return Err(Misfit::at_end(operand, "Empty arrays are not allowed"));
        }
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    let excluded = |operand: &'v Value| match text(operator, parse, operand)? {
        TextPattern::Prefix(text) | TextPattern::Suffix(text) if text.is_empty() => {
            Err(Misfit::at_end(operand, "Null prefix/suffix not allowed"))
        }
        pattern => Ok(pattern),
    };
    let patterns = operands.iter().map(excluded).collect::<Result<_, _>>()?;
    match members.next() {
        None => Ok(Pattern::AnythingButTexts(patterns)),
        Some((_, second)) => Err(Misfit::at_start(second, TOO_MANY_ELEMENTS)),
    }
}

/// `["=", n]`, a bound such as `["<", n]`, or a lower and then an upper bound.
fn numeric(operand: &Value) -> Result<Pattern, Misfit<'_>> {
    let Value::Array(terms) = operand else {
        return Err(Misfit::at_start(operand, "Value of numeric must be an array."));
    };
    let (operator, terms) = match terms.split_first() {
        Some((Value::String(operator), terms)) => (operator.as_str(), terms),
        Some((other, _)) => {
            let reason = format!("Invalid member in numeric match: {}", token(other));
            return Err(Misfit::at_start(other, reason));
        }
        None => return Err(Misfit::at_end(operand, "Invalid member in numeric match: ]")),
    };
    if !matches!(operator, "=" | "<" | "<=" | ">" | ">=") {
        let reason = format!("Unrecognized numeric range operator: {operator}");
        return Err(at_first(terms, operand, reason));
    }
    let (number, terms) = number(operator, terms, operand)?;
    let (from, to) = match (operator, terms) {
        (">" | ">=", []) => (bound(operator, number, operand)?, Bound::Unbounded),
        (">" | ">=", [term, terms @ ..]) => {
            let (operator_to, number_to) = upper_bound(term, terms, operand)?;
            let range =
                (bound(operator, number, operand)?, bound(operator_to, number_to, operand)?);
            if !rises(range) {
                return Err(Misfit::at_end(operand, "Bottom must be less than top"));
            }
            range
        }
        (_, [more, ..]) => return Err(Misfit::at_start(more, TOO_MANY_ELEMENTS)),
        ("=", []) => {
            let bound = bound(operator, number, operand)?;
            (bound, bound)
        }
        (_, []) => (Bound::Unbounded, bound(operator, number, operand)?),
    };
    Ok(Pattern::Numeric { from: first(from), to: last(to) })
}

/// The least number within a lower bound.
fn first(from: Bound<i64>) -> i64 {
    match from {
        Bound::Included(from) => from,
        Bound::Excluded(from) => from + 1,
        Bound::Unbounded => i64::MIN,
    }
}

/// The greatest number within an upper bound.
fn last(to: Bound<i64>) -> i64 {
    match to {
        Bound::Included(to) => to,
        Bound::Excluded(to) => to - 1,
        Bound::Unbounded => i64::MAX,
    }
}

/// The second half of a range: its operator and number.
fn upper_bound<'v>(
    term: &'v Value,
    terms: &'v [Value],
    operand: &'v Value,
) -> Result<(&'v str, Number), Misfit<'v>> {
    let Value::String(operator) = term else {
        let reason = format!("Bad value in numeric range: {}", token(term));
        return Err(Misfit::at_start(term, reason));
    };
    if !matches!(operator.as_str(), "<" | "<=") {
        return Err(Misfit::at_end(term, format!("Bad numeric range operator: {operator}")));
    }
    match number(operator, terms, operand)? {
        (number, []) => Ok((operator, number)),
        (_, [more, ..]) => {
            Err(Misfit::at_start(more, "Too many terms in numeric range expression"))
        }
    }
}

/// The number that follows an operator, and the terms after it.
fn number<'v>(
    operator: &str,
    terms: &'v [Value],
    operand: &'v Value,
) -> Result<(Number, &'v [Value]), Misfit<'v>> {
    match terms.split_first() {
        Some((Value::Number(number), terms)) => Ok((Number::from_json(number), terms)),
        _ => {
            let operator = if operator == "=" { "equals" } else { operator };
            Err(at_first(terms, operand, format!("Value of {operator} must be numeric")))
        }
    }
}

fn bound<'v>(operator: &str, number: Number, operand: &'v Value) -> Result<Bound<i64>, Misfit<'v>> {
    match number {
        Number::Comparable(number) if operator.ends_with('=') => Ok(Bound::Included(number)),
        Number::Comparable(number) => Ok(Bound::Excluded(number)),
        Number::Other(_) => Err(Misfit::at_end(operand, out_of_range())),
    }
}

/// Whether the upper bound is above the lower, whatever they include.
fn rises(range: (Bound<i64>, Bound<i64>)) -> bool {
    match range {
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(to) | Bound::Excluded(to),
        ) => from < to,
        _ => true,
    }
}

/// Where the service stands when it has read one term more: at that, or at the array's end.
fn at_first<'v>(terms: &'v [Value], operand: &'v Value, reason: String) -> Misfit<'v> {
    match terms.first() {
        Some(next) => Misfit::at_start(next, reason),
        None => Misfit::at_end(operand, reason),
    }
}

/// A value as the service's parser quotes it: its first token.
fn token(value: &Value) -> String {
    match value {
        Value::Array(_) => "[".to_owned(),
        Value::Object(_) => "{".to_owned(),
        Value::String(text) => text.clone(),
        word => word.to_string(),
    }
}

/// The words of the vendor's matcher, with the documented bounds; not seen from the service.
fn out_of_range() -> &'static str {
    "Value must be between -1.0E9 and 1.0E9, inclusive"
}
