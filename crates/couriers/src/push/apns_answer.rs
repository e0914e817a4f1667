//! What an answer of APNs means. Apple, "Handling notification responses from APNs".

use serde::Deserialize;

use super::link::Answer;
use super::{PushMessage, PushOutcome};

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
    timestamp: Option<i64>,
}

/// The table of statuses and reasons. One that says nothing of APNs (no reason) is of somebody who
/// stands between, and settles nothing.
pub(super) fn judge(answer: &Answer, message: &PushMessage) -> Verdict {
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
    let disabled = |why: String| PushOutcome::EndpointDisabled { why, status };
    Verdict::Settled(match (answer.status, reason.as_str()) {
        (200, _) => PushOutcome::Delivered { status: 200, detail: answer.text() },
        (400, "DeviceTokenNotForTopic") if chose_topic(message) => never(),
        (400, "BadDeviceToken" | "DeviceTokenNotForTopic") => disabled(why()),
        (410, "") => later(),
        (410, _) => disabled(match since {
            Some(since) => format!("{}, since {since} ms after 1970", why()),
            None => why(),
        }),
        (400, "MissingTopic" | "TopicDisallowed" | "BadTopic") => match chose_topic(message) {
            true => never(),
            false => refused(": the credentials are not for this app"),
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

/// Whether the topic, or a suffix of it, is what a publisher said and not the application's own: that a
/// token is not for it says nothing of the token. Whoever may publish could disable endpoints else.
fn chose_topic(message: &PushMessage) -> bool {
    let inferred: &[&str] = match message.platform.is_voip() {
        true => &["voip"],
        false => &["alert", "background"],
    };
    let push_type = message.apns.push_type.as_deref();
    message.apns.topic.is_some() || push_type.is_some_and(|said| !inferred.contains(&said))
}

/// A reason is a word; what is not is somebody's text.
fn shown(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
#[path = "apns_answer_tests.rs"]
mod tests;
