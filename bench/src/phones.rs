//! A gateway for text messages, and a phone behind it that is subscribed to a topic.

use std::sync::Arc;

use tidings_load::{Client, SNS, form};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

use crate::Outcome;
use crate::arrivals::{Arrivals, Percentiles};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:phones";

// Commands of SMPP 3.4, and what makes an answer of one.
const SUBMIT: u32 = 0x4;
const BIND_TRANSCEIVER: u32 = 0x9;
const ANSWER: u32 = 0x8000_0000;
const HEADER_BYTES: usize = 16;

/// As much of a gateway as it takes to be sent messages.
pub(crate) struct Gateway {
    pub(crate) url: String,
    arrivals: Arc<Arrivals>,
}

impl Gateway {
    pub(crate) async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smpp://{}", listener.local_addr()?);
        let arrivals = Arrivals::new();
        let noted = Arc::clone(&arrivals);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(BufStream::new(stream), Arc::clone(&noted)));
            }
        });
        Ok(Self { url, arrivals })
    }

    /// From when each message was to be published to when the gateway had it.
    pub(crate) async fn measure(self, server: &Client) -> Outcome<Percentiles> {
        let mut connection = server.connect().await?;
        let create = [("Action", "CreateTopic"), ("Name", "phones")];
        connection.exchange(&mut form(SNS, &create)).await?;
        let fields = [("Action", "Subscribe"), ("TopicArn", TOPIC), ("Protocol", "sms")];
        let fields = [&fields[..], &[("Endpoint", "+15550100123")]].concat();
        connection.exchange(&mut form(SNS, &fields)).await?;
        self.arrivals.measure(&mut connection, TOPIC).await
    }
}

/// One session: all is well that comes.
async fn serve(mut stream: BufStream<TcpStream>, arrivals: Arc<Arrivals>) -> Outcome<()> {
    loop {
        let length = stream.read_u32().await? as usize;
        let [command, _status, sequence] =
            [stream.read_u32().await?, stream.read_u32().await?, stream.read_u32().await?];
        let mut body = vec![0; length.checked_sub(HEADER_BYTES).ok_or("a frame too short")?];
        stream.read_exact(&mut body).await?;
        let name = match command {
            SUBMIT => {
                arrivals.note(text_of(&body).ok_or("no short message")?)?;
                format!("{sequence}\0")
            }
            BIND_TRANSCEIVER => "bench\0".to_owned(),
            _ if command & ANSWER != 0 => continue,
            _ => String::new(),
        };
        stream.write_u32(u32::try_from(HEADER_BYTES + name.len())?).await?;
        for part in [command | ANSWER, 0, sequence] {
            stream.write_u32(part).await?;
        }
        stream.write_all(name.as_bytes()).await?;
        stream.flush().await?;
    }
}

/// The short message of a submit_sm: digits, which are the same in all its alphabets but UCS-2.
fn text_of(body: &[u8]) -> Option<&str> {
    let mut rest = body;
    let mut skip_string = |and: usize| {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = rest.get(end + 1 + and..)?;
        Some(())
    };
    // Each with what is behind it: service type and the sender's kind, sender and the receiver's
    // kind, receiver and three flags, when it is to be sent, how long it is good and four flags.
    for and in [2, 2, 3, 0, 4] {
        skip_string(and)?;
    }
    let (length, text) = rest.split_first()?;
    std::str::from_utf8(text.get(..usize::from(*length))?).ok()
}
