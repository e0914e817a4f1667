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
use super::{PushMessage, PushOutcome};

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
            match apns_answer::judge(&answer, message) {
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
        if let Some(topic) = topic(sender, message) {
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

/// What the message is for: said by its attributes, or the app of the credentials, with the suffix
/// that the push type wants. Apple, "Sending notification requests to APNs".
fn topic(sender: Sender<'_>, message: &PushMessage) -> Option<String> {
    if let Some(topic) = &message.apns.topic {
        return Some(topic.clone());
    }
    let bundle_id = match sender {
        Sender::Signer(signer) => &signer.bundle_id,
        Sender::Certificate(certificate) => certificate.bundle_id.as_ref()?,
    };
    let suffix = match message.apns.push_type.as_deref() {
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
    Some(format!("{bundle_id}{suffix}"))
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
