//! Reading attributes: GetQueueAttributes.

use super::QueueAttributes;
use super::name::Name;
use crate::names::QueueArn;
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// What reading shows beside what is set.
#[derive(Copy, Clone, Debug)]
pub struct Facts<'a> {
    /// The queue's name in full.
    pub arn: &'a QueueArn,
    /// When the queue was created.
    pub created_at: Timestamp,
    /// When its attributes were last set.
    pub modified_at: Timestamp,
    /// Messages that a receive could hand out.
    pub visible: u64,
    /// Messages in flight.
    pub not_visible: u64,
    /// Messages that wait for their delay to end.
    pub delayed: u64,
}

impl QueueAttributes {
    /// The attributes that are asked for, each once, in the order of the service's answers. `All`
    /// stands for every one. An attribute that is not set is left out, and so is
    /// `KmsDataKeyReusePeriodSeconds` of a queue without a KMS key.
    ///
    /// # Errors
    /// InvalidAttributeName if a name is unknown, or only FIFO queues have it and this is none.
    pub fn read(
        &self,
        names: &[String],
        facts: &Facts<'_>,
    ) -> Result<Vec<(&'static str, String)>, Rejection> {
        let mut all = false;
        let mut asked = Vec::with_capacity(names.len());
        for text in names {
            match Name::readable(text) {
                _ if text == "All" => all = true,
                Some(name) if self.fifo.is_some() || !name.is_fifo_only() => asked.push(name),
                _ => return Err(Rejection::unknown_attribute(text)),
            }
        }
        let shown = Name::READABLE.into_iter().filter(|name| all || asked.contains(name));
        Ok(shown
            .filter_map(|name| {
                let value = facts.value(name).or_else(|| self.saved(name))?;
                Some((name.as_str(), value))
            })
            .collect())
    }

    /// What is set, as text; `None` if it is not set, or not to be shown.
    pub(super) fn saved(&self, name: Name) -> Option<String> {
        let fifo = self.fifo.as_ref();
        match name {
            Name::DelaySeconds => Some(self.delay_seconds.to_string()),
            Name::MaximumMessageSize => Some(self.maximum_message_size.to_string()),
            Name::MessageRetentionPeriod => Some(self.message_retention_period.to_string()),
            Name::ReceiveMessageWaitTimeSeconds => {
                Some(self.receive_message_wait_time_seconds.to_string())
            }
            Name::VisibilityTimeout => Some(self.visibility_timeout.to_string()),
            Name::Policy => self.policy.as_deref().map(str::to_owned),
            Name::RedrivePolicy => self.redrive_policy.as_ref().map(|policy| policy.to_json()),
            Name::RedriveAllowPolicy => {
                self.redrive_allow_policy.as_ref().map(|policy| policy.to_json())
            }
            Name::KmsMasterKeyId => self.kms_master_key_id.as_deref().map(str::to_owned),
            Name::KmsDataKeyReusePeriodSeconds => {
                let reuse = self.kms_data_key_reuse_period_seconds;
                self.kms_master_key_id.as_ref().map(|_| reuse.to_string())
            }
            Name::SqsManagedSseEnabled => Some(self.sqs_managed_sse_enabled.to_string()),
            Name::FifoQueue => fifo.map(|_| "true".to_owned()),
            Name::ContentBasedDeduplication => {
                fifo.map(|fifo| fifo.content_based_deduplication.to_string())
            }
            Name::DeduplicationScope => fifo.map(|fifo| fifo.deduplication_scope.as_str().into()),
            Name::FifoThroughputLimit => fifo.map(|fifo| fifo.throughput_limit.as_str().into()),
            Name::QueueArn
            | Name::ApproximateNumberOfMessages
            | Name::ApproximateNumberOfMessagesNotVisible
            | Name::ApproximateNumberOfMessagesDelayed
            | Name::CreatedTimestamp
            | Name::LastModifiedTimestamp => None,
        }
    }
}

impl Facts<'_> {
    fn value(&self, name: Name) -> Option<String> {
        match name {
            Name::QueueArn => Some(self.arn.to_string()),
            Name::ApproximateNumberOfMessages => Some(self.visible.to_string()),
            Name::ApproximateNumberOfMessagesNotVisible => Some(self.not_visible.to_string()),
            Name::ApproximateNumberOfMessagesDelayed => Some(self.delayed.to_string()),
            Name::CreatedTimestamp => Some(self.created_at.as_seconds().to_string()),
            Name::LastModifiedTimestamp => Some(self.modified_at.as_seconds().to_string()),
            _ => None,
        }
    }
}
