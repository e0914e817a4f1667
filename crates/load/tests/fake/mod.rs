//! As much of a queue service as a load needs, over AWS JSON, that can be told to do wrong.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What it does to the message, or the request, of this number.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Mischief {
    None,
    /// Acknowledges a message and forgets it.
    Loses(u64),
    /// Keeps a message twice.
    Doubles(u64),
    /// Puts a message before the one that came before it.
    Swaps(u64),
    /// Hangs up every so many requests, without an answer to the last.
    HangsUp(u64),
    /// Asks for patience every so many requests.
    Throttles(u64),
    /// Refuses to send, always.
    Refuses,
    /// Takes all but the first message of a batch.
    FailsFirstOfBatch,
}

/// Serves until the test ends.
pub struct Fake {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    mischief: Mischief,
    queues: Mutex<BTreeMap<String, VecDeque<String>>>,
    /// Messages and requests so far.
    messages: AtomicU64,
    requests: AtomicU64,
}

impl Fake {
    pub fn start(mischief: Mischief) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            mischief,
            queues: Mutex::default(),
            messages: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        });
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&serving));
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { address, state }
    }

    /// Queues that are there.
    pub fn queues(&self) -> usize {
        self.state.queues.lock().unwrap().len()
    }
}

impl State {
    /// One connection. Whoever hangs up ends it.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let (action, body) = read(&mut reader)?;
            let number = self.requests.fetch_add(1, Relaxed) + 1;
            match self.mischief {
                Mischief::HangsUp(every) if number.is_multiple_of(every) => return None,
                Mischief::Throttles(every) if number.is_multiple_of(every) => {
                    refuse(&mut writer, 503, "ServiceUnavailable")?;
                }
                Mischief::Refuses if action.starts_with("Send") => {
                    refuse(&mut writer, 400, "com.amazonaws.sqs#InvalidMessageContents")?;
                }
                _ => {
                    let answer = self.answer(&action, &body).to_string();
                    // Answers take turns in how their length is told.
                    let framed = match number % 2 {
                        0 => format!("Content-Length: {}\r\n\r\n{answer}", answer.len()),
                        _ => format!(
                            "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{answer}\r\n0\r\n\r\n",
                            answer.len()
                        ),
                    };
                    let answer = format!("HTTP/1.1 200 OK\r\n{framed}");
                    writer.write_all(answer.as_bytes()).ok()?;
                }
            }
        }
    }

    fn answer(&self, action: &str, body: &Value) -> Value {
        let url = body["QueueUrl"].as_str().unwrap_or_default().to_owned();
        let mut queues = self.queues.lock().unwrap();
        match action {
            "CreateQueue" => {
                // Another host than that of the endpoint, as some servers have it.
                let url =
                    format!("http://queues.example.com/0/{}", body["QueueName"].as_str().unwrap());
                queues.insert(url.clone(), VecDeque::new());
                json!({"QueueUrl": url})
            }
            "DeleteQueue" => {
                queues.remove(&url).unwrap();
                json!({})
            }
            "SendMessage" => {
                self.keep(queues.get_mut(&url).unwrap(), body);
                json!({"MessageId": "1"})
            }
            "SendMessageBatch" => {
                let entries = body["Entries"].as_array().unwrap();
                let failed = usize::from(self.mischief == Mischief::FailsFirstOfBatch);
                for entry in &entries[failed..] {
                    self.keep(queues.get_mut(&url).unwrap(), entry);
                }
                let failed: Vec<Value> = entries[..failed]
                    .iter()
                    .map(|entry| json!({"Id": entry["Id"], "Code": "InternalError"}))
                    .collect();
                json!({"Successful": [{"Id": "9"}], "Failed": failed})
            }
            "ReceiveMessage" => {
                let queue = queues.get_mut(&url).unwrap();
                let count = queue.len().min(10);
                let message = |body: String| json!({"ReceiptHandle": "a/b\"c\\", "Body": body});
                json!({"Messages": queue.drain(..count).map(message).collect::<Vec<_>>()})
            }
            "DeleteMessageBatch" => {
                let entries = body["Entries"].as_array().unwrap();
                assert!(entries.iter().all(|entry| entry["ReceiptHandle"] == "a/b\"c\\"));
                json!({"Successful": entries})
            }
            other => panic!("{other} is not asked for"),
        }
    }

    fn keep(&self, queue: &mut VecDeque<String>, message: &Value) {
        let body = message["MessageBody"].as_str().unwrap().to_owned();
        let number = self.messages.fetch_add(1, Relaxed) + 1;
        match self.mischief {
            Mischief::Loses(which) if which == number => {}
            Mischief::Doubles(which) if which == number => queue.extend([body.clone(), body]),
            Mischief::Swaps(which) if which == number => {
                let before = queue.len().saturating_sub(1);
                queue.insert(before, body);
            }
            _ => queue.push_back(body),
        }
    }
}

/// The action and the body of a request. `None` when there is no other.
fn read(reader: &mut impl BufRead) -> Option<(String, Value)> {
    let (mut action, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name {
                "x-amz-target" => action = value.trim().rsplit('.').next()?.to_owned(),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((action, serde_json::from_slice(&body).ok()?))
}

fn refuse(writer: &mut impl Write, status: u16, code: &str) -> Option<()> {
    let body = json!({"__type": code, "message": "not so"}).to_string();
    write!(writer, "HTTP/1.1 {status} No\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()
}
