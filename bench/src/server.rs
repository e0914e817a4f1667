//! A server in a process of its own, killed when it goes out of scope.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::client::Connection;

pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The release binary on a data folder. Returns when it is ready, and how long that took.
    pub(crate) async fn tidings(data: &Path) -> Outcome<(Self, Duration)> {
        Self::tidings_with(data, &[]).await
    }

    /// The same, with flags of its own.
    pub(crate) async fn tidings_with(data: &Path, flags: &[&str]) -> Outcome<(Self, Duration)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let process = Command::new(binary()?)
            .args(["serve", "--auth=off", "--filter-policies-per-topic=1000000"])
            .args(["--filter-policies-per-account=1000000"])
            .args(["--listen", &address.to_string(), "--data"])
            .arg(data)
            .args(flags)
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { process, address };
        while started.elapsed() < Duration::from_secs(120) {
            if let Ok(mut connection) = Connection::open(address).await
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
        Ok(Self { process, address: line.trim().parse()? })
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

fn binary() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("tidings");
    if path.exists() { Ok(path) } else { Err("build first: cargo build --release".into()) }
}
