//! The delivery policy that holds: EffectiveDeliveryPolicy.

use std::sync::Arc;

use serde_json::{Map, json};

use super::{
    DEFAULT_CONTENT_TYPE, ENVELOPE_CONTENT_TYPES, RetryPolicy, RetrySchedule,
    SubscriptionDeliveryPolicy, TopicDeliveryPolicy, media_type,
};

/// What holds for the messages of one subscription to an HTTP endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EffectiveDeliveryPolicy {
    retry: RetryPolicy,
    sickly_retry: Option<RetryPolicy>,
    max_receives_per_second: Option<u32>,
    content_type: Option<Arc<str>>,
    guaranteed: bool,
}

impl EffectiveDeliveryPolicy {
    /// Section by section: the subscription's, unless its topic forbids that; else the topic's;
    /// else the service's.
    pub fn new(
        topic: Option<&TopicDeliveryPolicy>,
        subscription: Option<&SubscriptionDeliveryPolicy>,
    ) -> Self {
        let forbidden = topic.and_then(|topic| topic.disable_subscription_overrides);
        let own = subscription.filter(|_| forbidden != Some(true));
        let rate = |own: &SubscriptionDeliveryPolicy| own.max_receives_per_second;
        let content_type = |own: &SubscriptionDeliveryPolicy| own.content_type.clone();
        Self {
            retry: own
                .and_then(|own| own.retry)
                .or(topic.and_then(|topic| topic.retry))
                .unwrap_or(RetryPolicy::DEFAULT)
                .complete(),
            sickly_retry: own.and_then(|own| own.sickly_retry),
            max_receives_per_second: own
                .and_then(rate)
                .or(topic.and_then(|topic| topic.max_receives_per_second)),
            content_type: own
                .and_then(content_type)
                .or_else(|| topic.and_then(|topic| topic.content_type.clone())),
            guaranteed: own.is_some_and(|own| own.guaranteed),
        }
    }

    /// When a message is tried again. Ends after 100 retries or 3600 seconds at the latest.
    pub fn schedule(&self) -> RetrySchedule {
        let RetryPolicy { min_delay, max_delay, retries, .. } = self.retry;
        let no_delay = self.retry.no_delay_retries.unwrap_or_default();
        let at_min_delay = self.retry.min_delay_retries.unwrap_or_default();
        let at_max_delay = self.retry.max_delay_retries.unwrap_or_default();
        RetrySchedule::of_policy(
            [
                no_delay,
                at_min_delay,
                retries - no_delay - at_min_delay - at_max_delay,
                at_max_delay,
            ],
            [min_delay, max_delay],
            self.retry.backoff.unwrap_or_default(),
        )
    }

    /// How many messages a second the endpoint is sent at most, retries included: at least 1.
    /// `None` for as many as there are.
    pub fn max_receives_per_second(&self) -> Option<u32> {
        self.max_receives_per_second
    }

    /// The `Content-Type` of notifications. Messages in their envelope are never sent as what only
    /// a raw message can be.
    pub fn content_type(&self, raw: bool) -> &str {
        let fits = |text: &&str| raw || ENVELOPE_CONTENT_TYPES.contains(&media_type(text));
        self.content_type.as_deref().filter(fits).unwrap_or(DEFAULT_CONTENT_TYPE)
    }

    /// `EffectiveDeliveryPolicy` of the subscription.
    pub fn to_json(&self) -> String {
        let content_type = self.content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE);
        SubscriptionDeliveryPolicy {
            retry: Some(self.retry),
            sickly_retry: self.sickly_retry,
            max_receives_per_second: self.max_receives_per_second,
            content_type: Some(content_type.into()),
            guaranteed: self.guaranteed,
        }
        .to_json()
    }
}

impl TopicDeliveryPolicy {
    /// `EffectiveDeliveryPolicy` of a topic with this policy, or with none: what holds for
    /// subscriptions without a policy.
    pub fn effective_json(policy: Option<&Self>) -> String {
        let effective = EffectiveDeliveryPolicy::new(policy, None);
        let disable = policy.and_then(|policy| policy.disable_subscription_overrides);
        let content_type = effective.content_type.as_deref().unwrap_or(DEFAULT_CONTENT_TYPE);
        let mut http = Map::new();
        http.insert("defaultHealthyRetryPolicy".into(), effective.retry.to_value());
        http.insert("disableSubscriptionOverrides".into(), disable.unwrap_or_default().into());
        if let Some(rate) = effective.max_receives_per_second {
            http.insert("defaultThrottlePolicy".into(), json!({ "maxReceivesPerSecond": rate }));
        }
        let request = json!({ "headerContentType": content_type });
        http.insert("defaultRequestPolicy".into(), request);
        json!({ "http": http }).to_string()
    }
}
