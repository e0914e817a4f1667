//! A function that the server hosts, subscribed to a topic.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use tidings_load::{Client, SNS, form};
use tokio::net::UdpSocket;

use crate::Outcome;
use crate::arrivals::{Arrivals, Percentiles};

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:functions";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:bench";

/// A function's code, and the socket to which its processes say what they got.
pub(crate) struct Function {
    socket: UdpSocket,
}

impl Function {
    /// Writes the code and a configuration file that declares it; returns the path of that as well.
    pub(crate) async fn declare(folder: &Path) -> Outcome<(Self, String)> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let code = folder.join("code");
        std::fs::create_dir(&code)?;
        let (program, address) = (std::env::current_exe()?, socket.local_addr()?);
        let script = format!("#!/bin/sh\nexec '{}' handler {address}\n", program.display());
        write_program(&code.join("bootstrap"), &script)?;
        let config = folder.join("tidings.toml");
        let text = format!(
            "[functions]\nhosting = true\n\n[[functions.function]]\nname = \"bench\"\n\
             runtime = \"provided.al2023\"\ncode = {:?}\n",
            code.display().to_string()
        );
        std::fs::write(&config, text)?;
        Ok((Self { socket }, config.display().to_string()))
    }

    /// From when each message was to be published to when the function had it.
    pub(crate) async fn measure(self, server: &Client) -> Outcome<Percentiles> {
        let mut connection = server.connect().await?;
        let create = [("Action", "CreateTopic"), ("Name", "functions")];
        connection.exchange(&mut form(SNS, &create)).await?;
        let fields = [("Action", "Subscribe"), ("TopicArn", TOPIC), ("Protocol", "lambda")];
        let fields = [&fields[..], &[("Endpoint", FUNCTION)]].concat();
        connection.exchange(&mut form(SNS, &fields)).await?;
        let arrivals = Arrivals::new();
        let noting = tokio::spawn(note(self.socket, Arc::clone(&arrivals)));
        let took = arrivals.measure(&mut connection, TOPIC).await;
        noting.abort();
        took
    }
}

async fn note(socket: UdpSocket, arrivals: Arc<Arrivals>) -> Outcome<()> {
    let mut datagram = [0; 64];
    loop {
        let len = socket.recv(&mut datagram).await?;
        arrivals.note(std::str::from_utf8(&datagram[..len])?)?;
    }
}

fn write_program(path: &Path, text: &str) -> Outcome<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    Ok(options.open(path)?.write_all(text.as_bytes())?)
}

/// What runs in the function's processes: takes one event after another from the Runtime API, and
/// says by a datagram which message it brought. Never returns but by a fault.
pub(crate) fn handle(teller: &str) -> Outcome<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let teller: SocketAddr = teller.parse()?;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let mut stream = BufReader::new(TcpStream::connect(&api)?);
    let mut ask = |request: String| -> Outcome<(String, String)> {
        stream.get_mut().write_all(request.as_bytes())?;
        answer(&mut stream)
    };
    loop {
        let next = format!("GET {INVOCATION}/next HTTP/1.1\r\nHost: {api}\r\n\r\n");
        let (id, event) = ask(next)?;
        let message = event.split("\"Message\":\"").nth(1).ok_or("no message")?;
        let due = message.split('"').next().ok_or("no end of the message")?;
        socket.send_to(due.as_bytes(), teller)?;
        ask(format!(
            "POST {INVOCATION}/{id}/response HTTP/1.1\r\nHost: {api}\r\nContent-Length: 4\r\n\r\nnull"
        ))?;
    }
}

const INVOCATION: &str = "/2018-06-01/runtime/invocation";

/// The request's id, if the answer has one, and the body.
fn answer(stream: &mut BufReader<TcpStream>) -> Outcome<(String, String)> {
    let (mut id, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("the server is gone".into());
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse()?;
            }
            Some((name, value)) if name.eq_ignore_ascii_case("lambda-runtime-aws-request-id") => {
                value.clone_into(&mut id);
            }
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((id, String::from_utf8(body)?))
}
