//! Requests with the headers that an SDK sends, signed as an SDK signs.

use std::time::{SystemTime, UNIX_EPOCH};

use tidings_sigv4::{BodyHash, Seconds};

use crate::Outcome;
use crate::credentials::Credentials;

/// A request that is sent once or many times.
///
/// A signature is good for its second: within it, a client that signs each request sends the same
/// bytes again and again. So does this, without the work of signing them again.
#[derive(Clone)]
pub(crate) struct Request {
    service: &'static str,
    /// Names and values, without those that signing adds.
    headers: Vec<(&'static str, String)>,
    body: String,
    hash: BodyHash,
    /// The whole request as it goes out, and the second that it is signed for.
    signed: Option<(Seconds, Vec<u8>)>,
}

/// A service that speaks AWS Query: its name and the version of its API.
pub(crate) type Service = (&'static str, &'static str);

pub(crate) const IAM: Service = ("iam", "2010-05-08");
pub(crate) const SNS: Service = ("sns", "2010-03-31");

/// AWS Query.
pub(crate) fn form((service, version): Service, fields: &[(&str, &str)]) -> Request {
    let pairs = fields.iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
    let body = format!("Version={version}{}", pairs.collect::<String>());
    let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
    Request::new(service, vec![("content-type", content_type)], body)
}

/// AWS JSON 1.0, of SQS.
pub(crate) fn json(action: &str, body: String) -> Request {
    let content_type = ("content-type", "application/x-amz-json-1.0".to_owned());
    let target = ("x-amz-target", format!("AmazonSQS.{action}"));
    Request::new("sqs", vec![content_type, target], body)
}

impl Request {
    fn new(service: &'static str, own_headers: Vec<(&'static str, String)>, body: String) -> Self {
        let mut headers = vec![("host", "127.0.0.1".to_owned())];
        headers.extend(own_headers);
        let hash = BodyHash::of(body.as_bytes());
        Self { service, headers, body, hash, signed: None }
    }

    /// The whole request, signed for the time that it is now. Always by the same credentials.
    pub(crate) fn signed(&mut self, credentials: &Credentials) -> Outcome<&[u8]> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = Seconds(since_epoch.as_secs().try_into()?);
        let bytes = match self.signed.take() {
            Some((second, bytes)) if second == now => bytes,
            _ => self.sign(credentials, now)?,
        };
        Ok(&self.signed.insert((now, bytes)).1)
    }

    fn sign(&self, credentials: &Credentials, now: Seconds) -> Outcome<Vec<u8>> {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let signed = credentials.sign(self.service, &headers, &self.hash, now)?;
        let mut request = String::with_capacity(1 << 10);
        request.push_str("POST / HTTP/1.1\r\n");
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in own.chain(signed.iter()) {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body));
        Ok(request.into_bytes())
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}
