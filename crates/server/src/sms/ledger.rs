//! What text messages have cost this month.
//!
//! Every attempt is counted in memory before it is made, and taken back so far as the gateway cannot
//! have got it: what it does not answer may have to be paid. What is
//! durable runs ahead of that by a step: so a message is a write only now and then, and a crash counts
//! at the most a step too much, never too little. A server that is stopped writes what it really was.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tidings_core::names::AccountId;
use tidings_core::price::Price;
use tidings_core::register::RegisterWrite;
use tidings_core::time::Timestamp;

use super::store::{Entry, SmsStore};

/// What is durable of what a month has cost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct SavedSpend {
    /// Such as `2026-11`.
    month: String,
    /// Millionths: as much or more than was spent.
    millionths: u64,
}

/// What this month has cost so far, by account.
#[derive(Default)]
pub(crate) struct Ledger(HashMap<AccountId, Tally>);

struct Tally {
    month: String,
    /// With what is under way.
    spent: Price,
    /// What of that is counted for attempts that are not over: some of it may come back.
    under_way: Price,
}

/// A message is not sent: it would cost more than is left.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct NoQuota {
    /// Whether it would be even if all that is under way came back.
    pub(crate) is_final: bool,
}

/// The largest step: one unit of the currency.
const STEP_MAX: Price = Price::from_millionths(1_000_000);
/// And it is a hundredth of the limit, if that is less.
const STEPS: u64 = 100;

impl Ledger {
    /// Counts a message before it is sent. What has been spent with it: [`SmsStore::cover`] has to make
    /// that durable first.
    ///
    /// # Errors
    /// [`NoQuota`], and nothing is counted.
    pub(crate) fn charge(
        &mut self,
        store: &SmsStore,
        account: AccountId,
        cost: Price,
        limit: Price,
        now: Timestamp,
    ) -> Result<Price, NoQuota> {
        let tally = self.tally(store, account, now);
        let spent = tally.spent.plus(cost);
        if spent > limit {
            let is_final = spent.minus(tally.under_way) > limit;
            return Err(NoQuota { is_final });
        }
        tally.spent = spent;
        tally.under_way = tally.under_way.plus(cost);
        Ok(spent)
    }

    /// An attempt that `cost` was counted for is over, and may have cost this much. One of another month
    /// stays as it was counted.
    pub(crate) fn conclude(
        &mut self,
        account: AccountId,
        cost: Price,
        spent: Price,
        charged_at: Timestamp,
    ) {
        let month = month_of(charged_at);
        if let Some(tally) = self.0.get_mut(&account).filter(|tally| tally.month == month) {
            tally.spent = tally.spent.minus(cost).plus(spent);
            tally.under_way = tally.under_way.minus(cost);
        }
    }

    /// Whose messages were counted.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.0.keys().copied().collect()
    }

    /// Writes what some accounts really spent, for whoever is about to end.
    pub(crate) fn settle(&self, store: &SmsStore, accounts: &[AccountId]) -> Vec<RegisterWrite> {
        let exact = |tally: &Tally| SavedSpend {
            month: tally.month.clone(),
            millionths: tally.spent.millionths(),
        };
        let all =
            accounts.iter().filter_map(|account| Some((*account, exact(self.0.get(account)?))));
        let changed = all.filter(|(account, spend)| {
            store
                .own(*account)
                .and_then(|own| own.spend.as_ref())
                .is_some_and(|saved| saved != spend)
        });
        changed.map(|(account, spend)| Entry::Spend(account).put(&spend)).collect()
    }

    fn tally(&mut self, store: &SmsStore, account: AccountId, now: Timestamp) -> &mut Tally {
        let month = month_of(now);
        let fresh = |month: String| Tally {
            spent: store.spent(account, &month),
            under_way: Price::default(),
            month,
        };
        let tally = self.0.entry(account).or_insert_with(|| fresh(month.clone()));
        if tally.month != month {
            *tally = fresh(month);
        }
        tally
    }
}

impl SmsStore {
    /// What is durable of what a month has cost.
    fn spent(&self, account: AccountId, month: &str) -> Price {
        let saved = self.own(account).and_then(|own| own.spend.as_ref());
        let saved = saved.filter(|saved| saved.month == month);
        saved.map_or(Price::default(), |saved| Price::from_millionths(saved.millionths))
    }

    /// Whether what is durable covers what is spent.
    pub(crate) fn covers(&self, account: AccountId, spent: Price, now: Timestamp) -> bool {
        self.spent(account, &month_of(now)) >= spent
    }

    /// Makes room for what is spent, and for a step more.
    pub(crate) fn cover(
        &self,
        account: AccountId,
        spent: Price,
        limit: Price,
        now: Timestamp,
    ) -> Vec<RegisterWrite> {
        if self.covers(account, spent, now) {
            return Vec::new();
        }
        let step = STEP_MAX.min(Price::from_millionths(limit.millionths() / STEPS));
        let millionths = spent.plus(step).min(limit.max(spent)).millionths();
        vec![Entry::Spend(account).put(&SavedSpend { month: month_of(now), millionths })]
    }
}

/// `2026-11`, in UTC.
fn month_of(now: Timestamp) -> String {
    now.to_iso8601().chars().take(7).collect()
}
