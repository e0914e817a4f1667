//! An attempt to send a text message: whether it may be made, and what it costs.

use std::borrow::Cow;

use tidings_core::attributes::AttributeValue;
use tidings_core::delivery::{Attempt, DeliveryLogging};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::publication::PublishedContent;
use tidings_core::time::Timestamp;
use tidings_couriers::{Courier, Outcome, Parcel, SmsCourier, TextMessage};

use super::ledger::NoQuota;
use super::sent::TextMessageLog;
use super::service::{Sms, Uncharged};
use super::store::Scope;

/// In the words of SNS's delivery status logs.
const NO_QUOTA: &str = "No quota left for account";

/// One attempt.
pub(crate) struct Sending<'a> {
    pub(crate) sms: &'a Sms,
    /// Where there is a gateway.
    pub(crate) courier: Option<&'a SmsCourier>,
    pub(crate) attempt: &'a Attempt,
    pub(crate) parcel: &'a Parcel,
    pub(crate) now: Timestamp,
}

/// What a text message has beside its text: of its topic, its attributes, and its account.
pub(crate) fn text_message(
    sms: &Sms,
    attempt: &Attempt,
    content: &PublishedContent<'_>,
) -> TextMessage {
    let scope = Scope::of(&attempt.delivery.subscription.topic);
    let store = sms.look();
    let texts = content.attributes.iter().filter_map(|attribute| match attribute.value {
        AttributeValue::Text(text) => Some((attribute.name, text)),
        AttributeValue::Binary(_) => None,
    });
    TextMessage {
        display_name: attempt.sender_name.as_ref().to_owned(),
        sender: store.default_sender(&scope).map(str::to_owned),
        is_transactional: store.is_transactional(&scope),
        max_price: None,
    }
    .with_attributes(texts)
}

impl Sending<'_> {
    /// Makes the attempt, if it may be made. What it costs is counted before. What the gateway
    /// cannot have got of it is given back.
    pub(crate) async fn make(&self) -> Outcome {
        let Some(courier) = self.courier else {
            // It was configured when somebody published, and may be again.
            return later("the courier is not configured");
        };
        let never = |why: &str| Outcome::Never { why: why.to_owned(), status: None };
        let Some(number) = PhoneNumber::parse(&self.parcel.endpoint) else {
            return never("Invalid phone number");
        };
        let outbox = &self.attempt.delivery.subscription.topic;
        let scope = Scope::of(outbox);
        if let Some(why) = self.sms.why_not(&scope, &number, outbox) {
            return never(why);
        }
        let sender = self.parcel.text_message.as_ref().and_then(|it| it.sender.as_deref());
        if !sender.is_none_or(|sender| self.sms.terms.allows_sender(sender)) {
            return never("the sender is none of the origination numbers");
        }
        let Some(cost) = courier.cost(self.parcel) else {
            return courier.deliver(self.parcel).await;
        };
        let charge = match self.sms.charge(&scope, cost, self.now).await {
            Ok(charge) => charge,
            Err(Uncharged::NoQuota(NoQuota { is_final: true })) => return never(NO_QUOTA),
            Err(Uncharged::NoQuota(NoQuota { is_final: false })) => return later(NO_QUOTA),
            Err(Uncharged::Failed(failure)) => {
                return later(format!("what it costs cannot be written down: {failure}"));
            }
        };
        let (outcome, spent) = courier.send_message(self.parcel).await;
        self.sms.conclude(&charge, spent);
        outcome
    }

    /// What of its account's messages is logged.
    pub(crate) fn logging(&self) -> DeliveryLogging {
        let scope = Scope::of(&self.attempt.delivery.subscription.topic);
        self.sms.look().logging(&scope)
    }

    /// What is logged of the message, if its account wants it logged.
    pub(crate) fn log(&self, published_at: Timestamp) -> TextMessageLog {
        let topic = &self.attempt.delivery.subscription.topic;
        let size = self.courier.and_then(|courier| courier.size(self.parcel));
        let options = self.parcel.text_message.as_ref();
        TextMessageLog {
            scope: Scope::of(topic),
            topic: (!topic.name.is_direct()).then(|| topic.name.as_str().to_owned()),
            message_id: self.parcel.message_id.clone(),
            published_at,
            destination: self.parcel.endpoint.clone(),
            parts: size.map(|(parts, _)| parts),
            price: size.and_then(|(_, price)| price),
            is_transactional: options.is_some_and(|options| options.is_transactional),
        }
    }
}

fn later(why: impl Into<Cow<'static, str>>) -> Outcome {
    Outcome::TryLater { why: why.into().into_owned(), status: None }
}
