//! Every way to say no.

use std::borrow::Cow;

/// Why an operation of IAM or STS was refused. The text is AWS's where it is known.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct IdentityFault {
    /// What it is called.
    pub code: Code,
    /// What it says to people.
    pub text: Cow<'static, str>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $shape:literal, $name:literal, $status:literal;)*) => {
        /// What a fault is called. API references of IAM and STS, "Errors".
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code { $($(#[$doc])* $code,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The name of its shape in the services' models.
            pub fn shape(self) -> &'static str {
                match self { $(Self::$code => $shape,)* }
            }

            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// Its HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}

codes! {
    /// The caller may not.
    AccessDenied = "AccessDeniedException", "AccessDenied", 403;
    /// Something else changed it meanwhile: again.
    ConcurrentModification = "ConcurrentModificationException", "ConcurrentModification", 409;
    /// Something still hangs on it.
    DeleteConflict = "DeleteConflictException", "DeleteConflict", 409;
    /// There is one of that name.
    EntityAlreadyExists = "EntityAlreadyExistsException", "EntityAlreadyExists", 409;
    /// The credentials are not of the kind that may ask this.
    InvalidClientTokenId = "InvalidClientTokenId", "InvalidClientTokenId", 403;
    /// A value that means nothing.
    InvalidInput = "InvalidInputException", "InvalidInput", 400;
    /// The same, of STS.
    InvalidParameterValue = "InvalidParameterValue", "InvalidParameterValue", 400;
    /// A quota is used up.
    LimitExceeded = "LimitExceededException", "LimitExceeded", 409;
    /// A text that is no policy document.
    MalformedPolicyDocument =
        "MalformedPolicyDocumentException", "MalformedPolicyDocument", 400;
    /// There is none of that name.
    NoSuchEntity = "NoSuchEntityException", "NoSuchEntity", 404;
    /// A session's policies and tags are too large together.
    PackedPolicyTooLarge = "PackedPolicyTooLargeException", "PackedPolicyTooLarge", 400;
    /// It is not the account's to change.
    UnmodifiableEntity = "UnmodifiableEntityException", "UnmodifiableEntity", 400;
    /// A value that is not of the form it must have.
    ValidationError = "ValidationException", "ValidationError", 400;
}

impl IdentityFault {
    /// A fault of this code and text.
    pub fn new(code: Code, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into() }
    }

    pub(crate) fn no_such(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NoSuchEntity, text)
    }

    pub(crate) fn exists(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::EntityAlreadyExists, text)
    }

    pub(crate) fn conflict(text: &'static str) -> Self {
        Self::new(Code::DeleteConflict, text)
    }

    pub(crate) fn limit(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::LimitExceeded, text)
    }

    /// `Cannot exceed quota for QUOTA: MAX`
    pub(crate) fn quota(quota: &str, max: usize) -> Self {
        Self::limit(format!("Cannot exceed quota for {quota}: {max}"))
    }

    pub(crate) fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidInput, text)
    }
}

/// Why an access key id does not stand for anyone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialFault {
    /// There is no such key, or it is inactive, or the session token is not one for it, or who held
    /// it is gone.
    #[error("the security token included in the request is invalid")]
    Unknown,
    /// It was a session's, which is over.
    #[error("the security token included in the request is expired")]
    Expired,
}

/// A register entry that is not one of ours: the disk's fault, a later release's, or that of a
/// master key which is not the one that the secrets were sealed under.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the entry {key} of the register cannot be used: {problem}")]
pub struct Damage {
    /// The entry's key.
    pub key: String,
    /// What is wrong with it.
    pub problem: Cow<'static, str>,
}

impl Damage {
    pub(crate) fn new(key: &str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { key: key.to_owned(), problem: problem.into() }
    }
}
