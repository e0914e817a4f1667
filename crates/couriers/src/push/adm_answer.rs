//! What an answer of ADM means. Amazon, "Send a message", "Response format".

use serde::Deserialize;

use super::PushOutcome;
use super::link::Answer;

/// What is to be done after an answer.
#[derive(PartialEq, Debug)]
pub(super) enum Verdict {
    /// Nothing more.
    Settled(PushOutcome),
    /// The access token is good no longer; if a new one is no better, this came of it.
    TokenRefused(PushOutcome),
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "registrationID")]
    registration_id: Option<String>,
    reason: Option<String>,
}

/// The table of statuses and reasons, of a message for the registration `token`. One that gives no
/// reason is of somebody who stands between, and settles nothing.
pub(super) fn judge(answer: &Answer, token: &str) -> Verdict {
    let status = Some(answer.status);
    let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
    let (new, reason) = said.map_or((None, None), |said| (said.registration_id, said.reason));
    if answer.status == 200 {
        // The token stands in the answer, and is not for logs.
        let detail = String::new();
        return Verdict::Settled(match new.filter(|new| !new.is_empty() && new != token) {
            Some(token) => PushOutcome::TokenReplaced { token, status: 200, detail },
            None => PushOutcome::Delivered { status: 200, detail },
        });
    }
    let reason = reason.unwrap_or_default();
    let shown: String = reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let why = format!("ADM answered {} {shown}", answer.status).trim_end().to_owned();
    Verdict::Settled(match (answer.status, reason.as_str()) {
        (400, "InvalidRegistrationId" | "Unregistered") => {
            PushOutcome::EndpointDisabled { why, status, since: None }
        }
        // The access token: ADM gives a reason, and `WWW-Authenticate` at least.
        (401, _) => {
            return Verdict::TokenRefused(PushOutcome::CredentialsRefused { why, status });
        }
        (403, reason) if !reason.is_empty() => PushOutcome::CredentialsRefused { why, status },
        (400..=428 | 430..=499, reason) if !reason.is_empty() => PushOutcome::Never { why, status },
        _ => PushOutcome::TryLater { why, status, after: answer.retry_after },
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn judged(status: u16, body: &str) -> Verdict {
        let retry_after = Some(Duration::from_secs(7));
        judge(&Answer { status, retry_after, body: body.as_bytes().to_vec() }, "old")
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::TokenRefused(_) => "token",
            Verdict::Settled(outcome) => match outcome {
                PushOutcome::Delivered { .. } => "delivered",
                PushOutcome::TokenReplaced { .. } => "replaced",
                PushOutcome::TryLater { .. } | PushOutcome::NotBegun { .. } => "later",
                PushOutcome::Never { .. } => "never",
                PushOutcome::EndpointDisabled { .. } => "disabled",
                PushOutcome::CredentialsRefused { .. } => "credentials",
            },
        }
    }

    #[test]
    fn every_documented_reason_has_its_outcome() {
        for (status, reason, expected) in [
            (400, "InvalidRegistrationId", "disabled"),
            (400, "Unregistered", "disabled"),
            (400, "InvalidData", "never"),
            (400, "InvalidConsolidationKey", "never"),
            (400, "InvalidExpiration", "never"),
            (400, "InvalidChecksum", "never"),
            (400, "InvalidType", "never"),
            (401, "AccessTokenExpired", "token"),
            (413, "MessageTooLarge", "never"),
            (429, "MaxRateExceeded", "later"),
            (500, "InternalServerError", "later"),
            (503, "ServiceUnavailable", "later"),
        ] {
            let verdict = judged(status, &format!(r#"{{"reason":"{reason}"}}"#));
            assert_eq!(word(&verdict), expected, "{status} {reason}");
        }
        for status in (201..=599).filter(|status| *status != 401) {
            assert_eq!(word(&judged(status, "<html>")), "later", "{status}");
        }
    }

    #[test]
    fn a_registration_may_have_moved() {
        assert_eq!(word(&judged(200, r#"{"registrationID":"old"}"#)), "delivered");
        assert_eq!(word(&judged(200, r#"{"registrationID":""}"#)), "delivered");
        assert_eq!(word(&judged(200, "")), "delivered");
        let Verdict::Settled(PushOutcome::TokenReplaced { token, .. }) =
            judged(200, r#"{"registrationID":"new"}"#)
        else {
            panic!("not replaced")
        };
        assert_eq!(token, "new");
    }
}
