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

use crate::authenticate::Auth;
use crate::authorise::Judge;
use crate::exchange::Exchange;
use crate::external_kms::{ExternalKms, Fault, Opening, Times};
use crate::keys::KeyService;
use crate::kms::{self, Encrypted, Messages};
use crate::request::Shared;

/// How SNS names itself to keys.
const SNS: &str = "sns.amazonaws.com";

const NO_KEYS: &str = "This server keeps no keys.";

/// How long a data key that opens is known, where no queue says it: in seconds, as a queue's default.
pub(crate) const REUSE_SECONDS: u64 = 300;

/// Who has the keys, and for whom they are asked.
pub(crate) struct Keys<'a> {
    kms: Option<&'a KeyService>,
    broker: &'a Broker,
    /// Of a request: its caller, where callers are judged.
    judge: Option<Judge<'a>>,
    /// Whether keys judge who asks them.
    are_judging: bool,
}

impl<'a> Keys<'a> {
    /// Asked for a request.
    pub(crate) fn of(exchange: &Exchange<'a>) -> Self {
        let judge = exchange.judge();
        let are_judging = judge.is_some();
        Self { kms: exchange.kms, broker: exchange.broker, judge, are_judging }
    }

    /// Asked by SNS itself, for no request.
    pub(crate) fn of_service(shared: &'a Shared) -> Self {
        let are_judging = !matches!(shared.auth, Auth::Off);
        Self { kms: shared.kms.as_ref(), broker: &shared.broker, judge: None, are_judging }
    }
}

/// What the key of a queue or topic has to do with a command, before the broker gets it.
///
/// # Errors
/// [`Refusal::Key`] if a key is not there, may not be used, or not by this caller.
pub(crate) async fn prepare(exchange: &Exchange<'_>, command: &mut Command) -> Result<(), Refusal> {
    match command {
        Command::Send { arn, messages } => {
            let Some(encryption) = of_queue(exchange.broker, arn) else { return Ok(()) };
            let contents = messages.iter().map(|message| message.content.as_slice()).collect();
            let sealed = seal(&Keys::of(exchange), &kms::queue(arn), &encryption, contents).await?;
            for (message, sealed) in messages.iter_mut().zip(sealed) {
                (message.content, message.sealing) = (sealed, Sealing::Envelope);
            }
        }
        Command::Topic(TopicCommand::Publish { .. }) => {
            seal_publish(&Keys::of(exchange), command).await?;
        }
        Command::Receive { arn, .. } => check_opening(exchange, arn).await?,
        _ => {}
    }
    Ok(())
}

/// Whether the queue's key, if it has one, lets the caller read what is in the queue. What cannot be
/// read is not to be handed out: it would count as received, and end in the dead-letter queue while
/// the key cannot be used.
///
/// # Errors
/// As [`prepare`].
pub(crate) async fn check_opening(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
) -> Result<(), Refusal> {
    let Some(external) = external(exchange.kms) else {
        return check_opening_by(exchange.kms, exchange.broker, exchange.judge(), queue);
    };
    let Some(encryption) = of_queue(exchange.broker, queue) else { return Ok(()) };
    let (resource, owner) = kms::queue(queue);
    let encrypted = encrypted(&resource, &owner, &encryption);
    Ok(external.check_opening(&encrypted, exchange.broker.now().as_ms()).await?)
}

/// The same with keys of this server, of whom a judge knows. Without a judge, only whether there is a
/// key that can be used. Keys elsewhere judge no callers: there is nothing to ask of them.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn check_opening_by(
    keys: Option<&KeyService>,
    broker: &Broker,
    judge: Option<Judge<'_>>,
    queue: &QueueArn,
) -> Result<(), Refusal> {
    let Some(encryption) = of_queue(broker, queue) else { return Ok(()) };
    if external(keys).is_some() {
        return Ok(());
    }
    let (resource, owner) = kms::queue(queue);
    let messages = Messages { kms: keys.ok_or_else(no_keys)?.own(), broker, judge };
    Ok(messages.check_opening(&encrypted(&resource, &owner, &encryption))?)
}

/// Whether the key of a queue or topic, if it has one, lets a caller send there. Of keys elsewhere as
/// [`check_opening_by`].
///
/// # Errors
/// As [`prepare`].
pub(crate) fn check_sealing_by(
    keys: Option<&KeyService>,
    broker: &Broker,
    judge: Judge<'_>,
    resource: &Resource,
) -> Result<(), Refusal> {
    let Some(encryption) = encryption(broker, resource) else { return Ok(()) };
    if external(keys).is_some() {
        return Ok(());
    }
    let (resource, owner) = match resource {
        Resource::Queue(queue) => kms::queue(queue),
        Resource::Topic(topic) => kms::topic(topic),
    };
    let judge = Some(judge);
    let messages = Messages { kms: keys.ok_or_else(no_keys)?.own(), broker, judge };
    Ok(messages.check_sealing(&encrypted(&resource, &owner, &encryption))?)
}

/// Seals what is published to a topic with a key.
///
/// # Errors
/// As [`prepare`].
pub(crate) async fn seal_publish(keys: &Keys<'_>, command: &mut Command) -> Result<(), Refusal> {
    let Command::Topic(TopicCommand::Publish { arn, messages }) = command else { return Ok(()) };
    let topic = Resource::Topic(arn.clone());
    let Some(encryption) = encryption(keys.broker, &topic) else { return Ok(()) };
    let contents = messages.iter().map(|message| message.content.as_slice()).collect();
    let sealed = seal(keys, &kms::topic(arn), &encryption, contents).await?;
    for (message, sealed) in messages.iter_mut().zip(sealed) {
        message.unsealed = Some(std::mem::replace(&mut message.content, sealed));
        message.sealing = Sealing::Envelope;
    }
    Ok(())
}

/// The contents of messages that were received from this queue: as they were sent, or published and
/// delivered.
///
/// # Errors
/// Of each, as [`prepare`], and if it was damaged.
pub(crate) async fn open<'r>(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
    records: &[(MessageRecord<'r>, Option<&Delivery>)],
) -> Vec<Result<Cow<'r, [u8]>, Refusal>> {
    let of_queue = of_queue(exchange.broker, queue);
    let reuse_seconds =
        of_queue.as_ref().map_or(REUSE_SECONDS, |encryption| encryption.reuse_seconds.into());
    let times = Times { reuse_seconds, now_ms: exchange.broker.now().as_ms() };
    // Whatever has to be asked for elsewhere is asked for at once.
    let begun: Vec<_> =
        records.iter().map(|(record, _)| begin_to_open(exchange.kms, record, times)).collect();
    let mut contents = Vec::with_capacity(records.len());
    for ((record, delivery), begun) in records.iter().zip(begun) {
        let content = match check_key(exchange, queue, of_queue.as_ref(), *delivery) {
            Err(refusal) => Err(refusal),
            Ok(()) => match (record.sealing, begun) {
                (Sealing::Plain, _) => Ok(Cow::Borrowed(record.content)),
                (Sealing::Envelope, Some(opening)) => {
                    opening.finish().await.map(Cow::Owned).map_err(Refusal::from)
                }
                (Sealing::Envelope, None) => open_here(exchange, record, reuse_seconds),
            },
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

/// What was published needs the key of the queue that it came into, wherever it is by now.
fn check_key(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
    of_queue: Option<&Encryption>,
    delivery: Option<&Delivery>,
) -> Result<(), Refusal> {
    let Some(key) = delivery.and_then(|delivery| delivery.key.as_ref()) else { return Ok(()) };
    // The queue's own key was asked before anything was received; a service elsewhere is not asked
    // about callers.
    let is_asked = key.queue == *queue
        && of_queue.is_some_and(|encryption| encryption.key_id == key.key_id)
        || external(exchange.kms).is_some();
    if is_asked {
        return Ok(());
    }
    let (resource, owner) = kms::queue(&key.queue);
    let (key, reuse_seconds) = (&*key.key_id, REUSE_SECONDS);
    let encrypted = Encrypted { resource: &resource, owner: &owner, key, reuse_seconds };
    Ok(messages(exchange)?.check_opening(&encrypted)?)
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
    keys: &Keys<'_>,
    topic: &TopicArn,
    queues: BTreeSet<QueueArn>,
) -> Result<BTreeMap<QueueArn, bool>, Refusal> {
    if keys.kms.ok_or_else(no_keys)?.external().is_some() {
        // It knows this server only, and says no when it is asked for a data key.
        return Ok(queues.into_iter().map(|queue| (queue, true)).collect());
    }
    let mut answers = BTreeMap::new();
    for queue in queues {
        let may_enter = match of_queue(keys.broker, &queue) {
            Some(encryption) => lets_topic_in(keys, &encryption, topic, &queue).await?,
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
    keys: &Keys<'_>,
    encryption: &Encryption,
    topic: &TopicArn,
    queue: &QueueArn,
) -> Result<bool, Refusal> {
    let (kms, broker) = (keys.kms.ok_or_else(no_keys)?.own(), keys.broker);
    let (resource, owner) = kms::queue(queue);
    kms.make_managed_key(broker, &encryption.key_id, &owner).await?;
    let store = kms.plane.look();
    let Ok(key) = store.find(&encryption.key_id, &owner) else { return Ok(false) };
    if !keys.are_judging {
        return Ok(key.check_usable().is_ok());
    }
    let now_ms = i64::try_from(broker.now().as_ms()).unwrap_or(i64::MAX);
    let (topic_arn, topic_owner) = (topic.to_string(), topic.account.to_string());
    let facts = Facts {
        region: topic.region.as_str(),
        source: Some(Source { arn: &topic_arn, account: &topic_owner, organisation: None }),
        called_via: &["sqs.amazonaws.com"],
        ..Facts::new(Caller::Service { name: SNS }, Origin::Service, now_ms)
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
        if let Some(judge) = &keys.judge {
            judge.write_down_of(SNS, action, key.arn(), outcome.as_ref().map_err(|no| &no.text));
        }
        outcome.is_ok()
    });
    Ok(is_allowed && key.check_usable().is_ok())
}

async fn seal(
    keys: &Keys<'_>,
    (resource, owner): &(tidings_keys::Resource, tidings_keys::Scope),
    encryption: &Encryption,
    contents: Vec<&[u8]>,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let encrypted = encrypted(resource, owner, encryption);
    match external(keys.kms) {
        Some(external) => Ok(external.seal(&encrypted, &contents, keys.broker).await?),
        None => own_messages(keys)?.seal(&encrypted, &contents).await,
    }
}

fn external(keys: Option<&KeyService>) -> Option<&ExternalKms> {
    keys?.external()
}

fn messages<'a>(exchange: &Exchange<'a>) -> Result<Messages<'a>, Refusal> {
    own_messages(&Keys::of(exchange))
}

fn own_messages<'a>(keys: &Keys<'a>) -> Result<Messages<'a>, Refusal> {
    let kms = keys.kms.ok_or_else(no_keys)?.own();
    Ok(Messages { kms, broker: keys.broker, judge: keys.judge })
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
