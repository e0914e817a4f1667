//! One connection that speaks AWS JSON 1.0 for queues and AWS Query for topics, and says of each
//! request what is known of it.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::xml;

/// How long an answer may take. Only a server that hangs takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was carried out. Of a request about topics, this is a string: XML.
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
        let head = format!(
            "POST / HTTP/1.1\r\nHost: sqs.test\r\nX-Amz-Target: AmazonSQS.{action}\r\n\
             Content-Type: application/x-amz-json-1.0\r\n"
        );
        self.post(action, &head, &input.to_string())
    }

    /// Carries an SNS action out. The credential says whose subscriptions these are.
    pub(crate) fn query(&mut self, action: &str, parameters: &[(String, String)]) -> Answer {
        let head = "POST / HTTP/1.1\r\nHost: sns.test\r\n\
                    Authorization: AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/sns/\
                    aws4_request, SignedHeaders=host, Signature=0\r\n\
                    Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
        let mut form = format!("Action={action}&Version=2010-03-31");
        for (name, value) in parameters {
            form.push('&');
            form.push_str(name);
            form.push('=');
            percent_encode(value, &mut form);
        }
        self.post(action, head, &form)
    }

    /// Opens a link, as somebody does who was sent it: by GET, unsigned.
    pub(crate) fn open(&mut self, link: &str) -> Answer {
        let request = format!("GET {link} HTTP/1.1\r\nHost: sns.test\r\n\r\n");
        self.send(link, request.as_bytes())
    }

    fn post(&mut self, action: &str, head: &str, body: &str) -> Answer {
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.send(action, request.as_bytes())
    }

    fn send(&mut self, what: &str, request: &[u8]) -> Answer {
        let Some(mut connection) = self.connection.take().or_else(|| self.connect()) else {
            return Answer::Unreached;
        };
        match exchange(&mut connection, request) {
            Ok(response) => {
                if !response.is_last {
                    self.connection = Some(connection);
                }
                response.answer()
            }
            Err(error) => {
                // Hanging is a fault of its own, unlike a connection that ends.
                let kinds = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                assert!(!kinds.contains(&error.kind()), "{what} was not answered in {PATIENCE:?}");
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
    /// From the header `x-amzn-query-error`, which only answers in JSON have.
    code: String,
    is_last: bool,
    body: Vec<u8>,
}

fn exchange(connection: &mut BufReader<TcpStream>, request: &[u8]) -> io::Result<Response> {
    connection.get_mut().write_all(request)?;
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

/// Everything but what stands for itself in a form.
fn percent_encode(value: &str, form: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            form.push(byte.into());
        } else {
            let _ = write!(form, "%{byte:02X}");
        }
    }
}

impl Response {
    fn answer(self) -> Answer {
        let body = match self.body.as_slice() {
            [] => Value::Null,
            body if body.starts_with(b"<") => String::from_utf8_lossy(body).into(),
            body => serde_json::from_slice(body).expect("an answer is JSON or XML"),
        };
        if self.status == 200 {
            return Answer::Acknowledged(body);
        }
        let (code, message) = match &body {
            Value::String(xml) => (xml::text(xml, "Code"), xml::text(xml, "Message")),
            body => (self.code, body["message"].as_str().unwrap_or_default().to_owned()),
        };
        let refusal = Refusal { status: self.status, code, message };
        // What is unavailable says whether the request may have happened.
        if refusal.status >= 500 && !refusal.message.contains("Nothing was changed") {
            assert!(refusal.status == 503, "the server says that it is at fault: {refusal:?}");
            return Answer::Unknown;
        }
        Answer::Refused(refusal)
    }
}
