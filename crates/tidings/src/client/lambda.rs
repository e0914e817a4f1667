//! Lambda's API: methods, paths, JSON.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use zeroize::Zeroizing;

use super::transport::{Client, ClientError};

/// How long an answer may take: as long as a function may, and a moment.
const TIMEOUT: Duration = Duration::from_secs(930);

const JSON: &str = "application/json";

/// An answer that reports success.
pub(crate) struct LambdaAnswer {
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// `X-Amz-Function-Error`, of an invocation.
    pub(crate) function_error: Option<String>,
    /// `X-Amz-Log-Result`, of an invocation.
    pub(crate) log: Option<String>,
}

impl LambdaAnswer {
    /// The members of the answer.
    pub(crate) fn json(&self, client: &Client) -> Result<Value, ClientError> {
        serde_json::from_slice(&self.body).map_err(|_| client.strange("Lambda", 200))
    }
}

impl Client {
    /// Asks for an operation of Lambda.
    pub(crate) fn lambda(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<LambdaAnswer, ClientError> {
        let headers = [headers, &[("content-type", JSON)]].concat();
        let request = self.signed("lambda", method, path, &headers, Bytes::from(body));
        let (head, body) = self.exchange(request, TIMEOUT)?;
        let header = |name: &str| {
            let value = head.headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        if head.status.is_success() {
            let (function_error, log) =
                (header("x-amz-function-error"), header("x-amz-log-result"));
            return Ok(LambdaAnswer { body, function_error, log });
        }
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let text = said.as_ref().and_then(|said| {
            said["Message"].as_str().or(said["message"].as_str()).map(str::to_owned)
        });
        match (header("x-amzn-errortype"), text) {
            (Some(code), Some(text)) => Err(ClientError::Refused { code, text }),
            _ => Err(self.strange("Lambda", head.status.as_u16())),
        }
    }
}
