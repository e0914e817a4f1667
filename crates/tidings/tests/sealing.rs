//! The binary with a master key: what can be found in its data folder, and how the key is found,
//! refused and changed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What clients say that nobody is to find.
const NEEDLES: [&str; 10] = [
    "confidential-orders",
    "confidential-news",
    "a body that is to be hidden",
    "a published body to hide",
    "colour-attribute",
    "ultramarine",
    "customer-4711",
    "deduplicated-as-this",
    "cost-centre-tag",
    "http://127.0.0.1:9/hidden-endpoint",
];

struct Setup {
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("tidings-data")
    }

    /// Writes a key file that only its owner can read, and returns its name.
    fn key(&self, name: &str, byte: u8) -> String {
        let path = self.path().join(name);
        fs::write(&path, format!("{byte:02x}").repeat(32)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
                command.env_remove(name);
            }
        }
        command
    }

    fn serve(&self, arguments: &[&str]) -> Server {
        Server::of(self.command(&[&SERVE[..], arguments].concat()))
    }

    /// Starts a server that must not start, and returns what it says.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&SERVE[..], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Says of a folder that was used without a key that it is to be sealed under this one.
    fn seal(&self, key: &str) {
        let change =
            ["master-key", "change", "--master-key-file", key, "--new-master-key-file", key];
        let changed = self.run(&change);
        assert!(changed.status.success(), "{}", text(&changed.stderr));
    }
}

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--auth", "off"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server that listens, and ends with the test.
struct Server {
    process: Ending,
    address: String,
}

impl Server {
    fn of(mut command: Command) -> Self {
        let mut process = Ending(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let (_, address) =
            line.trim_end().rsplit_once("http://").expect("it says where it listens");
        let address = address.to_owned();
        // Somebody reads on, or it could not write on.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Self { process, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {response}");
        response
    }

    fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut link = format!("{path}?");
        for (name, value) in parameters {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            write!(link, "{name}={encoded}&").unwrap();
        }
        self.get(link.trim_end_matches('&'))
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM).unwrap();
        assert_eq!(self.process.0.wait().unwrap().code(), Some(0));
    }

    fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }
}

/// A process that ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const QUEUE: &str = "/000000000000/confidential-orders.fifo";
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:confidential-news.fifo";

/// Says everything that is to be hidden.
fn tell_all(server: &Server) {
    let fifo = [("Attribute.1.Name", "FifoQueue"), ("Attribute.1.Value", "true")];
    let tag = [("Tag.1.Key", "cost-centre-tag"), ("Tag.1.Value", "ultramarine")];
    let named = [("Action", "CreateQueue"), ("QueueName", "confidential-orders.fifo")];
    server.ask("/", &[&named[..], &fifo, &tag].concat());
    send(server, "a body that is to be hidden");

    let sns = ("Version", "2010-03-31");
    let fifo = [("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")];
    let named = [("Action", "CreateTopic"), sns, ("Name", "confidential-news.fifo")];
    server.ask("/", &[&named[..], &fifo].concat());
    let queue = "arn:aws:sqs:us-east-1:000000000000:confidential-orders.fifo";
    let topic = ("TopicArn", TOPIC);
    let subscribe = [("Action", "Subscribe"), sns, topic];
    server.ask("/", &[&subscribe[..], &[("Protocol", "sqs"), ("Endpoint", queue)]].concat());
    let publish = [("Action", "Publish"), sns, topic, ("Message", "a published body to hide")];
    let group = [("MessageGroupId", "customer-4711")];
    let deduplication = [("MessageDeduplicationId", "deduplicated-as-this-too")];
    server.ask("/", &[&publish[..], &group, &deduplication].concat());

    // Only what comes from a standard topic is signed, and delivered to endpoints.
    server.ask("/", &[("Action", "CreateTopic"), sns, ("Name", "confidential-news")]);
    let topic = ("TopicArn", "arn:aws:sns:us-east-1:000000000000:confidential-news");
    let endpoint = ("Endpoint", "http://127.0.0.1:9/hidden-endpoint");
    server.ask("/", &[("Action", "Subscribe"), sns, topic, ("Protocol", "http"), endpoint]);
    server.ask("/", &[("Action", "CreateQueue"), ("QueueName", "signed")]);
    let endpoint = ("Endpoint", "arn:aws:sqs:us-east-1:000000000000:signed");
    server.ask("/", &[("Action", "Subscribe"), sns, topic, ("Protocol", "sqs"), endpoint]);
    let publish = [("Action", "Publish"), sns, topic, ("Message", "a published body to hide")];
    server.ask("/", &publish);
    let received = server.ask("/000000000000/signed", &[("Action", "ReceiveMessage")]);
    assert!(received.contains("SigningCertURL"), "{received}");
}

fn send(server: &Server, body: &str) {
    let attribute = [
        ("MessageAttribute.1.Name", "colour-attribute"),
        ("MessageAttribute.1.Value.DataType", "String"),
        ("MessageAttribute.1.Value.StringValue", "ultramarine"),
        ("MessageGroupId", "customer-4711"),
        ("MessageDeduplicationId", "deduplicated-as-this"),
    ];
    let message = [("Action", "SendMessage"), ("MessageBody", body)];
    server.ask(QUEUE, &[&message[..], &attribute].concat());
}

fn receive(server: &Server) -> String {
    server.ask(QUEUE, &[("Action", "ReceiveMessage"), ("VisibilityTimeout", "0")])
}

/// What a text looks like in a file: as it is, in hexadecimal, and in base64 from each of the three
/// places where a group of it may begin.
fn forms(needle: &str) -> Vec<Vec<u8>> {
    let hex: String = needle.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![hex.to_uppercase(), hex, needle.to_owned()];
    for skipped in 0..3 {
        let whole = &needle.as_bytes()[skipped..];
        forms.push(base64(&whole[..whole.len() / 3 * 3]));
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// Of whole groups of three.
fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks_exact(3).flat_map(|group| {
        let number = group.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(alphabet[number >> shift & 63]))
    });
    groups.collect()
}

/// All files of a folder, with what is in them.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

/// The needles that lie in some file, and which.
fn found_in(data: &Path) -> Vec<(&'static str, PathBuf)> {
    let files = files(data);
    assert!(files.iter().any(|(path, _)| path.to_str().unwrap().contains("snapshot-")));
    let mut found = Vec::new();
    for needle in NEEDLES.iter().chain(&["PRIVATE KEY"]) {
        let forms = forms(needle);
        for (path, content) in &files {
            // Zeros are most of a segment, and nothing of what is looked for.
            let end = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if forms.iter().any(|form| holds(&content[..end], form)) {
                found.push((*needle, path.clone()));
            }
        }
    }
    found
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn the_search_finds_each_form() {
    for (text, form) in [
        ("customer-4711", "Y3VzdG9tZXItNDcx"),
        ("customer-4711", "dXN0b21lci00NzEx"),
        ("customer-4711", "c3RvbWVyLTQ3"),
        ("customer-4711", "637573746f6d65722d34373131"),
    ] {
        assert!(forms(text).contains(&form.as_bytes().to_vec()), "{form}");
    }
}

/// The promise: nothing that clients said, and no key, in any file, while it runs and afterwards.
#[test]
fn nothing_of_what_clients_said_is_found_in_the_data_folder() {
    let plain = Setup::new();
    let server = plain.serve(&[]);
    tell_all(&server);
    server.stop();
    let found = found_in(&plain.data());
    for needle in NEEDLES.iter().chain(&["PRIVATE KEY"]) {
        assert!(found.iter().any(|(found, _)| found == needle), "{needle} is not found at all");
    }

    let sealed = Setup::new();
    let key = sealed.key("key", 0xab);
    let server = sealed.serve(&["--master-key-file", &key]);
    tell_all(&server);
    server.stop();
    assert_eq!(found_in(&sealed.data()), []);
    let server = sealed.serve(&["--master-key-file", &key]);
    assert!(receive(&server).contains("a body that is to be hidden"));
    assert_eq!(found_in(&sealed.data()), []);
    server.kill();
    let server = sealed.serve(&["--master-key-file", &key]);
    assert!(receive(&server).contains("a body that is to be hidden"), "after kill -9");
    server.stop();
    assert_eq!(found_in(&sealed.data()), []);
    let key = "ab".repeat(32);
    assert!(files(&sealed.data()).iter().all(|(_, content)| {
        forms(&key).iter().chain([&vec![0xab; 32]]).all(|form| !holds(content, form))
    }));
}

/// Keys of TLS that an earlier start has left, of those from authorities too, and those that are made.
#[test]
fn the_keys_of_tls_are_found_in_no_file() {
    let setup = Setup::new();
    let dev = ["serve", "--listen", "127.0.0.1:0", "--auth", "off", "--tls", "dev"];
    // The first line says where it listens: the certificates have been read.
    let start_and_stop = |arguments: &[&str]| {
        let mut process = setup.command(&[&dev[..], arguments].concat());
        let mut process = Ending(process.stdout(Stdio::piped()).spawn().unwrap());
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains("https://"), "{line}");
        kill_process(Pid::from_child(&process.0), Signal::TERM).unwrap();
        std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        assert_eq!(process.0.wait().unwrap().code(), Some(0));
    };
    let keys = || {
        let names = files(&setup.data()).into_iter().filter_map(|(path, content)| {
            let is_key = holds(&content, b"PRIVATE KEY") || holds(&content, b"key_pkcs8");
            is_key.then(|| path.file_name().unwrap().to_str().unwrap().to_owned())
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    start_and_stop(&[]);
    let acme = setup.data().join("acme/default");
    fs::create_dir_all(&acme).unwrap();
    fs::write(acme.join("key.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
    fs::write(setup.data().join("acme/account-ca.json"), r#"{"key_pkcs8":"AAAA"}"#).unwrap();
    assert_eq!(keys(), ["account-ca.json", "ca-key.pem", "key.pem", "key.pem"]);

    let authority = fs::read(setup.data().join("tls/ca.pem")).unwrap();
    let key = setup.key("key", 0xab);
    setup.seal(&key);
    for _ in 0..2 {
        start_and_stop(&["--master-key-file", &key]);
        assert_eq!(keys(), [] as [&str; 0]);
        assert_eq!(fs::read(setup.data().join("tls/ca.pem")).unwrap(), authority);
    }
}

/// The first start says the root user's secret, once. No file does, with or without a master key.
#[test]
fn the_secret_of_an_access_key_is_found_in_no_file() {
    for has_key in [false, true] {
        let setup = Setup::new();
        let key = setup.key("key", 0xab);
        let sealed = if has_key { &["--master-key-file", &key][..] } else { &[] };
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--auth", "on"], sealed].concat();
        let mut process = Ending(setup.command(&arguments).stdout(Stdio::piped()).spawn().unwrap());
        let stdout = BufReader::new(process.0.stdout.take().unwrap());
        let mut lines = stdout.lines().map(Result::unwrap);
        let words = lines.find_map(|line| {
            let (_, secret) = line.split_once("aws_secret_access_key ")?;
            secret.split_whitespace().next().map(str::to_owned)
        });
        let secret = words.expect("it says the secret");
        assert!(secret.len() >= 40, "{secret}");
        kill_process(Pid::from_child(&process.0), Signal::TERM).unwrap();
        lines.for_each(drop);
        assert_eq!(process.0.wait().unwrap().code(), Some(0));
        for (path, content) in files(&setup.data()) {
            assert!(!forms(&secret).iter().any(|form| holds(&content, form)), "{path:?}");
        }
    }
}

#[test]
fn the_key_comes_from_a_file_the_environment_or_a_command() {
    let setup = Setup::new();
    let key = setup.key("key", 0xab);
    let server = setup.serve(&["--master-key-file", &key]);
    tell_all(&server);
    server.stop();

    let mut command = setup.command(&SERVE);
    command.env("TIDINGS_MASTER_KEY", "ab".repeat(32)).stderr(Stdio::piped());
    let mut server = Server::of(command);
    let mut stderr = server.process.0.stderr.take().unwrap();
    assert!(receive(&server).contains("a body that is to be hidden"));
    server.stop();
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    assert!(!log.contains("abab") && !log.contains("no settings"), "{log}");

    let server = setup.serve(&["--master-key-command", "cat key"]);
    assert!(receive(&server).contains("a body that is to be hidden"));
    server.stop();
}

#[test]
fn a_missing_wrong_or_unsafe_key_stops_the_start() {
    let setup = Setup::new();
    let (key, wrong) = (setup.key("key", 0xab), setup.key("wrong", 0xcd));
    setup.serve(&["--master-key-file", &key]).stop();
    let before = files(&setup.data().join("shard-0"));
    for (arguments, parts) in [
        (&[][..], &["is sealed", "master-key-file"][..]),
        (&["--master-key-file", &wrong], &["SEAL", "another", "given"]),
        (&["--master-key-file", "none"], &["cannot read the master key from none"]),
        (&["--master-key-command", "sh -c 'echo closed >&2; exit 7'"], &["closed", "7"]),
        (&["--master-key-file", &key, "--master-key-command", "cat key"], &["only one"]),
        (&["--master-key-file", "tidings-data/SEAL"], &["data folder"]),
    ] {
        let error = setup.refused(arguments);
        let error = error.replace("is sealed under the master key", "is sealed under another key");
        assert!(parts.iter().all(|part| error.contains(part)), "{arguments:?}: {error}");
    }
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let error = setup.refused(&["--master-key-file", &key]);
    assert!(error.contains("can be read by others"), "{error}");
    assert!(files(&setup.data().join("shard-0")) == before, "nothing was changed");
}

#[test]
fn the_master_key_is_changed_by_a_command() {
    let setup = Setup::new();
    let (old, new) = (setup.key("old", 0xab), setup.path().join("new"));
    let server = setup.serve(&["--master-key-file", &old]);
    tell_all(&server);

    let printed = setup.run(&["master-key", "new"]);
    assert_eq!((printed.status.code(), printed.stdout.len()), (Some(0), 45));
    assert_ne!(setup.run(&["master-key", "new"]).stdout, printed.stdout);
    fs::write(&new, &printed.stdout).unwrap();
    fs::set_permissions(&new, Permissions::from_mode(0o600)).unwrap();
    let new = new.to_str().unwrap();
    let change = ["master-key", "change", "--master-key-file", &old, "--new-master-key-file", new];
    let busy = setup.run(&change);
    assert!(text(&busy.stderr).contains("in use by another process"), "{}", text(&busy.stderr));
    server.stop();

    let nothing = setup.run(&["master-key", "change", "--master-key-file", &old]);
    assert!(text(&nothing.stderr).contains("TIDINGS_NEW_MASTER_KEY"), "{}", text(&nothing.stderr));
    let changed = setup.run(&change);
    assert_eq!(changed.status.code(), Some(0), "{}", text(&changed.stderr));
    assert!(setup.refused(&["--master-key-file", &old]).contains("SEAL"));
    let server = setup.serve(&["--master-key-file", new]);
    assert!(receive(&server).contains("a body that is to be hidden"));
    server.stop();
    assert_eq!(found_in(&setup.data()), []);
}

/// A folder that was begun without a key: once it is told to, all that is new is sealed.
#[test]
fn sealing_is_turned_on_for_a_folder_that_has_messages() {
    let setup = Setup::new();
    let server = setup.serve(&[]);
    tell_all(&server);
    server.stop();
    assert!(setup.data().join("master.key").exists());
    let key = setup.key("key", 0xab);
    let refused = setup.refused(&["--master-key-file", &key]);
    assert!(refused.contains("tidings master-key change"), "{refused}");
    setup.seal(&key);
    let server = setup.serve(&["--master-key-file", &key]);
    assert!(receive(&server).contains("a body that is to be hidden"));
    server.ask(
        QUEUE,
        &[
            ("Action", "SendMessage"),
            ("MessageBody", "said-after-sealing-began"),
            ("MessageGroupId", "another"),
            ("MessageDeduplicationId", "another"),
        ],
    );
    server.stop();
    assert!(!setup.data().join("master.key").exists());
    for (path, content) in files(&setup.data()) {
        assert!(!holds(&content, b"said-after-sealing-began"), "{path:?}");
        assert!(!holds(&content, b"PRIVATE KEY"), "{path:?}");
    }
    let server = setup.serve(&["--master-key-file", &key]);
    assert!(receive(&server).contains("a body that is to be hidden"));
    server.stop();
    assert!(setup.refused(&[]).contains("is sealed"));
}
