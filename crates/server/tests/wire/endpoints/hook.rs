//! An endpoint in this process: it answers as a test wants, and hands on what it was posted.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::support::Hub;
use crate::support::within;

/// What an endpoint was posted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// `POST /path HTTP/1.1`
    pub request_line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What an endpoint does about it.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// A status and a header.
    WithHeader(u16, String),
    /// A status and a body.
    WithBody(u16, String),
    /// 200, once somebody says so.
    WhenTold(Arc<Notify>),
    /// No answer, and no end.
    Hang,
}

/// An endpoint. It listens until it is dropped.
pub struct Hook {
    pub addr: SocketAddr,
    posts: UnboundedReceiver<Post>,
    listening: JoinHandle<()>,
}

impl Post {
    /// The value of a header; `-` if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.next().map_or("-", |(_, value)| value);
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        value
    }

    pub fn message_type(&self) -> &str {
        self.header("x-amz-sns-message-type")
    }

    pub fn message_id(&self) -> &str {
        self.header("x-amz-sns-message-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A text of the envelope.
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member}: {self:?}")).to_owned()
    }

    /// The members of the envelope, in their order. It is spaced as the live service spaces it.
    pub fn members(&self) -> Vec<&str> {
        let lines = self.body.strip_prefix("{\n").and_then(|body| body.strip_suffix("\n}"));
        let lines = lines.unwrap_or_else(|| panic!("not spaced as documented: {self:?}")).lines();
        let own = lines.filter_map(|line| line.strip_prefix("  \""));
        own.map(|line| line.split_once("\" : ").unwrap().0).collect()
    }

    fn is_notification(&self) -> bool {
        self.message_type() == "Notification"
    }
}

impl Hook {
    pub async fn start(react: impl Fn(&Post) -> Answer + Clone + Send + 'static) -> Self {
        Self::over(TcpListener::bind("127.0.0.1:0").await.unwrap(), react)
    }

    /// One at an address that is known already.
    pub fn over(
        listener: TcpListener,
        react: impl Fn(&Post) -> Answer + Clone + Send + 'static,
    ) -> Self {
        Self::behind(None, listener, react)
    }

    /// One that takes everything, over TLS.
    pub async fn willing_over_tls(tls: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::behind(Some(tls), listener, |_| Answer::Status(200))
    }

    fn behind(
        tls: Option<TlsAcceptor>,
        listener: TcpListener,
        react: impl Fn(&Post) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let addr = listener.local_addr().unwrap();
        let (sender, posts) = unbounded_channel();
        let listening = tokio::spawn(async move {
            // They end with the endpoint.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, react, sender) = (tls.clone(), react.clone(), sender.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, react, sender).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, react, sender).await;
                            }
                        }
                    }
                });
            }
        });
        Self { addr, posts, listening }
    }

    /// One that takes everything.
    pub async fn willing() -> Self {
        Self::start(|_| Answer::Status(200)).await
    }

    /// One that takes what asks it to confirm, and answers notifications with a status.
    pub async fn answering(status: u16) -> Self {
        Self::to_notifications(move |_| Answer::Status(status)).await
    }

    /// One that takes what asks it to confirm, and reacts to notifications.
    pub async fn to_notifications(
        react: impl Fn(&Post) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let react = move |post: &Post| match post.is_notification() {
            true => react(post),
            false => Answer::Status(200),
        };
        Self::start(react).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The next post, once it is answered. There must be one.
    pub async fn next(&mut self) -> Post {
        within(self.posts.recv()).await.unwrap()
    }

    /// The next post, which must be a notification.
    pub async fn notification(&mut self) -> Post {
        let post = self.next().await;
        assert_eq!(post.message_type(), "Notification", "{post:?}");
        post
    }

    /// What has come by the time that all else is done.
    pub async fn come(&mut self, hub: &Hub) -> Vec<Post> {
        hub.settle().await;
        std::iter::from_fn(|| self.posts.try_recv().ok()).collect()
    }

    /// Asserts that nothing more has come by the time that all else is done. What a thread of the
    /// broker is late with is not seen here, but by whoever looks next.
    pub async fn has_no_more(&mut self, hub: &Hub) {
        let posts = self.come(hub).await;
        assert!(posts.is_empty(), "one post too many: {posts:?}");
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    react: impl Fn(&Post) -> Answer,
    posts: UnboundedSender<Post>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(post) = read(&mut stream).await {
        let (status, header, body) = match react(&post) {
            Answer::Status(status) => (status, String::new(), String::new()),
            Answer::WithHeader(status, header) => (status, format!("{header}\r\n"), String::new()),
            Answer::WithBody(status, body) => (status, String::new(), body),
            Answer::WhenTold(word) => {
                let _ = posts.send(post);
                word.notified().await;
                let answer = b"HTTP/1.1 200 Answer\r\nContent-Length: 0\r\n\r\n";
                match stream.write_all(answer).await {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            }
            Answer::Hang => {
                let _ = posts.send(post);
                return std::future::pending().await;
            }
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} Answer\r\n{header}Content-Length: {length}\r\n\r\n{body}");
        let is_answered = stream.write_all(answer.as_bytes()).await.is_ok();
        let _ = posts.send(post);
        if !is_answered {
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> Option<Post> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let request_line = line.trim_end().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut post = Post { request_line, headers, body: String::new() };
    let mut body = vec![0; post.header("content-length").parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    post.body = String::from_utf8(body).unwrap();
    Some(post)
}
