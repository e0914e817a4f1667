//! A server in a process of its own, killed when it goes out of scope.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tidings_load::{Client, Credentials};
use tidings_sigv4::SecretKey;

use crate::Outcome;

pub(crate) struct Server {
    process: Child,
    pub(crate) client: Client,
}

impl Server {
    /// The release binary on a data folder. Returns when it is ready, and how long that took.
    pub(crate) async fn tidings(data: &Path) -> Outcome<(Self, Duration)> {
        Self::tidings_with(data, &[]).await
    }

    /// The same, with flags of its own.
    pub(crate) async fn tidings_with(data: &Path, flags: &[&str]) -> Outcome<(Self, Duration)> {
        Self::start(data, &[&["--auth=off"], flags].concat(), Stdio::null()).await
    }

    /// The release binary on a folder that is not there yet, with authentication: asked by the root
    /// user, whose access key the first start prints.
    pub(crate) async fn authenticating(data: &Path, flags: &[&str]) -> Outcome<Self> {
        let flags = [&["--auth=on"], flags].concat();
        let (mut server, _) = Self::start(data, &flags, Stdio::piped()).await?;
        let output = server.process.stdout.as_mut().ok_or("no standard output")?;
        let mut greeting = String::new();
        let mut lines = BufReader::new(output);
        while !greeting.contains("aws_secret_access_key") {
            if lines.read_line(&mut greeting)? == 0 {
                return Err("the server shows no access key".into());
            }
        }
        let value = |name| word_after(&greeting, name).ok_or("no access key");
        let key = credentials(value("aws_access_key_id ")?, value("aws_secret_access_key ")?);
        server.client = server.client.of(key);
        Ok(server)
    }

    async fn start(data: &Path, flags: &[&str], output: Stdio) -> Outcome<(Self, Duration)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let process = Command::new(binary()?)
            .args(["serve", "--filter-policies-per-topic=1000000"])
            .args(["--filter-policies-per-account=1000000"])
            .args(["--listen", &address.to_string(), "--data"])
            .arg(data)
            .args(flags)
            .stdout(output)
            .spawn()?;
        let client = Client::plain(address, anybody());
        let server = Self { process, client };
        while started.elapsed() < Duration::from_secs(120) {
            if let Ok(mut connection) = server.client.connect().await
                && connection.get("/health").await.is_ok()
            {
                return Ok((server, started.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the server does not become ready".into())
    }

    /// The server that only answers.
    pub(crate) fn nothing() -> Outcome<Self> {
        let mut process =
            Command::new(std::env::current_exe()?).arg("nothing").stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("no standard output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let client = Client::plain(line.trim().parse()?, anybody());
        Ok(Self { process, client })
    }

    /// Resident memory, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }

    /// Stops it in good order: SIGTERM.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        Command::new("kill").arg(self.process.id().to_string()).status()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An access key.
pub(crate) fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials::new(id.to_owned(), SecretKey::new(secret.to_owned()), "us-east-1".to_owned())
}

/// For servers that do not look.
fn anybody() -> Credentials {
    credentials("AKIAEXAMPLE", "a secret that nobody knows")
}

/// What stands behind a text, up to the next white space or tag.
pub(crate) fn word_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split(|end: char| end.is_whitespace() || end == '<').next()
}

/// Writes a master key that nobody else may read, or the server would not take it; returns its path.
pub(crate) fn write_master_key(folder: &Path) -> Outcome<String> {
    let path = folder.join("key");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(&path)?, "ab".repeat(32).as_bytes())?;
    Ok(path.to_str().ok_or("the folder's name is not text")?.to_owned())
}

fn binary() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("tidings");
    if path.exists() { Ok(path) } else { Err("build first: cargo build --release".into()) }
}
