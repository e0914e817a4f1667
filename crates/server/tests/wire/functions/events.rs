//! Asynchronous invocations: what waits, is tried again, and ends.

use serde_json::{Value, json};

use super::hosting;
use crate::harness::{FUNCTIONS, LambdaClient, Protocol, Service, Sqs, queue_arn};

const CONFIG: &str = "/2019-09-25/functions/resize/event-invoke-config";

/// A function whose events end in these queues.
async fn with_destinations(service: &Service) -> (LambdaClient, Sqs, String, String) {
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    let done = sqs.queue("done", json!({})).await;
    let failed = sqs.queue("failed", json!({})).await;
    lambda.function("resize").await;
    let destinations = json!({ "DestinationConfig": {
        "OnSuccess": { "Destination": queue_arn("done") },
        "OnFailure": { "Destination": queue_arn("failed") },
    } });
    lambda.ok(200, "PUT", CONFIG, destinations).await;
    (lambda, sqs, done, failed)
}

/// The next message of a queue, once it is there.
pub(super) async fn next(sqs: &mut Sqs, url: &str) -> Value {
    loop {
        let input = json!({
            "QueueUrl": url, "WaitTimeSeconds": 20, "MessageAttributeNames": ["All"],
        });
        sqs.begin("ReceiveMessage", &input).await;
        let output = sqs.finish("ReceiveMessage").await.unwrap();
        if let Some(message) = output["Messages"].as_array().and_then(|all| all.first()) {
            return message.clone();
        }
    }
}

fn record(message: &Value) -> Value {
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_event_is_taken_run_and_recorded() {
    let service = hosting().await;
    let (mut lambda, mut sqs, done, _) = with_destinations(&service).await;
    let id = lambda.send_event("resize", r#"{"room":7}"#).await;
    let record = record(&next(&mut sqs, &done).await);
    let expected = json!({
        "version": "1.0",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "requestContext": {
            "requestId": id,
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:resize:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": { "room": 7 },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST" },
        "responsePayload": { "event": { "room": 7 }, "greeting": "hello" },
    });
    assert_eq!(record, expected);
    let old = format!("{}/resize/invoke-async/", FUNCTIONS.replace("2015-03-31", "2014-11-13"));
    let accepted = lambda.ok(202, "POST", &old, json!({})).await;
    assert_eq!(accepted, json!({ "Status": 202 }));
    next(&mut sqs, &done).await;
    service.stop().await;
}

/// Waits until so many errors of an event are written down, and the next attempt is put off, which
/// follows at once.
async fn errors(service: &Service, sqs: &Sqs, count: &str) {
    use tidings_core::command::{Command, Reply};
    loop {
        let read = Command::ReadRegister { prefix: "lambda-errors/".to_owned() };
        let Ok(Reply::Register(entries)) = service.broker.call(read).await else { panic!() };
        let is_there = |(_, value): &(String, std::sync::Arc<[u8]>)| {
            String::from_utf8_lossy(value).contains(&format!("\"count\":{count},"))
        };
        if entries.iter().any(is_there) {
            return sqs.settle().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_error_is_tried_again_after_one_minute_and_two_even_across_a_restart() {
    let service = hosting().await;
    let (mut lambda, sqs, _, failed) = with_destinations(&service).await;
    let id = lambda.send_event("resize", r#""fail""#).await;
    errors(&service, &sqs, "1").await;
    sqs.pass_seconds(59);
    sqs.settle().await;
    sqs.pass_seconds(1);
    errors(&service, &sqs, "2").await;
    drop((lambda, sqs));
    let service = service.restart().await;
    let mut sqs = service.speak(Protocol::Json).await;
    assert!(sqs.receive(&failed).await.is_empty());
    sqs.pass_seconds(121);
    let record = record(&next(&mut sqs, &failed).await);
    let context = json!({
        "requestId": id,
        "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:resize:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    });
    assert_eq!(record["requestContext"], context);
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["responsePayload"]["errorMessage"], "as told");
    service.stop().await;
}

#[tokio::test]
async fn what_is_given_up_goes_to_the_dead_letter_queue_as_it_is() {
    let service = hosting().await;
    let (mut lambda, mut sqs, _, failed) = with_destinations(&service).await;
    let dead = sqs.queue("dead", json!({})).await;
    let configuration = format!("{FUNCTIONS}/resize/configuration");
    let target = json!({ "DeadLetterConfig": { "TargetArn": queue_arn("dead") } });
    let changed = lambda.ok(200, "PUT", &configuration, target.clone()).await;
    assert_eq!(changed["DeadLetterConfig"], target["DeadLetterConfig"]);
    lambda.ok(200, "POST", CONFIG, json!({ "MaximumRetryAttempts": 0 })).await;
    let id = lambda.send_event("resize", r#"{"do": "fail"}"#).await;
    let letter = next(&mut sqs, &dead).await;
    assert_eq!(letter["Body"], r#"{"do": "fail"}"#);
    let attribute = |name: &str| letter["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("RequestID"), id);
    assert_eq!(
        (attribute("ErrorCode"), attribute("ErrorMessage")),
        (json!("200"), json!("as told"))
    );
    assert_eq!(
        record(&next(&mut sqs, &failed).await)["requestContext"]["approximateInvokeCount"],
        1
    );

    // With no concurrency at all it is given up at once.
    let none = json!({ "ReservedConcurrentExecutions": 0 });
    lambda.ok(200, "PUT", "/2017-10-31/functions/resize/concurrency", none).await;
    lambda.send_event("resize", "{}").await;
    let record = record(&next(&mut sqs, &failed).await);
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 0);
    assert!(record.get("responseContext").is_none());
    service.stop().await;
}
