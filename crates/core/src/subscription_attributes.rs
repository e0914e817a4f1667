//! The attributes of a subscription that Subscribe and SetSubscriptionAttributes set and
//! GetSubscriptionAttributes shows, as typed values that have been checked.
//!
//! What depends on other subscriptions, on a replay that runs or on the topic's archive is not
//! looked at here.

mod change;
mod documents;
mod name;
mod read;
mod saved;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::delivery_policy::SubscriptionDeliveryPolicy;
use crate::filter_policy::{FilterPolicy, FilterPolicyScope};
use crate::names::{AccountId, SubscriptionProtocol, TopicArn};

pub use documents::{ReplayPolicy, SubscriptionRedrivePolicy};

/// The saved attributes of one subscription. API reference of SNS, Subscribe and
/// SetSubscriptionAttributes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SubscriptionAttributes {
    raw_message_delivery: bool,
    filter_policy: Option<Arc<FilterPolicy>>,
    /// That of the policy if there is one, else of the next one.
    filter_policy_scope: FilterPolicyScope,
    redrive_policy: Option<Box<SubscriptionRedrivePolicy>>,
    delivery_policy: Option<Box<SubscriptionDeliveryPolicy>>,
    /// The ARN of an IAM role. Never empty.
    subscription_role_arn: Option<Arc<str>>,
    replay_policy: Option<Box<ReplayPolicy>>,
}

/// The subscription whose attributes are set: what decides which ones it can have.
#[derive(Copy, Clone, Debug)]
pub struct Context<'a> {
    /// How its messages go out.
    pub protocol: SubscriptionProtocol,
    /// What it subscribes to.
    pub topic: &'a TopicArn,
    /// Who owns the subscription.
    pub owner: AccountId,
    /// Whether its endpoint is a FIFO queue.
    pub endpoint_is_fifo_queue: bool,
}

impl SubscriptionAttributes {
    /// Whether messages go out without their envelope.
    pub fn raw_message_delivery(&self) -> bool {
        self.raw_message_delivery
    }

    /// Which messages the subscription wants; `None` for all. Never one that says nothing.
    pub fn filter_policy(&self) -> Option<&Arc<FilterPolicy>> {
        self.filter_policy.as_ref()
    }

    /// Where messages go that cannot be delivered.
    pub fn redrive_policy(&self) -> Option<&SubscriptionRedrivePolicy> {
        self.redrive_policy.as_deref()
    }

    /// How messages go to the HTTP endpoint. Only of subscriptions that have one.
    pub fn delivery_policy(&self) -> Option<&SubscriptionDeliveryPolicy> {
        self.delivery_policy.as_deref()
    }

    /// The role that messages are written to a delivery stream with, as an ARN.
    pub fn subscription_role_arn(&self) -> Option<&str> {
        self.subscription_role_arn.as_deref()
    }

    /// Which archived messages are to be delivered once more. Only of subscriptions to FIFO topics.
    pub fn replay_policy(&self) -> Option<&ReplayPolicy> {
        self.replay_policy.as_deref()
    }
}
