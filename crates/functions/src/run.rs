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
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::desk::{Answer, Readiness};
use crate::failure::Failure;
use crate::host::Place;
use crate::journal::{Journal, Report, failure_lines, init_report};
use crate::limits::TIMEOUT_MAX;
use crate::prepared::Prepared;
use crate::process::{Process, StartFault};
use crate::{FunctionError, FunctionSpec, InvokeFault, Invoked};

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
                self.start(self.deadline(since)).await?
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

    /// When the time of an invocation is over that began `since`.
    fn deadline(&self, since: Instant) -> Instant {
        since + self.spec.timeout.min(TIMEOUT_MAX)
    }

    /// Gives a process the event. `since` is when its time began.
    fn give(&self, process: &Process, since: Instant) -> Option<oneshot::Receiver<Answer>> {
        let left = self.deadline(since).saturating_duration_since(Instant::now());
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
            () = sleep_until(self.deadline(since)) => {
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
        let used_mib = self.place.process.as_ref().map_or(0, |process| process.memory_mib());
        let log_tail = self.journal.end(&Report {
            request_id,
            duration,
            init_duration: self.init_duration,
            size_mib: self.spec.memory_mib,
            used_mib,
            failure: outcome.as_ref().err(),
        });
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
            let until = self.deadline(since);
            self.place.shared.pool().answered(self.place.number);
            self.place.shared.freed();
            tokio::spawn(settle(self.place, process, until));
        }
        invoked
    }

    fn line_start(&mut self) {
        self.journal.start(&self.prepared.request_id, &self.spec.version);
    }
}

/// What a runtime's answer means for the invocation.
fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Said { payload, error } => Ok((payload, error)),
        Answer::TooLarge => Err(Failure::ResponseTooLarge),
    }
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
