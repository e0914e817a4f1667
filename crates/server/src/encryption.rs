//! Queues and topics with a KMS key: what goes in is sealed before the broker gets it, what comes
//! out is opened after the broker gave it. SQS developer guide, "Encryption at rest"; SNS developer
//! guide, "Securing Amazon SNS data with server-side encryption".
//!
//! ```text
//!   authorise ──► prepare ──► the broker ──► open
//!                 seals what is sent and     what is received, or delivered to endpoints
//!                 published; asks the key
//!                 before anything is received
//! ```
//!
//! A published message lies in the log once, sealed if its topic has a key, however many queues have
//! it. Of queues with a key, the key decides whether the topic may send there at all, and who gets
//! the message out of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tidings_access::{Caller, Facts, Origin, Policies, Source};
use tidings_aws::{Refusal, WireError};
use tidings_broker::Broker;
use tidings_core::command::{Command, TopicCommand};
use tidings_core::delivery::Delivery;
use tidings_core::message::Sealing;
use tidings_core::names::{QueueArn, TopicArn};
use tidings_core::record::MessageRecord;
use tidings_core::terms::{Encryption, Resource};
use tidings_keys::{KeyCode, KeyFault, KeyRequest, authorise};

use crate::exchange::Exchange;
use crate::keys::Kms;
use crate::kms::{self, Encrypted, Messages};

/// How SNS names itself to keys.
const SNS: &str = "sns.amazonaws.com";

const NO_KEYS: &str = "This server keeps no keys.";

/// How long a data key that opens is known, where no queue says it: in seconds, as a queue's default.
pub(crate) const REUSE_SECONDS: u64 = 300;

/// What the key of a queue or topic has to do with a command, before the broker gets it.
///
/// # Errors
/// [`Refusal::Key`] if a key is not there, may not be used, or not by this caller.
pub(crate) async fn prepare(exchange: &Exchange<'_>, command: &mut Command) -> Result<(), Refusal> {
    match command {
        Command::Send { arn, messages } => {
            let Some(encryption) = of_queue(exchange.broker, arn) else { return Ok(()) };
            let contents = messages.iter().map(|message| message.content.as_slice()).collect();
            let sealed = seal(exchange, &kms::queue(arn), &encryption, contents).await?;
            for (message, sealed) in messages.iter_mut().zip(sealed) {
                (message.content, message.sealing) = (sealed, Sealing::Envelope);
            }
        }
        Command::Topic(TopicCommand::Publish { arn, messages }) => {
            let topic = Resource::Topic(arn.clone());
            let Some(encryption) = encryption(exchange.broker, &topic) else { return Ok(()) };
            let contents = messages.iter().map(|message| message.content.as_slice()).collect();
            let sealed = seal(exchange, &kms::topic(arn), &encryption, contents).await?;
            for (message, sealed) in messages.iter_mut().zip(sealed) {
                message.unsealed = Some(std::mem::replace(&mut message.content, sealed));
                message.sealing = Sealing::Envelope;
            }
        }
        Command::Receive { arn, .. } => {
            let Some(encryption) = of_queue(exchange.broker, arn) else { return Ok(()) };
            let (resource, owner) = kms::queue(arn);
            let encrypted = encrypted(&resource, &owner, &encryption);
            messages(exchange)?.check_opening(&encrypted)?;
        }
        _ => {}
    }
    Ok(())
}

/// The content of a message that was received from this queue: as it was sent, or published and
/// delivered.
///
/// # Errors
/// As [`prepare`], and if the content was damaged.
pub(crate) fn open<'r>(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
    record: &MessageRecord<'r>,
    delivery: Option<&Delivery>,
) -> Result<Cow<'r, [u8]>, Refusal> {
    let of_queue = of_queue(exchange.broker, queue);
    if let Some(key) = delivery.and_then(|delivery| delivery.key.as_ref()) {
        // The queue's own key was asked before anything was received.
        let is_asked = key.queue == *queue
            && of_queue.as_ref().is_some_and(|encryption| encryption.key_id == key.key_id);
        if !is_asked {
            let (resource, owner) = kms::queue(&key.queue);
            let (key, reuse_seconds) = (&*key.key_id, REUSE_SECONDS);
            let encrypted = Encrypted { resource: &resource, owner: &owner, key, reuse_seconds };
            messages(exchange)?.check_opening(&encrypted)?;
        }
    }
    match record.sealing {
        Sealing::Plain => Ok(Cow::Borrowed(record.content)),
        Sealing::Envelope => {
            let reuse_seconds =
                of_queue.map_or(REUSE_SECONDS, |encryption| encryption.reuse_seconds.into());
            let opened = messages(exchange)?.open(record.content, reuse_seconds);
            opened.map(Cow::Owned).map_err(|fault| match fault.code {
                KeyCode::InvalidCiphertext => WireError::InternalFailure.into(),
                _ => fault.into(),
            })
        }
    }
}

/// The content of a published message, for SNS itself: nobody is judged.
///
/// # Errors
/// As [`Messages::open`].
pub(crate) fn open_for_delivery<'r>(
    kms: Option<&Kms>,
    broker: &Broker,
    record: &MessageRecord<'r>,
) -> Result<Cow<'r, [u8]>, KeyFault> {
    match record.sealing {
        Sealing::Plain => Ok(Cow::Borrowed(record.content)),
        Sealing::Envelope => {
            let no_keys = || KeyFault::new(KeyCode::Internal, NO_KEYS);
            let messages = Messages { kms: kms.ok_or_else(no_keys)?, broker, judge: None };
            messages.open(record.content, REUSE_SECONDS).map(Cow::Owned)
        }
    }
}

/// Whether the keys of these queues let a topic send to them. SNS is asked for, not the publisher:
/// SNS developer guide, "Enable compatibility between event sources and encrypted topics".
pub(crate) async fn ask_keys(
    exchange: &Exchange<'_>,
    topic: &TopicArn,
    queues: BTreeSet<QueueArn>,
) -> Result<BTreeMap<QueueArn, bool>, Refusal> {
    let mut answers = BTreeMap::new();
    for queue in queues {
        let may_enter = match of_queue(exchange.broker, &queue) {
            Some(encryption) => lets_topic_in(exchange, &encryption, topic, &queue).await?,
            // It has no key any more.
            None => true,
        };
        answers.insert(queue, may_enter);
        // There may be thousands, and others have something to do too.
        tokio::task::consume_budget().await;
    }
    Ok(answers)
}

async fn lets_topic_in(
    exchange: &Exchange<'_>,
    encryption: &Encryption,
    topic: &TopicArn,
    queue: &QueueArn,
) -> Result<bool, Refusal> {
    let (kms, broker) = (exchange.kms.ok_or_else(no_keys)?, exchange.broker);
    let (resource, owner) = kms::queue(queue);
    kms.make_managed_key(broker, &encryption.key_id, &owner).await?;
    let store = kms.plane.look();
    let Ok(key) = store.find(&encryption.key_id, &owner) else { return Ok(false) };
    let Some(judge) = exchange.judge() else { return Ok(key.check_usable().is_ok()) };
    let (topic_arn, topic_owner) = (topic.to_string(), topic.account.to_string());
    let facts = Facts {
        region: topic.region.as_str(),
        source: Some(Source { arn: &topic_arn, account: &topic_owner, organisation: None }),
        called_via: &["sqs.amazonaws.com"],
        ..Facts::new(Caller::Service { name: SNS }, Origin::Service, judge.now_ms())
    };
    let context = resource.context();
    let is_allowed = ["kms:GenerateDataKey", "kms:Decrypt"].iter().all(|action| {
        let request = KeyRequest {
            context: Some(&context),
            via_service: Some("sqs"),
            ..KeyRequest::new(action, key)
        };
        let asked = authorise(&store, &request, &facts, &Policies::default());
        let outcome = asked.map(|allowance| Some(allowance.to_string()));
        judge.write_down_of(SNS, action, key.arn(), outcome.as_ref().map_err(|no| &no.text));
        outcome.is_ok()
    });
    Ok(is_allowed && key.check_usable().is_ok())
}

async fn seal(
    exchange: &Exchange<'_>,
    (resource, owner): &(tidings_keys::Resource, tidings_keys::Scope),
    encryption: &Encryption,
    contents: Vec<&[u8]>,
) -> Result<Vec<Vec<u8>>, Refusal> {
    messages(exchange)?.seal(&encrypted(resource, owner, encryption), &contents).await
}

fn messages<'a>(exchange: &Exchange<'a>) -> Result<Messages<'a>, Refusal> {
    let (kms, broker) = (exchange.kms.ok_or_else(no_keys)?, exchange.broker);
    Ok(Messages { kms, broker, judge: exchange.judge() })
}

fn encrypted<'a>(
    resource: &'a tidings_keys::Resource,
    owner: &'a tidings_keys::Scope,
    encryption: &'a Encryption,
) -> Encrypted<'a> {
    let Encryption { key_id, reuse_seconds } = encryption;
    Encrypted { resource, owner, key: key_id, reuse_seconds: (*reuse_seconds).into() }
}

fn of_queue(broker: &Broker, arn: &QueueArn) -> Option<Encryption> {
    encryption(broker, &Resource::Queue(arn.clone()))
}

fn encryption(broker: &Broker, resource: &Resource) -> Option<Encryption> {
    broker.terms(resource)?.encryption.clone()
}

fn no_keys() -> Refusal {
    WireError::ServiceUnavailable(NO_KEYS).into()
}
