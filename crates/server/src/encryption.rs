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
//! Keys are this server's own, or those of a service elsewhere ([`KeyService`]). The latter judges this
//! server, not its callers: there is no key here to ask who may receive, or which topic may send.
//!
//! A published message lies in the log once, sealed if its topic has a key, however many queues have
//! it. Of queues with a key, the key decides whether the topic may send there at all, and who gets
//! the message out of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tidings_access::{Caller, Facts, Origin, Policies, Source};
use tidings_aws::{Refusal, WireError};
use tidings_broker::Broker;
use tidings_core::command::{Command, TopicCommand};
use tidings_core::message::Sealing;
use tidings_core::names::{QueueArn, TopicArn};
use tidings_core::record::MessageRecord;
use tidings_core::terms::{Encryption, Resource};
use tidings_keys::{Key, KeyCode, KeyFault, KeyRequest, KeyStore, authorise};

use crate::caller::Standing;
use crate::exchange::Exchange;
use crate::external_kms::{ExternalKms, Fault, Opening, Times};
use crate::keys::KeyService;
use crate::kms::{self, Encrypted, Messages};

/// How SNS names itself to keys.
const SNS: &str = "sns.amazonaws.com";

const NO_KEYS: &str = "This server keeps no keys.";

/// How long a data key that opens is known, where no queue says it: in seconds, as a queue's default.
const REUSE_SECONDS: u64 = 300;

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
            if external(exchange.kms).is_some() {
                return Ok(());
            }
            let (resource, owner) = kms::queue(arn);
            let encrypted = encrypted(&resource, &owner, &encryption);
            messages(exchange)?.check_opening(&encrypted)?;
        }
        _ => {}
    }
    Ok(())
}

/// The contents of messages that were received from this queue.
///
/// # Errors
/// Of each, as [`prepare`], and if it was damaged.
pub(crate) async fn open<'r>(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
    records: &[&MessageRecord<'r>],
) -> Vec<Result<Cow<'r, [u8]>, Refusal>> {
    let reuse_seconds = of_queue(exchange.broker, queue)
        .map_or(REUSE_SECONDS, |encryption| encryption.reuse_seconds.into());
    let times = Times { reuse_seconds, now_ms: exchange.broker.now().as_ms() };
    // Whatever has to be asked for elsewhere is asked for at once.
    let begun: Vec<_> =
        records.iter().map(|record| begin_to_open(exchange.kms, record, times)).collect();
    let mut contents = Vec::with_capacity(records.len());
    for (record, begun) in records.iter().zip(begun) {
        let content = match (record.sealing, begun) {
            (Sealing::Plain, _) => Ok(Cow::Borrowed(record.content)),
            (Sealing::Envelope, Some(opening)) => {
                opening.finish().await.map(Cow::Owned).map_err(Refusal::from)
            }
            (Sealing::Envelope, None) => open_here(exchange, record, reuse_seconds),
        };
        contents.push(content.map_err(|refusal| match refusal {
            Refusal::Key(fault) if fault.code == KeyCode::InvalidCiphertext => {
                WireError::InternalFailure.into()
            }
            refusal => refusal,
        }));
    }
    contents
}

fn begin_to_open<'r>(
    keys: Option<&KeyService>,
    record: &MessageRecord<'r>,
    times: Times,
) -> Option<Opening<'r>> {
    match record.sealing {
        Sealing::Plain => None,
        Sealing::Envelope => external(keys)?.begin_to_open(record.content, times),
    }
}

fn open_here<'r>(
    exchange: &Exchange<'_>,
    record: &MessageRecord<'r>,
    reuse_seconds: u64,
) -> Result<Cow<'r, [u8]>, Refusal> {
    Ok(Cow::Owned(messages(exchange)?.open(record.content, reuse_seconds)?))
}

/// The content of a published message, for SNS itself: nobody is judged.
///
/// # Errors
/// As [`Messages::open`], or that another service does not answer.
pub(crate) async fn open_for_delivery<'r>(
    keys: Option<&KeyService>,
    broker: &Broker,
    record: &MessageRecord<'r>,
) -> Result<Cow<'r, [u8]>, Fault> {
    if record.sealing == Sealing::Plain {
        return Ok(Cow::Borrowed(record.content));
    }
    let times = Times { reuse_seconds: REUSE_SECONDS, now_ms: broker.now().as_ms() };
    if let Some(opening) = begin_to_open(keys, record, times) {
        return opening.finish().await.map(Cow::Owned);
    }
    let no_keys = || KeyFault::new(KeyCode::Internal, NO_KEYS);
    let messages = Messages { kms: keys.ok_or_else(no_keys)?.own(), broker, judge: None };
    Ok(Cow::Owned(messages.open(record.content, REUSE_SECONDS)?))
}

/// Whether the keys of these queues let a topic send to them. SNS is asked for, not the publisher:
/// SNS developer guide, "Enable compatibility between event sources and encrypted topics".
pub(crate) async fn ask_keys(
    exchange: &Exchange<'_>,
    topic: &TopicArn,
    queues: Vec<QueueArn>,
) -> Result<BTreeMap<QueueArn, bool>, Refusal> {
    let keys = exchange.kms.ok_or_else(no_keys)?;
    if keys.external().is_some() {
        return Ok(queues.into_iter().map(|queue| (queue, true)).collect());
    }
    let kms = keys.own();
    let is_judged = !matches!(exchange.call.caller.standing, Standing::Unchecked { .. });
    let mut answers = BTreeMap::new();
    for queue in queues {
        let Some(encryption) = of_queue(exchange.broker, &queue) else {
            // It has no key any more.
            answers.insert(queue, true);
            continue;
        };
        let (resource, owner) = kms::queue(&queue);
        kms.make_managed_key(exchange.broker, &encryption.key_id, &owner).await?;
        let store = kms.plane.look();
        let may_enter = match store.find(&encryption.key_id, &owner) {
            Ok(key) if key.check_usable().is_ok() => {
                let now_ms = exchange.broker.now().as_ms();
                !is_judged || lets_topic_in(&store, key, topic, &resource, now_ms)
            }
            _ => false,
        };
        answers.insert(queue, may_enter);
    }
    Ok(answers)
}

fn lets_topic_in(
    store: &KeyStore,
    key: &Key,
    topic: &TopicArn,
    queue: &tidings_keys::Resource,
    now_ms: u64,
) -> bool {
    let (topic_arn, owner) = (topic.to_string(), topic.account.to_string());
    let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let facts = Facts {
        region: topic.region.as_str(),
        source: Some(Source { arn: &topic_arn, account: &owner, organisation: None }),
        ..Facts::new(Caller::Service { name: SNS }, Origin::Service, now_ms)
    };
    let context = queue.context();
    ["kms:GenerateDataKey", "kms:Decrypt"].iter().all(|action| {
        let request = KeyRequest {
            context: Some(&context),
            via_service: Some("sqs"),
            ..KeyRequest::new(action, key)
        };
        authorise(store, &request, &facts, &Policies::default()).is_ok()
    })
}

async fn seal(
    exchange: &Exchange<'_>,
    (resource, owner): &(tidings_keys::Resource, tidings_keys::Scope),
    encryption: &Encryption,
    contents: Vec<&[u8]>,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let encrypted = encrypted(resource, owner, encryption);
    match external(exchange.kms) {
        Some(external) => Ok(external.seal(&encrypted, &contents, exchange.broker).await?),
        None => messages(exchange)?.seal(&encrypted, &contents).await,
    }
}

fn external(keys: Option<&KeyService>) -> Option<&ExternalKms> {
    keys?.external()
}

fn messages<'a>(exchange: &Exchange<'a>) -> Result<Messages<'a>, Refusal> {
    let (keys, broker) = (exchange.kms.ok_or_else(no_keys)?, exchange.broker);
    Ok(Messages { kms: keys.own(), broker, judge: exchange.judge() })
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
