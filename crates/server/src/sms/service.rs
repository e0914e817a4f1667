//! What the server asks about text messages.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLockReadGuard};

use tidings_broker::{Broker, Failure};
use tidings_core::limits::REGISTER_WRITES_MAX;
use tidings_core::names::{AccountId, TopicArn};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;
use tidings_core::time::Timestamp;
use tracing::warn;

use super::codes::CODES;
use super::ledger::{Ledger, NoQuota};
use super::sent::Sent;
use super::store::{Scope, SmsStore};
use super::terms::SmsTerms;
use crate::plane::{ChangeFault, LoadError, Plane};

/// What is kept of text messages, and the terms that they are sent on.
pub(crate) struct Sms {
    pub(crate) plane: Arc<Plane<SmsStore>>,
    pub(crate) terms: SmsTerms,
    ledger: Mutex<Ledger>,
    /// What the gateway took, for receipts.
    pub(crate) sent: Sent,
}

/// Why a message is not sent now.
#[derive(Debug)]
pub(super) enum Uncharged {
    NoQuota(NoQuota),
    /// What it costs cannot be written down.
    Failed(Failure),
}

/// What was counted for an attempt. [`Sms::conclude`] has to be told what it really was.
#[derive(Debug)]
pub(super) struct Charge {
    account: AccountId,
    cost: Price,
    at: Timestamp,
}

impl Sms {
    /// Reads from a broker's register what is kept.
    pub(crate) async fn open(broker: Broker, terms: SmsTerms) -> Result<Self, LoadError> {
        let plane = Plane::open(broker).await?;
        Ok(Self { plane, terms, ledger: Mutex::default(), sent: Sent::default() })
    }

    /// See [`Plane::look`].
    pub(crate) fn look(&self) -> RwLockReadGuard<'_, SmsStore> {
        self.plane.look()
    }

    /// Why a number is to get no message, in the words of SNS's delivery status logs where they have
    /// any. Codes go to numbers that are not verified yet.
    pub(super) fn why_not(
        &self,
        scope: &Scope,
        number: &PhoneNumber,
        outbox: &TopicArn,
    ) -> Option<&'static str> {
        let store = self.look();
        if store.is_opted_out(scope.account, number) {
            return Some("Phone number is opted out");
        }
        let is_code = || *outbox == scope.outbox(CODES);
        if self.terms.is_sandbox && !store.is_verified(scope.account, number) && !is_code() {
            return Some("Phone number is not verified, and the account is in the SMS sandbox");
        }
        None
    }

    /// Counts what a message costs. When this returns, that is durable, with some to spare.
    pub(super) async fn charge(
        &self,
        scope: &Scope,
        cost: Price,
        at: Timestamp,
    ) -> Result<Charge, Uncharged> {
        let account = scope.account;
        let (spent, limit, is_covered) = {
            let store = self.look();
            let limit = store.monthly_spend_limit(scope, &self.terms);
            let spent = self.ledger().charge(&store, account, cost, limit, at);
            let spent = spent.map_err(Uncharged::NoQuota)?;
            (spent, limit, store.covers(account, spent, at))
        };
        let charge = Charge { account, cost, at };
        if is_covered {
            return Ok(charge);
        }
        let covered = self
            .plane
            .change(|store| Ok::<_, Infallible>((store.cover(account, spent, limit, at), ())));
        match covered.await {
            Ok(()) => Ok(charge),
            Err(ChangeFault::Failed(failure)) => {
                self.conclude(&charge, Price::default());
                Err(Uncharged::Failed(failure))
            }
            Err(ChangeFault::Refused(never)) => match never {},
        }
    }

    /// The attempt is over, and this is what it may have cost.
    pub(super) fn conclude(&self, charge: &Charge, spent: Price) {
        self.ledger().conclude(charge.account, charge.cost, spent, charge.at);
    }

    /// Writes down what was really spent, before the server stops.
    pub(crate) async fn settle(&self) {
        let accounts = self.ledger().accounts();
        for some in accounts.chunks(REGISTER_WRITES_MAX) {
            let settled = self
                .plane
                .change(|store| Ok::<_, Infallible>((self.ledger().settle(store, some), ())));
            if let Err(fault) = settled.await {
                warn!(?fault, "what text messages have cost is kept as more than it was");
            }
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
