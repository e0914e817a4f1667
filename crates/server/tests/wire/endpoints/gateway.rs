//! A gateway of SMPP on loopback, as far as a phone and its network are needed: it takes what comes,
//! and says what people and phones say.

use std::time::Duration;

use tidings_couriers::{CourierConfig, SmsConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::support::local;
use crate::support::within;

const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const UNBIND: u32 = 0x06;
const RESPONSE: u32 = 0x8000_0000;

/// A message that came.
#[derive(PartialEq, Eq, Debug)]
pub struct Message {
    pub from: String,
    pub to: String,
    /// Of messages in the GSM alphabet that stand alone.
    pub text: String,
    pub priority: u8,
    /// What the gateway calls it.
    pub id: u32,
}

pub struct Gateway {
    pub port: u16,
    messages: UnboundedReceiver<Message>,
    said: UnboundedSender<Vec<u8>>,
    answered: UnboundedReceiver<u32>,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (arrived, messages) = unbounded_channel();
        let (said, mut to_say) = unbounded_channel();
        let (answers, answered) = unbounded_channel();
        tokio::spawn(async move {
            let mut last_id = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let mut session = Session { stream, arrived: &arrived, answers: &answers };
                session.run(&mut last_id, &mut to_say).await;
            }
        });
        Self { port, messages, said, answered }
    }

    /// Couriers that send by it, at this price.
    pub fn couriers(&self, price: Option<&str>) -> CourierConfig {
        let sms = SmsConfig {
            port: self.port,
            price: price.map(|price| tidings_core::price::Price::parse(price).unwrap()),
            reconnect_min: Duration::from_millis(20),
            attempt_timeout: Duration::from_secs(50),
            ..SmsConfig::new("127.0.0.1", "tidings", "secret")
        };
        CourierConfig { sms: Some(sms), ..local() }
    }

    /// The next message.
    pub async fn message(&mut self) -> Message {
        within(self.messages.recv()).await.unwrap()
    }

    /// Whether a message has come that nobody asked for yet.
    pub fn has_message(&self) -> bool {
        !self.messages.is_empty()
    }

    /// Somebody sends a message: the status that it is answered with.
    pub async fn says(&mut self, from: &str, text: &str) -> u32 {
        self.deliver(from, 0, text).await
    }

    /// The network tells what became of a message: the status that this is answered with.
    pub async fn receipt(&mut self, id: u32, state: &str) -> u32 {
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2701150800 done date:2701150801 stat:{state} \
             err:042 text:"
        );
        self.deliver("491701234567", 0x04, &text).await
    }

    async fn deliver(&mut self, from: &str, esm_class: u8, text: &str) -> u32 {
        let mut body = vec![0, 1, 1];
        body.extend(from.strip_prefix('+').unwrap_or(from).bytes());
        body.extend([0, 3, 0]);
        body.extend(b"72000\0");
        body.extend([esm_class, 0, 0, 0, 0, 0, 0, 0, 0]);
        body.push(u8::try_from(text.len()).unwrap());
        body.extend(text.bytes());
        self.said.send(body).unwrap();
        within(self.answered.recv()).await.unwrap()
    }
}

struct Session<'a> {
    stream: TcpStream,
    arrived: &'a UnboundedSender<Message>,
    answers: &'a UnboundedSender<u32>,
}

impl Session<'_> {
    async fn run(&mut self, last_id: &mut u32, to_say: &mut UnboundedReceiver<Vec<u8>>) {
        let mut sequence = 0;
        let mut input = Vec::new();
        loop {
            while let Some((command, status, number, body)) = take(&mut input) {
                if command == DELIVER_SM | RESPONSE {
                    self.answers.send(status).unwrap();
                }
                if command & RESPONSE != 0 {
                    continue;
                }
                let mut answer = Vec::new();
                if command == SUBMIT_SM {
                    *last_id += 1;
                    answer = format!("{last_id}\0").into_bytes();
                    let _ = self.arrived.send(message(&body, *last_id));
                }
                self.send(command | RESPONSE, number, &answer).await;
                if command == UNBIND {
                    return;
                }
            }
            tokio::select! {
                read = self.stream.read_buf(&mut input) => {
                    if read.unwrap_or(0) == 0 {
                        return;
                    }
                }
                Some(body) = to_say.recv() => {
                    sequence += 1;
                    self.send(DELIVER_SM, sequence, &body).await;
                }
            }
        }
    }

    async fn send(&mut self, command: u32, sequence: u32, body: &[u8]) {
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut pdu = Vec::new();
        [length, command, 0, sequence].iter().for_each(|field| pdu.extend(field.to_be_bytes()));
        pdu.extend(body);
        let _ = self.stream.write_all(&pdu).await;
    }
}

/// Takes a PDU off what has come: command, status, sequence number and body.
fn take(input: &mut Vec<u8>) -> Option<(u32, u32, u32, Vec<u8>)> {
    let field = |at: usize| Some(u32::from_be_bytes(input.get(at..at + 4)?.try_into().unwrap()));
    let length = usize::try_from(field(0)?).unwrap();
    if input.len() < length {
        return None;
    }
    let (command, status, sequence) = (field(4)?, field(8)?, field(12)?);
    let body = input.drain(..length).skip(16).collect();
    Some((command, status, sequence, body))
}

fn message(body: &[u8], id: u32) -> Message {
    let mut rest = body;
    let mut text = |skip: usize| {
        rest = &rest[skip..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(rest[..end].to_vec()).unwrap();
        rest = &rest[end + 1..];
        text
    };
    text(0); // service_type
    let (from, to) = (text(2), text(2));
    let priority = rest[2];
    let mut text = |skip: usize| {
        rest = &rest[skip..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap();
        rest = &rest[end + 1..];
    };
    text(3); // schedule_delivery_time
    text(0); // validity_period
    let length = usize::from(rest[4]);
    let text = String::from_utf8(rest[5..5 + length].to_vec()).unwrap();
    Message { from, to, text, priority, id }
}
