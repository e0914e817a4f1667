//! Why a call gave no output.

use std::error::Error;

use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::display::DisplayErrorContext;
use serde_json::{Value, json};

pub enum Stop {
    /// The service answered with an error.
    Refused(Value),
    /// The SDK's types do not let this request be built.
    Unsendable(String),
    /// Anything else: no connection, an answer that the SDK cannot read.
    Failed(String),
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Stop {
        Stop::Unsendable(error.to_string())
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Stop
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Stop {
        let refused = match &error {
            SdkError::ServiceError(refused) => refused,
            SdkError::ConstructionFailure(_) => {
                return Stop::Unsendable(DisplayErrorContext(error).to_string());
            }
            _ => return Stop::Failed(DisplayErrorContext(error).to_string()),
        };
        let mut described = json!({
            "code": refused.err().code(),
            "status": refused.raw().status().as_u16(),
            "message": refused.err().message(),
        });
        if let Some(name) = modelled_name(refused.err()) {
            described["name"] = name.into();
        }
        Stop::Refused(described)
    }
}

/// The variant's name, which is how Rust callers match an error. None if it has no variant.
fn modelled_name(error: &impl Error) -> Option<String> {
    let shown = format!("{error:?}");
    let name = shown.split(['(', ' ']).next()?;
    (name != "Unhandled").then(|| name.to_string())
}
