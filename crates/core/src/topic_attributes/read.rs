//! Reading attributes: GetTopicAttributes.

use super::TopicAttributes;
use super::name::Name;
use crate::delivery::SignatureVersion;
use crate::delivery_policy::TopicDeliveryPolicy;
use crate::names::TopicArn;
use crate::time::Timestamp;

/// What reading shows beside what is set.
#[derive(Copy, Clone, Debug)]
pub struct Facts<'a> {
    /// The topic's name in full.
    pub arn: &'a TopicArn,
    /// Subscriptions that messages go to.
    pub confirmed: u64,
    /// Subscriptions that wait for their confirmation.
    pub pending: u64,
    /// Subscriptions that are gone.
    pub deleted: u64,
    /// From when on messages are in the archive; `None` if there is none.
    pub archive_begins_at: Option<Timestamp>,
}

impl TopicAttributes {
    /// Every attribute, in the order of the service's answers. One that is not set is left out,
    /// unless the service always shows it.
    pub fn to_pairs(&self, facts: &Facts<'_>) -> Vec<(&'static str, String)> {
        let feedback = self.feedback.keys().map(|&feedback| Name::Feedback(feedback));
        Name::READABLE
            .into_iter()
            .chain(feedback)
            .filter(|name| self.is_fifo() || !name.is_fifo_only())
            .filter_map(|name| Some((name.as_str(), self.shown(name, facts)?)))
            .collect()
    }

    fn shown(&self, name: Name, facts: &Facts<'_>) -> Option<String> {
        match name {
            Name::Policy => Some(self.policy(facts.arn).as_ref().to_owned()),
            Name::Owner => Some(facts.arn.account.to_string()),
            Name::TopicArn => Some(facts.arn.to_string()),
            Name::SubscriptionsConfirmed => Some(facts.confirmed.to_string()),
            Name::SubscriptionsPending => Some(facts.pending.to_string()),
            Name::SubscriptionsDeleted => Some(facts.deleted.to_string()),
            Name::EffectiveDeliveryPolicy => {
                Some(TopicDeliveryPolicy::effective_json(self.delivery_policy()))
            }
            Name::BeginningArchiveTime => facts.archive_begins_at.map(Timestamp::to_iso8601),
            _ => self.saved(name),
        }
    }

    /// What is set, as text; `None` if it is not set, or nothing to be set.
    pub(super) fn saved(&self, name: Name) -> Option<String> {
        let fifo = self.fifo.as_ref();
        match name {
            Name::DisplayName => Some(self.display_name.as_ref().to_owned()),
            Name::Policy => self.policy.as_deref().map(str::to_owned),
            Name::DeliveryPolicy => self.delivery_policy.as_ref().map(|policy| policy.to_json()),
            Name::KmsMasterKeyId => self.kms_master_key_id.as_deref().map(str::to_owned),
            Name::SignatureVersion => self.signature_version.map(|version| match version {
                SignatureVersion::V1 => "1".to_owned(),
                SignatureVersion::V2 => "2".to_owned(),
            }),
            Name::TracingConfig => self.tracing_config.map(|config| config.as_str().into()),
            Name::MaximumMessageSize => self.maximum_message_size.map(|size| size.to_string()),
            Name::FifoTopic => fifo.map(|_| "true".to_owned()),
            Name::ContentBasedDeduplication => {
                fifo.map(|fifo| fifo.content_based_deduplication.to_string())
            }
            Name::FifoThroughputScope => fifo?.throughput_scope.map(|scope| scope.as_str().into()),
            Name::ArchivePolicy => {
                fifo?.archive_days.map(|days| format!(r#"{{"MessageRetentionPeriod":"{days}"}}"#))
            }
            Name::Feedback(feedback) => {
                self.feedback.get(&feedback).map(|value| value.as_ref().to_owned())
            }
            Name::Owner
            | Name::TopicArn
            | Name::SubscriptionsConfirmed
            | Name::SubscriptionsPending
            | Name::SubscriptionsDeleted
            | Name::EffectiveDeliveryPolicy
            | Name::BeginningArchiveTime => None,
        }
    }
}
