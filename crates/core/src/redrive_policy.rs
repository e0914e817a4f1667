//! Where a queue's undeliverable messages go, and which queues may send theirs here.

use serde_json::Value;

use crate::codec::{Damaged, Reader, Writer};
use crate::limits;
use crate::names::QueueArn;
use crate::queue_attributes::QueueAttributes;
use crate::record::{read_arn, write_arn};
use crate::rejection::Rejection;

/// `RedrivePolicy`: a message that has been handed out so often and comes up once more moves to
/// the dead-letter queue instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedrivePolicy {
    /// The dead-letter queue. Of the same account, region and kind as the queue itself; perhaps
    /// gone by now.
    pub dead_letter_target: QueueArn,
    /// Receives that a message may have: 1 to 1000.
    pub max_receive_count: u32,
}

const TARGET: &str = "deadLetterTargetArn";
const COUNT: &str = "maxReceiveCount";
const PERMISSION: &str = "redrivePermission";
const SOURCES: &str = "sourceQueueArns";

impl RedrivePolicy {
    /// Reads the attribute's JSON.
    ///
    /// # Errors
    /// InvalidAttributeValue if it is no JSON object. InvalidParameterValue if a member is missing,
    /// unknown or out of range, or the target is no SQS queue.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let Ok(Value::Object(members)) = serde_json::from_str(json) else {
            return Err(unreadable("RedrivePolicy", "Redrive policy is not a valid JSON map."));
        };
        let refuse = |reason: &str| Err(refused(json, reason));
        // The service asks for the count first; its documented default of 10 does not hold.
        for mandatory in [COUNT, TARGET] {
            if !members.contains_key(mandatory) {
                return refuse(&format!(
                    "Redrive policy does not contain mandatory attribute: {mandatory}."
                ));
            }
        }
        if members.len() > 2 {
            return refuse(&format!(
                "Only following attributes are supported: [{COUNT}, {TARGET}]."
            ));
        }
        let Some(max_receive_count) = receive_count(&members[COUNT]) else {
            let given = members[COUNT].as_str().map_or(members[COUNT].to_string(), str::to_owned);
            let (min, max) = limits::MAX_RECEIVE_COUNT.into_inner();
            return refuse(&format!(
                "Invalid value for {COUNT}: {given}, valid values are from {min} to {max} both \
                 inclusive."
            ));
        };
        let target = members[TARGET].as_str().unwrap_or_default();
        match QueueArn::parse(target) {
            Some(dead_letter_target) => Ok(Self { dead_letter_target, max_receive_count }),
            None if is_arn_of_another_service(target) => {
                refuse(&format!("Only SQS queues are valid resources for {TARGET}."))
            }
            None => refuse(&format!("Invalid value for {TARGET}.")),
        }
    }

    /// The canonical JSON that reading the attribute shows: compact, the count as a number.
    pub fn to_json(&self) -> String {
        let Self { dead_letter_target, max_receive_count } = self;
        format!(r#"{{"{TARGET}":"{dead_letter_target}","{COUNT}":{max_receive_count}}}"#)
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        write_arn(w, &self.dead_letter_target);
        w.u32(self.max_receive_count);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self { dead_letter_target: read_arn(r)?, max_receive_count: r.u32()? })
    }
}

/// `RedriveAllowPolicy`: the queues that may name this one as their dead-letter queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RedriveAllowPolicy {
    /// Every queue. What holds without a policy, too.
    AllowAll,
    /// No queue.
    DenyAll,
    /// These queues, 1 to 10.
    ByQueue(Vec<QueueArn>),
}

impl RedriveAllowPolicy {
    /// Reads the attribute's JSON. An empty list of queues beside `allowAll` or `denyAll` is as
    /// good as none.
    ///
    /// # Errors
    /// InvalidAttributeValue if its form is not that of a redrive allow policy.
    /// InvalidParameterValue if queues are named without `byQueue`, or the other way round, or they
    /// are too many.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let (permission, sources) = Self::members(json).ok_or_else(|| {
            unreadable(
                "RedriveAllowPolicy",
                "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported \
                 format.",
            )
        })?;
        let refuse = |reason: &str| {
            Err(Rejection::parameter(
                "RedriveAllowPolicy",
                json,
                format_args!("Amazon SQS can't create the redrive allow policy. {reason}"),
            ))
        };
        match permission {
            Permission::ByQueue if sources.is_empty() => refuse(
                "When you specify the byQueue permission type, you must also specify one or more \
                 sourceQueueArns values.",
            ),
            Permission::ByQueue if sources.len() > limits::REDRIVE_SOURCE_QUEUES_MAX => {
                refuse(&format!(
                    "The maximum number of source queue ARNs you can specify is {}.",
                    limits::REDRIVE_SOURCE_QUEUES_MAX
                ))
            }
            Permission::ByQueue => Ok(Self::ByQueue(sources)),
            _ if !sources.is_empty() => refuse(
                "To specify one or more source queue ARNs, you must set redrivePermission to \
                 byQueue.",
            ),
            Permission::AllowAll => Ok(Self::AllowAll),
            Permission::DenyAll => Ok(Self::DenyAll),
        }
    }

    /// The permission and the queues; `None` if the JSON's form is not that of the policy.
    fn members(json: &str) -> Option<(Permission, Vec<QueueArn>)> {
        let Ok(Value::Object(members)) = serde_json::from_str(json) else {
            return None;
        };
        if !members.keys().all(|name| name == PERMISSION || name == SOURCES) {
            return None;
        }
        let permission = match members.get(PERMISSION)?.as_str()? {
            "allowAll" => Permission::AllowAll,
            "denyAll" => Permission::DenyAll,
            "byQueue" => Permission::ByQueue,
            _ => return None,
        };
        let sources = match members.get(SOURCES) {
            None => Vec::new(),
            Some(sources) => {
                let arn = |source: &Value| QueueArn::parse(source.as_str()?);
                sources.as_array()?.iter().map(arn).collect::<Option<_>>()?
            }
        };
        Some((permission, sources))
    }

    /// The canonical JSON that reading the attribute shows.
    pub fn to_json(&self) -> String {
        match self {
            Self::AllowAll => format!(r#"{{"{PERMISSION}":"allowAll"}}"#),
            Self::DenyAll => format!(r#"{{"{PERMISSION}":"denyAll"}}"#),
            Self::ByQueue(sources) => {
                let sources: Vec<String> =
                    sources.iter().map(|source| format!(r#""{source}""#)).collect();
                let sources = sources.join(",");
                format!(r#"{{"{PERMISSION}":"byQueue","{SOURCES}":[{sources}]}}"#)
            }
        }
    }

    /// Whether `source` may name the policy's queue as its dead-letter queue.
    pub fn allows(&self, source: &QueueArn) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(sources) => sources.contains(source),
        }
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::AllowAll => w.u8(0),
            Self::DenyAll => w.u8(1),
            Self::ByQueue(sources) => {
                w.u8(2);
                w.u32(u32::try_from(sources.len()).expect("a policy names at most ten queues"));
                sources.iter().for_each(|source| write_arn(w, source));
            }
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        /// The account and the lengths of two texts.
        const ARN_BYTES_MIN: usize = 16;
        match r.u8()? {
            0 => Ok(Self::AllowAll),
            1 => Ok(Self::DenyAll),
            2 => {
                let sources = r.count(ARN_BYTES_MIN)?;
                (0..sources).map(|_| read_arn(r)).collect::<Result<_, _>>().map(Self::ByQueue)
            }
            _ => Err(Damaged),
        }
    }
}

/// Checks what a redrive policy needs of other queues: that its target is of the source's region,
/// account and kind, is there, and lets the source in. `given_json` is the attribute as the request
/// has it, for the error's text; `target` the attributes of the queue that the policy names, `None`
/// if there is none.
///
/// A queue may name itself. Then `target` is what its attributes are about to become, also when it
/// is about to be created.
///
/// # Errors
/// InvalidParameterValue.
pub fn check_target(
    source: &QueueArn,
    policy: &RedrivePolicy,
    given_json: &str,
    target: Option<&QueueAttributes>,
) -> Result<(), Rejection> {
    let named = &policy.dead_letter_target;
    let reason = if named.region != source.region {
        "Dead-letter target must be in same region as the source."
    } else if named.account != source.account {
        "Dead-letter target owner should be same as the source."
    } else if named.name.is_fifo() != source.name.is_fifo() {
        // Two full stops, as the service has them.
        "Dead-letter queue must be same type of queue as the source.."
    } else {
        match target.map(|attributes| &attributes.redrive_allow_policy) {
            None => "Dead letter target does not exist.",
            Some(Some(allowed)) if !allowed.allows(source) => {
                "Dead-letter target does not allow the source to use it."
            }
            Some(_) => return Ok(()),
        }
    };
    Err(refused(given_json, reason))
}

/// `redrivePermission`.
enum Permission {
    AllowAll,
    DenyAll,
    ByQueue,
}

/// A number within the limits, or a text of its digits.
fn receive_count(value: &Value) -> Option<u32> {
    let count = match value {
        Value::String(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|count| u32::try_from(count).ok()),
        _ => None,
    };
    count.filter(|count| limits::MAX_RECEIVE_COUNT.contains(count))
}

fn is_arn_of_another_service(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, service, _, _, _] if service != "sqs")
}

fn refused(json: &str, reason: &str) -> Rejection {
    Rejection::parameter("RedrivePolicy", json, reason)
}

/// What the service says of JSON that it cannot read; its code differs from that of all else that
/// is wrong with these policies.
fn unreadable(attribute: &str, reason: &str) -> Rejection {
    Rejection::InvalidAttributeValue(format!(
        "Invalid value for the parameter {attribute}. Reason: {reason}"
    ))
}

#[cfg(test)]
mod tests;
