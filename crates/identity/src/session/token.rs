//! The session token: what it holds, sealed and opened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tidings_core::names::AccountId;
use tidings_seal::Sealer;
use tidings_sigv4::SecretKey;
use zeroize::{Zeroize, Zeroizing};

use crate::entry::Tags;
use crate::limits;
use crate::random::Random;

/// What a token says of its session. Names are short, since it comes with every request. Members
/// may be added: tokens outlive a restart into a new release.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub(crate) struct SessionBody {
    /// Twelve digits.
    #[serde(rename = "a")]
    pub(crate) account: String,
    #[serde(rename = "h")]
    pub(crate) holder: Holder,
    #[serde(rename = "i")]
    pub(crate) issued_at_ms: u64,
    #[serde(rename = "e")]
    pub(crate) expires_at_ms: u64,
    /// The session's own policy.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// Managed policies that bound it.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) policy_arns: Vec<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Tags,
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) transitive_keys: Vec<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_identity: Option<String>,
}

/// Whose rights a session has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) enum Holder {
    /// The root user's, of GetSessionToken.
    #[serde(rename = "root")]
    Root,
    /// A user's, of GetSessionToken: its unique id.
    #[serde(rename = "user")]
    User(String),
    /// A role's: its unique id, and the session's name.
    #[serde(rename = "role")]
    Role(String, String),
    /// What a user (its unique id) or the root user left to whom it calls so, of
    /// GetFederationToken.
    #[serde(rename = "federated")]
    Federated(Option<String>, String),
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "x")]
    secret: String,
    #[serde(flatten)]
    body: SessionBody,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// Temporary credentials that were just made.
pub(crate) struct NewSession {
    pub(crate) access_key_id: String,
    pub(crate) secret: Zeroizing<String>,
    pub(crate) token: String,
}

impl SessionBody {
    /// Makes credentials for the session.
    pub(crate) fn seal(self, account: AccountId, sealer: &Sealer, random: &Random) -> NewSession {
        let access_key_id = random.access_key_id("ASIA", account);
        let secret = random.secret();
        let sealed = Sealed { secret: secret.to_string(), body: self };
        let plaintext = Zeroizing::new(
            serde_json::to_vec(&sealed).expect("texts and numbers under texts are JSON"),
        );
        let sealed = sealer.seal(access_key_id.as_bytes(), &plaintext, random.nonce());
        NewSession { access_key_id, secret, token: STANDARD.encode(sealed) }
    }

    /// Opens a token that came with an access key id. `None` if it was not sealed here for it.
    pub(crate) fn open(
        access_key_id: &str,
        token: &str,
        sealer: &Sealer,
    ) -> Option<(Self, SecretKey)> {
        if token.len() > limits::TOKEN_BYTES_MAX {
            return None;
        }
        let sealed = STANDARD.decode(token).ok()?;
        let opened = sealer.open(access_key_id.as_bytes(), &sealed)?;
        let mut sealed: Sealed = serde_json::from_slice(&opened).ok()?;
        let secret = SecretKey::new(std::mem::take(&mut sealed.secret));
        Some((sealed.body.clone(), secret))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidings_seal::MasterKey;

    use super::*;
    use crate::random::RANDOM_BYTES;

    fn body() -> SessionBody {
        SessionBody {
            account: "123456789012".into(),
            holder: Holder::Role("AROA2".into(), "s".into()),
            issued_at_ms: 1,
            expires_at_ms: 2,
            policy: None,
            policy_arns: Vec::new(),
            tags: vec![("k".into(), "v".into())],
            transitive_keys: Vec::new(),
            source_identity: Some("ann".into()),
        }
    }

    fn new_session() -> (Sealer, NewSession) {
        let sealer = MasterKey::new([7; 32]).sealer("sessions");
        let account = AccountId::parse("123456789012").unwrap();
        let session = body().seal(account, &sealer, &Random::new([5; RANDOM_BYTES]));
        (sealer, session)
    }

    #[test]
    fn a_token_opens_for_its_access_key_only() {
        let (sealer, session) = new_session();
        let (opened, secret) =
            SessionBody::open(&session.access_key_id, &session.token, &sealer).unwrap();
        assert_eq!(opened, body());
        assert_eq!(secret, SecretKey::new(session.secret.to_string()));
        assert!(SessionBody::open("ASIAOTHER", &session.token, &sealer).is_none());
        let other = MasterKey::new([7; 32]).sealer("access keys");
        assert!(SessionBody::open(&session.access_key_id, &session.token, &other).is_none());
        assert!(!session.token.contains(&*session.secret));
    }

    /// Sealed by an earlier release: tokens are good for up to 36 hours, whatever starts meanwhile.
    #[test]
    fn what_is_in_a_token_keeps_its_names() {
        let json = r#"{"x":"secret","a":"123456789012","h":{"role":["AROA2","s"]},"i":1,"e":2,"t":[["k","v"]],"s":"ann","later":7}"#;
        let sealer = MasterKey::new([7; 32]).sealer("sessions");
        let token = STANDARD.encode(sealer.seal(b"ASIA2", json.as_bytes(), [1; 12]));
        let (opened, secret) = SessionBody::open("ASIA2", &token, &sealer).unwrap();
        assert_eq!(opened, body());
        assert_eq!(secret, SecretKey::new("secret".into()));
    }

    proptest! {
        #[test]
        fn any_token_is_looked_at(token: String, bytes: Vec<u8>) {
            let (sealer, session) = new_session();
            let id = &session.access_key_id;
            prop_assert!(SessionBody::open(id, &token, &sealer).is_none());
            // Even one that was sealed here, with anything in it.
            let sealed = STANDARD.encode(sealer.seal(id.as_bytes(), &bytes, [1; 12]));
            prop_assert!(SessionBody::open(id, &sealed, &sealer).is_none());
        }

        #[test]
        fn a_changed_token_is_refused(at: usize, letter in "[A-Za-z0-9+/]") {
            let (sealer, session) = new_session();
            let at = at % (session.token.len() - 4);
            let mut changed = session.token.clone();
            changed.replace_range(at..=at, &letter);
            prop_assume!(changed != session.token);
            prop_assert!(SessionBody::open(&session.access_key_id, &changed, &sealer).is_none());
        }
    }
}
