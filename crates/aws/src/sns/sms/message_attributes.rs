//! The attributes of a message to a phone that say how it is to be sent. Developer guide of SNS,
//! "Publishing SMS messages to a mobile phone".

use tidings_core::attributes::AttributeValue;
use tidings_core::limits;
use tidings_core::price::Price;
use tidings_core::rejection::TopicRejection;
use tidings_core::sender_id::is_sender_id;

use crate::sqs::message_attributes::Attribute;

/// Checks what is known beforehand of a message to a phone number; whoever publishes to a topic does
/// not learn it.
///
/// # Errors
/// InvalidParameter if one does not have its form. The texts are ours.
pub(crate) fn check(attributes: &[Attribute<'_>]) -> Result<(), TopicRejection> {
    attributes.iter().try_for_each(|attribute| {
        let attribute = attribute.borrow();
        let form = match attribute.name {
            "AWS.SNS.SMS.SenderID" => {
                "1 to 11 letters, digits and hyphens, and a letter among them"
            }
            "AWS.SNS.SMS.SMSType" => "Promotional or Transactional",
            "AWS.SNS.SMS.MaxPrice" => "an amount such as 0.50",
            "AWS.MM.SMS.OriginationNumber" => "a number of 5 to 14 digits",
            _ => return Ok(()),
        };
        let fits = match attribute.value {
            AttributeValue::Text(text) => has_form(attribute.name, text),
            AttributeValue::Binary(_) => false,
        };
        match fits {
            true => Ok(()),
            false => {
                let name = attribute.name;
                Err(TopicRejection::parameter(format_args!("{name} Reason: it has to be {form}")))
            }
        }
    })
}

fn has_form(name: &str, text: &str) -> bool {
    match name {
        "AWS.SNS.SMS.SenderID" => is_sender_id(text),
        "AWS.SNS.SMS.SMSType" => matches!(text, "Promotional" | "Transactional"),
        "AWS.SNS.SMS.MaxPrice" => Price::parse(text).is_some(),
        _ => {
            let digits = text.strip_prefix('+').unwrap_or(text);
            limits::SMS_ORIGINATION_DIGITS.contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_form() {
        for (name, good, bad) in [
            (
                "AWS.SNS.SMS.SenderID",
                vec!["Hotel-1", "a"],
                vec!["12345", "TwelveLetter", "a b", ""],
            ),
            ("AWS.SNS.SMS.SMSType", vec!["Promotional", "Transactional"], vec!["promotional", ""]),
            ("AWS.SNS.SMS.MaxPrice", vec!["0.50", "1"], vec!["cheap", "-1", "1e3"]),
            ("AWS.MM.SMS.OriginationNumber", vec!["12345", "+15550100123"], vec!["1234", "a"]),
        ] {
            assert!(good.iter().all(|text| has_form(name, text)), "{name}");
            assert!(!bad.iter().any(|text| has_form(name, text)), "{name}");
        }
    }
}
