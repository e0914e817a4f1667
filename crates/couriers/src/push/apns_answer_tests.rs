use super::*;

fn judged(status: u16, body: &str) -> Verdict {
    let body = body.as_bytes().to_vec();
    let answer = Answer { status, retry_after: Some(Duration::from_secs(7)), body };
    judge(&answer, true)
}

/// What becomes of a message, in a word.
fn word(verdict: &Verdict) -> &'static str {
    let (Verdict::Settled(outcome) | Verdict::Leaving(outcome) | Verdict::TokenExpired(outcome)) =
        verdict;
    match outcome {
        PushOutcome::Delivered { .. } => "delivered",
        PushOutcome::TokenReplaced { .. } => "replaced",
        PushOutcome::TryLater { .. } | PushOutcome::NotBegun { .. } => "later",
        PushOutcome::Never { .. } => "never",
        PushOutcome::EndpointDisabled { .. } => "disabled",
        PushOutcome::CredentialsRefused { .. } => "credentials",
    }
}

#[test]
fn every_documented_reason_has_its_outcome() {
    for (status, reason, expected) in [
        (200, "", "delivered"),
        (400, "BadCollapseId", "never"),
        (400, "BadDeviceToken", "disabled"),
        (400, "BadExpirationDate", "never"),
        (400, "BadMessageId", "never"),
        (400, "BadPriority", "never"),
        (400, "BadTopic", "credentials"),
        (400, "DeviceTokenNotForTopic", "disabled"),
        (400, "DuplicateHeaders", "never"),
        (400, "IdleTimeout", "later"),
        (400, "InvalidPushType", "never"),
        (400, "MissingDeviceToken", "never"),
        (400, "MissingTopic", "credentials"),
        (400, "PayloadEmpty", "never"),
        (400, "TopicDisallowed", "credentials"),
        (403, "BadCertificate", "credentials"),
        (403, "BadCertificateEnvironment", "credentials"),
        (403, "BadEnvironmentKeyIdInToken", "credentials"),
        (403, "ExpiredProviderToken", "credentials"),
        (403, "Forbidden", "credentials"),
        (403, "InvalidProviderToken", "credentials"),
        (403, "MissingProviderToken", "credentials"),
        (403, "UnrelatedKeyIdInToken", "credentials"),
        (404, "BadPath", "never"),
        (405, "MethodNotAllowed", "never"),
        (410, "ExpiredToken", "disabled"),
        (410, "Unregistered", "disabled"),
        (413, "PayloadTooLarge", "never"),
        (429, "TooManyProviderTokenUpdates", "later"),
        (429, "TooManyRequests", "later"),
        (500, "InternalServerError", "later"),
        (503, "ServiceUnavailable", "later"),
        (503, "Shutdown", "later"),
        (400, "SomethingNew", "never"),
        (599, "SomethingNew", "later"),
    ] {
        let body =
            if reason.is_empty() { String::new() } else { format!(r#"{{"reason":"{reason}"}}"#) };
        let verdict = judged(status, &body);
        assert_eq!(word(&verdict), expected, "{status} {reason}");
        match reason {
            "ExpiredProviderToken" => assert!(matches!(verdict, Verdict::TokenExpired(_))),
            "IdleTimeout" | "Shutdown" => assert!(matches!(verdict, Verdict::Leaving(_))),
            _ => assert!(matches!(verdict, Verdict::Settled(_)), "{reason}"),
        }
    }
}

#[test]
fn who_stands_between_settles_nothing() {
    for status in 201..=599 {
        for body in ["", "<html>", "{}", "[]", r#"{"reason":7}"#] {
            assert_eq!(word(&judged(status, body)), "later", "{status} {body}");
        }
    }
}

#[test]
fn what_is_said_for_another_topic_says_nothing_of_the_endpoint() {
    for (status, reason, for_own, for_another) in [
        (400, "DeviceTokenNotForTopic", "disabled", "never"),
        (410, "Unregistered", "disabled", "never"),
        (410, "ExpiredToken", "disabled", "disabled"),
        (400, "BadDeviceToken", "disabled", "disabled"),
        (400, "TopicDisallowed", "credentials", "never"),
    ] {
        let outcome = |is_own_topic| {
            let body = format!(r#"{{"reason":"{reason}"}}"#).into_bytes();
            word(&judge(&Answer { status, retry_after: None, body }, is_own_topic))
        };
        assert_eq!((outcome(true), outcome(false)), (for_own, for_another), "{reason}");
    }
}

#[test]
fn it_is_said_since_when_a_token_is_worthless_and_when_to_come_back() {
    let gone = judged(410, r#"{"reason":"Unregistered","timestamp":1454948015990}"#);
    let why = "APNs answered 410 Unregistered, since 1454948015990 ms after 1970".to_owned();
    let since = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_454_948_015_990));
    let disabled = PushOutcome::EndpointDisabled { why, status: Some(410), since };
    assert_eq!(gone, Verdict::Settled(disabled));
    let busy = judged(429, r#"{"reason":"TooManyRequests\u0000<script>"}"#);
    let why = "APNs answered 429 TooManyRequestsscript".to_owned();
    let after = Some(Duration::from_secs(7));
    assert_eq!(busy, Verdict::Settled(PushOutcome::TryLater { why, status: Some(429), after }));
}
