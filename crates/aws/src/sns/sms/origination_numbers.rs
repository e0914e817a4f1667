//! ListOriginationNumbers.

use tidings_core::limits;

use super::numbers;
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response::{Members, Output};

/// The number that the last page ended with, and how many the next may have.
///
/// # Errors
/// InvalidParameter if the token is none of ours, ValidationError if MaxResults is out of range.
pub fn page(fields: &Fields<'_>) -> Result<(Option<String>, usize), Refusal> {
    let after = numbers::number_before(fields, "NextToken")?;
    Ok((after, numbers::max_results(fields, &limits::SMS_ORIGINATION_RESULTS)?))
}

/// The output of ListOriginationNumbers. When a number was set up nobody knows: `CreatedAt` is left
/// out.
#[derive(Debug)]
pub struct ListOutput {
    /// Numbers, each with its country, if that is known.
    pub numbers: Vec<(String, Option<String>)>,
    /// Whether the page is not the last.
    pub more: bool,
}

impl Output for ListOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("PhoneNumbers", &self.numbers, |members, (number, country)| {
            members.text("PhoneNumber", number);
            members.text("Status", "ACTIVE");
            members.optional_text("Iso2CountryCode", country.as_deref());
            members.text("RouteType", "Transactional");
            members.member_texts("NumberCapabilities", ["SMS"]);
        });
        if let Some((last, _)) = self.numbers.last().filter(|_| self.more) {
            members.text("NextToken", &numbers::number_token(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::assert_written;

    #[test]
    fn numbers_are_written() {
        let action = SnsAction::ListOriginationNumbers;
        let none = ListOutput { numbers: Vec::new(), more: false };
        assert_written(action, &none, "<PhoneNumbers/>");
        let numbers = vec![("+15550100".to_owned(), Some("US".to_owned()))];
        assert_written(
            action,
            &ListOutput { numbers, more: true },
            "<PhoneNumbers><member><PhoneNumber>+15550100</PhoneNumber><Status>ACTIVE</Status>\
             <Iso2CountryCode>US</Iso2CountryCode><RouteType>Transactional</RouteType>\
             <NumberCapabilities><member>SMS</member></NumberCapabilities></member></PhoneNumbers>\
             <NextToken>KzE1NTUwMTAw</NextToken>",
        );
    }
}
