//! A certificate from an authority: the binary against Pebble, the test server of Let's Encrypt.
//!
//! Needs Pebble, which the variable `PEBBLE` names or the search path has. `./test` sees to that; who
//! runs these tests alone, without either, is told that they were skipped: CONTRIBUTING.md.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/tls.rs"]
mod tls;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tidings_server::{DevelopmentCertificates, KeptKeys};

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
    let mut stream = tls::connect(&format!("127.0.0.1:{port}"), authority).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let certificate = stream.conn.peer_certificates().unwrap()[0].to_vec();
    Some((answer, certificate))
}

/// Pebble, if there is one. One that is named has to be there.
fn pebble() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PEBBLE") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "PEBBLE names no file: {}", named.display());
        return Some(named);
    }
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&in_path).map(|folder| folder.join("pebble")).find(|p| p.is_file());
    if found.is_none() {
        eprintln!("skipped: there is no Pebble here, see CONTRIBUTING.md");
    }
    found
}

/// Every file in a folder, and in those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
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
        let own = DevelopmentCertificates::make(folder.path(), &[], &KeptKeys::default()).unwrap();
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

    fn serve(&self, arguments: &[&str]) -> Running {
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
        command.args(["--acme-email", "ops@example.com"]).args(arguments);
        Running::start(&mut command)
    }
}

#[test]
fn a_certificate_is_asked_for_once_and_kept() {
    let Some(pebble) = pebble() else { return };
    let authority = Authority::start(&pebble);
    let root = authority.root();
    let health = || get(authority.tls_port, &root, "/health");
    let server = authority.serve(&[]);
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

    let server = authority.serve(&[]);
    let (_, second) = until(health);
    assert_eq!(first, second, "the one that is there does");
    server.stop();
    // Without it another one is asked for, by the same account.
    fs::remove_dir_all(kept.join("default")).unwrap();
    let account = fs::read(&accounts[0]).unwrap();
    let server = authority.serve(&[]);
    let (_, third) = until(health);
    assert_ne!(first, third);
    assert_eq!(fs::read(&accounts[0]).unwrap(), account);
    server.stop();
}

/// With a master key, neither the certificate's key nor the account's lies in the data folder as it
/// is, and both are found again.
#[test]
fn keys_are_sealed_with_a_master_key() {
    let Some(pebble) = pebble() else { return };
    let authority = Authority::start(&pebble);
    let root = authority.root();
    let health = || get(authority.tls_port, &root, "/health");
    let key = authority.folder.path().join("master.key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let sealed = ["--master-key-file", key.to_str().unwrap()];
    let data = authority.folder.path().join("tidings-data");
    let account = || {
        let accounts = files(&data.join("acme")).into_iter();
        let mut accounts =
            accounts.filter(|path| path.file_name().unwrap().to_str().unwrap().contains("account"));
        fs::read(accounts.next().unwrap()).unwrap()
    };

    // The first start has no master key.
    let server = authority.serve(&[]);
    let (_, first) = until(health);
    server.stop();
    assert!(holds(&account(), "key_pkcs8"));
    let mut change = Command::new(env!("CARGO_BIN_EXE_tidings"));
    change.args(["master-key", "change", "--new-master-key-file", key.to_str().unwrap()]);
    assert!(change.arg("--data").arg(&data).status().unwrap().success());

    let server = authority.serve(&sealed);
    let (_, second) = until(health);
    assert_eq!(first, second, "the one that is there does");
    server.stop();
    fs::remove_dir_all(data.join("acme/default")).unwrap();
    let before = account();
    let server = authority.serve(&sealed);
    let (_, third) = until(health);
    assert_ne!(first, third);
    server.stop();
    assert_eq!(account(), before, "the same account asks");
    for path in files(&data) {
        let content = fs::read(&path).unwrap();
        for secret in ["PRIVATE KEY", "key_pkcs8"] {
            assert!(!holds(&content, secret), "{secret} in {path:?}");
        }
    }
}

fn holds(content: &[u8], text: &str) -> bool {
    // Zeros are most of a segment, and nothing of what is looked for.
    let end = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    content[..end].windows(text.len()).any(|window| window == text.as_bytes())
}
