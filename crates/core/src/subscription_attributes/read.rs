//! Reading attributes: the part of GetSubscriptionAttributes that is about what is set.

use super::SubscriptionAttributes;
use super::name::Name;
use crate::delivery_policy::{EffectiveDeliveryPolicy, TopicDeliveryPolicy};
use crate::names::SubscriptionProtocol;

impl SubscriptionAttributes {
    /// Every attribute that is set, and for a subscription with an HTTP endpoint
    /// `EffectiveDeliveryPolicy`. `topic_policy` is the delivery policy of its topic.
    ///
    /// `RawMessageDelivery` is always there, `FilterPolicyScope` only beside a filter policy.
    pub fn to_pairs(
        &self,
        protocol: SubscriptionProtocol,
        topic_policy: Option<&TopicDeliveryPolicy>,
    ) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<_> = Name::ALL
            .into_iter()
            .filter_map(|name| Some((name.as_str(), self.saved(name)?)))
            .collect();
        if protocol.is_web() {
            let effective = EffectiveDeliveryPolicy::new(topic_policy, self.delivery_policy());
            pairs.push(("EffectiveDeliveryPolicy", effective.to_json()));
        }
        pairs
    }

    /// What is set, as text; `None` if it is not set, or not to be shown.
    pub(super) fn saved(&self, name: Name) -> Option<String> {
        match name {
            Name::RawMessageDelivery => Some(self.raw_message_delivery.to_string()),
            Name::FilterPolicy => self.filter_policy.as_ref().map(|p| p.text().to_owned()),
            Name::FilterPolicyScope => {
                self.filter_policy.as_ref().map(|policy| policy.scope().to_string())
            }
            Name::RedrivePolicy => self.redrive_policy.as_ref().map(|p| p.text().to_owned()),
            Name::DeliveryPolicy => self.delivery_policy.as_ref().map(|policy| policy.to_json()),
            Name::SubscriptionRoleArn => self.subscription_role_arn.as_deref().map(str::to_owned),
            Name::ReplayPolicy => self.replay_policy.as_ref().map(|p| p.text().to_owned()),
        }
    }
}
