//! Several ways into one server.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use tidings_server::{BoundAddress, Limits, ListenAddress, ListenerConfig};
use tokio::net::UnixStream;

use crate::certificates::{Authority, anywhere};
use crate::clients::{http1, is_served, secure_over};
use crate::support::{Client, Running};

fn named(id: &str, listener: ListenerConfig) -> ListenerConfig {
    ListenerConfig { id: id.to_owned(), ..listener }
}

fn on_socket(path: &Path) -> ListenerConfig {
    let address = ListenAddress::Unix { path: path.to_owned(), mode: 0o600 };
    named("local", ListenerConfig::plain(address))
}

async fn queue_url(client: &mut Client) -> String {
    let created = client.call("CreateQueue", &json!({ "QueueName": "orders" })).await;
    created.json()["QueueUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_listener_has_its_own_url_and_all_have_the_same_queues() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let public = |url: &str| Some(url.to_owned());
    let listeners = vec![
        named("plain", ListenerConfig::plain(anywhere())),
        ListenerConfig {
            public_url: public("https://public.test"),
            ..named("public", ListenerConfig::plain(anywhere()))
        },
        named("secure", authority.listener()),
        ListenerConfig { public_url: public("http://local.test/sqs"), ..on_socket(&path) },
    ];
    let server = Running::over(listeners, Limits::default()).await;
    assert_eq!(server.addr, server.address_of("plain"));
    let names: Vec<_> = server.listeners.iter().map(ToString::to_string).collect();
    assert!(names[0].starts_with("http://127.0.0.1:"), "{names:?}");
    assert!(names[2].starts_with("https://127.0.0.1:"), "{names:?}");
    assert_eq!(names[3], format!("unix:{}", path.display()));
    assert_eq!(server.listeners[3].address, BoundAddress::Unix(path.clone()));

    let mut plain = Client::connect(server.address_of("plain")).await;
    let mut public = Client::connect(server.address_of("public")).await;
    let mut secure = http1(server.address_of("secure"), authority.client()).await;
    let mut local = Client::over(UnixStream::connect(&path).await.unwrap());
    for (client, url) in [
        (&mut plain, "http://sqs.test:4566"),
        (&mut public, "https://public.test"),
        (&mut secure, "https://sqs.test:4566"),
        (&mut local, "http://local.test/sqs"),
    ] {
        assert_eq!(queue_url(client).await, format!("{url}/000000000000/orders"));
        let listed = client.call("ListQueues", &json!({})).await.json();
        assert_eq!(listed, json!({ "QueueUrls": [format!("{url}/000000000000/orders")] }));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_unix_socket_is_for_those_who_may_open_it_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    for _ in 0..2 {
        let server = Running::over(vec![on_socket(&path)], Limits::default()).await;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let stream = UnixStream::connect(&path).await.unwrap();
        let mut client = Client::over(stream);
        let host = queue_url(&mut client).await;
        assert_eq!(host, "http://sqs.test:4566/000000000000/orders");
        client.send("GET / HTTP/1.0\r\n\r\n").await;
        let welcome = client.response().await;
        assert!(welcome.body.contains("--endpoint-url http://localhost "), "{welcome:?}");
        assert!(Running::refused(vec![on_socket(&path)]).await.contains("another server"));
        server.stop().await;
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn tls_is_spoken_on_unix_sockets_too() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let listener = ListenerConfig { tls: authority.listener().tls, ..on_socket(&path) };
    let server = Running::over(vec![listener], Limits::default()).await;
    let stream = UnixStream::connect(&path).await.unwrap();
    let stream = secure_over(stream, authority.client(), "localhost", &[]).await.unwrap();
    assert!(is_served(stream).await);
    server.stop().await;
}

#[tokio::test]
async fn one_listener_that_cannot_be_opened_is_one_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.sock");
    let nowhere = folder.path().join("none/t.sock");
    let error = Running::refused(vec![on_socket(&path), on_socket(&nowhere)]).await;
    assert!(error.contains("none/t.sock"), "{error}");
    assert!(!path.exists(), "the other one has been closed again");
}
