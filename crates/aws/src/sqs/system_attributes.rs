//! The system attributes that a sender gives a message. There is one: AWSTraceHeader.

use tidings_core::attributes::{AttributeValue, MessageAttribute, attributes_md5};
use tidings_core::rejection::Rejection;

use super::characters;
use super::message_attributes::{GivenAttributes, invalid_characters};
use crate::json::Object;
use crate::text::Text;

/// Bytes of a trace header. A bound of ours, as system attributes do not count against the size of
/// a message; headers of AWS X-Ray are about a hundred bytes long.
const TRACE_HEADER_BYTES_MAX: usize = 1024;

const TRACE_HEADER: &str = "AWSTraceHeader";

/// The trace header of a message.
#[derive(Debug, Default)]
pub(crate) struct TraceHeader<'a> {
    pub(crate) value: Option<Text<'a>>,
    /// `MD5OfMessageSystemAttributes`: only if the request's body gave the header.
    pub(crate) md5: Option<[u8; 16]>,
}

impl<'a> TraceHeader<'a> {
    /// The header that the request itself came with, `X-Amzn-Trace-Id`. Proxies add it and the
    /// sender may not know: what cannot be kept is dropped.
    pub(crate) fn of_http(header: Option<&'a str>) -> Self {
        let fits = |text: &&str| {
            (1..=TRACE_HEADER_BYTES_MAX).contains(&text.len()) && characters::are_valid(text)
        };
        Self { value: header.filter(fits).map(Text::borrowed), md5: None }
    }

    /// Checks MessageSystemAttributes; without one, the request's own header counts. The live
    /// service does not look into the header, though it is documented to be one of AWS X-Ray.
    pub(crate) fn check(
        given: GivenAttributes<'a>,
        http_header: Option<&'a str>,
    ) -> Result<Self, Rejection> {
        let mut found = None;
        for (name, Object(value)) in given.0 {
            value.check_no_lists()?;
            if &*name != TRACE_HEADER {
                return Err(invalid(format!(
                    "Message system attribute name '{}' is invalid.",
                    &*name
                )));
            }
            if value.data_type.as_deref() != Some("String") {
                return Err(invalid(
                    "The type of message system attribute 'AWSTraceHeader' is invalid. You must \
                     use only the following supported type prefixes: String.",
                ));
            }
            found = Some(check_value(value.string_value)?);
        }
        let Some(value) = found else { return Ok(Self::of_http(http_header)) };
        let attribute = MessageAttribute {
            name: TRACE_HEADER,
            data_type: "String",
            value: AttributeValue::Text(&value),
        };
        let md5 = attributes_md5(&[attribute]);
        Ok(Self { value: Some(value), md5 })
    }
}

fn check_value(value: Option<Text<'_>>) -> Result<Text<'_>, Rejection> {
    let Some(value) = value.filter(|text| !text.is_empty()) else {
        return Err(invalid(
            "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type \
             'String'.",
        ));
    };
    if !characters::are_valid(&value) {
        return Err(invalid_characters());
    }
    if value.len() > TRACE_HEADER_BYTES_MAX {
        return Err(invalid(format!(
            "Message system attribute 'AWSTraceHeader' cannot be longer than \
             {TRACE_HEADER_BYTES_MAX} bytes."
        )));
    }
    Ok(value)
}

fn invalid(text: impl Into<String>) -> Rejection {
    Rejection::InvalidParameterValue(text.into())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::json;

    #[derive(Deserialize)]
    struct Given<'a> {
        #[serde(borrow)]
        given: GivenAttributes<'a>,
    }

    fn check(given: &str, http: Option<&str>) -> Result<(Option<String>, String), Rejection> {
        let body = format!("{{\"given\":{given}}}");
        let Given { given } = json::read(body.as_bytes()).unwrap();
        let header = TraceHeader::check(given, http)?;
        let md5 = header.md5.iter().flatten().map(|b| format!("{b:02x}")).collect();
        Ok((header.value.map(Text::into_string), md5))
    }

    #[test]
    fn a_trace_header_is_taken_with_its_digest() {
        let given = r#"{"AWSTraceHeader":{"DataType":"String","StringValue":"some-trace-id"}}"#;
        let expected =
            (Some("some-trace-id".to_owned()), "fdce4f2818803f2f73becc09a54792c0".to_owned());
        assert_eq!(check(given, None), Ok(expected.clone()));
        assert_eq!(check(given, Some("Root=1")), Ok(expected));
    }

    #[test]
    fn the_header_of_the_request_stands_in() {
        assert_eq!(check("{}", Some("Root=1")), Ok((Some("Root=1".to_owned()), String::new())));
        let long = "x".repeat(1025);
        for dropped in [None, Some(""), Some("\u{1}"), Some(&*long)] {
            assert_eq!(check("{}", dropped), Ok((None, String::new())), "{dropped:?}");
        }
    }

    #[test]
    fn other_system_attributes_are_refused() {
        let of_type = "The type of message system attribute 'AWSTraceHeader' is invalid. You must \
                       use only the following supported type prefixes: String.";
        let empty = "Message system attribute 'AWSTraceHeader' must contain a non-empty value of \
                     type 'String'.";
        let long = format!(r#"{{"DataType":"String","StringValue":"{}"}}"#, "x".repeat(1025));
        for (name, value, text) in [
            (
                "Hello",
                r#"{"DataType":"String","StringValue":"World"}"#,
                "Message system attribute name 'Hello' is invalid.",
            ),
            ("AWSTraceHeader", r#"{"StringValue":"x"}"#, of_type),
            ("AWSTraceHeader", r#"{"DataType":"Binary","BinaryValue":"AQID"}"#, of_type),
            ("AWSTraceHeader", r#"{"DataType":"String"}"#, empty),
            ("AWSTraceHeader", r#"{"DataType":"String","StringValue":""}"#, empty),
            (
                "AWSTraceHeader",
                &long,
                "Message system attribute 'AWSTraceHeader' cannot be longer than 1024 bytes.",
            ),
        ] {
            let given = format!("{{\"{name}\":{value}}}");
            assert_eq!(check(&given, None), Err(invalid(text)), "{given}");
        }
        let bad = r#"{"AWSTraceHeader":{"DataType":"String","StringValue":"\u0001"}}"#;
        assert_eq!(check(bad, None), Err(invalid_characters()));
    }
}
