//! Who asks.

use std::sync::{Mutex, PoisonError};

use tidings_sigv4::{
    BodyHash, Request, Seconds, SecretKey, SignedRequestHeaders, Signer, SigningKey,
};

use crate::Outcome;

const REGION: &str = "us-east-1";
const SECONDS_OF_A_DAY: i64 = 86_400;

/// An access key, and the keys derived from it: one for each service, for a day.
pub(crate) struct Credentials {
    access_key_id: String,
    secret: SecretKey,
    derived: Mutex<Vec<Derived>>,
}

struct Derived {
    service: &'static str,
    day: i64,
    key: SigningKey,
}

impl Credentials {
    pub(crate) fn new(access_key_id: &str, secret: &str) -> Self {
        let (access_key_id, secret) = (access_key_id.to_owned(), SecretKey::new(secret.to_owned()));
        Self { access_key_id, secret, derived: Mutex::default() }
    }

    /// For servers that do not look.
    pub(crate) fn any() -> Self {
        Self::new("AKIAEXAMPLE", "a secret that nobody knows")
    }

    pub(crate) fn sign(
        &self,
        service: &'static str,
        headers: &[(&str, &[u8])],
        body: &BodyHash,
        now: Seconds,
    ) -> Outcome<SignedRequestHeaders> {
        let request = Request { method: "POST", path: "/", query: "", headers };
        let signer = Signer {
            access_key_id: &self.access_key_id,
            secret: &self.secret,
            session_token: None,
            region: REGION,
            service,
        };
        let key = self.key(&signer, service, now);
        Ok(signer.sign_with(&key, &request, body, now)?)
    }

    fn key(&self, signer: &Signer<'_>, service: &'static str, now: Seconds) -> SigningKey {
        let day = now.0.div_euclid(SECONDS_OF_A_DAY);
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = derived.iter().find(|key| key.service == service && key.day == day) {
            return found.key.clone();
        }
        let key = signer.signing_key(now);
        derived.retain(|key| key.day == day);
        derived.push(Derived { service, day, key: key.clone() });
        key
    }
}
