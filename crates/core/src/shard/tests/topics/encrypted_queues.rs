//! Queues with a KMS key: whether it lets a topic in is asked outside, before a message goes there.

use super::super::calls::{arn, message, ten};
use super::super::scene::{Scene, in_every_way};
use super::calls::{text, topic};
use crate::command::{Command, Publication, Published, Reply, TopicCommand};
use crate::message::Sealing;
use crate::names::QueueArn;
use crate::publication::PublishedContent;
use crate::record::PublishedRecord;
use crate::rejection::Rejection;

const KEY: (&str, &str) = ("KmsMasterKeyId", "alias/orders");

type Answers = Vec<Result<Published, Rejection>>;

/// What the shard says to these messages, and which keys it wants to be asked.
fn publish(
    s: &mut Scene,
    messages: Vec<Publication>,
) -> (Answers, Vec<Publication>, Vec<QueueArn>) {
    let arn = topic("stock");
    match s.run(Command::Topic(TopicCommand::Publish { arn, messages })).unwrap() {
        Reply::Published { published, left, to_ask } => {
            (published, left, to_ask.into_iter().collect())
        }
        reply => panic!("an answer to a publish, not {reply:?}"),
    }
}

fn fresh(s: &mut Scene, body: &str) -> Publication {
    Publication { message_id: s.fresh_id(), ..text(body) }
}

fn with_answer(message: Publication, queue: &str, answer: bool) -> Publication {
    let mut message = message;
    message.keys.insert(arn(queue), answer);
    message
}

fn visible(s: &mut Scene, queue: &str) -> u64 {
    s.counts(queue)[0]
}

#[test]
fn nothing_of_a_message_goes_out_before_its_queues_keys_are_asked() {
    in_every_way(|s| {
        s.create_topic("stock");
        s.create("orders", &[KEY]);
        s.create("invoices", &[]);
        s.subscribe_queue("stock", "orders", &[]);
        s.subscribe_queue("stock", "invoices", &[]);
        let one = fresh(s, "one");
        let (published, left, to_ask) = publish(s, vec![one.clone()]);
        assert_eq!((published, &left, to_ask), (vec![], &vec![one.clone()], vec![arn("orders")]));
        assert_eq!((visible(s, "orders"), visible(s, "invoices")), (0, 0));

        let (published, left, to_ask) = publish(s, vec![with_answer(one, "orders", true)]);
        assert_eq!((published.len(), left, to_ask), (1, vec![], vec![]));
        assert_eq!((visible(s, "orders"), visible(s, "invoices")), (1, 1));
        // Its senders need nothing but its own door.
        s.send("orders", message("direct"));
        assert_eq!(visible(s, "orders"), 2);
    });
}

#[test]
fn a_queue_whose_key_keeps_the_topic_out_is_passed_over() {
    in_every_way(|s| {
        s.create_topic("stock");
        s.create("orders", &[KEY]);
        s.create("dead", &[]);
        let policy = format!(r#"{{"deadLetterTargetArn":"{}"}}"#, arn("dead"));
        s.subscribe_queue("stock", "orders", &[("RedrivePolicy", &policy)]);
        let one = fresh(s, "one");
        publish(s, vec![with_answer(one, "orders", false)]);
        assert_eq!((visible(s, "orders"), visible(s, "dead")), (0, 1));

        // That of the dead-letter queue is asked too, once it is known that it is needed.
        s.set("dead", &[KEY]).unwrap();
        let two = with_answer(fresh(s, "two"), "orders", false);
        let (_, left, to_ask) = publish(s, vec![two]);
        assert_eq!(to_ask, [arn("dead")]);
        let left = left.into_iter().map(|two| with_answer(two, "dead", false)).collect();
        let (published, left, _) = publish(s, left);
        assert_eq!((published.len(), left), (1, vec![]));
        assert_eq!((visible(s, "orders"), visible(s, "dead")), (0, 1));
    });
}

#[test]
fn a_batch_stops_at_the_message_whose_keys_are_not_known() {
    in_every_way(|s| {
        s.create_topic("stock");
        s.create("orders", &[KEY]);
        s.subscribe_queue("stock", "orders", &[]);
        let (one, two) = (with_answer(fresh(s, "one"), "orders", true), fresh(s, "two"));
        let (published, left, to_ask) = publish(s, vec![one, two.clone()]);
        assert_eq!((published.len(), left, to_ask), (1, vec![two], vec![arn("orders")]));
        assert_eq!(visible(s, "orders"), 1);
    });
}

#[test]
fn what_is_sealed_is_filtered_by_what_it_was() {
    in_every_way(|s| {
        s.create_topic("stock");
        s.create("orders", &[]);
        let policy = r#"{"kind":["book"]}"#;
        let body = [("FilterPolicy", policy), ("FilterPolicyScope", "MessageBody")];
        s.subscribe_queue("stock", "orders", &body);
        for kind in ["book", "pen"] {
            let plain = fresh(s, &format!(r#"{{"kind":"{kind}"}}"#));
            // Whoever seals is not here: any bytes will do.
            let mut sealed = plain.content.clone();
            sealed.reverse();
            let unsealed = Some(plain.content.clone());
            let (content, sealing) = (sealed, Sealing::Envelope);
            publish(s, vec![Publication { content, sealing, unsealed, ..plain }]);
        }
        let receive = Command::Receive { arn: arn("orders"), request: ten() };
        let Ok(Reply::Received(got)) = s.run(receive) else { panic!("messages") };
        assert_eq!(got.len(), 1);
        let record = s.read(got[0].location);
        let open = |sealed: &[u8]| Ok::<_, ()>(sealed.iter().rev().copied().collect());
        let opened = PublishedRecord::opened(&record, open).unwrap().expect("it is sealed");
        let record = PublishedRecord::decode(&opened).unwrap();
        let content = PublishedContent::decode(record.message.content).unwrap();
        assert_eq!(content.message, r#"{"kind":"book"}"#);
    });
}
