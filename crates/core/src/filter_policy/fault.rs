//! What is wrong with a filter policy, in the service's words.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use crate::limits;

/// Why a filter policy, or its scope, is refused. All of it is SNS's `InvalidParameter`.
///
/// The text is the service's, as recorded where not said otherwise. The service puts `Invalid
/// parameter: ` before it in SetSubscriptionAttributes, and `Invalid parameter: Attributes Reason: `
/// in Subscribe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FilterPolicyFault {
    /// The scope is neither `MessageAttributes` nor `MessageBody`. As it was given.
    Scope(String),
    /// More than [`limits::FILTER_POLICY_BYTES_MAX`]. The service's words for it are not known.
    TooLarge,
    /// No JSON. The service's parser is another, and so are its words after the first sentence.
    NotJson(String),
    /// JSON, but no policy: why, and where in the policy.
    Malformed(String),
    /// Nested keys in a policy for attributes.
    Nested,
    /// More than [`limits::FILTER_POLICY_KEYS_MAX`].
    TooManyKeys,
    /// More than [`limits::FILTER_POLICY_COMBINATIONS_MAX`]; or
    /// [`limits::FILTER_POLICY_WILDCARD_POINTS_MAX`], for which the service's words are not known.
    TooComplex,
}

impl Display for FilterPolicyFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(given) => write!(
                f,
                "FilterPolicyScope: Invalid value [{given}]. Please use either MessageBody or \
                 MessageAttributes"
            ),
            Self::TooLarge => f.write_str("FilterPolicy: Filter policy is too large"),
            Self::NotJson(detail) => write!(f, "FilterPolicy: failed to parse JSON. {detail}"),
            Self::Malformed(reason) => write!(f, "FilterPolicy: {reason}"),
            // The only one about a policy that does not begin with its name.
            Self::Nested => f.write_str(
                "Filter policy scope MessageAttributes does not support nested filter policy",
            ),
            Self::TooManyKeys => write!(
                f,
                "FilterPolicy: Filter policy can not have more than {} keys",
                limits::FILTER_POLICY_KEYS_MAX
            ),
            Self::TooComplex => f.write_str("FilterPolicy: Filter policy is too complex"),
        }
    }
}

impl Error for FilterPolicyFault {}

/// What does not fit in a policy, and where the service's parser stands when it says so.
#[derive(Debug)]
pub(super) struct Misfit<'v> {
    reason: String,
    place: Place<'v>,
}

/// Where a parser stands that takes texts apart only when they are asked for.
#[derive(Copy, Clone, Debug)]
enum Place<'v> {
    /// Behind the first token of a value: a bracket, a text's quotation mark, a whole number or
    /// word.
    Start(&'v Value),
    /// Behind the whole value.
    End(&'v Value),
    /// The service does not say.
    Unknown,
}

impl<'v> Misfit<'v> {
    pub(super) fn at_start(value: &'v Value, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: Place::Start(value) }
    }

    pub(super) fn at_end(value: &'v Value, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: Place::End(value) }
    }

    pub(super) fn somewhere(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: Place::Unknown }
    }
}

/// The fault that a misfit in a policy is. The service reads a policy, writes it without space and
/// reads it again; places are in what it wrote.
pub(super) fn malformed(policy: &Value, misfit: &Misfit<'_>) -> FilterPolicyFault {
    let mut column = 1;
    FilterPolicyFault::Malformed(match find(policy, misfit.place, &mut column) {
        Some(column) => format!(
            "{}\n at [Source: (String){}; line: 1, column: {column}]",
            misfit.reason,
            excerpt(&policy.to_string())
        ),
        None => misfit.reason.clone(),
    })
}

/// The column of the place, in `value` or below; `column` is where the value begins, and moves
/// behind it.
fn find(value: &Value, place: Place<'_>, column: &mut usize) -> Option<usize> {
    let is = |wanted: &Value| std::ptr::eq(wanted, value);
    let opening = match value {
        Value::Array(_) | Value::Object(_) | Value::String(_) => 1,
        word => width(&word.to_string()),
    };
    if let Place::Start(wanted) = place
        && is(wanted)
    {
        return Some(*column + opening);
    }
    let found = match value {
        Value::Array(elements) => {
            find_within(elements.iter().map(|element| (0, element)), place, column)
        }
        Value::Object(members) => find_within(
            members.iter().map(|(key, member)| (written_width(key) + 1, member)),
            place,
            column,
        ),
        Value::String(text) => {
            *column += written_width(text);
            None
        }
        _ => {
            *column += opening;
            None
        }
    };
    match place {
        Place::End(wanted) if is(wanted) => Some(*column),
        _ => found,
    }
}

/// The same for the values in brackets, each with the width of what stands before it.
fn find_within<'v>(
    values: impl Iterator<Item = (usize, &'v Value)>,
    place: Place<'_>,
    column: &mut usize,
) -> Option<usize> {
    *column += 1;
    for (index, (before, value)) in values.enumerate() {
        *column += usize::from(index > 0) + before;
        let found = find(value, place, column);
        if found.is_some() {
            return found;
        }
    }
    *column += 1;
    None
}

/// The width of a text written as JSON.
fn written_width(text: &str) -> usize {
    width(&Value::from(text).to_string())
}

/// In the units of the service's language, UTF-16.
fn width(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The policy as the service quotes it: no more than its beginning.
fn excerpt(policy: &str) -> String {
    const CHARS_MAX: usize = 500;
    match policy.char_indices().nth(CHARS_MAX) {
        None => format!("\"{policy}\""),
        Some((end, _)) => {
            let left = policy[end..].chars().count();
            format!("\"{}\"[truncated {left} chars]", &policy[..end])
        }
    }
}
