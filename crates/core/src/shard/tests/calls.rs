//! The commands of a scene, by the names that the service gives them.

use super::scene::Scene;
use crate::command::{
    Command, Handle, MoveTaskStatus, Outgoing, Pairs, ReceiveRequest, Received, Reply, Sent, Token,
};
use crate::message::Sealing;
use crate::names::{AccountId, FifoId, QueueArn, QueueName, Region, Uuid};
use crate::publication::PublishedContent;
use crate::record::{MessageRecord, PublishedRecord};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// A queue of the account and region that scenes play in.
pub(super) fn arn(name: &str) -> QueueArn {
    QueueArn {
        account: AccountId::parse("000000000000").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        name: QueueName::parse(name).unwrap(),
    }
}

pub(super) fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn fifo_id(text: &str) -> FifoId {
    FifoId::parse(text).unwrap()
}

/// `{"deadLetterTargetArn":…}`
pub(super) fn redrive(target: &str, max_receive_count: u32) -> String {
    let target = arn(target);
    format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":{max_receive_count}}}"#)
}

/// Stands for the digest of a body: the core takes it as it comes.
pub(super) fn body_md5(body: &str) -> [u8; 16] {
    let mut digest = [0; 16];
    body.bytes().zip(0..).for_each(|(byte, i): (u8, usize)| digest[i % 16] ^= byte);
    digest
}

/// A message with this body. Its id is given by [`Scene::send`].
pub(super) fn message(body: &str) -> Outgoing {
    Outgoing {
        message_id: Uuid::from_random(0),
        content: body.as_bytes().to_vec(),
        sealing: Sealing::Plain,
        size: body.len(),
        body_md5: body_md5(body),
        body_sha256: None,
        delay_seconds: None,
        group: None,
        deduplication: None,
    }
}

/// A FIFO queue's message that is never a duplicate.
pub(super) fn grouped(body: &str, group: &str) -> Outgoing {
    Outgoing { deduplication: Some(fifo_id(body)), group: Some(fifo_id(group)), ..message(body) }
}

/// A receive of one message that does not wait.
pub(super) fn one() -> ReceiveRequest {
    ReceiveRequest { max_messages: 1, visibility_timeout: None, wait_seconds: None, attempt: None }
}

/// A receive of up to ten messages that does not wait.
pub(super) fn ten() -> ReceiveRequest {
    ReceiveRequest { max_messages: 10, ..one() }
}

/// A receive of one message that waits so many seconds.
pub(super) fn waiting(seconds: u32) -> ReceiveRequest {
    ReceiveRequest { wait_seconds: Some(seconds), ..one() }
}

/// A message as its receiver sees it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Got {
    pub(super) body: String,
    pub(super) message_id: Uuid,
    pub(super) sent_at: Timestamp,
    pub(super) body_md5: [u8; 16],
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
    pub(super) received: Received,
}

impl Got {
    pub(super) fn handle(&self) -> Handle {
        Handle { text: "the-handle".into(), receipt: Some(self.received.receipt) }
    }

    pub(super) fn receive_count(&self) -> u32 {
        self.received.receive_count
    }
}

pub(super) fn bodies(messages: &[Got]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

impl Scene {
    pub(super) fn create(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.try_create(name, attributes).unwrap();
    }

    pub(super) fn try_create(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        let mut attributes = pairs(attributes);
        if name.ends_with(".fifo") {
            attributes.push(("FifoQueue".into(), "true".into()));
        }
        self.run(Command::CreateQueue { arn: arn(name), attributes, tags: Vec::new() })
    }

    pub(super) fn delete_queue(&mut self, name: &str) {
        self.run(Command::DeleteQueue { arn: arn(name) }).unwrap();
    }

    pub(super) fn set(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        let attributes = pairs(attributes);
        self.run(Command::SetQueueAttributes { arn: arn(name), attributes })
    }

    pub(super) fn attribute(&mut self, queue: &str, name: &str) -> Option<String> {
        let names = vec![name.to_owned()];
        let reply = self.run(Command::QueueAttributes { arn: arn(queue), names }).unwrap();
        let Reply::Attributes(values) = reply else { panic!("attributes, not {reply:?}") };
        values.into_iter().next().map(|(_, value)| value)
    }

    /// Visible, in flight and delayed messages, as the queue's attributes have them.
    pub(super) fn counts(&mut self, queue: &str) -> [u64; 3] {
        ["", "NotVisible", "Delayed"].map(|which| {
            let name = format!("ApproximateNumberOfMessages{which}");
            self.attribute(queue, &name).unwrap().parse().unwrap()
        })
    }

    /// Sends messages in one call.
    pub(super) fn try_send_all(
        &mut self,
        queue: &str,
        mut messages: Vec<Outgoing>,
    ) -> Result<Vec<Result<Sent, Rejection>>, Rejection> {
        for message in &mut messages {
            message.message_id = Uuid::from_random(u128::from(self.next_number()) << 80);
        }
        match self.run(Command::Send { arn: arn(queue), messages })? {
            Reply::Sent(sent) => Ok(sent),
            other => panic!("an answer to a send, not {other:?}"),
        }
    }

    pub(super) fn try_send(&mut self, queue: &str, message: Outgoing) -> Result<Sent, Rejection> {
        self.try_send_all(queue, vec![message])?.remove(0)
    }

    pub(super) fn send(&mut self, queue: &str, message: Outgoing) -> Sent {
        self.try_send(queue, message).unwrap()
    }

    /// A receive that may have to wait.
    pub(super) fn poll(&mut self, queue: &str, request: ReceiveRequest) -> Token {
        self.hand_in(Command::Receive { arn: arn(queue), request })
    }

    pub(super) fn receive(&mut self, queue: &str, request: ReceiveRequest) -> Vec<Got> {
        let token = self.poll(queue, request);
        self.received(token).expect("a receive that does not wait").unwrap()
    }

    /// Receives one message, which must be there.
    pub(super) fn take(&mut self, queue: &str) -> Got {
        self.receive(queue, one()).pop().expect("a message")
    }

    /// What a receive was answered, if it has been.
    pub(super) fn received(&mut self, token: Token) -> Option<Result<Vec<Got>, Rejection>> {
        self.answer(token).map(|answer| match answer? {
            Reply::Received(messages) => Ok(messages.into_iter().map(|m| self.open(m)).collect()),
            other => panic!("an answer to a receive, not {other:?}"),
        })
    }

    fn open(&self, received: Received) -> Got {
        let bytes = self.read(received.location);
        let (record, body) = match &received.delivery {
            None => {
                let record = MessageRecord::decode(&bytes).unwrap();
                let body = String::from_utf8(record.content.to_vec()).unwrap();
                (record, body)
            }
            Some(delivery) => {
                let record = PublishedRecord::decode(&bytes).unwrap().message;
                let content = PublishedContent::decode(record.content).unwrap();
                (record, content.text_for(delivery.protocol).to_owned())
            }
        };
        Got {
            body,
            message_id: record.message_id,
            sent_at: record.sent_at,
            body_md5: record.body_md5,
            group: record.group.map(str::to_owned),
            deduplication: record.deduplication.map(str::to_owned),
            received,
        }
    }

    pub(super) fn delete(&mut self, queue: &str, message: &Got) -> Result<(), Rejection> {
        let receipts = vec![message.handle()];
        each(self.run(Command::Delete { arn: arn(queue), receipts })?).remove(0)
    }

    pub(super) fn hide(
        &mut self,
        queue: &str,
        message: &Got,
        timeout: u32,
    ) -> Result<(), Rejection> {
        let changes = vec![(message.handle(), timeout)];
        each(self.run(Command::ChangeVisibility { arn: arn(queue), changes })?).remove(0)
    }

    pub(super) fn purge(&mut self, queue: &str) -> Result<Reply, Rejection> {
        self.run(Command::PurgeQueue { arn: arn(queue) })
    }

    pub(super) fn move_tasks(&mut self, source: &str) -> Vec<MoveTaskStatus> {
        match self.run(Command::ListMoveTasks { source: arn(source), max: 10 }).unwrap() {
            Reply::MoveTasks(tasks) => tasks,
            other => panic!("move tasks, not {other:?}"),
        }
    }
}

pub(super) fn each(reply: Reply) -> Vec<Result<(), Rejection>> {
    match reply {
        Reply::Each(each) => each,
        other => panic!("an answer for each entry, not {other:?}"),
    }
}
