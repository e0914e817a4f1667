//! Messages over Amazon Device Messaging. Amazon, "Request an access token" and "Send a message".

use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, Uri, http};
use serde_json::{Map, Value};
use tidings_core::limits::ADM_TTL_SECONDS;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::access_tokens::{AccessTokens, TokenRequest};
use super::adm_answer::{self, Verdict};
use super::credentials::AdmClient;
use super::fcm::bearer;
use super::link::Link;
use super::path::encoded;
use super::secret::Secret;
use super::{PushMessage, PushOutcome};

/// Sends the messages of one application.
pub(super) struct Adm {
    link: Link,
    base: String,
    tokens: AccessTokens,
    token_uri: Uri,
}

impl Adm {
    pub(super) fn new(link: Link, base: String, tokens: AccessTokens, token_uri: Uri) -> Adm {
        Adm { link, base, tokens, token_uri }
    }

    pub(super) async fn send(
        &self,
        client: &AdmClient,
        message: &PushMessage,
        now: SystemTime,
        deadline: Instant,
    ) -> PushOutcome {
        let Ok(left) = message.time_left(now) else { return PushOutcome::expired() };
        let Some(body) = body(&message.payload, left.map(|left| left.as_secs())) else {
            let why = "the payload is not one for ADM".to_owned();
            return PushOutcome::Never { why, status: None };
        };
        let mut refused = None;
        loop {
            let token = match self.tokens.get(refused, || Ok(self.token_request(client))).await {
                Ok(token) => token,
                Err(failure) => return PushOutcome::without_token(failure),
            };
            let request = || self.request(message, &token.secret, &body);
            let answer = match self.link.ask(deadline, request).await {
                Ok(answer) => answer,
                Err(failure) => return PushOutcome::unanswered(failure),
            };
            match adm_answer::judge(&answer, &message.token) {
                Verdict::Settled(outcome) => return outcome,
                Verdict::TokenRefused(outcome) if refused.is_some() => return outcome,
                Verdict::TokenRefused(_) => refused = Some(token.number),
            }
        }
    }

    fn request(
        &self,
        message: &PushMessage,
        token: &Secret,
        body: &Bytes,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let registration = encoded(&message.token);
        Request::post(format!("{}/messaging/registrations/{registration}/messages", self.base))
            .header(AUTHORIZATION, bearer(token)?)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header("x-amzn-type-version", "com.amazon.device.messaging.ADMMessage@1.0")
            .header("x-amzn-accept-type", "com.amazon.device.messaging.ADMSendResult@1.0")
            .body(Full::new(body.clone()))
    }

    fn token_request(&self, client: &AdmClient) -> TokenRequest {
        let (id, secret) = (encoded(&client.id), Zeroizing::new(encoded(client.secret.expose())));
        let form = Zeroizing::new(format!(
            "grant_type=client_credentials&scope=messaging%3Apush&client_id={id}&client_secret={}",
            *secret
        ));
        TokenRequest { uri: self.token_uri.clone(), form }
    }
}

/// The payload, with as much time as is left. ADM knows no "once": a second is the least.
fn body(payload: &str, seconds_left: Option<u64>) -> Option<Bytes> {
    let mut body: Map<String, Value> = serde_json::from_str(payload).ok()?;
    if let Some(left) = seconds_left {
        let left = left.clamp(*ADM_TTL_SECONDS.start(), *ADM_TTL_SECONDS.end());
        body.insert("expiresAfter".to_owned(), left.into());
    }
    Some(Bytes::from(Value::Object(body).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_in_the_body() {
        let of = |payload: &str, left| body(payload, left).map(|it| it.to_vec());
        let payload = r#"{"consolidationKey":"k","data":{"a":"b"}}"#;
        assert_eq!(of(payload, None).unwrap(), payload.as_bytes());
        let expected = br#"{"data":{},"expiresAfter":60}"#.to_vec();
        assert_eq!(of(r#"{"data":{},"expiresAfter":90}"#, Some(60)), Some(expected));
        let once = br#"{"data":{},"expiresAfter":1}"#.to_vec();
        assert_eq!(of(r#"{"data":{}}"#, Some(0)), Some(once));
        assert_eq!(of("[]", None), None);
    }
}
