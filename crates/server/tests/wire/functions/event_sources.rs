//! Event source mappings: made, shown, changed and deleted; what queues have goes to functions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{authenticating, hosting, user};
use crate::auth::identities::Admin;
use crate::harness::{LambdaClient, Protocol, Sqs, queue_arn};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

fn new(queue: &str) -> Value {
    json!({ "EventSourceArn": queue_arn(queue), "FunctionName": "work" })
}

async fn create(lambda: &mut LambdaClient, queue: &str, more: Value) -> Value {
    let mut input = new(queue);
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    lambda.ok(202, "POST", MAPPINGS, input).await
}

fn path(mapping: &Value) -> String {
    format!("{MAPPINGS}/{}", mapping["UUID"].as_str().unwrap())
}

/// Waits until something is so.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}

async fn until_state(lambda: &mut LambdaClient, mapping: &Value, state: &str) -> Value {
    let path = path(mapping);
    until(async || {
        let shown = lambda.ok(200, "GET", &path, Value::Null).await;
        (shown["State"] == state).then_some(shown)
    })
    .await
}

async fn until_gone(lambda: &mut LambdaClient, mapping: &Value) {
    let path = path(mapping);
    until(async || (lambda.http("GET", &path, &[], "").await.status == 404).then_some(())).await;
}

/// Waits until so many messages are visible, and so many in flight.
async fn until_counts(sqs: &mut Sqs, queue: &str, expected: (&str, &str)) {
    let input = json!({ "QueueUrl": queue, "AttributeNames": ["All"] });
    until(async || {
        let shown = sqs.ok("GetQueueAttributes", input.clone()).await;
        let of = |name: &str| shown["Attributes"][name].as_str().unwrap().to_owned();
        let visible = of("ApproximateNumberOfMessages");
        let in_flight = of("ApproximateNumberOfMessagesNotVisible");
        ((&*visible, &*in_flight) == expected).then_some(())
    })
    .await;
}

async fn send(sqs: &mut Sqs, queue: &str, body: &str) {
    sqs.ok("SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
}

async fn queue(sqs: &mut Sqs, name: &str, attributes: Value) -> String {
    let created =
        sqs.ok("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
    created["QueueUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn clients_read_back_what_they_wrote() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    queue(&mut sqs, "orders", json!({})).await;
    lambda.function("work").await;
    let pattern = r#"{"body":{"kind":["good"]}}"#;
    let more = json!({
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": { "MaximumConcurrency": 4 },
        "FilterCriteria": { "Filters": [{ "Pattern": pattern }] },
        "Tags": { "team": "a" },
    });
    let created = create(&mut lambda, "orders", more).await;
    assert_eq!(created["State"], "Creating");
    let shown = until_state(&mut lambda, &created, "Enabled").await;
    let mut expected = created.clone();
    expected["State"] = json!("Enabled");
    assert_eq!(shown, expected);
    assert_eq!(shown["BatchSize"], 50);
    assert_eq!(shown["ScalingConfig"], json!({ "MaximumConcurrency": 4 }));
    assert_eq!(shown["FilterCriteria"], json!({ "Filters": [{ "Pattern": pattern }] }));
    assert_eq!(shown["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:work");
    let arn = shown["EventSourceMappingArn"].as_str().unwrap().replace(':', "%3A");
    let tags = format!("/2017-03-31/tags/{arn}");
    let listed = lambda.ok(200, "GET", &tags, Value::Null).await;
    assert_eq!(listed, json!({ "Tags": { "team": "a" } }));
    lambda.ok(204, "POST", &tags, json!({ "Tags": { "stage": "b" } })).await;
    lambda.ok(204, "DELETE", &format!("{tags}?tagKeys=team"), Value::Null).await;
    let listed = lambda.ok(200, "GET", &tags, Value::Null).await;
    assert_eq!(listed, json!({ "Tags": { "stage": "b" } }));

    let change = json!({ "Enabled": false, "FilterCriteria": {}, "ScalingConfig": {} });
    let changed = lambda.ok(202, "PUT", &path(&created), change).await;
    assert_eq!(changed["State"], "Disabling");
    let shown = until_state(&mut lambda, &created, "Disabled").await;
    assert_eq!((shown.get("FilterCriteria"), shown.get("ScalingConfig")), (None, None));
    assert_eq!((&shown["BatchSize"], &shown["UUID"]), (&json!(50), &created["UUID"]));

    let by_function = format!("{MAPPINGS}?FunctionName=work");
    let listed = lambda.ok(200, "GET", &by_function, Value::Null).await;
    assert_eq!(listed, json!({ "EventSourceMappings": [shown] }));
    let of_other = format!("{MAPPINGS}?FunctionName=work%3A1");
    let listed = lambda.ok(200, "GET", &of_other, Value::Null).await;
    assert_eq!(listed, json!({ "EventSourceMappings": [] }));
    let deleted = lambda.ok(202, "DELETE", &path(&created), Value::Null).await;
    assert_eq!(deleted["State"], "Deleting");
    until_gone(&mut lambda, &created).await;
    service.stop().await;
}

#[tokio::test]
async fn mistakes_have_the_documented_answers() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    queue(&mut sqs, "orders", json!({})).await;
    queue(&mut sqs, "hasty", json!({ "VisibilityTimeout": "19" })).await;
    lambda.function("work").await;
    let created = create(&mut lambda, "orders", json!({})).await;
    let other = |member: &str, value: Value| {
        let mut input = new("orders");
        input[member] = value;
        input
    };
    let parameter = (400, "InvalidParameterValueException");
    for (input, (status, name), text) in [
        (
            new("orders"),
            (409, "ResourceConflictException"),
            "An event source mapping with SQS arn (\" arn:aws:sqs:us-east-1:000000000000:orders \") \
             and function (\" work \") already exists.",
        ),
        (new("absent"), parameter, "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue."),
        (
            new("hasty"),
            parameter,
            "Queue visibility timeout: 19 seconds is less than Function \
                                   timeout: 20 seconds",
        ),
        (other("FunctionName", json!("absent")), parameter, "Function does not exist"),
        (other("FunctionName", json!("work:7")), parameter, "Function does not exist"),
        (other("BatchSize", json!(11)), parameter, "Maximum batch window in seconds must be"),
        (other("BatchSize", json!(0)), (400, "ValidationException"), "'batchSize'"),
        (other("StartingPosition", json!("LATEST")), parameter, "StartingPosition"),
        (json!({ "FunctionName": "work" }), parameter, "Unrecognized event source."),
    ] {
        let (got_status, got_name, got_text) = lambda.refused("POST", MAPPINGS, input).await;
        assert_eq!((got_status, &*got_name), (status, name), "{got_text}");
        assert!(got_text.contains(text), "{got_text}");
    }
    for (method, path) in [("GET", "x"), ("PUT", "x"), ("DELETE", "x")] {
        let path = format!("{MAPPINGS}/{path}");
        let refused = lambda.refused(method, &path, json!({})).await;
        let text = "The resource you requested does not exist.".to_owned();
        assert_eq!(refused, (404, "ResourceNotFoundException".to_owned(), text));
    }
    until_state(&mut lambda, &created, "Enabled").await;
    service.stop().await;
}

#[tokio::test]
async fn messages_go_to_the_function_and_what_it_failed_on_comes_again() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    let orders = queue(&mut sqs, "orders", json!({})).await;
    lambda.function("work").await;
    let created = create(&mut lambda, "orders", json!({ "BatchSize": 1 })).await;
    for body in ["one", "two", r#"{"three":3}"#] {
        send(&mut sqs, &orders, body).await;
    }
    until_counts(&mut sqs, &orders, ("0", "0")).await;
    send(&mut sqs, &orders, "fail").await;
    let failing = path(&created);
    let problem = until(async || {
        let shown = lambda.ok(200, "GET", &failing, Value::Null).await;
        shown["LastProcessingResult"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(problem, "PROBLEM: Function call failed: Unhandled");
    until_counts(&mut sqs, &orders, ("0", "1")).await;
    // It is not lost with the mapping.
    lambda.ok(202, "DELETE", &failing, Value::Null).await;
    until_gone(&mut lambda, &created).await;
    service.clock.advance(30_000);
    let received = sqs.ok("ReceiveMessage", json!({ "QueueUrl": orders })).await;
    assert_eq!(received["Messages"][0]["Body"], "fail");
    service.stop().await;
}

#[tokio::test]
async fn mappings_go_on_after_a_restart() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    let orders = queue(&mut sqs, "orders.fifo", json!({ "FifoQueue": "true" })).await;
    lambda.function("work").await;
    let created = create(&mut lambda, "orders.fifo", json!({})).await;
    until_state(&mut lambda, &created, "Enabled").await;
    let service = service.restart().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    for id in ["1", "2", "3"] {
        let message = json!({
            "QueueUrl": orders,
            "MessageBody": "x",
            "MessageGroupId": "g",
            "MessageDeduplicationId": id,
        });
        sqs.ok("SendMessage", message).await;
    }
    until_counts(&mut sqs, &orders, ("0", "0")).await;
    let shown = lambda.ok(200, "GET", &path(&created), Value::Null).await;
    assert_eq!((&shown["State"], shown.get("LastProcessingResult")), (&json!("Enabled"), None));
    service.stop().await;
}

#[tokio::test]
async fn encrypted_and_published_messages_are_opened_for_the_function() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    let (mut kms, mut sns) = (service.kms().await, service.sns().await);
    let key = kms.key().await;
    let orders = queue(&mut sqs, "orders", json!({ "KmsMasterKeyId": key })).await;
    let bills = queue(&mut sqs, "bills", json!({})).await;
    let topic = sns.topic("news").await;
    sns.subscribe(&topic, "bills", json!({})).await;
    lambda.function("work").await;
    // A filter sees what is in the message: this one has it deleted, so that the function is not
    // given what it would fail on.
    let filter = json!({ "Filters": [{ "Pattern": r#"{"body":["good"]}"# }] });
    create(&mut lambda, "orders", json!({ "FilterCriteria": filter })).await;
    let mapped = create(&mut lambda, "bills", json!({})).await;
    send(&mut sqs, &orders, "fail").await;
    send(&mut sqs, &orders, "good").await;
    until_counts(&mut sqs, &orders, ("0", "0")).await;
    sns.publish(&topic, "good").await;
    until_counts(&mut sqs, &bills, ("0", "0")).await;
    let shown = lambda.ok(200, "GET", &path(&mapped), Value::Null).await;
    assert_eq!(shown.get("LastProcessingResult"), None);
    service.stop().await;
}

#[tokio::test]
async fn who_maps_a_queue_must_be_permitted_to_receive_from_it() {
    let service = authenticating().await;
    let mut root = service.lambda().await;
    let mut sqs = service.speak_as_root(Protocol::Json).await;
    queue(&mut sqs, "orders", json!({})).await;
    root.function("work").await;
    let mut ann = user(&service, "ann", "lambda:*").await;
    let (status, name, text) = ann.refused("POST", MAPPINGS, new("orders")).await;
    assert_eq!((status, &*name), (403, "AccessDeniedException"));
    assert!(text.contains("sqs:receivemessage"), "{text}");
    let mut bob = user(&service, "bob", "sqs:*").await;
    let (status, _, text) = bob.refused("POST", MAPPINGS, new("orders")).await;
    assert_eq!(status, 403);
    assert!(text.contains("lambda:CreateEventSourceMapping"), "{text}");
    let mut eve = user(&service, "eve", "*").await;
    // A key that does not let her read.
    let mut kms = service.kms().await;
    let key = kms.key().await;
    let allow = json!({ "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*" });
    let mut deny = allow.clone();
    (deny["Effect"], deny["Action"]) = (json!("Deny"), json!("kms:Decrypt"));
    deny["Principal"] = json!({ "AWS": "arn:aws:iam::000000000000:user/eve" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [allow, deny] }).to_string();
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
    kms.ok("PutKeyPolicy", put).await;
    queue(&mut sqs, "secrets", json!({ "KmsMasterKeyId": key })).await;
    let (status, name, text) = eve.refused("POST", MAPPINGS, new("secrets")).await;
    assert_eq!((status, &*name), (403, "AccessDeniedException"));
    assert!(text.contains("kms:Decrypt"), "{text}");
    let created = create(&mut eve, "orders", json!({})).await;
    until_state(&mut eve, &created, "Enabled").await;
    // A policy that names functions has a say in what a mapping's next function is.
    let not_other = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        {
            "Effect": "Deny", "Action": "lambda:UpdateEventSourceMapping", "Resource": "*",
            "Condition": { "ArnLike": { "lambda:FunctionArn": "arn:aws:lambda:*:*:function:other" } },
        },
    ] });
    let mut admin = Admin::of(&service, service.root.clone()).await;
    admin.put_document("eve", &not_other.to_string()).await;
    root.function("other").await;
    let to_other = json!({ "FunctionName": "other" });
    let (status, _, text) = eve.refused("PUT", &path(&created), to_other).await;
    assert_eq!(status, 403);
    assert!(text.contains("explicit deny"), "{text}");
    eve.ok(202, "PUT", &path(&created), json!({ "FunctionName": "work", "BatchSize": 2 })).await;
    // Who may not receive may look, disable nothing, and delete.
    ann.ok(200, "GET", &path(&created), Value::Null).await;
    let (status, ..) = ann.refused("PUT", &path(&created), json!({ "BatchSize": 1 })).await;
    assert_eq!(status, 403);
    let (status, ..) = bob.refused("GET", &path(&created), Value::Null).await;
    assert_eq!(status, 403);
    ann.ok(202, "DELETE", &path(&created), Value::Null).await;
    until_gone(&mut eve, &created).await;
    service.stop().await;
}
