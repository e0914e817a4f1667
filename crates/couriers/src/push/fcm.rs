//! Messages over Firebase Cloud Messaging, HTTP v1.

use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Uri, http};
use serde_json::json;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::access_tokens::{AccessTokens, TokenFailure, TokenRequest};
use super::fcm_answer::{self, Verdict};
use super::fcm_message::{self, NoRequest, Time};
use super::link::Link;
use super::message::unix_seconds;
use super::path::encoded;
use super::secret::Secret;
use super::service_account::ServiceAccount;
use super::{PushMessage, PushOutcome, jwt};

/// What the access tokens are for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How a signed statement is exchanged for a token: RFC 7523.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long the statement is good. The longest that Google takes.
const STATEMENT_SECONDS: i64 = 3600;

/// Sends the messages of one application.
pub(super) struct Fcm {
    link: Link,
    base: String,
    tokens: AccessTokens,
    /// Instead of what service accounts say.
    token_uri: Option<Uri>,
}

impl Fcm {
    pub(super) fn new(
        link: Link,
        base: String,
        tokens: AccessTokens,
        token_uri: Option<Uri>,
    ) -> Fcm {
        Fcm { link, base, tokens, token_uri }
    }

    pub(super) async fn send(
        &self,
        account: &ServiceAccount,
        message: &PushMessage,
        now: SystemTime,
        deadline: Instant,
    ) -> PushOutcome {
        let Ok(left) = message.time_left(now) else { return PushOutcome::expired() };
        let time = Time {
            left: left.map(|left| left.as_secs()),
            waited: message.waited(now).as_secs(),
            now: u64::try_from(unix_seconds(now)).unwrap_or_default(),
        };
        let body = match fcm_message::request(&message.payload, &message.token, time) {
            Ok(body) => Bytes::from(body),
            Err(NoRequest::Expired) => return PushOutcome::expired(),
            Err(NoRequest::Malformed) => {
                let why = "the payload is not one for FCM".to_owned();
                return PushOutcome::Never { why, status: None };
            }
        };
        let mut refused = None;
        loop {
            let request = || self.token_request(account, now);
            let token = match self.tokens.get(refused, request).await {
                Ok(token) => token,
                Err(failure) => return PushOutcome::without_token(failure),
            };
            let request = || self.request(account, &token.secret, &body);
            let answer = match self.link.ask(deadline, request).await {
                Ok(answer) => answer,
                Err(failure) => return PushOutcome::unanswered(failure),
            };
            match fcm_answer::judge(&answer) {
                Verdict::Settled(outcome) => return outcome,
                Verdict::TokenRefused(outcome) if refused.is_some() => return outcome,
                Verdict::TokenRefused(_) => refused = Some(token.number),
            }
        }
    }

    fn request(
        &self,
        account: &ServiceAccount,
        token: &Secret,
        body: &Bytes,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let project = encoded(&account.project_id);
        Request::post(format!("{}/v1/projects/{project}/messages:send", self.base))
            .header(AUTHORIZATION, bearer(token)?)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body.clone()))
    }

    /// A statement of who we are, for whoever gives out tokens. It names the service account's own
    /// `token_uri` even if it goes elsewhere: that is what it was made for.
    fn token_request(
        &self,
        account: &ServiceAccount,
        now: SystemTime,
    ) -> Result<TokenRequest, TokenFailure> {
        let now = unix_seconds(now);
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(key_id) = &account.key_id {
            header["kid"] = key_id.as_str().into();
        }
        let claims = json!({
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now.saturating_add(STATEMENT_SECONDS),
        });
        let (status, after) = (None, None);
        let statement = jwt::rs256(&account.key, &header, &claims).map_err(|_| {
            let why = "the request for an access token could not be signed".to_owned();
            TokenFailure::NotNow { why, status, after }
        })?;
        let own = || account.token_uri.parse().ok();
        let uri = self.token_uri.clone().or_else(own).ok_or_else(|| TokenFailure::Refused {
            why: "token_uri of the service account is not a URL".to_owned(),
            status,
        })?;
        let (grant_type, statement) = (encoded(GRANT_TYPE), statement.expose());
        let form = format!("grant_type={grant_type}&assertion={statement}");
        Ok(TokenRequest { uri, form: Zeroizing::new(form) })
    }
}

/// `Authorization` with an access token.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, http::Error> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text)?;
    value.set_sensitive(true);
    Ok(value)
}
