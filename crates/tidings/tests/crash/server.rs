//! The real binary: started, killed, asked to stop.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a start or an orderly stop may take. Only a server that hangs takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to start servers, one after the other, on one data folder.
pub(crate) struct Launcher {
    /// What to start the binary with: nothing, or a program that runs another and its arguments.
    pub(crate) through: Vec<String>,
    pub(crate) data: PathBuf,
    /// What the servers log, one after the other.
    pub(crate) log: PathBuf,
    /// The file with the master key, if the data folder is to be sealed.
    pub(crate) master_key: Option<PathBuf>,
}

impl Launcher {
    pub(crate) fn new(folder: &Path) -> Self {
        let (data, log) = (folder.join("data"), folder.join("server.log"));
        Self { through: Vec::new(), data, log, master_key: None }
    }

    /// One whose servers seal what they keep.
    pub(crate) fn sealed(folder: &Path) -> Self {
        let file = folder.join("master.key");
        fs::write(&file, "5a".repeat(32)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        Self { master_key: Some(file), ..Self::new(folder) }
    }

    /// Starts a process, which will be a server soon. It ends when this is dropped.
    pub(crate) fn spawn(&self) -> Process {
        let binary = env!("CARGO_BIN_EXE_tidings").to_owned();
        let mut words = self.through.iter().chain([&binary]);
        let mut command = Command::new(words.next().expect("the binary at least"));
        command
            .args(words)
            .args(["serve", "--auth", "off", "--listen", "127.0.0.1:0", "--data"])
            .arg(&self.data);
        command.args(["--purge-cooldown-seconds", "0", "--queue-delete-cooldown-seconds", "0"]);
        if let Some(file) = &self.master_key {
            command.arg("--master-key-file").arg(file);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TIDINGS_")) {
                command.env_remove(name);
            }
        }
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        Process(command.spawn().unwrap())
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn start(&self) -> Server {
        let mut process = self.spawn();
        let stdout = process.0.stdout.take().expect("it is piped");
        let mut stdout = BufReader::new(stdout);
        let mut greeting = String::new();
        let began = Instant::now();
        stdout.read_line(&mut greeting).unwrap();
        let address = greeting.trim_end().rsplit_once("http://").map(|(_, address)| address);
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            panic!("the server does not start: {greeting:?}\n{}", self.log_end());
        };
        Server { process, address, started_in: began.elapsed(), _stdout: stdout }
    }

    /// What the servers complained of.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let complains = |line: &&str| line.contains(" ERROR ") || line.contains("panicked at");
        log.lines().filter(complains).map(str::to_owned).collect()
    }

    /// The last lines of the log.
    pub(crate) fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// The number of the log's oldest segment: above 0, space has come back from its front. `None`
    /// if the data folder cannot be seen from here.
    pub(crate) fn oldest_segment(&self) -> Option<u64> {
        let files = fs::read_dir(self.data.join("shard-0")).ok()?;
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.strip_suffix(".segment")?.parse().ok()).min()
    }
}

/// A process that is killed when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// As kill -9 does. Returns when it is gone.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server that listens.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) started_in: Duration,
    /// Open, for a server writes the rest of its greeting there.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.process.0), Signal::TERM).unwrap();
    }

    /// Waits for the end of a server that was asked to stop.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop in {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
