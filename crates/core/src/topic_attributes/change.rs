//! Setting attributes: CreateTopic, SetTopicAttributes, AddPermission and RemovePermission.

use std::sync::Arc;

use serde_json::Value;

use super::name::{Feedback, Name};
use super::{FifoTopicAttributes, ThroughputScope, TopicAttributes, TracingConfig};
use crate::attribute_fault::AttributeFault;
use crate::delivery::SignatureVersion;
use crate::delivery_policy::TopicDeliveryPolicy;
use crate::limits;
use crate::names::{AccountId, TopicArn};
use crate::policy_document;
use crate::rejection::TopicRejection;
use crate::topic_policy;

/// Names and values as a request gives them. Of several values for one name the last counts.
type Given = [(String, String)];

impl TopicAttributes {
    /// The attributes of a new topic: as given, the rest as the documented defaults.
    ///
    /// # Errors
    /// InvalidParameter if the topic's name and `FifoTopic` disagree, an attribute is unknown or
    /// does not go with the kind of topic, or a value is outside its range.
    pub fn create(arn: &TopicArn, given: &Given) -> Result<Self, TopicRejection> {
        let fifo = kind(arn, value(given, Name::FifoTopic))?;
        Self::defaults(fifo.then(FifoTopicAttributes::default)).all_set(given)
    }

    /// CreateTopic for a name that is taken by a topic with these attributes: whether the request
    /// says of an attribute another value than the topic has now, or sets one that the topic does
    /// not have.
    ///
    /// # Errors
    /// InvalidParameter as in [`Self::create`]: a request that could create no topic finds none,
    /// either. But one that does not say that the topic is FIFO does not say that it is not.
    pub fn conflicts(&self, arn: &TopicArn, given: &Given) -> Result<bool, TopicRejection> {
        let fifo = match value(given, Name::FifoTopic) {
            None => self.is_fifo(),
            said => kind(arn, said)?,
        };
        let wanted = Self::defaults(fifo.then(FifoTopicAttributes::default)).all_set(given)?;
        let mut said = given.iter().filter_map(|(name, _)| Name::settable(name));
        Ok(said.any(|name| !self.agrees(&wanted, arn, name)))
    }

    /// SetTopicAttributes: the attributes after one of them was set.
    ///
    /// # Errors
    /// InvalidParameter if the attribute is unknown, cannot be set later or does not go with the
    /// kind of topic, or the value is outside its range.
    pub fn set(&self, name: &str, value: &str) -> Result<Self, TopicRejection> {
        let mut attributes = self.clone();
        let set = match Name::settable(name) {
            Some(name) if name != Name::FifoTopic => attributes.set_one(name, value),
            _ => Err(AttributeFault::Name(name.to_owned())),
        };
        set.map_err(AttributeFault::on_change)?;
        Ok(attributes)
    }

    /// AddPermission: the attributes with a statement more in the access policy, which grants the
    /// actions, names without `SNS:`, to the accounts, twelve digits each.
    ///
    /// # Errors
    /// InvalidParameter if one of the three is empty, an account has another form, an action is
    /// none that other accounts can have, the label is taken, or the policy would grow too large.
    pub fn with_permission(
        &self,
        arn: &TopicArn,
        label: &str,
        accounts: &[String],
        actions: &[String],
    ) -> Result<Self, TopicRejection> {
        let policy =
            topic_policy::add_permission(&self.policy(arn), arn, label, accounts, actions)?;
        Ok(Self { policy: Some(policy.into()), ..self.clone() })
    }

    /// RemovePermission: the attributes without the statement of this label in the access policy. A
    /// label that is not there is no error.
    ///
    /// # Errors
    /// InvalidParameter if the label is empty.
    pub fn without_permission(&self, arn: &TopicArn, label: &str) -> Result<Self, TopicRejection> {
        Ok(match topic_policy::remove_permission(&self.policy(arn), label)? {
            Some(policy) => Self { policy: Some(policy.into()), ..self.clone() },
            None => self.clone(),
        })
    }

    /// Names first, then values. Which of several faults is reported does not depend on the order
    /// in which they are given, unknown names apart.
    fn all_set(mut self, given: &Given) -> Result<Self, TopicRejection> {
        if let Some((name, _)) = given.iter().find(|(name, _)| Name::settable(name).is_none()) {
            return Err(AttributeFault::Name(name.clone()).on_creation());
        }
        for name in Name::all_settable() {
            if let Some(value) = value(given, name) {
                self.set_one(name, value).map_err(AttributeFault::on_creation)?;
            }
        }
        Ok(self)
    }

    fn set_one(&mut self, name: Name, value: &str) -> Result<(), AttributeFault> {
        match name {
            Name::DisplayName => self.display_name = display_name(value)?,
            Name::Policy => {
                topic_policy::check(value)?;
                self.policy = Some(value.into());
            }
            Name::DeliveryPolicy => self.delivery_policy = delivery_policy(value)?,
            Name::KmsMasterKeyId => self.kms_master_key_id = kms_key(value)?,
            Name::SignatureVersion => {
                self.signature_version = Some(match value {
                    "1" => SignatureVersion::V1,
                    "2" => SignatureVersion::V2,
                    _ => return Err(AttributeFault::choice(name.as_str(), value, "1 or 2")),
                });
            }
            Name::TracingConfig => {
                self.tracing_config = Some(match value {
                    "PassThrough" => TracingConfig::PassThrough,
                    "Active" => TracingConfig::Active,
                    _ => {
                        let choices = "PassThrough or Active";
                        return Err(AttributeFault::choice(name.as_str(), value, choices));
                    }
                });
            }
            Name::MaximumMessageSize => {
                let size = number(name.as_str(), value, limits::MAXIMUM_MESSAGE_SIZE)?;
                self.maximum_message_size = Some(size);
            }
            Name::Feedback(feedback) => self.set_feedback(feedback, value)?,
            _ => self.set_fifo(name, value)?,
        }
        Ok(())
    }

    fn set_feedback(&mut self, feedback: Feedback, value: &str) -> Result<(), AttributeFault> {
        let name = feedback.as_str();
        if feedback.is_rate() {
            let rate = number(name, value, limits::FEEDBACK_SAMPLE_RATE)?;
            self.feedback.insert(feedback, rate.to_string().into());
        } else if value.is_empty() {
            self.feedback.remove(&feedback);
        } else if is_role_arn(value) {
            self.feedback.insert(feedback, value.into());
        } else {
            return Err(AttributeFault::choice(name, value, "the ARN of an IAM role"));
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: Name, value: &str) -> Result<(), AttributeFault> {
        let Some(fifo) = &mut self.fifo else {
            return not_fifo(name, value);
        };
        match name {
            Name::ContentBasedDeduplication => {
                fifo.content_based_deduplication = boolean(name, value)?;
            }
            Name::FifoThroughputScope => {
                let scope = match value {
                    "Topic" => ThroughputScope::Topic,
                    "MessageGroup" => ThroughputScope::MessageGroup,
                    _ => {
                        let choices = "Topic or MessageGroup";
                        return Err(AttributeFault::choice(name.as_str(), value, choices));
                    }
                };
                // Ids that were told apart by group cannot be told apart for the topic in
                // retrospect.
                if fifo.throughput_scope == Some(ThroughputScope::MessageGroup)
                    && scope == ThroughputScope::Topic
                {
                    let text = "cannot be changed from MessageGroup to Topic";
                    return Err(AttributeFault::value(format_args!("{}: {text}", name.as_str())));
                }
                fifo.throughput_scope = Some(scope);
            }
            Name::ArchivePolicy => fifo.archive_days = archive_days(value)?,
            // The topic's kind was settled with its name.
            _ => {}
        }
        Ok(())
    }

    /// Whether both have the same value for an attribute.
    fn agrees(&self, other: &Self, arn: &TopicArn, name: Name) -> bool {
        match name {
            Name::Policy => policy_document::same(&self.policy(arn), &other.policy(arn)),
            _ => self.saved(name) == other.saved(name),
        }
    }
}

fn value(given: &Given, name: Name) -> Option<&str> {
    given.iter().rfind(|(given, _)| given == name.as_str()).map(|(_, value)| value.as_str())
}

/// Whether a topic is FIFO. Its name and the attribute must say so both, or neither.
fn kind(arn: &TopicArn, fifo_topic: Option<&str>) -> Result<bool, TopicRejection> {
    let fifo = match fifo_topic {
        Some(value) => boolean(Name::FifoTopic, value).map_err(AttributeFault::on_creation)?,
        None => false,
    };
    if fifo != arn.name.is_fifo() {
        return Err(TopicRejection::parameter("Topic Name"));
    }
    Ok(fifo)
}

/// A FIFO topic's attribute, given of a standard one: all that it can say there is "no". The
/// service's words are not known.
fn not_fifo(name: Name, value: &str) -> Result<(), AttributeFault> {
    let says_no = matches!(name, Name::FifoTopic | Name::ContentBasedDeduplication);
    if says_no && !boolean(name, value)? {
        return Ok(());
    }
    let text = "can only be set on a FIFO topic";
    Err(AttributeFault::value(format_args!("{}: {text}", name.as_str())))
}

fn display_name(value: &str) -> Result<Arc<str>, AttributeFault> {
    let max = limits::DISPLAY_NAME_CHARS_MAX;
    if value.chars().count() > max {
        let text = format_args!("DisplayName: must be at most {max} characters long");
        return Err(AttributeFault::value(text));
    }
    if value.chars().any(char::is_control) {
        return Err(AttributeFault::value("DisplayName: must not have control characters"));
    }
    Ok(value.into())
}

/// A policy that says nothing is as good as none.
fn delivery_policy(value: &str) -> Result<Option<TopicDeliveryPolicy>, AttributeFault> {
    if value.is_empty() {
        return Ok(None);
    }
    let policy = TopicDeliveryPolicy::parse(value)?;
    Ok((policy != TopicDeliveryPolicy::default()).then_some(policy))
}

fn kms_key(value: &str) -> Result<Option<Arc<str>>, AttributeFault> {
    let max = limits::KMS_KEY_ID_CHARS_MAX;
    if value.chars().count() > max {
        let text = format_args!("KmsMasterKeyId: must be at most {max} characters long");
        return Err(AttributeFault::value(text));
    }
    Ok((!value.is_empty()).then(|| value.into()))
}

/// `{"MessageRetentionPeriod":"30"}`, as a text or a number; nothing in it ends the archive. The
/// service refuses an empty text.
fn archive_days(value: &str) -> Result<Option<u32>, AttributeFault> {
    let fault = |text: &str| AttributeFault::value(format_args!("ArchivePolicy: {text}"));
    let Ok(Value::Object(members)) = serde_json::from_str(value) else {
        return Err(fault("Unable to parse JSON"));
    };
    if let Some(name) = members.keys().find(|name| *name != "MessageRetentionPeriod") {
        return Err(fault(&format!("Unexpected JSON member: {name}")));
    }
    let Some(period) = members.get("MessageRetentionPeriod") else {
        return Ok(None);
    };
    let period = period.as_str().map_or_else(|| period.to_string(), str::to_owned);
    number("ArchivePolicy: MessageRetentionPeriod", &period, limits::ARCHIVE_DAYS).map(Some)
}

fn boolean(name: Name, value: &str) -> Result<bool, AttributeFault> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(AttributeFault::choice(name.as_str(), value, "true or false")),
    }
}

/// Decimal digits and nothing else. The words are recorded for sample rates.
fn number(
    name: &str,
    value: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, AttributeFault> {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        AttributeFault::value(format_args!(
            "{name}: {value} value provided is not an integer between {least}-{most}"
        ))
    })
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`. Whether there is such a role is not known here.
pub(crate) fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "iam", "", account, role] = parts[..] else {
        return false;
    };
    let name_fits = role
        .strip_prefix("role/")
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()));
    partition.starts_with("aws")
        && AccountId::parse(account).is_some()
        && name_fits
        && text.len() <= limits::ROLE_ARN_CHARS_MAX
}
