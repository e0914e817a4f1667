//! A message to a topic with many queues.

use std::collections::BTreeMap;

use tidings_core::command::{Command, Publication, Reply, Subscribe, TopicCommand};
use tidings_core::message::Sealing;
use tidings_core::names::{SubscriptionProtocol, TopicArn, Uuid};
use tidings_core::publication::{MessageType, PublishedContent};

use super::hot_path::{Sizes, Work};
use super::materials;
use super::shard::Driver;

pub(super) fn work(sizes: Sizes) -> impl Work {
    Topic::new(sizes.queues)
}

struct Topic {
    driver: Driver,
    arn: TopicArn,
    /// How many queues it has.
    queues: usize,
    publication: Publication,
    published: u128,
}

impl Topic {
    fn new(queues: usize) -> Self {
        let arn = TopicArn::parse("arn:aws:sns:us-east-1:111122223333:stock");
        let arn = arn.expect("it is the name of a topic");
        let mut driver = Driver::new();
        driver.run(Command::Topic(TopicCommand::CreateTopic {
            arn: arn.clone(),
            attributes: Vec::new(),
            tags: Vec::new(),
            data_protection_policy: None,
        }));
        for number in 0..queues {
            let queue = materials::queue(&name(number));
            let endpoint = queue.to_string();
            let (attributes, tags) = (Vec::new(), Vec::new());
            driver.run(Command::CreateQueue { arn: queue, attributes, tags });
            driver.run(Command::Topic(TopicCommand::Subscribe(Subscribe {
                topic: arn.clone(),
                protocol: SubscriptionProtocol::Sqs,
                endpoint,
                attributes: Vec::new(),
                account: arn.account,
                principal: String::new(),
                id: Uuid::from_random((number as u128) << 80),
                message_id: Uuid::from_random(1),
            })));
        }
        Self { driver, arn, queues, publication: publication(), published: 0 }
    }
}

fn name(number: usize) -> String {
    format!("queue-{number}")
}

impl Work for Topic {
    fn once(&mut self) -> usize {
        self.published += 1;
        let message_id = Uuid::from_random(self.published);
        let messages = vec![Publication { message_id, ..self.publication.clone() }];
        let publish = TopicCommand::Publish { arn: self.arn.clone(), messages };
        match self.driver.run(Command::Topic(publish)) {
            Reply::Published { published, left, .. } if left.is_empty() => {
                self.queues * published.iter().filter(|published| published.is_ok()).count()
            }
            _ => 0,
        }
    }

    fn restore(&mut self) {
        for number in 0..self.queues {
            let arn = materials::queue(&name(number));
            self.driver.run(Command::PurgeQueue { arn });
        }
    }
}

fn publication() -> Publication {
    let message = materials::body(0);
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target: None,
        is_notice: false,
        subject: None,
        trace_header: None,
        token: None,
        message: &message,
        by_protocol: Vec::new(),
        attributes: Vec::new(),
    };
    Publication {
        message_id: Uuid::from_random(0),
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: message.len(),
        raw_size: message.len(),
        enveloped_size: message.len() + 1_000,
        body_md5: [0xa5; 16],
        body_sha256: None,
        group: None,
        deduplication: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages that wait in each of the queues.
    fn waiting(topic: &mut Topic) -> Vec<String> {
        let waiting = |number| {
            let arn = materials::queue(&name(number));
            let names = vec!["ApproximateNumberOfMessages".to_owned()];
            match topic.driver.run(Command::QueueAttributes { arn, names }) {
                Reply::Attributes(mut values) => values.remove(0).1,
                other => panic!("no attributes: {other:?}"),
            }
        };
        (0..topic.queues).map(waiting).collect()
    }

    #[test]
    fn every_queue_gets_every_message_until_it_is_restored() {
        let mut topic = Topic::new(3);
        assert_eq!((topic.once(), topic.once()), (3, 3));
        assert_eq!(waiting(&mut topic), ["2"; 3]);
        topic.restore();
        assert_eq!(waiting(&mut topic), ["0"; 3]);
    }
}
