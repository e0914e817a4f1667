//! The binary as a person or a service manager starts it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// `tidings serve` in a folder of its own, with nothing set from outside. Unless the arguments say
/// otherwise, nobody is authenticated.
fn serve(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder).arg("serve").args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
            command.env_remove(name);
        }
    }
    command.env("TIDINGS_AUTH", "off");
    command
}

/// Runs it to its end.
fn run(mut command: Command) -> Output {
    let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let status = child.wait();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.0.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    Output { status, stdout, stderr }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the process does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that listens.
struct Server {
    process: Running,
    greeting: Vec<String>,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::of(serve(folder, &[&["--listen", "127.0.0.1:0"], arguments].concat()))
    }

    fn of(mut command: Command) -> Self {
        let mut process = Running(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
        let mut greeting = Vec::new();
        // The greeting ends with an empty line after the lines to paste.
        while !greeting.iter().any(|line: &String| line.contains("receive-message")) {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended: {greeting:?}");
            greeting.push(line.trim_end().to_owned());
        }
        Self { process, greeting, stdout }
    }

    /// The address that its first line names.
    fn address(&self) -> &str {
        self.greeting[0].rsplit_once("http://").unwrap().1
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// Asks something about topics.
    fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut link = format!("/?Action={action}&Version=2010-03-31");
        for (name, value) in parameters {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            link.push_str(&format!("&{name}={encoded}"));
        }
        self.get(&link)
    }

    fn stop(mut self, signal: Signal) -> ExitStatus {
        self.process.signal(signal);
        let status = self.process.wait();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "\n", "standard output is for the greeting");
        status
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn it_says_its_version() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    let output = command.arg("--version").output().unwrap();
    assert_eq!(text(&output.stdout), concat!("tidings ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn it_serves_until_a_signal_and_keeps_what_it_was_given() {
    let folder = folder();
    for (signal, action) in [
        (Signal::TERM, "/?Action=CreateQueue&QueueName=orders"),
        (Signal::INT, "/000000000000/orders?Action=SendMessage&MessageBody=hello"),
        (Signal::TERM, "/000000000000/orders?Action=ReceiveMessage"),
    ] {
        let server = Server::start(folder.path(), &[]);
        assert!(server.get("/health").starts_with("HTTP/1.1 200 OK\r\n"));
        let answer = server.get(action);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        if action.ends_with("ReceiveMessage") {
            assert!(answer.contains("<Body>hello</Body>"), "{answer}");
        }
        assert_eq!(server.stop(signal).code(), Some(0));
    }
    assert!(folder.path().join("tidings-data").is_dir(), "the default data folder");
}

#[test]
fn the_lines_to_paste_fit_the_server() {
    let folder = folder();
    let server =
        Server::start(folder.path(), &["--account", "123456789012", "--region", "eu-west-1"]);
    let url = format!("http://{}", server.address());
    let greeting = server.greeting.join("\n");
    for part in [
        "AWS_DEFAULT_REGION=eu-west-1".to_owned(),
        format!("URL={url}\n"),
        "--queue-url $URL/123456789012/hello".to_owned(),
    ] {
        assert!(greeting.contains(&part), "{part} in {greeting}");
    }
    let created = server.get("/?Action=CreateQueue&QueueName=hello");
    assert!(created.contains("/123456789012/hello</QueueUrl>"), "{created}");
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = folder();
    let first = Server::start(folder.path(), &[]);
    let second = run(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert_eq!(second.status.code(), Some(1));
    let error = text(&second.stderr);
    assert!(error.contains("tidings-data is in use by another process"), "{error}");
    assert!(error.contains(&first.process.0.id().to_string()), "{error}");
    assert!(first.get("/health").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn an_address_in_use_is_named() {
    let (one, two) = (folder(), folder());
    let first = Server::start(one.path(), &[]);
    let second = run(serve(two.path(), &["--listen", first.address()]));
    assert_eq!(second.status.code(), Some(1));
    let error = text(&second.stderr);
    assert!(error.contains(&format!("cannot listen on {}", first.address())), "{error}");
}

#[test]
fn a_folder_of_a_newer_release_is_refused() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    std::fs::write(folder.path().join("tidings-data/FORMAT"), "999\n").unwrap();
    let refused = run(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert_eq!(refused.status.code(), Some(1));
    let error = text(&refused.stderr);
    for part in ["FORMAT", "999", "newer"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_bad_configuration_stops_the_start() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.toml"), "listen = '127.0.0.1:0'\nregoin = 'x'\n")
        .unwrap();
    for (arguments, code, parts) in [
        (&["--config", "bad.toml"][..], 1, &["bad.toml", "line 2", "regoin"][..]),
        (&["--config", "none.toml"], 1, &["none.toml"]),
        (&["--listen", "0.0.0.0:0"], 1, &["auth", "loopback", "--insecure"]),
        (&["--audit-log", "audit.jsonl"], 1, &["audit-log", "auth = off"]),
        (&["--regoin", "x"], 2, &["--regoin", "--region"]),
        (&["--account", "42"], 2, &["--account", "twelve digits"]),
        (&["--endpoint-allow", "10.0.0.0/99"], 2, &["--endpoint-allow", "10.0.0.0/99"]),
        (&["--signing-key", "key.pem"], 1, &["signing-key", "signing-certificate"]),
    ] {
        let refused = run(serve(folder.path(), arguments));
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{error}");
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
    assert!(!folder.path().join("tidings-data").exists(), "nothing was made");
}

/// Which of the layers holds, seen from outside: the greeting names account and region.
#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_file() {
    let folder = folder();
    let file = "listen = '127.0.0.1:0'\naccount = '000000000001'\nregion = 'file-1'\ndata = 'd'\n";
    std::fs::write(folder.path().join("tidings.toml"), file).unwrap();
    let mut command = serve(folder.path(), &["--region", "flag-1"]);
    command.env("TIDINGS_CONFIG", "tidings.toml");
    command.env("TIDINGS_REGION", "environment-1");
    command.env("TIDINGS_ACCOUNT", "000000000002");
    let server = Server::of(command);
    let expected = "Data in d, account 000000000002, region flag-1. Authentication is OFF: \
                    any credentials will do.";
    assert_eq!(server.greeting[1], expected);
    assert!(folder.path().join("d").is_dir());
}

#[test]
fn a_server_without_authentication_warns_and_is_for_this_machine_unless_told_twice() {
    let folder = folder();
    for (arguments, who) in [
        (&["--listen", "127.0.0.1:0"][..], "Every program on this machine"),
        (&["--listen", "0.0.0.0:0", "--insecure"], "Whoever can reach this server"),
    ] {
        let mut command = serve(folder.path(), arguments);
        command.stderr(Stdio::piped());
        let mut server = Server::of(command);
        let mut stderr = server.process.0.stderr.take().unwrap();
        assert_eq!(server.stop(Signal::TERM).code(), Some(0));
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        assert!(log.contains("WARNING: authentication is off"), "{log}");
        assert!(log.contains(who), "{log}");
    }
}

/// What the lines to paste set `name` to.
fn configured(server: &Server, name: &str) -> Option<String> {
    let start = format!("    aws configure set {name} ");
    let rest = server.greeting.iter().find_map(|line| line.strip_prefix(&start))?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[test]
fn the_first_start_shows_a_root_access_key_and_no_other_does() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--auth", "on"]);
    let id = configured(&server, "aws_access_key_id").unwrap();
    let secret = configured(&server, "aws_secret_access_key").unwrap();
    assert!(id.starts_with("AKIA") && id.len() == 20, "{id}");
    assert_eq!(secret.len(), 40);
    assert_eq!(configured(&server, "region").as_deref(), Some("us-east-1"));
    let refused = server.get("/?Action=ListQueues");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    let again = Server::start(folder.path(), &["--auth", "on"]);
    assert_eq!(configured(&again, "aws_access_key_id"), None, "{:?}", again.greeting);
    assert_eq!(again.stop(Signal::TERM).code(), Some(0));
    for entry in walk(&folder.path().join("tidings-data")) {
        let bytes = std::fs::read(&entry).unwrap();
        let is_in = bytes.windows(40).any(|window| window == secret.as_bytes());
        assert!(!is_in, "the secret is in {}", entry.display());
    }
}

/// Every file in a folder.
fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn the_audit_log_says_who_was_refused_and_why() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--auth", "on", "--audit-log", "audit.jsonl"]);
    server.get("/?Action=CreateQueue&QueueName=orders");
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    let log = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    for part in [
        r#""principal":"anonymous""#,
        r#""sourceIp":"127.0.0.1""#,
        r#""action":"sqs:CreateQueue""#,
        r#""resource":"arn:aws:sqs:us-east-1:000000000000:orders""#,
        r#""decision":"denied""#,
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
}

#[test]
fn a_second_signal_ends_it_on_the_spot() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &["--shutdown-timeout-seconds", "3600"]);
    // A request that never comes to its end keeps an orderly stop waiting.
    let mut stuck = TcpStream::connect(server.address()).unwrap();
    stuck.write_all(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n").unwrap();
    assert!(server.get("/health").starts_with("HTTP/1.1 200 OK\r\n"));
    server.process.signal(Signal::TERM);
    // The port is closed once the first signal has been heard.
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(server.address()).is_ok() {
        assert!(Instant::now() < deadline, "the first signal is not heard");
        std::thread::sleep(Duration::from_millis(10));
    }
    server.process.signal(Signal::INT);
    assert_eq!(server.process.wait().code(), Some(130));
}

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:news";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:orders";
const SUBSCRIBE: [(&str, &str); 3] =
    [("TopicArn", TOPIC), ("Protocol", "sqs"), ("Endpoint", QUEUE)];

/// A server with a topic.
fn with_topic(folder: &Path, arguments: &[&str]) -> Server {
    let server = Server::start(folder, arguments);
    let created = server.ask("CreateTopic", &[("Name", "news")]);
    assert!(created.contains(TOPIC), "{created}");
    server
}

#[test]
fn endpoints_on_the_machine_itself_are_for_those_who_are_on_it() {
    for (arguments, status) in [
        (&["--listen", "127.0.0.1:0"][..], "200 OK"),
        (&["--listen", "127.0.0.1:0", "--endpoint-deny", "127.0.0.0/8"], "403 Forbidden"),
        (&["--listen", "0.0.0.0:0", "--insecure"], "403 Forbidden"),
        (
            &[
                "--listen",
                "0.0.0.0:0",
                "--insecure=true",
                "--endpoint-allow",
                "10.0.0.0/8,127.0.0.1/32",
            ],
            "200 OK",
        ),
    ] {
        let folder = folder();
        let server = Server::of(serve(folder.path(), arguments));
        server.ask("CreateTopic", &[("Name", "news")]);
        let endpoint = ("Endpoint", "http://127.0.0.1:9/");
        let answer =
            server.ask("Subscribe", &[("TopicArn", TOPIC), ("Protocol", "http"), endpoint]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{arguments:?}: {answer}");
        if status != "200 OK" {
            assert!(answer.contains("<Code>AuthorizationError</Code>"), "{answer}");
        }
    }
}

#[test]
fn as_many_filter_policies_are_taken_as_are_allowed() {
    for flag in ["--filter-policies-per-topic", "--filter-policies-per-account"] {
        let folder = folder();
        let server = with_topic(folder.path(), &[flag, "1"]);
        let subscribe = |queue: &str| {
            let mut parameters = SUBSCRIBE.to_vec();
            parameters[2].1 = queue;
            parameters.push(("Attributes.entry.1.key", "FilterPolicy"));
            parameters.push(("Attributes.entry.1.value", r#"{"shade":["red"]}"#));
            server.ask("Subscribe", &parameters)
        };
        let first = subscribe("arn:aws:sqs:us-east-1:000000000000:one");
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
        let second = subscribe("arn:aws:sqs:us-east-1:000000000000:two");
        assert!(second.contains("<Code>FilterPolicyLimitExceeded</Code>"), "{second}");
    }
}

/// Publishes, and returns the path of the certificate that the message names at the public URL.
fn certificate_of_a_message(server: &Server) -> String {
    server.get("/?Action=CreateQueue&QueueName=orders");
    server.ask("Subscribe", &SUBSCRIBE);
    server.ask("Publish", &[("TopicArn", TOPIC), ("Message", "hello")]);
    let received = server.get("/000000000000/orders?Action=ReceiveMessage");
    let begin = "https://sns.example.com/SimpleNotificationService-";
    let (_, rest) = received.split_once(begin).unwrap_or_else(|| panic!("{received}"));
    let (name, _) = rest.split_once(".pem").unwrap();
    format!("/SimpleNotificationService-{name}.pem")
}

#[test]
fn messages_are_signed_with_the_key_that_is_given_or_kept() {
    let (own, other) = (folder(), folder());
    let public = ["--public-url", "https://sns.example.com"];
    let server = with_topic(own.path(), &public);
    let path = certificate_of_a_message(&server);
    // Headers differ from one answer to the next.
    let get = |server: &Server| {
        let answer = server.get(&path);
        let (_, certificate) = answer.split_once("\r\n\r\n").unwrap();
        certificate.to_owned()
    };
    let certificate = get(&server);
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"), "{certificate}");
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    // The one that the server has made is kept.
    let server = with_topic(own.path(), &public);
    assert_eq!(certificate_of_a_message(&server), path);
    assert_eq!(get(&server), certificate);
    let server = with_topic(other.path(), &public);
    assert_ne!(certificate_of_a_message(&server), path);
    assert_eq!(server.stop(Signal::TERM).code(), Some(0));
    // The one that is given takes its place.
    let [key, certificate_file] = ["key.pem", "certificate.pem"]
        .map(|file| own.path().join("tidings-data/signing").join(file));
    let given = ["--signing-key", key.to_str().unwrap()];
    let with = ["--signing-certificate", certificate_file.to_str().unwrap()];
    let server = with_topic(other.path(), &[public, given, with].concat());
    assert_eq!(certificate_of_a_message(&server), path);
    assert_eq!(get(&server), certificate);
}

#[test]
fn a_key_or_an_authority_that_cannot_be_read_stops_the_start() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.pem"), "no key").unwrap();
    let signing = |key| ["--signing-key", key, "--signing-certificate", key];
    for (arguments, file) in [
        (&signing("none.pem")[..], "none.pem"),
        (&signing("bad.pem"), "bad.pem"),
        (&["--endpoint-roots", "none.pem"], "none.pem"),
        (&["--endpoint-roots", "bad.pem"], "bad.pem"),
    ] {
        let refused =
            run(serve(folder.path(), &[&["--listen", "127.0.0.1:0"], arguments].concat()));
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{error}");
        assert!(error.contains(file), "{file} in {error}");
    }
}
