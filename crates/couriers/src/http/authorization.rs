//! Saying who asks, once an endpoint wants to know.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Uri};

use super::challenge::Challenge;
use super::digest::{DigestChallenge, hex};
use crate::endpoint::Credentials;

/// A value for the header `Authorization`, and what it answers.
pub(super) struct Authorization {
    value: HeaderValue,
    digest: bool,
}

impl Authorization {
    pub(super) fn value(&self) -> &HeaderValue {
        &self.value
    }
}

/// Answers the best challenge of a 401: Digest with SHA-256, Digest with MD5, Basic. None if there
/// is none that we know, or if the credentials were given already and are not wanted again. They
/// are wanted again when only the nonce was too old.
pub(super) fn authorize(
    headers: &HeaderMap,
    credentials: &Credentials,
    uri: &Uri,
    given: Option<&Authorization>,
) -> Option<Authorization> {
    let challenges: Vec<Challenge> = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Challenge::all_in)
        .collect();
    let digests = challenges.iter().filter(|it| it.scheme == "digest");
    let best = digests.filter_map(DigestChallenge::read).max_by_key(DigestChallenge::strength);
    let again = given.is_some();
    let (value, digest) = match best {
        Some(digest) if !again || (digest.stale && given.is_some_and(|given| given.digest)) => {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            let cnonce = hex(&rand::random::<[u8; 16]>());
            (digest.answer(credentials, Method::POST.as_str(), path, &cnonce), true)
        }
        None if !again && challenges.iter().any(|it| it.scheme == "basic") => {
            let pair = format!("{}:{}", credentials.user, credentials.password);
            (format!("Basic {}", STANDARD.encode(pair)), false)
        }
        _ => return None,
    };
    // Control characters fit into no header: such credentials are as good as none.
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(Authorization { value, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[&'static str], given: Option<&Authorization>) -> Option<Authorization> {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        let who = Credentials { user: "Aladdin".to_owned(), password: "open sesame".to_owned() };
        authorize(&map, &who, &Uri::from_static("http://example.com/a?b"), given)
    }

    fn text(headers: &[&'static str]) -> Option<String> {
        answer(headers, None).map(|it| it.value().to_str().unwrap().to_owned())
    }

    const MD5: &str = "Digest realm=r, nonce=m, qop=auth";
    const SHA256: &str = "Digest realm=r, nonce=s, qop=auth, algorithm=SHA-256";

    /// RFC 7617, section 2.
    #[test]
    fn basic_as_in_rfc_7617() {
        let expected = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(text(&["Basic realm=\"WallyWorld\""]).as_deref(), Some(expected));
    }

    #[test]
    fn the_best_challenge_is_answered() {
        let chosen = |headers: &[&'static str]| text(headers).unwrap();
        assert!(chosen(&["Basic realm=r", MD5, SHA256]).contains("nonce=\"s\""));
        assert!(chosen(&[SHA256, MD5]).contains("nonce=\"s\""));
        assert!(chosen(&["Basic realm=r", MD5]).contains("nonce=\"m\", uri=\"/a?b\""));
        assert!(
            chosen(&["Digest realm=r, nonce=n, algorithm=X, Basic realm=r"]).starts_with("Bas")
        );
        assert_eq!(text(&["Bearer realm=r"]), None);
        assert_eq!(text(&[]), None);
    }

    #[test]
    fn credentials_are_given_once_and_again_for_a_fresh_nonce() {
        let basic = answer(&["Basic realm=r"], None);
        assert!(answer(&["Basic realm=r"], basic.as_ref()).is_none());
        let digest = answer(&[MD5], None);
        assert!(answer(&[MD5], digest.as_ref()).is_none());
        let stale = "Digest realm=r, nonce=fresh, qop=auth, stale=TRUE";
        let fresh = answer(&[stale], digest.as_ref()).unwrap();
        assert!(fresh.value().to_str().unwrap().contains("nonce=\"fresh\""));
    }
}
