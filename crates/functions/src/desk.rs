//! Where the host and a runtime meet: what is to be done, and what came of it.
//!
//! ```text
//!            next                give               response, error
//!  Starting ──────► Waiting ───────────► Working ───────────────────► Answered
//!     │                ▲                                                 │
//!     │ init/error     └──────────────────────── next ───────────────────┘
//!     ▼
//!  InitFailed                  any ── close ──► Closed
//! ```
//!
//! A runtime has one invocation at a time. What it asks out of turn is refused with the error that
//! AWS's own emulator has for it ([`OutOfTurn`]), and changes nothing.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::HeaderMap;
use tokio::sync::{Notify, oneshot};

use crate::FunctionError;

/// An event as a runtime gets it from `next`.
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

/// Without what is in it.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// What a runtime said about an invocation, or about its own start.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A result, or the error object of a function that failed.
    Said { payload: Bytes, error: Option<FunctionError> },
    /// More than may be answered.
    TooLarge,
}

/// Without what is in it.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said { payload, error } => f
                .debug_struct("Said")
                .field("payload_bytes", &payload.len())
                .field("error", error)
                .finish(),
            Self::TooLarge => f.write_str("TooLarge"),
        }
    }
}

/// What the host learns of a runtime that it waits for.
#[derive(Debug)]
pub(crate) enum Readiness {
    /// It asks for an event.
    Ready,
    /// It said that it cannot start.
    InitFailed(Answer),
    /// Nothing more comes from it.
    Closed,
}

/// Why a runtime's request is refused.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum OutOfTurn {
    /// It cannot do this now: 403.
    State { from: &'static str, to: &'static str },
    /// The invocation that it works on is another one: 400.
    RequestId,
    /// The host is done with it, and it should go: 500.
    Closed,
}

/// One runtime's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    state: Mutex<State>,
    /// Wakes the one task that waits for readiness.
    changed: Notify,
}

#[derive(Debug)]
enum State {
    Starting,
    InitFailed(Answer),
    Waiting(oneshot::Sender<Event>),
    Working {
        request_id: String,
        /// An answer is being read: another one has to wait, and will be too late.
        answering: bool,
        answer: oneshot::Sender<Answer>,
    },
    Answered,
    Closed,
}

impl State {
    /// The state's name in messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Starting => "Started",
            Self::InitFailed(_) => "InitError",
            Self::Waiting(_) => "Ready",
            Self::Working { answering: false, .. } => "Running",
            Self::Working { answering: true, .. } => "InvocationResponse",
            Self::Answered => "ResponseSent",
            Self::Closed => "Closed",
        }
    }

    fn refuse(&self, to: &'static str) -> OutOfTurn {
        match self {
            Self::Closed => OutOfTurn::Closed,
            state => OutOfTurn::State { from: state.name(), to },
        }
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State::Starting), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced as a whole: a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runtime asks for an event, which comes through the answer. A runtime whose earlier
    /// connection is gone may ask again.
    pub(crate) fn next(&self) -> Result<oneshot::Receiver<Event>, OutOfTurn> {
        let mut state = self.state();
        match &*state {
            State::Starting | State::Answered => {}
            State::Waiting(earlier) if earlier.is_closed() => {}
            other => return Err(other.refuse("Ready")),
        }
        let (give, event) = oneshot::channel();
        *state = State::Waiting(give);
        drop(state);
        self.changed.notify_one();
        Ok(event)
    }

    /// Whether the runtime can still say that it cannot start.
    pub(crate) fn may_fail_to_start(&self) -> Result<(), OutOfTurn> {
        match &*self.state() {
            State::Starting => Ok(()),
            other => Err(other.refuse("InitError")),
        }
    }

    /// The runtime says that it cannot start.
    pub(crate) fn init_error(&self, answer: Answer) -> Result<(), OutOfTurn> {
        let mut state = self.state();
        match &*state {
            State::Starting => *state = State::InitFailed(answer),
            other => return Err(other.refuse("InitError")),
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The runtime begins to answer. `to` is what it does, for the message that refuses it.
    pub(crate) fn begin_answer(&self, id: &str, to: &'static str) -> Result<(), OutOfTurn> {
        match &mut *self.state() {
            State::Working { request_id, .. } if request_id != id => Err(OutOfTurn::RequestId),
            State::Working { answering, .. } if !*answering => {
                *answering = true;
                Ok(())
            }
            other => Err(other.refuse(to)),
        }
    }

    /// The answer that was begun has been read; `None`: it broke off, and may be tried again.
    pub(crate) fn end_answer(&self, read: Option<Answer>) -> Result<(), OutOfTurn> {
        let mut state = self.state();
        match &mut *state {
            State::Working { answering, .. } => *answering = false,
            other => return Err(other.refuse("ResponseSent")),
        }
        if let Some(read) = read
            && let State::Working { answer, .. } = std::mem::replace(&mut *state, State::Answered)
        {
            // Who waited may be gone: the runtime did its part.
            let _ = answer.send(read);
        }
        Ok(())
    }

    /// Waits until the runtime asks for an event, fails to start, or is gone. For one task at a
    /// time.
    pub(crate) async fn readiness(&self) -> Readiness {
        loop {
            match &*self.state() {
                State::Waiting(give) if !give.is_closed() => return Readiness::Ready,
                State::InitFailed(answer) => return Readiness::InitFailed(answer.clone()),
                State::Closed => return Readiness::Closed,
                _ => {}
            }
            self.changed.notified().await;
        }
    }

    /// Gives the runtime an event. `None`: it does not wait for one.
    pub(crate) fn give(&self, event: Event) -> Option<oneshot::Receiver<Answer>> {
        let mut state = self.state();
        if !matches!(&*state, State::Waiting(_)) {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        let request_id = event.request_id.clone();
        let working = State::Working { request_id, answering: false, answer };
        match std::mem::replace(&mut *state, working) {
            State::Waiting(give) => give.send(event).ok().map(|()| answered),
            _ => None,
        }
    }

    /// Nothing more is taken from the runtime.
    pub(crate) fn close(&self) {
        *self.state() = State::Closed;
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_id: &str) -> Event {
        let request_id = request_id.to_owned();
        Event { request_id, headers: HeaderMap::new(), payload: Bytes::from_static(b"{}") }
    }

    fn said(payload: &'static str) -> Answer {
        Answer::Said { payload: Bytes::from_static(payload.as_bytes()), error: None }
    }

    #[tokio::test]
    async fn one_invocation_after_the_other() {
        let desk = Desk::new();
        for id in ["a", "b"] {
            let mut waits = desk.next().unwrap();
            assert!(matches!(desk.readiness().await, Readiness::Ready));
            let answered = desk.give(event(id)).unwrap();
            assert_eq!(waits.try_recv().unwrap().request_id, id);
            desk.begin_answer(id, "InvocationResponse").unwrap();
            desk.end_answer(Some(said("1"))).unwrap();
            assert_eq!(answered.await.unwrap(), said("1"));
        }
    }

    #[test]
    fn out_of_turn_is_refused_and_changes_nothing() {
        let desk = Desk::new();
        let from = |from, to| OutOfTurn::State { from, to };
        assert_eq!(desk.begin_answer("a", "X"), Err(from("Started", "X")));
        let waits = desk.next().unwrap();
        assert_eq!(desk.next().unwrap_err(), from("Ready", "Ready"));
        assert_eq!(desk.may_fail_to_start(), Err(from("Ready", "InitError")));
        assert_eq!(desk.init_error(said("")), Err(from("Ready", "InitError")));
        assert_eq!(desk.begin_answer("a", "X"), Err(from("Ready", "X")));

        let mut answered = desk.give(event("a")).unwrap();
        assert!(desk.give(event("b")).is_none());
        assert_eq!(desk.next().unwrap_err(), from("Running", "Ready"));
        assert_eq!(desk.begin_answer("b", "X"), Err(OutOfTurn::RequestId));
        desk.begin_answer("a", "X").unwrap();
        assert_eq!(desk.begin_answer("a", "X"), Err(from("InvocationResponse", "X")));
        desk.end_answer(Some(said("1"))).unwrap();
        assert_eq!(answered.try_recv().unwrap(), said("1"));
        assert_eq!(desk.begin_answer("a", "X"), Err(from("ResponseSent", "X")));

        desk.close();
        assert_eq!(desk.next().unwrap_err(), OutOfTurn::Closed);
        assert_eq!(desk.begin_answer("a", "X"), Err(OutOfTurn::Closed));
        assert_eq!(desk.end_answer(None), Err(OutOfTurn::Closed));
        drop(waits);
    }

    #[test]
    fn an_answer_that_breaks_off_may_be_given_again() {
        let desk = Desk::new();
        let _waits = desk.next().unwrap();
        let mut answered = desk.give(event("a")).unwrap();
        desk.begin_answer("a", "X").unwrap();
        desk.end_answer(None).unwrap();
        assert!(answered.try_recv().is_err());
        desk.begin_answer("a", "X").unwrap();
        desk.end_answer(Some(said("2"))).unwrap();
        assert_eq!(answered.try_recv().unwrap(), said("2"));
    }

    #[tokio::test]
    async fn a_runtime_that_lost_its_connection_asks_again() {
        let desk = Desk::new();
        drop(desk.next().unwrap());
        assert!(desk.give(event("a")).is_none());
    }

    #[tokio::test]
    async fn a_failed_start_is_told() {
        let desk = Desk::new();
        desk.init_error(said("no module")).unwrap();
        assert!(desk.next().is_err());
        match desk.readiness().await {
            Readiness::InitFailed(answer) => assert_eq!(answer, said("no module")),
            other => panic!("{other:?}"),
        }
        desk.close();
        assert!(matches!(desk.readiness().await, Readiness::Closed));
    }
}
