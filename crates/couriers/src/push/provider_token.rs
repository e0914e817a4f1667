//! Tokens that prove to APNs who sends. Apple, "Establishing a token-based connection to APNs": each
//! is good for an hour, and there may be another one after twenty minutes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::time::Instant;

use super::credentials::ApnsSigner;
use super::jwt::{self, NotSigned};
use super::message::unix_seconds;
use super::secret::Secret;

/// How long a token is used: between the twenty minutes and the hour.
const USED: Duration = Duration::from_secs(2400);
/// How soon there may be another one.
const RENEWED_AFTER: Duration = Duration::from_secs(1200);
/// How much the clock may move against the time that has passed, before a token is made anew that
/// says when it was made.
const CLOCK_SECONDS_MAX: u64 = 60;

/// A token.
pub(super) struct ProviderToken {
    pub(super) jwt: Secret,
    /// What the clock said when it was made: `iat`.
    issued_at: i64,
    made_at: Instant,
    /// Whether it was made because APNs refused another one.
    is_second: bool,
}

/// The token of an application.
#[derive(Default)]
pub(super) struct ProviderTokens(Mutex<Option<Arc<ProviderToken>>>);

impl ProviderTokens {
    /// A token that is good, but not the one that was `refused`.
    pub(super) fn get(
        &self,
        signer: &ApnsSigner,
        now: SystemTime,
        refused: Option<&Arc<ProviderToken>>,
    ) -> Result<Arc<ProviderToken>, NotSigned> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_refused =
            |token: &Arc<ProviderToken>| refused.is_some_and(|it| Arc::ptr_eq(it, token));
        if let Some(token) = held.as_ref()
            && token.is_good(now)
            && !is_refused(token)
        {
            return Ok(Arc::clone(token));
        }
        let issued_at = unix_seconds(now);
        let header = json!({"alg": "ES256", "kid": signer.key_id});
        let claims = json!({"iss": signer.team_id, "iat": issued_at});
        let jwt = jwt::es256(&signer.key, &header, &claims)?;
        let is_second = refused.is_some();
        let made_at = Instant::now();
        let token = Arc::new(ProviderToken { jwt, issued_at, made_at, is_second });
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Whether it helps to make another token after this one was called too old. One that was made
    /// for the same reason a moment ago is not: then it is the clock that is wrong, and APNs minds
    /// new tokens that come too fast.
    pub(super) fn may_renew(&self, refused: &ProviderToken) -> bool {
        !refused.is_second || refused.made_at.elapsed() >= RENEWED_AFTER
    }
}

impl ProviderToken {
    fn is_good(&self, now: SystemTime) -> bool {
        let age = self.made_at.elapsed();
        let by_clock = unix_seconds(now).abs_diff(self.issued_at);
        age < USED && by_clock.abs_diff(age.as_secs()) <= CLOCK_SECONDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

    use super::*;

    fn signer() -> ApnsSigner {
        let der = rcgen::KeyPair::generate().unwrap().serialize_der();
        ApnsSigner {
            key: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap(),
            key_id: "KEY1234567".to_owned(),
            team_id: "TEAM123456".to_owned(),
            bundle_id: "com.example.hotel".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_used_for_forty_minutes() {
        let (signer, tokens, begin) = (signer(), ProviderTokens::default(), SystemTime::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let first = tokens.get(&signer, begin, None).unwrap();
        tokio::time::advance(Duration::from_secs(2399)).await;
        let same = tokens.get(&signer, at(2399), None).unwrap();
        assert_eq!(same.jwt.expose(), first.jwt.expose());
        tokio::time::advance(Duration::from_secs(1)).await;
        let other = tokens.get(&signer, at(2400), None).unwrap();
        assert_ne!(other.jwt.expose(), first.jwt.expose());
        assert_eq!(other.issued_at, first.issued_at + 2400);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_in_twenty_minutes() {
        let (signer, tokens, now) = (signer(), ProviderTokens::default(), SystemTime::now());
        let first = tokens.get(&signer, now, None).unwrap();
        assert!(tokens.may_renew(&first));
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = tokens.get(&signer, now, Some(&first)).unwrap();
        assert_ne!(second.jwt.expose(), first.jwt.expose());
        let again = tokens.get(&signer, now, Some(&first)).unwrap();
        assert_eq!(again.jwt.expose(), second.jwt.expose(), "others have the new one by then");
        assert!(!tokens.may_renew(&second));
        tokio::time::advance(Duration::from_secs(1200)).await;
        assert!(tokens.may_renew(&second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_put_right_makes_a_new_token() {
        let (signer, tokens, now) = (signer(), ProviderTokens::default(), SystemTime::now());
        let first = tokens.get(&signer, now, None).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        let later = now + Duration::from_secs(7200);
        let other = tokens.get(&signer, later, None).unwrap();
        assert_eq!(other.issued_at, first.issued_at + 7200);
        let earlier = now - Duration::from_secs(7200);
        let back = tokens.get(&signer, earlier, None).unwrap();
        assert_eq!(back.issued_at, first.issued_at - 7200);
    }
}
