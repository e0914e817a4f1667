//! Payloads for FCM: of the old API translated to HTTP v1, which is all that there is since 2024.
//!
//! ```text
//!   old                                     HTTP v1, in `message`
//!   data {k: any}                           data {k: text}
//!   notification title, body                notification title, body
//!   notification icon, sound, …             android.notification icon, sound, …
//!   time_to_live 60                         android.ttl "60s", and apns and webpush in their headers
//!   collapse_key, priority, restricted_package_name      android, and apns in its headers
//!   content_available, mutable_content      apns.payload.aps
//!   dry_run                                 validate_only, beside message
//! ```
//! Firebase, "Migrate from legacy FCM APIs to HTTP v1". Keys that v1 does not know are left out, as
//! the old API did with what it did not know: v1 refuses a message for one of them.

use serde_json::{Map, Value, json};

use super::fcm_lifetime;
use super::message::Expired;

/// What a payload became.
#[derive(PartialEq, Debug)]
pub(super) struct Translated {
    /// The body of `messages:send`, without the token.
    pub(super) body: Map<String, Value>,
    /// In seconds, if an old payload says so. It is not in the body. One in HTTP v1 stays there: it
    /// may differ by device. See `fcm_lifetime.rs`.
    pub(super) time_to_live: Option<u64>,
}

/// Parts of an old notification that HTTP v1 has for Android only.
const OF_ANDROID: &[&str] = &[
    "icon",
    "color",
    "sound",
    "tag",
    "click_action",
    "body_loc_key",
    "body_loc_args",
    "title_loc_key",
    "title_loc_args",
];

/// Translates a payload, or lets it pass if it is one for HTTP v1 already: `fcmV1Message`. None if it
/// is neither.
pub(super) fn translate(mut payload: Map<String, Value>) -> Option<Translated> {
    match payload.remove("fcmV1Message") {
        Some(Value::Object(body)) => of_v1(body),
        Some(_) => None,
        None => of_old(payload),
    }
}

/// Whom it is for, SNS says and nobody else.
fn of_v1(mut body: Map<String, Value>) -> Option<Translated> {
    let Some(Value::Object(message)) = body.get_mut("message") else { return None };
    for target in ["token", "topic", "condition"] {
        message.remove(target);
    }
    if let Some(data) = message.get_mut("data") {
        *data = Value::Object(texts(data.take())?);
    }
    body.retain(|key, _| key == "message" || key == "validate_only");
    Some(Translated { body, time_to_live: None })
}

fn of_old(mut old: Map<String, Value>) -> Option<Translated> {
    let mut message = Map::new();
    let mut android = Map::new();
    let mut aps = Map::new();
    let mut apns_headers = Map::new();
    if let Some(data) = old.remove("data") {
        message.insert("data".to_owned(), Value::Object(texts(data)?));
    }
    match old.remove("notification") {
        None | Some(Value::Null) => {}
        Some(Value::Object(notification)) => {
            notify(notification, &mut message, &mut android, &mut aps);
        }
        Some(_) => return None,
    }
    match old.remove("priority").as_ref().and_then(Value::as_str) {
        Some("high") => {
            android.insert("priority".to_owned(), "HIGH".into());
            apns_headers.insert("apns-priority".to_owned(), "10".into());
        }
        Some("normal") => {
            android.insert("priority".to_owned(), "NORMAL".into());
            apns_headers.insert("apns-priority".to_owned(), "5".into());
        }
        _ => {}
    }
    if let Some(Value::String(key)) = old.remove("collapse_key") {
        android.insert("collapse_key".to_owned(), key.as_str().into());
        apns_headers.insert("apns-collapse-id".to_owned(), key.into());
    }
    if let Some(name @ Value::String(_)) = old.remove("restricted_package_name") {
        android.insert("restricted_package_name".to_owned(), name);
    }
    for (name, of_apns) in
        [("content_available", "content-available"), ("mutable_content", "mutable-content")]
    {
        if old.remove(name) == Some(Value::Bool(true)) {
            aps.insert(of_apns.to_owned(), 1.into());
        }
    }
    let time_to_live = seconds(old.remove("time_to_live"))?;
    put(&mut message, "android", android);
    let mut apns = Map::new();
    put(&mut apns, "headers", apns_headers);
    if !aps.is_empty() {
        apns.insert("payload".to_owned(), json!({ "aps": aps }));
    }
    put(&mut message, "apns", apns);
    let mut body = Map::new();
    body.insert("message".to_owned(), Value::Object(message));
    if old.remove("dry_run") == Some(Value::Bool(true)) {
        body.insert("validate_only".to_owned(), true.into());
    }
    Some(Translated { body, time_to_live })
}

/// An old notification: what every device has, and what only some have.
fn notify(
    mut old: Map<String, Value>,
    message: &mut Map<String, Value>,
    android: &mut Map<String, Value>,
    aps: &mut Map<String, Value>,
) {
    let mut for_all = Map::new();
    for name in ["title", "body", "image"] {
        if let Some(value @ Value::String(_)) = old.remove(name) {
            for_all.insert(name.to_owned(), value);
        }
    }
    put(message, "notification", for_all);
    let mut of_android = Map::new();
    if let Some(channel @ Value::String(_)) = old.remove("android_channel_id") {
        of_android.insert("channel_id".to_owned(), channel);
    }
    for name in OF_ANDROID {
        let Some(value) = old.remove(*name) else { continue };
        if *name == "sound" && value.is_string() {
            aps.insert("sound".to_owned(), value.clone());
        }
        // Arguments were a list in a text.
        let value = match value {
            Value::String(text) if name.ends_with("_args") => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            value => value,
        };
        if value.is_string() || value.is_array() {
            of_android.insert((*name).to_owned(), value);
        }
    }
    put(android, "notification", of_android);
    let badge = old.remove("badge");
    let badge = badge.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
    if let Some(badge) = badge {
        aps.insert("badge".to_owned(), badge.into());
    }
}

/// All values of `data` have to be texts: others become their JSON.
fn texts(data: Value) -> Option<Map<String, Value>> {
    let Value::Object(data) = data else { return None };
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(data.into_iter().map(|(key, value)| (key, Value::String(text(value)))).collect())
}

/// A number, or one in a text. None if it is neither.
fn seconds(value: Option<Value>) -> Option<Option<u64>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(Value::Number(number)) => number.as_u64().map(Some),
        Some(Value::String(text)) => text.trim().parse().ok().map(Some),
        Some(_) => None,
    }
}

fn put(into: &mut Map<String, Value>, key: &str, part: Map<String, Value>) {
    if !part.is_empty() {
        into.insert(key.to_owned(), Value::Object(part));
    }
}

/// The time of a request, in seconds.
#[derive(Copy, Clone, Debug)]
pub(super) struct Time {
    /// How much is left of the message's time to live, if it is not the payload that says it.
    pub(super) left: Option<u64>,
    /// How long the message has waited.
    pub(super) waited: u64,
    /// Since 1970.
    pub(super) now: u64,
}

/// Why there is nothing to be sent.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum NoRequest {
    /// The payload has something else where the token or the time belongs.
    Malformed,
    /// The payload's own time to live is over.
    Expired,
}

/// The body of a request: with the token, and with as much time as is left.
pub(super) fn request(payload: &str, token: &str, time: Time) -> Result<String, NoRequest> {
    let body = serde_json::from_str(payload).map_err(|_| NoRequest::Malformed)?;
    let mut body: Map<String, Value> = body;
    let message = body.get_mut("message").and_then(Value::as_object_mut);
    let message = message.ok_or(NoRequest::Malformed)?;
    message.insert("token".to_owned(), token.into());
    match time.left {
        Some(left) => set_time(message, left, time.now).ok_or(NoRequest::Malformed)?,
        None => fcm_lifetime::shorten(message, time.waited, time.now)
            .map_err(|Expired| NoRequest::Expired)?,
    }
    Ok(Value::Object(body).to_string())
}

/// None if something else is in the way.
fn set_time(message: &mut Map<String, Value>, seconds: u64, now: u64) -> Option<()> {
    // Once only, says APNs with an expiration of zero.
    let expiration = if seconds == 0 { 0 } else { now.saturating_add(seconds) };
    set(message, &["android", "ttl"], format!("{seconds}s"))?;
    set(message, &["apns", "headers", "apns-expiration"], expiration.to_string())?;
    set(message, &["webpush", "headers", "TTL"], seconds.to_string())
}

/// Sets a text in an object, or in an object in it. None if there is something else in the way.
fn set(object: &mut Map<String, Value>, path: &[&str], text: String) -> Option<()> {
    match path {
        [] => None,
        [last] => {
            object.insert((*last).to_owned(), text.into());
            Some(())
        }
        [first, rest @ ..] => {
            let inner = object.entry(*first).or_insert_with(|| json!({}));
            set(inner.as_object_mut()?, rest, text)
        }
    }
}

#[cfg(test)]
#[path = "fcm_message_tests.rs"]
mod tests;
