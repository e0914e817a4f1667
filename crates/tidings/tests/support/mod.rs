//! What the tests share that ask a server as somebody.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use tidings_sigv4::{BodyHash, Request, Seconds, SecretKey, Signer};

/// How long a test waits for an answer. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary in a folder of its own, with nothing set from outside.
pub fn tidings(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("TIDINGS_") || name.starts_with("AWS_"))
        {
            command.env_remove(name);
        }
    }
    command
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// An access key from the lines to paste.
#[derive(Debug)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Key {
    /// `None` if nothing is to be pasted.
    pub fn of(shown: &str) -> Option<Self> {
        let value = |name: &str| {
            let start = format!("    aws configure set {name} ");
            let rest = shown.lines().find_map(|line| line.strip_prefix(&start))?;
            rest.strip_suffix(" --profile tidings").map(str::to_owned)
        };
        Some(Self { id: value("aws_access_key_id")?, secret: value("aws_secret_access_key")? })
    }
}

/// A server that listens, and ends with the test.
pub struct Server {
    process: Child,
    pub address: String,
    pub greeting: String,
}

impl Server {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let listen = ["serve", "--listen", "127.0.0.1:0"];
        let mut command = tidings(folder, &[&listen[..], arguments].concat());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("receive-message") {
            assert!(stdout.read_line(&mut greeting).unwrap() > 0, "it ended: {greeting}");
        }
        let first = greeting.lines().next().unwrap();
        let address = first.rsplit_once("http://").unwrap().1.to_owned();
        Self { process, address, greeting }
    }

    /// The status of a signed request to do what only the root user may without a policy.
    pub fn status(&self, key: &Key) -> u16 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = Seconds(now.as_secs().try_into().unwrap());
        let headers: Vec<(&str, &[u8])> = vec![("host", self.address.as_bytes())];
        let query = "Action=CreateQueue&QueueName=orders&Version=2012-11-05";
        let request = Request { method: "GET", path: "/", query, headers: &headers };
        let secret = SecretKey::new(key.secret.clone());
        let signer = Signer {
            access_key_id: &key.id,
            secret: &secret,
            session_token: None,
            region: "us-east-1",
            service: "sqs",
        };
        let signed = signer.sign(&request, &BodyHash::of(b""), now).unwrap();
        let mut head = format!("GET /?{query} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in signed.iter() {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{head}connection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn stop(mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
