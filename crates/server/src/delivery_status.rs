//! What is told of deliveries: a line for each attempt, a line a minute for each subscription, and
//! the delivery status logs of the documented service for topics that ask for them.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tidings_core::delivery::{Attempt, DeliveryLogging, Fate, without_password};
use tidings_core::names::SubscriptionArn;
use tidings_core::time::Timestamp;
use tidings_couriers::{Outcome, Parcel};
use tidings_platforms::{ApplicationArn, EndpointArn};
use tracing::{debug, info, warn};

use crate::sms::{Ending, Sending};

/// How often what subscriptions got is summed up.
pub(crate) const SUMMARY_EVERY: Duration = Duration::from_secs(60);

/// An attempt that is over.
pub(crate) struct Finished<'a> {
    pub(crate) attempt: &'a Attempt,
    pub(crate) parcel: &'a Parcel,
    pub(crate) outcome: &'a Outcome,
    pub(crate) fate: Fate,
    /// When the attempt was over.
    pub(crate) at: Timestamp,
    /// How long the attempt took.
    pub(crate) took: Duration,
    /// When the message was published.
    pub(crate) published_at: Timestamp,
    /// MD5 of the message, in hexadecimal digits.
    pub(crate) message_md5: String,
    /// What is to be logged: as the topic wants it, or the platform application.
    pub(crate) logging: DeliveryLogging,
    /// Of a text message, which is logged in a form of its own, and as its account wants it.
    pub(crate) sending: Option<&'a Sending<'a>>,
}

/// What came of the deliveries of each subscription since the last summary.
#[derive(Default)]
pub(crate) struct DeliveryStatus(Mutex<BTreeMap<SubscriptionArn, Tally>>);

#[derive(Default, PartialEq, Debug)]
struct Tally {
    delivered: u64,
    /// Attempts that failed, or could not begin, and are followed by another.
    retried: u64,
    dead_lettered: u64,
    dropped: u64,
    last_error: Option<String>,
}

impl DeliveryStatus {
    /// Takes note of an attempt, and tells of it.
    pub(crate) fn tell(&self, finished: &Finished<'_>) {
        self.count(finished);
        finished.tell();
        match finished.sending {
            Some(sending) => finished.log_text_message(sending),
            None if finished.is_to_be_logged() => {
                info!(target: "delivery_status", group = finished.log_group(), "{}", finished.log());
            }
            None => {}
        }
    }

    fn count(&self, finished: &Finished<'_>) {
        let subscription = finished.attempt.delivery.subscription.clone();
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(subscription).or_default();
        match finished.fate {
            Fate::Delivered => tally.delivered += 1,
            Fate::Retried { .. } => tally.retried += 1,
            Fate::DeadLettered => tally.dead_lettered += 1,
            Fate::Dropped => tally.dropped += 1,
            Fate::Stale => return,
        }
        if finished.fate != Fate::Delivered {
            tally.last_error = Some(finished.answer().to_owned());
        }
    }

    /// Tells what each subscription with deliveries got since the last time.
    pub(crate) fn sum_up(&self) {
        let tallies = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (subscription, tally) in tallies {
            let Tally { delivered, retried, dead_lettered, dropped, last_error } = tally;
            info!(
                %subscription, delivered, retried, dead_lettered, dropped, last_error,
                "deliveries in the last minute"
            );
        }
    }
}

impl Finished<'_> {
    /// A line, the louder the worse.
    fn tell(&self) {
        let (status, answer) = (self.status(), self.answer());
        let (dwell_ms, took_ms) = (self.dwell_ms(), self.took.as_millis());
        let subscription = &self.attempt.delivery.subscription;
        let (message_id, attempts) = (&self.parcel.message_id, self.attempt.receipt.receive_count);
        macro_rules! line {
            ($level:ident, $text:literal) => {
                $level!(
                    %subscription, message_id, attempts, status, dwell_ms, took_ms, answer, $text
                )
            };
        }
        match self.fate {
            Fate::Delivered => line!(debug, "delivered"),
            Fate::Retried { .. } => line!(debug, "not delivered, and tried again"),
            Fate::DeadLettered => line!(warn, "not delivered, and moved to the dead-letter queue"),
            Fate::Dropped => {
                line!(warn, "not delivered, and dropped for want of a dead-letter queue");
            }
            Fate::Stale => line!(debug, "of no account any more"),
        }
    }

    /// Whether the topic wants a delivery status log. Of successes a share, chosen by the message's
    /// id, so that all its subscriptions are logged or none.
    fn is_to_be_logged(&self) -> bool {
        let logging = self.sending.map_or(self.logging, Sending::logging);
        match self.fate {
            Fate::Delivered => share(&self.parcel.message_id) < u32::from(logging.success_percent),
            Fate::DeadLettered | Fate::Dropped => logging.failures,
            Fate::Retried { .. } | Fate::Stale => false,
        }
    }

    /// The name of the service's log group.
    fn log_group(&self) -> String {
        let topic = &self.attempt.delivery.subscription.topic;
        let (region, account) = (topic.region.as_str(), topic.account);
        let name = match self.application() {
            Some(application) => {
                format!("app/{}/{}", application.platform.as_str(), application.name())
            }
            None => topic.name.as_str().to_owned(),
        };
        let failures = if self.fate == Fate::Delivered { "" } else { "/Failure" };
        format!("sns/{region}/{account}/{name}{failures}")
    }

    /// Of a message for one of its endpoints alone, the platform application.
    fn application(&self) -> Option<ApplicationArn> {
        let is_direct = self.attempt.delivery.subscription.topic.name.is_direct();
        let endpoint = EndpointArn::parse(&self.parcel.endpoint).filter(|_| is_direct);
        endpoint.map(|endpoint| endpoint.application)
    }

    /// As the service logs it. Developer guide, "Amazon SNS message delivery status"; of endpoints,
    /// "Amazon SNS mobile app attributes". Tokens are left out: they lead to devices.
    fn log(&self) -> String {
        let timestamp = self.published_at.to_iso8601().replace('T', " ");
        let mut notification = json!({
            "messageMD5Sum": self.message_md5,
            "messageId": self.parcel.message_id,
            "timestamp": timestamp.trim_end_matches('Z'),
        });
        if self.application().is_none() {
            notification["topicArn"] = json!(self.parcel.topic_arn);
        }
        json!({
            "notification": notification,
            "delivery": {
                "deliveryId": self.attempt.delivery.subscription.id.to_string(),
                "destination": without_password(&self.parcel.endpoint),
                "providerResponse": self.answer(),
                "dwellTimeMs": self.dwell_ms(),
                "attempts": self.attempt.receipt.receive_count,
                "statusCode": self.status(),
            },
            "status": if self.fate == Fate::Delivered { "SUCCESS" } else { "FAILURE" },
        })
        .to_string()
    }

    /// The same for a text message. Its receipts are logged when they come.
    fn log_text_message(&self, sending: &Sending<'_>) {
        let (is_success, is_logged) = (self.fate == Fate::Delivered, self.is_to_be_logged());
        let awaits_receipts = is_success && sending.logging().failures;
        if !(is_logged || awaits_receipts) {
            return;
        }
        let log = sending.log(self.published_at);
        let ending = Ending {
            is_success,
            answer: self.answer(),
            dwell_ms: self.dwell_ms(),
            until_device_ms: None,
            attempts: Some(self.attempt.receipt.receive_count),
        };
        if is_logged {
            log.tell(&ending);
        }
        if awaits_receipts {
            sending.sms.sent.remember(log, self.dwell_ms(), is_logged);
        }
    }

    fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Delivered { status, .. } => Some(*status),
            Outcome::TryLater { status, .. } | Outcome::Never { status, .. } => *status,
            Outcome::NotBegun { .. } => None,
        }
    }

    fn answer(&self) -> &str {
        match self.outcome {
            Outcome::Delivered { detail, .. } => detail,
            Outcome::TryLater { why, .. }
            | Outcome::NotBegun { why, .. }
            | Outcome::Never { why, .. } => why,
        }
    }

    /// How long the message has waited, from when it was to be delivered to when it was.
    fn dwell_ms(&self) -> u64 {
        self.at - self.attempt.enqueued_at
    }
}

/// A number from 0 to 99 that follows from a message's id.
fn share(message_id: &str) -> u32 {
    message_id.bytes().fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 100)
}

#[cfg(test)]
mod tests {
    use tidings_core::names::Uuid;

    use super::*;

    #[test]
    fn shares_spread_over_the_hundred() {
        let mut seen = [0; 100];
        for number in 0..10_000_u128 {
            let id = Uuid::from_random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            seen[share(&id.to_string()) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (30..300).contains(count)), "{seen:?}");
    }
}
