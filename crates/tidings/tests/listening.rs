//! The binary's ways in: TLS, Unix sockets, several at once, as they are set and as they are told.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/tls.rs"]
mod tls;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustls::{ClientConnection, StreamOwned};
use tempfile::TempDir;
use tidings_server::{DevelopmentCertificates, KeptKeys};

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

const GET_HEALTH: &str = "GET /health HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

/// `tidings serve` in a folder, with nothing set from outside.
fn serve(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.current_dir(folder.path()).arg("serve").args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
            command.env_remove(name);
        }
    }
    command
}

/// A server that listens, and ends with its test.
struct Server {
    process: Child,
    greeting: Vec<String>,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        let mut process = serve(folder, arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut greeting = Vec::new();
        // Its first part ends with an empty line.
        while greeting.last().is_none_or(|line: &String| !line.is_empty()) {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended: {greeting:?}");
            greeting.push(line.trim_end().to_owned());
        }
        Self { process, greeting, stdout }
    }

    /// The rest of the greeting, up to a line with this in it.
    fn greeting_up_to(&mut self, part: &str) -> String {
        let mut greeting = String::new();
        while !greeting.contains(part) {
            assert!(self.stdout.read_line(&mut greeting).unwrap() > 0, "it ended: {greeting}");
        }
        greeting
    }

    /// What follows this on the first line that has it.
    fn named(&self, prefix: &str) -> &str {
        let rest = self.greeting.iter().find_map(|line| line.split_once(prefix));
        let (_, rest) = rest.unwrap_or_else(|| panic!("{prefix} in {:?}", self.greeting));
        rest.split(' ').next().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    fn stop(mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return assert_eq!(status.code(), Some(0));
            }
            assert!(Instant::now() < deadline, "the process does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a server answers on a connection.
fn is_ready(mut stream: impl Read + Write) -> bool {
    stream.write_all(GET_HEALTH.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.starts_with("HTTP/1.1 200 OK\r\n")
}

/// Speaks TLS with a server, trusting an authority.
fn secure(address: &str, authority: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    tls::connect(address, &fs::read(authority).unwrap()).unwrap()
}

#[test]
fn development_over_tls_takes_one_flag_and_the_lines_that_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut authorities = Vec::new();
    for _ in 0..2 {
        let mut server = Server::start(&folder, &["--listen", "127.0.0.1:0", "--tls", "dev"]);
        let address = server.named("listening on https://").to_owned();
        let lines = server.greeting_up_to("URL=");
        let (_, rest) = lines.split_once("export AWS_CA_BUNDLE='").unwrap();
        let authority = Path::new(rest.split('\'').next().unwrap());
        assert!(authority.is_absolute());
        assert!(lines.contains(&format!("URL=https://{address}\n")), "{lines}");
        assert!(is_ready(secure(&address, authority)));
        authorities.push(fs::read(authority).unwrap());
        server.stop();
    }
    assert_eq!(authorities[0], authorities[1], "who trusts it need not do so again");
}

#[test]
fn certificates_are_read_again_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let made = DevelopmentCertificates::make(&folder.path().join("pki"), &[], &KeptKeys::default())
        .unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let certificate = ["--tls-certificate", &text(&made.files.certificate)];
    let key = ["--tls-key", &text(&made.files.key)];
    let listen = ["--listen", "127.0.0.1:0"];
    let server = Server::start(&folder, &[listen, certificate, key].concat());
    let address = server.named("listening on https://");
    let shown = || {
        let mut stream = secure(address, &made.authority);
        stream.write_all(GET_HEALTH.as_bytes()).unwrap();
        stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let first = shown();
    DevelopmentCertificates::make(&folder.path().join("pki"), &[], &KeptKeys::default()).unwrap();
    server.signal(Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while shown() == first {
        assert!(Instant::now() < deadline, "the certificate stays the same");
        std::thread::sleep(Duration::from_millis(10));
    }
    server.stop();
}

#[test]
fn a_unix_socket_is_one_more_place_to_listen() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder, &["--listen", "unix:t.sock"]);
    assert_eq!(server.named("listening on unix:"), "t.sock");
    let path = folder.path().join("t.sock");
    assert!(is_ready(UnixStream::connect(&path).unwrap()));
    server.stop();
    assert!(!path.exists());
}

#[test]
fn the_file_names_several_listeners_and_so_does_the_greeting() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[[listener]]\nid = 'plain'\nlisten = '127.0.0.1:0'\n\
                [[listener]]\nid = 'local'\nlisten = 'unix:t.sock'\nsocket-mode = '0600'\n\
                [[listener]]\nid = 'secure'\nlisten = '127.0.0.1:0'\ntls = 'dev'\n";
    fs::write(folder.path().join("tidings.toml"), file).unwrap();
    let server = Server::start(&folder, &["--config", "tidings.toml"]);
    assert!(is_ready(TcpStream::connect(server.named("listening on http://")).unwrap()));
    assert_eq!(server.named("and on unix:"), "t.sock");
    assert!(is_ready(UnixStream::connect(folder.path().join("t.sock")).unwrap()));
    let authority = folder.path().join("tidings-data/tls/ca.pem");
    assert!(is_ready(secure(server.named("and on https://"), &authority)));
    assert!(server.greeting[2].ends_with(" (secure)"), "{:?}", server.greeting);
    server.stop();
}

#[test]
fn a_way_in_that_cannot_be_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "no socket").unwrap();
    let file = "[[listener]]\nid = 'a'\nlisten = '127.0.0.1:0'\n[[listener.endpoint]]\nid = 'x'\n";
    fs::write(folder.path().join("bad.toml"), file).unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    let files = ["--tls-certificate", "none.pem", "--tls-key", "none.pem"];
    for (arguments, code, parts) in [
        (&["--listen", "unix:file"][..], 1, &["unix:file", "no socket"][..]),
        (&["--listen", "unix:"], 2, &["--listen", "path"]),
        (&[&listen[..], &files].concat(), 1, &["none.pem"]),
        (&["--tls-key", "key.pem"], 1, &["tls-key", "tls-certificate"]),
        (&["--tls", "on"], 2, &["--tls", "dev"]),
        (&["--config", "bad.toml"], 1, &["listener", "a: ", "vpce-"]),
        (&[&listen[..], &["--config", "bad.toml"]].concat(), 1, &["listen", "[[listener]]"]),
    ] {
        let Output { status, stderr, .. } = serve(&folder, arguments).output().unwrap();
        let error = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{error}");
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
