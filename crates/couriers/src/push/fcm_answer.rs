//! What an answer of FCM means. Firebase, "FCM error codes" and the reference of HTTP v1.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::PushOutcome;
use super::link::Answer;

/// How long to wait where FCM has had enough and does not say: Firebase, "Handling retries", one
/// minute at least.
const QUOTA_PAUSE: Duration = Duration::from_secs(60);

/// How FCM begins to say that a token is none.
const NO_TOKEN: &str = "The registration token is not a valid FCM registration token";

/// What is to be done after an answer.
#[derive(PartialEq, Debug)]
pub(super) enum Verdict {
    /// Nothing more.
    Settled(PushOutcome),
    /// The access token is good no longer; if a new one is no better, this came of it.
    TokenRefused(PushOutcome),
}

#[derive(Deserialize)]
struct Complaint {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Value>,
}

impl Error {
    /// FCM's own code, or else the status that all of Google's services have.
    fn code(&self) -> &str {
        let code = self.details.iter().find_map(|detail| detail.get("errorCode")?.as_str());
        code.unwrap_or(&self.status)
    }

    /// Whether it is the token that is no token of FCM. All that is wrong in a request has the same
    /// code. Other texts may quote the request, which a publisher wrote.
    fn is_about_token(&self) -> bool {
        let violations = self.details.iter().filter_map(|it| it.get("fieldViolations")?.as_array());
        let mut fields = violations.flatten().filter_map(|it| it.get("field")?.as_str());
        fields.any(|field| field == "message.token") || self.message.starts_with(NO_TOKEN)
    }
}

/// The table of statuses and codes. An answer without an error of Google's is of somebody who stands
/// between, and settles nothing.
pub(super) fn judge(answer: &Answer) -> Verdict {
    let status = Some(answer.status);
    if answer.status == 200 {
        let delivered = PushOutcome::Delivered { status: 200, detail: answer.text() };
        return Verdict::Settled(delivered);
    }
    let error: Option<Error> =
        serde_json::from_slice::<Complaint>(&answer.body).ok().map(|it| it.error);
    let code = error.as_ref().map_or("", Error::code);
    let why = match &error {
        None => format!("FCM answered {}", answer.status),
        Some(error) => {
            format!("FCM answered {} {}: {}", answer.status, shown(code), shown(&error.message))
        }
    };
    let later = |after| PushOutcome::TryLater { why: why.clone(), status, after };
    let disabled = || PushOutcome::EndpointDisabled { why: why.clone(), status, since: None };
    let never = || PushOutcome::Never { why: why.clone(), status };
    let refused = || PushOutcome::CredentialsRefused { why: why.clone(), status };
    Verdict::Settled(match (answer.status, code) {
        (_, "UNREGISTERED" | "SENDER_ID_MISMATCH") => disabled(),
        (404, "NOT_FOUND") => disabled(),
        (400, "INVALID_ARGUMENT") if error.as_ref().is_some_and(Error::is_about_token) => {
            disabled()
        }
        (401, "THIRD_PARTY_AUTH_ERROR") => refused(),
        (401, code) if !code.is_empty() => return Verdict::TokenRefused(refused()),
        (403, code) if !code.is_empty() => refused(),
        (429, _) => later(Some(answer.retry_after.unwrap_or(QUOTA_PAUSE))),
        (400..=499, code) if !code.is_empty() => never(),
        _ => later(answer.retry_after),
    })
}

fn shown(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(status: u16, body: &str, retry_after: Option<u64>) -> Verdict {
        let retry_after = retry_after.map(Duration::from_secs);
        judge(&Answer { status, retry_after, body: body.as_bytes().to_vec() })
    }

    fn error(status: u16, canonical: &str, code: Option<&str>, message: &str) -> String {
        let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
        let details = code.map(|code| json!({"@type": kind, "errorCode": code}));
        let details: Vec<Value> = details.into_iter().collect();
        let error =
            json!({"code": status, "status": canonical, "message": message, "details": details});
        json!({ "error": error }).to_string()
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
    fn every_documented_code_has_its_outcome() {
        for (status, canonical, code, expected) in [
            (400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT"), "never"),
            (400, "INVALID_ARGUMENT", None, "never"),
            (401, "UNAUTHENTICATED", None, "token"),
            (401, "UNAUTHENTICATED", Some("THIRD_PARTY_AUTH_ERROR"), "credentials"),
            (403, "PERMISSION_DENIED", Some("SENDER_ID_MISMATCH"), "disabled"),
            (403, "PERMISSION_DENIED", None, "credentials"),
            (404, "NOT_FOUND", Some("UNREGISTERED"), "disabled"),
            (404, "NOT_FOUND", None, "disabled"),
            (429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED"), "later"),
            (500, "INTERNAL", Some("INTERNAL"), "later"),
            (503, "UNAVAILABLE", Some("UNAVAILABLE"), "later"),
            (503, "UNAVAILABLE", None, "later"),
        ] {
            let verdict = judged(status, &error(status, canonical, code, "m"), None);
            assert_eq!(word(&verdict), expected, "{status} {canonical} {code:?}");
        }
        assert_eq!(word(&judged(200, r#"{"name":"projects/p/messages/1"}"#, None)), "delivered");
    }

    #[test]
    fn a_bad_token_is_told_from_a_bad_payload() {
        let said = "The registration token is not a valid FCM registration token";
        let body = error(400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT"), said);
        assert_eq!(word(&judged(400, &body, None)), "disabled");
        let quoted = format!("Invalid value at 'message.android.priority': \"{said}\"");
        let body = error(400, "INVALID_ARGUMENT", Some("INVALID_ARGUMENT"), &quoted);
        assert_eq!(word(&judged(400, &body, None)), "never", "a publisher's words");
        for (field, expected) in [("message.token", "disabled"), ("message.data[0]", "never")] {
            let violation = json!({"fieldViolations": [{"field": field, "description": "bad"}]});
            let body = json!({"error": {"status": "INVALID_ARGUMENT", "details": [violation]}});
            assert_eq!(word(&judged(400, &body.to_string(), None)), expected, "{field}");
        }
    }

    #[test]
    fn who_stands_between_settles_nothing() {
        for status in 201..=599 {
            for body in ["", "<html>", "{}", "[]", r#"{"error":"not found"}"#] {
                assert_eq!(word(&judged(status, body, None)), "later", "{status} {body}");
            }
        }
    }

    #[test]
    fn quotas_want_a_minute_or_what_they_say() {
        let pause = |retry_after| {
            let body = error(429, "RESOURCE_EXHAUSTED", Some("QUOTA_EXCEEDED"), "slow\ndown");
            let Verdict::Settled(PushOutcome::TryLater { after, why, .. }) =
                judged(429, &body, retry_after)
            else {
                panic!("not later")
            };
            assert_eq!(why, "FCM answered 429 QUOTA_EXCEEDED: slowdown");
            after.unwrap().as_secs()
        };
        assert_eq!(pause(None), 60);
        assert_eq!(pause(Some(7)), 7);
    }
}
