//! Why a load cannot be had.

use std::io;

use crate::fault::Fault;

/// Why a load cannot be had, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A setting is out of its bounds.
    #[error("{0}")]
    Setting(String),
    /// What is needed could not be made on the server.
    #[error("cannot {0}")]
    Setup(&'static str, #[source] Fault),
    /// The server answers, but not with what has to be there.
    #[error("the answer to {action} has no {member}")]
    Answer {
        /// The action.
        action: &'static str,
        /// What is missing.
        member: &'static str,
    },
    /// Every request failed, or the server went away.
    #[error("the load came to nothing")]
    Asking(#[from] Fault),
    /// No runtime.
    #[error("cannot start a thread of the load")]
    Start(#[source] io::Error),
    /// A mistake of ours.
    #[error("a thread of the load panicked")]
    Panic,
}
