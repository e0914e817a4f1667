//! Requests that are too much.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::json;
use support::{Running, json_request};
use tidings_server::{Limits, Quota};

/// Short enough to wait for, in tests that wait for nothing else.
const SHORT: Duration = Duration::from_millis(200);

fn long_body(bytes: usize) -> String {
    let shell = r#"{"QueueName":"orders","padding":""}"#;
    format!(r#"{{"QueueName":"orders","padding":"{}"}}"#, "x".repeat(bytes - shell.len()))
}

#[tokio::test]
async fn a_body_of_8_mib_is_taken_and_a_byte_more_is_not() {
    let server = Running::start().await;
    let mut client = server.client().await;
    client.send(json_request("CreateQueue", &long_body(8 << 20))).await;
    assert_eq!(client.response().await.status, 200);

    // Many clients read nothing before they have sent everything.
    client.send(json_request("CreateQueue", &long_body((8 << 20) + 1))).await;
    let refused = client.response().await;
    assert_eq!((refused.status, refused.header("connection")), (413, "close"));
    let code = "com.amazon.coral.service#RequestEntityTooLargeException";
    assert_eq!(refused.json()["__type"], code);
    client.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_in_chunks_is_stopped_where_it_becomes_too_long() {
    let server = Running::with(Limits { body_bytes_max: 10, ..Limits::default() }).await;
    let mut client = server.client().await;
    let head = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(format!("{head}a\r\n0123456789\r\n1\r\na\r\n")).await;
    let refused = client.response().await;
    assert_eq!((refused.status, refused.header("content-type")), (413, "text/xml"));
    client.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_before_it_sends_too_much() {
    let server = Running::with(Limits { body_bytes_max: 10, ..Limits::default() }).await;
    let mut client = server.client().await;
    let head = "POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n";
    client.send(head).await;
    assert_eq!(client.response().await.status, 413);
    client.send_end().await;
    client.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn bodies_share_their_memory() {
    let limits = Limits {
        body_bytes_max: 100,
        bodies_bytes_max: 100,
        body_timeout: SHORT,
        ..Limits::default()
    };
    let server = Running::with(limits).await;
    let request = json_request("ListQueues", &format!(r#"{{"padding":"{}"}}"#, "x".repeat(50)));
    let (head, _) = request.split_at(request.len() - 40);

    let mut slow = server.client().await;
    slow.send(head).await;
    server.settle().await;
    let mut next = server.client().await;
    next.send(&request).await;
    // The first holds the memory until its time is up. Then there is room for the next one, unless
    // the machine stood still until its time was up too.
    assert_eq!(slow.response().await.status, 408);
    let next = next.response().await;
    assert!([200, 503].contains(&next.status), "{next:?}");

    let mut late = server.client().await;
    late.send(&request).await;
    assert_eq!(late.response().await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn headers_of_16_kib_are_taken_and_more_than_the_bound_is_not() {
    let server = Running::with(Limits { header_bytes_max: 20 << 10, ..Limits::default() }).await;
    let request = |token_bytes: usize| {
        let token = "x".repeat(token_bytes);
        format!("GET /health HTTP/1.1\r\nHost: t\r\nX-Amz-Security-Token: {token}\r\n\r\n")
    };
    let mut client = server.client().await;
    client.send(request(16 << 10)).await;
    assert_eq!(client.response().await.status, 200);
    client.try_send(request(20 << 10)).await;
    assert_eq!(client.response().await.status, 431);
    client.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn a_hundred_headers_are_taken_and_more_are_not() {
    let server = Running::start().await;
    for (headers, status) in [(100, 200), (101, 431)] {
        let mut client = server.client().await;
        let others: String = (1..headers).map(|n| format!("X-Header-{n}: x\r\n")).collect();
        client.send(format!("GET /health HTTP/1.1\r\nHost: t\r\n{others}\r\n")).await;
        assert_eq!(client.response().await.status, status, "{headers} headers");
    }
    server.stop().await;
}

#[tokio::test]
async fn who_sends_no_whole_head_is_cut_off() {
    let server = Running::with(Limits { idle_timeout: SHORT, ..Limits::default() }).await;
    for sent in ["", "GET /hea", "GET /health HTTP/1.1\r\nHost: t\r\n"] {
        let mut client = server.client().await;
        client.send(sent).await;
        client.ended().await;
    }
    let mut idle = server.client().await;
    idle.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert_eq!(idle.response().await.status, 200);
    idle.ended().await;
    server.stop().await;
}

#[tokio::test]
async fn who_reads_no_answer_is_cut_off() {
    let limits = Limits { write_timeout: SHORT, connections_max: 1, ..Limits::default() };
    let server = Running::with(limits).await;
    let mut client = server.client().await;
    client.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
    let url = "http://t/000000000000/orders";
    let message = json!({ "QueueUrl": url, "MessageBody": "x".repeat(1 << 20) });
    for _ in 0..10 {
        assert_eq!(client.call("SendMessage", &message).await.status, 200);
    }
    // Ten messages of 1 MiB are more than sockets buffer.
    let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }).to_string();
    client.send(json_request("ReceiveMessage", &receive)).await;
    // Only the end of that connection makes room for another.
    server.client_with_room().await;
    server.stop().await;
}

#[tokio::test]
async fn one_connection_too_many_is_told_to_come_back() {
    let server = Running::with(Limits { connections_max: 2, ..Limits::default() }).await;
    let get_health = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n";
    let mut taken = Vec::new();
    for _ in 0..2 {
        let mut client = server.client().await;
        client.send(get_health).await;
        assert_eq!(client.response().await.status, 200);
        taken.push(client);
    }
    let mut client = server.client().await;
    client.send(get_health).await;
    let refused = client.response().await;
    assert_eq!((refused.status, refused.header("connection")), (503, "close"));
    client.ended().await;

    // A connection that ends makes room for another.
    taken.pop();
    server.client_with_room().await;
    server.stop().await;
}

/// Each principal has a quota of its own: here, an account, as nobody is authenticated.
#[tokio::test]
async fn a_principal_that_asks_too_much_is_told_to_slow_down() {
    let principal = Quota { requests_per_second: NonZeroU32::new(2), requests_under_way: None };
    let server = Running::with(Limits { principal, ..Limits::default() }).await;
    let mut client = server.client().await;
    let ask = |account: &str| {
        let scope = format!("{account}/20270115/us-east-1/sqs/aws4_request");
        json_request("ListQueues", "{}").replace(
            "X-Amz-Target",
            &format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}\r\nX-Amz-Target"),
        )
    };
    let mut statuses = Vec::new();
    for account in ["000000000001", "000000000001", "000000000001", "000000000002"] {
        client.send(ask(account)).await;
        let response = client.response().await;
        statuses.push(response.status);
        if response.status == 403 {
            assert_eq!(response.header("x-amzn-query-error"), "RequestThrottled;Sender");
            assert_eq!(response.json()["__type"], "com.amazonaws.sqs#RequestThrottled");
            assert_eq!(response.json()["message"], "Rate exceeded");
        }
    }
    assert_eq!(statuses, [200, 200, 403, 200]);
    server.stop().await;
}
