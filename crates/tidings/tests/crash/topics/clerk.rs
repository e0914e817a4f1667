//! What a clerk can ask about topics, and about the inboxes of their subscribers.

use std::time::Duration;

use serde_json::{Value, json};

use super::books::{Arrival, Change, Deletion, Identity, Publish};
use super::endpoint::Confirmation;
use super::envelope::{self, Opened};
use super::filter::Filter;
use super::name::Name;
use super::subscriber::Subscriber;
use super::topic::Topic;
use crate::clerk::{Clerk, Cut, is_done, text};
use crate::client::Refusal;
use crate::history::Outcome;
use crate::run::COUNTS;
use crate::xml;

/// A message that was received from an inbox.
pub(crate) struct Collected {
    pub(crate) name: Name,
    handle: String,
}

type Parameters = Vec<(String, String)>;

impl Clerk {
    /// Makes a topic. One that is there stays as it is, if it has these attributes.
    pub(crate) fn create_topic(&mut self, topic: Topic) -> Result<(), Cut> {
        let mut parameters = vec![parameter("Name", topic.name())];
        parameters.extend(map("Attributes", topic.attributes()));
        let (_, outcome) = self.query("CreateTopic", topic.name(), &parameters, &[])?;
        if let Outcome::Acknowledged(xml) = outcome
            && xml::text(&xml, "TopicArn") != topic.arn()
        {
            self.complain(format!("{topic:?} has another ARN: {xml}"));
        }
        Ok(())
    }

    /// Returns whether it was published.
    pub(crate) fn publish(&mut self, name: Name) -> Result<bool, Cut> {
        let mut parameters = vec![parameter("TopicArn", &name.stream.topic.arn())];
        parameters.extend(message(name, ""));
        let (span, outcome) = self.query("Publish", &name.to_string(), &parameters, &[])?;
        let outcome = outcome.map(|xml| published(&xml));
        let done = is_done(span, &outcome);
        self.history.topics.publishes.push(Publish { span, name, outcome });
        done
    }

    /// Returns which were published.
    pub(crate) fn publish_batch(&mut self, names: &[Name]) -> Result<Vec<bool>, Cut> {
        let topic = names[0].stream.topic;
        let mut parameters = vec![parameter("TopicArn", &topic.arn())];
        for (id, name) in names.iter().enumerate() {
            let prefix = format!("PublishBatchRequestEntries.member.{}.", id + 1);
            parameters.push((format!("{prefix}Id"), id.to_string()));
            parameters.extend(message(*name, &prefix));
        }
        let (span, outcome) = self.query("PublishBatch", topic.name(), &parameters, &[])?;
        let outcomes: Vec<Outcome<Identity>> = match outcome {
            Outcome::Acknowledged(xml) => {
                (0..names.len()).map(|id| self.published_entry(id, &xml)).collect()
            }
            whole => vec![whole.map(|xml| published(&xml)); names.len()],
        };
        for (name, outcome) in names.iter().zip(&outcomes) {
            let (name, outcome) = (*name, outcome.clone());
            self.history.topics.publishes.push(Publish { span, name, outcome });
        }
        outcomes.iter().map(|outcome| is_done(span, outcome)).collect()
    }

    /// What a batch's answer says of one entry.
    fn published_entry(&mut self, id: usize, xml: &str) -> Outcome<Identity> {
        let id = id.to_string();
        let find = |side: &str| -> Vec<&str> {
            let members = xml::elements(xml, side).into_iter();
            let members = members.flat_map(|inside| xml::elements(inside, "member"));
            members.filter(|member| xml::text(member, "Id") == id).collect()
        };
        match (find("Successful").as_slice(), find("Failed").as_slice()) {
            ([entry], []) => Outcome::Acknowledged(published(entry)),
            ([], [entry]) => {
                let (code, message) = (xml::text(entry, "Code"), xml::text(entry, "Message"));
                let refusal = Refusal { status: 200, code, message };
                self.refused("PublishBatch", "an entry", refusal, &[])
            }
            _ => {
                self.complain(format!("PublishBatch does not answer entry {id} once: {xml}"));
                Outcome::Unknown
            }
        }
    }

    /// Subscribes; a web endpoint has to confirm that. Returns the subscription's ARN.
    pub(crate) fn subscribe(
        &mut self,
        subscriber: Subscriber,
        endpoint: &str,
    ) -> Result<Option<String>, Cut> {
        let protocol = if subscriber.is_web() { "http" } else { "sqs" };
        let mut parameters = vec![
            parameter("TopicArn", &subscriber.topic().arn()),
            parameter("Protocol", protocol),
            parameter("Endpoint", endpoint),
            parameter("ReturnSubscriptionArn", "true"),
        ];
        parameters.extend(map("Attributes", &subscriber.attributes()));
        let (span, outcome) = self.query("Subscribe", subscriber.name(), &parameters, &[])?;
        let arn = outcome.acknowledged().map(|xml| xml::text(xml, "SubscriptionArn"));
        let outcome = outcome.map(|_| ());
        let done = is_done(span, &outcome);
        if !subscriber.is_web() {
            let wants = Some(subscriber.filter());
            self.history.topics.changes.push(Change { span, subscriber, wants, outcome });
        }
        done.map(|_| arn)
    }

    /// Confirms a subscription: by its token, or by the link that was sent with it.
    pub(crate) fn confirm(
        &mut self,
        subscriber: Subscriber,
        confirmation: &Confirmation,
        by_link: bool,
    ) -> Result<bool, Cut> {
        let (span, outcome) = if by_link {
            self.open(&confirmation.link)?
        } else {
            let topic = subscriber.topic().arn();
            let parameters =
                [parameter("TopicArn", &topic), parameter("Token", &confirmation.token)];
            self.query("ConfirmSubscription", subscriber.name(), &parameters, &[])?
        };
        let (wants, outcome) = (Some(subscriber.filter()), outcome.map(|_| ()));
        let done = is_done(span, &outcome);
        self.history.topics.changes.push(Change { span, subscriber, wants, outcome });
        done
    }

    pub(crate) fn unsubscribe(&mut self, subscriber: Subscriber, arn: &str) -> Result<bool, Cut> {
        let parameters = [parameter("SubscriptionArn", arn)];
        let (span, outcome) = self.query("Unsubscribe", subscriber.name(), &parameters, &[])?;
        let outcome = outcome.map(|_| ());
        let done = is_done(span, &outcome);
        self.history.topics.changes.push(Change { span, subscriber, wants: None, outcome });
        done
    }

    pub(crate) fn set_filter(
        &mut self,
        subscriber: Subscriber,
        arn: &str,
        filter: Filter,
    ) -> Result<bool, Cut> {
        let parameters = [
            parameter("SubscriptionArn", arn),
            parameter("AttributeName", "FilterPolicy"),
            parameter("AttributeValue", filter.policy()),
        ];
        let whom = subscriber.name();
        let (span, outcome) = self.query("SetSubscriptionAttributes", whom, &parameters, &[])?;
        let (wants, outcome) = (Some(filter), outcome.map(|_| ()));
        let done = is_done(span, &outcome);
        self.history.topics.changes.push(Change { span, subscriber, wants, outcome });
        done
    }

    /// Every attribute of a subscription, by name; those of one that is not there if it is not.
    pub(crate) fn subscription_attributes(
        &mut self,
        subscriber: Subscriber,
        arn: &str,
    ) -> Result<Option<Value>, Cut> {
        let parameters = [parameter("SubscriptionArn", arn)];
        let (action, expected) = ("GetSubscriptionAttributes", &["NotFound"]);
        let (span, outcome) = self.query(action, subscriber.name(), &parameters, expected)?;
        let xml = match outcome {
            Outcome::Acknowledged(xml) => xml,
            Outcome::Refused(refusal) if refusal.code == "NotFound" => return Ok(Some(json!({}))),
            Outcome::Refused(_) => return Ok(None),
            Outcome::Unknown => return Err(Cut { at: span.ended }),
        };
        let entries = xml::elements(&xml, "entry").into_iter();
        let pairs =
            entries.map(|entry| (xml::text(entry, "key"), xml::text(entry, "value").into()));
        Ok(Some(Value::Object(pairs.collect())))
    }

    /// Receives from an inbox.
    pub(crate) fn collect(
        &mut self,
        subscriber: Subscriber,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Collected>, Cut> {
        let inbox = subscriber.inbox().expect("only inboxes are collected from");
        let input = json!({
            "QueueUrl": inbox,
            "MaxNumberOfMessages": max,
            "WaitTimeSeconds": wait.as_secs(),
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let (span, outcome) = self.one("ReceiveMessage", &input, &inbox, &[])?;
        let output = match outcome {
            Outcome::Acknowledged(output) => output,
            Outcome::Refused(_) => return Ok(Vec::new()),
            Outcome::Unknown => return Err(Cut { at: span.ended }),
        };
        let mut collected = Vec::new();
        for message in output["Messages"].as_array().map_or(&[][..], Vec::as_slice) {
            match read(subscriber, message) {
                Ok((opened, copy, count)) => {
                    let Opened { name, published, certificate } = opened;
                    self.history.topics.certificates.extend(certificate);
                    let arrival = Arrival { span, subscriber, name, copy, count, published };
                    self.history.topics.arrivals.push(arrival);
                    collected.push(Collected { name, handle: text(message, "ReceiptHandle") });
                }
                Err(what) => self.complain(format!("{subscriber:?} is given {what}")),
            }
        }
        Ok(collected)
    }

    /// Deletes what was received, and returns of each message whether it is gone.
    pub(crate) fn clear(
        &mut self,
        subscriber: Subscriber,
        messages: &[Collected],
    ) -> Result<Vec<bool>, Cut> {
        let inbox = subscriber.inbox().expect("only inboxes are cleared");
        let entries = messages.iter().map(|message| json!({ "ReceiptHandle": message.handle }));
        // In a FIFO queue, a handle can be out of date.
        let expected: &[&str] =
            if subscriber.has_fifo_inbox() { &["InvalidParameterValue"] } else { &[] };
        let (span, outcomes) =
            self.each("DeleteMessageBatch", &inbox, entries.collect(), expected)?;
        for (message, outcome) in messages.iter().zip(&outcomes) {
            let (name, outcome) = (message.name, outcome.clone().map(|_| ()));
            self.history.topics.deletions.push(Deletion { span, subscriber, name, outcome });
        }
        outcomes.iter().map(|outcome| is_done(span, outcome)).collect()
    }
}

impl Clerk {
    /// Whether an inbox holds nothing, not even something in flight.
    pub(crate) fn is_empty(&mut self, subscriber: Subscriber) -> Result<bool, Cut> {
        let inbox = subscriber.inbox().expect("only inboxes are looked at");
        let input = json!({ "QueueUrl": inbox, "AttributeNames": COUNTS });
        let output = self.ask("GetQueueAttributes", &input)?;
        let Ok(output) = output else { return Ok(false) };
        Ok(COUNTS.iter().all(|count| output["Attributes"][count] == "0"))
    }
}

/// Reads a message of an inbox: what it is, and what the inbox says of it.
fn read(subscriber: Subscriber, message: &Value) -> Result<(Opened, Identity, u32), String> {
    let opened = envelope::open(subscriber, message["Body"].as_str().unwrap_or_default())?;
    let name = opened.name;
    let attributes: Value = match message["MessageAttributes"].as_object() {
        // Types and values, without anything else that comes with them.
        Some(all) => all
            .iter()
            .map(|(name, attribute)| {
                let (kind, value) = (&attribute["DataType"], &attribute["StringValue"]);
                (name.clone(), json!({ "DataType": kind, "StringValue": value }))
            })
            .collect::<serde_json::Map<String, Value>>()
            .into(),
        None => json!({}),
    };
    let expected = if subscriber.is_raw() {
        envelope::attributes(name, "DataType", "StringValue")
    } else {
        json!({})
    };
    if attributes != expected {
        return Err(format!("{name} with other attributes: {message}"));
    }
    let attribute = |name: &str| message["Attributes"][name].as_str();
    let group = subscriber.has_fifo_inbox().then(|| name.stream.group());
    if attribute("MessageGroupId") != group.as_deref() {
        return Err(format!("{name} in another group: {message}"));
    }
    let count = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let count = count.ok_or_else(|| format!("{name} without a count"))?;
    let sequence_number = attribute("SequenceNumber").and_then(|number| number.parse().ok());
    let copy = Identity { message_id: text(message, "MessageId"), sequence_number };
    Ok((opened, copy, count))
}

fn parameter(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn map<V: AsRef<str>>(name: &str, pairs: &[(&str, V)]) -> Parameters {
    let entries = pairs.iter().zip(1..).flat_map(|((key, value), number)| {
        let entry = format!("{name}.entry.{number}");
        [
            (format!("{entry}.key"), (*key).to_owned()),
            (format!("{entry}.value"), value.as_ref().into()),
        ]
    });
    entries.collect()
}

/// The parameters of a publish that follow from the message's name.
fn message(name: Name, prefix: &str) -> Parameters {
    let mut parameters = vec![(format!("{prefix}Message"), name.message())];
    let attributes = envelope::attributes(name, "DataType", "StringValue");
    let attributes = attributes.as_object().expect("it is an object");
    for ((attribute, value), number) in attributes.iter().zip(1..) {
        let entry = format!("{prefix}MessageAttributes.entry.{number}");
        parameters.push((format!("{entry}.Name"), attribute.clone()));
        for member in ["DataType", "StringValue"] {
            parameters.push((format!("{entry}.Value.{member}"), text(value, member)));
        }
    }
    let topic = name.stream.topic;
    if topic.is_fifo() {
        parameters.push((format!("{prefix}MessageGroupId"), name.stream.group()));
    }
    if topic.has_explicit_ids() {
        parameters.push((format!("{prefix}MessageDeduplicationId"), name.to_string()));
    }
    parameters
}

fn published(xml: &str) -> Identity {
    let sequence_number = xml::text(xml, "SequenceNumber").parse().ok();
    Identity { message_id: xml::text(xml, "MessageId"), sequence_number }
}
