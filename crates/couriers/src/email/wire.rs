//! The bytes of a connection to a mail server, before anybody makes sense of them.
//!
//! What the server says is bounded, and is ASCII by the time that lettre reads it, which would take a
//! refusal in another alphabet for a broken connection. TLS is ours, so that it has the roots and the
//! library of every other courier.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::addresses::first_to_answer;
use super::config::SmtpSecurity;

/// Bytes that a server may say between two of our lines. Answers have a few lines of 512.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// What is read instead of the greeting, which a server says before TLS only.
const GREETED: &[u8] = b"220 TLS\r\n";

/// Where the server is, and how it is spoken to.
pub(super) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: SmtpSecurity,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) tls_name: ServerName<'static>,
    /// Who we say that we are.
    pub(super) hello_name: String,
}

impl MailServer {
    /// Connects, and protects the connection as configured. Nothing that matters has been said.
    pub(super) async fn connect(&self) -> io::Result<Wire> {
        let addresses = lookup_host((self.host.as_str(), self.port)).await?.collect();
        let mut tcp = first_to_answer(addresses, TcpStream::connect).await?;
        tcp.set_nodelay(true)?;
        let (stream, unread) = match self.security {
            SmtpSecurity::Off => (Stream::Plain(tcp), &b""[..]),
            SmtpSecurity::Implicit => (self.protect(tcp).await?, &b""[..]),
            SmtpSecurity::StartTls => {
                self.start_tls(&mut tcp).await?;
                (self.protect(tcp).await?, GREETED)
            }
        };
        Ok(Wire { stream, listening: Listening::default(), unread, heard: 0 })
    }

    async fn protect(&self, tcp: TcpStream) -> io::Result<Stream> {
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let tls = connector.connect(self.tls_name.clone(), tcp).await;
        let tls = tls.map_err(|error| io::Error::new(error.kind(), format!("TLS: {error}")))?;
        Ok(Stream::Tls(Box::new(tls)))
    }

    /// Asks for TLS. Not a byte beyond the server's consent is read: what somebody put behind it
    /// would count as said under TLS.
    async fn start_tls(&self, tcp: &mut TcpStream) -> io::Result<()> {
        expect(&read_answer(tcp).await?, "220")?;
        tcp.write_all(format!("EHLO {}\r\n", self.hello_name).as_bytes()).await?;
        let extensions = read_answer(tcp).await?;
        expect(&extensions, "250")?;
        if !extensions.lines().skip(1).any(|line| line[4..].trim().eq_ignore_ascii_case("STARTTLS"))
        {
            return Err(io::Error::other(
                "the server does not offer STARTTLS, and without it nothing is sent",
            ));
        }
        tcp.write_all(b"STARTTLS\r\n").await?;
        expect(&read_answer(tcp).await?, "220")
    }
}

fn expect(answer: &str, code: &str) -> io::Result<()> {
    if answer.starts_with(code) {
        return Ok(());
    }
    Err(io::Error::other(format!("the server answered: {}", answer.trim_end().replace('\n', " "))))
}

/// An answer, each line with a code and a blank or a hyphen. Byte by byte: a few hundred of them, once
/// a connection.
async fn read_answer(tcp: &mut TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    let mut line_begin = 0;
    while answer.len() < ANSWER_BYTES_MAX {
        match tcp.read_u8().await? {
            b'\r' => {}
            b'\n' => {
                let line = &answer[line_begin..];
                if line.len() < 4 || !line.as_bytes()[..3].iter().all(u8::is_ascii_digit) {
                    return Err(io::Error::other("the server does not speak SMTP"));
                }
                let goes_on = line.as_bytes()[3] == b'-';
                answer.push('\n');
                line_begin = answer.len();
                if !goes_on {
                    return Ok(answer);
                }
            }
            byte => answer.push(printable(byte).into()),
        }
    }
    Err(io::Error::other("the server's answer does not end"))
}

fn printable(byte: u8) -> u8 {
    if byte.is_ascii_graphic() || b" \r\n".contains(&byte) { byte } else { b'?' }
}

/// Whether all that was to be said is on its way, and an answer is awaited.
#[derive(Clone, Debug, Default)]
pub(super) struct Listening(Arc<AtomicBool>);

impl Listening {
    pub(super) fn is_it(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is_it: bool) {
        self.0.store(is_it, Ordering::Relaxed);
    }
}

/// A connection as lettre wants it. It says everything before it listens.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    listening: Listening,
    /// What is read before anything that comes from the server.
    unread: &'static [u8],
    /// Bytes that the server said since our last line.
    heard: usize,
}

impl Wire {
    pub(super) fn listening(&self) -> Listening {
        self.listening.clone()
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Without the secrets of TLS.
impl std::fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Stream::Plain(_) => "Plain",
            Stream::Tls(_) => "Tls",
        })
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let length = self.unread.len().min(buf.remaining());
            let (now, later) = self.unread.split_at(length);
            buf.put_slice(now);
            self.unread = later;
            return Poll::Ready(Ok(()));
        }
        self.listening.set(true);
        let begin = buf.filled().len();
        ready!(match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        })?;
        let read = &mut buf.filled_mut()[begin..];
        read.iter_mut().for_each(|byte| *byte = printable(*byte));
        self.heard += read.len();
        if self.heard > ANSWER_BYTES_MAX {
            return Poll::Ready(Err(io::Error::other("the server's answer does not end")));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.listening.set(false);
        self.heard = 0;
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
