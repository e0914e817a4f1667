//! StartMessageMoveTask, CancelMessageMoveTask and ListMessageMoveTasks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::dead_letters::{arn, peek, source};
use crate::harness::{Protocol, START_MS, Service, Sqs, in_both_protocols, is_uuid};
use crate::support::within;

/// Creates a queue and its dead-letter queue with these messages in it; returns both URLs.
async fn dead_letters(sqs: &mut Sqs, bodies: &[&str]) -> (String, String) {
    let dead = sqs.queue("dead", json!({})).await;
    let url = source(sqs, "orders", "dead", 1, json!({})).await;
    for body in bodies {
        kill(sqs, &url, body).await;
    }
    (url, dead)
}

/// Sends a message and receives it so often that it moves.
async fn kill(sqs: &mut Sqs, url: &str, body: &str) {
    sqs.send(url, body).await;
    assert_eq!(peek(sqs, url).await.unwrap()["Body"], body);
    assert_eq!(peek(sqs, url).await, None);
}

async fn list(sqs: &mut Sqs, max: impl Into<Value>) -> Vec<Value> {
    let input = json!({ "SourceArn": arn("dead"), "MaxResults": max.into() });
    let output = sqs.ok("ListMessageMoveTasks", input).await;
    output.get("Results").map_or_else(Vec::new, |results| results.as_array().unwrap().clone())
}

/// Waits for the newest task to end, and returns what is told of it.
async fn ended(sqs: &mut Sqs) -> Value {
    within(async {
        loop {
            let task = list(sqs, 1).await.remove(0);
            if task["Status"] != "RUNNING" {
                return task;
            }
            // What it does outside of the broker's turn has its own pace, and its own steps.
            sqs.pass_ms(1);
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn start(sqs: &mut Sqs, destination: Option<&str>) -> String {
    let input = json!({ "SourceArn": arn("dead"), "DestinationArn": destination.map(arn) });
    let started = sqs.ok("StartMessageMoveTask", input).await;
    assert_eq!(started.as_object().unwrap().len(), 1);
    started["TaskHandle"].as_str().unwrap().to_owned()
}

/// Starts a task that moves one message a second.
async fn start_slowly(sqs: &mut Sqs) -> String {
    let input = json!({ "SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": 1 });
    sqs.ok("StartMessageMoveTask", input).await["TaskHandle"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn messages_go_back_to_where_they_came_from() {
    in_both_protocols(async |sqs| {
        let (one, dead) = dead_letters(sqs, &[]).await;
        let two = source(sqs, "two", "dead", 1, json!({})).await;
        let attributes = json!({ "Hello": { "DataType": "String", "StringValue": "There" } });
        let message =
            json!({ "QueueUrl": one, "MessageBody": "1", "MessageAttributes": attributes });
        let id = sqs.ok("SendMessage", message).await["MessageId"].take();
        peek(sqs, &one).await;
        assert_eq!(peek(sqs, &one).await, None);
        kill(sqs, &two, "2").await;
        assert_eq!(sqs.counts(&dead).await, [2, 0, 0]);
        sqs.pass_seconds(5);
        let handle = start(sqs, None).await;
        let task = ended(sqs).await;
        assert_eq!(
            task,
            json!({
                "Status": "COMPLETED",
                "SourceArn": arn("dead"),
                "ApproximateNumberOfMessagesMoved": 2,
                "ApproximateNumberOfMessagesToMove": 2,
                "StartedTimestamp": START_MS + 5_000,
            })
        );
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&two).await, [1, 0, 0]);
        // A new message in all but what its sender said.
        let moved = peek(sqs, &one).await.unwrap();
        assert_eq!(moved["Body"], "1");
        assert_eq!(moved["MessageAttributes"], attributes);
        assert_ne!(moved["MessageId"], id);
        assert_eq!(moved["Attributes"].get("DeadLetterQueueSourceArn"), None);
        let sent: u64 = moved["Attributes"]["SentTimestamp"].as_str().unwrap().parse().unwrap();
        assert!(sent >= START_MS + 5_000);
        // The handle says what it is for.
        let handle: Value = serde_json::from_slice(&STANDARD.decode(handle).unwrap()).unwrap();
        assert_eq!(handle["sourceArn"], arn("dead"));
        assert!(is_uuid(handle["taskId"].as_str().unwrap().as_bytes()));
        assert_eq!(handle.as_object().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn messages_go_where_they_are_told() {
    in_both_protocols(async |sqs| {
        let (url, dead) = dead_letters(sqs, &["1", "2", "3"]).await;
        // One that was sent to the dead-letter queue itself goes along.
        sqs.send(&dead, "4").await;
        let other = sqs.queue("other", json!({})).await;
        start(sqs, Some("other")).await;
        let task = ended(sqs).await;
        assert_eq!(task["Status"], "COMPLETED");
        assert_eq!(task["DestinationArn"], arn("other"));
        assert_eq!(task["ApproximateNumberOfMessagesMoved"], 4);
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        let received = sqs.receive(&other).await;
        let mut bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        bodies.sort_unstable();
        assert_eq!(bodies, ["1", "2", "3", "4"]);
    })
    .await;
}

#[tokio::test]
async fn an_empty_queue_is_moved_too() {
    in_both_protocols(async |sqs| {
        dead_letters(sqs, &[]).await;
        assert!(list(sqs, Value::Null).await.is_empty());
        start(sqs, None).await;
        let task = ended(sqs).await;
        assert_eq!(task["Status"], "COMPLETED");
        assert_eq!(task["ApproximateNumberOfMessagesMoved"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_task_keeps_its_pace_and_can_be_cancelled() {
    in_both_protocols(async |sqs| {
        let (url, dead) = dead_letters(sqs, &["1", "2", "3", "4", "5"]).await;
        let handle = start_slowly(sqs).await;
        sqs.settle().await;
        let task = list(sqs, 1).await.remove(0);
        assert_eq!(task["Status"], "RUNNING");
        assert_eq!(task["TaskHandle"], handle);
        assert_eq!(task["MaxNumberOfMessagesPerSecond"], 1);
        assert_eq!(task["ApproximateNumberOfMessagesToMove"], 5);
        assert_eq!(task.get("DestinationArn"), None);
        let again = json!({ "SourceArn": arn("dead") });
        let text = "There is already a task running. Only one active task is allowed for a source \
                    queue arn at a given time.";
        sqs.refuses("StartMessageMoveTask", &dead, &[(again, "InvalidParameterValue", text)]).await;
        for seconds in 1..=2 {
            sqs.pass_seconds(1);
            sqs.settle().await;
            let moved = list(sqs, 1).await[0]["ApproximateNumberOfMessagesMoved"].as_u64().unwrap();
            assert!(moved <= seconds + 1, "{moved} after {seconds} s");
        }
        let cancelled = sqs.ok("CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
        let moved = cancelled["ApproximateNumberOfMessagesMoved"].as_u64().unwrap();
        assert!(moved <= 3);
        let task = list(sqs, 1).await.remove(0);
        assert!(["CANCELLED", "CANCELLING"].contains(&task["Status"].as_str().unwrap()));
        // Only a running task tells its handle.
        assert_eq!(task.get("TaskHandle"), None);
        // Nothing moves any more, and nothing is lost.
        sqs.pass_seconds(10);
        sqs.settle().await;
        let [left, ..] = sqs.counts(&dead).await;
        let [back, ..] = sqs.counts(&url).await;
        assert_eq!(left + back, 5);
        assert!(left >= 2);
        let refusal = sqs.refused("CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
        assert!(
            ["ResourceNotFoundException", "InvalidParameterValue"].contains(&&*refusal.code),
            "{refusal:?}"
        );
        // The next may start.
        start(sqs, None).await;
        assert_eq!(ended(sqs).await["Status"], "COMPLETED");
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&url).await, [5, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn tasks_are_listed_newest_first() {
    in_both_protocols(async |sqs| {
        dead_letters(sqs, &[]).await;
        for _ in 0..11 {
            sqs.pass_seconds(60);
            start(sqs, None).await;
            ended(sqs).await;
        }
        for (max, count) in [(Value::Null, 1), (json!(1), 1), (json!(3), 3), (json!(10), 10)] {
            let tasks = list(sqs, max).await;
            assert_eq!(tasks.len(), count);
            let started: Vec<_> =
                tasks.iter().map(|task| task["StartedTimestamp"].as_u64().unwrap()).collect();
            assert!(started.is_sorted_by(|a, b| a > b), "{started:?}");
            assert!(started[0] >= START_MS + 11 * 60_000);
        }
        let url = sqs.url("dead");
        let cases: Vec<_> = [-1, 0, 11]
            .iter()
            .map(|max| json!({ "SourceArn": arn("dead"), "MaxResults": max }))
            .map(|input| (input, "InvalidParameterValue", "*"))
            .collect();
        sqs.refuses("ListMessageMoveTasks", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_fails_when_it_cannot_go_on() {
    in_both_protocols(async |sqs| {
        let (_, dead) = dead_letters(sqs, &[]).await;
        // A message that came from no queue.
        sqs.send(&dead, "sent here").await;
        start(sqs, None).await;
        let task = ended(sqs).await;
        assert_eq!(task["Status"], "FAILED");
        assert_eq!(task["FailureReason"], "CouldNotDetermineMessageSource");
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        // A destination that is gone before the task gets on.
        let other = sqs.queue("other", json!({})).await;
        for body in ["1", "2", "3"] {
            sqs.send(&dead, body).await;
        }
        let input = json!({
            "SourceArn": arn("dead"),
            "DestinationArn": arn("other"),
            "MaxNumberOfMessagesPerSecond": 1,
        });
        sqs.ok("StartMessageMoveTask", input).await;
        sqs.settle().await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": other })).await;
        let task = ended(sqs).await;
        assert_eq!(task["Status"], "FAILED");
        assert_eq!(task["FailureReason"], "AWS.SimpleQueueService.NonExistentQueue");
        let [left, ..] = sqs.counts(&dead).await;
        assert!(left >= 2);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_cannot_be_is_refused() {
    in_both_protocols(async |sqs| {
        let (url, _) = dead_letters(sqs, &["1"]).await;
        let text = |name: &str| {
            format!(
                "You must use this format to specify the {name}: \
                 arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
            )
        };
        let no_source =
            "The resource that you specified for the SourceArn parameter doesn't exist.";
        let no_destination =
            "The resource that you specified for the DestinationArn parameter doesn't exist.";
        let format = text("SourceArn");
        let invalid = "InvalidParameterValue";
        let not_found = "ResourceNotFoundException";
        let mut cases = vec![
            (
                json!({ "SourceArn": arn("orders") }),
                invalid,
                "Source queue must be configured as a Dead Letter Queue.",
            ),
            (json!({ "SourceArn": arn("missing") }), not_found, no_source),
            (
                json!({ "SourceArn": arn("dead"), "DestinationArn": arn("missing") }),
                not_found,
                no_destination,
            ),
            (
                json!({ "SourceArn": arn("dead"), "DestinationArn": "other" }),
                invalid,
                "You must use this format to specify the DestinationArn: *",
            ),
            (json!({}), "MissingParameter", "*"),
        ];
        for bad in ["dead", "arn:aws:sqs:us-east-1:000000000000", "arn:dead", &url] {
            cases.push((json!({ "SourceArn": bad }), invalid, &format));
        }
        for rate in [-1, 0, 501] {
            let input = json!({ "SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": rate });
            cases.push((input, invalid, "*"));
        }
        sqs.refuses("StartMessageMoveTask", &url, &cases).await;
        assert!(list(sqs, 10).await.is_empty());
        let mut cases = vec![
            (json!({ "SourceArn": arn("missing") }), not_found, no_source),
            (json!({}), "MissingParameter", "*"),
        ];
        for bad in ["dead", "arn:aws:sqs:us-east-1:000000000000"] {
            cases.push((json!({ "SourceArn": bad }), invalid, &format));
        }
        sqs.refuses("ListMessageMoveTasks", &url, &cases).await;
        for rate in [1, 500] {
            let input = json!({ "SourceArn": arn("dead"), "MaxNumberOfMessagesPerSecond": rate });
            sqs.ok("StartMessageMoveTask", input).await;
            assert_eq!(ended(sqs).await["MaxNumberOfMessagesPerSecond"], rate);
        }
    })
    .await;
}

#[tokio::test]
async fn only_a_task_s_own_handle_cancels_it() {
    in_both_protocols(async |sqs| {
        dead_letters(sqs, &["1", "2", "3"]).await;
        let url = sqs.queue("other", json!({})).await;
        let handle = start_slowly(sqs).await;
        let forged = |arn: &str| {
            let handle =
                json!({ "taskId": "3d2b0b2e-1f5c-4d0a-9a3f-2f6a1c1e7b11", "sourceArn": arn });
            json!({ "TaskHandle": STANDARD.encode(handle.to_string()) })
        };
        let invalid = "Value for parameter TaskHandle is invalid.";
        let no_source =
            "The resource that you specified for the SourceArn parameter doesn't exist.";
        let encoded = |text: &str| json!({ "TaskHandle": STANDARD.encode(text) });
        sqs.refuses(
            "CancelMessageMoveTask",
            &url,
            &[
                (json!({ "TaskHandle": "!" }), "InvalidParameterValue", invalid),
                (json!({ "TaskHandle": "x" }), "InvalidParameterValue", invalid),
                (encoded("no JSON"), "InvalidParameterValue", invalid),
                (encoded("{}"), "InvalidParameterValue", invalid),
                (encoded("[]"), "InvalidParameterValue", invalid),
                (forged(&arn("missing")), "ResourceNotFoundException", no_source),
                (forged(&arn("dead")), "ResourceNotFoundException", "Task does not exist."),
                (json!({}), "MissingParameter", "*"),
            ],
        )
        .await;
        assert_eq!(list(sqs, 1).await[0]["Status"], "RUNNING");
        sqs.ok("CancelMessageMoveTask", json!({ "TaskHandle": handle })).await;
    })
    .await;
}

#[tokio::test]
async fn a_fifo_queue_is_moved_in_order() {
    in_both_protocols(async |sqs| {
        let fifo = json!({ "FifoQueue": "true" });
        let dead = sqs.queue("dead.fifo", fifo.clone()).await;
        let url = source(sqs, "orders.fifo", "dead.fifo", 1, fifo).await;
        for i in 0..5 {
            let input = json!({
                "QueueUrl": url,
                "MessageBody": i.to_string(),
                "MessageGroupId": "g",
                "MessageDeduplicationId": i.to_string(),
            });
            sqs.ok("SendMessage", input).await;
        }
        for _ in 0..5 {
            peek(sqs, &url).await.unwrap();
        }
        assert_eq!(peek(sqs, &url).await, None);
        assert_eq!(sqs.counts(&dead).await, [5, 0, 0]);
        sqs.ok("StartMessageMoveTask", json!({ "SourceArn": arn("dead.fifo") })).await;
        within(async {
            while sqs.counts(&url).await != [5, 0, 0] {
                sqs.pass_ms(1);
                tokio::task::yield_now().await;
            }
        })
        .await;
        let input = json!({
            "QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["MessageGroupId"],
        });
        let received = sqs.receive_with(input).await;
        let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        assert_eq!(bodies, ["0", "1", "2", "3", "4"]);
        assert_eq!(received[0]["Attributes"], json!({ "MessageGroupId": "g" }));
    })
    .await;
}

#[tokio::test]
async fn an_account_has_up_to_100_tasks_running() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let start = |i: usize| {
        json!({
            "SourceArn": arn(&format!("dead{i}")),
            "DestinationArn": arn("orders0"),
            "MaxNumberOfMessagesPerSecond": 1,
        })
    };
    let mut last = Value::Null;
    for i in 0..=100 {
        let dead = sqs.queue(&format!("dead{i}"), json!({})).await;
        source(&mut sqs, &format!("orders{i}"), &format!("dead{i}"), 1, json!({})).await;
        let entries = ["a", "b"].map(|id| json!({ "Id": id, "MessageBody": id }));
        sqs.ok("SendMessageBatch", json!({ "QueueUrl": dead, "Entries": entries })).await;
        if i < 100 {
            last = sqs.ok("StartMessageMoveTask", start(i)).await;
        }
    }
    for protocol in Protocol::BOTH {
        // With which code is not documented.
        service.speak(protocol).await.refused("StartMessageMoveTask", start(100)).await;
    }
    sqs.ok("CancelMessageMoveTask", last).await;
    sqs.ok("StartMessageMoveTask", start(100)).await;
    drop(sqs);
    service.stop().await;
}
