//! Setting attributes: CreateQueue and SetQueueAttributes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::name::Name;
use super::{DeduplicationScope, FifoAttributes, QueueAttributes, ThroughputLimit};
use crate::limits;
use crate::names::QueueName;
use crate::policy_document;
use crate::redrive_policy::{RedriveAllowPolicy, RedrivePolicy};
use crate::rejection::Rejection;

/// Names and values as a request gives them. Of several values for one name the last counts.
type Given = [(String, String)];

impl QueueAttributes {
    /// The attributes of a new queue: as given, the rest as the documented defaults.
    ///
    /// # Errors
    /// InvalidParameterValue if the name and `FifoQueue` disagree, or a redrive policy is wrong.
    /// InvalidAttributeName if an attribute is unknown, cannot be set, does not go with the kind of
    /// queue or with another one. InvalidAttributeValue if a value is outside its range. OverLimit
    /// if the access policy has too much of something.
    pub fn create(name: &QueueName, given: &Given) -> Result<Self, Rejection> {
        let fifo = kind_of_new_queue(name, value(given, Name::FifoQueue))?;
        Self::defaults(fifo).changed(given)
    }

    /// The attributes of the queue after SetQueueAttributes.
    ///
    /// # Errors
    /// MissingParameter if nothing is given, otherwise those of [`Self::create`]. A queue's kind
    /// cannot be changed: `FifoQueue` is refused whatever its value.
    pub fn with_changes(&self, given: &Given) -> Result<Self, Rejection> {
        if given.is_empty() {
            // The name that the service gives the parameter in both protocols.
            return Err(Rejection::MissingParameter("Attribute.Name".into()));
        }
        match value(given, Name::FifoQueue) {
            Some("false") if self.fifo.is_some() => {
                Err(invalid(Name::FifoQueue, "Modifying queue type is not supported."))
            }
            Some(_) => Err(Rejection::unknown_attribute("FifoQueue")),
            None => self.clone().changed(given),
        }
    }

    /// CreateQueue for a name that is taken by a queue with these attributes: the first attribute,
    /// in the order of the API reference, of which the request says another value than the queue
    /// has now; `None` if it says nothing else, or nothing at all.
    ///
    /// # Errors
    /// Those of [`Self::create`]: a request that could create no queue finds none, either.
    pub fn first_difference(
        &self,
        name: &QueueName,
        given: &Given,
    ) -> Result<Option<String>, Rejection> {
        let wanted = Self::create(name, given)?;
        let mut said = Name::SETTABLE.into_iter().filter(|&name| value(given, name).is_some());
        let differs = said.find(|&name| !self.agrees(&wanted, name));
        Ok(differs.map(|name| name.as_str().to_owned()))
    }

    /// The redrive policy that a request gives, and its text; `None` if the request does not touch
    /// it, or clears it. `self` is what the request has made of the attributes.
    pub fn redrive_policy_given<'a>(
        &'a self,
        given: &'a Given,
    ) -> Option<(&'a RedrivePolicy, &'a str)> {
        let json = value(given, Name::RedrivePolicy)?;
        self.redrive_policy.as_ref().map(|policy| (policy, json))
    }

    /// Names first, then values, then how they go together. Which of several faults is reported
    /// does not depend on the order in which they are given, unknown names apart.
    fn changed(mut self, given: &Given) -> Result<Self, Rejection> {
        if let Some((name, _)) = given.iter().find(|(name, _)| Name::settable(name).is_none()) {
            return Err(Rejection::unknown_attribute(name));
        }
        let mut given_names = Name::SETTABLE.into_iter().filter(|&n| value(given, n).is_some());
        if self.fifo.is_none()
            && let Some(name) = given_names.find(|name| name.is_fifo_only())
        {
            return Err(fifo_only(name));
        }
        let kms_key = value(given, Name::KmsMasterKeyId).unwrap_or_default();
        if !kms_key.is_empty() && value(given, Name::SqsManagedSseEnabled) == Some("true") {
            return Err(Rejection::InvalidAttributeName(
                "You can use one type of server-side encryption (SSE) at one time. You can either \
                 enable KMS SSE or SQS SSE."
                    .into(),
            ));
        }
        for name in Name::SETTABLE {
            if let Some(value) = value(given, name) {
                self.set(name, value)?;
            }
        }
        self.check_fifo()?;
        Ok(self)
    }

    fn set(&mut self, name: Name, value: &str) -> Result<(), Rejection> {
        let number = |range| number(name, value, range);
        match name {
            Name::DelaySeconds => self.delay_seconds = number(limits::DELAY_SECONDS)?,
            Name::MaximumMessageSize => {
                self.maximum_message_size = number(limits::MAXIMUM_MESSAGE_SIZE)?;
            }
            Name::MessageRetentionPeriod => {
                self.message_retention_period = number(limits::MESSAGE_RETENTION_PERIOD)?;
            }
            Name::ReceiveMessageWaitTimeSeconds => {
                self.receive_message_wait_time_seconds = number(limits::WAIT_TIME_SECONDS)?;
            }
            Name::VisibilityTimeout => {
                self.visibility_timeout = number(limits::VISIBILITY_TIMEOUT)?;
            }
            Name::Policy => {
                self.policy = unless_empty(value, |text| {
                    policy_document::check(text).map(|()| Arc::from(text))
                })?;
            }
            Name::RedrivePolicy => {
                self.redrive_policy = unless_empty(value, RedrivePolicy::parse)?;
            }
            Name::RedriveAllowPolicy => {
                self.redrive_allow_policy = unless_empty(value, RedriveAllowPolicy::parse)?;
            }
            Name::KmsMasterKeyId => self.set_kms_key(value)?,
            Name::KmsDataKeyReusePeriodSeconds => {
                self.kms_data_key_reuse_period_seconds =
                    number(limits::KMS_DATA_KEY_REUSE_PERIOD_SECONDS)?;
            }
            Name::SqsManagedSseEnabled => {
                self.sqs_managed_sse_enabled = boolean(name, value)?;
                if self.sqs_managed_sse_enabled {
                    self.kms_master_key_id = None;
                }
            }
            _ => self.set_fifo(name, value)?,
        }
        Ok(())
    }

    /// A key takes over from the service's own encryption; when it goes, that one is back.
    fn set_kms_key(&mut self, key: &str) -> Result<(), Rejection> {
        if key.chars().count() > limits::KMS_KEY_ID_CHARS_MAX {
            return Err(Rejection::attribute_value("KmsMasterKeyId"));
        }
        let had_key = self.kms_master_key_id.is_some();
        self.kms_master_key_id = (!key.is_empty()).then(|| key.into());
        if had_key || !key.is_empty() {
            self.sqs_managed_sse_enabled = key.is_empty();
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: Name, value: &str) -> Result<(), Rejection> {
        let Some(fifo) = &mut self.fifo else {
            return Err(fifo_only(name));
        };
        match (name, value) {
            // The queue's kind was settled with its name.
            (Name::FifoQueue, _) => {}
            (Name::ContentBasedDeduplication, _) => {
                fifo.content_based_deduplication = boolean(name, value)?;
            }
            (Name::DeduplicationScope, "queue") => {
                fifo.deduplication_scope = DeduplicationScope::Queue;
            }
            (Name::DeduplicationScope, "messageGroup") => {
                fifo.deduplication_scope = DeduplicationScope::MessageGroup;
            }
            (Name::FifoThroughputLimit, "perQueue") => {
                fifo.throughput_limit = ThroughputLimit::PerQueue;
            }
            (Name::FifoThroughputLimit, "perMessageGroupId") => {
                fifo.throughput_limit = ThroughputLimit::PerMessageGroupId;
            }
            _ => return Err(Rejection::attribute_value(name.as_str())),
        }
        Ok(())
    }

    fn check_fifo(&self) -> Result<(), Rejection> {
        let per_group_in_whole_queue = self.fifo.is_some_and(|fifo| {
            fifo.throughput_limit == ThroughputLimit::PerMessageGroupId
                && fifo.deduplication_scope == DeduplicationScope::Queue
        });
        if per_group_in_whole_queue {
            let reason = "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope \
                          must be messageGroup.";
            return Err(invalid(Name::FifoThroughputLimit, reason));
        }
        Ok(())
    }

    /// Whether both have the same value for an attribute.
    fn agrees(&self, other: &Self, name: Name) -> bool {
        match name {
            Name::Policy => match (&self.policy, &other.policy) {
                (Some(one), Some(another)) => policy_document::same(one, another),
                (one, another) => one == another,
            },
            // Reading does not show it while there is no KMS key, but it counts.
            Name::KmsDataKeyReusePeriodSeconds => {
                self.kms_data_key_reuse_period_seconds == other.kms_data_key_reuse_period_seconds
            }
            _ => self.saved(name) == other.saved(name),
        }
    }
}

fn value(given: &Given, name: Name) -> Option<&str> {
    given.iter().rfind(|(given, _)| given == name.as_str()).map(|(_, value)| value.as_str())
}

/// Whether a new queue is FIFO. Its name and the attribute must say so both, or neither.
fn kind_of_new_queue(
    name: &QueueName,
    fifo_queue: Option<&str>,
) -> Result<Option<FifoAttributes>, Rejection> {
    match (name.is_fifo(), fifo_queue) {
        (true, Some("true")) => Ok(Some(FifoAttributes::default())),
        (true, None | Some("false")) => Err(Rejection::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .into(),
        )),
        (true, Some(_)) => Err(Rejection::attribute_value("FifoQueue")),
        (false, None) => Ok(None),
        (false, Some("true")) => Err(Rejection::InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
             underscores, must end with .fifo suffix and be 1 to 80 in length."
                .into(),
        )),
        // Even "false" is no attribute of a standard queue.
        (false, Some(_)) => Err(fifo_only(Name::FifoQueue)),
    }
}

fn fifo_only(name: Name) -> Rejection {
    match name {
        Name::DeduplicationScope | Name::FifoThroughputLimit => Rejection::InvalidAttributeName(
            format!("You can specify the {} only when FifoQueue is set to true.", name.as_str()),
        ),
        _ => Rejection::unknown_attribute(name.as_str()),
    }
}

fn invalid(name: Name, reason: &str) -> Rejection {
    let name = name.as_str();
    Rejection::InvalidAttributeValue(format!(
        "Invalid value for the parameter {name}. Reason: {reason}"
    ))
}

/// Decimal digits and nothing else.
fn number(name: Name, value: &str, range: RangeInclusive<u32>) -> Result<u32, Rejection> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| Rejection::attribute_value(name.as_str()))
}

fn boolean(name: Name, value: &str) -> Result<bool, Rejection> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Rejection::attribute_value(name.as_str())),
    }
}

/// An empty text clears the attribute.
fn unless_empty<T>(
    value: &str,
    parse: impl FnOnce(&str) -> Result<T, Rejection>,
) -> Result<Option<T>, Rejection> {
    if value.is_empty() { Ok(None) } else { parse(value).map(Some) }
}
