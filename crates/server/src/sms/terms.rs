//! What the operator says about text messages, beside how the gateway is reached.

use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;
use tidings_couriers::Sender;

/// The terms on which accounts send text messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmsTerms {
    /// Whether every account is in the sandbox: only numbers that were verified get messages.
    pub is_sandbox: bool,
    /// What the messages of one account may cost in a calendar month (UTC), in all regions. Accounts set
    /// less by `MonthlySpendLimit`.
    pub monthly_spend_limit: Price,
    /// The currency of all amounts, by its three letters.
    pub currency: String,
    /// Numbers that messages may come from. Without any, from whichever the gateway lets through.
    pub origination_numbers: Vec<OriginationNumber>,
}

/// A number that messages may come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginationNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Its country, by the two letters of ISO 3166.
    pub country: Option<String>,
}

impl SmsTerms {
    /// Whether a message may say that it comes from here. A number has to be one of those that the
    /// operator names, if any; names of senders are for the gateway to judge.
    pub(super) fn allows_sender(&self, sender: &str) -> bool {
        let sender = Sender::parse(sender);
        let number = sender.as_ref().and_then(Sender::number);
        let is_ours =
            |number: &PhoneNumber| self.origination_numbers.iter().any(|it| it.number == *number);
        self.origination_numbers.is_empty() || number.is_none_or(is_ours)
    }

    /// The numbers behind `after` that messages may come from, in order, at most `max`; and whether there
    /// are more.
    pub(crate) fn origination_numbers(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> (Vec<(String, Option<String>)>, bool) {
        let shown = |it: &OriginationNumber| (it.number.to_string(), it.country.clone());
        let mut numbers: Vec<_> = self.origination_numbers.iter().map(shown).collect();
        numbers.sort();
        numbers.retain(|(number, _)| after.is_none_or(|after| number.as_str() > after));
        let is_more = numbers.len() > max;
        numbers.truncate(max);
        (numbers, is_more)
    }
}

impl Default for SmsTerms {
    /// No sandbox, and the quota that new accounts of the live service have: 1 US dollar.
    fn default() -> Self {
        Self {
            is_sandbox: false,
            monthly_spend_limit: Price::from_millionths(1_000_000),
            currency: "USD".into(),
            origination_numbers: Vec::new(),
        }
    }
}
