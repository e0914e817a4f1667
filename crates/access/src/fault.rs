//! Why a text is no policy document.

use std::borrow::Cow;

/// What is wrong with a document, and where. Which error code a service answers with is its own
/// business.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct Fault {
    /// The element, such as `Statement[0].Condition.StringEquals`, or `document`.
    pub at: String,
    /// What is wrong with it, in English.
    pub problem: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}
