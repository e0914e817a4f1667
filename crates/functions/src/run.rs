//! One invocation, from a place in the pool to its outcome.
//!
//! ```text
//!  a process that idles ───────────────────────────► give ──► answer, exit or timeout
//!  a new one ──► init, up to 10 s ── ready ──────────┘
//!                  └─ failed, over time ──► once more, as part of the invocation ──┘
//! ```
//!
//! That a start which failed is tried again within the invocation is what AWS does ("suppressed
//! init"): initialisation that fails runs twice.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::desk::{Answer, Event, Readiness};
use crate::failure::Failure;
use crate::host::Place;
use crate::log::Tail;
use crate::process::{Process, StartFault};
use crate::{FunctionError, FunctionSpec, Invocation, InvokeFault, Invoked};

/// An invocation whose headers are known to be possible.
pub(crate) struct Prepared {
    request_id: String,
    headers: HeaderMap,
    payload: Bytes,
}

impl Prepared {
    pub(crate) fn new(spec: &FunctionSpec, invocation: Invocation) -> Result<Self, InvokeFault> {
        let Invocation { request_id, payload, client_context, trace_id } = invocation;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let printable =
            !request_id.is_empty() && request_id.bytes().all(|byte| byte.is_ascii_graphic());
        let id = HeaderValue::from_str(&request_id).ok().filter(|_| printable);
        let id = id.ok_or(InvokeFault::InvalidRequestId)?;
        headers.insert(HeaderName::from_static("lambda-runtime-aws-request-id"), id);
        if let Ok(arn) = HeaderValue::from_str(&spec.arn) {
            headers.insert(HeaderName::from_static("lambda-runtime-invoked-function-arn"), arn);
        }
        if let Some(trace_id) = trace_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            headers.insert(HeaderName::from_static("lambda-runtime-trace-id"), trace_id);
        }
        if let Some(context) = client_context {
            // Written anew, it has no line breaks, whatever it had before.
            let context = serde_json::from_str::<serde_json::Value>(&context).ok();
            let context = context.filter(serde_json::Value::is_object);
            let context = context.and_then(|context| HeaderValue::from_str(&ascii(&context)).ok());
            let context = context.ok_or(InvokeFault::InvalidClientContext)?;
            headers.insert(HeaderName::from_static("lambda-runtime-client-context"), context);
        }
        Ok(Self { request_id, headers, payload })
    }

    fn event(&self, deadline: SystemTime) -> Event {
        let mut headers = self.headers.clone();
        let epoch_ms = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        if let Ok(value) = HeaderValue::from_str(&epoch_ms.to_string()) {
            headers.insert(HeaderName::from_static("lambda-runtime-deadline-ms"), value);
        }
        let request_id = self.request_id.clone();
        Event { request_id, headers, payload: self.payload.clone() }
    }
}

/// JSON in ASCII, which is all that every HTTP library takes in a header.
fn ascii(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        match letter.is_ascii() {
            true => text.push(letter),
            false => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    text += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    text
}

/// Runs an invocation. The place goes back to the pool if its process can be used again.
pub(crate) async fn run(
    place: Place,
    spec: Arc<FunctionSpec>,
    prepared: Prepared,
) -> Result<Invoked, InvokeFault> {
    let journal = Journal::default();
    Run { place, spec, prepared, journal, init_duration: None }.run().await
}

struct Run {
    place: Place,
    spec: Arc<FunctionSpec>,
    prepared: Prepared,
    journal: Journal,
    /// How long a start took that was not part of the invocation.
    init_duration: Option<Duration>,
}

/// How an invocation ended: what the function said, or what is said for it.
type Outcome = Result<(Bytes, Option<FunctionError>), Failure>;

/// What came of a start.
enum Start {
    Ready(Arc<Process>),
    /// It failed, and is tried once more.
    Failed(Outcome),
    /// There is nothing that could be started.
    Impossible(Failure),
}

impl Run {
    async fn run(mut self) -> Result<Invoked, InvokeFault> {
        let since = Instant::now();
        if let Some(process) = self.place.process.clone() {
            process.log.clear();
            self.journal.follow(&process);
            self.line_start();
            if let Some(answered) = self.give(&process, since) {
                let outcome = self.wait(&process, answered, since).await?;
                return Ok(self.conclude(outcome, since));
            }
            // It ended while it idled, or lost its connection: another one takes its place.
            self.end(&process).await?;
        }
        self.run_in_new_process().await
    }

    async fn run_in_new_process(mut self) -> Result<Invoked, InvokeFault> {
        let begun = Instant::now();
        let first = self.start(begun + self.place.shared.config.init_timeout).await?;
        let mut since = Instant::now();
        let start = match first {
            Start::Failed(outcome) => {
                let outcome = outcome.as_ref().err();
                self.journal.line(&init_report(outcome, begun.elapsed()));
                self.line_start();
                since = Instant::now();
                self.start(since + self.spec.timeout).await?
            }
            other => {
                self.init_duration = Some(since - begun);
                self.line_start();
                other
            }
        };
        let outcome = match start {
            Start::Failed(outcome) => outcome,
            Start::Impossible(failure) => Err(failure),
            Start::Ready(process) => match self.give(&process, since) {
                Some(answered) => self.wait(&process, answered, since).await?,
                None => Err(Failure::Exited(self.end(&process).await?)),
            },
        };
        Ok(self.conclude(outcome, since))
    }

    /// Starts a process, and waits until it asks for the event.
    async fn start(&mut self, until: Instant) -> Result<Start, InvokeFault> {
        let shared = Arc::clone(&self.place.shared);
        let process = match shared.starter().start(&self.spec).await {
            Ok(process) => Arc::new(process),
            Err(StartFault::Function(failure)) => return Ok(Start::Impossible(failure)),
            Err(StartFault::Runtime(problem)) => {
                return Err(InvokeFault::InvalidRuntime { problem });
            }
            Err(StartFault::System(problem)) => return Err(InvokeFault::Unavailable { problem }),
        };
        self.place.process = Some(Arc::clone(&process));
        self.journal.follow(&process);
        if !shared.pool().started(self.place.number, &process) {
            return Err(InvokeFault::Stopping);
        }
        let failed = tokio::select! {
            biased;
            readiness = process.desk.readiness() => match readiness {
                Readiness::Ready => return Ok(Start::Ready(process)),
                Readiness::InitFailed(answer) => Some(outcome(answer)),
                Readiness::Closed => None,
            },
            _ = process.ended() => None,
            () = sleep_until(until) => Some(Err(Failure::TimedOut(self.spec.timeout))),
        };
        let status = self.end(&process).await.map_err(|_| InvokeFault::Stopping)?;
        Ok(Start::Failed(failed.unwrap_or(Err(Failure::Exited(status)))))
    }

    /// Gives a process the event. `since` is when its time began.
    fn give(&self, process: &Process, since: Instant) -> Option<oneshot::Receiver<Answer>> {
        let left = (since + self.spec.timeout).saturating_duration_since(Instant::now());
        process.desk.give(self.prepared.event(SystemTime::now() + left))
    }

    /// Waits for what comes of the event.
    async fn wait(
        &self,
        process: &Arc<Process>,
        mut answered: oneshot::Receiver<Answer>,
        since: Instant,
    ) -> Result<Outcome, InvokeFault> {
        let answer = tokio::select! {
            biased;
            answer = &mut answered => answer.ok(),
            _ = process.ended() => answered.try_recv().ok(),
            () = sleep_until(since + self.spec.timeout) => {
                self.end(process).await?;
                return Ok(Err(Failure::TimedOut(self.spec.timeout)));
            }
        };
        match answer {
            Some(answer) => Ok(outcome(answer)),
            None => Ok(Err(Failure::Exited(self.end(process).await?))),
        }
    }

    /// Ends a process. When the host is being stopped, that it ended says nothing of the function.
    async fn end(&self, process: &Process) -> Result<ExitStatus, InvokeFault> {
        process.kill();
        let status = process.ended().await;
        match self.place.shared.pool().is_stopping() {
            true => Err(InvokeFault::Interrupted),
            false => Ok(status),
        }
    }

    /// Writes the last lines, and lets the process wait for the next invocation.
    fn conclude(mut self, outcome: Outcome, since: Instant) -> Invoked {
        let request_id = self.prepared.request_id.as_str();
        let mut duration = since.elapsed();
        if let Err(failure) = &outcome {
            self.journal.line(&failure_lines(failure, request_id));
            if let Failure::TimedOut(timeout) = failure {
                duration = duration.min(*timeout);
            }
        }
        let report = self.report(duration, outcome.as_ref().err());
        let log_tail = self.journal.end(&format!("END RequestId: {request_id}\n{report}\n"));
        let (payload, function_error) = match outcome {
            Ok(said) => said,
            Err(failure) => (failure.payload(request_id), Some(FunctionError::Unhandled)),
        };
        let invoked = Invoked {
            payload,
            function_error,
            log_tail,
            duration,
            init_duration: self.init_duration,
        };
        // A place whose process is over is free again at once.
        if let Some(process) = self.place.process.clone().filter(|process| !process.has_ended()) {
            self.place.shared.pool().answered(self.place.number);
            self.place.shared.freed();
            tokio::spawn(settle(self.place, process, since + self.spec.timeout));
        }
        invoked
    }

    /// Writes the line that the log of an invocation begins with, once.
    fn line_start(&mut self) {
        let (id, version) = (&self.prepared.request_id, &self.spec.version);
        if !std::mem::replace(&mut self.journal.begun, true) {
            self.journal.line(&format!("START RequestId: {id} Version: {version}"));
        }
    }

    fn report(&self, duration: Duration, failure: Option<&Failure>) -> String {
        let memory = self.place.process.as_ref().map_or(0, |process| process.memory_mib());
        let duration_ms = milliseconds(duration);
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {duration_ms:.2} ms\tBilled Duration: {} ms\t\
             Memory Size: {} MB\tMax Memory Used: {memory} MB\t",
            self.prepared.request_id,
            duration_ms.ceil(),
            self.spec.memory_mib,
        );
        if let Some(init) = self.init_duration {
            line += &format!("Init Duration: {:.2} ms\t", milliseconds(init));
        }
        match failure {
            Some(failure) if failure.status() == "timeout" => line += "Status: timeout",
            Some(failure) => {
                line += &format!("Status: error\tError Type: {}", failure.error_type());
            }
            None => {}
        }
        line
    }
}

/// What a runtime's answer means for the invocation.
fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Said { payload, error } => Ok((payload, error)),
        Answer::TooLarge => Err(Failure::ResponseTooLarge),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// What the log has of a start that failed, before the start that is part of the invocation.
fn init_report(failure: Option<&Failure>, duration: Duration) -> String {
    let status = match failure {
        Some(Failure::TimedOut(_)) => "timeout".to_owned(),
        Some(failure) => format!("error\tError Type: {}", failure.error_type()),
        None => "error\tError Type: Runtime.Unknown".to_owned(),
    };
    let duration_ms = milliseconds(duration);
    format!("INIT_REPORT Init Duration: {duration_ms:.2} ms\tPhase: init\tStatus: {status}")
}

/// What the log has of an invocation that failed without the function saying so.
fn failure_lines(failure: &Failure, request_id: &str) -> String {
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

/// Waits until a process that has answered asks for more, which is still part of the time that it
/// had for the invocation, and hands it over to the pool.
async fn settle(place: Place, process: Arc<Process>, until: Instant) {
    let readiness = tokio::select! {
        biased;
        readiness = process.desk.readiness() => readiness,
        _ = process.ended() => Readiness::Closed,
        () = sleep_until(until) => Readiness::Closed,
    };
    if matches!(readiness, Readiness::Ready) {
        let kept = place.shared.pool().idles(place.number, std::time::Instant::now());
        if kept {
            place.leave();
        }
    }
    // A place that was not left is free again, and its process is ended.
}

/// The log of an invocation, over all processes that were started for it.
#[derive(Default)]
struct Journal {
    /// Of those that are over.
    earlier: Tail,
    process: Option<Arc<Process>>,
    /// Whether its first line is there.
    begun: bool,
}

impl Journal {
    /// From now on the log is this process's.
    fn follow(&mut self, process: &Arc<Process>) {
        let earlier = self.process.replace(Arc::clone(process));
        if let Some(earlier) = earlier {
            self.earlier.push(&earlier.log.end(""));
        }
    }

    fn line(&mut self, line: &str) {
        match &self.process {
            Some(process) => process.log.line(line),
            None => self.earlier.push(format!("{line}\n").as_bytes()),
        }
    }

    fn end(&mut self, lines: &str) -> Vec<u8> {
        let last = match self.process.take() {
            Some(process) => process.log.end(lines),
            None => lines.as_bytes().to_vec(),
        };
        self.earlier.push(&last);
        self.earlier.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_spec::spec;

    fn invocation(client_context: Option<&str>) -> Invocation {
        Invocation {
            request_id: "r-1".to_owned(),
            payload: Bytes::from_static(b"{}"),
            client_context: client_context.map(str::to_owned),
            trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        }
    }

    #[test]
    fn an_event_has_the_documented_headers() {
        let spec = spec("/code".into());
        let context = Some("{\"client\":\n {\"app_title\": \"Zimmer \u{1f511}\"}}");
        let prepared = Prepared::new(&spec, invocation(context)).unwrap();
        let event = prepared.event(UNIX_EPOCH + Duration::from_millis(1_234_567));
        let header = |name: &str| event.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("lambda-runtime-aws-request-id"), "r-1");
        assert_eq!(header("lambda-runtime-deadline-ms"), "1234567");
        assert_eq!(header("lambda-runtime-invoked-function-arn"), spec.arn);
        assert!(header("lambda-runtime-trace-id").starts_with("Root=1-"));
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(
            header("lambda-runtime-client-context"),
            r#"{"client":{"app_title":"Zimmer \ud83d\udd11"}}"#
        );
    }

    #[test]
    fn what_cannot_be_in_a_header_is_refused_or_left_out() {
        let spec = spec("/code".into());
        let refused = |invocation| Prepared::new(&spec, invocation).err();
        for context in ["", "[1]", "{", "\"text\""] {
            let fault = refused(invocation(Some(context)));
            assert_eq!(fault, Some(InvokeFault::InvalidClientContext), "{context}");
        }
        for id in ["", "a b", "a\nb", "\u{e9}"] {
            let invocation = Invocation { request_id: id.to_owned(), ..invocation(None) };
            assert_eq!(refused(invocation), Some(InvokeFault::InvalidRequestId), "{id}");
        }
        let odd = Invocation { trace_id: Some("a\nb".to_owned()), ..invocation(None) };
        let event = Prepared::new(&spec, odd).unwrap().event(UNIX_EPOCH);
        assert!(!event.headers.contains_key("lambda-runtime-trace-id"));
    }
}
