//! Requests with the headers that an SDK sends, signed as an SDK signs.

use std::time::{SystemTime, UNIX_EPOCH};

use tidings_sigv4::{BodyHash, Request as Unsigned, Seconds, SigningKey, percent_encoded};

use crate::credentials::Credentials;
use crate::fault::Fault;

const SECONDS_OF_A_DAY: i64 = 86_400;
/// Room for the length of a body. Blanks before it are no part of it (RFC 9110, 5.5).
const LENGTH_DIGITS: usize = 10;

/// A request that is sent once or many times, with a body that may change in between.
///
/// It is one piece of bytes. Signing it again writes over the date and the signature, and a new body
/// over the old one; nothing else is built twice. Within its second a signature stays good, so a
/// request whose body does not change is not signed again: the bytes that a client sends which signs
/// each time are the same.
#[derive(Clone)]
pub struct Request {
    service: &'static str,
    path: String,
    /// Names and values, without those that signing adds.
    headers: Vec<(&'static str, String)>,
    /// The body alone, until it is first signed; then the whole request.
    bytes: Vec<u8>,
    body_at: usize,
    /// Where the date, the authorization and the length are.
    date_at: usize,
    authorization_at: usize,
    length_at: usize,
    /// The second that it is signed for, unless the body has changed since.
    signed_at: Option<Seconds>,
    /// The host that it is for, and the key of a day.
    host: String,
    key: Option<(i64, SigningKey)>,
}

/// A service that speaks AWS Query: its name and the version of its API.
pub type Service = (&'static str, &'static str);

/// IAM.
pub const IAM: Service = ("iam", "2010-05-08");
/// SNS.
pub const SNS: Service = ("sns", "2010-03-31");
/// SQS.
pub const SQS: Service = ("sqs", "2012-11-05");

/// AWS Query: the fields of a form.
pub fn form(service: Service, fields: &[(&str, &str)]) -> Request {
    let mut body = format!("Version={}", service.1);
    for &(name, value) in fields {
        body.extend(["&", name, "=", &percent_encoded(value, "")]);
    }
    Request::form(service, "/", body.into_bytes())
}

/// AWS JSON 1.0, of SQS.
pub fn json(action: &str, body: impl Into<Vec<u8>>) -> Request {
    let content_type = ("content-type", "application/x-amz-json-1.0".to_owned());
    let target = ("x-amz-target", format!("AmazonSQS.{action}"));
    Request::new("sqs", "/", vec![content_type, target], body.into())
}

impl Request {
    /// A form whose body is there already.
    pub(crate) fn form(service: Service, path: &str, body: Vec<u8>) -> Self {
        let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
        Self::new(service.0, path, vec![("content-type", content_type)], body)
    }

    fn new(
        service: &'static str,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Self {
        let none = (0, 0, 0, 0);
        let (body_at, date_at, authorization_at, length_at) = none;
        Self {
            service,
            path: path.to_owned(),
            headers,
            bytes: body,
            body_at,
            date_at,
            authorization_at,
            length_at,
            signed_at: None,
            host: String::new(),
            key: None,
        }
    }

    /// The body, to be changed in place.
    pub(crate) fn body_mut(&mut self) -> &mut [u8] {
        self.signed_at = None;
        &mut self.bytes[self.body_at..]
    }

    /// Writes another body in its place.
    pub(crate) fn rewrite(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.signed_at = None;
        self.bytes.truncate(self.body_at);
        write(&mut self.bytes);
    }

    /// The whole request, signed for now. Always for the same host and by the same credentials.
    pub(crate) fn signed(&mut self, host: &str, who: &Credentials) -> Result<&[u8], Fault> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.signed_for(host, who, Seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
    }

    fn signed_for(&mut self, host: &str, who: &Credentials, now: Seconds) -> Result<&[u8], Fault> {
        if self.signed_at != Some(now) {
            self.sign(host, who, now)?;
            self.signed_at = Some(now);
        }
        Ok(&self.bytes)
    }

    fn sign(&mut self, host: &str, who: &Credentials, now: Seconds) -> Result<(), Fault> {
        let signer = who.signer(self.service);
        let day = now.0.div_euclid(SECONDS_OF_A_DAY);
        let key = match &self.key {
            Some((of_day, key)) if *of_day == day => key.clone(),
            _ => self.key.insert((day, signer.signing_key(now))).1.clone(),
        };
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        let headers: Vec<(&str, &[u8])> =
            [("host", host.as_bytes())].into_iter().chain(own).collect();
        let unsigned = Unsigned { method: "POST", path: &self.path, query: "", headers: &headers };
        let hash = BodyHash::of(&self.bytes[self.body_at..]);
        let signed = signer.sign_with(&key, &unsigned, &hash, now)?;
        if self.body_at == 0 || self.host != host {
            self.assemble(host, &signed);
        } else {
            // All as long as they were: a time and a signature have one length.
            self.put(self.date_at, signed.date.as_bytes());
            self.put(self.authorization_at, signed.authorization.as_bytes());
        }
        let length = format!("{:>LENGTH_DIGITS$}", self.bytes.len() - self.body_at);
        self.put(self.length_at, length.as_bytes());
        Ok(())
    }

    /// Builds the head before the body.
    fn assemble(&mut self, host: &str, signed: &tidings_sigv4::SignedRequestHeaders) {
        let body = self.bytes.split_off(self.body_at);
        let mut head = format!("POST {} HTTP/1.1\r\nhost: {host}\r\n", self.path);
        for (name, value) in &self.headers {
            head.extend([*name, ": ", value.as_str(), "\r\n"]);
        }
        for (name, value) in signed.iter() {
            head.extend([name, ": "]);
            match name {
                "x-amz-date" => self.date_at = head.len(),
                "authorization" => self.authorization_at = head.len(),
                _ => {}
            }
            head.extend([value, "\r\n"]);
        }
        head.push_str("content-length: ");
        self.length_at = head.len();
        head.push_str(&format!("{:LENGTH_DIGITS$}\r\n\r\n", 0));
        self.bytes = head.into_bytes();
        self.body_at = self.bytes.len();
        self.bytes.extend_from_slice(&body);
        host.clone_into(&mut self.host);
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use tidings_sigv4::{Claim, Regions, Rules, SecretKey, SigningKeys};

    use super::*;

    const SECRET: &str = "a secret";
    const HOST: &str = "127.0.0.1:4566";

    fn credentials(token: Option<&str>) -> Credentials {
        Credentials::new("AKIAEXAMPLE".into(), SecretKey::new(SECRET.into()), "us-east-1".into())
            .with_session_token(token.map(str::to_owned))
    }

    /// Reads a request as a server does, and verifies its signature.
    fn verified(bytes: &[u8], now: Seconds) -> (Vec<String>, Vec<u8>) {
        let at = memchr::memmem::find(bytes, b"\r\n\r\n").unwrap();
        let head: Vec<String> =
            std::str::from_utf8(&bytes[..at]).unwrap().lines().map(str::to_owned).collect();
        let body = &bytes[at + 4..];
        let fields = head[1..].iter().map(|line| line.split_once(':').unwrap());
        let headers: Vec<(&str, &[u8])> =
            fields.map(|(name, value)| (name, value.trim().as_bytes())).collect();
        let length = headers.iter().find(|(name, _)| *name == "content-length").unwrap().1;
        assert_eq!(std::str::from_utf8(length).unwrap(), body.len().to_string());
        let path = head[0].split(' ').nth(1).unwrap();
        let request = tidings_sigv4::Request { method: "POST", path, query: "", headers: &headers };
        let rules = Rules { regions: Regions::Any, services: &["sqs", "sns", "iam"] };
        let claim = Claim::find(&request).unwrap().unwrap();
        let (hash, secret) = (BodyHash::of(body), SecretKey::new(SECRET.into()));
        let keys = SigningKeys::new(4);
        claim.check(&rules, now).unwrap().verify(&hash, &secret, &keys).unwrap();
        (head, body.to_vec())
    }

    #[test]
    fn what_is_written_over_is_signed_again() {
        for token in [None, Some("a token")] {
            let who = credentials(token);
            let mut request = json("SendMessage", "{}");
            let now = Seconds(1_800_000_000);
            request.sign(HOST, &who, now).unwrap();
            let (head, body) = verified(&request.bytes, now);
            assert_eq!((head[0].as_str(), body.as_slice()), ("POST / HTTP/1.1", &b"{}"[..]));
            assert!(head.contains(&"x-amz-target: AmazonSQS.SendMessage".to_owned()), "{head:?}");
            let token = token.map(|token| format!("x-amz-security-token: {token}"));
            assert!(token.is_none_or(|token| head.contains(&token)), "{head:?}");

            request.body_mut()[0] = b'[';
            // The next day, with another key.
            let tomorrow = Seconds(now.0 + SECONDS_OF_A_DAY);
            request.sign(HOST, &who, tomorrow).unwrap();
            assert_eq!(verified(&request.bytes, tomorrow).1, b"[}");

            request.rewrite(|body| body.extend_from_slice(&[b'x'; 12_345]));
            request.sign(HOST, &who, now).unwrap();
            assert_eq!(verified(&request.bytes, now).1, [b'x'; 12_345]);
        }
    }

    #[test]
    fn a_body_that_does_not_change_is_signed_once_a_second() {
        let (who, mut request) = (credentials(None), form(SNS, &[("Action", "Publish")]));
        let now = Seconds(1_800_000_000);
        let first = request.signed_for(HOST, &who, now).unwrap().to_vec();
        assert_eq!(verified(&first, now).1, b"Version=2010-03-31&Action=Publish");
        // Behind its back, to see that it is not signed.
        let at = request.body_at;
        request.bytes[at] = b'?';
        assert!(
            request
                .signed_for(HOST, &who, now)
                .unwrap()
                .ends_with(b"?ersion=2010-03-31&Action=Publish")
        );
        request.body_mut()[0] = b'v';
        let changed = request.signed_for(HOST, &who, now).unwrap().to_vec();
        assert!(verified(&changed, now).1.starts_with(b"version"));
        let later = Seconds(now.0 + 1);
        let again = request.signed_for(HOST, &who, later).unwrap().to_vec();
        assert_ne!(again, changed);
        verified(&again, later);
    }

    #[test]
    fn a_form_goes_to_its_path() {
        let mut request =
            Request::form(SQS, "/000000000000/orders", b"Action=SendMessage".to_vec());
        request.sign(HOST, &credentials(None), Seconds(0)).unwrap();
        let (head, _) = verified(&request.bytes, Seconds(0));
        assert_eq!(head[0], "POST /000000000000/orders HTTP/1.1");
    }
}
