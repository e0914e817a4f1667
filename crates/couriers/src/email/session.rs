//! The dialogue with a mail server, one message after the other.

use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Code, Response};
use tokio::time::{Instant, timeout, timeout_at};

use super::wire::{Listening, MailServer};
use crate::TurnedAway;

/// Who we are to the server.
pub(super) type Login = Option<Credentials>;

/// A connection on which the server listens to us.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    listening: Listening,
}

/// How long a server is waited for.
#[derive(Copy, Clone, Debug)]
pub(super) struct Patience {
    /// Until it has the whole message.
    pub(super) attempt: Duration,
    /// From then until it answers.
    pub(super) answer: Duration,
}

/// Why a message is not on its way.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was sent: no new connection is to be made now, or there is no room for one.
    NotBegun(TurnedAway),
    /// The server said no, at this point of the dialogue.
    Refused { during: &'static str, code: u16, text: String },
    /// There is no connection, or it cannot be used any more. If that happened after the message was
    /// sent, the server may have taken it.
    Lost { why: String },
    /// The server has not the whole message after so long, and says nothing.
    Silent { within: Duration },
    /// It has the message, and says nothing of it for so long. It may have taken it.
    Undecided { within: Duration },
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
        let listening = wire.listening();
        let hello = ClientId::Domain(server.hello_name.clone());
        let connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello).await;
        let mut connection = connection.map_err(|error| failure("the greeting", &error))?;
        if let Some(credentials) = login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let answer = connection.auth(&mechanisms, credentials).await;
            answer.map_err(|error| failure("AUTH", &error))?;
        }
        Ok(Session { connection, listening })
    }

    /// Names the sender. That it goes well says that the connection still works.
    pub(super) async fn mail_from(&mut self, from: &Address) -> Result<(), Failure> {
        let answer = self.connection.command(Mail::new(Some(from.clone()), Vec::new())).await;
        answer.map(drop).map_err(|error| failure("MAIL FROM", &error))
    }

    /// Names the recipient and sends the message: lines that end in CRLF, the last one excepted. The
    /// patience with the attempt counts from `begun_at`.
    pub(super) async fn send(
        &mut self,
        to: &Address,
        message: &[u8],
        begun_at: Instant,
        patience: Patience,
    ) -> Result<Taken, Failure> {
        let until = begun_at + patience.attempt;
        let silent = |_| Failure::Silent { within: patience.attempt };
        timeout_at(until, self.announce(to)).await.map_err(silent)??;
        let mut sending = pin!(self.connection.message(message));
        let answer = match timeout_at(until, &mut sending).await {
            Ok(answer) => answer,
            // It has the message: to give up now would be to send it twice.
            Err(_) if self.listening.is_it() => {
                let within = patience.answer;
                timeout(within, sending).await.map_err(|_| Failure::Undecided { within })?
            }
            Err(late) => return Err(silent(late)),
        };
        let answer = answer.map_err(|error| failure("the message", &error))?;
        match number(answer.code()) {
            code @ 200..=299 => {
                Ok(Taken { code, text: answer.message().collect::<Vec<_>>().join(" ") })
            }
            _ => Err(Failure::Lost {
                why: format!("the message was answered with {}", line(&answer)),
            }),
        }
    }

    /// Says whom a message is for, and that it follows.
    async fn announce(&mut self, to: &Address) -> Result<(), Failure> {
        let answer = self.connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        answer.map_err(|error| failure("RCPT TO", &error))?;
        let answer = self.connection.command(Data).await;
        let answer = answer.map_err(|error| failure("DATA", &error))?;
        if !answer.has_code(354) {
            // Whatever it waits for, it is not the message.
            return Err(Failure::Lost { why: format!("DATA was answered with {}", line(&answer)) });
        }
        Ok(())
    }

    /// Makes the session ready for another message, after one that was refused.
    pub(super) async fn reset(&mut self) -> bool {
        self.connection.command("RSET\r\n").await.is_ok()
    }

    /// Says goodbye.
    pub(super) async fn end(mut self) {
        let _ = self.connection.quit().await;
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
