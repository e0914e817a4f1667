//! A key that a command prints.
//!
//! The command is split into words as a shell would, quotes included, and run without one: it works
//! in images that have no shell, and nothing in it means more than it says. Who wants a pipe writes
//! `sh -c '…'`.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use tidings_seal::MasterKey;
use zeroize::Zeroizing;

use super::source::parse;

/// How long a command may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How long its output may take to arrive when the time is over.
const OUTPUT_TIME_MAX: Duration = Duration::from_secs(1);
/// How often to look whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Bytes of either output that are kept. What comes behind them is read and dropped.
const OUTPUT_BYTES_MAX: u64 = 4096;

/// Why a command gave no key. What it printed as a key is not shown; its standard error is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("master-key-command: there is no command, or a quote in it is not closed")]
    NoCommand,
    #[error("master-key-command: cannot run {program}")]
    NotRun { program: String, source: io::Error },
    #[error("master-key-command: {program} ended with {status}{}", shown(.stderr))]
    Failed { program: String, status: ExitStatus, stderr: String },
    #[error(
        "master-key-command: {program} did not end within {} seconds{}",
        .time.as_secs(), shown(.stderr)
    )]
    TooLong { program: String, time: Duration, stderr: String },
    #[error(
        "master-key-command: what {program} printed is no key: a key is 64 hexadecimal digits, or \
         32 bytes in base64{}",
        shown(.stderr)
    )]
    NoKey { program: String, stderr: String },
}

fn shown(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        stderr => format!(", saying:\n{stderr}"),
    }
}

/// Runs a command, and reads the key from its standard output.
pub(super) fn run(command: &str) -> Result<MasterKey, CommandError> {
    run_within(command, TIME_MAX)
}

fn run_within(command: &str, time: Duration) -> Result<MasterKey, CommandError> {
    let deadline = Instant::now() + time;
    let words = shlex::split(command).ok_or(CommandError::NoCommand)?;
    let (program, arguments) = words.split_first().ok_or(CommandError::NoCommand)?;
    let program = program.clone();
    let mut running = match start(&program, arguments) {
        Ok(running) => running,
        Err(source) => return Err(CommandError::NotRun { program, source }),
    };
    let stdout = running.0.stdout.take().map(collect);
    let stderr = running.0.stderr.take().map(collect);
    let status = running.wait_until(deadline);
    running.end();
    // Somebody else may hold the other ends, and is not waited for as long as the command.
    let output = |receiver: Option<Receiver<Zeroizing<Vec<u8>>>>| {
        let left = deadline.saturating_duration_since(Instant::now()).max(OUTPUT_TIME_MAX);
        receiver.and_then(|receiver| receiver.recv_timeout(left).ok())
    };
    let (stdout, stderr) = (output(stdout), output(stderr));
    let stderr = stderr.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
    match (status, stdout) {
        (Ok(Some(status)), Some(text)) if status.success() => {
            parse(&text).ok_or(CommandError::NoKey { program, stderr })
        }
        (Ok(Some(status)), _) if !status.success() => {
            Err(CommandError::Failed { program, status, stderr })
        }
        (Ok(_), _) => Err(CommandError::TooLong { program, time, stderr }),
        (Err(source), _) => Err(CommandError::NotRun { program, source }),
    }
}

fn start(program: &str, arguments: &[String]) -> io::Result<Running> {
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it has started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(Running)
}

/// A process that ends with this value.
struct Running(Child);

impl Running {
    fn wait_until(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends it, unless it has ended already.
    fn end(&mut self) {
        // One that has been waited for has no group any more that could be meant.
        if let Ok(Some(_)) = self.0.try_wait() {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            // It may end at this moment.
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads an output to its end, on a thread of its own, and gives its beginning.
fn collect(mut output: impl Read + Send + 'static) -> Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Zeroizing::new(Vec::with_capacity(OUTPUT_BYTES_MAX as usize));
        let read = output.by_ref().take(OUTPUT_BYTES_MAX).read_to_end(&mut kept);
        // A command that cannot write its output on would not end. Nobody may wait any more.
        let _ = read.and_then(|_| io::copy(&mut output, &mut io::sink()));
        let _ = sender.send(kept);
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn refused(command: &str) -> String {
        run(command).unwrap_err().to_string()
    }

    #[test]
    fn the_key_is_what_the_command_prints() {
        let key = "ab".repeat(32);
        for command in [
            format!("echo {key}"),
            format!("sh -c 'printf %s \"{key}\"; echo a word to people >&2'"),
            format!("sh -c 'echo {key} | cat; yes | head -c 1000000 >&2'"),
        ] {
            let read = run(&command).unwrap();
            assert_eq!(read.fingerprint(), MasterKey::new([0xab; 32]).fingerprint(), "{command}");
        }
    }

    #[test]
    fn a_command_that_fails_says_why() {
        let error = refused("sh -c 'echo the vault is closed >&2; exit 3'");
        for part in ["sh", "3", "the vault is closed"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn what_is_no_key_is_not_shown() {
        for command in ["echo hunter2", "sh -c 'yes hunter2 | head -c 100000'", "true"] {
            let error = refused(command);
            assert!(error.contains("no key") && !error.contains("hunter2 "), "{error}");
            assert!(!error.contains("hunter2\n"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_named() {
        for (command, part) in [
            ("", "no command"),
            ("  ", "no command"),
            ("sh -c 'open", "quote"),
            ("no-such-program-at-all x", "no-such-program-at-all"),
        ] {
            let error = refused(command);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn no_shell_reads_the_command() {
        let error = refused("echo $HOME > here | cat");
        assert!(error.contains("no key"), "{error}");
        assert!(!std::path::Path::new("here").exists());
    }

    #[test]
    fn a_command_that_does_not_end_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let command =
            format!("sh -c 'echo waiting >&2; sleep 600 & echo $! > {}; wait'", file.display());
        let error = run_within(&command, Duration::from_millis(500)).unwrap_err();
        assert!(matches!(error, CommandError::TooLong { .. }), "{error}");
        assert!(error.to_string().contains("waiting"), "{error}");
        let pid = std::fs::read_to_string(file).unwrap();
        let mut tries = 0;
        while std::process::Command::new("kill")
            .args(["-0", pid.trim()])
            .output()
            .unwrap()
            .status
            .success()
        {
            // It may be a zombie for as long as nobody has taken note of its end.
            let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            if state.is_ok_and(|state| state.contains(") Z ")) {
                break;
            }
            tries += 1;
            assert!(tries < 1000, "what it started goes on");
            thread::sleep(LOOK_EVERY);
        }
    }
}
