//! Requests to an authority.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Limited;
use hyper::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tidings_couriers::client_tls;
use tokio::time::timeout;

use super::config::AcmeConfig;
use super::order::AcmeError;

/// How long an answer may take to begin, and its bytes.
const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Only HTTPS, with certificates that are verified.
pub(super) struct AcmeClient(Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>);

impl AcmeClient {
    pub(super) fn new(config: &AcmeConfig) -> Result<Self, AcmeError> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(client_tls(config.extra_roots.as_deref())?)
            .https_only()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl HttpClient for AcmeClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let answer = self.0.request(request);
        Box::pin(async move {
            let answer =
                timeout(TIMEOUT, answer).await.map_err(|late| Error::Other(late.into()))?;
            let answer = answer.map_err(|error| Error::Other(error.into()))?;
            Ok(BytesResponse::from(answer.map(|body| Limited::new(body, ANSWER_BYTES_MAX))))
        })
    }
}
