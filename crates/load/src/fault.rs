//! Why a request came to nothing.

use std::io;

use tidings_sigv4::AuthFault;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no connection, or it broke: the request may have happened.
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    /// No answer in time: the request may have happened.
    #[error("there is no answer within {0} s")]
    Timeout(u64),
    /// What came is no answer.
    #[error("the answer cannot be read: {0}")]
    Strange(&'static str),
    /// The server said no.
    #[error("{code} (status {status}): {message}")]
    Refused {
        /// Of the HTTP answer.
        status: u16,
        /// AWS's code, without what stands before a `#`.
        code: String,
        /// In the server's words.
        message: String,
    },
    /// The credentials sign nothing.
    #[error("the request cannot be signed")]
    Signing(#[from] AuthFault),
    /// The run is over before there is an answer.
    #[error("stopped")]
    Stopped,
}

impl Fault {
    /// What it is counted as.
    pub fn label(&self) -> &str {
        match self {
            Self::Connection(_) => "connection",
            Self::Timeout(_) => "timeout",
            Self::Strange(_) => "unreadable answer",
            Self::Refused { code, .. } => code,
            Self::Signing(_) => "signing",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the same request may fare better later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Timeout(_) => true,
            Self::Refused { status, code, .. } => {
                *status >= 500 || *status == 429 || is_throttling(code)
            }
            Self::Strange(_) | Self::Signing(_) | Self::Stopped => false,
        }
    }

    /// Whether the connection is of no use any more, and the request may have happened.
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Timeout(_) | Self::Strange(_))
    }
}

/// The codes that AWS's SDKs take for throttling, as far as these services have them.
fn is_throttling(code: &str) -> bool {
    ["Throttl", "RequestLimitExceeded", "SlowDown", "PriorRequestNotComplete"]
        .iter()
        .any(|part| code.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> Fault {
        Fault::Refused { status, code: code.to_owned(), message: String::new() }
    }

    #[test]
    fn what_passes_is_tried_again() {
        for passing in [
            refused(503, "ServiceUnavailable"),
            refused(429, "TooManyRequestsException"),
            refused(400, "ThrottlingException"),
            refused(403, "RequestThrottled"),
            Fault::Timeout(30),
            Fault::Connection(io::ErrorKind::ConnectionReset.into()),
        ] {
            assert!(passing.is_passing(), "{passing}");
        }
        for lasting in [refused(400, "QueueDoesNotExist"), refused(403, "AccessDenied")] {
            assert!(!lasting.is_passing(), "{lasting}");
        }
    }
}
