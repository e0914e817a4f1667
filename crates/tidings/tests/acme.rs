//! A certificate from an authority: the binary against Pebble, the test server of Let's Encrypt.
//!
//! Needs Pebble, which the variable `PEBBLE` names or the search path has: CONTRIBUTING.md.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use tempfile::TempDir;
use tidings_server::DevelopmentCertificates;

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        until(|| self.0.try_wait().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(outcome) = attempt() {
            return outcome;
        }
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks a server at localhost, if its certificate is from this authority: the answer, and the
/// certificate.
fn get(port: u16, authority: &[u8], path: &str) -> Option<(String, Vec<u8>)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let certificate = stream.conn.peer_certificates().unwrap()[0].to_vec();
    Some((answer, certificate))
}

/// Pebble, if there is one.
fn pebble() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&in_path).map(|folder| folder.join("pebble"));
    std::env::var_os("PEBBLE").map(PathBuf::from).into_iter().chain(in_path).find(|p| p.is_file())
}

/// An authority, and what it looks for.
struct Authority {
    port: u16,
    tls_port: u16,
    management_port: u16,
    own: DevelopmentCertificates,
    folder: TempDir,
    _process: Running,
}

impl Authority {
    fn start(pebble: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = DevelopmentCertificates::make(folder.path(), &[]).unwrap();
        let [port, tls_port, management_port] = [(); 3].map(|()| free_port());
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management_port}"),
            "certificate": own.files.certificate,
            "privateKey": own.files.key,
            "httpPort": 0,
            "tlsPort": tls_port,
            "retryAfter": { "authz": 1, "order": 1 },
            "profiles": { "default": { "description": "all", "validityPeriod": 7_776_000 } },
        }});
        let file = folder.path().join("pebble.json");
        fs::write(&file, config.to_string()).unwrap();
        let mut command = Command::new(pebble);
        command.arg("-config").arg(&file).env("PEBBLE_VA_NOSLEEP", "1").stderr(Stdio::null());
        let process = Running::start(&mut command);
        let authority = Self { port, tls_port, management_port, own, folder, _process: process };
        until(|| get(port, &authority.own_root(), "/dir"));
        authority
    }

    /// Whose certificate the authority itself has.
    fn own_root(&self) -> Vec<u8> {
        fs::read(&self.own.authority).unwrap()
    }

    /// What it signs with.
    fn root(&self) -> Vec<u8> {
        let (answer, _) = get(self.management_port, &self.own_root(), "/roots/0").unwrap();
        let (_, pem) = answer.split_once("\r\n\r\n").unwrap();
        pem.as_bytes().to_vec()
    }

    fn serve(&self) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command.current_dir(self.folder.path()).args(["serve", "--acme-domains", "localhost"]);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
                command.env_remove(name);
            }
        }
        command.args(["--listen", &format!("127.0.0.1:{}", self.tls_port)]);
        command.args(["--acme-directory", &format!("https://localhost:{}/dir", self.port)]);
        command.arg("--acme-roots").arg(&self.own.authority);
        command.args(["--acme-email", "ops@example.com"]);
        Running::start(&mut command)
    }
}

#[test]
fn a_certificate_is_asked_for_once_and_kept() {
    let Some(pebble) = pebble() else {
        eprintln!("skipped: there is no Pebble here, see CONTRIBUTING.md");
        return;
    };
    let authority = Authority::start(&pebble);
    let root = authority.root();
    let health = || get(authority.tls_port, &root, "/health");
    let server = authority.serve();
    let (answer, first) = until(health);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    server.stop();

    let kept = authority.folder.path().join("tidings-data/acme");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let accounts: Vec<_> = fs::read_dir(&kept)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    assert_eq!(accounts.len(), 1);
    assert_eq!((mode(&accounts[0]), mode(&kept.join("default/key.pem"))), (0o600, 0o600));

    let server = authority.serve();
    let (_, second) = until(health);
    assert_eq!(first, second, "the one that is there does");
    server.stop();
    // Without it another one is asked for, by the same account.
    fs::remove_dir_all(kept.join("default")).unwrap();
    let account = fs::read(&accounts[0]).unwrap();
    let server = authority.serve();
    let (_, third) = until(health);
    assert_ne!(first, third);
    assert_eq!(fs::read(&accounts[0]).unwrap(), account);
    server.stop();
}
