//! Clients that speak TLS, and HTTP/2 over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response as HttpResponse};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::support::{Client, Response, Stream, json_request, within};

pub const H2: &[u8] = b"h2";
pub const HTTP_1_1: &[u8] = b"http/1.1";

/// Shakes hands, for these protocols.
pub async fn secure_over<S: Stream + 'static>(
    stream: S,
    mut config: ClientConfig,
    name: &str,
    protocols: &[&[u8]],
) -> io::Result<TlsStream<S>> {
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

pub async fn secure(
    addr: SocketAddr,
    config: ClientConfig,
    protocols: &[&[u8]],
) -> io::Result<TlsStream<TcpStream>> {
    let stream = within(TcpStream::connect(addr)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    secure_over(stream, config, "localhost", protocols).await
}

/// A client of HTTP/1.1 over TLS.
pub async fn http1(addr: SocketAddr, config: ClientConfig) -> Client {
    Client::over(secure(addr, config, &[HTTP_1_1]).await.unwrap())
}

/// A client of HTTP/2.
pub struct Http2 {
    pub sender: SendRequest<Full<Bytes>>,
    pub connection: JoinHandle<hyper::Result<()>>,
}

impl Http2 {
    pub async fn connect(addr: SocketAddr, config: ClientConfig) -> Self {
        Self::over(secure(addr, config, &[H2, HTTP_1_1]).await.unwrap()).await
    }

    pub async fn over<S: Stream + 'static>(stream: TlsStream<S>) -> Self {
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(H2));
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = within(handshake).await.unwrap();
        Self { sender, connection: tokio::spawn(connection) }
    }

    /// Sends a request, which goes out once the answer is waited for.
    pub fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> impl Future<Output = hyper::Result<HttpResponse<hyper::body::Incoming>>> + use<> {
        self.sender.clone().send_request(request)
    }

    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Response {
        read(within(self.send(request)).await.unwrap()).await
    }

    pub async fn call(&self, action: &str, input: &Value) -> Response {
        self.ask(json(action, input)).await
    }
}

pub async fn read(response: HttpResponse<hyper::body::Incoming>) -> Response {
    let (head, body) = response.into_parts();
    let headers = head.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = within(body.collect()).await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Response { status: head.status.as_u16(), headers, body }
}

/// The same request as HTTP/1.1 has it in [`json_request`].
pub fn json(action: &str, input: &Value) -> Request<Full<Bytes>> {
    Request::post("https://sqs.test:4566/")
        .header("x-amz-target", format!("AmazonSQS.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(Full::from(input.to_string()))
        .unwrap()
}

pub fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("https://sqs.test:4566{path}")).body(Full::default()).unwrap()
}

/// Whether a server answers on a connection.
pub async fn is_served(stream: impl Stream + 'static) -> bool {
    let mut client = Client::over(stream);
    client.try_send(json_request("ListQueues", "{}")).await;
    client.try_response().await.is_some_and(|response| response.status == 200)
}
