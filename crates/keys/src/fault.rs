//! Every way for KMS to say no.

use std::fmt;

/// Why an operation on keys gets an error, with the text that tells its caller.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{code}: {text}")]
pub struct KeyFault {
    /// What it is called.
    pub code: KeyCode,
    /// What it says to people; empty for ciphertexts that do not open, as recorded of AWS.
    pub text: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        /// What an error of KMS is called. API reference, each operation and "Common Errors".
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum KeyCode { $($(#[$doc])* $code,)* }

        impl KeyCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The code's name on the wire, such as `NotFoundException`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }
        }
    };
}

codes! {
    /// No policy and no grant allows it, or one denies it.
    AccessDenied = "AccessDeniedException",
    /// There is something of this name already.
    AlreadyExists = "AlreadyExistsException",
    /// The key is disabled.
    Disabled = "DisabledException",
    /// Nothing is wrong, but only a trial was asked for.
    DryRun = "DryRunOperationException",
    /// The ciphertext is not under the key that the request names.
    IncorrectKey = "IncorrectKeyException",
    /// An alias cannot have this name.
    InvalidAliasName = "InvalidAliasNameException",
    /// An ARN is none, or not one of a key.
    InvalidArn = "InvalidArnException",
    /// The ciphertext is not one of ours, was changed, or is for another encryption context.
    InvalidCiphertext = "InvalidCiphertextException",
    /// A grant's id is none.
    InvalidGrantId = "InvalidGrantIdException",
    /// A grant token is none of ours.
    InvalidGrantToken = "InvalidGrantTokenException",
    /// The key is not for this.
    InvalidKeyUsage = "InvalidKeyUsageException",
    /// A marker is none of ours.
    InvalidMarker = "InvalidMarkerException",
    /// The key is in a state in which this cannot be done.
    InvalidState = "KMSInvalidStateException",
    /// A quota is reached.
    LimitExceeded = "LimitExceededException",
    /// A key policy is none, or locks its author out.
    MalformedPolicyDocument = "MalformedPolicyDocumentException",
    /// The name is reserved.
    NotAuthorized = "NotAuthorizedException",
    /// There is no such key, alias or grant.
    NotFound = "NotFoundException",
    /// Something is wrong with tags.
    Tag = "TagException",
    /// Too many requests.
    Throttling = "ThrottlingException",
    /// The key cannot do this.
    UnsupportedOperation = "UnsupportedOperationException",
    /// A member is missing or out of its bounds.
    Validation = "ValidationException",
    /// The key's material cannot be reached now.
    KeyUnavailable = "KeyUnavailableException",
    /// A fault of ours.
    Internal = "KMSInternalException",
}

impl KeyCode {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::KeyUnavailable | Self::Internal => 500,
            _ => 400,
        }
    }

    /// What SQS and SNS call it when they meet it on the way to a message. SQS API reference,
    /// SendMessage; SNS API reference, Publish.
    pub fn as_message_fault(self) -> MessageFault {
        match self {
            Self::Disabled => MessageFault::Disabled,
            Self::InvalidKeyUsage | Self::IncorrectKey | Self::UnsupportedOperation => {
                MessageFault::InvalidKeyUsage
            }
            Self::InvalidState | Self::KeyUnavailable | Self::Internal => {
                MessageFault::InvalidState
            }
            Self::NotFound | Self::InvalidArn | Self::InvalidAliasName => MessageFault::NotFound,
            Self::Throttling | Self::LimitExceeded => MessageFault::Throttled,
            Self::InvalidCiphertext => MessageFault::InvalidState,
            _ => MessageFault::AccessDenied,
        }
    }
}

impl fmt::Display for KeyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a fault of KMS is for a queue or a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageFault {
    /// The caller lacks a permission on the key.
    AccessDenied,
    /// The key is disabled.
    Disabled,
    /// The key is not one for encryption. SNS has no such code, and calls it an invalid state.
    InvalidKeyUsage,
    /// The key is pending deletion, or what it encrypted cannot be opened.
    InvalidState,
    /// There is no such key or alias.
    NotFound,
    /// Too many requests.
    Throttled,
}

impl MessageFault {
    /// The shape of SQS's JSON error, the code of its Query error, and that of SNS. Each has status
    /// 400.
    pub fn codes(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AccessDenied => {
                ("KmsAccessDenied", "KMS.AccessDeniedException", "KMSAccessDenied")
            }
            Self::Disabled => ("KmsDisabled", "KMS.DisabledException", "KMSDisabled"),
            Self::InvalidKeyUsage => {
                ("KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException", "KMSInvalidState")
            }
            Self::InvalidState => {
                ("KmsInvalidState", "KMS.InvalidStateException", "KMSInvalidState")
            }
            Self::NotFound => ("KmsNotFound", "KMS.NotFoundException", "KMSNotFound"),
            Self::Throttled => ("KmsThrottled", "KMS.ThrottlingException", "KMSThrottling"),
        }
    }
}

impl KeyFault {
    /// A fault with its text in full.
    pub fn new(code: KeyCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// `text` is a whole sentence.
    pub fn validation(text: impl Into<String>) -> Self {
        Self::new(KeyCode::Validation, text)
    }

    /// What every service's framework says of one member.
    ///
    /// ```
    /// use tidings_keys::KeyFault;
    ///
    /// let constraint = "Member must have value less than or equal to 1024";
    /// assert_eq!(
    ///     KeyFault::constraint(Some("1025"), "numberOfBytes", constraint).text,
    ///     "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy \
    ///      constraint: Member must have value less than or equal to 1024"
    /// );
    /// ```
    pub fn constraint(value: Option<&str>, member: &str, constraint: &str) -> Self {
        let value = value.map(|value| format!(" '{value}'")).unwrap_or_default();
        Self::validation(format!(
            "1 validation error detected: Value{value} at '{member}' failed to satisfy constraint: \
             {constraint}"
        ))
    }

    pub(crate) fn not_found(arn: &str) -> Self {
        Self::new(KeyCode::NotFound, format!("Key '{arn}' does not exist"))
    }

    pub(crate) fn invalid_key_id(text: &str) -> Self {
        Self::new(KeyCode::NotFound, format!("Invalid keyId '{text}'"))
    }

    pub(crate) fn invalid_ciphertext() -> Self {
        Self::new(KeyCode::InvalidCiphertext, "")
    }

    pub(crate) fn invalid_marker() -> Self {
        Self::new(KeyCode::InvalidMarker, "The marker is invalid.")
    }

    /// The ciphertext names no key that the caller may use here.
    pub fn foreign_ciphertext() -> Self {
        Self::new(
            KeyCode::AccessDenied,
            "The ciphertext refers to a customer master key that does not exist, does not exist \
             in this region, or you are not allowed to access.",
        )
    }

    /// The new policy would be the last that its author can set.
    pub fn lockout() -> Self {
        Self::new(
            KeyCode::MalformedPolicyDocument,
            "The new key policy will not allow you to update the key policy in the future.",
        )
    }

    /// The answer to a trial that nothing was wrong with.
    pub fn dry_run() -> Self {
        Self::new(
            KeyCode::DryRun,
            "The request would have succeeded, but the DryRun option is set.",
        )
    }

    /// The text as SQS and SNS pass it on. `request_id` is that of the call of KMS.
    pub fn message_text(&self, request_id: impl fmt::Display) -> String {
        let Self { code, text } = self;
        format!(
            "{text} (Service: AWSKMS; Status Code: {}; Error Code: {code}; Request ID: \
             {request_id}; Proxy: null)",
            code.status()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_ours_are_servers_faults() {
        for &code in KeyCode::ALL {
            let is_ours = matches!(code, KeyCode::KeyUnavailable | KeyCode::Internal);
            assert_eq!(code.status(), if is_ours { 500 } else { 400 }, "{code}");
        }
    }

    #[test]
    fn queues_and_topics_have_their_own_names_for_it() {
        for (code, codes) in [
            (
                KeyCode::AccessDenied,
                ("KmsAccessDenied", "KMS.AccessDeniedException", "KMSAccessDenied"),
            ),
            (KeyCode::Disabled, ("KmsDisabled", "KMS.DisabledException", "KMSDisabled")),
            (
                KeyCode::InvalidState,
                ("KmsInvalidState", "KMS.InvalidStateException", "KMSInvalidState"),
            ),
            (KeyCode::NotFound, ("KmsNotFound", "KMS.NotFoundException", "KMSNotFound")),
            (KeyCode::Throttling, ("KmsThrottled", "KMS.ThrottlingException", "KMSThrottling")),
        ] {
            assert_eq!(code.as_message_fault().codes(), codes);
        }
        let usage = KeyCode::InvalidKeyUsage.as_message_fault().codes();
        assert_eq!(usage.1, "KMS.InvalidKeyUsageException");
    }

    #[test]
    fn a_message_gets_the_text_of_kms_and_more() {
        let fault = KeyFault::new(KeyCode::Disabled, "arn is disabled.");
        assert_eq!(
            fault.message_text("id"),
            "arn is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; \
             Request ID: id; Proxy: null)"
        );
    }
}
