//! Why a request is allowed or denied, from documents in files: no server is asked.

mod arguments;
mod documents;
mod given;
mod json;
mod question;
mod report;
mod who;

pub(crate) use arguments::ExplainArguments;
pub(crate) use question::Question;

/// Why there is nothing to explain. The text names the flag, and the file where there is one.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {problem}")]
pub(crate) struct BadInput {
    at: String,
    problem: String,
}

impl BadInput {
    fn new(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { at: at.into(), problem: problem.into() }
    }
}
