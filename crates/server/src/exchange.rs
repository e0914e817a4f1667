//! What a service gets to see of a request, and what it answers.

use bytes::Bytes;
use tidings_aws::{Action, Protocol};
use tidings_core::names::{AccountId, Region, Uuid};

pub(crate) use tidings_aws::Answer;

/// A request whose action has been named and whose caller is known. Its parameters have not been
/// looked at yet.
pub(crate) struct Call {
    /// What queue URLs begin with: scheme and host as the client used them, or as configured,
    /// without a slash at the end.
    pub(crate) base_url: String,
    /// The URL's path, as it came.
    pub(crate) path: String,
    /// The URL's query without the question mark, as it came; empty if there is none.
    pub(crate) query: String,
    /// What the client speaks, and is to be answered in.
    pub(crate) protocol: Protocol,
    /// What is to be done.
    pub(crate) action: Action,
    /// The body, whole.
    pub(crate) body: Bytes,
    /// Who calls.
    pub(crate) account: AccountId,
    /// Where the call is meant to go.
    pub(crate) region: Region,
    /// The request's id: in the answer's body where the protocol has it there, and in its header.
    pub(crate) request_id: Uuid,
    /// `X-Amzn-Trace-Id`, which becomes the system attribute `AWSTraceHeader` of a message sent.
    pub(crate) trace_id_header: Option<String>,
}
