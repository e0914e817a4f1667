//! One HTTP/1.1 connection that is kept, with as little work as possible, so that the load costs
//! little beside the server.

use std::fmt;
use std::io;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::answers::{Chunks, Head, Length, fields};
use crate::client::Client;
use crate::endpoint::Stream;
use crate::fault::Fault;
use crate::request::Request;

/// A connection to a server. It is made when it is first needed, and made again when it broke.
pub struct Connection {
    client: Client,
    stream: Option<Box<dyn Stream>>,
    /// The answer as it comes.
    buffer: Vec<u8>,
    /// A body that came in chunks.
    joined: Vec<u8>,
    /// That of the last answer.
    body: Body,
}

/// Where a body is.
enum Body {
    Plain(Range<usize>),
    Joined,
}

impl Connection {
    pub(crate) fn new(client: &Client) -> Self {
        let (buffer, joined) = (Vec::with_capacity(16 << 10), Vec::new());
        let body = Body::Plain(0..0);
        Self { client: client.clone(), stream: None, buffer, joined, body }
    }

    pub(crate) async fn open(&mut self) -> Result<(), Fault> {
        if self.stream.is_none() {
            let connect = timeout(self.client.timeout, self.client.endpoint.connect());
            self.stream = Some(connect.await.map_err(|_| self.late())??);
        }
        Ok(())
    }

    /// Sends a request, signed, and returns the body of the answer.
    ///
    /// # Errors
    /// The connection fails, the answer cannot be read, or its status is not 200.
    pub async fn exchange(&mut self, request: &mut Request) -> Result<&str, Fault> {
        self.ask(request).await?;
        std::str::from_utf8(self.body()).map_err(|_| Fault::Strange("it is not UTF-8"))
    }

    /// The same with GET, for what is not signed.
    ///
    /// # Errors
    /// As [`Connection::exchange`].
    pub async fn get(&mut self, path: &str) -> Result<String, Fault> {
        let host = self.client.endpoint.host();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        self.answered(request.as_bytes()).await?;
        Ok(String::from_utf8_lossy(self.body()).into_owned())
    }

    /// Sends a request, signed, and reads the answer, whose [`Connection::body`] is kept.
    pub(crate) async fn ask(&mut self, request: &mut Request) -> Result<(), Fault> {
        let client = &self.client;
        let bytes = request.signed(client.endpoint.host(), &client.credentials)?;
        self.answered(bytes).await
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        match &self.body {
            Body::Plain(range) => &self.buffer[range.clone()],
            Body::Joined => &self.joined,
        }
    }

    async fn answered(&mut self, request: &[u8]) -> Result<(), Fault> {
        self.open().await?;
        self.body = Body::Plain(0..0);
        let outcome = timeout(self.client.timeout, self.exchanged(request)).await;
        match outcome.map_err(|_| self.late()).flatten() {
            Ok(200) => Ok(()),
            Ok(status) => Err(fields::refusal(status, self.body())),
            Err(fault) => {
                // Half of an answer may still be on its way.
                self.stream = None;
                Err(fault)
            }
        }
    }

    fn late(&self) -> Fault {
        Fault::Timeout(self.client.timeout.as_secs())
    }

    async fn exchanged(&mut self, request: &[u8]) -> Result<u16, Fault> {
        let stream = self.stream.as_mut().ok_or(Fault::Strange("there is no connection"))?;
        stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            match Head::read(&self.buffer)? {
                // 100 to 199 come before the answer.
                Some(head) if head.status < 200 => drop(self.buffer.drain(..head.end)),
                Some(head) => break head,
                None => self.read().await?,
            }
        };
        self.body = self.read_body(head).await?;
        if head.is_last {
            self.stream = None;
        }
        Ok(head.status)
    }

    async fn read_body(&mut self, head: Head) -> Result<Body, Fault> {
        match head.length {
            Length::Fixed(length) => {
                let end = head.end + length;
                self.buffer.reserve(end.saturating_sub(self.buffer.len()));
                while self.buffer.len() < end {
                    self.read().await?;
                }
                Ok(Body::Plain(head.end..end))
            }
            Length::Chunked => {
                self.joined.clear();
                let mut chunks = Chunks::new(head.end);
                while !chunks.take(&self.buffer, &mut self.joined)? {
                    self.read().await?;
                }
                Ok(Body::Joined)
            }
            Length::UntilClosed => loop {
                match self.read().await {
                    Ok(()) if self.buffer.len() > crate::answers::BODY_BYTES_MAX => {
                        return Err(Fault::Strange("it has no end"));
                    }
                    Ok(()) => {}
                    Err(Fault::Connection(error))
                        if error.kind() == io::ErrorKind::UnexpectedEof =>
                    {
                        return Ok(Body::Plain(head.end..self.buffer.len()));
                    }
                    Err(fault) => return Err(fault),
                }
            },
        }
    }

    async fn read(&mut self) -> Result<(), Fault> {
        let stream = self.stream.as_mut().ok_or(Fault::Strange("there is no connection"))?;
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Connection({:?})", self.client.endpoint)
    }
}
