//! One subscription.

use std::sync::Arc;

use crate::delivery::{Delivery, QueueKey, SignatureVersion};
use crate::limits;
use crate::names::{AccountId, QueueArn, SubscriptionArn, SubscriptionProtocol};
use crate::subscription_attributes::SubscriptionAttributes;
use crate::time::Timestamp;

/// A subscription. All but the last group of fields is saved in snapshots.
pub(crate) struct Subscription {
    pub(crate) number: u32,
    /// The number of its topic.
    pub(crate) topic: u32,
    pub(crate) arn: SubscriptionArn,
    pub(crate) protocol: SubscriptionProtocol,
    pub(crate) endpoint: Arc<str>,
    pub(crate) owner: AccountId,
    /// The ARN of who made it.
    pub(crate) principal: Arc<str>,
    pub(crate) attributes: SubscriptionAttributes,
    pub(crate) created_at: Timestamp,
    pub(crate) status: Status,
    pub(crate) target: Target,
    pub(crate) replay: Option<Replay>,

    /// In which form its messages go out now.
    delivery: Arc<Delivery>,
}

/// Where a subscription stands.
///
/// ```text
///              ┌─────────┐  token   ┌───────────┐
///   web ──────►│ pending ├─────────►│ confirmed │◄───── own queue
///              └────┬────┘          └───┬───▲───┘
///                48 h           unsigned│   │token
///                   ▼         ┌─────────▼───┴─┐
///                deleted ◄────┤     ended     │
///                      48 h   └───────────────┘
/// ```
/// Its owner, or the end of its topic, deletes a subscription in any state.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    /// Its endpoint has been asked and has not answered.
    Pending,
    /// Messages go to it.
    Confirmed {
        /// Whether an unsigned request may not end it.
        is_authenticated: bool,
    },
    /// No messages go to it. Its endpoint has been told and may undo it.
    Ended {
        /// Since when.
        at: Timestamp,
    },
}

/// Where a subscription's messages go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Into a queue, which may or may not be there.
    Queue(QueueArn),
    /// Into the queue of this number, which a courier empties.
    Outbox(u32),
}

/// A replay of archived messages.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Replay {
    /// The last message that was looked at; 0 before the first.
    pub(crate) last: u64,
    /// The newest message in the archive when the replay was asked for: those behind it have been
    /// delivered as they came.
    pub(crate) until: u64,
    /// `None` while it runs, then whether it came to its end.
    pub(crate) end: Option<bool>,
    /// Whether messages are being read for it. Not saved.
    pub(crate) is_reading: bool,
}

impl Subscription {
    #[expect(clippy::too_many_arguments, reason = "as many as a subscription has parts")]
    pub(crate) fn new(
        number: u32,
        topic: u32,
        arn: SubscriptionArn,
        protocol: SubscriptionProtocol,
        endpoint: &str,
        owner: AccountId,
        principal: &str,
        attributes: SubscriptionAttributes,
        created_at: Timestamp,
        status: Status,
        target: Target,
    ) -> Self {
        let delivery = Arc::new(Delivery {
            subscription: arn.clone(),
            protocol,
            is_raw: attributes.raw_message_delivery(),
            is_replayed: false,
            signature_version: SignatureVersion::default(),
            key: None,
        });
        Self {
            number,
            topic,
            arn,
            protocol,
            endpoint: endpoint.into(),
            owner,
            principal: principal.into(),
            attributes,
            created_at,
            status,
            target,
            replay: None,
            delivery,
        }
    }

    /// Whether it is that of a direct outbox, which callers do not see.
    pub(crate) fn is_direct(&self) -> bool {
        self.arn.topic.name.is_direct()
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(self.status, Status::Confirmed { .. })
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.status, Status::Ended { .. })
    }

    /// When it goes for good, unless somebody confirms it.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        let since = match self.status {
            Status::Pending => self.created_at,
            Status::Confirmed { .. } => return None,
            Status::Ended { at } => at,
        };
        Some(since.plus_seconds(limits::CONFIRMATION_SECONDS))
    }

    /// Whether it has a filter policy that counts against its owner's limit.
    pub(crate) fn has_counted_filter_policy(&self) -> bool {
        self.attributes.filter_policy().is_some() && !self.is_ended()
    }

    /// In which form a message goes out now, and the key of the queue that it goes to. Most messages
    /// share one.
    pub(crate) fn delivery(
        &mut self,
        signature_version: SignatureVersion,
        is_replayed: bool,
        key: Option<QueueKey>,
    ) -> Arc<Delivery> {
        let now = &self.delivery;
        let is_raw = self.attributes.raw_message_delivery();
        if (now.is_raw, now.signature_version) != (is_raw, signature_version) {
            self.delivery = Arc::new(Delivery { is_raw, signature_version, ..(**now).clone() });
        }
        if is_replayed || key.is_some() {
            return Arc::new(Delivery { is_replayed, key, ..(*self.delivery).clone() });
        }
        Arc::clone(&self.delivery)
    }
}
