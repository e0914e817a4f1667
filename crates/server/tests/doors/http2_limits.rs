//! HTTP/2 connections that ask too much.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Frame};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tidings_server::{Limits, ListenerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::{Authority, anywhere};
use crate::clients::{H2, Http2, get, is_served, json, read, secure};
use crate::frames::{PREFACE, frame, frames, get_frame};
use crate::support::{Client, Running, within};

/// Short enough to wait for, in tests that wait for nothing else.
const SHORT: Duration = Duration::from_millis(200);

async fn start(limits: Limits) -> (Running, Authority) {
    let authority = Authority::new();
    let plain = ListenerConfig { id: "plain".into(), ..ListenerConfig::plain(anywhere()) };
    let server = Running::over(vec![authority.listener(), plain], limits).await;
    (server, authority)
}

async fn settle(server: &Running) {
    let plain = server.address_of("plain");
    server.settle_over(&mut Client::connect(plain).await).await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_and_the_connection_goes_on() {
    let (server, authority) = start(Limits { body_bytes_max: 1000, ..Limits::default() }).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    for length in [1001, 300_000] {
        let input = json!({ "QueueName": "x".repeat(length) });
        let refused = client.call("CreateQueue", &input).await;
        assert_eq!((refused.status, refused.header("connection")), (413, "-"));
        let code = "com.amazon.coral.service#RequestEntityTooLargeException";
        assert_eq!(refused.json()["__type"], code);
    }
    assert_eq!(client.ask(get("/health")).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused() {
    let (server, authority) =
        start(Limits { header_bytes_max: 20 << 10, ..Limits::default() }).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    for (bytes, status) in [(16 << 10, 200), (21 << 10, 431)] {
        let mut request = get("/health");
        request.headers_mut().insert("x-amz-security-token", "x".repeat(bytes).parse().unwrap());
        // The library on this side keeps to what the server says of itself, as it should.
        let answer = within(client.send(request)).await;
        match answer {
            Ok(response) => assert_eq!(response.status(), status, "{bytes}"),
            Err(_) => assert_eq!(status, 431),
        }
    }
    let again = Http2::connect(server.addr, authority.client()).await;
    assert_eq!(again.ask(get("/health")).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn requests_under_way_are_bounded_over_all_connections() {
    let (server, authority) = start(Limits { connections_max: 4, ..Limits::default() }).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    assert_eq!(client.call("CreateQueue", &json!({ "QueueName": "orders" })).await.status, 200);
    let url = "https://sqs.test:4566/000000000000/orders";
    let receive = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 });
    let waiting: Vec<_> =
        (0..4).map(|_| tokio::spawn(client.send(json("ReceiveMessage", &receive)))).collect();
    settle(&server).await;
    let refused = client.ask(get("/health")).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert_eq!(refused.header("x-amzn-requestid").len(), 36);
    for waiting in waiting {
        waiting.abort();
        let _ = within(waiting).await;
    }
    within(async {
        while client.ask(get("/health")).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let (server, authority) = start(Limits { idle_timeout: SHORT, ..Limits::default() }).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    assert_eq!(client.ask(get("/health")).await.status, 200);
    within(client.connection).await.unwrap().unwrap();

    // So is one that never says a word of HTTP/2.
    let mut silent = secure(server.addr, authority.client(), &[H2]).await.unwrap();
    let mut received = Vec::new();
    let _ = within(silent.read_to_end(&mut received)).await;
    server.stop().await;
}

#[tokio::test]
async fn who_reads_no_answer_is_cut_off() {
    let limits = Limits { write_timeout: SHORT, ..Limits::default() };
    let (server, authority) = start(limits).await;
    let client = Http2::connect(server.addr, authority.client()).await;
    client.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
    let url = "https://sqs.test:4566/000000000000/orders";
    let body = "x".repeat(1 << 20);
    for _ in 0..10 {
        let message = json!({ "QueueUrl": url, "MessageBody": body });
        assert_eq!(client.call("SendMessage", &message).await.status, 200);
    }
    let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
    let response = within(client.send(json("ReceiveMessage", &receive))).await.unwrap();
    assert_eq!(response.status(), 200);
    // The connection reads on, and the answer is left where it is.
    let ended = within(client.connection).await.unwrap();
    assert!(ended.is_err(), "the server does not take its time to say goodbye");
    assert!(response.into_body().collect().await.is_err(), "and the answer is not whole");
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_requests_that_are_reset_at_once_ends_the_connection() {
    let (server, authority) = start(Limits::default()).await;
    let mut stream = secure(server.addr, authority.client(), &[H2]).await.unwrap();
    let mut bytes = PREFACE.to_vec();
    for number in 0..2000 {
        let stream_id = 2 * number + 1;
        bytes.extend(get_frame(stream_id, "/health"));
        bytes.extend(frame(3, 0, stream_id, &8_u32.to_be_bytes()));
    }
    // The server may close before it has read everything.
    let _ = within(stream.write_all(&bytes)).await;
    let mut received = Vec::new();
    let _ = within(stream.read_to_end(&mut received)).await;
    let frames = frames(&received);
    let goodbye = frames.iter().find(|(kind, _)| *kind == 7).expect("GOAWAY");
    assert_eq!(goodbye.1[4..8], 11_u32.to_be_bytes(), "ENHANCE_YOUR_CALM");
    let other = secure(server.addr, authority.client(), &[]).await.unwrap();
    assert!(is_served(other).await);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_http2_ends_the_connection() {
    let (server, authority) = start(Limits::default()).await;
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: t\r\n\r\nand some more".to_vec(),
        [PREFACE, &frame(9, 4, 1, b"x")].concat(),
        [PREFACE, &[0xFF; 100]].concat(),
    ] {
        let mut stream = secure(server.addr, authority.client(), &[H2]).await.unwrap();
        let _ = within(stream.write_all(&bytes)).await;
        let mut received = Vec::new();
        let _ = within(stream.read_to_end(&mut received)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let (server, authority) = start(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let stream = secure(server.addr, authority.client(), &[H2]).await.unwrap();
    let handshake = handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = within(handshake).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::post("https://t/").body(NoBody).unwrap();
    let response = read(within(sender.send_request(request)).await.unwrap()).await;
    assert_eq!(response.status, 408);
    connection.abort();
    server.stop().await;
}

/// A body that is announced, and never comes.
struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
