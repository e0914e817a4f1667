//! One signed request after the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::http::response::Parts;
use tidings_couriers::{
    ServiceClient, ServiceEndpoint, ServiceRequest, service_client, with_causes,
};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::connection::{Connection, ConnectionError, Resolved};
use super::element::Element;

/// How long an answer may take. Nothing that is asked here takes a server long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of an answer. A page of roles with policies is the largest.
const ANSWER_BYTES_MAX: usize = 64 << 20;

const FORM: &str = "application/x-www-form-urlencoded";

/// Asks a server. Every call waits for its answer.
pub(crate) struct Client {
    runtime: Runtime,
    http: ServiceClient,
    endpoint: ServiceEndpoint,
    to: Resolved,
}

/// Why there is no answer, or none that was hoped for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("{0:?} is no endpoint: one looks like http://127.0.0.1:4566 or https://host")]
    Endpoint(String),
    #[error("the authorities to trust cannot be used: {0}")]
    Authorities(String),
    #[error("cannot start a client")]
    Start(#[source] std::io::Error),
    #[error("cannot ask {endpoint}: {problem}")]
    Unreachable { endpoint: String, problem: String },
    #[error("{endpoint} answers, but not as {service} does (status {status}): is it Tidings?")]
    Strange { endpoint: String, service: &'static str, status: u16 },
    /// The server's own words.
    #[error("{code}: {text}")]
    Refused { code: String, text: String },
}

impl Client {
    /// Finds out whom to ask and as whom. Nothing is sent yet.
    pub(crate) fn open(connection: &Connection) -> Result<Self, ClientError> {
        let to = connection.resolve()?;
        let endpoint = to.endpoint.parse();
        let endpoint = endpoint.map_err(|_| ClientError::Endpoint(to.endpoint.clone()))?;
        let http = service_client(to.ca_bundle.as_deref());
        let http = http.map_err(|error| ClientError::Authorities(with_causes(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { runtime: runtime.map_err(ClientError::Start)?, http, endpoint, to })
    }

    /// The region that requests are signed for.
    pub(crate) fn region(&self) -> &str {
        &self.to.region
    }

    /// Asks for one action, and returns its result; an empty element if it has none.
    pub(crate) fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Element, ClientError> {
        let (head, body) = self.exchange(self.request(action, parameters), TIMEOUT)?;
        let status = head.status.as_u16();
        let strange = || self.strange("IAM", status);
        let text = std::str::from_utf8(&body).map_err(|_| strange())?;
        let answer = Element::parse(text).ok_or_else(strange)?;
        if status != 200 {
            let error = answer.into_child("Error").ok_or_else(strange)?;
            let (code, text) = (error.text_of("Code").into(), error.text_of("Message").into());
            return Err(ClientError::Refused { code, text });
        }
        if answer.name != format!("{action}Response") {
            return Err(strange());
        }
        Ok(answer.into_child(&format!("{action}Result")).unwrap_or_default())
    }

    /// Asks for all pages of a list.
    pub(crate) fn list(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        list: &str,
    ) -> Result<Vec<Element>, ClientError> {
        let mut all = Vec::new();
        let mut marker = String::new();
        loop {
            let mut page = parameters.to_vec();
            if !marker.is_empty() {
                page.push(("Marker", &marker));
            }
            let result = self.call(action, &page)?;
            let next = result.text_of("Marker").to_owned();
            let has_more = result.text_of("IsTruncated") == "true" && next != marker;
            let members = result.into_child(list);
            all.extend(members.map(Element::into_members).unwrap_or_default());
            if !has_more || next.is_empty() {
                return Ok(all);
            }
            marker = next;
        }
    }

    pub(super) fn strange(&self, service: &'static str, status: u16) -> ClientError {
        ClientError::Strange { endpoint: self.to.endpoint.clone(), service, status }
    }

    /// Waits for the answer to a request: its head and its body.
    pub(super) fn exchange(
        &self,
        request: Option<Request<Full<Bytes>>>,
        within: Duration,
    ) -> Result<(Parts, Zeroizing<Vec<u8>>), ClientError> {
        self.runtime.block_on(self.send(request, within))
    }

    async fn send(
        &self,
        request: Option<Request<Full<Bytes>>>,
        within: Duration,
    ) -> Result<(Parts, Zeroizing<Vec<u8>>), ClientError> {
        let failed = |problem: String| ClientError::Unreachable {
            endpoint: self.to.endpoint.clone(),
            problem,
        };
        let request = request.ok_or_else(|| {
            failed("the access key or a parameter cannot be sent in a request".to_owned())
        })?;
        let exchange = async {
            let answer = self.http.request(request).await.map_err(|error| with_causes(&error))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| error.to_string())?;
            Ok((head, Zeroizing::new(body.to_bytes().to_vec())))
        };
        let late = |_| failed(format!("there is no answer within {} s", within.as_secs()));
        timeout(within, exchange).await.map_err(late)?.map_err(failed)
    }

    /// A signed request. `None` if something in it can be in no header.
    fn request(&self, action: &str, parameters: &[(&str, &str)]) -> Option<Request<Full<Bytes>>> {
        let body = Bytes::from(form(action, parameters));
        self.signed("iam", "POST", "/", &[("content-type", FORM)], body)
    }

    /// A signed request to a path without a query. `None` if something in it can be in no request.
    pub(super) fn signed(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Option<Request<Full<Bytes>>> {
        let Resolved { region, credentials, .. } = &self.to;
        let request = ServiceRequest { service, region, method, path, headers, body };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        request.sign(&self.endpoint, credentials, since.as_secs())
    }
}

/// A form for a version of the API.
fn form(action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2010-05-08");
    for (name, value) in parameters {
        form.push('&');
        form.push_str(name);
        form.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    form.push(char::from(byte));
                }
                _ => {
                    form.push('%');
                    form.push_str(&format!("{byte:02X}"));
                }
            }
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        let form = form("CreateUser", &[("UserName", "a b"), ("Path", "/é/")]);
        assert_eq!(form, "Action=CreateUser&Version=2010-05-08&UserName=a%20b&Path=%2F%C3%A9%2F");
    }
}
