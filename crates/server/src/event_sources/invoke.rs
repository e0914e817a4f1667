//! How functions are invoked from here.

use std::time::Duration;

use bytes::Bytes;
use tidings_lambda::Reference;

/// Invokes functions and waits for what they answer.
pub(crate) trait Invoke: Send + Sync + 'static {
    /// How long the function may take; `None` if it is not there.
    fn timeout(&self, function: &Reference) -> Option<Duration>;

    /// The ARN of its role; `None` if it is not there.
    fn role(&self, function: &Reference) -> Option<String>;

    /// Invokes it with an event, and returns its response.
    fn invoke(
        &self,
        function: &Reference,
        event: Bytes,
    ) -> impl Future<Output = Result<Bytes, NotDone>> + Send;
}

/// Why a batch is not done. Each says why, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NotDone {
    /// The function has had the event, or may have, and did not say that it is done.
    Failed(String),
    /// The function has not had it, and may have it later: it has as many as it may, or cannot be
    /// started now.
    Busy(String),
}
