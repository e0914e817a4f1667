//! The attributes that a publisher gives a message. The rules are alike those of queues, but not
//! the same, and the texts are others.

use tidings_core::limits;
use tidings_core::rejection::TopicRejection;

use super::checks::Required;
use crate::json::Object;
use crate::query::Fields;
use crate::refusal::WireError;
use crate::sqs::digits;
use crate::sqs::message_attributes::{Attribute, GivenAttributes, GivenValue, Kind, Value};
use crate::text::Text;

/// Reads the map `MessageAttributes`.
pub(crate) fn read<'a>(fields: &Fields<'a>) -> Result<GivenAttributes<'a>, WireError> {
    GivenValue::all_from_query(fields, "MessageAttributes.entry")
}

/// Checks a message's attributes. Any number of them is taken.
///
/// # Errors
/// ParameterValueInvalid if one does not have its form, ValidationError if it has no type.
pub(crate) fn check(given: GivenAttributes<'_>) -> Result<Vec<Attribute<'_>>, TopicRejection> {
    let mut checked: Vec<Attribute<'_>> = Vec::with_capacity(given.0.len());
    for (name, Object(value)) in given.0 {
        check_name(&name)?;
        if checked.iter().any(|attribute| attribute.name == name) {
            return Err(invalid(format!("The message attribute '{}' is given twice.", &*name)));
        }
        checked.push(check_value(name, value)?);
    }
    Ok(checked)
}

fn check_name(name: &str) -> Result<(), TopicRejection> {
    if name.is_empty() {
        return Err(invalid("The request must contain non-empty message attribute names."));
    }
    if name.len() > limits::MESSAGE_ATTRIBUTE_NAME_CHARS_MAX {
        return Err(invalid("Length of message attribute name must be less than 256 bytes."));
    }
    let is_name_char = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if let Some(other) = name.chars().find(|c| !is_name_char(c)) {
        return Err(invalid(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. \
             Can only include alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(other)
        )));
    }
    for (is_there, place) in [(name.starts_with('.'), "starting"), (name.ends_with('.'), "ending")]
    {
        if is_there {
            return Err(invalid(format!(
                "Invalid message attribute name {place} with character '.' was found."
            )));
        }
    }
    if name.contains("..") {
        return Err(invalid("Message attribute name can not have successive '.' character."));
    }
    Ok(())
}

fn check_value<'a>(name: Text<'a>, given: GivenValue<'a>) -> Result<Attribute<'a>, TopicRejection> {
    let Some(data_type) = given.data_type else {
        let mut required = Required::default();
        required.note(&format!("messageAttributes.{}.member.dataType", &*name));
        return Err(required.check().expect_err("a member that is missing has been noted"));
    };
    let Some(kind) = Kind::of(&data_type).filter(|_| is_type(&data_type)) else {
        return Err(invalid(format!(
            "The message attribute '{}' has an invalid message attribute type, the set of \
             supported type prefixes is Binary, Number, and String.",
            &*name
        )));
    };
    let empty = || {
        invalid(format!(
            "The message attribute '{}' must contain non-empty message attribute value for message \
             attribute type '{}'.",
            &*name, &*data_type
        ))
    };
    let has_value = given.string_value.is_some() || given.binary_value.is_some();
    let (value, field) = match kind {
        Kind::Binary => (given.binary_value.map(|blob| Value::Binary(blob.0)), "Binary"),
        Kind::String | Kind::Number => (given.string_value.map(Value::Text), "String"),
    };
    let Some(value) = value else {
        return Err(if has_value {
            invalid(format!(
                "The message attribute '{}' with type '{}' must use field '{field}'.",
                &*name, &*data_type
            ))
        } else {
            empty()
        });
    };
    match &value {
        Value::Text(text) if text.is_empty() => Err(empty()),
        Value::Binary(bytes) if bytes.is_empty() => Err(empty()),
        Value::Text(text) if matches!(kind, Kind::Number) && !digits::is_number(text) => {
            Err(invalid(format!("Could not cast message attribute '{}' value to number.", &*name)))
        }
        _ => Ok(Attribute { name, data_type, value }),
    }
}

/// Short enough, and without what neither XML nor a terminal can show.
fn is_type(data_type: &str) -> bool {
    data_type.len() <= limits::MESSAGE_ATTRIBUTE_TYPE_BYTES_MAX
        && !data_type.chars().any(char::is_control)
}

fn invalid(text: impl Into<String>) -> TopicRejection {
    TopicRejection::ParameterValueInvalid(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Form;

    fn check_form(form: &str) -> Result<Vec<(String, String, Vec<u8>)>, TopicRejection> {
        let form = Form::read(form.as_bytes(), "").unwrap();
        let given = read(&form.fields()).unwrap();
        let checked = check(given)?;
        Ok(checked
            .iter()
            .map(|attribute| {
                let a = attribute.borrow();
                (a.name.to_owned(), a.data_type.to_owned(), a.value.as_bytes().to_owned())
            })
            .collect())
    }

    fn one(name: &str, rest: &str) -> String {
        let rest = rest.replace('&', "&MessageAttributes.entry.1.Value.");
        format!("MessageAttributes.entry.1.Name={name}{rest}")
    }

    #[test]
    fn attributes_are_taken_in_the_order_given() {
        let form = "MessageAttributes.entry.2.Name=a&MessageAttributes.entry.2.Value.DataType=\
            String.Array&MessageAttributes.entry.2.Value.StringValue=%5B1%5D\
            &MessageAttributes.entry.1.Name=b&MessageAttributes.entry.1.Value.DataType=Binary.png\
            &MessageAttributes.entry.1.Value.BinaryValue=AQID&MessageAttributes.entry.10.Name=n-_.n\
            &MessageAttributes.entry.10.Value.DataType=Number\
            &MessageAttributes.entry.10.Value.StringValue=-1.50";
        let expected = vec![
            ("b".to_owned(), "Binary.png".to_owned(), vec![1, 2, 3]),
            ("a".to_owned(), "String.Array".to_owned(), b"[1]".to_vec()),
            ("n-_.n".to_owned(), "Number".to_owned(), b"-1.50".to_vec()),
        ];
        assert_eq!(check_form(form), Ok(expected));
        let many: String = (1..=50)
            .map(|n| {
                let entry = format!("MessageAttributes.entry.{n}");
                format!(
                    "{entry}.Name=a{n}&{entry}.Value.DataType=String&{entry}.Value.StringValue=v&"
                )
            })
            .collect();
        assert_eq!(check_form(&many).unwrap().len(), 50);
    }

    #[test]
    fn names_have_their_form() {
        let character = |c: &str| {
            format!(
                "Invalid non-alphanumeric character '#x{c}' was found in the message attribute \
                 name. Can only include alphanumeric characters, hyphens, underscores, or dots."
            )
        };
        let (longest, long) = ("n".repeat(256), "n".repeat(257));
        let value = "&DataType=String&StringValue=v";
        assert!(check_form(&one(&longest, value)).is_ok());
        for (name, text) in [
            ("", "The request must contain non-empty message attribute names."),
            (&*long, "Length of message attribute name must be less than 256 bytes."),
            ("a%5Eb", &character("5E")),
            ("%C3%A4", &character("E4")),
            (".a", "Invalid message attribute name starting with character '.' was found."),
            ("a.", "Invalid message attribute name ending with character '.' was found."),
            ("a..b", "Message attribute name can not have successive '.' character."),
        ] {
            assert_eq!(check_form(&one(name, value)), Err(invalid(text)), "{name}");
        }
        let twice = format!("{}&{}", one("a", value), one("a", value).replace(".1.", ".2."));
        let text = "The message attribute 'a' is given twice.";
        assert_eq!(check_form(&twice), Err(invalid(text)));
    }

    #[test]
    fn types_and_values_fit() {
        let empty = |data_type: &str| {
            format!(
                "The message attribute 'a' must contain non-empty message attribute value for \
                 message attribute type '{data_type}'."
            )
        };
        let field = |data_type: &str, field: &str| {
            format!("The message attribute 'a' with type '{data_type}' must use field '{field}'.")
        };
        let prefixes = "The message attribute 'a' has an invalid message attribute type, the set \
                        of supported type prefixes is Binary, Number, and String.";
        let number = "Could not cast message attribute 'a' value to number.";
        let long = format!("&DataType=String.{}&StringValue=v", "l".repeat(250));
        for (rest, text) in [
            ("&DataType=String", &*empty("String")),
            ("&DataType=String.x&StringValue=", &empty("String.x")),
            ("&DataType=Binary&BinaryValue=", &empty("Binary")),
            ("&DataType=String&BinaryValue=AQID", &field("String", "String")),
            ("&DataType=Number&BinaryValue=AQID", &field("Number", "String")),
            ("&DataType=Binary.png&StringValue=v", &field("Binary.png", "Binary")),
            ("&DataType=&StringValue=v", prefixes),
            ("&DataType=Stringy&StringValue=v", prefixes),
            ("&DataType=String.%00&StringValue=v", prefixes),
            (&long, prefixes),
            ("&DataType=Number&StringValue=one", number),
        ] {
            assert_eq!(check_form(&one("a", rest)), Err(invalid(text)), "{rest}");
        }
        let missing = "1 validation error detected: Value null at \
                       'messageAttributes.a.member.dataType' failed to satisfy constraint: Member \
                       must not be null";
        let missing = Err(TopicRejection::Validation(missing.to_owned()));
        assert_eq!(check_form(&one("a", "&StringValue=v")), missing);
    }

    #[test]
    fn a_binary_value_is_base64() {
        let form = one("a", "&DataType=Binary&BinaryValue=*");
        let form = Form::read(form.as_bytes(), "").unwrap();
        assert!(matches!(read(&form.fields()), Err(WireError::Serialization(_))));
    }
}
