//! Numbers of the sandbox. Developer guide of SNS, "SMS sandbox".

use std::collections::VecDeque;
use std::fmt;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use tidings_core::limits;
use tidings_core::names::AccountId;
use tidings_core::phone_number::PhoneNumber;
use tidings_core::register::RegisterWrite;
use tidings_core::rejection::TopicRejection;

use super::store::{Entry, Own, SmsStore};

/// A number of the sandbox.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub(super) struct SavedNumber {
    /// When it was verified; nothing while it is pending.
    #[serde(default)]
    verified_at_ms: Option<u64>,
    /// What verifies it.
    #[serde(default)]
    code: Option<SavedCode>,
}

/// A code that was sent to a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedCode {
    digits: String,
    sent_at_ms: u64,
    /// Wrong answers so far.
    wrong: u32,
}

/// Without the code.
impl fmt::Debug for SavedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedCode").field("wrong", &self.wrong).finish_non_exhaustive()
    }
}

/// To which numbers codes were sent in the last day, and when: also to those that are gone again.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
pub(super) struct SentCodes(VecDeque<(String, u64)>);

/// Codes of an account in a day: as many as its numbers may have.
const CODES_MAX: usize = limits::SMS_SANDBOX_NUMBERS_MAX * limits::SMS_CODES_MAX;

/// Numbers, each with whether it is verified, and whether more follow.
type SandboxPage = (Vec<(String, bool)>, bool);

impl SmsStore {
    /// Takes a number into the sandbox, or sends it another code.
    ///
    /// # Errors
    /// OptedOut; UserError if it is verified already, if there are ten, or if it had five codes within a
    /// day.
    pub(crate) fn add_to_sandbox(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        code: &str,
        now_ms: u64,
    ) -> Result<Vec<RegisterWrite>, TopicRejection> {
        if self.is_opted_out(account, number) {
            return Err(TopicRejection::OptedOut("Phone number is opted out".into()));
        }
        let (empty, number) = (Own::default(), number.to_string());
        let own = self.own(account).unwrap_or(&empty);
        let user_error = |text: String| Err(TopicRejection::UserError(text));
        match own.sandbox.get(&number) {
            Some(found) if found.verified_at_ms.is_some() => {
                return user_error("The phone number is verified already.".into());
            }
            None if own.sandbox.len() >= limits::SMS_SANDBOX_NUMBERS_MAX => {
                return user_error(format!(
                    "The sandbox can have {} phone numbers.",
                    limits::SMS_SANDBOX_NUMBERS_MAX
                ));
            }
            _ => {}
        }
        let mut codes = own.codes.of_last_day(now_ms);
        let of_number = codes.0.iter().filter(|(it, _)| *it == number).count();
        if of_number >= limits::SMS_CODES_MAX || codes.0.len() >= CODES_MAX {
            return user_error(format!(
                "A phone number gets {} codes within 24 hours, and all together {CODES_MAX}.",
                limits::SMS_CODES_MAX
            ));
        }
        codes.0.push_back((number.clone(), now_ms));
        let code = SavedCode { digits: code.to_owned(), sent_at_ms: now_ms, wrong: 0 };
        let saved = SavedNumber { verified_at_ms: None, code: Some(code) };
        let writes =
            [Entry::Codes(account).put(&codes), Entry::Sandbox(account, &number).put(&saved)];
        Ok(writes.into())
    }

    /// Verifies a number by the code that it got. A wrong code counts: then there is something to write,
    /// and a rejection.
    ///
    /// # Errors
    /// ResourceNotFound.
    pub(crate) fn verify(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        given: &str,
        now_ms: u64,
    ) -> Result<(Vec<RegisterWrite>, Result<(), TopicRejection>), TopicRejection> {
        let number = number.to_string();
        let found = self.own(account).and_then(|own| own.sandbox.get(&number));
        let found = found.ok_or(TopicRejection::ResourceNotFound)?;
        if found.verified_at_ms.is_some() {
            return Ok((Vec::new(), Ok(())));
        }
        let wrong = |text: &str| Err(TopicRejection::VerificationException(text.to_owned()));
        let good_for_ms = limits::SMS_CODES_SECONDS * 1000;
        let code = found.code.as_ref().filter(|code| {
            code.wrong < limits::SMS_CODE_TRIES_MAX
                && now_ms < code.sent_at_ms.saturating_add(good_for_ms)
        });
        let Some(code) = code else {
            let text = "The one-time password is good no longer. Have another one sent.";
            return Ok((Vec::new(), wrong(text)));
        };
        if code.digits != given {
            let code = SavedCode { wrong: code.wrong + 1, ..code.clone() };
            let saved = SavedNumber { code: Some(code), ..found.clone() };
            let writes = vec![Entry::Sandbox(account, &number).put(&saved)];
            return Ok((writes, wrong("The one-time password is wrong.")));
        }
        let saved = SavedNumber { verified_at_ms: Some(now_ms), code: None };
        Ok((vec![Entry::Sandbox(account, &number).put(&saved)], Ok(())))
    }

    /// Takes a number out of the sandbox.
    ///
    /// # Errors
    /// ResourceNotFound; UserError if it was verified less than a day ago.
    pub(crate) fn remove_from_sandbox(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        now_ms: u64,
    ) -> Result<Vec<RegisterWrite>, TopicRejection> {
        let number = number.to_string();
        let found = self.own(account).and_then(|own| own.sandbox.get(&number));
        let found = found.ok_or(TopicRejection::ResourceNotFound)?;
        let kept_ms = limits::SMS_SANDBOX_KEPT_SECONDS * 1000;
        if found.verified_at_ms.is_some_and(|at| now_ms < at.saturating_add(kept_ms)) {
            let text = "A phone number can be deleted 24 hours after it was verified.";
            return Err(TopicRejection::UserError(text.into()));
        }
        Ok(vec![Entry::Sandbox(account, &number).remove()])
    }

    /// Whether a number of the sandbox may get messages.
    pub(crate) fn is_verified(&self, account: AccountId, number: &PhoneNumber) -> bool {
        let found = self.own(account).and_then(|own| own.sandbox.get(&number.to_string()));
        found.is_some_and(|found| found.verified_at_ms.is_some())
    }

    /// The numbers of the sandbox behind `after`, at most `max`.
    pub(crate) fn sandbox(
        &self,
        account: AccountId,
        after: Option<&str>,
        max: usize,
    ) -> SandboxPage {
        let Some(own) = self.own(account) else { return (Vec::new(), false) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut numbers = own.sandbox.range::<str, _>((from, Bound::Unbounded));
        let page = numbers.by_ref().take(max);
        let page = page.map(|(number, it)| (number.clone(), it.verified_at_ms.is_some())).collect();
        (page, numbers.next().is_some())
    }
}

impl SentCodes {
    fn of_last_day(&self, now_ms: u64) -> Self {
        let day_ms = limits::SMS_CODES_SECONDS * 1000;
        let is_recent = |(_, at): &&(String, u64)| now_ms < at.saturating_add(day_ms);
        Self(self.0.iter().filter(is_recent).cloned().collect())
    }
}
