//! Every way for Lambda to say no.

use std::fmt;

/// Why an operation on functions gets an error, with the text that tells its caller.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{code}: {text}")]
pub struct LambdaFault {
    /// What it is called.
    pub code: LambdaCode,
    /// What it says to people.
    pub text: String,
    /// Of TooManyRequestsException, which bound it was: `Reason`.
    pub reason: Option<&'static str>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:literal;)*) => {
        /// What an error of Lambda is called. API reference, each operation and "Common Errors".
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum LambdaCode { $($(#[$doc])* $code,)* }

        impl LambdaCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The code's name on the wire, such as `ResourceNotFoundException`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}

codes! {
    /// No policy allows it, or one denies it.
    AccessDenied = "AccessDeniedException", 403;
    /// The code of all functions together takes too much room.
    CodeStorageExceeded = "CodeStorageExceededException", 400;
    /// A parameter is not what it may be, or what was asked does not fit together.
    InvalidParameterValue = "InvalidParameterValueException", 400;
    /// An event is no JSON.
    InvalidRequestContent = "InvalidRequestContentException", 400;
    /// There is nothing here that runs functions of this kind.
    InvalidRuntime = "InvalidRuntimeException", 502;
    /// A policy gets too long.
    PolicyLengthExceeded = "PolicyLengthExceededException", 400;
    /// It has been changed since the caller looked.
    PreconditionFailed = "PreconditionFailedException", 412;
    /// A request is too long.
    RequestTooLarge = "RequestTooLargeException", 413;
    /// There is something of this name already, or something is in use.
    ResourceConflict = "ResourceConflictException", 409;
    /// A change of an event source mapping is not done yet.
    ResourceInUse = "ResourceInUseException", 400;
    /// There is no such function, version, alias, policy or setting.
    ResourceNotFound = "ResourceNotFoundException", 404;
    /// A member of a request is of the wrong type, or its body is no JSON.
    Serialization = "SerializationException", 400;
    /// A fault of ours.
    Service = "ServiceException", 500;
    /// Not now; the same request may be sent again.
    ServiceUnavailable = "ServiceUnavailableException", 503;
    /// Too many invocations, or too many requests.
    TooManyRequests = "TooManyRequestsException", 429;
    /// There is no operation at this path.
    UnknownOperation = "UnknownOperationException", 404;
    /// A member is missing or out of its bounds.
    Validation = "ValidationException", 400;
}

impl fmt::Display for LambdaCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl LambdaFault {
    /// An error of this code with this text.
    pub fn new(code: LambdaCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), reason: None }
    }

    /// A parameter that cannot be what it is.
    pub fn parameter(text: impl Into<String>) -> Self {
        Self::new(LambdaCode::InvalidParameterValue, text)
    }

    /// A member that does not satisfy its constraint, in the words of the framework that AWS's
    /// services share.
    pub fn constraint(value: &str, member: &str, constraint: impl fmt::Display) -> Self {
        let text = format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
             Member must {constraint}"
        );
        Self::new(LambdaCode::Validation, text)
    }

    /// The function, version or alias of this ARN is not there.
    pub fn no_function(arn: impl fmt::Display) -> Self {
        Self::new(LambdaCode::ResourceNotFound, format!("Function not found: {arn}"))
    }

    /// The caller's revision is not the latest.
    pub(crate) fn precondition() -> Self {
        let text = "The Revision Id provided does not match the latest Revision Id. Call the \
                    GetFunction/GetAlias API to retrieve the latest Revision Id";
        Self::new(LambdaCode::PreconditionFailed, text)
    }
}
