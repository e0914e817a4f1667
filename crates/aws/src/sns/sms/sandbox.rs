//! CreateSMSSandboxPhoneNumber, VerifySMSSandboxPhoneNumber, DeleteSMSSandboxPhoneNumber,
//! ListSMSSandboxPhoneNumbers and GetSMSSandboxAccountStatus.

use tidings_core::command::TopicCommand;
use tidings_core::limits;
use tidings_core::names::{SubscriptionProtocol, TopicArn, Uuid};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::rejection::TopicRejection;

use super::language::Language;
use super::numbers;
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response::{Members, Output};
use crate::sns::checks::Required;
use crate::sns::message::plain_publication;

/// What CreateSMSSandboxPhoneNumber asks for: a number, and the language of the message with the code.
///
/// # Errors
/// ValidationError if the number is missing or there is no such language, InvalidParameter if it is
/// no number.
pub fn to_create(fields: &Fields<'_>) -> Result<(PhoneNumber, Language), TopicRejection> {
    let number = number(fields)?;
    Ok((number, Language::read(fields.text("LanguageCode").as_deref())?))
}

/// The number that DeleteSMSSandboxPhoneNumber names.
///
/// # Errors
/// ValidationError if it is missing, InvalidParameter if it is none.
pub fn number(fields: &Fields<'_>) -> Result<PhoneNumber, TopicRejection> {
    let mut required = Required::default();
    let number = required.text(fields, "PhoneNumber");
    required.check()?;
    numbers::sandbox_number(&number)
}

/// The number that VerifySMSSandboxPhoneNumber names, and the one-time password given for it.
///
/// # Errors
/// ValidationError if one is missing, InvalidParameter if one does not have its form.
pub fn to_verify(fields: &Fields<'_>) -> Result<(PhoneNumber, String), TopicRejection> {
    let mut required = Required::default();
    let number = required.text(fields, "PhoneNumber");
    let password = required.text(fields, "OneTimePassword");
    required.check()?;
    let number = numbers::sandbox_number(&number)?;
    let fits = limits::SMS_CODE_DIGITS.contains(&password.len());
    if !fits || !password.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TopicRejection::parameter(
            "OneTimePassword Reason: input incorrectly formatted",
        ));
    }
    Ok((number, password.into_string()))
}

/// The number that the last page of ListSMSSandboxPhoneNumbers ended with, and how many the next may
/// have.
///
/// # Errors
/// InvalidParameter if the token is none of ours, ValidationError if MaxResults is out of range.
pub fn page(fields: &Fields<'_>) -> Result<(Option<String>, usize), Refusal> {
    let after = numbers::number_before(fields, "NextToken")?;
    Ok((after, numbers::max_results(fields, &limits::SMS_SANDBOX_RESULTS)?))
}

/// The message by which a number gets its code.
#[must_use]
pub fn code_message(
    outbox: TopicArn,
    number: &PhoneNumber,
    text: &str,
    message_id: Uuid,
) -> TopicCommand {
    let message = plain_publication(&outbox, &number.to_string(), text, message_id);
    let (protocol, message) = (SubscriptionProtocol::Sms, Box::new(message));
    TopicCommand::PublishDirect { outbox, protocol, message }
}

/// The output of ListSMSSandboxPhoneNumbers.
#[derive(Debug)]
pub struct ListOutput {
    /// Numbers in order, each with whether it is verified.
    pub numbers: Vec<(String, bool)>,
    /// Whether the page is not the last.
    pub more: bool,
}

impl Output for ListOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("PhoneNumbers", &self.numbers, |members, (number, is_verified)| {
            members.text("PhoneNumber", number);
            members.text("Status", if *is_verified { "Verified" } else { "Pending" });
        });
        if let Some((last, _)) = self.numbers.last().filter(|_| self.more) {
            members.text("NextToken", &numbers::number_token(last));
        }
    }
}

/// The output of GetSMSSandboxAccountStatus.
#[derive(Debug)]
pub struct StatusOutput {
    /// Whether only verified numbers get messages.
    pub is_in_sandbox: bool,
}

impl Output for StatusOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.boolean("IsInSandbox", self.is_in_sandbox);
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::publication::PublishedContent;

    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::{assert_written, missing, topic};

    #[test]
    fn numbers_and_passwords_have_their_form() {
        let asked = |form: &str| {
            let form = Form::read(form.as_bytes(), "").unwrap();
            to_verify(&form.fields()).map(|(number, password)| format!("{number} {password}"))
        };
        let both = |number: &str, password: &str| {
            asked(&format!("PhoneNumber={number}&OneTimePassword={password}"))
        };
        assert_eq!(both("%2B15550100123", "123456").as_deref(), Ok("+15550100123 123456"));
        let missing_both = missing(&["phoneNumber", "oneTimePassword"]);
        assert_eq!(asked("").map_err(Into::into), Err(missing_both));
        for (number, password, what) in [
            ("1", "123456", "PhoneNumber"),
            ("%2B15550100123", "1234", "OneTimePassword"),
            ("%2B15550100123", "123456789", "OneTimePassword"),
            ("%2B15550100123", "12345a", "OneTimePassword"),
        ] {
            let text = format!("{what} Reason: input incorrectly formatted");
            assert_eq!(both(number, password), Err(TopicRejection::parameter(text)));
        }
    }

    #[test]
    fn a_code_comes_in_one_of_thirteen_languages() {
        let language = |more: &str| {
            let form = format!("PhoneNumber=%2B15550100123{more}");
            let form = Form::read(form.as_bytes(), "").unwrap();
            to_create(&form.fields()).map(|(_, language)| language.message("123456"))
        };
        assert_eq!(language("").as_deref(), Ok("Your verification code is 123456"));
        assert_eq!(
            language("&LanguageCode=de-DE").as_deref(),
            Ok("Ihr Bestätigungscode lautet 123456")
        );
        let refused = language("&LanguageCode=de").unwrap_err().to_string();
        assert!(refused.contains("Member must satisfy enum value set: [en-US, "), "{refused}");
    }

    #[test]
    fn a_code_goes_to_its_number() {
        let number = PhoneNumber::parse("+15550100123").unwrap();
        let command = code_message(topic(), &number, "123456", Uuid::from_random(0));
        let TopicCommand::PublishDirect { message, .. } = command else { panic!("{command:?}") };
        let content = PublishedContent::decode(&message.content).unwrap();
        assert_eq!((content.target, content.message), (Some("+15550100123"), "123456"));
    }

    #[test]
    fn answers_are_written() {
        let action = SnsAction::ListSMSSandboxPhoneNumbers;
        let numbers = vec![("+15550100123".to_owned(), true), ("+15550100124".to_owned(), false)];
        let member = |number: &str, status: &str| {
            format!("<member><PhoneNumber>{number}</PhoneNumber><Status>{status}</Status></member>")
        };
        let members = format!(
            "<PhoneNumbers>{}{}</PhoneNumbers>",
            member("+15550100123", "Verified"),
            member("+15550100124", "Pending")
        );
        assert_written(action, &ListOutput { numbers, more: false }, &members);
        let action = SnsAction::GetSMSSandboxAccountStatus;
        let output = StatusOutput { is_in_sandbox: false };
        assert_written(action, &output, "<IsInSandbox>false</IsInSandbox>");
    }
}
