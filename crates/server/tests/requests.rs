//! Requests that are as they should be, and how they are answered.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::json;
use support::{Running, json_request};

const GET_HEALTH: &str = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n";

#[tokio::test]
async fn a_ready_server_says_so() {
    let server = Running::start().await;
    let mut client = server.client().await;
    client.send(GET_HEALTH).await;
    let response = client.response().await;
    assert_eq!((response.status, response.body.as_str()), (200, "ready\n"));
    client.send("HEAD /health HTTP/1.1\r\nHost: t\r\n\r\n").await;
    client.send("GET / HTTP/1.1\r\nHost: queues.example.com\r\nAccept: text/html\r\n\r\n").await;
    // The answer to HEAD has the length of a body that does not come.
    let head = client.response_without_body().await;
    assert_eq!((head.status, head.header("content-length")), (200, "6"));
    let welcome = client.response().await;
    assert_eq!(welcome.status, 200);
    assert!(welcome.body.contains("--endpoint-url http://queues.example.com "), "{welcome:?}");
    server.stop().await;
}

#[tokio::test]
async fn every_answer_has_the_headers_that_clients_read() {
    let server = Running::start().await;
    let mut client = server.client().await;
    let requests = [
        (GET_HEALTH.to_owned(), 200, "text/plain; charset=utf-8"),
        (json_request("ListQueues", "{}"), 200, "application/x-amz-json-1.0"),
        (json_request("Frobnicate", "{}"), 400, "application/x-amz-json-1.0"),
        ("GET /?Action=ListQueues HTTP/1.1\r\nHost: t\r\n\r\n".into(), 200, "text/xml"),
        ("GET /?Action=Frobnicate HTTP/1.1\r\nHost: t\r\n\r\n".into(), 400, "text/xml"),
        ("PUT / HTTP/1.1\r\nHost: t\r\n\r\n".into(), 405, "text/plain; charset=utf-8"),
    ];
    let mut ids = Vec::new();
    for (request, status, content_type) in requests {
        client.send(&request).await;
        let response = client.response().await;
        assert_eq!(response.status, status, "{request}");
        assert_eq!(response.header("content-type"), content_type, "{request}");
        assert_eq!(response.header("content-length"), response.body.len().to_string());
        assert!(response.header("date").ends_with(" GMT"), "{response:?}");
        let id = response.header("x-amzn-requestid").to_owned();
        assert_eq!(id.len(), 36, "{response:?}");
        if content_type == "text/xml" {
            assert!(response.body.contains(&format!("<RequestId>{id}</RequestId>")));
        }
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "each request has an id of its own");
    server.stop().await;
}

#[tokio::test]
async fn queue_urls_name_the_host_that_the_client_used_and_the_callers_account() {
    let server = Running::start().await;
    let mut client = server.client().await;
    for (host, access_key_id, url) in [
        ("sqs.test:4566", "AKIDEXAMPLE", "http://sqs.test:4566/000000000000/orders"),
        ("10.0.0.1", "123456789012", "http://10.0.0.1/123456789012/orders"),
    ] {
        let body = r#"{"QueueName":"orders"}"#;
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={access_key_id}/20260102/eu-west-1/sqs/\
             aws4_request, SignedHeaders=host, Signature=00\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.send(request).await;
        assert_eq!(client.response().await.json(), json!({ "QueueUrl": url }));
    }
    server.stop().await;
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let server = Running::start().await;
    let mut client = server.client().await;
    let names = ["a", "b", "c", "d"];
    let create =
        |name: &str| json_request("CreateQueue", &json!({ "QueueName": name }).to_string());
    client.send(names.map(create).concat()).await;
    for name in names {
        let url = format!("http://sqs.test:4566/000000000000/{name}");
        assert_eq!(client.response().await.json(), json!({ "QueueUrl": url }));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_may_ask_before_it_sends_the_body() {
    let server = Running::start().await;
    let mut client = server.client().await;
    let body = r#"{"QueueName":"orders"}"#;
    let request = json_request("CreateQueue", body);
    let head = request.strip_suffix(&format!("\r\n{body}")).unwrap();
    client.send(format!("{head}Expect: 100-continue\r\n\r\n")).await;
    assert_eq!(client.response().await.status, 100);
    client.send(body).await;
    assert_eq!(client.response().await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let server = Running::start().await;
    let mut client = server.client().await;
    client
        .send(
            "POST / HTTP/1.1\r\nHost: t\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\n\
             Transfer-Encoding: chunked\r\n\r\n\
             e\r\n{\"QueueName\":\"\r\n8\r\norders\"}\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(
        client.response().await.json(),
        json!({ "QueueUrl": "http://t/000000000000/orders" })
    );
    server.stop().await;
}

#[tokio::test]
async fn a_request_for_no_one_host_is_refused() {
    let server = Running::start().await;
    for host in ["Host: a\r\nHost: b\r\n", "Host: user@a\r\n"] {
        let mut client = server.client().await;
        client.send(format!("GET / HTTP/1.1\r\n{host}\r\n")).await;
        assert_eq!(client.response().await.status, 400, "{host}");
        client.ended().await;
    }
    server.stop().await;
}
