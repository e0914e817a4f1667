//! Between the auditor's plain values and the commands and replies of the core.

use std::collections::BTreeMap;

use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::command::{
    Command, Handle, MoveTaskState, Outgoing, Pairs, Publication, Published, ReceiveRequest, Reply,
    Sent, Subscribe, TopicCommand,
};
use tidings_core::delivery::{self, AttemptOutcome};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{
    AccountId, FifoId, QueueArn, QueueName, Region, SubscriptionArn, SubscriptionProtocol,
    TopicArn, TopicName, Uuid,
};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::receipt::{self, ReceiptKey};
use tidings_core::record::{MessageRecord, PublishedRecord};
use tidings_core::rejection::Rejection;
use tidings_core::time::Timestamp;

use crate::auditor::{
    Answer, Ask, Body, Entry, Fate, Got, No, Outcome, QueueIndex, Receipt, Setting, SlotIndex,
    TopicIndex,
};
use crate::scenery::{Goal, QUEUES, SLOTS, TOPICS, is_fifo};

/// The text that stands for a web address's retries.
fn delivery_policy(retries: u32) -> String {
    format!(
        r#"{{"healthyRetryPolicy":{{"numRetries":{retries},"numNoDelayRetries":0,"minDelayTarget":1,"maxDelayTarget":5,"numMinDelayRetries":0,"numMaxDelayRetries":0,"backoffFunction":"linear"}}}}"#
    )
}

fn account() -> AccountId {
    AccountId::parse("000000000000").expect("twelve digits")
}

fn region() -> Region {
    Region::parse("us-east-1").expect("a region")
}

/// A queue's name in full.
pub(crate) fn queue_arn(queue: QueueIndex) -> QueueArn {
    let name = QueueName::parse(QUEUES[queue].name).expect("a name");
    QueueArn { account: account(), region: region(), name }
}

fn queue_of(arn: &QueueArn) -> Option<QueueIndex> {
    QUEUES.iter().position(|queue| queue.name == arn.name.as_str())
}

fn topic_arn(topic: TopicIndex) -> TopicArn {
    let name = TopicName::parse(TOPICS[topic]).expect("a name");
    TopicArn { account: account(), region: region(), name }
}

fn subscription_arn(slot: SlotIndex, id: u128) -> SubscriptionArn {
    SubscriptionArn { topic: topic_arn(SLOTS[slot].topic), id: uuid(id) }
}

fn phones() -> TopicArn {
    TopicArn::direct(account(), region(), SubscriptionProtocol::Sms, "transactional")
}

fn uuid(id: u128) -> Uuid {
    Uuid::from_bytes(id.to_be_bytes())
}

/// A version 4 id of random bits, as the auditor knows it.
pub(crate) fn id_of(bits: u128) -> u128 {
    u128::from_be_bytes(Uuid::from_random(bits).to_bytes())
}

fn number_of(id: Uuid) -> u128 {
    u128::from_be_bytes(id.to_bytes())
}

fn pairs(given: &[(&str, String)]) -> Pairs {
    given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn redrive(target: QueueIndex, max: Option<u32>) -> String {
    let target = queue_arn(target);
    let max = max.map_or(String::new(), |max| format!(r#","maxReceiveCount":{max}"#));
    format!(r#"{{"deadLetterTargetArn":"{target}"{max}}}"#)
}

fn attribute(setting: Setting) -> (&'static str, String) {
    match setting {
        Setting::Visibility(seconds) => ("VisibilityTimeout", seconds.to_string()),
        Setting::Delay(seconds) => ("DelaySeconds", seconds.to_string()),
        Setting::Retention(seconds) => ("MessageRetentionPeriod", seconds.to_string()),
        Setting::Redrive(target, max) => ("RedrivePolicy", redrive(target, Some(max))),
    }
}

fn attributes(queue: QueueIndex, settings: &[Setting]) -> Pairs {
    let mut given: Vec<_> = settings.iter().map(|setting| attribute(*setting)).collect();
    if is_fifo(queue) {
        given.push(("FifoQueue", "true".to_owned()));
    }
    pairs(&given)
}

fn filter_policy(filter: Option<u8>) -> String {
    filter.map_or("{}".to_owned(), |kind| format!(r#"{{"kind":["k{kind}"]}}"#))
}

fn fifo_id(text: &str) -> Option<FifoId> {
    FifoId::parse(text)
}

/// What a message carries: its text, and so many bytes more that it is not like the others.
fn text_of(body: Body) -> String {
    let padding = usize::try_from(body.wrapping_mul(7919) % 97).unwrap_or(0);
    format!("m{body} {}", "x".repeat(padding))
}

fn body_of(text: &str) -> Option<Body> {
    let body: Body = text.strip_prefix('m')?.split(' ').next()?.parse().ok()?;
    (text_of(body) == text).then_some(body)
}

fn outgoing(queue: QueueIndex, entry: &Entry) -> Outgoing {
    let text = text_of(entry.body);
    let content =
        Content { body: &text, sender_id: "sender", trace_header: None, attributes: Vec::new() };
    Outgoing {
        message_id: uuid(entry.id),
        content: content.encode(),
        sealing: Sealing::Plain,
        size: text.len(),
        body_md5: [1; 16],
        body_sha256: None,
        delay_seconds: entry.delay.filter(|_| !is_fifo(queue)).and_then(|d| u32::try_from(d).ok()),
        group: entry.group.and_then(|group| fifo_id(&format!("g{group}"))),
        deduplication: entry.deduplication.and_then(|id| fifo_id(&format!("d{id}"))),
    }
}

fn publication(entry: &Entry, target: Option<&str>) -> Publication {
    let (text, kind) = (text_of(entry.body), format!("k{}", entry.kind));
    let attribute =
        MessageAttribute { name: "kind", data_type: "String", value: AttributeValue::Text(&kind) };
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target,
        is_notice: false,
        subject: None,
        trace_header: None,
        token: None,
        message: &text,
        by_protocol: Vec::new(),
        attributes: if target.is_none() { vec![attribute] } else { Vec::new() },
    };
    Publication {
        message_id: uuid(entry.id),
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: text.len(),
        raw_size: text.len(),
        enveloped_size: text.len() + 700,
        body_md5: [1; 16],
        body_sha256: None,
        group: entry.group.and_then(|group| fifo_id(&format!("g{group}"))),
        deduplication: entry.deduplication.and_then(|id| fifo_id(&format!("d{id}"))),
    }
}

fn handle(receipt: Receipt, key: &ReceiptKey) -> Handle {
    let Receipt { number, key: message, count } = receipt;
    let said = receipt::Receipt { queue: number, key: message, receive_count: count };
    let text = key.seal(said);
    Handle { receipt: key.open(&text), text }
}

/// The auditor's receipt.
pub(crate) fn receipt_of(receipt: receipt::Receipt) -> Receipt {
    Receipt { number: receipt.queue, key: receipt.key, count: receipt.receive_count }
}

/// What a request needs beside itself.
pub(crate) struct Context<'a> {
    /// What receipt handles are made with.
    pub(crate) key: &'a ReceiptKey,
    /// A fresh id.
    pub(crate) fresh: u128,
    /// The token of the subscription to be confirmed.
    pub(crate) token: Option<&'a str>,
}

fn subscribe(slot: SlotIndex, filter: Option<u8>, id: u128, fresh: u128) -> Subscribe {
    let mut attributes = vec![("FilterPolicy", filter_policy(filter))];
    let (protocol, endpoint) = match SLOTS[slot].goal {
        Goal::Queue(queue) => (SubscriptionProtocol::Sqs, queue_arn(queue).to_string()),
        Goal::Web { address, retries, dead } => {
            attributes.push(("DeliveryPolicy", delivery_policy(retries)));
            attributes.extend(dead.map(|dead| ("RedrivePolicy", redrive(dead, None))));
            (SubscriptionProtocol::Https, address.to_owned())
        }
    };
    Subscribe {
        topic: topic_arn(SLOTS[slot].topic),
        protocol,
        endpoint,
        attributes: pairs(&attributes),
        account: account(),
        principal: "arn:aws:iam::000000000000:root".to_owned(),
        id: uuid(id),
        message_id: Uuid::from_random(fresh),
    }
}

/// The command that a request becomes.
pub(crate) fn command(ask: &Ask, context: &Context<'_>) -> Command {
    let arn = queue_arn;
    match ask {
        Ask::CreateQueue(queue, settings) => Command::CreateQueue {
            arn: arn(*queue),
            attributes: attributes(*queue, settings),
            tags: Vec::new(),
        },
        Ask::DeleteQueue(queue) => Command::DeleteQueue { arn: arn(*queue) },
        Ask::Purge(queue) => Command::PurgeQueue { arn: arn(*queue) },
        Ask::Set(queue, setting) => Command::SetQueueAttributes {
            arn: arn(*queue),
            attributes: pairs(&[attribute(*setting)]),
        },
        Ask::Look(queue) => {
            Command::QueueAttributes { arn: arn(*queue), names: vec!["All".to_owned()] }
        }
        Ask::Permit(queue, label) => Command::AddPermission {
            arn: arn(*queue),
            label: format!("l{label}"),
            accounts: vec!["111111111111".to_owned()],
            actions: vec!["SendMessage".to_owned()],
        },
        Ask::Forbid(queue, label) => {
            Command::RemovePermission { arn: arn(*queue), label: format!("l{label}") }
        }
        Ask::Tag(queue, key, value) => Command::TagQueue {
            arn: arn(*queue),
            tags: vec![(format!("t{key}"), value.to_string())],
        },
        Ask::Untag(queue, key) => {
            Command::UntagQueue { arn: arn(*queue), keys: vec![format!("t{key}")] }
        }
        Ask::Tags(queue) => Command::QueueTags { arn: arn(*queue) },
        Ask::Send(queue, entries) => Command::Send {
            arn: arn(*queue),
            messages: entries.iter().map(|entry| outgoing(*queue, entry)).collect(),
        },
        Ask::Receive { queue, max, timeout, wait, attempt } => {
            let seconds = |seconds: u64| u32::try_from(seconds).unwrap_or(u32::MAX);
            let request = ReceiveRequest {
                max_messages: *max,
                visibility_timeout: timeout.map(seconds),
                wait_seconds: Some(seconds(*wait)),
                attempt: attempt.and_then(|id| fifo_id(&format!("a{id}"))),
            };
            Command::Receive { arn: arn(*queue), request }
        }
        Ask::Delete(queue, receipts) => Command::Delete {
            arn: arn(*queue),
            receipts: receipts.iter().map(|receipt| handle(*receipt, context.key)).collect(),
        },
        Ask::Hide(queue, changes) => {
            let change = |(receipt, seconds): &(Receipt, u64)| {
                (handle(*receipt, context.key), u32::try_from(*seconds).unwrap_or(u32::MAX))
            };
            Command::ChangeVisibility {
                arn: arn(*queue),
                changes: changes.iter().map(change).collect(),
            }
        }
        Ask::StartMove(source, destination, task) => Command::StartMoveTask {
            source: arn(*source),
            destination: destination.map(arn),
            rate: None,
            task: uuid(*task),
        },
        Ask::CancelMove(source, task) => {
            Command::CancelMoveTask { source: arn(*source), task: uuid(*task) }
        }
        Ask::Moves(source) => Command::ListMoveTasks { source: arn(*source), max: 10 },
        Ask::Settle(receipt, outcome) => Command::SettleDelivery {
            attempt: receipt::Receipt {
                queue: receipt.number,
                key: receipt.key,
                receive_count: receipt.count,
            },
            outcome: match outcome {
                Outcome::Delivered => AttemptOutcome::Delivered,
                Outcome::Later => AttemptOutcome::TryLater,
                Outcome::After(delay_ms) => AttemptOutcome::TryAfter { delay_ms: *delay_ms },
                Outcome::NotBegun(pause_ms) => AttemptOutcome::NotBegun { pause_ms: *pause_ms },
                Outcome::Never => AttemptOutcome::Never,
            },
        },
        Ask::Write(writes) => {
            let write = |(name, value): &(u8, Option<u32>)| {
                (format!("sim/{name}"), value.map(|value| value.to_string().into_bytes()))
            };
            Command::WriteRegister { writes: writes.iter().map(write).collect() }
        }
        Ask::Read => Command::ReadRegister { prefix: "sim/".to_owned() },
        _ => Command::Topic(topic_command(ask, context)),
    }
}

fn topic_command(ask: &Ask, context: &Context<'_>) -> TopicCommand {
    match ask {
        Ask::CreateTopic(topic) => {
            let is_fifo = TOPICS[*topic].ends_with(".fifo");
            let given = [("FifoTopic", "true".to_owned())];
            TopicCommand::CreateTopic {
                arn: topic_arn(*topic),
                attributes: pairs(if is_fifo { &given } else { &[] }),
                tags: Vec::new(),
                data_protection_policy: None,
            }
        }
        Ask::DeleteTopic(topic) => TopicCommand::DeleteTopic { arn: topic_arn(*topic) },
        Ask::Archive(topic, is_on) => TopicCommand::SetTopicAttribute {
            arn: topic_arn(*topic),
            name: "ArchivePolicy".to_owned(),
            value: if *is_on { r#"{"MessageRetentionPeriod":"1"}"# } else { "{}" }.to_owned(),
        },
        Ask::Subscribe(slot, filter, id) => {
            TopicCommand::Subscribe(subscribe(*slot, *filter, *id, context.fresh))
        }
        Ask::Confirm(slot, _) => TopicCommand::ConfirmSubscription {
            topic: topic_arn(SLOTS[*slot].topic),
            token: context.token.unwrap_or_default().to_owned(),
            authenticate_on_unsubscribe: false,
        },
        Ask::Unsubscribe(slot, id) => TopicCommand::Unsubscribe {
            arn: subscription_arn(*slot, *id),
            caller: Some(account()),
            message_id: Uuid::from_random(context.fresh),
        },
        Ask::Filter(slot, id, filter) => TopicCommand::SetSubscriptionAttribute {
            arn: subscription_arn(*slot, *id),
            caller: account(),
            name: "FilterPolicy".to_owned(),
            value: filter_policy(*filter),
        },
        Ask::Replay(slot, id, from) => TopicCommand::SetSubscriptionAttribute {
            arn: subscription_arn(*slot, *id),
            caller: account(),
            name: "ReplayPolicy".to_owned(),
            value: format!(
                r#"{{"PointType":"Timestamp","StartingPoint":"{}"}}"#,
                Timestamp::from_ms(*from).to_iso8601()
            ),
        },
        Ask::Publish(topic, entries) => TopicCommand::Publish {
            arn: topic_arn(*topic),
            messages: entries.iter().map(|entry| publication(entry, None)).collect(),
        },
        Ask::PublishDirect(entry) => TopicCommand::PublishDirect {
            outbox: phones(),
            protocol: SubscriptionProtocol::Sms,
            message: Box::new(publication(entry, Some("+15550100"))),
        },
        other => unreachable!("not about topics: {other:?}"),
    }
}

/// What the auditor is told of a rejection.
fn no(rejection: &Rejection) -> No {
    match rejection {
        Rejection::QueueDoesNotExist => No::NoQueue,
        Rejection::QueueNameExists { .. } => No::OtherAttributes,
        Rejection::QueueDeletedRecently => No::DeletedLately,
        Rejection::PurgeQueueInProgress { .. } => No::PurgedLately,
        Rejection::ReceiptHandleIsInvalid { .. } => No::NotAReceipt,
        Rejection::MessageNotInflight => No::NotInFlight,
        other => No::Other(other.to_string()),
    }
}

fn sent(sent: &Result<Sent, Rejection>) -> Result<(u128, Option<u64>), No> {
    let sent = sent.as_ref().map_err(no)?;
    Ok((number_of(sent.message_id), sent.sequence_number))
}

fn published(published: &Result<Published, Rejection>) -> Result<(u128, Option<u64>), No> {
    let published = published.as_ref().map_err(no)?;
    Ok((number_of(published.message_id), published.sequence_number))
}

/// What the auditor is told of an answer. `peek` reads records that need not be durable yet.
pub(crate) fn answer(
    reply: &Result<Reply, Rejection>,
    mut peek: impl FnMut(&tidings_core::command::Received) -> Option<Vec<u8>>,
) -> Answer {
    let reply = match reply {
        Ok(reply) => reply,
        Err(rejection) => return Answer::No(no(rejection)),
    };
    match reply {
        Reply::Done => Answer::Done,
        Reply::Attributes(attributes) => looked(attributes),
        Reply::Tags(tags) => {
            let tag = |(key, value): &(String, String)| {
                Some((key[1..].parse().ok()?, value.parse().ok()?))
            };
            Answer::Tagged(tags.iter().filter_map(tag).collect())
        }
        Reply::Sent(each) => Answer::Sent(each.iter().map(sent).collect()),
        Reply::Published { published: each, left, .. } if left.is_empty() => {
            Answer::Sent(each.iter().map(published).collect())
        }
        Reply::Received(messages) => Answer::Received(
            messages
                .iter()
                .map(|received| Got {
                    receipt: receipt_of(received.receipt),
                    body: peek(received).and_then(|record| {
                        read_body(&record, received.delivery.is_some()).flatten()
                    }),
                    count: received.receive_count,
                    first_at: received.first_received_at.as_ms(),
                    sequence: received.sequence_number,
                    source: received.dead_letter_source.as_ref().and_then(queue_of),
                })
                .collect(),
        ),
        Reply::Each(each) => Answer::Each(
            each.iter().map(|one| one.clone().map_err(|rejection| no(&rejection))).collect(),
        ),
        Reply::MoveTasks(tasks) => Answer::Moves(
            tasks
                .iter()
                .map(|task| {
                    (number_of(task.task), task.state == MoveTaskState::Running, task.moved)
                })
                .collect(),
        ),
        Reply::MoveTaskCancelled { moved } => Answer::Cancelled(*moved),
        Reply::Subscribed { arn, is_pending } => Answer::Subscribed(number_of(arn.id), *is_pending),
        Reply::Settled(fate) => Answer::Settled(match fate {
            delivery::Fate::Delivered => Fate::Delivered,
            delivery::Fate::Retried { at } => Fate::Retried(at.as_ms()),
            delivery::Fate::DeadLettered => Fate::DeadLettered,
            delivery::Fate::Dropped => Fate::Dropped,
            delivery::Fate::Stale => Fate::Stale,
        }),
        Reply::Register(entries) => {
            let entry = |name: &str, value: &[u8]| {
                let name = name.strip_prefix("sim/")?.parse().ok()?;
                Some((name, std::str::from_utf8(value).ok()?.parse().ok()?))
            };
            let mut all: Vec<_> =
                entries.iter().filter_map(|(name, value)| entry(name, value)).collect();
            all.sort_unstable();
            Answer::Register(all)
        }
        _ => Answer::Something,
    }
}

fn looked(attributes: &[(&'static str, String)]) -> Answer {
    let text = |name: &str| {
        attributes.iter().find(|(its, _)| *its == name).map_or("", |(_, value)| value.as_str())
    };
    let number = |name: &str| text(name).parse::<u64>().unwrap_or(u64::MAX);
    let counts = ["", "NotVisible", "Delayed"]
        .map(|which| number(&format!("ApproximateNumberOfMessages{which}")));
    let mut settings = vec![
        Setting::Visibility(number("VisibilityTimeout")),
        Setting::Delay(number("DelaySeconds")),
        Setting::Retention(number("MessageRetentionPeriod")),
    ];
    let policy = text("RedrivePolicy");
    let max = policy.split("\"maxReceiveCount\":").nth(1).map(digits);
    let target = policy.split('"').find_map(QueueArn::parse).and_then(|arn| queue_of(&arn));
    settings.extend(target.zip(max).map(|(target, max)| Setting::Redrive(target, max)));
    let labels = text("Policy").split("\"Sid\":\"l").skip(1);
    let mut labels: Vec<u8> =
        labels.filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
    labels.sort_unstable();
    Answer::Looked(counts, settings, labels)
}

fn digits(text: &str) -> u32 {
    let digits: String =
        text.trim_start_matches('"').chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u32::MAX)
}

/// The text of a message by its record; inside: `None` if it is a notice. `None` if it is damaged.
pub(crate) fn read_body(record: &[u8], is_published: bool) -> Option<Option<Body>> {
    if !is_published {
        let record = MessageRecord::decode(record).ok()?;
        return Some(body_of(Content::decode(record.content).ok()?.body));
    }
    let record = PublishedRecord::decode(record).ok()?;
    let content = PublishedContent::decode(record.message.content).ok()?;
    if content.message_type != MessageType::Notification {
        return Some(None);
    }
    body_of(content.message).map(Some)
}

/// The text of a record of either kind.
pub(crate) fn read_any_body(record: &[u8]) -> Option<Body> {
    read_body(record, false).or_else(|| read_body(record, true)).flatten()
}

/// The token in a notice.
pub(crate) fn token_in(record: &[u8]) -> Option<String> {
    let record = PublishedRecord::decode(record).ok()?;
    let content = PublishedContent::decode(record.message.content).ok()?;
    content.token.map(str::to_owned)
}

/// The id of an attempt's subscription; `None` out of the direct outbox.
pub(crate) fn subscription_of(delivery: &delivery::Delivery) -> Option<u128> {
    let is_direct = delivery.subscription.topic.name.is_direct();
    (!is_direct).then(|| number_of(delivery.subscription.id))
}

/// The queue of a move task.
pub(crate) fn source_of(arn: &QueueArn) -> Option<QueueIndex> {
    queue_of(arn)
}

/// The number of a task's id.
pub(crate) fn task_of(id: Uuid) -> u128 {
    number_of(id)
}
