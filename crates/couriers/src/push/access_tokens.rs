//! Access tokens of OAuth 2, each fetched once for all who wait for it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Uri};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::link::{Answer, Failure, Link};
use super::secret::Secret;
use crate::TurnedAway;

/// How long before its end a token is used no longer: a message may be on its way for a while.
const MARGIN: Duration = Duration::from_secs(300);
/// How long a token is good that does not say so: RFC 6749, section 5.1, recommends to say.
const SECONDS_UNSAID: u64 = 600;
/// The longest that a token is used, whatever it says.
const SECONDS_MAX: u64 = 86_400;
/// For how long a refusal stands, before the same credentials are tried again. Others make it void.
const REFUSAL: Duration = Duration::from_secs(10);

/// The access token of an application: fetched when it is first needed, and again before it ends.
pub(super) struct AccessTokens {
    link: Link,
    /// How long fetching one may take.
    fetch_timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// How the last fetch failed, and when, if none has succeeded since.
    failed: Option<(Instant, TokenFailure)>,
    fetched: u64,
}

struct Held {
    token: AccessToken,
    until: Instant,
}

/// An access token, and which one of the application's it is.
#[derive(Clone)]
pub(super) struct AccessToken {
    pub(super) secret: Secret,
    pub(super) number: u64,
}

/// Why there is no access token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TokenFailure {
    /// The credentials were refused.
    Refused { why: String, status: Option<u16> },
    /// Nobody was asked, for whoever gives them out is known to be down.
    TurnedAway(TurnedAway),
    /// There may be one another time.
    NotNow { why: String, status: Option<u16>, after: Option<Duration> },
}

/// A request for a token.
pub(super) struct TokenRequest {
    pub(super) uri: Uri,
    /// A form, secrets included.
    pub(super) form: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Denied {
    error: Option<String>,
    error_description: Option<String>,
}

impl AccessTokens {
    pub(super) fn new(link: Link, fetch_timeout: Duration) -> AccessTokens {
        AccessTokens { link, fetch_timeout, state: Mutex::default() }
    }

    /// A token that is good for a while, but not the one of the number `refused`. Those who wait while
    /// one is fetched share what comes of it, and a refusal is everybody's for a moment.
    pub(super) async fn get(
        &self,
        refused: Option<u64>,
        request: impl FnOnce() -> Result<TokenRequest, TokenFailure>,
    ) -> Result<AccessToken, TokenFailure> {
        let begun_at = Instant::now();
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(held) = &state.held
            && now < held.until
            && Some(held.token.number) != refused
        {
            return Ok(held.token.clone());
        }
        if let Some((failed_at, failure)) = &state.failed {
            let stands =
                matches!(failure, TokenFailure::Refused { .. }) && now < *failed_at + REFUSAL;
            if *failed_at >= begun_at || stands {
                return Err(failure.clone());
            }
        }
        match self.fetch(request).await {
            Ok(granted) => {
                state.fetched += 1;
                let token = AccessToken {
                    secret: Secret::new(granted.access_token.to_string()),
                    number: state.fetched,
                };
                let until = now + used_for(granted.expires_in);
                state.held = Some(Held { token: token.clone(), until });
                state.failed = None;
                Ok(token)
            }
            Err(failure) => {
                state.failed = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn fetch(
        &self,
        request: impl FnOnce() -> Result<TokenRequest, TokenFailure>,
    ) -> Result<Granted, TokenFailure> {
        let TokenRequest { uri, form } = request()?;
        let deadline = Instant::now() + self.fetch_timeout;
        let asked = self.link.ask(deadline, || {
            Request::post(uri.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::copy_from_slice(form.as_bytes())))
        });
        let (status, after) = (None, None);
        match asked.await {
            Ok(answer) => judged(&answer),
            Err(Failure::TurnedAway(TurnedAway { why, pause })) => {
                let why = format!("no access token: {why}");
                Err(TokenFailure::TurnedAway(TurnedAway { why, pause }))
            }
            Err(failure @ (Failure::Lost(_) | Failure::Unreachable(_))) => {
                Err(TokenFailure::NotNow {
                    why: format!("no access token: {failure}"),
                    status,
                    after,
                })
            }
            Err(failure) => {
                Err(TokenFailure::Refused { why: format!("no access token: {failure}"), status })
            }
        }
    }
}

/// How long a token is used that is good for so many seconds.
fn used_for(expires_in: Option<u64>) -> Duration {
    let good = Duration::from_secs(expires_in.unwrap_or(SECONDS_UNSAID).min(SECONDS_MAX));
    good.saturating_sub(MARGIN).max(good / 2)
}

/// RFC 6749, sections 5.1 and 5.2. Of an answer that says no, only what the standard has for people
/// is passed on.
fn judged(answer: &Answer) -> Result<Granted, TokenFailure> {
    let status = Some(answer.status);
    let why = |what: &str| format!("no access token: the server answered {}{what}", answer.status);
    if answer.status == 200 {
        let granted = serde_json::from_slice::<Granted>(&answer.body).ok();
        let granted = granted.filter(|it| !it.access_token.is_empty());
        let strange = why(" with something that is no token");
        return granted.ok_or(TokenFailure::NotNow { why: strange, status, after: None });
    }
    let denied: Option<Denied> = serde_json::from_slice(&answer.body).ok();
    let error = denied.as_ref().and_then(|it| it.error.as_deref());
    let description = denied.as_ref().and_then(|it| it.error_description.as_deref());
    let said: Vec<String> = [error, description].into_iter().flatten().map(short).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(": ")) };
    match answer.status {
        // Who stands between and knows nothing of OAuth says nothing of the credentials.
        400..=428 | 430..=499 if error.is_some() => {
            Err(TokenFailure::Refused { why: why(&said), status })
        }
        _ => Err(TokenFailure::NotNow { why: why(&said), status, after: answer.retry_after }),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let retry_after = Some(Duration::from_secs(9));
        Answer { status, retry_after, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let seconds = |expires_in| used_for(expires_in).as_secs();
        assert_eq!(seconds(Some(3600)), 3300);
        assert_eq!(seconds(Some(400)), 200);
        assert_eq!(seconds(Some(0)), 0);
        assert_eq!(seconds(None), 300);
        assert_eq!(seconds(Some(u64::MAX)), 86_100);
    }

    #[test]
    fn answers_are_told_apart() {
        let granted = judged(&answer(200, r#"{"access_token":"t","expires_in":3600,"x":1}"#));
        assert_eq!(granted.ok().map(|it| it.access_token.to_string()).as_deref(), Some("t"));
        for (status, body, expected) in [
            (400, r#"{"error":"invalid_grant","error_description":"Invalid\n JWT"}"#, true),
            (401, r#"{"error":"invalid_client"}"#, true),
            (400, "<html>", false),
            (404, "", false),
            (429, r#"{"error":"slow_down"}"#, false),
            (500, r#"{"error":"server_error"}"#, false),
            (200, r#"{"token":"t"}"#, false),
            (200, r#"{"access_token":""}"#, false),
            (302, "", false),
        ] {
            let failure = judged(&answer(status, body)).err().unwrap();
            assert_eq!(
                matches!(failure, TokenFailure::Refused { .. }),
                expected,
                "{status} {body}"
            );
        }
        let body = r#"{"error":"invalid_grant","error_description":"Invalid\n JWT"}"#;
        let TokenFailure::Refused { why, .. } = judged(&answer(400, body)).err().unwrap() else {
            panic!("not refused")
        };
        assert_eq!(why, "no access token: the server answered 400: invalid_grant: Invalid JWT");
    }
}
