//! What a function says of its error, for the log.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use tidings_functions::Invoked;

/// Characters of a type or message that the log gets.
const CHARS_MAX: usize = 256;

/// `errorType` and `errorMessage` of a function's error. As text they are in quotes, of bounded length and
/// without control characters: a function may say anything, and whoever invokes it may have it say so.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SaidError {
    error_type: Value,
    error_message: Value,
}

impl SaidError {
    /// What an invocation answered; nothing of what is no object.
    pub(super) fn of(invoked: &Invoked) -> Self {
        serde_json::from_slice(&invoked.payload).unwrap_or_default()
    }
}

impl fmt::Display for SaidError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            let end = text.char_indices().nth(CHARS_MAX).map_or(text.len(), |(at, _)| at);
            text[..end].to_owned()
        };
        write!(out, "{:?} {:?}", short(&self.error_type), short(&self.error_message))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(payload: &[u8]) -> String {
        let invoked = Invoked {
            payload: payload.to_vec().into(),
            function_error: None,
            log_tail: Vec::new(),
            duration: Duration::ZERO,
            init_duration: None,
        };
        SaidError::of(&invoked).to_string()
    }

    #[test]
    fn a_line_of_the_log_stays_one_whatever_a_function_says() {
        let told = br#"{"errorType":"Told","errorMessage":"as told","stackTrace":["x"]}"#;
        assert_eq!(text(told), r#""Told" "as told""#);
        let forged = br#"{"errorMessage":"a\"\nINFO all is well\u001b[2J\u0000\u202e"}"#;
        assert_eq!(text(forged), r#""" "a\"\nINFO all is well\u{1b}[2J\0\u{202e}""#);
        let long = format!(r#"{{"errorMessage":"{}"}}"#, "ü".repeat(1_000_000));
        assert_eq!(text(long.as_bytes()).chars().count(), CHARS_MAX + 5);
        for other in [&b""[..], b"7", b"[1]", b"{", b"\"x\"", br#"{"errorType":{"a":1}}"#] {
            assert_eq!(text(other), r#""" """#);
        }
    }
}
