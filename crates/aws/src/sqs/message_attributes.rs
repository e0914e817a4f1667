//! The attributes that a sender gives a message.

use serde::Deserialize;
use serde::de::IgnoredAny;
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::limits;
use tidings_core::rejection::Rejection;

use super::{characters, digits};
use crate::json::{Blob, Map, Object};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::text::Text;

/// Attributes as given, by name.
pub(crate) type GivenAttributes<'a> = Map<'a, Object<GivenValue<'a>>>;

/// The structure `MessageAttributeValue`, which `MessageSystemAttributeValue` is alike.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct GivenValue<'a> {
    #[serde(borrow)]
    pub(crate) data_type: Option<Text<'a>>,
    pub(crate) string_value: Option<Text<'a>>,
    pub(crate) binary_value: Option<Blob>,
    string_list_values: Option<Vec<IgnoredAny>>,
    binary_list_values: Option<Vec<IgnoredAny>>,
}

impl<'a> GivenValue<'a> {
    /// Reads the attributes `name.N` of a form.
    pub(crate) fn all_from_query(
        fields: &Fields<'a>,
        name: &str,
    ) -> Result<GivenAttributes<'a>, WireError> {
        let read = |attribute: &Fields<'a>| {
            let name = attribute.text("Name").unwrap_or_default();
            Ok((name, Object(Self::from_query(attribute)?)))
        };
        fields.elements(name).iter().map(read).collect::<Result<_, _>>().map(Map)
    }

    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let binary_value = match fields.text("Value.BinaryValue") {
            Some(text) => Some(Blob::decode(&text).ok_or_else(|| {
                WireError::Serialization("BinaryValue must be in base64.".to_owned())
            })?),
            None => None,
        };
        let list = |name: &str| Some(vec![IgnoredAny; fields.elements(name).len()]);
        Ok(Self {
            data_type: fields.text("Value.DataType"),
            string_value: fields.text("Value.StringValue"),
            binary_value,
            string_list_values: list("Value.StringListValue"),
            binary_list_values: list("Value.BinaryListValue"),
        })
    }

    /// Lists are in the service's model, and reserved.
    pub(crate) fn check_no_lists(&self) -> Result<(), Rejection> {
        let some = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list| !list.is_empty());
        if some(&self.string_list_values) || some(&self.binary_list_values) {
            let text = "Message attribute list values in SendMessage operation are not supported.";
            return Err(Rejection::UnsupportedOperation(text.to_owned()));
        }
        Ok(())
    }

    /// Bytes that count against the message's size, if the value is taken.
    pub(crate) fn size(&self) -> usize {
        let text = |text: &Option<Text<'_>>| text.as_ref().map_or(0, |text| text.len());
        let binary = self.binary_value.as_ref().map_or(0, |blob| blob.0.len());
        text(&self.data_type) + text(&self.string_value) + binary
    }
}

/// An attribute that passed its checks.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) data_type: Text<'a>,
    pub(crate) value: Value<'a>,
}

/// The value of an attribute.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Text(Text<'a>),
    Binary(Vec<u8>),
}

impl Attribute<'_> {
    /// The attribute as the core knows it.
    pub(crate) fn borrow(&self) -> MessageAttribute<'_> {
        let value = match &self.value {
            Value::Text(text) => AttributeValue::Text(text),
            Value::Binary(binary) => AttributeValue::Binary(binary),
        };
        MessageAttribute { name: &self.name, data_type: &self.data_type, value }
    }
}

/// Checks a message's attributes. Developer guide, "Amazon SQS message metadata".
pub(crate) fn check(given: GivenAttributes<'_>) -> Result<Vec<Attribute<'_>>, Rejection> {
    let (count, max) = (given.0.len(), limits::MESSAGE_ATTRIBUTES_MAX);
    if count > max {
        let text =
            format!("Number of message attributes [{count}] exceeds the allowed maximum [{max}].");
        return Err(Rejection::InvalidParameterValue(text));
    }
    let mut checked: Vec<Attribute<'_>> = Vec::with_capacity(count);
    for (name, Object(value)) in given.0 {
        check_name(&name)?;
        if checked.iter().any(|attribute| attribute.name == name) {
            return Err(invalid(format!("Message (user) attribute '{}' is given twice.", &*name)));
        }
        checked.push(check_value(name, value)?);
    }
    Ok(checked)
}

/// The kinds of value; each the prefix of the types of its attributes.
#[derive(Copy, Clone)]
pub(crate) enum Kind {
    String,
    Number,
    Binary,
}

impl Kind {
    /// The kind of a type such as `Number.int`.
    pub(crate) fn of(data_type: &str) -> Option<Self> {
        let prefix = data_type.split_once('.').map_or(data_type, |(prefix, _)| prefix);
        match prefix {
            "String" => Some(Self::String),
            "Number" => Some(Self::Number),
            "Binary" => Some(Self::Binary),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Binary => "Binary",
        }
    }
}

fn check_value<'a>(name: Text<'a>, given: GivenValue<'a>) -> Result<Attribute<'a>, Rejection> {
    given.check_no_lists()?;
    let (kind, data_type) = check_type(&name, given.data_type)?;
    if given.string_value.is_some() && given.binary_value.is_some() {
        return Err(invalid(format!(
            "Message (user) attribute '{}' must have a single value.",
            &*name
        )));
    }
    let value = match kind {
        Kind::Binary => {
            given.binary_value.filter(|blob| !blob.0.is_empty()).map(|blob| Value::Binary(blob.0))
        }
        Kind::String | Kind::Number => {
            given.string_value.filter(|text| !text.is_empty()).map(Value::Text)
        }
    };
    let Some(value) = value else {
        return Err(invalid(format!(
            "Message (user) attribute '{}' must contain a non-empty value of type '{}'.",
            &*name,
            kind.name()
        )));
    };
    match (&value, kind) {
        (Value::Text(text), _) if !characters::are_valid(text) => Err(invalid_characters()),
        (Value::Text(text), Kind::Number) if !digits::is_number(text) => {
            Err(invalid(format!("Could not cast message attribute '{}' value to number.", &*name)))
        }
        _ => Ok(Attribute { name, data_type, value }),
    }
}

fn check_type<'a>(name: &str, given: Option<Text<'a>>) -> Result<(Kind, Text<'a>), Rejection> {
    let Some(data_type) = given.filter(|text| !text.is_empty()) else {
        return Err(invalid(format!(
            "The message (user) attribute '{name}' must contain a non-empty message attribute type."
        )));
    };
    if data_type.len() > limits::MESSAGE_ATTRIBUTE_TYPE_BYTES_MAX {
        return Err(invalid("Message (user) attribute types must be shorter than 256 Bytes"));
    }
    match Kind::of(&data_type).filter(|_| characters::are_valid(&data_type)) {
        Some(kind) => Ok((kind, data_type)),
        None => Err(invalid(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of \
             supported type prefixes is Binary, Number, and String."
        ))),
    }
}

/// The developer guide also forbids two periods in a row, which the live service takes.
fn check_name(name: &str) -> Result<(), Rejection> {
    if name.is_empty() {
        return Err(invalid("The request must contain non-empty message (user) attribute names."));
    }
    if name.chars().count() > limits::MESSAGE_ATTRIBUTE_NAME_CHARS_MAX {
        return Err(invalid("Message (user) attribute names must be shorter than 256 Bytes"));
    }
    if !name.chars().all(is_name_char) {
        return Err(invalid(
            "Message (user) attributes name can only contain upper and lower score characters, \
             digits, periods, hyphens and underscores.",
        ));
    }
    let begins_with = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if begins_with("aws.") || begins_with("amazon.") || name.starts_with('.') || name.ends_with('.')
    {
        return Err(invalid(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These \
             strings are reserved for internal use. Additionally, they cannot start or end with \
             '.'.",
        ));
    }
    Ok(())
}

/// Accented Latin letters are not documented; the live service takes them.
fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{c0}'..='\u{17f}')
}

/// Of an attribute, the live service says this with another code than of a body.
pub(crate) fn invalid_characters() -> Rejection {
    invalid(Rejection::InvalidMessageContents.to_string())
}

fn invalid(text: impl Into<String>) -> Rejection {
    Rejection::InvalidParameterValue(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::query::Form;

    #[derive(Deserialize)]
    struct Given<'a> {
        #[serde(borrow)]
        given: GivenAttributes<'a>,
    }

    fn check_json(given: &str) -> Result<Vec<(String, String, Vec<u8>)>, Rejection> {
        let body = format!("{{\"given\":{given}}}");
        let Given { given } = json::read(body.as_bytes()).unwrap();
        check(given).map(|attributes| attributes.iter().map(flat).collect())
    }

    fn flat(attribute: &Attribute<'_>) -> (String, String, Vec<u8>) {
        let a = attribute.borrow();
        (a.name.to_owned(), a.data_type.to_owned(), a.value.as_bytes().to_owned())
    }

    fn one(name: &str, data_type: &str, value: &str) -> String {
        let value = serde_json::to_string(value).unwrap();
        format!(r#"{{"{name}":{{"DataType":"{data_type}","StringValue":{value}}}}}"#)
    }

    #[test]
    fn attributes_are_taken_in_the_order_given() {
        let given = r#"{
            "b": {"DataType": "Binary.png", "BinaryValue": "AQID"},
            "a": {"DataType": "String.Array", "StringValue": "[1]", "StringListValues": []},
            "n": {"DataType": "Number", "StringValue": "-1.50", "BinaryValue": null}
        }"#;
        let form = "MessageAttribute.2.Name=a&MessageAttribute.2.Value.DataType=String.Array\
            &MessageAttribute.2.Value.StringValue=%5B1%5D&MessageAttribute.1.Name=b\
            &MessageAttribute.1.Value.DataType=Binary.png\
            &MessageAttribute.1.Value.BinaryValue=AQID&MessageAttribute.10.Name=n\
            &MessageAttribute.10.Value.DataType=Number&MessageAttribute.10.Value.StringValue=-1.50";
        let expected = vec![
            ("b".to_owned(), "Binary.png".to_owned(), vec![1, 2, 3]),
            ("a".to_owned(), "String.Array".to_owned(), b"[1]".to_vec()),
            ("n".to_owned(), "Number".to_owned(), b"-1.50".to_vec()),
        ];
        assert_eq!(check_json(given), Ok(expected.clone()));
        let form = Form::read(form.as_bytes(), "").unwrap();
        let given = GivenValue::all_from_query(&form.fields(), "MessageAttribute").unwrap();
        let checked: Vec<_> = check(given).unwrap().iter().map(flat).collect();
        assert_eq!(checked, expected);
    }

    #[test]
    fn ten_are_taken_and_not_eleven() {
        let many = |n: usize| {
            let each = |i: usize| format!(r#""a{i}":{{"DataType":"String","StringValue":"v"}}"#);
            format!("{{{}}}", (0..n).map(each).collect::<Vec<_>>().join(","))
        };
        assert_eq!(check_json(&many(10)).unwrap().len(), 10);
        let text = "Number of message attributes [11] exceeds the allowed maximum [10].";
        assert_eq!(check_json(&many(11)), Err(invalid(text)));
    }

    #[test]
    fn names_have_their_form() {
        for name in ["a", "a.b-c_9", "a..b", "attr.1øßä", "AWSome", "amazonian", &"n".repeat(256)]
        {
            assert!(check_json(&one(name, "String", "v")).is_ok(), "{name}");
        }
        let characters = "Message (user) attributes name can only contain upper and lower score \
                          characters, digits, periods, hyphens and underscores.";
        let reserved = "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. \
                        These strings are reserved for internal use. Additionally, they cannot \
                        start or end with '.'.";
        for (name, text) in [
            ("", "The request must contain non-empty message (user) attribute names."),
            ("a b", characters),
            ("a*", characters),
            ("大", characters),
            ("aws.a", reserved),
            ("AWS.a", reserved),
            ("Amazon.a", reserved),
            (".a", reserved),
            ("a.", reserved),
            (&"n".repeat(257), "Message (user) attribute names must be shorter than 256 Bytes"),
        ] {
            assert_eq!(check_json(&one(name, "String", "v")), Err(invalid(text)), "{name}");
        }
    }

    #[test]
    fn types_have_their_form() {
        let longest = format!("String.{}", "l".repeat(249));
        for data_type in ["String", "String.", "String.a label", "Number.int", &longest] {
            assert!(check_json(&one("a", data_type, "1")).is_ok(), "{data_type}");
        }
        let prefixes = "The message attribute 'a' has an invalid message attribute type, the set \
                        of supported type prefixes is Binary, Number, and String.";
        let no_type = "The message (user) attribute 'a' must contain a non-empty message attribute \
                       type.";
        for (data_type, text) in [
            ("", no_type),
            ("string", prefixes),
            ("StringList", prefixes),
            ("String\\u0000", prefixes),
            ("String.\\u0000", prefixes),
            (".String", prefixes),
            (
                &format!("{longest}l"),
                "Message (user) attribute types must be shorter than 256 Bytes",
            ),
        ] {
            assert_eq!(check_json(&one("a", data_type, "v")), Err(invalid(text)), "{data_type}");
        }
        assert_eq!(check_json(r#"{"a":{"StringValue":"v"}}"#), Err(invalid(no_type)));
    }

    #[test]
    fn values_fit_their_types() {
        let empty = |kind| {
            let text = format!(
                "Message (user) attribute 'a' must contain a non-empty value of type '{kind}'."
            );
            invalid(text)
        };
        let lists = Rejection::UnsupportedOperation(
            "Message attribute list values in SendMessage operation are not supported.".into(),
        );
        let single = invalid("Message (user) attribute 'a' must have a single value.");
        let number = invalid("Could not cast message attribute 'a' value to number.");
        for (value, expected) in [
            (r#"{"DataType":"String"}"#, empty("String")),
            (r#"{"DataType":"String.x","StringValue":""}"#, empty("String")),
            (r#"{"DataType":"String","BinaryValue":"AQID"}"#, empty("String")),
            (r#"{"DataType":"Number","StringValue":""}"#, empty("Number")),
            (r#"{"DataType":"Binary","StringValue":"v"}"#, empty("Binary")),
            (r#"{"DataType":"Binary.x","BinaryValue":""}"#, empty("Binary")),
            (r#"{"DataType":"Number","StringValue":"one"}"#, number.clone()),
            (r#"{"DataType":"Number.int","StringValue":"1e200"}"#, number),
            (r#"{"DataType":"String","StringValue":"\u0001"}"#, invalid_characters()),
            (r#"{"DataType":"String","StringValue":"v","BinaryValue":"AQID"}"#, single),
            (r#"{"DataType":"String","StringListValues":["v"]}"#, lists.clone()),
            (r#"{"DataType":"Binary","BinaryListValues":["AQID"]}"#, lists),
        ] {
            assert_eq!(check_json(&format!("{{\"a\":{value}}}")), Err(expected), "{value}");
        }
        let twice = r#"{"a":{"DataType":"String","StringValue":"v"},
                        "a":{"DataType":"String","StringValue":"v"}}"#;
        assert_eq!(check_json(twice), Err(invalid("Message (user) attribute 'a' is given twice.")));
    }

    #[test]
    fn lists_and_bad_base64_are_seen_in_forms() {
        let read = |form: &str| {
            let form = Form::read(form.as_bytes(), "").unwrap();
            GivenValue::all_from_query(&form.fields(), "M").map(|given| check(given).map(|_| ()))
        };
        let list = "M.1.Name=a&M.1.Value.DataType=String&M.1.Value.StringListValue.1=v";
        assert!(matches!(read(list), Ok(Err(Rejection::UnsupportedOperation(_)))));
        let base64 = "M.1.Name=a&M.1.Value.DataType=Binary&M.1.Value.BinaryValue=*";
        assert!(matches!(read(base64), Err(WireError::Serialization(_))));
        assert_eq!(
            read("M.1.Value.DataType=String&M.1.Value.StringValue=v"),
            Ok(Err(invalid("The request must contain non-empty message (user) attribute names.")))
        );
    }
}
