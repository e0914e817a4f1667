//! The redrive policy and the replay policy of a subscription. Both are shown as they were given.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Context;
use crate::attribute_fault::AttributeFault;
use crate::names::QueueArn;
use crate::time::Timestamp;

/// `RedrivePolicy`: the queue for messages that cannot be delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionRedrivePolicy {
    text: Arc<str>,
    dead_letter_target: QueueArn,
}

const TARGET: &str = "deadLetterTargetArn";

impl SubscriptionRedrivePolicy {
    /// Reads the attribute's value; `None` for one without members.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, AttributeFault> {
        let members = object(text)
            .map_err(|detail| Self::fault(format_args!("failed to parse JSON. {detail}")))?;
        if members.is_empty() {
            return Ok(None);
        }
        if let Some(name) = members.keys().find(|name| *name != TARGET) {
            return Err(Self::fault(format_args!("invalid JSON. Attribute {name} is unknown.")));
        }
        // It is the only member.
        let target = members.get(TARGET).and_then(Value::as_str).and_then(QueueArn::parse);
        match target {
            Some(dead_letter_target) => Ok(Some(Self { text: text.into(), dead_letter_target })),
            None => Err(Self::fault(format_args!("{TARGET} is an invalid arn"))),
        }
    }

    /// Checks that messages of the subscription can go to the queue: it is of the subscription's
    /// account and its topic's region, and of the kind that takes them.
    pub(super) fn check(&self, context: &Context<'_>) -> Result<(), AttributeFault> {
        let target = &self.dead_letter_target;
        if target.region != context.topic.region || target.account != context.owner {
            // The service's words are not known.
            let text = "must be in the account and region of the subscription";
            return Err(Self::fault(format_args!("{TARGET} {text}")));
        }
        if context.endpoint_is_fifo_queue && !target.name.is_fifo() {
            return Err(Self::fault(
                "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
            ));
        }
        if !context.topic.name.is_fifo() && target.name.is_fifo() {
            // Its messages have no group. The service's words are not known.
            let text = "must use a standard queue as DLQ for a Subscription to a standard Topic.";
            return Err(Self::fault(text));
        }
        Ok(())
    }

    /// The policy as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The queue, perhaps gone by now.
    pub fn dead_letter_target(&self) -> &QueueArn {
        &self.dead_letter_target
    }

    fn fault(text: impl std::fmt::Display) -> AttributeFault {
        AttributeFault::value(format_args!("RedrivePolicy: {text}"))
    }
}

/// `ReplayPolicy`: the archived messages that are to be delivered once more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayPolicy {
    text: Arc<str>,
    starting_point: Timestamp,
    ending_point: Option<Timestamp>,
}

impl ReplayPolicy {
    /// Reads the attribute's value; `None` for one without members, which ends a replay. Of the
    /// service's words none are known.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, AttributeFault> {
        let members = object(text).map_err(|_| Self::fault("Unable to parse JSON"))?;
        if members.is_empty() {
            return Ok(None);
        }
        let known = ["PointType", "StartingPoint", "EndingPoint"];
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Self::fault(format_args!("Unexpected JSON member: {name}")));
        }
        if members.get("PointType").and_then(Value::as_str) != Some("Timestamp") {
            return Err(Self::fault("PointType must be Timestamp"));
        }
        let Some(starting_point) = point(&members, "StartingPoint")? else {
            return Err(Self::fault("StartingPoint must be specified"));
        };
        let ending_point = point(&members, "EndingPoint")?;
        if ending_point.is_some_and(|ending_point| ending_point <= starting_point) {
            return Err(Self::fault("EndingPoint must be later than StartingPoint"));
        }
        Ok(Some(Self { text: text.into(), starting_point, ending_point }))
    }

    /// The policy as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// From when on messages are delivered once more.
    pub fn starting_point(&self) -> Timestamp {
        self.starting_point
    }

    /// Up to when; `None` if up to the present. Later than the starting point.
    pub fn ending_point(&self) -> Option<Timestamp> {
        self.ending_point
    }

    fn fault(text: impl std::fmt::Display) -> AttributeFault {
        AttributeFault::value(format_args!("ReplayPolicy: {text}"))
    }
}

fn point(members: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, AttributeFault> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let point = value.as_str().and_then(Timestamp::parse_iso8601);
    let text = format_args!("{name} must be a timestamp such as 2023-10-01T00:00:00.000Z");
    point.map(Some).ok_or_else(|| ReplayPolicy::fault(text))
}

fn object(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_str(text)
}
