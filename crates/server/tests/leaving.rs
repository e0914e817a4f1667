//! Clients that leave, and a server that does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::{Value, json};
use support::{Client, Running, json_request};
use tidings_server::Limits;

const QUEUE_URL: &str = "http://t/000000000000/orders";

async fn with_queue(limits: Limits) -> Running {
    let server = Running::with(limits).await;
    let created =
        server.client().await.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
    assert_eq!(created.status, 200);
    server
}

async fn send(client: &mut Client, body: &str) {
    let message = json!({ "QueueUrl": QUEUE_URL, "MessageBody": body });
    assert_eq!(client.call("SendMessage", &message).await.status, 200);
}

fn receive(wait_seconds: u32) -> Value {
    json!({
        "QueueUrl": QUEUE_URL,
        "WaitTimeSeconds": wait_seconds,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
    })
}

/// A client whose receive waits.
async fn waiting(server: &Running) -> Client {
    let mut client = server.client_with_room().await;
    client.send(json_request("ReceiveMessage", &receive(20).to_string())).await;
    server.settle().await;
    client
}

/// Receives the message, which must never have been handed out before.
async fn receive_for_the_first_time(client: &mut Client, body: &str) {
    let received = client.call("ReceiveMessage", &receive(0)).await.json();
    let message = &received["Messages"][0];
    assert_eq!(message["Body"], body, "{received}");
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
}

#[tokio::test]
async fn a_receive_waits_for_a_message() {
    let server = with_queue(Limits::default()).await;
    let mut client = waiting(&server).await;
    send(&mut server.client().await, "hello").await;
    assert_eq!(client.response().await.json()["Messages"][0]["Body"], "hello");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_closes_its_end_takes_no_message() {
    let server = with_queue(Limits::default()).await;
    let mut client = waiting(&server).await;
    client.send_end().await;
    client.ended().await;
    let mut other = server.client().await;
    send(&mut other, "hello").await;
    receive_for_the_first_time(&mut other, "hello").await;
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_takes_no_message() {
    let server = with_queue(Limits { connections_max: 2, ..Limits::default() }).await;
    let gone = waiting(&server).await;
    let _second = server.client_with_room().await;
    drop(gone);
    // There is room for a third only when the first connection, and its receive, have ended.
    let mut third = server.client_with_room().await;
    send(&mut third, "hello").await;
    receive_for_the_first_time(&mut third, "hello").await;
    server.stop().await;
}

#[tokio::test]
async fn a_waiting_receive_is_answered_when_the_server_stops() {
    let server = with_queue(Limits::default()).await;
    let mut json = waiting(&server).await;
    let mut query = server.client().await;
    let form = "Action=ReceiveMessage&WaitTimeSeconds=20";
    query.send(format!("GET /000000000000/orders?{form} HTTP/1.1\r\nHost: t\r\n\r\n")).await;
    let mut idle = server.client().await;
    idle.call("ListQueues", &json!({})).await;
    server.settle().await;

    let addr = server.addr;
    let stopped = server.stop();
    let response = json.response().await;
    assert_eq!((response.status, response.body.as_str()), (200, "{}"));
    assert_eq!(response.header("connection"), "close");
    let response = query.response().await;
    assert_eq!(response.status, 200);
    assert!(response.body.contains("<ReceiveMessageResult/>"), "{response:?}");
    idle.ended().await;
    stopped.await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_under_way_is_finished_when_the_server_stops() {
    let server = with_queue(Limits::default()).await;
    let mut client = server.client().await;
    let body = json!({ "QueueUrl": QUEUE_URL, "MessageBody": "late" }).to_string();
    let request = json_request("SendMessage", &body);
    let (now, later) = request.split_at(request.len() - 4);
    client.send(now).await;
    server.settle().await;
    let stopped = tokio::spawn(server.stop());
    client.send(later).await;
    let response = client.response().await;
    assert_eq!((response.status, response.header("connection")), (200, "close"));
    client.ended().await;
    stopped.await.unwrap();
}
