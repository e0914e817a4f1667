//! Signing requests of our own.

use std::fmt;

use crate::canonical::{CanonicalRequest, HashSink};
use crate::claim::Form;
use crate::credential::Scope;
use crate::encoding::push_encoded;
use crate::fault::AuthFault;
use crate::hex;
use crate::request::{BodyHash, Request};
use crate::secret::SecretKey;
use crate::signing_key::SigningKey;
use crate::time::Seconds;
use crate::{ALGORITHM, TERMINATOR};

/// Who signs, and what for.
#[derive(Copy, Clone)]
pub struct Signer<'a> {
    /// The public part of the access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a SecretKey,
    /// The token of a temporary access key.
    pub session_token: Option<&'a str>,
    /// The region of the scope.
    pub region: &'a str,
    /// The signing name of the service.
    pub service: &'a str,
}

/// The headers that a signed request has beside its own.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequestHeaders {
    /// `x-amz-date`.
    pub date: String,
    /// `x-amz-security-token`.
    pub session_token: Option<String>,
    /// `authorization`.
    pub authorization: String,
}

impl SignedRequestHeaders {
    /// Names, in lower case, and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let token = self.session_token.iter().map(|token| ("x-amz-security-token", &**token));
        [("x-amz-date", &*self.date)]
            .into_iter()
            .chain(token)
            .chain([("authorization", &*self.authorization)])
    }
}

/// Without the signature and the token.
impl fmt::Debug for SignedRequestHeaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = ("date", &self.date);
        out.debug_struct("SignedRequestHeaders").field(date.0, date.1).finish_non_exhaustive()
    }
}

/// The headers that signing decides on.
const OWN: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

impl Signer<'_> {
    /// Signs a request with all of its headers: give those that arrive as they are sent, and `host`
    /// among them. Those that signing adds are replaced.
    ///
    /// # Errors
    ///
    /// [`AuthFault::MalformedQueryString`].
    pub fn sign(
        &self,
        request: &Request<'_>,
        body: &BodyHash,
        now: Seconds,
    ) -> Result<SignedRequestHeaders, AuthFault> {
        self.sign_with(&self.signing_key(now), request, body, now)
    }

    /// The key that signs on a day, in UTC: for who signs so much that it is worth keeping.
    pub fn signing_key(&self, now: Seconds) -> SigningKey {
        let date = now.to_string();
        let scope = Scope { date: &date[..8], region: self.region, service: self.service };
        SigningKey::derive(self.secret, &scope)
    }

    /// [`Signer::sign`] with the [`Signer::signing_key`] of that day. With another one it signs what
    /// nobody believes.
    ///
    /// # Errors
    ///
    /// [`AuthFault::MalformedQueryString`].
    pub fn sign_with(
        &self,
        key: &SigningKey,
        request: &Request<'_>,
        body: &BodyHash,
        now: Seconds,
    ) -> Result<SignedRequestHeaders, AuthFault> {
        let date = now.to_string();
        let mut headers = kept_headers(request);
        headers.push(("x-amz-date", date.as_bytes()));
        headers.extend(self.session_token.map(|token| ("x-amz-security-token", token.as_bytes())));
        let signed_headers = names(&headers);
        let request = Request { headers: &headers, ..*request };
        let request = CanonicalRequest {
            request: &request,
            signed_headers: &signed_headers,
            form: Form::Header,
        };
        let signature = self.signature(key, &request, body, now)?;
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed_headers}, Signature={}",
            self.access_key_id,
            self.scope(&date),
            hex::encode(&signature).as_str(),
        );
        let session_token = self.session_token.map(str::to_owned);
        Ok(SignedRequestHeaders { date, session_token, authorization })
    }

    /// The query of a presigned URL, good for so many seconds, of which there may be at most
    /// [`EXPIRES_SECONDS_MAX`](crate::EXPIRES_SECONDS_MAX). The request's headers have to be sent
    /// with it: mostly that is `host` alone.
    ///
    /// # Errors
    ///
    /// [`AuthFault::MalformedQueryString`].
    pub fn presign(
        &self,
        request: &Request<'_>,
        body: &BodyHash,
        now: Seconds,
        expires_seconds: u32,
    ) -> Result<String, AuthFault> {
        let date = now.to_string();
        let headers = kept_headers(request);
        let signed_headers = names(&headers);
        let credential = format!("{}/{}", self.access_key_id, self.scope(&date));
        let expires = expires_seconds.to_string();
        let mut query = request.query.as_bytes().to_vec();
        for (name, value) in [
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(&*credential)),
            ("X-Amz-Date", Some(&*date)),
            ("X-Amz-Expires", Some(&*expires)),
            ("X-Amz-Security-Token", self.session_token),
            ("X-Amz-SignedHeaders", Some(&*signed_headers)),
        ] {
            let Some(value) = value else { continue };
            if !query.is_empty() {
                query.push(b'&');
            }
            query.extend_from_slice(name.as_bytes());
            query.push(b'=');
            push_encoded(&mut query, value.as_bytes());
        }
        let query = String::from_utf8(query).unwrap_or_default();
        let request = Request { headers: &headers, query: &query, ..*request };
        let request = CanonicalRequest {
            request: &request,
            signed_headers: &signed_headers,
            form: Form::Presigned,
        };
        let signature = self.signature(&self.signing_key(now), &request, body, now)?;
        Ok(format!("{query}&X-Amz-Signature={}", hex::encode(&signature).as_str()))
    }

    fn signature(
        &self,
        key: &SigningKey,
        request: &CanonicalRequest<'_>,
        body: &BodyHash,
        now: Seconds,
    ) -> Result<[u8; 32], AuthFault> {
        let mut sink = HashSink::new();
        request.write(body, &mut sink)?;
        Ok(key.sign(now, &self.scope(&now.to_string()), &sink.finish()))
    }

    fn scope(&self, date: &str) -> String {
        format!("{}/{}/{}/{TERMINATOR}", &date[..8], self.region, self.service)
    }
}

fn kept_headers<'a>(request: &Request<'a>) -> Vec<(&'a str, &'a [u8])> {
    let is_own = |name: &str| OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
    request.headers.iter().filter(|(name, _)| !is_own(name)).copied().collect()
}

/// The names as they are signed: in lower case, sorted, each once.
fn names(headers: &[(&str, &[u8])]) -> String {
    let mut names: Vec<String> =
        headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    names.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_a_signed_request_signs_it_anew() {
        let secret = SecretKey::new("secret".to_owned());
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE",
            secret: &secret,
            session_token: Some("token"),
            region: "us-east-1",
            service: "sqs",
        };
        let mut headers: Vec<(&str, &[u8])> =
            vec![("Host", b"localhost"), ("B", b"1"), ("b", b"2")];
        let unsigned = headers.clone();
        let request = Request { method: "POST", path: "/", query: "a=1", headers: &unsigned };
        let (body, now) = (BodyHash::of(b""), Seconds(0));
        let signed = signer.sign(&request, &body, now).unwrap();
        let scope = "AKIDEXAMPLE/19700101/us-east-1/sqs/aws4_request";
        let names = "b;host;x-amz-date;x-amz-security-token";
        let start = format!("{ALGORITHM} Credential={scope}, SignedHeaders={names}, Signature=");
        assert!(signed.authorization.starts_with(&start), "{}", signed.authorization);
        assert!(!format!("{signed:?}").contains("token"), "{signed:?}");
        headers.extend(signed.iter().map(|(name, value)| (name, value.as_bytes())));
        assert_eq!(headers.len(), 6);
        let request = Request { headers: &headers, ..request };
        assert_eq!(signer.sign(&request, &body, now).unwrap(), signed);
        let key = signer.signing_key(Seconds(86_399));
        assert_eq!(signer.sign_with(&key, &request, &body, now).unwrap(), signed, "all day");
        let key = signer.signing_key(Seconds(86_400));
        assert_ne!(signer.sign_with(&key, &request, &body, now).unwrap(), signed);
        let malformed = Request { query: "%", ..request };
        assert_eq!(signer.sign(&malformed, &body, now), Err(AuthFault::MalformedQueryString));
    }
}
