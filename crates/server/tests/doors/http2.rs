//! Many requests at once on one connection.

use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use tidings_server::{Limits, ListenerConfig};
use tokio::io::AsyncWriteExt;

use crate::certificates::{Authority, anywhere};
use crate::clients::{H2, Http2, get, json, read, secure};
use crate::frames::{PREFACE, get_frame};
use crate::support::{Client, Running, within};

const QUEUE_URL: &str = "https://sqs.test:4566/000000000000/orders";

/// A server with a queue, and beside TLS a plain way in.
async fn with_queue() -> (Running, Authority) {
    let authority = Authority::new();
    let plain = ListenerConfig { id: "plain".into(), ..ListenerConfig::plain(anywhere()) };
    let server = Running::over(vec![authority.listener(), plain], Limits::default()).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    let created = client.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
    assert_eq!(created.json(), json!({ "QueueUrl": QUEUE_URL }));
    (server, authority)
}

fn message(body: &str) -> Value {
    json!({ "QueueUrl": QUEUE_URL, "MessageBody": body })
}

fn receive(wait_seconds: u32) -> Value {
    json!({
        "QueueUrl": QUEUE_URL,
        "WaitTimeSeconds": wait_seconds,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
    })
}

/// Returns when whatever was sent before has reached the broker.
async fn settle(server: &Running) {
    let plain = server.address_of("plain");
    server.settle_over(&mut Client::connect(plain).await).await;
}

/// A client of a connection of its own.
async fn connect(server: &Running, authority: &Authority) -> Http2 {
    Http2::connect(server.addr, authority.client()).await
}

#[tokio::test]
async fn a_receive_that_waits_holds_up_nothing_else_on_its_connection() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let waiting = tokio::spawn(client.send(json("ReceiveMessage", &receive(20))));
    settle(&server).await;
    assert_eq!(client.call("SendMessage", &message("hello")).await.status, 200);
    let received = read(within(waiting).await.unwrap().unwrap()).await;
    assert_eq!(received.json()["Messages"][0]["Body"], "hello");
    server.stop().await;
}

#[tokio::test]
async fn a_receive_whose_stream_is_reset_takes_no_message() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let waiting = tokio::spawn(client.send(json("ReceiveMessage", &receive(20))));
    settle(&server).await;
    // Nobody waits for the answer any more: the client resets the stream, and nothing else.
    waiting.abort();
    assert!(within(waiting).await.unwrap_err().is_cancelled());
    assert_eq!(client.ask(get("/health")).await.status, 200);
    settle(&server).await;
    assert_eq!(client.call("SendMessage", &message("hello")).await.status, 200);
    let received = client.call("ReceiveMessage", &receive(0)).await.json();
    assert_eq!(received["Messages"][0]["Body"], "hello", "{received}");
    assert_eq!(received["Messages"][0]["Attributes"]["ApproximateReceiveCount"], "1");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_takes_no_message() {
    let (server, authority) = with_queue().await;
    let mut gone = secure(server.addr, authority.client(), &[H2]).await.unwrap();
    let path = "/000000000000/orders?Action=ReceiveMessage&WaitTimeSeconds=20";
    within(gone.write_all(&[PREFACE, &get_frame(1, path)].concat())).await.unwrap();
    settle(&server).await;
    drop(gone);
    settle(&server).await;
    let other = connect(&server, &authority).await;
    assert_eq!(other.call("SendMessage", &message("hello")).await.status, 200);
    let received = other.call("ReceiveMessage", &receive(0)).await.json();
    assert_eq!(received["Messages"][0]["Attributes"]["ApproximateReceiveCount"], "1");
    server.stop().await;
}

#[tokio::test]
async fn waiting_receives_are_answered_when_the_server_stops() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let mut idle = connect(&server, &authority).await;
    assert_eq!(idle.ask(get("/health")).await.status, 200);
    let waiting: Vec<_> =
        (0..3).map(|_| tokio::spawn(client.send(json("ReceiveMessage", &receive(20))))).collect();
    settle(&server).await;
    let stopped = tokio::spawn(server.stop());
    for waiting in waiting {
        let response = read(within(waiting).await.unwrap().unwrap()).await;
        assert_eq!((response.status, response.body.as_str()), (200, "{}"));
    }
    within(&mut idle.connection).await.unwrap().unwrap();
    within(client.connection).await.unwrap().unwrap();
    within(stopped).await.unwrap();
}

#[tokio::test]
async fn an_answer_to_head_has_the_length_of_a_body_that_does_not_come() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let head = Request::head("https://sqs.test:4566/health").body(Full::default()).unwrap();
    let response = client.ask(head).await;
    assert_eq!((response.status, response.header("content-length")), (200, "6"));
    assert_eq!(response.body, "");
    assert_eq!(client.ask(get("/health")).await.body, "ready\n");
    server.stop().await;
}

#[tokio::test]
async fn the_host_is_the_one_that_the_connection_is_asked_for() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let mut request = json("GetQueueUrl", &json!({ "QueueName": "orders" }));
    request.headers_mut().insert("host", "other.test".parse().unwrap());
    assert_eq!(client.ask(request).await.json(), json!({ "QueueUrl": QUEUE_URL }));
    server.stop().await;
}

#[tokio::test]
async fn ten_messages_of_1_mib_come_back_whole() {
    let (server, authority) = with_queue().await;
    let client = connect(&server, &authority).await;
    let body = "x".repeat(1 << 20);
    for _ in 0..10 {
        assert_eq!(client.call("SendMessage", &message(&body)).await.status, 200);
    }
    let input = json!({ "QueueUrl": QUEUE_URL, "MaxNumberOfMessages": 10 });
    let received = client.call("ReceiveMessage", &input).await.json();
    let messages = received["Messages"].as_array().unwrap();
    assert_eq!(messages.len(), 10);
    assert!(messages.iter().all(|message| message["Body"] == body.as_str()));
    server.stop().await;
}
