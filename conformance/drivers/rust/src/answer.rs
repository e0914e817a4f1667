//! Why a call gave no output.

use aws_sdk_sqs::Error;
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
    Error: From<SdkError<E, HttpResponse>>,
{
    fn from(error: SdkError<E, HttpResponse>) -> Stop {
        let status = match &error {
            SdkError::ServiceError(refused) => refused.raw().status().as_u16(),
            SdkError::ConstructionFailure(_) => {
                return Stop::Unsendable(DisplayErrorContext(Error::from(error)).to_string());
            }
            _ => return Stop::Failed(DisplayErrorContext(Error::from(error)).to_string()),
        };
        let error = Error::from(error);
        let mut described = json!({
            "code": error.code(),
            "status": status,
            "message": error.message(),
        });
        if let Some(name) = modelled_name(&error) {
            described["name"] = name.into();
        }
        Stop::Refused(described)
    }
}

/// The variant's name, which is how Rust callers match an error. None if it has no variant.
fn modelled_name(error: &Error) -> Option<String> {
    let shown = format!("{error:?}");
    let name = shown.split(['(', ' ']).next()?;
    (name != "Unhandled").then(|| name.to_string())
}
