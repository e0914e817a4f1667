//! CheckIfPhoneNumberIsOptedOut, ListPhoneNumbersOptedOut and OptInPhoneNumber. Their members begin
//! with small letters.

use tidings_core::phone_number::PhoneNumber;
use tidings_core::rejection::TopicRejection;

use super::numbers;
use crate::query::Fields;
use crate::response::{Members, Output};
use crate::sns::checks::Required;

/// The number that is checked, or opted in.
///
/// # Errors
/// ValidationError if it is missing, InvalidParameter if it is none.
pub fn number(fields: &Fields<'_>) -> Result<PhoneNumber, TopicRejection> {
    let mut required = Required::default();
    let number = required.text(fields, "phoneNumber");
    required.check()?;
    numbers::phone_number(&number)
}

/// The number that the last page of ListPhoneNumbersOptedOut ended with.
///
/// # Errors
/// InvalidParameter if the token is none of ours.
pub fn after(fields: &Fields<'_>) -> Result<Option<String>, TopicRejection> {
    numbers::number_before(fields, "nextToken")
}

/// The output of CheckIfPhoneNumberIsOptedOut.
#[derive(Debug)]
pub struct CheckOutput {
    /// Whether it gets no messages.
    pub is_opted_out: bool,
}

impl Output for CheckOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.boolean("isOptedOut", self.is_opted_out);
    }
}

/// The output of ListPhoneNumbersOptedOut.
#[derive(Debug)]
pub struct ListOutput {
    /// In order.
    pub numbers: Vec<String>,
    /// Whether the page is not the last.
    pub more: bool,
}

impl Output for ListOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_texts("phoneNumbers", self.numbers.iter().map(String::as_str));
        if let Some(last) = self.numbers.last().filter(|_| self.more) {
            members.text("nextToken", &numbers::number_token(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::{assert_written, missing};

    #[test]
    fn a_number_is_asked_for() {
        let asked = |form: &str| number(&Form::read(form.as_bytes(), "").unwrap().fields());
        let number = asked("phoneNumber=%2B15550100123").map(|number| number.to_string());
        assert_eq!(number.as_deref(), Ok("+15550100123"));
        assert_eq!(asked("PhoneNumber=1").map_err(Into::into), Err(missing(&["phoneNumber"])));
        let text = "PhoneNumber Reason: input incorrectly formatted";
        assert_eq!(asked("phoneNumber=phone"), Err(TopicRejection::parameter(text)));
    }

    #[test]
    fn answers_are_written() {
        let action = SnsAction::CheckIfPhoneNumberIsOptedOut;
        let output = CheckOutput { is_opted_out: true };
        assert_written(action, &output, "<isOptedOut>true</isOptedOut>");
        let action = SnsAction::ListPhoneNumbersOptedOut;
        let output = ListOutput { numbers: Vec::new(), more: false };
        assert_written(action, &output, "<phoneNumbers/>");
        let output = ListOutput { numbers: vec!["+15550100123".into()], more: true };
        assert_written(
            action,
            &output,
            "<phoneNumbers><member>+15550100123</member></phoneNumbers>\
             <nextToken>KzE1NTUwMTAwMTIz</nextToken>",
        );
    }
}
