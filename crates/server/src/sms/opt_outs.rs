//! Numbers that want no messages.

use std::ops::Bound;

use tidings_core::limits;
use tidings_core::names::AccountId;
use tidings_core::phone_number::PhoneNumber;
use tidings_core::register::RegisterWrite;
use tidings_core::rejection::TopicRejection;

use super::store::{Entry, SavedOptIn, SavedOptOut, SmsStore};

/// More numbers have opted out than are kept.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{} numbers have opted out: no more are kept", limits::SMS_OPT_OUTS_MAX)]
pub(crate) struct Full;

impl SmsStore {
    /// Whether a number gets no messages of an account: its phone opted out, and the account has not
    /// opted it in since.
    pub(crate) fn is_opted_out(&self, account: AccountId, number: &PhoneNumber) -> bool {
        let number = number.to_string();
        let opted_out = self.opted_out.get(&number);
        opted_out.is_some_and(|out| self.outlasts(account, &number, *out))
    }

    fn outlasts(&self, account: AccountId, number: &str, out: SavedOptOut) -> bool {
        let opted_in = self.own(account).and_then(|own| own.opted_in.get(number));
        opted_in.is_none_or(|opted_in| opted_in.at_ms < out.at_ms)
    }

    /// A phone opts out, from all accounts.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn opt_out(
        &self,
        number: &PhoneNumber,
        now_ms: u64,
    ) -> Result<Vec<RegisterWrite>, Full> {
        let number = number.to_string();
        let opted_in =
            self.all_own().filter_map(|own| own.opted_in.get(&number)).map(|it| it.at_ms);
        let last_opt_in = opted_in.max();
        match self.opted_out.get(&number) {
            Some(out) if last_opt_in.is_none_or(|at| at < out.at_ms) => return Ok(Vec::new()),
            None if self.opted_out.len() >= limits::SMS_OPT_OUTS_MAX => return Err(Full),
            _ => {}
        }
        // It comes after what it takes back, whatever the clock says.
        let at_ms = now_ms.max(last_opt_in.map_or(0, |at| at.saturating_add(1)));
        Ok(vec![Entry::OptOut(&number).put(&SavedOptOut { at_ms })])
    }

    /// An account opts a number in. One that has not opted out stays as it is.
    ///
    /// # Errors
    /// InvalidParameter if it did so less than 30 days ago.
    pub(crate) fn opt_in(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        now_ms: u64,
    ) -> Result<Vec<RegisterWrite>, TopicRejection> {
        let number = number.to_string();
        let Some(out) = self.opted_out.get(&number).copied() else { return Ok(Vec::new()) };
        if !self.outlasts(account, &number, out) {
            return Ok(Vec::new());
        }
        let before = self.own(account).and_then(|own| own.opted_in.get(&number));
        let again_ms = limits::SMS_OPT_IN_SECONDS * 1000;
        if before.is_some_and(|before| now_ms < before.at_ms.saturating_add(again_ms)) {
            return Err(TopicRejection::parameter(
                "Cannot opt in right now, latest opt in is too recent",
            ));
        }
        let opted_in = SavedOptIn { at_ms: now_ms.max(out.at_ms) };
        Ok(vec![Entry::OptIn(account, &number).put(&opted_in)])
    }

    /// The numbers behind `after` that get no messages of an account, in order, and whether there are
    /// more.
    pub(crate) fn opted_out(&self, account: AccountId, after: Option<&str>) -> (Vec<String>, bool) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut numbers = self.opted_out.range::<str, _>((from, Bound::Unbounded));
        let mut of_account = numbers
            .by_ref()
            .filter(|(number, out)| self.outlasts(account, number, **out))
            .map(|(number, _)| number.clone());
        let page = of_account.by_ref().take(limits::SMS_OPTED_OUT_RESULTS).collect();
        let is_more = of_account.next().is_some();
        (page, is_more)
    }
}
