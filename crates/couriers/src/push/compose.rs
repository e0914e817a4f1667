//! From what was published to what a push service gets.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::limits::{
    ADM_TTL_SECONDS, APNS_COLLAPSE_ID_BYTES_MAX, FCM_TTL_SECONDS_MAX, PUSH_TTL_SECONDS,
};
use tidings_core::publication::PublishedContent;

use super::credentials::is_topic;
use super::fcm_message;
use super::platform::Family;
use super::{ApnsHeaders, PayloadFault, PushMessage, PushPlatform};

/// What `apns-push-type` can be: Apple, "Sending notification requests to APNs".
const PUSH_TYPES: &[&str] = &[
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
];
/// The priority that background messages have to have.
const PRIORITY_BACKGROUND: u8 = 5;

impl PushMessage {
    /// Makes a message for an endpoint of what was published. Developer guide of SNS, "Publishing
    /// Amazon SNS notifications with platform-specific payloads" and "Using the Amazon SNS time to
    /// live (TTL) message attribute".
    ///
    /// - The platform's own text of a message with MessageStructure `json` goes as it is; for FCM the
    ///   payloads of the old API are translated. Any other text becomes the simplest payload:
    ///   `{"aps":{"alert":TEXT}}` for APNs, `{"data":{"default":TEXT}}` for FCM, and
    ///   `{"data":{"message":TEXT}}` for ADM.
    /// - The time to live is the one in `AWS.SNS.MOBILE.PLATFORM.TTL`, or else the payload's, or else
    ///   the service's, or else, for APNs, four weeks.
    /// - `AWS.SNS.MOBILE.APNS.…` attributes become headers. A push type that is not said is `voip` for
    ///   calls, `background` for a payload with `content-available` and nothing to show or to play,
    ///   and `alert` for all others.
    ///
    /// # Errors
    ///
    /// [`PayloadFault`]. The same content gives the same answer at any time.
    pub fn compose(
        platform: PushPlatform,
        token: &str,
        content: &PublishedContent<'_>,
        message_id: &str,
        published_at: SystemTime,
    ) -> Result<PushMessage, PayloadFault> {
        let own = own_text(platform, content);
        let composed = match Family::of(platform) {
            Family::Apns => apns(platform, own, content)?,
            Family::Fcm => fcm(platform, own, content)?,
            Family::Adm => adm(platform, own, content)?,
            Family::Gone => return Err(PayloadFault::Undeliverable { platform }),
        };
        Ok(PushMessage {
            platform,
            token: token.to_owned(),
            payload: composed.payload,
            ttl: composed.ttl,
            published_at,
            apns: composed.apns,
            message_id: message_id.to_owned(),
        })
    }
}

struct Composed {
    payload: String,
    ttl: Option<Duration>,
    apns: ApnsHeaders,
}

/// The text that a message with MessageStructure `json` has for this platform. FCM is `GCM`, as it
/// always was; `FCM` is taken too.
fn own_text<'a>(platform: PushPlatform, content: &PublishedContent<'a>) -> Option<&'a str> {
    let of = |name: &str| content.by_protocol.iter().find(|(key, _)| *key == name);
    let own = of(platform.as_str());
    let own = own.or_else(|| (platform == PushPlatform::Gcm).then(|| of("FCM")).flatten());
    own.map(|(_, text)| *text)
}

/// What all others get: the text for the protocol `application`, or the message.
fn plain_text<'a>(content: &PublishedContent<'a>) -> &'a str {
    let own = content.by_protocol.iter().find(|(key, _)| *key == "application");
    own.map_or(content.message, |(_, text)| text)
}

fn object(platform: PushPlatform, text: &str) -> Result<Map<String, Value>, PayloadFault> {
    serde_json::from_str(text).map_err(|_| PayloadFault::Malformed { platform })
}

/// A payload that is not too long.
fn sized(platform: PushPlatform, payload: String) -> Result<String, PayloadFault> {
    if payload.len() > platform.payload_bytes_max() {
        return Err(PayloadFault::TooLong { platform });
    }
    Ok(payload)
}

fn apns(
    platform: PushPlatform,
    own: Option<&str>,
    content: &PublishedContent<'_>,
) -> Result<Composed, PayloadFault> {
    let (payload, is_background) = match own {
        Some(text) => (text.to_owned(), is_background(&object(platform, text)?)),
        None => (json!({"aps": {"alert": plain_text(content)}}).to_string(), false),
    };
    let attributes = Attributes(&content.attributes);
    let apns = attributes.apns_headers(platform, is_background)?;
    let ttl = attributes.ttl(&[platform.as_str()])?.unwrap_or(PUSH_TTL_SECONDS);
    let ttl = Some(Duration::from_secs(ttl));
    Ok(Composed { payload: sized(platform, payload)?, ttl, apns })
}

/// Whether a payload wakes the app up and nothing more.
fn is_background(payload: &Map<String, Value>) -> bool {
    let Some(Value::Object(aps)) = payload.get("aps") else { return false };
    let wakes = aps.get("content-available").is_some_and(|it| it == &json!(1));
    wakes && !["alert", "badge", "sound"].iter().any(|key| aps.contains_key(*key))
}

fn fcm(
    platform: PushPlatform,
    own: Option<&str>,
    content: &PublishedContent<'_>,
) -> Result<Composed, PayloadFault> {
    let text = match own {
        Some(text) => sized(platform, text.to_owned())?,
        None => sized(platform, json!({"data": {"default": plain_text(content)}}).to_string())?,
    };
    let translated = fcm_message::translate(object(platform, &text)?);
    let translated = translated.ok_or(PayloadFault::Malformed { platform })?;
    let said = Attributes(&content.attributes).ttl(&[platform.as_str(), "FCM"])?;
    let ttl = said.or(translated.time_to_live).map(|ttl| ttl.min(FCM_TTL_SECONDS_MAX));
    let payload = Value::Object(translated.body).to_string();
    // Of what is put into it later, nothing may be in the way.
    let time = fcm_message::Time { left: ttl, waited: 0, now: 0 };
    if fcm_message::request(&payload, "", time).is_err() {
        return Err(PayloadFault::Malformed { platform });
    }
    Ok(Composed { payload, ttl: ttl.map(Duration::from_secs), apns: ApnsHeaders::default() })
}

fn adm(
    platform: PushPlatform,
    own: Option<&str>,
    content: &PublishedContent<'_>,
) -> Result<Composed, PayloadFault> {
    let payload = match own {
        Some(text) => text.to_owned(),
        None => json!({"data": {"message": plain_text(content)}}).to_string(),
    };
    let payload = sized(platform, payload)?;
    let in_payload = object(platform, &payload)?.get("expiresAfter").and_then(Value::as_u64);
    let said = Attributes(&content.attributes).ttl(&[platform.as_str()])?;
    let ttl = said.or(in_payload).map(|ttl| ttl.min(*ADM_TTL_SECONDS.end()));
    Ok(Composed { payload, ttl: ttl.map(Duration::from_secs), apns: ApnsHeaders::default() })
}

/// Reserved message attributes. Developer guide of SNS, "Mobile app attributes".
struct Attributes<'a>(&'a [MessageAttribute<'a>]);

impl<'a> Attributes<'a> {
    /// The text of `AWS.SNS.MOBILE.PLATFORM.NAME`, and the attribute's name.
    fn get(&self, platform: &str, name: &str) -> Option<(String, &'a str)> {
        let name = format!("AWS.SNS.MOBILE.{platform}.{name}");
        let found = self.0.iter().find(|attribute| attribute.name == name)?;
        match found.value {
            AttributeValue::Text(text) => Some((name, text.trim())),
            AttributeValue::Binary(_) => None,
        }
    }

    /// In seconds: the first one that is said.
    fn ttl(&self, platforms: &[&str]) -> Result<Option<u64>, PayloadFault> {
        let said = platforms.iter().find_map(|platform| self.get(platform, "TTL"));
        let Some((name, text)) = said else { return Ok(None) };
        match text.parse() {
            Ok(seconds) => Ok(Some(seconds)),
            Err(_) => Err(PayloadFault::BadAttribute { name, what: "a number of seconds" }),
        }
    }

    /// An attribute for APNs: the platform's own, or the one for APNs altogether.
    fn apns(&self, platform: PushPlatform, name: &str) -> Option<(String, &'a str)> {
        self.get(platform.as_str(), name).or_else(|| self.get("APNS", name))
    }

    fn apns_headers(
        &self,
        platform: PushPlatform,
        is_background: bool,
    ) -> Result<ApnsHeaders, PayloadFault> {
        let checked = |name: &str, what, is_good: fn(&str) -> bool| match self.apns(platform, name)
        {
            Some((name, text)) if !is_good(text) => Err(PayloadFault::BadAttribute { name, what }),
            said => Ok(said.map(|(_, text)| text.to_owned())),
        };
        let what = "a push type of APNs, such as alert or background";
        let push_type = checked("PUSH_TYPE", what, |text| PUSH_TYPES.contains(&text))?;
        let priority = checked("PRIORITY", "1, 5 or 10", |it| matches!(it, "1" | "5" | "10"))?;
        let topic = checked("TOPIC", "a topic of APNs, such as a bundle id", is_topic)?;
        let collapse_id = checked("COLLAPSE_ID", "1 to 64 bytes of ASCII", |text| {
            let is_one = (1..=APNS_COLLAPSE_ID_BYTES_MAX).contains(&text.len());
            is_one && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        })?;
        let inferred = match (platform.is_voip(), is_background) {
            (true, _) => "voip",
            (false, true) => "background",
            (false, false) => "alert",
        };
        let push_type = push_type.unwrap_or_else(|| inferred.to_owned());
        let of_type = (push_type == "background").then_some(PRIORITY_BACKGROUND);
        let priority = priority.and_then(|text| text.parse().ok()).or(of_type);
        Ok(ApnsHeaders { push_type: Some(push_type), priority, topic, collapse_id })
    }
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
