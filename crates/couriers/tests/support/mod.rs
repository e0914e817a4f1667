//! An endpoint in this process that answers what a test wants, and keeps what it was asked.

pub mod sms;
pub mod sms_program;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tidings_couriers::{CourierConfig, Couriers, Parcel, ParcelKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request line and the headers.
    pub head: String,
    /// As many bytes as `Content-Length` says.
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What an endpoint does with a request.
pub enum Reaction {
    /// Answers with these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Answers with these bytes and closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Says these bytes, and then nothing more.
    Hang(Vec<u8>),
}

type React = Arc<dyn Fn(&Asked) -> Reaction + Send + Sync>;

/// An endpoint on a port of its own, until it is dropped.
pub struct TestEndpoint {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for TestEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestEndpoint {
    pub async fn start(react: impl Fn(&Asked) -> Reaction + Send + Sync + 'static) -> TestEndpoint {
        TestEndpoint::start_on(None, react).await
    }

    /// The same over TLS.
    pub async fn start_on(
        tls: Option<TlsAcceptor>,
        react: impl Fn(&Asked) -> Reaction + Send + Sync + 'static,
    ) -> TestEndpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let accepted = Arc::new(AtomicUsize::new(0));
        let (keep, count, react) = (Arc::clone(&asked), Arc::clone(&accepted), Arc::new(react));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (keep, react, tls) = (Arc::clone(&keep), react.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, keep, react).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, keep, react).await;
                            }
                        }
                    }
                });
            }
        });
        TestEndpoint { address, asked, accepted, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: Arc<Mutex<Vec<Asked>>>,
    react: React,
) {
    while let Some(request) = read_request(&mut stream).await {
        let reaction = react(&request);
        asked.lock().unwrap().push(request);
        match reaction {
            Reaction::Answer(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reaction::AnswerAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reaction::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let mut asked = Asked { head: String::from_utf8(head).ok()?, body: Vec::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    asked.body = vec![0; length];
    stream.read_exact(&mut asked.body).await.ok()?;
    Some(asked)
}

/// A whole answer with a body.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Couriers that may deliver to this machine.
pub fn couriers() -> Couriers {
    couriers_with(local())
}

pub fn couriers_with(config: CourierConfig) -> Couriers {
    Couriers::new(&config).unwrap()
}

/// Settings that allow this machine. The timeout is longer than any test should take.
pub fn local() -> CourierConfig {
    CourierConfig {
        allow: "127.0.0.0/8, ::1".parse().unwrap(),
        attempt_timeout: Duration::from_secs(60),
        ..CourierConfig::default()
    }
}

pub fn parcel(endpoint: String) -> Parcel {
    Parcel {
        endpoint,
        body: Bytes::from_static(b"{\"Type\" : \"Notification\"}"),
        content_type: None,
        kind: ParcelKind::Notification,
        message_id: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324".to_owned(),
        topic_arn: "arn:aws:sns:us-west-2:123456789012:MyTopic".to_owned(),
        subscription_arn: Some("arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0".to_owned()),
        raw: false,
        letter: None,
        text_message: None,
    }
}
