//! `tidings root-key new`: who lost the first key gets in again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use tidings_sigv4::{BodyHash, Request, Seconds, SecretKey, Signer};

/// How long a test waits for an answer. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

fn tidings(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
            command.env_remove(name);
        }
    }
    command
}

fn new_key(folder: &Path, arguments: &[&str]) -> Output {
    tidings(folder, &[&["root-key", "new"], arguments].concat()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// An access key from the lines to paste.
#[derive(Debug)]
struct Key {
    id: String,
    secret: String,
}

impl Key {
    fn of(shown: &str) -> Option<Self> {
        let value = |name: &str| {
            let start = format!("    aws configure set {name} ");
            let rest = shown.lines().find_map(|line| line.strip_prefix(&start))?;
            rest.strip_suffix(" --profile tidings").map(str::to_owned)
        };
        Some(Self { id: value("aws_access_key_id")?, secret: value("aws_secret_access_key")? })
    }
}

/// A server that listens, and ends with the test.
struct Server {
    process: Child,
    address: String,
    greeting: String,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
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
    fn status(&self, key: &Key) -> u16 {
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

    fn stop(mut self) {
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

#[test]
fn a_lost_key_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Server::start(folder, &[]);
    let first = Key::of(&server.greeting).unwrap();
    assert_eq!(server.status(&first), 200);
    let refused = new_key(folder, &[]);
    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""), "a server has it");
    server.stop();

    let made = new_key(folder, &[]);
    let shown = text(&made.stdout);
    assert!(shown.starts_with("Account 000000000000 in tidings-data.\n\n"), "{shown}");
    assert!(!shown.contains("Removed") && shown.contains("It is not shown again"), "{shown}");
    let second = Key::of(shown).unwrap();
    let full = new_key(folder, &[]);
    assert_eq!(
        (full.status.code(), text(&full.stderr)),
        (
            Some(1),
            "tidings: the root user of account 000000000000 has two access keys already, and can \
             have no more: --replace removes them\n"
        )
    );
    let server = Server::start(folder, &[]);
    assert!(Key::of(&server.greeting).is_none(), "it is no first start");
    assert_eq!((server.status(&first), server.status(&second)), (200, 200));
    server.stop();

    let replaced = new_key(folder, &["--replace", "--region", "eu-west-1"]);
    let shown = text(&replaced.stdout);
    let line = format!("\nRemoved, and good no more: {}, {}.\n\n", first.id, second.id);
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains("set region eu-west-1 --profile"), "{shown}");
    let third = Key::of(shown).unwrap();
    let server = Server::start(folder, &[]);
    assert_eq!([&first, &second, &third].map(|key| server.status(key)), [403, 403, 200]);
    server.stop();
}

#[test]
fn the_key_is_for_the_account_and_sealed_by_the_settings_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let generated = tidings(folder, &["master-key", "new"]).output().unwrap();
    std::fs::write(folder.join("master"), &generated.stdout).unwrap();
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("master"), owner_only).unwrap();
    let flags = ["--account", "111122223333", "--master-key-file", "master"];
    let server = Server::start(folder, &flags);
    let first = Key::of(&server.greeting).unwrap();
    server.stop();

    let keyless = new_key(folder, &["--account", "111122223333"]);
    assert_eq!(keyless.status.code(), Some(1));
    assert!(text(&keyless.stderr).contains("master key"), "{}", text(&keyless.stderr));
    let replaced = new_key(folder, &[&flags[..], &["--replace"]].concat());
    assert!(text(&replaced.stdout).contains(&first.id), "{}", text(&replaced.stderr));
    let second = Key::of(text(&replaced.stdout)).unwrap();
    let server = Server::start(folder, &flags);
    assert_eq!((server.status(&first), server.status(&second)), (403, 200));
    server.stop();
}

#[test]
fn a_folder_that_is_none_is_not_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = new_key(folder.path(), &["--data", "elsewhere"]);
    assert_eq!(text(&output.stderr), "tidings: elsewhere is no data folder\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("elsewhere").exists());
}
