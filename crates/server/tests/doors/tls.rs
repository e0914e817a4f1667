//! Certificates: whose, for whom, and which of them now.

use serde_json::json;
use tidings_server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::certificates::{Authority, over_tls, replace};
use crate::clients::{H2, HTTP_1_1, Http2, http1, is_served, secure, secure_over};
use crate::support::{Client, Running, json_request, within};

#[tokio::test]
async fn requests_are_answered_alike_over_both_versions_of_tls_and_of_http() {
    let authority = Authority::new();
    let server = Running::over(vec![authority.listener()], Limits::default()).await;
    let create = json!({ "QueueName": "orders" });
    let mut answers = Vec::new();
    let versions: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
    for version in versions {
        let config = authority.client_with(&[version], None);
        let mut one = http1(server.addr, config.clone()).await;
        let two = Http2::connect(server.addr, config).await;
        answers.push(one.call("CreateQueue", &create).await);
        answers.push(two.call("CreateQueue", &create).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        let url = "https://sqs.test:4566/000000000000/orders";
        assert_eq!(answer.json(), json!({ "QueueUrl": url }));
        assert_eq!(answer.header("content-type"), "application/x-amz-json-1.0");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert_eq!(answer.header("x-amzn-requestid").len(), 36);
        assert!(answer.header("date").ends_with(" GMT"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_chooses_http2_only_if_it_says_so() {
    let authority = Authority::new();
    let server = Running::over(vec![authority.listener()], Limits::default()).await;
    for (offered, chosen) in [
        (&[H2, HTTP_1_1][..], Some(H2)),
        (&[HTTP_1_1, H2], Some(H2)),
        (&[HTTP_1_1], Some(HTTP_1_1)),
        (&[], None),
    ] {
        let stream = secure(server.addr, authority.client(), offered).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
        if chosen != Some(H2) {
            assert!(is_served(stream).await);
        }
    }
    // Another protocol is not guessed at.
    assert!(secure(server.addr, authority.client(), &[b"smtp"]).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn who_speaks_plain_http_or_trusts_another_authority_gets_nowhere() {
    let authority = Authority::new();
    let server = Running::over(vec![authority.listener()], Limits::default()).await;
    let mut plain = server.client().await;
    plain.try_send(json_request("ListQueues", "{}")).await;
    assert!(plain.try_response().await.is_none());

    assert!(secure(server.addr, Authority::new().client(), &[HTTP_1_1]).await.is_err());
    let other_name = TcpStream::connect(server.addr).await.unwrap();
    let other_name = secure_over(other_name, authority.client(), "sqs.test", &[]).await;
    assert!(other_name.is_err());
    assert!(is_served(secure(server.addr, authority.client(), &[]).await.unwrap()).await);
    server.stop().await;
}

#[tokio::test]
async fn the_end_of_a_connection_is_told_from_a_cut() {
    let authority = Authority::new();
    let server = Running::over(vec![authority.listener()], Limits::default()).await;
    for request in [
        "GET /health HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".to_owned(),
        format!("GET /health HTTP/1.1\r\nHost: t\r\nX: {}\r\n\r\n", "x".repeat(70_000)),
    ] {
        let mut stream = secure(server.addr, authority.client(), &[HTTP_1_1]).await.unwrap();
        within(stream.write_all(request.as_bytes())).await.unwrap();
        let mut answer = Vec::new();
        // A connection that ends without a word of TLS is an error here.
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
    }
    server.stop().await;
}

/// How many ways in there are for a client: one, or none.
async fn is_let_in(server: &Running, config: tokio_rustls::rustls::ClientConfig) -> bool {
    // Over TLS 1.3 a client hears only after its handshake that the server has not liked it.
    match secure(server.addr, config, &[HTTP_1_1]).await {
        Ok(stream) => is_served(stream).await,
        Err(_) => false,
    }
}

#[tokio::test]
async fn clients_show_certificates_where_they_are_asked_to() {
    let (authority, of_clients, stranger) = (Authority::new(), Authority::new(), Authority::new());
    let (files, _) = authority.files("server", &["localhost"]);
    let versions: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
    for is_required in [true, false] {
        let clients = Some(of_clients.clients(is_required));
        let listener = over_tls(vec![files.clone()], clients);
        let server = Running::over(vec![listener], Limits::default()).await;
        for version in versions {
            let client = |identity| authority.client_with(&[version], identity);
            let known = of_clients.vouch_for(&["orders.test"]);
            let unknown = stranger.vouch_for(&["orders.test"]);
            assert!(is_let_in(&server, client(Some(known))).await);
            assert!(!is_let_in(&server, client(Some(unknown))).await);
            assert_eq!(is_let_in(&server, client(None)).await, !is_required);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn of_several_certificates_a_client_is_shown_the_one_for_its_name() {
    let authority = Authority::new();
    let names = ["sqs.test", "sns.test"];
    let files = names.map(|name| authority.files(name, &[name]).0).to_vec();
    let server = Running::over(vec![over_tls(files, None)], Limits::default()).await;
    for name in names {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        let stream = secure_over(stream, authority.client(), name, &[]).await.unwrap();
        assert!(is_served(stream).await, "{name}");
    }
    server.stop().await;
}

/// The certificate that a new connection is shown.
async fn shown(server: &Running, authority: &Authority) -> CertificateDer<'static> {
    let stream = secure(server.addr, authority.client(), &[]).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test]
async fn certificates_that_change_are_used_from_then_on() {
    let authority = Authority::new();
    let (files, first) = authority.files("server", &["localhost"]);
    let listener = over_tls(vec![files.clone()], None);
    let server = Running::over(vec![listener], Limits::default()).await;
    assert_eq!(shown(&server, &authority).await, first.certificate);
    let mut early = http1(server.addr, authority.client()).await;

    // Files that make no pair change nothing, and neither do files that are none.
    replace(&files.key, "no key");
    server.reloader.reload();
    server.settle_over(&mut early).await;
    assert_eq!(shown(&server, &authority).await, first.certificate);
    let (_, second) = authority.files("server", &["localhost"]);
    let other = authority.vouch_for(&["localhost"]);
    other.write(&tidings_server::CertificateFiles {
        certificate: authority.path("other.pem"),
        key: files.key.clone(),
    });
    server.reloader.reload();
    server.settle_over(&mut early).await;
    assert_eq!(shown(&server, &authority).await, first.certificate);

    second.write(&files);
    server.reloader.reload();
    within(async {
        while shown(&server, &authority).await != second.certificate {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // A connection from before goes on.
    assert_eq!(early.call("ListQueues", &json!({})).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_usable_certificates_does_not_start() {
    let authority = Authority::new();
    let (good, _) = authority.files("server", &["localhost"]);
    let (other, _) = authority.files("other", &["localhost"]);
    let none = authority.path("none.pem");
    let mut clients = authority.clients(true);
    clients.authorities = none.clone();
    let missing = tidings_server::CertificateFiles { certificate: none, key: good.key.clone() };
    let mixed =
        tidings_server::CertificateFiles { certificate: good.certificate.clone(), key: other.key };
    let swapped = tidings_server::CertificateFiles {
        certificate: good.key.clone(),
        key: good.certificate.clone(),
    };
    for (listener, parts) in [
        (over_tls(vec![missing], None), &["none.pem"][..]),
        (over_tls(vec![mixed], None), &["server.pem", "other-key.pem"]),
        (over_tls(vec![swapped], None), &["certificate", "server-key.pem"]),
        (over_tls(vec![good], Some(clients)), &["none.pem"]),
    ] {
        let error = Running::refused(vec![listener]).await;
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}

#[tokio::test]
async fn a_client_that_comes_back_need_not_start_from_the_beginning() {
    let authority = Authority::new();
    let server = Running::over(vec![authority.listener()], Limits::default()).await;
    let config = authority.client();
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let stream = secure(server.addr, config.clone(), &[HTTP_1_1]).await.unwrap();
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        let mut client = Client::over(stream);
        assert_eq!(client.call("ListQueues", &json!({})).await.status, 200);
    }
    use tokio_rustls::rustls::HandshakeKind::{Full, Resumed};
    assert_eq!(kinds, [Full, Resumed]);
    server.stop().await;
}
