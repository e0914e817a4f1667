//! What goes into an invocation and what comes out of it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;

/// One event for a function.
#[derive(Clone)]
pub struct Invocation {
    /// What the function and its log know the invocation by; unique. The Lambda API answers it as
    /// `x-amzn-RequestId`.
    pub request_id: String,
    /// The event, which is passed on as it is. Whoever asks has checked its size and that it is
    /// JSON.
    pub payload: Bytes,
    /// The client context as JSON (decoded, not as the header `X-Amz-Client-Context` has it).
    pub client_context: Option<String>,
    /// The header `X-Amzn-Trace-Id`, passed on if it can be in a header.
    pub trace_id: Option<String>,
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("request_id", &self.request_id)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// What came of an invocation that a function got: a result, or an error of the function. Lambda
/// answers both with status 200.
#[derive(Clone)]
pub struct Invoked {
    /// The function's result; with a function error, an object with `errorMessage` and `errorType`,
    /// unless the runtime said something else.
    pub payload: Bytes,
    /// Whether it failed: `X-Amz-Function-Error`.
    pub function_error: Option<FunctionError>,
    /// The last 4 KiB of the log of this invocation, with the lines `START`, `END` and `REPORT`:
    /// `X-Amz-Log-Result`, before it is encoded.
    pub log_tail: Vec<u8>,
    /// How long it took, from when the function was given the event.
    pub duration: Duration,
    /// How long the start of its process took, if one was started for it.
    pub init_duration: Option<Duration>,
}

impl fmt::Debug for Invoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invoked")
            .field("payload_bytes", &self.payload.len())
            .field("function_error", &self.function_error)
            .field("duration", &self.duration)
            .field("init_duration", &self.init_duration)
            .finish_non_exhaustive()
    }
}

/// How a function failed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FunctionError {
    /// The handler reported an error of its own making. AWS's documentation knows the word, its
    /// runtimes no longer say it: it takes an error type that begins with `Handled`.
    Handled,
    /// All else: an exception, a crash, a timeout, an oversized result.
    Unhandled,
}

impl FunctionError {
    /// As `X-Amz-Function-Error` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "Handled",
            Self::Unhandled => "Unhandled",
        }
    }
}

/// Why an invocation has no outcome. But for [`Interrupted`](Self::Interrupted), the function has
/// not seen the event. As texts they are for whoever invoked it: what they do not say of this machine,
/// the log has.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InvokeFault {
    /// No process may be had now. Lambda: `TooManyRequestsException`, 429, with the text
    /// `Rate Exceeded.`.
    #[error("Rate Exceeded.")]
    TooManyRequests {
        /// Which bound it was.
        reason: Throttle,
    },
    /// The runtime cannot be started here, which is the operator's to mend. Lambda:
    /// `InvalidRuntimeException`, 502.
    #[error("The runtime or runtime version specified is not supported.")]
    InvalidRuntime {
        /// What is missing, and which setting says so: for the operator.
        problem: String,
    },
    /// The client context is not JSON. Lambda: `InvalidRequestContentException`, 400.
    #[error("Client context must be a valid Base64-encoded JSON object.")]
    InvalidClientContext,
    /// The request id cannot be in a header, which is a fault of who asks.
    #[error("a request id has to be of printable ASCII characters")]
    InvalidRequestId,
    /// The system refused something that a process needs: a port, a folder, a process. Lambda:
    /// `ServiceException`, 500.
    #[error("The Lambda service encountered an internal error.")]
    Unavailable {
        /// What, and what the system said: for the operator.
        problem: String,
    },
    /// The host is being stopped, and has not begun. Lambda: `ServiceException`, 503.
    #[error("the server is stopping; the function was not invoked")]
    Stopping,
    /// The host was stopped while the function ran: what it was to do may have happened. Lambda:
    /// `ServiceException`, 500.
    #[error("the server was stopped while the function ran")]
    Interrupted,
}

/// Which bound an invocation ran into: `Reason` of `TooManyRequestsException`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Throttle {
    /// The function runs as often as its reserved concurrency lets it.
    ReservedConcurrency,
    /// All processes that the host may have are at work, and stayed so for a while.
    Processes,
}

impl Throttle {
    /// As Lambda's answer has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReservedConcurrency => "ReservedFunctionConcurrentInvocationLimitExceeded",
            Self::Processes => "ConcurrentInvocationLimitExceeded",
        }
    }
}
