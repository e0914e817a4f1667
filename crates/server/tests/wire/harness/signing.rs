//! Requests with a real signature.

use tidings_sigv4::{BodyHash, Request, Seconds, SecretKey, Signer};

/// An access key, and where its holder means to call.
#[derive(Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret: String,
    pub session_token: Option<String>,
    pub region: String,
}

impl Credentials {
    /// The headers that sign a request with these, at a time.
    pub fn headers(
        &self,
        service: &str,
        method: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: &str,
        now_ms: u64,
    ) -> Vec<(String, String)> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let names: Vec<String> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        let headers: Vec<(&str, &[u8])> = names
            .iter()
            .zip(headers)
            .map(|(name, (_, value))| (name.as_str(), value.as_bytes()))
            .collect();
        let request = Request { method, path, query, headers: &headers };
        let secret = SecretKey::new(self.secret.clone());
        let signer = self.signer(service, &secret);
        let now = Seconds(i64::try_from(now_ms / 1000).unwrap());
        let signed = signer.sign(&request, &BodyHash::of(body.as_bytes()), now).unwrap();
        signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The query of a URL that these sign, good for so many seconds.
    pub fn presigned(
        &self,
        service: &str,
        path_and_query: &str,
        host: &str,
        now_ms: u64,
        seconds: u32,
    ) -> String {
        let (path, query) = path_and_query.split_once('?').unwrap();
        let headers = [("host", host.as_bytes())];
        let request = Request { method: "GET", path, query, headers: &headers };
        let secret = SecretKey::new(self.secret.clone());
        let now = Seconds(i64::try_from(now_ms / 1000).unwrap());
        let signer = self.signer(service, &secret);
        signer.presign(&request, &BodyHash::of(b""), now, seconds).unwrap()
    }

    fn signer<'a>(&'a self, service: &'a str, secret: &'a SecretKey) -> Signer<'a> {
        Signer {
            access_key_id: &self.access_key_id,
            secret,
            session_token: self.session_token.as_deref(),
            region: &self.region,
            service,
        }
    }
}
