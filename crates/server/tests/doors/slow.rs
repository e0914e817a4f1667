//! Clients that take their time, and clients that are too many.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;
use tidings_server::{Limits, ListenerConfig, ProxyProtocol};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::certificates::{Authority, anywhere};
use crate::clients::is_served;
use crate::support::{Client, Running, within};

/// Short enough to wait for, in tests that wait for nothing else.
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_handshake_that_does_not_end_is_cut_off() {
    let authority = Authority::new();
    let limits = Limits { handshake_timeout: SHORT, ..Limits::default() };
    let trusted = "127.0.0.1".parse().unwrap();
    let proxy = Some(ProxyProtocol { trusted, has_endpoint_id: false });
    let behind = ListenerConfig { proxy, ..ListenerConfig::plain(anywhere()) };
    for (listener, beginnings) in [
        (authority.listener(), [&b""[..], &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC]]),
        (behind, [&b""[..], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0C\xC0\x00"]),
    ] {
        let server = Running::over(vec![listener], limits.clone()).await;
        for beginning in beginnings {
            let mut stream = TcpStream::connect(server.addr).await.unwrap();
            within(stream.write_all(beginning)).await.unwrap();
            let mut client = Client::over(stream);
            client.ended().await;
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_handshake_holds_up_no_stop() {
    let authority = Authority::new();
    let limits = Limits { handshake_timeout: Duration::from_secs(3600), ..Limits::default() };
    let server = Running::over(vec![authority.listener()], limits).await;
    let _silent = TcpStream::connect(server.addr).await.unwrap();
    let stream = crate::clients::secure(server.addr, authority.client(), &[]).await.unwrap();
    assert!(is_served(stream).await);
    server.stop().await;
}

#[tokio::test]
async fn connections_from_one_address_are_bounded() {
    let limits = Limits { connections_per_address_max: NonZeroUsize::new(2), ..Limits::default() };
    let authority = Authority::new();
    let plain = ListenerConfig { id: "plain".into(), ..ListenerConfig::plain(anywhere()) };
    let server = Running::over(vec![plain, authority.listener()], limits).await;
    let mut taken = Vec::new();
    for _ in 0..2 {
        let mut client = server.client().await;
        assert_eq!(client.call("ListQueues", &json!({})).await.status, 200);
        taken.push(client);
    }
    // The answer does not wait for a request.
    let mut client = server.client().await;
    let refused = client.response().await;
    assert_eq!((refused.status, refused.header("connection")), (503, "close"));
    // Over TLS there is nobody yet to be answered.
    let secure = server.address_of("default");
    assert!(crate::clients::secure(secure, authority.client(), &[]).await.is_err());
    taken.pop();
    server.client_with_room().await;
    server.stop().await;
}

#[tokio::test]
async fn unix_sockets_have_no_addresses_to_count_by() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let address = tidings_server::ListenAddress::Unix { path: path.clone(), mode: 0o600 };
    let limits = Limits { connections_per_address_max: NonZeroUsize::new(1), ..Limits::default() };
    let server = Running::over(vec![ListenerConfig::plain(address)], limits).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let mut client = Client::over(stream);
        assert_eq!(client.call("ListQueues", &json!({})).await.status, 200);
        clients.push(client);
    }
    server.stop().await;
}
