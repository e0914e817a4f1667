//! What applications' owners are told. Developer guide of SNS, "Application event notifications"; the
//! texts as recorded of the service.

use serde::Serialize;
use tidings_core::names::TopicArn;
use tidings_core::time::Timestamp;

use crate::application::Application;
use crate::arn::{ApplicationArn, EndpointArn};

/// What an owner can be told of.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// An endpoint was created.
    EndpointCreated,
    /// An endpoint was deleted, alone: not with its application.
    EndpointDeleted,
    /// An attribute of an endpoint has another value.
    EndpointUpdated,
    /// A message will never reach an endpoint.
    DeliveryFailure,
}

impl EventKind {
    /// As EventType has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndpointCreated => "EndpointCreated",
            Self::EndpointDeleted => "EndpointDeleted",
            Self::EndpointUpdated => "EndpointUpdated",
            Self::DeliveryFailure => "DeliveryFailure",
        }
    }

    /// The attribute that names the topic.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::EndpointCreated => "EventEndpointCreated",
            Self::EndpointDeleted => "EventEndpointDeleted",
            Self::EndpointUpdated => "EventEndpointUpdated",
            Self::DeliveryFailure => "EventDeliveryFailure",
        }
    }
}

/// Something that an application's owner wants to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The topic to publish it to.
    pub topic: TopicArn,
    kind: EventKind,
    endpoint: EndpointArn,
}

/// A message that will never reach its endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryFailure {
    /// Attempts that were made.
    pub attempts: u32,
    /// The message's id.
    pub message_id: String,
    /// A name for why, such as `InvalidPlatformToken`.
    pub failure_type: &'static str,
    /// Why, for people.
    pub failure_message: String,
}

/// In the order of the alphabet, as the service writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_attempts: Option<u32>,
    endpoint_arn: String,
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    resource: String,
    service: &'a str,
    time: String,
}

impl Event {
    /// What happened to an endpoint; none if its application's owner does not want to know.
    pub fn of(kind: EventKind, application: &Application, endpoint: &EndpointArn) -> Option<Self> {
        let topic = application.topic_of(kind)?;
        Some(Self { topic, kind, endpoint: endpoint.clone() })
    }

    /// The subject of the message.
    pub fn subject(&self) -> String {
        let application = self.application();
        let (kind, platform) = (self.kind.as_str(), application.platform.as_str());
        let subject = format!("{kind} event for app {} ({platform})", application.name());
        // A subject has at most a hundred characters, and all of these are ASCII.
        subject.chars().take(tidings_core::limits::SUBJECT_CHARS_MAX).collect()
    }

    /// The message, which happened `at` this time. `failure` is of a delivery that failed.
    pub fn message(&self, at: Timestamp, failure: Option<&DeliveryFailure>) -> String {
        let message = Message {
            delivery_attempts: failure.map(|failure| failure.attempts),
            endpoint_arn: self.endpoint.to_string(),
            event_type: self.kind.as_str(),
            failure_message: failure.map(|failure| failure.failure_message.as_str()),
            failure_type: failure.map(|failure| failure.failure_type),
            message_id: failure.map(|failure| failure.message_id.as_str()),
            resource: self.application().to_string(),
            service: "SNS",
            time: at.to_iso8601(),
        };
        serde_json::to_string(&message).expect("texts and numbers are always JSON")
    }

    fn application(&self) -> &ApplicationArn {
        &self.endpoint.application
    }
}
