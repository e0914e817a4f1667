//! Queue URLs: with the host that the client used, and as clients give them back.

use serde_json::{Value, json};

use crate::delete_queue::queue_actions;
use crate::harness::{ACCOUNT, Protocol, Refusal, Service, in_both_protocols};

#[tokio::test]
async fn queue_urls_have_the_host_that_the_client_used() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let policy = "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\
                      \"maxReceiveCount\":1}";
        sqs.queue("orders", json!({ "RedrivePolicy": policy })).await;
        for host in
            ["localhost:4566", "127.0.0.1:80", "queues.example.com", "[::1]:4566", "tidings"]
        {
            sqs.host = host.into();
            let url = format!("http://{host}/{ACCOUNT}/orders");
            for action in ["CreateQueue", "GetQueueUrl"] {
                let found = sqs.ok(action, json!({ "QueueName": "orders" })).await;
                assert_eq!(found, json!({ "QueueUrl": url }), "{action}");
            }
            let listed = sqs.ok("ListQueues", json!({ "QueueNamePrefix": "o" })).await;
            assert_eq!(listed, json!({ "QueueUrls": [url] }));
            let listed = sqs.ok("ListDeadLetterSourceQueues", json!({ "QueueUrl": dead })).await;
            assert_eq!(listed, json!({ "queueUrls": [url] }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_url_of_any_host_is_understood() {
    in_both_protocols(async |sqs| {
        sqs.queue("orders", json!({})).await;
        for before in [
            "http://sqs.test:4566",
            "https://sqs.us-east-1.amazonaws.com",
            "https://us-east-1.queue.amazonaws.com",
            "https://queue.amazonaws.com",
            "https://vpce-1a2b3c-xxxx.sqs.us-east-1.vpce.amazonaws.com",
            "http://localhost:9324",
            "http://10.0.0.1:1",
            "http://proxy.example.com/some/prefix",
        ] {
            let url = format!("{before}/{ACCOUNT}/orders");
            assert_eq!(sqs.attributes(&url).await["VisibilityTimeout"], "30", "{url}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_url_that_names_no_queue_is_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let no_queue = Refusal::no_queue();
        for missing in [
            sqs.url("missing"),
            sqs.url("Orders"),
            sqs.url("orders.fifo"),
            "http://sqs.test:4566/111122223333/orders".into(),
        ] {
            let input = json!({ "QueueUrl": missing, "MessageBody": "x" });
            assert_eq!(sqs.refused("SendMessage", input).await, no_queue, "{missing}");
        }
        // No account before the name: no address.
        for odd in ["http://sqs.test:4566/orders", "http://sqs.test:4566/", "/orders", "/"] {
            let text = format!("The address {odd} is not valid for this endpoint.");
            for (action, mut input) in queue_actions("handle") {
                input["QueueUrl"] = json!(odd);
                let refusal = sqs.refused(action, input).await;
                assert_eq!(refusal, Refusal::new("InvalidAddress", text.clone()), "{action}");
            }
        }
        // Recorded in JSON: not a missing parameter.
        let expected = match sqs.protocol {
            Protocol::Json => no_queue,
            Protocol::Query => {
                Refusal::new("MissingParameter", "The request must contain the parameter QueueUrl.")
            }
        };
        for (action, input) in queue_actions("handle") {
            for nothing in [json!(""), Value::Null] {
                let mut input = input.clone();
                input["QueueUrl"] = nothing;
                assert_eq!(sqs.refused(action, input).await, expected, "{action}");
            }
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_another_account_is_reached_by_its_url() {
    in_both_protocols(async |sqs| {
        let ours = sqs.queue("orders", json!({})).await;
        let mut owner = sqs.caller("111122223333", "us-east-1").await;
        let created = owner.ok("CreateQueue", json!({ "QueueName": "orders" })).await;
        let theirs = created["QueueUrl"].as_str().unwrap();
        let id = sqs.send(theirs, "hello").await;
        assert_eq!(sqs.counts(&ours).await, [0, 0, 0]);
        assert_eq!(owner.counts(theirs).await, [1, 0, 0]);
        let received = sqs.receive(theirs).await;
        assert_eq!(received[0]["MessageId"], id);
        let handle = &received[0]["ReceiptHandle"];
        sqs.delete(theirs, handle.clone()).await;
        assert_eq!(owner.counts(theirs).await, [0, 0, 0]);
        let arn = "arn:aws:sqs:us-east-1:111122223333:orders";
        assert_eq!(sqs.attributes(theirs).await["QueueArn"], arn);
    })
    .await;
}

#[tokio::test]
async fn a_bare_name_will_do_in_json() {
    // The JavaScript SDK documents it.
    let service = Service::start().await;
    let mut json = service.speak(Protocol::Json).await;
    let url = json.queue("orders", json!({})).await;
    json.send("orders", "hello").await;
    assert_eq!(json.counts(&url).await, [1, 0, 0]);
    let refusal = json.refused("PurgeQueue", json!({ "QueueUrl": "missing" })).await;
    assert_eq!(refusal, Refusal::no_queue());
    drop(json);
    service.stop().await;
}

#[tokio::test]
async fn requests_may_be_sent_to_the_queue_url() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Query).await;
    let url = sqs.queue("orders", json!({})).await;
    let other = sqs.queue("other", json!({})).await;
    let path = format!("/{ACCOUNT}/orders");
    // Old SDKs: the path names the queue. With the Version or without it, with POST or GET.
    for request in [
        sqs.post(&path, "Action=SendMessage&Version=2012-11-05&MessageBody=hello"),
        sqs.post(&path, "Action=SendMessage&MessageBody=hello"),
        sqs.post(&format!("{path}?Action=SendMessage"), "MessageBody=hello"),
        sqs.post(&format!("{path}?Action=SendMessage&MessageBody=hello"), ""),
        sqs.get(&format!("{path}?Action=SendMessage&Version=2012-11-05&MessageBody=hello")),
        sqs.get(&format!("{path}?Action=SendMessage&MessageBody=hello")),
    ] {
        let http = sqs.raw(&request).await;
        assert_eq!(http.status, 200, "{http:?}");
        assert!(http.body.contains("<MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592<"));
    }
    assert_eq!(sqs.counts(&url).await, [6, 0, 0]);
    // A parameter beside it wins.
    let form =
        "Action=SendMessage&MessageBody=hello&QueueUrl=http%3A%2F%2Fx%2F000000000000%2Fother";
    let request = sqs.post(&path, form);
    assert_eq!(sqs.raw(&request).await.status, 200);
    assert_eq!(sqs.counts(&url).await, [6, 0, 0]);
    assert_eq!(sqs.counts(&other).await, [1, 0, 0]);
    let request = sqs.get(&format!("/{ACCOUNT}/missing?{form}"));
    assert_eq!(sqs.raw(&request).await.status, 200);
    assert_eq!(sqs.counts(&other).await, [2, 0, 0]);
    // A path that names no queue.
    let request = sqs.post(&format!("/{ACCOUNT}/missing"), "Action=ReceiveMessage");
    let refusal = Refusal::from_xml(&sqs.raw(&request).await);
    assert_eq!(refusal, Refusal::no_queue());
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn json_requests_may_be_sent_to_the_queue_url() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let body = json!({ "QueueUrl": url, "MessageBody": "hello" }).to_string();
    let headers =
        [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "AmazonSQS.SendMessage")];
    let request = sqs.message("POST", &format!("/{ACCOUNT}/orders"), &headers, &body);
    assert_eq!(sqs.raw(&request).await.status, 200);
    assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn a_queue_s_path_is_for_queue_actions_and_get_queue_url() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Query).await;
    sqs.queue("orders", json!({})).await;
    let other = sqs.queue("other", json!({})).await;
    let path = format!("/{ACCOUNT}/orders");
    for action in ["CreateQueue", "ListQueues"] {
        let text = format!("The action {action} is not valid for this endpoint.");
        for request in [
            sqs.post(&path, &format!("Action={action}&QueueName=new")),
            sqs.get(&format!("{path}?Action={action}&QueueName=new")),
        ] {
            let refusal = Refusal::from_xml(&sqs.raw(&request).await);
            assert_eq!(refusal, Refusal::new("InvalidAction", text.clone()));
        }
    }
    let listed = sqs.ok("ListQueues", json!({ "QueueNamePrefix": "new" })).await;
    assert_eq!(listed, json!({}));
    let request = sqs.post(&path, "Action=GetQueueUrl&QueueName=other");
    let http = sqs.raw(&request).await;
    assert!(http.body.contains(&format!("<QueueUrl>{other}</QueueUrl>")), "{http:?}");
    drop(sqs);
    service.stop().await;
}
