//! A mail server in this process that says what a test wants, and keeps what it was told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a server does at a point of the dialogue.
pub enum Say {
    /// What any server would.
    Usual,
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, after so long.
    Late(Duration, Vec<u8>),
    /// These bytes, and then nothing more.
    Hang(Vec<u8>),
    /// Closes the connection.
    Close,
}

impl From<&str> for Say {
    fn from(text: &str) -> Say {
        Say::Bytes(text.as_bytes().to_vec())
    }
}

type React = Arc<dyn Fn(&str, usize) -> Say + Send + Sync>;

/// A mail server on a port of its own, until it is dropped.
pub struct MailServer {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// When TLS begins.
#[derive(Clone)]
pub enum Tls {
    Never,
    AtOnce(TlsAcceptor),
    WhenAsked(TlsAcceptor),
}

impl MailServer {
    /// Starts one. It asks `react` about every line, about `.` behind a message, and about `connect`
    /// and `tls` when there is a connection; the number is that of the connection, from 1.
    pub async fn start(
        tls: Tls,
        react: impl Fn(&str, usize) -> Say + Send + Sync + 'static,
    ) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (keep, react) = (Arc::clone(&heard), Arc::new(react));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                let (keep, react, tls) = (Arc::clone(&keep), react.clone(), tls.clone());
                connections.spawn(async move {
                    let dialogue = Dialogue {
                        number,
                        keep,
                        react,
                        offers_tls: false,
                        is_refused: AtomicBool::new(false),
                    };
                    dialogue.hold(stream, tls).await;
                });
            }
        });
        MailServer { address, heard, task }
    }

    /// All lines, of all connections, in order. Messages are one line.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The messages.
    pub fn messages(&self) -> Vec<String> {
        self.heard().into_iter().filter(|line| line.contains("\r\n")).collect()
    }

    /// How many lines began so.
    pub fn count(&self, verb: &str) -> usize {
        self.heard().iter().filter(|line| line.starts_with(verb)).count()
    }
}

struct Dialogue {
    number: usize,
    keep: Arc<Mutex<Vec<String>>>,
    react: React,
    offers_tls: bool,
    /// Whether the last answer was no.
    is_refused: AtomicBool,
}

impl Dialogue {
    async fn hold(mut self, mut stream: TcpStream, tls: Tls) {
        match tls {
            Tls::Never => drop(self.speak(&mut stream, true).await),
            Tls::AtOnce(tls) => {
                if let Ok(mut stream) = tls.accept(stream).await {
                    self.speak(&mut stream, true).await;
                }
            }
            Tls::WhenAsked(tls) => {
                self.offers_tls = true;
                let is_asked = self.speak(&mut stream, true).await.is_some();
                if is_asked && let Ok(mut stream) = tls.accept(stream).await {
                    self.offers_tls = false;
                    self.hear("tls");
                    self.speak(&mut stream, false).await;
                }
            }
        }
    }

    /// Speaks until the connection ends, or, which is `Some`, until TLS is to begin.
    async fn speak(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        greets: bool,
    ) -> Option<()> {
        if greets {
            self.hear("connect");
            self.say(stream, "connect", "220 test.example ESMTP\r\n").await?;
        }
        loop {
            let line = read_until(stream, b"\r\n").await?;
            self.hear(&line);
            let upper = line.to_uppercase();
            match upper.split(' ').next().unwrap() {
                "EHLO" => {
                    let tls = if self.offers_tls { "250-STARTTLS\r\n" } else { "" };
                    let text = format!(
                        "250-test.example\r\n{tls}250-8BITMIME\r\n250 AUTH LOGIN PLAIN\r\n"
                    );
                    self.say(stream, &line, &text).await?;
                }
                "STARTTLS" => {
                    self.say(stream, &line, "220 2.0.0 go ahead\r\n").await?;
                    return Some(());
                }
                "AUTH" => self.say(stream, &line, "235 2.7.0 welcome\r\n").await?,
                "DATA" => {
                    self.say(stream, &line, "354 end with a dot\r\n").await?;
                    if self.is_refused.swap(false, Ordering::SeqCst) {
                        continue;
                    }
                    let message = read_until(stream, b"\r\n.\r\n").await?;
                    self.hear(&format!("{message}\r\n"));
                    self.say(stream, ".", "250 2.0.0 queued as 42\r\n").await?;
                }
                "QUIT" => {
                    self.say(stream, &line, "221 2.0.0 bye\r\n").await?;
                    return None;
                }
                _ => self.say(stream, &line, "250 2.0.0 ok\r\n").await?,
            }
        }
    }

    fn hear(&self, line: &str) {
        self.keep.lock().unwrap().push(line.to_owned());
    }

    async fn say(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        line: &str,
        usual: &str,
    ) -> Option<()> {
        let bytes = match (self.react)(line, self.number) {
            Say::Usual => usual.as_bytes().to_vec(),
            Say::Bytes(bytes) => {
                self.is_refused
                    .store(bytes.starts_with(b"4") || bytes.starts_with(b"5"), Ordering::SeqCst);
                bytes
            }
            Say::Late(after, bytes) => {
                tokio::time::sleep(after).await;
                bytes
            }
            Say::Hang(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                std::future::pending().await
            }
            Say::Close => return None,
        };
        stream.write_all(&bytes).await.ok()
    }
}

/// What comes before the mark, which is read too.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), mark: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(mark) {
        bytes.push(stream.read_u8().await.ok()?);
    }
    bytes.truncate(bytes.len() - mark.len());
    String::from_utf8(bytes).ok()
}
