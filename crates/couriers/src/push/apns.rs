//! Messages over the Apple Push Notification service.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Request, http};
use tokio::time::Instant;

use super::apns_answer::{self, Verdict};
use super::credentials::{ApnsCertificate, ApnsSigner};
use super::link::Link;
use super::message::{Expired, unix_seconds};
use super::path::encoded;
use super::provider_token::{ProviderToken, ProviderTokens};
use super::{ApnsHeaders, PushMessage, PushOutcome};

/// Sends the messages of one application.
pub(super) struct Apns {
    link: Link,
    base: String,
    tokens: ProviderTokens,
}

/// Who sends.
#[derive(Copy, Clone)]
pub(super) enum Sender<'a> {
    /// Proved in every request.
    Signer(&'a ApnsSigner),
    /// Proved when the connection was made.
    Certificate(&'a ApnsCertificate),
}

impl Sender<'_> {
    /// The app of the credentials, if they say.
    fn bundle_id(&self) -> Option<&str> {
        match self {
            Sender::Signer(signer) => Some(&signer.bundle_id),
            Sender::Certificate(certificate) => certificate.bundle_id.as_deref(),
        }
    }
}

impl Apns {
    /// Connections over `link` show the certificate, if there is one.
    pub(super) fn new(link: Link, base: String) -> Apns {
        Apns { link, base, tokens: ProviderTokens::default() }
    }

    pub(super) async fn send(
        &self,
        sender: Sender<'_>,
        message: &PushMessage,
        now: SystemTime,
        deadline: Instant,
    ) -> PushOutcome {
        if let Sender::Certificate(certificate) = sender
            && certificate.expires_at <= unix_seconds(now)
        {
            let why = "the certificate in PlatformPrincipal has expired: set a new one".to_owned();
            return PushOutcome::CredentialsRefused { why, status: None };
        }
        let Ok(expiration) = expiration(message, now) else { return PushOutcome::expired() };
        let mut refused: Option<Arc<ProviderToken>> = None;
        loop {
            let token = match sender {
                Sender::Certificate(_) => None,
                Sender::Signer(signer) => match self.tokens.get(signer, now, refused.as_ref()) {
                    Ok(token) => Some(token),
                    Err(_) => return PushOutcome::not_signed(),
                },
            };
            let generation = self.link.generation();
            let request = || self.request(sender, message, token.as_deref(), expiration.as_deref());
            let answer = match self.link.ask(deadline, request).await {
                Ok(answer) => answer,
                Err(failure) => return PushOutcome::unanswered(failure),
            };
            match apns_answer::judge(&answer, is_own_topic(sender.bundle_id(), message)) {
                // Once: if there is another one by now.
                Verdict::TokenExpired(outcome) => match token {
                    Some(token) if refused.is_none() && self.tokens.may_renew(&token) => {
                        refused = Some(token);
                    }
                    _ => return outcome,
                },
                Verdict::Leaving(outcome) => {
                    self.link.leave(generation);
                    return outcome;
                }
                Verdict::Settled(outcome) => return outcome,
            }
        }
    }

    fn request(
        &self,
        sender: Sender<'_>,
        message: &PushMessage,
        token: Option<&ProviderToken>,
        expiration: Option<&str>,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let headers = &message.apns;
        let uri = format!("{}/3/device/{}", self.base, encoded(&message.token));
        let mut builder = Request::post(uri).header("apns-id", apns_id(message));
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("bearer {}", token.jwt.expose()))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(topic) = topic(sender.bundle_id(), headers) {
            builder = builder.header("apns-topic", topic);
        }
        if let Some(push_type) = &headers.push_type {
            builder = builder.header("apns-push-type", push_type);
        }
        if let Some(priority) = headers.priority {
            builder = builder.header("apns-priority", u16::from(priority));
        }
        if let Some(expiration) = expiration {
            builder = builder.header("apns-expiration", expiration);
        }
        if let Some(collapse_id) = &headers.collapse_id {
            builder = builder.header("apns-collapse-id", collapse_id);
        }
        builder.body(Full::new(Bytes::copy_from_slice(message.payload.as_bytes())))
    }
}

/// What a message is for: said by its attributes, or the app of the credentials, with the suffix that
/// the push type wants. Apple, "Sending notification requests to APNs".
fn topic(bundle_id: Option<&str>, headers: &ApnsHeaders) -> Option<String> {
    let of_app = |bundle_id| topic_of_app(bundle_id, headers.push_type.as_deref());
    headers.topic.clone().or_else(|| bundle_id.map(of_app))
}

/// Whether that is the topic of the application's own app, which its tokens are for, whoever said it.
fn is_own_topic(bundle_id: Option<&str>, message: &PushMessage) -> bool {
    let push_type = message.platform.is_voip().then_some("voip");
    let own = bundle_id.map(|bundle_id| topic_of_app(bundle_id, push_type));
    topic(bundle_id, &message.apns) == own
}

fn topic_of_app(bundle_id: &str, push_type: Option<&str>) -> String {
    let suffix = match push_type {
        Some("voip") => ".voip",
        Some("complication") => ".complication",
        Some("controls") => ".push-type.controls",
        Some("fileprovider") => ".pushkit.fileprovider",
        Some("location") => ".location-query",
        Some("liveactivity") => ".push-type.liveactivity",
        Some("pushtotalk") => ".voip-ptt",
        Some("widgets") => ".push-type.widgets",
        _ => "",
    };
    // A certificate of its own for calls has it in its subject already.
    let bundle_id = bundle_id.strip_suffix(suffix).unwrap_or(bundle_id);
    format!("{bundle_id}{suffix}")
}

/// `apns-expiration`: until when APNs tries, in seconds since 1970; zero for once.
fn expiration(message: &PushMessage, now: SystemTime) -> Result<Option<String>, Expired> {
    let left = message.time_left(now)?;
    Ok(left.map(|left| match left {
        Duration::ZERO => "0".to_owned(),
        _ => message.expires_at().map_or(0, unix_seconds).to_string(),
    }))
}

/// `apns-id`: a UUID that is the same at every attempt, and another one for each device that a
/// message goes to. RFC 9562, version 8.
fn apns_id(message: &PushMessage) -> String {
    let text = format!("{}\n{}", message.message_id, message.token);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::PushPlatform;

    #[test]
    fn the_topic_is_the_apps_own_whoever_says_it() {
        let (apns, voip) = (PushPlatform::Apns, PushPlatform::ApnsVoip);
        for (platform, said, push_type, expected, is_own) in [
            (apns, Some("com.example.other"), "alert", "com.example.other", false),
            (apns, Some("com.example.hotel"), "alert", "com.example.hotel", true),
            (apns, None, "alert", "com.example.hotel", true),
            (apns, None, "background", "com.example.hotel", true),
            (apns, None, "voip", "com.example.hotel.voip", false),
            (apns, None, "liveactivity", "com.example.hotel.push-type.liveactivity", false),
            (voip, None, "voip", "com.example.hotel.voip", true),
            (voip, None, "alert", "com.example.hotel", false),
        ] {
            let message = PushMessage {
                platform,
                token: "aa".to_owned(),
                payload: "{}".to_owned(),
                ttl: None,
                published_at: SystemTime::UNIX_EPOCH,
                apns: ApnsHeaders {
                    topic: said.map(str::to_owned),
                    push_type: Some(push_type.to_owned()),
                    ..ApnsHeaders::default()
                },
                message_id: "id".to_owned(),
            };
            let bundle_id = Some("com.example.hotel");
            assert_eq!(topic(bundle_id, &message.apns).as_deref(), Some(expected));
            assert_eq!(is_own_topic(bundle_id, &message), is_own, "{expected}");
            if platform == voip && push_type == "voip" {
                let of_certificate = Some("com.example.hotel.voip");
                assert_eq!(topic(of_certificate, &message.apns).as_deref(), Some(expected));
                assert!(is_own_topic(of_certificate, &message));
            }
        }
    }
}
