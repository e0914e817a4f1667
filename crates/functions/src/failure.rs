//! What is answered for a function that could not answer itself, in the words of AWS.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::limits::RESPONSE_BYTES_MAX;

/// How a function failed without saying so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// It took longer than this.
    TimedOut(Duration),
    /// Its process ended in the middle.
    Exited(ExitStatus),
    /// Its folder has nothing that can be started: what was looked for, [as AWS calls it](in_task).
    NoBootstrap(String),
    /// The system refused to start what is in its folder, [as AWS calls it](in_task).
    NotExecutable { program: String, problem: String },
    /// Its result is larger than [`RESPONSE_BYTES_MAX`].
    ResponseTooLarge,
}

impl Failure {
    /// `errorType` of the answer.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::Exited(_) => "Runtime.ExitError",
            Self::NoBootstrap(_) | Self::NotExecutable { .. } => "Runtime.InvalidEntrypoint",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
        }
    }

    /// The answer: an object with `errorType` and `errorMessage`.
    pub(crate) fn payload(&self, request_id: &str) -> Bytes {
        let message = match self {
            Self::ResponseTooLarge => self.text(),
            _ => format!("RequestId: {request_id} Error: {}", self.text()),
        };
        json!({ "errorType": self.error_type(), "errorMessage": message }).to_string().into()
    }

    /// What is wrong, as the log has it too.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::TimedOut(timeout) => {
                format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
            }
            Self::Exited(status) if status.success() => {
                "Runtime exited without providing a reason".to_owned()
            }
            Self::Exited(status) => format!("Runtime exited with error: {}", describe(*status)),
            Self::NoBootstrap(path) => format!("Couldn't find valid bootstrap(s): [{path}]"),
            Self::NotExecutable { program, problem } => format!("fork/exec {program}: {problem}"),
            Self::ResponseTooLarge => format!(
                "Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."
            ),
        }
    }
}

/// An exit as AWS writes it: `exit status 1`, `signal: killed`.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {}", signal_name(signal)),
        (None, None) => "unknown".to_owned(),
    }
}

/// The signals that end processes, by their numbers on every system that has hosted functions.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        24 => "CPU time limit exceeded",
        25 => "file size limit exceeded",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// What AWS calls a file in a function's folder, wherever that is here. `None` for others.
pub(crate) fn in_task(file: &Path, folder: &Path) -> Option<String> {
    let file = file.strip_prefix(folder).ok()?;
    Some(Path::new("/var/task").join(file).display().to_string())
}

/// What the system says, without its number and in lower case: `permission denied`.
pub(crate) fn system_problem(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(failure: &Failure) -> serde_json::Value {
        serde_json::from_slice(&failure.payload("r-1")).unwrap()
    }

    #[test]
    fn failures_are_told_in_the_words_of_aws() {
        let cases = [
            (
                Failure::TimedOut(Duration::from_millis(3000)),
                "Sandbox.Timedout",
                "RequestId: r-1 Error: Task timed out after 3.00 seconds",
            ),
            (
                Failure::Exited(ExitStatus::from_raw(1 << 8)),
                "Runtime.ExitError",
                "RequestId: r-1 Error: Runtime exited with error: exit status 1",
            ),
            (
                Failure::Exited(ExitStatus::from_raw(9)),
                "Runtime.ExitError",
                "RequestId: r-1 Error: Runtime exited with error: signal: killed",
            ),
            (
                Failure::Exited(ExitStatus::from_raw(0)),
                "Runtime.ExitError",
                "RequestId: r-1 Error: Runtime exited without providing a reason",
            ),
            (
                Failure::NotExecutable {
                    program: in_task(Path::new("/code/bootstrap"), Path::new("/code")).unwrap(),
                    problem: system_problem(&io::Error::from_raw_os_error(13)),
                },
                "Runtime.InvalidEntrypoint",
                "RequestId: r-1 Error: fork/exec /var/task/bootstrap: permission denied",
            ),
            (
                Failure::ResponseTooLarge,
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            ),
        ];
        for (failure, error_type, message) in cases {
            assert_eq!(answer(&failure)["errorType"], error_type);
            assert_eq!(answer(&failure)["errorMessage"], message);
        }
    }
}
