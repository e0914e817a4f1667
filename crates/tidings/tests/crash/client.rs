//! One connection that speaks AWS JSON 1.0, and says of each request what is known of it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take. Only a server that hangs takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was carried out.
    Acknowledged(Value),
    /// It was not, and the server says why.
    Refused(Refusal),
    /// The connection broke before the answer, or the server cannot tell.
    Unknown,
    /// There is no server to ask.
    Unreached,
}

/// Why a request, or one entry of a batch, was not carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// The HTTP status; 200 for an entry of a batch.
    pub(crate) status: u16,
    /// The code in its Query spelling, which single requests and entries share.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    /// The SDKs send such a request again.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.status == 503 && self.code == "ServiceUnavailable"
    }
}

pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Carries an SQS action out.
    pub(crate) fn call(&mut self, action: &str, input: &Value) -> Answer {
        let Some(mut connection) = self.connection.take().or_else(|| self.connect()) else {
            return Answer::Unreached;
        };
        match exchange(&mut connection, action, input) {
            Ok(response) => {
                if !response.is_last {
                    self.connection = Some(connection);
                }
                response.answer()
            }
            Err(error) => {
                // Hanging is a fault of its own, unlike a connection that ends.
                let kinds = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                assert!(
                    !kinds.contains(&error.kind()),
                    "{action} was not answered in {PATIENCE:?}"
                );
                Answer::Unknown
            }
        }
    }

    fn connect(&self) -> Option<BufReader<TcpStream>> {
        let stream = TcpStream::connect(self.address).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_write_timeout(Some(PATIENCE)).ok()?;
        Some(BufReader::new(stream))
    }
}

struct Response {
    status: u16,
    /// From the header `x-amzn-query-error`.
    code: String,
    is_last: bool,
    body: Vec<u8>,
}

fn exchange(
    connection: &mut BufReader<TcpStream>,
    action: &str,
    input: &Value,
) -> io::Result<Response> {
    let body = input.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: sqs.test\r\nX-Amz-Target: AmazonSQS.{action}\r\n\
         Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.get_mut().write_all(request.as_bytes())?;
    read_response(connection)
}

fn read_response(connection: &mut impl BufRead) -> io::Result<Response> {
    let status = line(connection)?.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let mut response = Response { status, code: String::new(), is_last: false, body: Vec::new() };
    let mut length = 0;
    loop {
        let line = line(connection)?;
        let Some((name, value)) = line.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
            "connection" => response.is_last = value.eq_ignore_ascii_case("close"),
            "x-amzn-query-error" => {
                response.code = value.split(';').next().unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
    response.body.resize(length, 0);
    connection.read_exact(&mut response.body)?;
    Ok(response)
}

/// The next line, without its end; an error if the connection ends before it does.
fn line(connection: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let whole = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(whole.to_owned())
}

impl Response {
    fn answer(self) -> Answer {
        let body = match self.body.as_slice() {
            [] => Value::Null,
            body => serde_json::from_slice(body).expect("an answer is JSON"),
        };
        if self.status == 200 {
            return Answer::Acknowledged(body);
        }
        let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
        let refusal = Refusal { status: self.status, code: self.code, message: text("message") };
        // What is unavailable says whether the request may have happened.
        if refusal.status >= 500 && !refusal.message.contains("Nothing was changed") {
            assert!(refusal.status == 503, "the server says that it is at fault: {refusal:?}");
            return Answer::Unknown;
        }
        Answer::Refused(refusal)
    }
}
