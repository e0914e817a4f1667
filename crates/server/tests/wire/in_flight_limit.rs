//! The most messages that one queue may have in flight. They get there through the broker directly:
//! over HTTP it would take a minute.

use serde_json::json;
use tidings_broker::Broker;
use tidings_core::command::{Command, Outgoing, ReceiveRequest, Reply};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{FifoId, QueueArn};
use tokio::task::JoinSet;

use crate::harness::{Protocol, Service};

const IN_FLIGHT_MAX: usize = 120_000;

fn queue(name: &str) -> QueueArn {
    QueueArn::parse(&format!("arn:aws:sqs:us-east-1:000000000000:{name}")).unwrap()
}

fn outgoing(broker: &Broker, group: Option<FifoId>, index: usize) -> Outgoing {
    let content = Content { body: "x", sender_id: "x", trace_header: None, attributes: Vec::new() };
    Outgoing {
        message_id: broker.uuid(),
        content: content.encode(),
        sealing: Sealing::Plain,
        size: 1,
        body_md5: [0; 16],
        body_sha256: None,
        delay_seconds: None,
        deduplication: group.as_ref().and_then(|_| FifoId::parse(&index.to_string())),
        group,
    }
}

/// Sends ten messages and receives as many.
async fn pass_through(broker: Broker, arn: QueueArn, batch: usize) -> usize {
    let group = arn.name.is_fifo().then(|| FifoId::parse(&format!("g{batch}")).unwrap());
    let messages = (0..10).map(|i| outgoing(&broker, group.clone(), batch * 10 + i)).collect();
    broker.call(Command::Send { arn: arn.clone(), messages }).await.unwrap();
    let request = ReceiveRequest {
        max_messages: 10,
        visibility_timeout: Some(43_200),
        wait_seconds: Some(0),
        attempt: None,
    };
    let Reply::Received(received) = broker.call(Command::Receive { arn, request }).await.unwrap()
    else {
        panic!("no answer to a receive")
    };
    received.len()
}

/// Brings as many messages in flight as may be.
async fn fill(broker: &Broker, name: &str) {
    let mut passing = JoinSet::new();
    for batch in 0..IN_FLIGHT_MAX / 10 {
        passing.spawn(pass_through(broker.clone(), queue(name), batch));
        if batch % 1000 == 999 {
            while let Some(received) = passing.join_next().await {
                assert_eq!(received.unwrap(), 10);
            }
        }
    }
}

#[tokio::test]
async fn a_queue_has_up_to_120_000_messages_in_flight() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
    fill(&service.broker, "orders").await;
    fill(&service.broker, "orders.fifo").await;
    sqs.send(&url, "one more").await;
    let message = json!({
        "QueueUrl": fifo,
        "MessageBody": "one more",
        "MessageGroupId": "another",
        "MessageDeduplicationId": "one-more",
    });
    sqs.ok("SendMessage", message).await;
    for protocol in Protocol::BOTH {
        let mut sqs = service.speak(protocol).await;
        for url in [&url, &fifo] {
            assert_eq!(sqs.counts(url).await, [1, IN_FLIGHT_MAX as u64, 0]);
        }
        // A short poll of a standard queue is refused, a long poll finds nothing, and neither is a
        // FIFO queue heard to complain.
        let refusal = sqs.refused("ReceiveMessage", json!({ "QueueUrl": url })).await;
        assert_eq!(refusal.code, "OverLimit");
        assert!(sqs.receive(&fifo).await.is_empty());
        let mut waiter = sqs.another().await;
        waiter.begin("ReceiveMessage", &json!({ "QueueUrl": url, "WaitTimeSeconds": 1 })).await;
        waiter.still_waits().await;
        sqs.pass_seconds(1);
        assert_eq!(waiter.finish("ReceiveMessage").await.unwrap(), json!({}));
    }
    // Room for one is enough.
    sqs.pass_seconds(43_200);
    assert_eq!(sqs.receive(&url).await.len(), 10);
    assert!(!sqs.receive(&fifo).await.is_empty());
    drop(sqs);
    service.stop().await;
}
