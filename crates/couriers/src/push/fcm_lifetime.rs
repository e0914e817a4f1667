//! How long a message in HTTP v1 is to live, as its own payload has it: for each kind of device in its
//! own place and form.
//!
//! ```text
//!   android.ttl                     "60s" from when FCM has it; "0s": once
//!   webpush.headers.TTL             "60", the same
//!   apns.headers.apns-expiration    "1700000000", when it is over; "0": once
//! ```
//!
//! What is counted from when FCM has it would begin anew with every attempt.

use serde_json::{Map, Value};

use super::message::Expired;

/// What a message says of its life on one kind of device.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Life {
    Unsaid,
    Left,
    Over,
}

/// Takes from the lifetimes in a message what it has waited. On a kind of device on which it is over,
/// while it is not on others, it becomes "once": what kind of device a token is of, only FCM knows.
///
/// # Errors
/// [`Expired`] if it is over on every kind of device.
pub(super) fn shorten(
    message: &mut Map<String, Value>,
    waited_seconds: u64,
    now_seconds: u64,
) -> Result<(), Expired> {
    let expiration = text_at(message, &["apns", "headers", "apns-expiration"]);
    let apns = match expiration.and_then(|text| text.parse::<u64>().ok()) {
        None => Life::Unsaid,
        Some(at) if at == 0 || at > now_seconds => Life::Left,
        Some(_) => Life::Over,
    };
    let lives = [
        shorten_one(text_at(message, &["android", "ttl"]), "s", waited_seconds),
        shorten_one(text_at(message, &["webpush", "headers", "TTL"]), "", waited_seconds),
        apns,
    ];
    let is_over = lives.iter().all(|life| *life == Life::Over);
    if is_over { Err(Expired) } else { Ok(()) }
}

/// A number of seconds with this suffix. One that is none is for FCM to refuse.
fn shorten_one(text: Option<&mut String>, suffix: &str, waited_seconds: u64) -> Life {
    let Some(text) = text else { return Life::Unsaid };
    let seconds: Option<f64> = text.strip_suffix(suffix).and_then(|text| text.parse().ok());
    let Some(seconds) = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0) else {
        return Life::Unsaid;
    };
    if seconds == 0.0 || waited_seconds == 0 {
        return Life::Left;
    }
    // Never more than FCM has at most, which is far from where either loses a second.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let left = (seconds as u64).saturating_sub(waited_seconds);
    *text = format!("{left}{suffix}");
    if left == 0 { Life::Over } else { Life::Left }
}

fn text_at<'a>(object: &'a mut Map<String, Value>, path: &[&str]) -> Option<&'a mut String> {
    match (path, object.get_mut(*path.first()?)?) {
        ([_], Value::String(text)) => Some(text),
        ([_, rest @ ..], Value::Object(inner)) => text_at(inner, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is left of a message that has waited for ten seconds, now being second 1000.
    fn after_ten(message: Value) -> Option<Value> {
        let Value::Object(mut message) = message else { panic!("{message}") };
        shorten(&mut message, 10, 1000).ok().map(|()| Value::Object(message))
    }

    #[test]
    fn what_has_waited_has_less_to_live() {
        for (before, after) in [
            (json!({"android": {"ttl": "60s"}}), json!({"android": {"ttl": "50s"}})),
            (json!({"android": {"ttl": "60.5s"}}), json!({"android": {"ttl": "50s"}})),
            (
                json!({"webpush": {"headers": {"TTL": "11"}}}),
                json!({"webpush": {"headers": {"TTL": "1"}}}),
            ),
        ] {
            assert_eq!(after_ten(before), Some(after));
        }
        for same in [
            json!({"data": {}}),
            json!({"android": {"ttl": "0s"}}),
            json!({"android": {"ttl": "soon"}}),
            json!({"android": {"ttl": 60}}),
            json!({"android": {"ttl": "-1s"}}),
            json!({"android": 7}),
            json!({"apns": {"headers": {"apns-expiration": "1001"}}}),
        ] {
            assert_eq!(after_ten(same.clone()), Some(same));
        }
        let Value::Object(mut message) = json!({"android": {"ttl": "1.5s"}}) else { panic!() };
        shorten(&mut message, 0, 1000).unwrap();
        assert_eq!(message["android"]["ttl"], "1.5s", "it has not waited");
    }

    #[test]
    fn it_is_over_when_it_is_on_every_kind_of_device() {
        let until = |at: &str| {
            json!({
                "android": {"ttl": "9s"},
                "webpush": {"headers": {"TTL": "10"}},
                "apns": {"headers": {"apns-expiration": at}},
            })
        };
        assert_eq!(after_ten(until("1000")), None);
        let left = after_ten(until("1001")).unwrap();
        assert_eq!(left["android"]["ttl"], "0s", "on a phone of Android once, or never");
        let android_only = after_ten(json!({"android": {"ttl": "10s"}, "data": {}})).unwrap();
        assert_eq!(android_only["android"]["ttl"], "0s", "the token may be of another device");
    }
}
