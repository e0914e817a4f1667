//! What the service answers, and what comes of it when it says no or makes no sense.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use tidings_aws::{Refusal, WireError};
use tidings_keys::{KeyCode, KeyFault};
use zeroize::Zeroizing;

/// Why there is no data key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Its key says no: what the caller is told.
    Refused(KeyFault),
    /// The service cannot be reached, or cannot be used. The same may go well later, so callers are
    /// told to try again. A whole sentence.
    Unavailable(&'static str),
}

/// What callers are told; the log says more.
pub(super) const UNREACHABLE: &str =
    "The service that has the keys does not answer. The request may be sent again.";
pub(super) const UNUSABLE: &str =
    "The service that has the keys cannot be used now. The request may be sent again.";

/// What callers are told if the service lets this server not use a key. What it says itself names the
/// server's own user and the keys behind an alias, and is for the log.
const NOT_ALLOWED: &str = "The service that has the key does not let this server use it.";

/// Bytes of a text that is passed on.
const TEXT_BYTES_MAX: usize = 1024;

impl From<KeyFault> for Fault {
    fn from(fault: KeyFault) -> Self {
        Self::Refused(fault)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(fault) => fault.into(),
            Fault::Unavailable(text) => WireError::ServiceUnavailable(text).into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(fault) => fault.fmt(out),
            Self::Unavailable(text) => out.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

/// The answer to GenerateDataKey.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GeneratedDataKey {
    /// The data key, encrypted.
    pub(super) ciphertext_blob: Base64,
    /// The ARN of the key that it is under.
    pub(super) key_id: String,
}

/// The answer to Decrypt.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypted {
    pub(super) plaintext: Base64,
}

/// Bytes that came in base64, and are wiped.
pub(super) struct Base64(pub(super) Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = STANDARD.decode(text.as_bytes());
        // Does not show what came.
        let bytes = bytes.map_err(|_| serde::de::Error::custom("not base64"))?;
        Ok(Self(bytes.into()))
    }
}

/// What an answer that reports no success says.
#[derive(Debug)]
pub(super) struct Complaint {
    /// For the caller.
    pub(super) fault: Fault,
    /// For the log.
    pub(super) told: String,
}

/// Reads an error. Codes that are about a key are passed on, and what they say if it is of the key. Whatever else it may be, from wrong
/// credentials to a page of a proxy, is nothing that a sender or receiver of messages can change.
pub(super) fn complaint(status: u16, body: &[u8]) -> Complaint {
    #[derive(Deserialize, Default)]
    struct Members {
        #[serde(rename = "__type", default)]
        code: String,
        #[serde(alias = "Message", default)]
        message: String,
    }

    let members: Members = serde_json::from_slice(body).unwrap_or_default();
    // `com.amazonaws.kms#NotFoundException`, or the name alone.
    let name = members.code.rsplit('#').next().unwrap_or_default();
    let text = clean(&members.message);
    let told = format!("status {status}, {}: {text}", clean(name));
    let known = KeyCode::ALL.iter().find(|code| code.name() == name);
    let fault = match known {
        Some(code) if status < 500 && *code == KeyCode::AccessDenied => {
            Fault::Refused(KeyFault::new(*code, NOT_ALLOWED))
        }
        Some(code) if status < 500 && *code != KeyCode::Internal => {
            Fault::Refused(KeyFault::new(*code, text))
        }
        _ => Fault::Unavailable(UNUSABLE),
    };
    Complaint { fault, told }
}

/// A text that may go to callers and into a line of the log.
fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_key_is_passed_on() {
        for (body, code, text) in [
            (
                r#"{"__type":"DisabledException","message":"arn is disabled."}"#,
                KeyCode::Disabled,
                "arn is disabled.",
            ),
            (
                r#"{"__type":"com.amazonaws.kms#NotFoundException","message":"none"}"#,
                KeyCode::NotFound,
                "none",
            ),
            (r#"{"__type":"KMSInvalidStateException"}"#, KeyCode::InvalidState, ""),
            (
                r#"{"__type":"InvalidKeyUsageException","message":"a\nb"}"#,
                KeyCode::InvalidKeyUsage,
                "a b",
            ),
            (r#"{"__type":"ThrottlingException","x":1}"#, KeyCode::Throttling, ""),
        ] {
            let expected = Fault::Refused(KeyFault::new(code, text));
            assert_eq!(complaint(400, body.as_bytes()).fault, expected, "{body}");
        }
    }

    #[test]
    fn who_this_server_is_there_is_for_the_log() {
        let text = "User: arn:aws:iam::111122223333:user/tidings is not authorized to perform: \
                    kms:Decrypt";
        let body = format!(r#"{{"__type":"AccessDeniedException","Message":"{text}"}}"#);
        let complaint = complaint(400, body.as_bytes());
        let expected = KeyFault::new(KeyCode::AccessDenied, NOT_ALLOWED);
        assert_eq!(complaint.fault, Fault::Refused(expected));
        assert_eq!(complaint.told, format!("status 400, AccessDeniedException: {text}"));
    }

    #[test]
    fn anything_else_may_go_well_later() {
        for (status, body) in [
            (400, r#"{"__type":"UnrecognizedClientException","message":"who?"}"#),
            (403, r#"{"__type":"InvalidSignatureException"}"#),
            (400, r#"{"__type":"ExpiredTokenException"}"#),
            (400, r#"{"__type":"SomethingNewException","message":"?"}"#),
            (400, r#"{"__type":"KMSInternalException"}"#),
            (500, r#"{"__type":"KeyUnavailableException"}"#),
            (500, r#"{"__type":"NotFoundException"}"#),
            (503, r#"{"__type":"DependencyTimeoutException"}"#),
            (502, "<html>Bad gateway</html>"),
            (301, ""),
            (400, "{}"),
            (400, "[]"),
            (400, r#"{"__type":7}"#),
        ] {
            let complaint = complaint(status, body.as_bytes());
            assert_eq!(complaint.fault, Fault::Unavailable(UNUSABLE), "{status} {body}");
            assert!(complaint.told.contains(&status.to_string()));
        }
    }

    #[test]
    fn a_text_is_not_passed_on_without_end() {
        let message = "ü".repeat(100_000);
        let body = format!(r#"{{"__type":"NotFoundException","message":"{message}"}}"#);
        let Fault::Refused(fault) = complaint(400, body.as_bytes()).fault else { panic!() };
        assert_eq!(fault.text.len(), TEXT_BYTES_MAX);
    }

    #[test]
    fn bytes_are_read_and_what_is_none_is_not_shown() {
        let read = |text: &str| serde_json::from_str::<Decrypted>(text);
        let decrypted = read(r#"{"Plaintext":"AQI\/","KeyId":"arn"}"#).unwrap();
        assert_eq!(decrypted.plaintext.0[..], [1, 2, 63]);
        for text in [r#"{"Plaintext":"hunter2?"}"#, r#"{"plaintext":"AQID"}"#, "{}", "null"] {
            let error = read(text).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
