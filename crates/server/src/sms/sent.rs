//! What is told of text messages: delivery status logs, as the service writes them for SMS.
//!
//! A message has a line when the gateway took it or will never take it, and one for each receipt that
//! comes later. What a receipt is about is known of the last messages only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::price::Price;
use tidings_core::time::Timestamp;
use tidings_couriers::{Receipt, ReceiptState};
use tracing::info;

use super::store::Scope;

/// Messages whose receipts are waited for.
const SENT_MAX: usize = 8192;

/// What a delivery status log says of a text message, whatever came of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TextMessageLog {
    pub(crate) scope: Scope,
    /// The topic's name; None of a message that was published to the number itself.
    pub(crate) topic: Option<String>,
    pub(crate) message_id: String,
    pub(crate) published_at: Timestamp,
    pub(crate) destination: String,
    /// None of one that never could be sent.
    pub(crate) parts: Option<usize>,
    /// If what messages cost is configured.
    pub(crate) price: Option<Price>,
    pub(crate) is_transactional: bool,
}

/// What becomes of a message in the end.
pub(crate) struct Ending<'a> {
    pub(crate) is_success: bool,
    pub(crate) answer: &'a str,
    pub(crate) dwell_ms: u64,
    /// Until the phone had it, or it was clear that it would not.
    pub(crate) until_device_ms: Option<u64>,
    pub(crate) attempts: Option<u32>,
}

impl TextMessageLog {
    /// Writes it.
    pub(crate) fn tell(&self, ending: &Ending<'_>) {
        let group = self.group(ending.is_success);
        info!(target: "delivery_status", group, "{}", self.line(ending));
    }

    /// The name of the service's log group.
    pub(super) fn group(&self, is_success: bool) -> String {
        let (region, account) = (self.scope.region.as_str(), self.scope.account);
        let name = self.topic.as_deref().unwrap_or("DirectPublishToPhoneNumber");
        let failures = if is_success { "" } else { "/Failure" };
        format!("sns/{region}/{account}/{name}{failures}")
    }

    /// As the service logs it. Developer guide of SNS, "Viewing CloudWatch Logs for SMS deliveries".
    pub(super) fn line(&self, ending: &Ending<'_>) -> String {
        let timestamp = self.published_at.to_iso8601().replace('T', " ");
        let kind = if self.is_transactional { "Transactional" } else { "Promotional" };
        let mut delivery = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            value.map(|value| delivery.insert(name.to_owned(), value));
        };
        put("destination", Some(json!(self.destination)));
        put("numberOfMessageParts", self.parts.map(Value::from));
        put("priceInUSD", self.price.and_then(number));
        put("smsType", Some(json!(kind)));
        put("providerResponse", Some(json!(ending.answer)));
        put("dwellTimeMs", Some(json!(ending.dwell_ms)));
        put("dwellTimeMsUntilDeviceAck", ending.until_device_ms.map(Value::from));
        put("attempts", ending.attempts.map(Value::from));
        json!({
            "notification": {
                "messageId": self.message_id,
                "timestamp": timestamp.trim_end_matches('Z'),
            },
            "delivery": delivery,
            "status": if ending.is_success { "SUCCESS" } else { "FAILURE" },
        })
        .to_string()
    }
}

/// A decimal number, exactly.
fn number(price: Price) -> Option<Value> {
    serde_json::from_str(&price.to_string()).ok()
}

/// A message that the gateway took.
#[derive(Clone)]
struct Taken {
    log: TextMessageLog,
    dwell_ms: u64,
    /// Whether it is one of those whose success is logged. Failures always are.
    logs_success: bool,
}

/// A message's id, which all subscribers of its topic share, and whom it went to.
type Key = (String, PhoneNumber);

/// The last messages that the gateway took.
#[derive(Default)]
pub(crate) struct Sent(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    taken: HashMap<Key, Taken>,
    oldest: VecDeque<Key>,
}

impl Sent {
    /// The gateway took a message; its receipts are to be logged.
    pub(crate) fn remember(&self, log: TextMessageLog, dwell_ms: u64, logs_success: bool) {
        let Some(number) = PhoneNumber::parse(&log.destination) else { return };
        let (mut inner, key) = (self.lock(), (log.message_id.clone(), number));
        if inner.taken.insert(key.clone(), Taken { log, dwell_ms, logs_success }).is_none() {
            inner.oldest.push_back(key);
        }
        if inner.oldest.len() > SENT_MAX
            && let Some(oldest) = inner.oldest.pop_front()
        {
            inner.taken.remove(&oldest);
        }
    }

    /// Tells what a receipt says; whether it is known what it is about.
    pub(super) fn tell(&self, receipt: &Receipt, now: Timestamp) -> bool {
        let Some(Taken { log, dwell_ms, logs_success }) = self.about(receipt) else { return false };
        let is_success = matches!(receipt.state, ReceiptState::Delivered | ReceiptState::Accepted);
        if receipt.state.is_final() && (logs_success || !is_success) {
            log.tell(&Ending {
                is_success,
                answer: &words_of(receipt),
                dwell_ms,
                until_device_ms: Some(now - log.published_at),
                attempts: None,
            });
        }
        true
    }

    /// What a receipt is about.
    fn about(&self, receipt: &Receipt) -> Option<Taken> {
        let key = (receipt.message_id.clone()?, receipt.number.clone()?);
        self.lock().taken.get(&key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a receipt says, with the service's words where it has them.
fn words_of(receipt: &Receipt) -> String {
    let words = match receipt.state {
        ReceiptState::Delivered | ReceiptState::Accepted => {
            "Message has been accepted by phone carrier"
        }
        ReceiptState::Expired => "Phone is currently unreachable/unavailable",
        ReceiptState::Rejected => "Phone carrier has blocked this message",
        _ => "Unknown error attempting to reach phone",
    };
    let error = receipt.error.as_deref().map(|error| format!(" {error}")).unwrap_or_default();
    format!("{words} ({}{error} {})", receipt.state.as_str(), receipt.gateway_id)
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{AccountId, Region};

    use super::*;

    fn log(message_id: &str, destination: &str) -> TextMessageLog {
        let region = Region::parse("eu-west-1").unwrap();
        TextMessageLog {
            scope: Scope { account: AccountId::parse("000000000042").unwrap(), region },
            topic: Some("alarms".into()),
            message_id: message_id.into(),
            published_at: Timestamp::from_ms(1),
            destination: destination.into(),
            parts: Some(1),
            price: None,
            is_transactional: false,
        }
    }

    fn receipt(message_id: &str, number: &str) -> Receipt {
        Receipt {
            gateway_id: "7".into(),
            message_id: Some(message_id.into()),
            number: PhoneNumber::parse(number),
            state: ReceiptState::Delivered,
            error: None,
        }
    }

    #[test]
    fn a_receipt_is_about_its_phone_alone() {
        let sent = Sent::default();
        let phones = ["+15550100123", "+15550100124"];
        phones.iter().for_each(|phone| sent.remember(log("m", phone), 1, true));
        for phone in phones {
            assert_eq!(sent.about(&receipt("m", phone)).unwrap().log.destination, phone);
        }
        assert!(sent.about(&receipt("m", "+15550100125")).is_none());
        assert!(sent.about(&receipt("n", phones[0])).is_none());
        for number in 0..SENT_MAX - 1 {
            sent.remember(log(&number.to_string(), phones[0]), 1, true);
        }
        assert!(sent.about(&receipt("m", phones[0])).is_none(), "it is the oldest of too many");
        assert!(sent.about(&receipt("m", phones[1])).is_some());
    }
}
