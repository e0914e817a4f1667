//! HTTP/1.1 with as little work as possible, so that the load costs little beside the server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::credentials::Credentials;
use crate::request::Request;

/// Where a server is, and who asks it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    credentials: Arc<Credentials>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, credentials: Credentials) -> Self {
        Self { address, credentials: Arc::new(credentials) }
    }

    /// The same server, asked by somebody else.
    pub(crate) fn of(&self, credentials: Credentials) -> Self {
        Self::new(self.address, credentials)
    }

    pub(crate) async fn connect(&self) -> Outcome<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let credentials = Arc::clone(&self.credentials);
        Ok(Connection { stream, buffer: Vec::with_capacity(64 << 10), credentials })
    }
}

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    credentials: Arc<Credentials>,
}

impl Connection {
    pub(crate) async fn get(&mut self, path: &str) -> Outcome<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        Ok(self.answer().await?.to_owned())
    }

    /// Sends a request, signed, and returns the answer's body. An answer other than 200 is an error.
    pub(crate) async fn exchange(&mut self, request: &mut Request) -> Outcome<&str> {
        self.stream.write_all(request.signed(&self.credentials)?).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Outcome<&str> {
        self.buffer.clear();
        let (head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server hung up".into());
            }
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break (end + 4, content_length(&self.buffer[..end])?);
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server hung up".into());
            }
        }
        let body = std::str::from_utf8(&self.buffer[head..head + length])?;
        if self.buffer.starts_with(b"HTTP/1.1 200") { Ok(body) } else { Err(body.into()) }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn content_length(head: &[u8]) -> Outcome<usize> {
    let head = std::str::from_utf8(head)?;
    for line in head.lines() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            return Ok(value.trim().parse()?);
        }
    }
    Err("no Content-Length".into())
}
