//! What is kept of text messages, and the entries of the register that it is kept in.
//!
//! ```text
//!   sms/opt-out/NUMBER                    a phone that wants no more messages, of anybody
//!   sms/own/ACCOUNT/attributes/REGION     what SetSMSAttributes set
//!   sms/own/ACCOUNT/spend                 what the month has cost, at the most
//!   sms/own/ACCOUNT/codes                 the codes of the last day
//!   sms/own/ACCOUNT/sandbox/NUMBER        a number of the sandbox
//!   sms/own/ACCOUNT/opt-in/NUMBER         when the account last opted a number in
//! ```
//!
//! Only attributes differ by region. Callers choose the region that they sign for, so what bounds an
//! account has to hold in all of them together.
//!
//! Values are JSON. Members may be added to them; what they mean must stay.
//!
//! All accounts send through one gateway, and whoever answers STOP there answers whoever the messages
//! seem to come from: so an opt-out is an opt-out from all. Opting in is each account's own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tidings_broker::Keys;
use tidings_core::names::{AccountId, Region, SubscriptionProtocol, TopicArn};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::register::RegisterWrite;

use super::attributes::Attributes;
use super::ledger::SavedSpend;
use super::sandbox::{SavedNumber, SentCodes};
use crate::plane::Registered;

/// An account in a region: whose attributes hold for a message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Scope {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
}

impl Scope {
    /// Whose a topic is, or an outbox.
    pub(crate) fn of(topic: &TopicArn) -> Self {
        Self { account: topic.account, region: topic.region.clone() }
    }

    /// The direct outbox of this name for text messages; the empty one is for Publish.
    pub(crate) fn outbox(&self, name: &str) -> TopicArn {
        TopicArn::direct(self.account, self.region.clone(), SubscriptionProtocol::Sms, name)
    }
}

/// What is kept of text messages.
#[derive(Default)]
pub(crate) struct SmsStore {
    pub(super) opted_out: BTreeMap<String, SavedOptOut>,
    own: BTreeMap<AccountId, Own>,
}

/// What an account has of its own.
#[derive(Default)]
pub(super) struct Own {
    pub(super) attributes: BTreeMap<Region, Attributes>,
    pub(super) spend: Option<SavedSpend>,
    pub(super) codes: SentCodes,
    pub(super) sandbox: BTreeMap<String, SavedNumber>,
    pub(super) opted_in: BTreeMap<String, SavedOptIn>,
}

/// A phone opted out.
#[derive(Copy, Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct SavedOptOut {
    pub(super) at_ms: u64,
}

/// An account opted a number in.
#[derive(Copy, Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct SavedOptIn {
    pub(super) at_ms: u64,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry<'a> {
    OptOut(&'a str),
    Attributes(&'a Scope),
    Spend(AccountId),
    Codes(AccountId),
    Sandbox(AccountId, &'a str),
    OptIn(AccountId, &'a str),
}

const OPT_OUT: &str = "sms/opt-out/";
const OWN: &str = "sms/own/";

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptOut(number) => write!(f, "{OPT_OUT}{number}"),
            Self::Attributes(Scope { account, region }) => {
                write!(f, "{OWN}{account}/attributes/{}", region.as_str())
            }
            Self::Spend(account) => write!(f, "{OWN}{account}/spend"),
            Self::Codes(account) => write!(f, "{OWN}{account}/codes"),
            Self::Sandbox(account, number) => write!(f, "{OWN}{account}/sandbox/{number}"),
            Self::OptIn(account, number) => write!(f, "{OWN}{account}/opt-in/{number}"),
        }
    }
}

impl Entry<'_> {
    /// The entry as it is to be from now on.
    pub(super) fn put(&self, value: &impl Serialize) -> RegisterWrite {
        let value = serde_json::to_vec(value).expect("texts, numbers and maps by text");
        (self.to_string(), Some(value))
    }

    pub(super) fn remove(&self) -> RegisterWrite {
        (self.to_string(), None)
    }
}

impl SmsStore {
    /// What an account has of its own; nothing, if it never set or got anything.
    pub(super) fn own(&self, account: AccountId) -> Option<&Own> {
        self.own.get(&account)
    }

    /// Accounts that have anything.
    pub(super) fn all_own(&self) -> impl Iterator<Item = &Own> {
        self.own.values()
    }

    fn write(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), String> {
        let written = match name.strip_prefix(OPT_OUT) {
            Some(number) => put(&mut self.opted_out, number, value),
            None => self.write_own(name, value),
        };
        written.ok_or_else(|| format!("{name} is none of text messages"))
    }

    fn write_own(&mut self, name: &str, value: Option<&[u8]>) -> Option<()> {
        let (account, rest) = name.strip_prefix(OWN)?.split_once('/')?;
        let own = self.own.entry(AccountId::parse(account)?).or_default();
        match rest.split_once('/') {
            Some(("attributes", region)) => {
                let region = Region::parse(region)?;
                match value {
                    Some(value) => own.attributes.insert(region, read(value)?),
                    None => own.attributes.remove(&region),
                };
            }
            Some(("sandbox", number)) => put(&mut own.sandbox, number, value)?,
            Some(("opt-in", number)) => put(&mut own.opted_in, number, value)?,
            Some(_) => return None,
            None => match rest {
                "spend" => own.spend = read_or_default(value)?,
                "codes" => own.codes = read_or_default(value)?,
                _ => return None,
            },
        }
        Some(())
    }
}

/// Puts what is of a number where it belongs, or takes it away.
fn put<T: DeserializeOwned>(
    map: &mut BTreeMap<String, T>,
    number: &str,
    value: Option<&[u8]>,
) -> Option<()> {
    let parsed = PhoneNumber::parse(number)?;
    match value {
        Some(value) => map.insert(parsed.to_string(), read(value)?),
        None => map.remove(number),
    };
    Some(())
}

fn read<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

fn read_or_default<T: DeserializeOwned + Default>(value: Option<&[u8]>) -> Option<T> {
    value.map_or_else(|| Some(T::default()), read)
}

impl Registered for SmsStore {
    const PREFIX: &'static str = "sms/";

    fn load(entries: &[(String, Arc<[u8]>)], _: &Keys) -> Result<Self, String> {
        let mut store = Self::default();
        for (name, value) in entries {
            store.write(name, Some(value))?;
        }
        Ok(store)
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        writes.iter().try_for_each(|(name, value)| self.write(name, value.as_deref()))
    }
}
