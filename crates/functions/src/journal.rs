//! The log of an invocation, and the lines that the host writes into it, as AWS does.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::failure::Failure;
use crate::log::Tail;
use crate::process::Process;

/// The log of an invocation, over all processes that were started for it.
#[derive(Default)]
pub(crate) struct Journal {
    /// Of those that are over.
    earlier: Tail,
    process: Option<Arc<Process>>,
    /// Whether its first line is there.
    begun: bool,
}

impl Journal {
    /// From now on the log is this process's.
    pub(crate) fn follow(&mut self, process: &Arc<Process>) {
        let earlier = self.process.replace(Arc::clone(process));
        if let Some(earlier) = earlier {
            self.earlier.push(&earlier.log.end(""));
        }
    }

    /// Adds the line that the log of an invocation begins with, unless it is there.
    pub(crate) fn start(&mut self, request_id: &str, version: &str) {
        if !std::mem::replace(&mut self.begun, true) {
            self.line(&format!("START RequestId: {request_id} Version: {version}"));
        }
    }

    /// Adds a line after what has been printed until now.
    pub(crate) fn line(&mut self, line: &str) {
        match &self.process {
            Some(process) => process.log.line(line),
            None => self.earlier.push(format!("{line}\n").as_bytes()),
        }
    }

    /// Adds the last lines. The end of it all is what an answer can carry.
    pub(crate) fn end(&mut self, report: &Report<'_>) -> Vec<u8> {
        let lines = format!("END RequestId: {}\n{}\n", report.request_id, report.line());
        let last = match self.process.take() {
            Some(process) => process.log.end(&lines),
            None => lines.into_bytes(),
        };
        self.earlier.push(&last);
        self.earlier.take()
    }
}

/// What the line `REPORT` says.
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) duration: Duration,
    /// Of a start that was not part of the invocation.
    pub(crate) init_duration: Option<Duration>,
    /// The memory that the function asked for.
    pub(crate) size_mib: u32,
    /// The most that its process is known to have used.
    pub(crate) used_mib: u64,
    pub(crate) failure: Option<&'a Failure>,
}

impl Report<'_> {
    fn line(&self) -> String {
        let Self { request_id, size_mib, used_mib, .. } = self;
        let duration_ms = milliseconds(self.duration);
        let billed_ms = duration_ms.ceil();
        let mut line = format!(
            "REPORT RequestId: {request_id}\tDuration: {duration_ms:.2} ms\t\
             Billed Duration: {billed_ms} ms\tMemory Size: {size_mib} MB\t\
             Max Memory Used: {used_mib} MB\t"
        );
        if let Some(init) = self.init_duration {
            line += &format!("Init Duration: {:.2} ms\t", milliseconds(init));
        }
        match self.failure {
            Some(Failure::TimedOut(_)) => line += "Status: timeout",
            Some(failure) => {
                line += &format!("Status: error\tError Type: {}", failure.error_type());
            }
            None => {}
        }
        line
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// What the log has of a start that failed, before the start that is part of the invocation.
pub(crate) fn init_report(failure: Option<&Failure>, duration: Duration) -> String {
    let status = match failure {
        Some(Failure::TimedOut(_)) => "timeout".to_owned(),
        Some(failure) => format!("error\tError Type: {}", failure.error_type()),
        None => "error\tError Type: Runtime.Unknown".to_owned(),
    };
    let duration_ms = milliseconds(duration);
    format!("INIT_REPORT Init Duration: {duration_ms:.2} ms\tPhase: init\tStatus: {status}")
}

/// What the log has of an invocation that failed without the function saying so.
pub(crate) fn failure_lines(failure: &Failure, request_id: &str) -> String {
    let text = failure.text();
    match failure {
        Failure::TimedOut(_) => format!("{} {request_id} {text}", timestamp()),
        _ => format!("RequestId: {request_id} Error: {text}\n{}", failure.error_type()),
    }
}

/// Now, as `2026-11-23T22:58:28.123Z`.
fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let ((year, month, day), (hour, minute, second, ms)) =
        (now.to_calendar_date(), now.time().as_hms_milli());
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_the_members_of_awss() {
        let timed_out = Failure::TimedOut(Duration::from_secs(3));
        let report = Report {
            request_id: "r-1",
            duration: Duration::from_micros(12_300),
            init_duration: Some(Duration::from_millis(250)),
            size_mib: 128,
            used_mib: 41,
            failure: None,
        };
        let usual = "REPORT RequestId: r-1\tDuration: 12.30 ms\tBilled Duration: 13 ms\t\
                     Memory Size: 128 MB\tMax Memory Used: 41 MB\tInit Duration: 250.00 ms\t";
        assert_eq!(report.line(), usual);
        let report = Report { failure: Some(&timed_out), init_duration: None, ..report };
        assert!(report.line().ends_with("Max Memory Used: 41 MB\tStatus: timeout"));
        assert!(init_report(Some(&timed_out), report.duration).ends_with("\tStatus: timeout"));
    }
}
