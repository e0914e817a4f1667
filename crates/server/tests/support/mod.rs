//! A server in this process, and a client that can misbehave.
#![allow(dead_code, unreachable_pub, reason = "each file of tests uses its part")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;
use tidings_broker::{Broker, Clock, Options};
use tidings_core::names::{AccountId, Region};
use tidings_core::time::Timestamp;
use tidings_couriers::signing::Signer;
use tidings_couriers::{CourierConfig, Couriers};
use tidings_server::{
    Auth, BindError, BoundAddress, BoundListener, Config, Limits, ListenAddress, ListenerConfig,
    Outbound, Reloader, SHUTDOWN_TIMEOUT, Server,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server over a folder of its own. Its clock stands still.
pub struct Running {
    pub addr: SocketAddr,
    pub listeners: Vec<BoundListener>,
    pub reloader: Reloader,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    broker: Broker,
    _folder: TempDir,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let sole = ListenerConfig::plain(ListenAddress::Tcp("127.0.0.1:0".into()));
        Self::over(vec![sole], limits).await
    }

    /// A server with these ways in.
    pub async fn over(listeners: Vec<ListenerConfig>, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server, broker) = Self::bind(&folder, listeners, limits).await;
        let server = server.unwrap();
        let addr = server.local_addr();
        let (listeners, reloader) = (server.local_addrs(), server.reloader());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { addr, listeners, reloader, stop, running, broker, _folder: folder }
    }

    /// Why there is no server with these ways in.
    pub async fn refused(listeners: Vec<ListenerConfig>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let (server, broker) = Self::bind(&folder, listeners, Limits::default()).await;
        let error = server.err().unwrap().to_string();
        broker.close().await;
        error
    }

    async fn bind(
        folder: &TempDir,
        listeners: Vec<ListenerConfig>,
        limits: Limits,
    ) -> (Result<Server, BindError>, Broker) {
        let clock = Clock::manual(Timestamp::from_ms(1_800_000_000_000));
        let options = Options { clock, ..Options::new(folder.path()) };
        let (broker, _) = Broker::open(options).unwrap();
        let config = Config {
            listeners,
            account: AccountId::parse("000000000000").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            public_url: None,
            limits,
            sms: tidings_server::SmsTerms::default(),
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        };
        let outbound = Outbound {
            couriers: Couriers::new(&CourierConfig::default()).unwrap(),
            signer: Signer::in_data_folder(folder.path()),
        };
        let server = Server::bind(config, broker.clone(), outbound, Auth::Off).await;
        (server, broker)
    }

    /// Where one of the listeners listens.
    pub fn address_of(&self, id: &str) -> SocketAddr {
        let bound = self.listeners.iter().find(|bound| bound.id == id).unwrap();
        let BoundAddress::Tcp(address) = bound.address else { panic!("{bound}") };
        address
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.addr).await
    }

    /// Sends the signal to stop, and says when the server has.
    pub fn stop(self) -> impl Future<Output = ()> {
        // A server that is gone already has nobody to hear it.
        let _ = self.stop.send(());
        async move {
            within(self.running).await.unwrap();
            within(self.broker.close()).await;
        }
    }

    /// A client that has got a connection, once there is room for it.
    pub async fn client_with_room(&self) -> Client {
        within(async {
            loop {
                let mut client = self.client().await;
                client.try_send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n").await;
                if client.response().await.status == 200 {
                    return client;
                }
            }
        })
        .await
    }

    /// Returns when whatever was sent to the server before has reached the broker.
    ///
    /// Loopback delivers at once, and these tests run on one thread: each of these round trips
    /// looks at every socket, and the last one reaches the broker after what the first one woke.
    pub async fn settle(&self) {
        self.settle_over(&mut self.client_with_room().await).await;
    }

    /// The same, where not everybody can connect.
    pub async fn settle_over(&self, client: &mut Client) {
        for _ in 0..4 {
            client.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n").await;
            assert_eq!(client.response().await.status, 200);
        }
    }
}

/// What a client talks over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// One connection, byte by byte.
pub struct Client {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("-", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client {
    pub async fn connect(addr: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(addr)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), received: Vec::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Sends as much as the server takes.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within(self.stream.write_all(bytes.as_ref())).await;
    }

    /// Closes the sending half.
    pub async fn send_end(&mut self) {
        within(self.stream.shutdown()).await.unwrap();
    }

    /// The next response. There must be one.
    pub async fn response(&mut self) -> Response {
        let mut response = self.response_without_body().await;
        let length = response.headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        while self.received.len() < length {
            assert!(self.receive().await, "the connection ended within a response");
        }
        response.body = String::from_utf8(self.received.drain(..length).collect()).unwrap();
        response
    }

    /// The next response, unless the connection ends before it.
    pub async fn try_response(&mut self) -> Option<Response> {
        while !self.received.windows(4).any(|four| four == b"\r\n\r\n") {
            if !self.receive().await {
                return None;
            }
        }
        Some(self.response().await)
    }

    /// The next response, to a HEAD request.
    pub async fn response_without_body(&mut self) -> Response {
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break self.received.drain(..end + 4).collect::<Vec<u8>>();
            }
            assert!(self.receive().await, "the connection ended before a response");
        };
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Response { status, headers, body: String::new() }
    }

    /// Waits for the server to end the connection; nothing more may come before.
    pub async fn ended(&mut self) {
        while self.receive().await {}
        assert_eq!(String::from_utf8_lossy(&self.received), "");
    }

    /// Whether something came, rather than the end.
    async fn receive(&mut self) -> bool {
        // A reset ends a connection too.
        within(self.stream.read_buf(&mut self.received)).await.is_ok_and(|length| length > 0)
    }

    /// Carries a JSON action out.
    pub async fn call(&mut self, action: &str, input: &serde_json::Value) -> Response {
        self.send(json_request(action, &input.to_string())).await;
        self.response().await
    }
}

/// A request in the JSON protocol, as a current SDK writes it.
pub fn json_request(action: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: sqs.test:4566\r\nX-Amz-Target: AmazonSQS.{action}\r\n\
         Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Waits, but not for ever.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("waited in vain")
}
