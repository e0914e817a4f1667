//! The audit log: who asked for what, from where, and whether it was allowed and why. One JSON object
//! a line.
//!
//! Lines are gathered in memory and written within [`FLUSH_EVERY`], and at once when the server stops:
//! a crash can take the last of them along. When the file is moved away, as tools that rotate logs do
//! it, a new one is begun.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Serialize;
use tracing::error;

/// How long a line may stay in memory.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// Bytes that are gathered before they are written.
const GATHERED_BYTES: usize = 64 << 10;

/// What is written down.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AuditLevel {
    /// What was refused.
    Denied,
    /// Also what changes queues, topics, principals or keys.
    Changes,
    /// Everything, each message sent and received too.
    All,
}

/// An open audit log. Dropping it writes what is left.
pub struct AuditLog {
    level: AuditLevel,
    out: Arc<Mutex<Out>>,
    stop: Option<Sender<()>>,
    flusher: Option<JoinHandle<()>>,
}

/// One decision. What is `None` does not appear.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    /// When, as ISO 8601 in UTC.
    pub(crate) time: String,
    pub(crate) request_id: String,
    /// The caller's ARN, or `anonymous`; not of one who could not be authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source_ip: Option<String>,
    pub(crate) listener: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate: Option<&'a str>,
    pub(crate) secure: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<&'a str>,
    pub(crate) decision: Verdict,
    /// The statement that allows, or what the caller was told.
    pub(crate) reason: String,
}

/// What came of it.
#[derive(Serialize, Copy, Clone, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Allowed,
    Denied,
}

struct Out {
    path: PathBuf,
    file: BufWriter<File>,
    /// Whether the last write failed: said once, not for every line.
    is_failing: bool,
}

impl AuditLog {
    /// Opens a file to append to. One that is made can be read by its owner only.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path, level: AuditLevel) -> io::Result<Self> {
        let out = Out { path: path.to_owned(), file: open(path)?, is_failing: false };
        let out = Arc::new(Mutex::new(out));
        let (stop, stopped) = mpsc::channel::<()>();
        let flushed = Arc::clone(&out);
        let flusher = thread::Builder::new().name("tidings-audit".into()).spawn(move || {
            while stopped.recv_timeout(FLUSH_EVERY) == Err(RecvTimeoutError::Timeout) {
                lock(&flushed).flush();
            }
            lock(&flushed).flush();
        })?;
        Ok(Self { level, out, stop: Some(stop), flusher: Some(flusher) })
    }

    /// Whether a decision about an action is written down.
    pub(crate) fn wants(&self, verdict: Verdict, action: &str) -> bool {
        match self.level {
            AuditLevel::All => true,
            AuditLevel::Changes => verdict == Verdict::Denied || is_change(action),
            AuditLevel::Denied => verdict == Verdict::Denied,
        }
    }

    pub(crate) fn write(&self, event: &Event<'_>) {
        let mut line = match serde_json::to_vec(event) {
            Ok(line) => line,
            Err(problem) => return error!("cannot write an event of the audit log: {problem}"),
        };
        line.push(b'\n');
        lock(&self.out).write(&line);
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.flusher.take().is_some_and(|flusher| flusher.join().is_err()) {
            error!("the thread of the audit log failed");
        }
    }
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditLog({:?})", self.level)
    }
}

/// Actions that only read, or that are the traffic itself.
fn is_change(action: &str) -> bool {
    const TRAFFIC: [&str; 9] = [
        "SendMessage",
        "ReceiveMessage",
        "DeleteMessage",
        "ChangeMessageVisibility",
        "Publish",
        "Encrypt",
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
    ];
    const READS: [&str; 4] = ["Get", "List", "Describe", "Check"];
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    !TRAFFIC.contains(&name) && !READS.iter().any(|start| name.starts_with(start))
}

impl Out {
    fn write(&mut self, line: &[u8]) {
        let written = self.file.write_all(line);
        self.note(&written);
    }

    fn flush(&mut self) {
        let flushed = self.file.flush();
        self.note(&flushed);
        if !self.is_there()
            && let Ok(file) = open(&self.path)
        {
            self.file = file;
        }
    }

    fn note(&mut self, outcome: &io::Result<()>) {
        if let Err(problem) = outcome
            && !self.is_failing
        {
            error!("cannot write the audit log {}: {problem}", self.path.display());
        }
        self.is_failing = outcome.is_err();
    }

    /// Whether the open file is still the one of this name.
    #[cfg(unix)]
    fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let id = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
        let (open, named) = (self.file.get_ref().metadata(), std::fs::metadata(&self.path));
        matches!((open, named), (Ok(open), Ok(named)) if id(&open) == id(&named))
    }

    #[cfg(not(unix))]
    fn is_there(&self) -> bool {
        self.path.exists()
    }
}

fn open(path: &Path) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(BufWriter::with_capacity(GATHERED_BYTES, options.open(path)?))
}

fn lock(out: &Mutex<Out>) -> std::sync::MutexGuard<'_, Out> {
    out.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(reason: &str) -> Event<'_> {
        Event {
            time: "2027-01-15T08:00:00.000Z".into(),
            request_id: "1".into(),
            principal: Some("arn:aws:iam::000000000000:root"),
            access_key_id: None,
            source_ip: Some("192.0.2.1".into()),
            listener: "default",
            vpc_endpoint: None,
            client_certificate: None,
            secure: false,
            user_agent: Some("a \"b\"\n"),
            action: "sqs:SendMessage",
            resource: Some("arn:aws:sqs:us-east-1:000000000000:orders"),
            decision: Verdict::Allowed,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn an_event_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for _ in 0..2 {
            let log = AuditLog::open(&path, AuditLevel::All).unwrap();
            log.write(&event("root"));
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let line = concat!(
            r#"{"time":"2027-01-15T08:00:00.000Z","requestId":"1","#,
            r#""principal":"arn:aws:iam::000000000000:root","#,
            r#""sourceIp":"192.0.2.1","listener":"default","secure":false,"#,
            r#""userAgent":"a \"b\"\n","#,
            r#""action":"sqs:SendMessage","#,
            r#""resource":"arn:aws:sqs:us-east-1:000000000000:orders","decision":"allowed","#,
            r#""reason":"root"}"#,
        );
        assert_eq!(text, format!("{line}\n{line}\n"));
    }

    #[test]
    fn a_file_that_is_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("audit.jsonl"), folder.path().join("old"));
        let log = AuditLog::open(&path, AuditLevel::All).unwrap();
        log.write(&event("before"));
        std::fs::rename(&path, &old).unwrap();
        lock(&log.out).flush();
        log.write(&event("after"));
        drop(log);
        assert!(std::fs::read_to_string(&old).unwrap().contains("before"));
        assert!(std::fs::read_to_string(&path).unwrap().contains("after"));
    }

    #[test]
    fn a_level_says_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let wants = |level, verdict, action| {
            AuditLog::open(&folder.path().join("a"), level).unwrap().wants(verdict, action)
        };
        use AuditLevel::{All, Changes, Denied};
        for (action, levels) in [
            ("sqs:SendMessage", [true, false, false]),
            ("sqs:GetQueueUrl", [true, false, false]),
            ("sqs:CreateQueue", [true, true, false]),
            ("iam:CreateAccessKey", [true, true, false]),
        ] {
            let allowed =
                [All, Changes, Denied].map(|level| wants(level, Verdict::Allowed, action));
            assert_eq!(allowed, levels, "{action}");
            let denied = [All, Changes, Denied].map(|level| wants(level, Verdict::Denied, action));
            assert_eq!(denied, [true; 3], "{action}");
        }
    }
}
