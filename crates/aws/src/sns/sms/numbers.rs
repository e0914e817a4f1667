//! Phone numbers in requests, and pages of them.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::limits;
use tidings_core::phone_number::PhoneNumber;
use tidings_core::rejection::TopicRejection;

use crate::query::Fields;
use crate::refusal::Refusal;

/// A number with its country, or a short code: digits with or without a `+`.
pub(super) fn phone_number(text: &str) -> Result<PhoneNumber, TopicRejection> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let number = PhoneNumber::parse(text).filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    number
        .ok_or_else(|| TopicRejection::parameter("PhoneNumber Reason: input incorrectly formatted"))
}

/// The number of a sandbox: `^(\+[0-9]{8,}|[0-9]{0,9})$`, of 20 characters at most. API reference of
/// SNS, CreateSMSSandboxPhoneNumber.
pub(super) fn sandbox_number(text: &str) -> Result<PhoneNumber, TopicRejection> {
    let has_form = match text.strip_prefix('+') {
        Some(digits) => digits.len() >= 8,
        None => text.len() <= 9,
    };
    let fits = has_form && text.len() <= limits::SMS_SANDBOX_NUMBER_CHARACTERS_MAX;
    phone_number(if fits { text } else { "" })
}

/// The number that the last page ended with. A token is that, in base64 so that nobody makes up their
/// own.
pub(super) fn number_before(
    fields: &Fields<'_>,
    parameter: &str,
) -> Result<Option<String>, TopicRejection> {
    let token = fields.text(parameter).filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(None) };
    let text = STANDARD.decode(token.as_str()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let is_number =
        |text: &String| PhoneNumber::parse(text).is_some_and(|number| number.to_string() == *text);
    let number = text.filter(is_number);
    number.map(Some).ok_or_else(|| TopicRejection::parameter("NextToken"))
}

pub(super) fn number_token(last: &str) -> String {
    STANDARD.encode(last)
}

/// `MaxResults`; the most that there may be, if it is not given.
pub(super) fn max_results(
    fields: &Fields<'_>,
    range: &RangeInclusive<u32>,
) -> Result<usize, Refusal> {
    let Some(given) = fields.integer("MaxResults")? else {
        return Ok(*range.end() as usize);
    };
    if let Some(max) = u32::try_from(given).ok().filter(|max| range.contains(max)) {
        return Ok(max as usize);
    }
    let (than, bound) = match given < i64::from(*range.start()) {
        true => ("greater", range.start()),
        false => ("less", range.end()),
    };
    Err(TopicRejection::Validation(format!(
        "1 validation error detected: Value '{given}' at 'maxResults' failed to satisfy constraint: \
         Member must have value {than} than or equal to {bound}"
    ))
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Form;

    #[test]
    fn numbers_have_digits_and_nothing_between() {
        for (text, number) in [
            ("+15550100123", Some("+15550100123")),
            ("15550100123", Some("+15550100123")),
            ("72000", Some("72000")),
            ("+1 555 0100", None),
            ("+1-555-0100", None),
            ("+0555010012", None),
            ("+1234567890123456", None),
            ("++15550100", None),
            ("", None),
            ("phone", None),
        ] {
            let found = phone_number(text).ok().map(|number| number.to_string());
            assert_eq!(found.as_deref(), number, "{text}");
        }
        assert!(sandbox_number("+15550100123").is_ok() && sandbox_number("555010012").is_ok());
        for text in ["+1555010", "15550100123", "+123456789012345678901", ""] {
            assert!(sandbox_number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pages_have_bounds_and_tokens() {
        let form = |text: &str| {
            let form = Form::read(text.as_bytes(), "").unwrap();
            let (fields, range) = (form.fields(), 1..=30);
            (number_before(&fields, "NextToken"), max_results(&fields, &range))
        };
        assert_eq!(form(""), (Ok(None), Ok(30)));
        let token = number_token("+15550100123");
        let (before, max) = form(&format!("NextToken={token}&MaxResults=7"));
        assert_eq!((before, max), (Ok(Some("+15550100123".into())), Ok(7)));
        for token in ["x", "K2E%3D", "MTU1NTAxMDAxMjM%3D"] {
            let refused = Err(TopicRejection::parameter("NextToken"));
            assert_eq!(form(&format!("NextToken={token}")).0, refused, "{token}");
        }
        for (given, text) in [
            (
                "0",
                "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value \
                   greater than or equal to 1",
            ),
            (
                "31",
                "Value '31' at 'maxResults' failed to satisfy constraint: Member must have value \
                    less than or equal to 30",
            ),
        ] {
            let expected =
                TopicRejection::Validation(format!("1 validation error detected: {text}"));
            assert_eq!(form(&format!("MaxResults={given}")).1, Err(expected.into()));
        }
        assert!(form("MaxResults=many").1.is_err());
    }
}
