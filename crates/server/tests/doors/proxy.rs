//! Connections that balancers announce.

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde_json::json;
use tidings_server::{Limits, ListenerConfig, PrivateEndpoint, ProxyProtocol};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::certificates::{Authority, anywhere};
use crate::clients::{H2, Http2, get, is_served, secure_over};
use crate::support::{Client, Running, within};

const FROM_IPV4: u8 = 0x11;

/// A header: a command, a client's address, what else there is.
fn header(command: u8, client: [u8; 4], extensions: &[(u8, &[u8])]) -> Vec<u8> {
    let mut rest = client.to_vec();
    rest.extend([198, 51, 100, 1, 0x12, 0x34, 0x01, 0xBB]);
    for (kind, value) in extensions {
        rest.push(*kind);
        rest.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        rest.extend(*value);
    }
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    bytes.extend([command, FROM_IPV4]);
    bytes.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
    bytes.extend(rest);
    bytes
}

const CLIENT: [u8; 4] = [192, 0, 2, 1];

fn announced() -> Vec<u8> {
    header(0x21, CLIENT, &[])
}

fn behind(balancers: &str, listener: ListenerConfig) -> ListenerConfig {
    let trusted = balancers.parse().unwrap();
    let proxy = Some(ProxyProtocol { trusted, has_endpoint_id: false });
    ListenerConfig { proxy, ..listener }
}

fn plain() -> ListenerConfig {
    ListenerConfig::plain(anywhere())
}

/// A connection that begins with these bytes.
async fn connect(server: &Running, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    within(stream.write_all(first)).await.unwrap();
    stream
}

#[tokio::test]
async fn only_what_a_trusted_balancer_announces_is_served() {
    for (balancers, trusted) in
        [("127.0.0.1", true), ("127.0.0.0/8, 10.0.0.0/8", true), ("10.0.0.0/8", false)]
    {
        let server = Running::over(vec![behind(balancers, plain())], Limits::default()).await;
        assert_eq!(is_served(connect(&server, &announced()).await).await, trusted);
        assert!(!is_served(connect(&server, b"").await).await);
        assert!(
            !is_served(connect(&server, b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n").await).await
        );
        let datagram = header(0x22, CLIENT, &[]);
        assert!(!is_served(connect(&server, &datagram).await).await);
        // A balancer that looks whether we are there.
        let local = header(0x20, CLIENT, &[]);
        assert_eq!(is_served(connect(&server, &local).await).await, trusted);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_header_where_none_is_expected_is_no_request() {
    let server = Running::over(vec![plain()], Limits::default()).await;
    assert!(!is_served(connect(&server, &announced()).await).await);
    assert!(is_served(connect(&server, b"").await).await);
    server.stop().await;
}

#[tokio::test]
async fn the_header_comes_before_tls() {
    let authority = Authority::new();
    let listener = behind("127.0.0.1", authority.listener());
    let server = Running::over(vec![listener], Limits::default()).await;
    let stream = connect(&server, &announced()).await;
    let stream = secure_over(stream, authority.client(), "localhost", &[H2]).await.unwrap();
    let client = Http2::over(stream).await;
    assert_eq!(client.ask(get("/health")).await.status, 200);
    let unannounced = connect(&server, b"").await;
    assert!(secure_over(unannounced, authority.client(), "localhost", &[]).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn a_balancer_says_whether_its_client_speaks_tls() {
    let server = Running::over(vec![behind("127.0.0.1", plain())], Limits::default()).await;
    for (extensions, scheme) in [
        (&[][..], "http"),
        (&[(0x20, &[1, 0, 0, 0, 0][..])], "https"),
        (&[(0x20, &[0, 0, 0, 0, 0])], "http"),
    ] {
        let mut client = Client::over(connect(&server, &header(0x21, CLIENT, extensions)).await);
        let created = client.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
        let url = format!("{scheme}://sqs.test:4566/000000000000/orders");
        assert_eq!(created.json(), json!({ "QueueUrl": url }));
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_are_counted_by_the_address_that_is_announced() {
    let limits = Limits { connections_per_address_max: NonZeroUsize::new(1), ..Limits::default() };
    let server = Running::over(vec![behind("127.0.0.1", plain())], limits).await;
    let from = |last| header(0x21, [192, 0, 2, last], &[]);
    let mut first = Client::over(connect(&server, &from(1)).await);
    assert_eq!(first.call("ListQueues", &json!({})).await.status, 200);
    let mut second = Client::over(connect(&server, &from(1)).await);
    // The answer does not wait for a request.
    if let Some(refused) = second.try_response().await {
        assert_eq!((refused.status, refused.header("connection")), (503, "close"));
    }
    assert!(is_served(connect(&server, &from(2)).await).await);
    drop(first);
    within(async { while !is_served(connect(&server, &from(1)).await).await {} }).await;
    server.stop().await;
}

fn endpoint(id: &str) -> Arc<PrivateEndpoint> {
    Arc::new(PrivateEndpoint { id: id.to_owned(), network: None, policy: None })
}

#[tokio::test]
async fn a_connection_through_an_endpoint_that_is_unknown_is_closed() {
    let id = |id: &str| [b"\x01", id.as_bytes()].concat();
    let through = |value: &[u8]| header(0x21, CLIENT, &[(0xEA, value)]);
    for (has_endpoint_id, unknown_is_served) in [(true, false), (false, true)] {
        let trusted = "127.0.0.1".parse().unwrap();
        let proxy = Some(ProxyProtocol { trusted, has_endpoint_id });
        let endpoints = vec![endpoint("vpce-1"), endpoint("vpce-2")];
        let listener = ListenerConfig { proxy, endpoints, ..plain() };
        let server = Running::over(vec![listener], Limits::default()).await;
        for known in ["vpce-1", "vpce-2"] {
            assert!(is_served(connect(&server, &through(&id(known))).await).await);
        }
        for unknown in ["vpce-3", "vpce-", "VPCE-1"] {
            let stream = connect(&server, &through(&id(unknown))).await;
            assert_eq!(is_served(stream).await, unknown_is_served, "{unknown}");
        }
        assert!(is_served(connect(&server, &announced()).await).await, "through none of them");
        server.stop().await;
    }
}
