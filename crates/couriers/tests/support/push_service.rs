//! A push service in this process: it answers over HTTP/2 or HTTP/1.1 what a test wants, and keeps
//! what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Over which connection, from 1.
    pub connection: usize,
    /// Which request it was in all, from 1.
    pub number: usize,
}

impl Pushed {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a service does with a request.
pub enum Reaction {
    /// Answers: a status, headers, a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Answers, and takes no more requests on this connection: GOAWAY.
    AnswerAndLeave(u16, String),
    /// Says that it has not begun with it: REFUSED_STREAM. Only in HTTP/2.
    NotBegun,
    /// Says nothing.
    Hang,
    /// Cuts the connection without an answer.
    Cut,
}

pub fn answer(status: u16, body: impl Into<String>) -> Reaction {
    Reaction::Answer(status, Vec::new(), body.into())
}

type React = Arc<dyn Fn(&Pushed) -> Reaction + Send + Sync>;

/// How a service listens.
#[derive(Clone, Default)]
pub struct Listening {
    pub tls: Option<TlsAcceptor>,
    pub http1: bool,
    /// Requests that it takes at once on a connection.
    pub streams_max: Option<u32>,
}

/// A service on a port of its own, until it is dropped.
pub struct PushService {
    pub address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    asked: Mutex<Vec<Pushed>>,
    accepted: AtomicUsize,
    react: React,
    listening: Listening,
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

enum Command {
    Leave,
    Cut,
}

impl PushService {
    pub async fn start(
        listening: Listening,
        react: impl Fn(&Pushed) -> Reaction + Send + Sync + 'static,
    ) -> PushService {
        PushService::start_at("127.0.0.1:0".parse().unwrap(), listening, react).await
    }

    /// The same where another one was before.
    pub async fn start_at(
        address: SocketAddr,
        listening: Listening,
        react: impl Fn(&Pushed) -> Reaction + Send + Sync + 'static,
    ) -> PushService {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            asked: Mutex::default(),
            accepted: AtomicUsize::new(0),
            react: Arc::new(react),
            listening,
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Dropped with this task, and its connections with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let connection = state.accepted.fetch_add(1, Ordering::SeqCst) + 1;
                connections.spawn(async move {
                    match state.listening.tls.clone() {
                        None => serve(stream, state, connection).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, state, connection).await;
                            }
                        }
                    }
                });
            }
        });
        PushService { address, state, task }
    }

    pub fn url(&self) -> String {
        let scheme = if self.state.listening.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    pub fn asked(&self) -> Vec<Pushed> {
        self.state.asked.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    state: Arc<State>,
    connection: usize,
) {
    let (commands, mut wanted) = mpsc::unbounded_channel();
    let listening = state.listening.clone();
    let service = service_fn(move |request| {
        respond(request, Arc::clone(&state), connection, commands.clone())
    });
    let io = TokioIo::new(stream);
    if listening.http1 {
        let mut serving = std::pin::pin!(http1::Builder::new().serve_connection(io, service));
        loop {
            tokio::select! {
                _ = &mut serving => return,
                command = wanted.recv() => match command {
                    Some(Command::Leave) => serving.as_mut().graceful_shutdown(),
                    Some(Command::Cut) | None => return,
                },
            }
        }
    }
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    if let Some(max) = listening.streams_max {
        builder.max_concurrent_streams(max);
    }
    let mut serving = std::pin::pin!(builder.serve_connection(io, service));
    loop {
        tokio::select! {
            _ = &mut serving => return,
            command = wanted.recv() => match command {
                Some(Command::Leave) => serving.as_mut().graceful_shutdown(),
                Some(Command::Cut) | None => return,
            },
        }
    }
}

async fn respond(
    request: Request<Incoming>,
    state: Arc<State>,
    connection: usize,
    commands: mpsc::UnboundedSender<Command>,
) -> Result<Response<Full<Bytes>>, h2::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_or_else(|_| Vec::new(), |body| body.to_bytes().to_vec());
    let path = head.uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
    let pushed = {
        let mut asked = state.asked.lock().unwrap();
        let number = asked.len() + 1;
        let pushed = Pushed { path, headers: head.headers, body, connection, number };
        asked.push(pushed.clone());
        pushed
    };
    let (status, headers, body) = match (state.react)(&pushed) {
        Reaction::Answer(status, headers, body) => (status, headers, body),
        Reaction::AnswerAndLeave(status, body) => {
            let _ = commands.send(Command::Leave);
            (status, Vec::new(), body)
        }
        Reaction::NotBegun => return Err(h2::Reason::REFUSED_STREAM.into()),
        Reaction::Hang => std::future::pending::<Result<_, Infallible>>().await.unwrap(),
        Reaction::Cut => {
            let _ = commands.send(Command::Cut);
            std::future::pending::<Result<_, Infallible>>().await.unwrap()
        }
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(body)).unwrap())
}
