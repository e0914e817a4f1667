//! SetSMSAttributes and GetSMSAttributes. API reference of SNS.

use std::collections::BTreeMap;

use tidings_core::delivery::DeliveryLogging;
use tidings_core::limits;
use tidings_core::names::AccountId;
use tidings_core::price::Price;
use tidings_core::register::RegisterWrite;
use tidings_core::rejection::TopicRejection;
use tidings_core::sender_id::is_sender_id;

use super::store::{Entry, Scope, SmsStore};
use super::terms::SmsTerms;

/// Names and values, as they were set.
pub(super) type Attributes = BTreeMap<String, String>;

const MONTHLY_SPEND_LIMIT: &str = "MonthlySpendLimit";
const ROLE: &str = "DeliveryStatusIAMRole";
const SAMPLING_RATE: &str = "DeliveryStatusSuccessSamplingRate";
const SENDER_ID: &str = "DefaultSenderID";
const SMS_TYPE: &str = "DefaultSMSType";
const BUCKET: &str = "UsageReportS3Bucket";

/// All that there are.
const NAMES: [&str; 6] = [MONTHLY_SPEND_LIMIT, ROLE, SAMPLING_RATE, SENDER_ID, SMS_TYPE, BUCKET];

impl SmsStore {
    /// Sets attributes; an empty value takes one back.
    ///
    /// # Errors
    /// InvalidParameter if there is no such attribute, if it cannot have the value, or if the account has
    /// attributes in as many regions as it may. Then none is set.
    pub(crate) fn set_attributes(
        &self,
        scope: &Scope,
        given: &[(String, String)],
        terms: &SmsTerms,
    ) -> Result<Vec<RegisterWrite>, TopicRejection> {
        let before = self.all_attributes(scope).cloned().unwrap_or_default();
        let mut attributes = before.clone();
        for (name, value) in given {
            check(name, value, terms)?;
            match value.is_empty() {
                true => attributes.remove(name),
                false => attributes.insert(name.clone(), value.clone()),
            };
        }
        if attributes == before {
            return Ok(Vec::new());
        }
        if self.all_attributes(scope).is_none()
            && self.regions_of(scope.account) >= limits::SMS_REGIONS_MAX
        {
            return Err(TopicRejection::parameter(format_args!(
                "attributes Reason: an account can have them in {} regions",
                limits::SMS_REGIONS_MAX
            )));
        }
        let entry = Entry::Attributes(scope);
        Ok(vec![if attributes.is_empty() { entry.remove() } else { entry.put(&attributes) }])
    }

    /// The attributes that were set and are among `wanted` (empty for all), and always the limit that
    /// holds.
    pub(crate) fn attributes(
        &self,
        scope: &Scope,
        wanted: &[String],
        terms: &SmsTerms,
    ) -> Vec<(&'static str, String)> {
        let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
        let value = |name: &'static str| match name {
            MONTHLY_SPEND_LIMIT => Some(self.shown_limit(scope, terms)),
            _ => self.attribute(scope, name).map(str::to_owned),
        };
        let shown = NAMES.into_iter().filter(|name| is_wanted(name));
        shown.filter_map(|name| Some((name, value(name)?))).collect()
    }

    /// What the messages of a month may cost. What the account has sent in other regions counts.
    pub(crate) fn monthly_spend_limit(&self, scope: &Scope, terms: &SmsTerms) -> Price {
        let own = self.attribute(scope, MONTHLY_SPEND_LIMIT).and_then(Price::parse);
        own.map_or(terms.monthly_spend_limit, |own| own.min(terms.monthly_spend_limit))
    }

    fn shown_limit(&self, scope: &Scope, terms: &SmsTerms) -> String {
        // A whole number is shown as one.
        let limit = self.monthly_spend_limit(scope, terms).to_string();
        limit.strip_suffix(".00").map(str::to_owned).unwrap_or(limit)
    }

    /// Who messages come from that do not say.
    pub(crate) fn default_sender(&self, scope: &Scope) -> Option<&str> {
        self.attribute(scope, SENDER_ID)
    }

    /// Whether messages that do not say are transactional.
    pub(crate) fn is_transactional(&self, scope: &Scope) -> bool {
        self.attribute(scope, SMS_TYPE) == Some("Transactional")
    }

    /// What of deliveries is logged: without a role nothing, and without a rate no success.
    pub(crate) fn logging(&self, scope: &Scope) -> DeliveryLogging {
        let has_role = self.attribute(scope, ROLE).is_some();
        let rate = self.attribute(scope, SAMPLING_RATE).and_then(|rate| rate.parse().ok());
        DeliveryLogging {
            success_percent: rate.filter(|_| has_role).unwrap_or(0),
            failures: has_role,
        }
    }

    /// In how many regions an account has attributes.
    fn regions_of(&self, account: AccountId) -> usize {
        self.own(account).map_or(0, |own| own.attributes.len())
    }

    fn attribute(&self, scope: &Scope, name: &str) -> Option<&str> {
        self.all_attributes(scope)?.get(name).map(String::as_str)
    }

    fn all_attributes(&self, scope: &Scope) -> Option<&Attributes> {
        self.own(scope.account)?.attributes.get(&scope.region)
    }
}

fn check(name: &str, value: &str, terms: &SmsTerms) -> Result<(), TopicRejection> {
    let invalid = |text: String| Err(TopicRejection::InvalidParameter(text));
    let is_valid = match name {
        MONTHLY_SPEND_LIMIT => return check_limit(value, terms),
        ROLE => is_role(value),
        SAMPLING_RATE => is_rate(value),
        SENDER_ID if !value.is_empty() && !is_sender_id(value) => {
            // With the live service's slip of the pen.
            return invalid("DefaultSendID is not a valid attribute".to_owned());
        }
        SENDER_ID => true,
        SMS_TYPE => matches!(value, "Promotional" | "Transactional"),
        BUCKET => is_bucket(value),
        _ => return invalid(format!("{name} is not a valid attribute")),
    };
    match is_valid || value.is_empty() {
        true => Ok(()),
        false => invalid(format!("{name} is invalid")),
    }
}

fn check_limit(value: &str, terms: &SmsTerms) -> Result<(), TopicRejection> {
    let max = terms.monthly_spend_limit;
    match Price::parse(value) {
        Some(limit) if limit <= max => Ok(()),
        Some(_) => Err(TopicRejection::parameter(format_args!(
            "{MONTHLY_SPEND_LIMIT} Reason: it can be {max} {} at most: see monthly-spend-limit in \
             [sms] of the server's configuration",
            terms.currency
        ))),
        None if value.is_empty() => Ok(()),
        None => Err(TopicRejection::InvalidParameter(format!("{MONTHLY_SPEND_LIMIT} is invalid"))),
    }
}

fn is_rate(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse().is_ok_and(|rate| limits::SMS_SAMPLING_RATE.contains(&rate))
}

fn is_role(text: &str) -> bool {
    let role = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    text.len() <= limits::ROLE_ARN_CHARS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && role.is_some_and(|(account, name)| {
            account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !name.is_empty()
        })
}

fn is_bucket(text: &str) -> bool {
    limits::SMS_BUCKET_CHARACTERS.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}
