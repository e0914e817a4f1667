//! What an answer of APNs means. Apple, "Handling notification responses from APNs".

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::PushOutcome;
use super::link::Answer;

/// What is to be done after an answer.
#[derive(PartialEq, Debug)]
pub(super) enum Verdict {
    /// Nothing more.
    Settled(PushOutcome),
    /// A token was too old: another one may help, and if there is none, this came of it.
    TokenExpired(PushOutcome),
    /// The server is about to leave: others are asked over new connections.
    Leaving(PushOutcome),
}

#[derive(Deserialize)]
struct Complaint {
    reason: Option<String>,
    /// In milliseconds since 1970: when the token became worthless.
    timestamp: Option<u64>,
}

/// The table of statuses and reasons. One that says nothing of APNs (no reason) is of somebody who
/// stands between, and settles nothing.
///
/// What is said of the token for another topic than the application's own says nothing of the endpoint:
/// whoever may publish could disable endpoints else. Of `BadDeviceToken` and `ExpiredToken` it is no
/// matter which topic was asked for.
pub(super) fn judge(answer: &Answer, is_own_topic: bool) -> Verdict {
    let status = Some(answer.status);
    let complaint: Option<Complaint> = serde_json::from_slice(&answer.body).ok();
    let since = complaint.as_ref().and_then(|it| it.timestamp);
    let reason = complaint.and_then(|it| it.reason).unwrap_or_default();
    let why = || match reason.as_str() {
        "" => format!("APNs answered {}", answer.status),
        reason => format!("APNs answered {} {}", answer.status, shown(reason)),
    };
    let later = || PushOutcome::TryLater { why: why(), status, after: answer.retry_after };
    let never = || PushOutcome::Never { why: why(), status };
    let refused = |advice: &str| PushOutcome::CredentialsRefused {
        why: format!("{}{advice}", why()),
        status,
    };
    let disabled = || {
        let (why, since) = match since {
            Some(ms) => (format!("{}, since {ms} ms after 1970", why()), since_1970(ms)),
            None => (why(), None),
        };
        PushOutcome::EndpointDisabled { why, status, since }
    };
    Verdict::Settled(match (answer.status, reason.as_str()) {
        (200, _) => PushOutcome::Delivered { status: 200, detail: answer.text() },
        (400, "DeviceTokenNotForTopic") | (410, "Unregistered") if !is_own_topic => never(),
        (400, "BadDeviceToken" | "DeviceTokenNotForTopic") => disabled(),
        (410, "") => later(),
        (410, _) => disabled(),
        (400, "MissingTopic" | "TopicDisallowed" | "BadTopic") => match is_own_topic {
            true => refused(": the credentials are not for this app"),
            false => never(),
        },
        (400, "IdleTimeout") => return Verdict::Leaving(later()),
        (403, "ExpiredProviderToken") => {
            let advice = ": is the clock of this server right?";
            return Verdict::TokenExpired(refused(advice));
        }
        (403, "BadCertificateEnvironment" | "BadEnvironmentKeyIdInToken") => {
            refused(": the credentials are for the other one of APNS and APNS_SANDBOX")
        }
        (403, "") => later(),
        (403, _) => refused(""),
        (500 | 503, "Shutdown") => return Verdict::Leaving(later()),
        (400..=428 | 430..=499, reason) if !reason.is_empty() => never(),
        _ => later(),
    })
}

fn since_1970(ms: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms))
}

/// A reason is a word; what is not is somebody's text.
fn shown(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
#[path = "apns_answer_tests.rs"]
mod tests;
