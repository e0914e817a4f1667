//! Answers to what is no AWS request: a person with a browser, a probe, a broken client.

use std::sync::Arc;

use hyper::Method;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use tidings_aws::Answer;
use tidings_core::command::Command;
use tidings_couriers::signing::Signer;
use tracing::error;

use crate::request::Shared;
use crate::signatures;

/// What a plain request is for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Plain {
    /// `GET /health`: is the server ready?
    Health,
    /// `GET /` without parameters or signature: as a browser asks.
    Welcome,
    /// `GET /SimpleNotificationService-….pem`: what checks the signatures of published messages.
    Certificate,
    /// A method that neither protocol uses.
    OtherMethod,
}

/// How the name of the certificate begins and ends; what is between follows from its content.
const CERTIFICATE: (&str, &str) = ("/SimpleNotificationService-", ".pem");

impl Plain {
    /// Tells a plain request from one in an AWS protocol, which is `None`.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        if tidings_aws::lambda::is_rest_path(head.uri.path()) {
            return None;
        }
        let looks = head.method == Method::GET || head.method == Method::HEAD;
        if !looks {
            return (head.method != Method::POST).then_some(Self::OtherMethod);
        }
        let bare = head.uri.query().unwrap_or_default().is_empty()
            && !head.headers.contains_key(AUTHORIZATION);
        match head.uri.path() {
            "/health" => Some(Self::Health),
            "/" if bare => Some(Self::Welcome),
            path if path.starts_with(CERTIFICATE.0) && path.ends_with(CERTIFICATE.1) => {
                Some(Self::Certificate)
            }
            _ => None,
        }
    }
}

/// Answers a plain request.
pub(crate) async fn answer(plain: Plain, path: &str, shared: &Shared, base_url: &str) -> Answer {
    match plain {
        Plain::Health => health(shared).await,
        Plain::Welcome => welcome(base_url),
        Plain::Certificate => certificate(path, &shared.signer).await,
        Plain::OtherMethod => text(405, "Only GET, HEAD and POST are answered here.\n"),
    }
}

/// A short text for a person.
pub(crate) fn text(status: u16, text: impl Into<String>) -> Answer {
    let body = text.into().into_bytes();
    Answer::plain(status, "text/plain; charset=utf-8", body)
}

/// Ready is what answers requests: so a small one goes the whole way, and its answer is dropped.
async fn health(Shared { config, broker, .. }: &Shared) -> Answer {
    let account = config.account;
    let region = config.region.clone();
    let prefix = String::new();
    let probe = Command::ListQueues { account, region, prefix, after: None, max: 1 };
    match broker.call(probe).await {
        Ok(_) => text(200, "ready\n"),
        Err(failure) => text(503, format!("not ready: {failure}\n")),
    }
}

/// The certificate, by the name that it has in the messages signed with its key.
async fn certificate(path: &str, signer: &Arc<Signer>) -> Answer {
    let key = match signatures::key(signer).await {
        Ok(key) => key,
        Err(failure) => {
            error!("there is no certificate: {failure}");
            return text(500, "The certificate cannot be read.\n");
        }
    };
    if path.strip_prefix('/') != Some(key.certificate_name()) {
        return text(404, "No such certificate.\n");
    }
    let body = key.certificate_pem().as_bytes().to_vec();
    Answer::plain(200, "application/x-pem-file", body)
}

fn welcome(base_url: &str) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    text(
        200,
        format!(
            "Tidings {version}\n\n\
             A messaging service that speaks the Amazon SNS and SQS protocols.\n\
             Point an AWS SDK or the AWS CLI at it:\n\n    \
             aws --endpoint-url {base_url} sqs list-queues\n    \
             aws --endpoint-url {base_url} sns list-topics\n"
        ),
    )
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use tidings_couriers::signing::SigningKey;

    use super::*;

    #[test]
    fn plain_requests_are_told_from_aws_requests() {
        for (method, uri, plain) in [
            ("GET", "/health", Some(Plain::Health)),
            ("HEAD", "/health", Some(Plain::Health)),
            ("GET", "/", Some(Plain::Welcome)),
            ("GET", "/SimpleNotificationService-0f.pem", Some(Plain::Certificate)),
            ("HEAD", "/SimpleNotificationService-.pem?x", Some(Plain::Certificate)),
            ("POST", "/SimpleNotificationService-0f.pem", None),
            ("GET", "/SimpleNotificationService-0f", None),
            ("GET", "/?Action=ListQueues", None),
            ("GET", "/000000000000/orders", None),
            ("POST", "/", None),
            ("POST", "/health", None),
            ("PUT", "/", Some(Plain::OtherMethod)),
            ("OPTIONS", "/", Some(Plain::OtherMethod)),
        ] {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            assert_eq!(Plain::of(&request.into_parts().0), plain, "{method} {uri}");
        }
        let signed = Request::builder().uri("/").header("authorization", "AWS4-HMAC-SHA256 ...");
        assert_eq!(Plain::of(&signed.body(()).unwrap().into_parts().0), None);
    }

    #[tokio::test]
    async fn the_certificate_is_known_by_its_name() {
        let signer = Arc::new(Signer::with_key(SigningKey::generate().unwrap()));
        let key = signer.key().unwrap();
        let path = format!("/{}", key.certificate_name());
        let answer = certificate(&path, &signer).await;
        assert_eq!((answer.status, answer.content_type), (200, "application/x-pem-file"));
        assert_eq!(answer.body, key.certificate_pem().as_bytes());
        for path in ["/SimpleNotificationService-0f.pem", key.certificate_name()] {
            assert_eq!(certificate(path, &signer).await.status, 404, "{path}");
        }
    }
}
