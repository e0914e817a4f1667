//! The dialogue with a mail server, one message after the other.

use std::error::Error as _;
use std::io;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Code, Response};

use super::wire::MailServer;

/// Who we are to the server.
pub(super) type Login = Option<Credentials>;

/// A connection on which the server listens to us.
pub(super) struct Session(AsyncSmtpConnection);

/// Why a message is not on its way.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said no, at this point of the dialogue.
    Refused { during: &'static str, code: u16, text: String },
    /// There is no connection, or it cannot be used any more. If that happened after the message was
    /// sent, the server may have taken it.
    Lost { why: String },
}

/// What the server said when it took a message.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Session {
    /// Connects and says who we are.
    pub(super) async fn begin(server: &MailServer, login: &Login) -> Result<Session, Failure> {
        let wire = server.connect().await.map_err(|error| server.unreachable(&error))?;
        let hello = ClientId::Domain(server.hello_name.clone());
        let connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        let mut connection = connection.map_err(|error| failure("the greeting", &error))?;
        if let Some(credentials) = login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let answer = connection.auth(&mechanisms, credentials).await;
            answer.map_err(|error| failure("AUTH", &error))?;
        }
        Ok(Session(connection))
    }

    /// Names the sender. That it goes well says that the connection still works.
    pub(super) async fn mail_from(&mut self, from: &Address) -> Result<(), Failure> {
        let answer = self.0.command(Mail::new(Some(from.clone()), Vec::new())).await;
        answer.map(drop).map_err(|error| failure("MAIL FROM", &error))
    }

    /// Names the recipient and sends the message: lines that end in CRLF, the last one excepted.
    pub(super) async fn send(&mut self, to: &Address, message: &[u8]) -> Result<Taken, Failure> {
        let answer = self.0.command(Rcpt::new(to.clone(), Vec::new())).await;
        answer.map_err(|error| failure("RCPT TO", &error))?;
        let answer = self.0.command(Data).await.map_err(|error| failure("DATA", &error))?;
        if !answer.has_code(354) {
            // Whatever it waits for, it is not the message.
            return Err(Failure::Lost { why: format!("DATA was answered with {}", line(&answer)) });
        }
        let answer =
            self.0.message(message).await.map_err(|error| failure("the message", &error))?;
        match number(answer.code()) {
            code @ 200..=299 => {
                Ok(Taken { code, text: answer.message().collect::<Vec<_>>().join(" ") })
            }
            _ => Err(Failure::Lost {
                why: format!("the message was answered with {}", line(&answer)),
            }),
        }
    }

    /// Makes the session ready for another message, after one that was refused.
    pub(super) async fn reset(&mut self) -> bool {
        self.0.command("RSET\r\n").await.is_ok()
    }

    /// Says goodbye.
    pub(super) async fn end(mut self) {
        let _ = self.0.quit().await;
    }
}

impl MailServer {
    fn unreachable(&self, error: &io::Error) -> Failure {
        let (host, port) = (&self.host, self.port);
        Failure::Lost { why: format!("the mail server {host}:{port} cannot be reached: {error}") }
    }
}

fn failure(during: &'static str, error: &SmtpError) -> Failure {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => Failure::Refused { during, code: number(code), text: cause },
        None => Failure::Lost { why: format!("during {during}: {error}") },
    }
}

fn number(code: Code) -> u16 {
    code.severity as u16 * 100 + code.category as u16 * 10 + code.detail as u16
}

fn line(answer: &Response) -> String {
    format!("{} {}", answer.code(), answer.first_line().unwrap_or_default())
}
