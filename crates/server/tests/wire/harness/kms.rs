//! The client of KMS.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidings_broker::Clock;

use super::signing::Credentials;
use super::sqs::Http;
use crate::support::Client;

/// A client, with a connection of its own.
pub struct KmsClient {
    pub clock: Clock,
    /// What the client signs with, if it does.
    pub credentials: Option<Credentials>,
    /// The account that an unsigned credential names, and its region.
    pub caller: Option<(String, String)>,
    addr: SocketAddr,
    client: Client,
}

/// A refused request: its code, and its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KmsFault(pub String, pub String);

impl KmsFault {
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self(code.into(), text.into())
    }
}

impl KmsClient {
    pub fn new(
        addr: SocketAddr,
        clock: Clock,
        client: Client,
        credentials: Option<Credentials>,
    ) -> Self {
        Self { clock, credentials, caller: None, addr, client }
    }

    /// One more client, in the account and region that its credential names.
    pub async fn caller(&self, account: &str, region: &str) -> Self {
        let client = Client::connect(self.addr).await;
        let mut another = Self::new(self.addr, self.clock.clone(), client, None);
        another.caller = Some((account.to_owned(), region.to_owned()));
        another
    }

    /// Carries an action out that must succeed. No output is `null`.
    pub async fn ok(&mut self, action: &str, input: Value) -> Value {
        let http = self.http(action, &input.to_string()).await;
        assert_eq!(http.status, 200, "{action} {input}: {http:?}");
        if http.body.is_empty() { Value::Null } else { http.json() }
    }

    /// Carries an action out that must be refused.
    pub async fn refused(&mut self, action: &str, input: Value) -> KmsFault {
        let http = self.http(action, &input.to_string()).await;
        assert_eq!(http.status, 400, "{action} {input}: {http:?}");
        let body = http.json();
        let code = body["__type"].as_str().unwrap();
        let member = if code == "AccessDeniedException" { "Message" } else { "message" };
        let expected = json!({ "__type": code, member: body[member] });
        assert_eq!(body, expected, "{http:?}");
        KmsFault::new(code, body[member].as_str().unwrap())
    }

    /// Carries an action out.
    pub async fn http(&mut self, action: &str, body: &str) -> Http {
        let request = self.request(action, body);
        self.client.send(request).await;
        let http = self.client.response().await;
        assert_eq!(http.header("content-type"), "application/x-amz-json-1.1", "{http:?}");
        assert_eq!(http.header("x-amzn-query-error"), "-");
        assert!(super::is_uuid(http.header("x-amzn-requestid").as_bytes()));
        http
    }

    fn request(&self, action: &str, body: &str) -> String {
        let target = format!("TrentService.{action}");
        let mut headers = vec![
            ("Host".to_owned(), "kms.test:4566".to_owned()),
            ("Content-Type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("X-Amz-Target".to_owned(), target),
        ];
        if let Some(credentials) = &self.credentials {
            let signed: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let now_ms = self.clock.now().as_ms();
            headers.extend(credentials.headers("kms", "POST", "/", &signed, body, now_ms));
        }
        if let Some((account, region)) = &self.caller {
            let credential = format!(
                "AWS4-HMAC-SHA256 Credential={account}/20270115/{region}/kms/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=00"
            );
            headers.push(("Authorization".to_owned(), credential));
        }
        let mut message = "POST / HTTP/1.1\r\n".to_owned();
        for (name, value) in headers {
            message += &format!("{name}: {value}\r\n");
        }
        message + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// Creates a key and returns its ARN.
    pub async fn key(&mut self) -> String {
        let output = self.ok("CreateKey", json!({})).await;
        output["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Encrypts a text and returns the blob.
    pub async fn encrypt(&mut self, key: &str, text: &str) -> String {
        let input = json!({ "KeyId": key, "Plaintext": STANDARD.encode(text) });
        let output = self.ok("Encrypt", input).await;
        output["CiphertextBlob"].as_str().unwrap().to_owned()
    }

    /// Decrypts a blob to the text that it was.
    pub async fn decrypt(&mut self, blob: &str) -> String {
        let output = self.ok("Decrypt", json!({ "CiphertextBlob": blob })).await;
        let plaintext = STANDARD.decode(output["Plaintext"].as_str().unwrap()).unwrap();
        String::from_utf8(plaintext).unwrap()
    }
}
