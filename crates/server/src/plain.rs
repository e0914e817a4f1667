//! Answers to what is no AWS request: a person with a browser, a probe, a broken client.

use hyper::Method;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use tidings_aws::Answer;
use tidings_broker::Broker;
use tidings_core::command::Command;

use crate::config::Config;

/// What a plain request is for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Plain {
    /// `GET /health`: is the server ready?
    Health,
    /// `GET /` without parameters or signature: as a browser asks.
    Welcome,
    /// A method that neither protocol uses.
    OtherMethod,
}

impl Plain {
    /// Tells a plain request from one in an AWS protocol, which is `None`.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let looks = head.method == Method::GET || head.method == Method::HEAD;
        if !looks {
            return (head.method != Method::POST).then_some(Self::OtherMethod);
        }
        let bare = head.uri.query().unwrap_or_default().is_empty()
            && !head.headers.contains_key(AUTHORIZATION);
        match head.uri.path() {
            "/health" => Some(Self::Health),
            "/" if bare => Some(Self::Welcome),
            _ => None,
        }
    }
}

/// Answers a plain request.
pub(crate) async fn answer(
    plain: Plain,
    config: &Config,
    broker: &Broker,
    base_url: &str,
) -> Answer {
    match plain {
        Plain::Health => health(config, broker).await,
        Plain::Welcome => welcome(base_url),
        Plain::OtherMethod => text(405, "Only GET, HEAD and POST are answered here.\n"),
    }
}

/// A short text for a person.
pub(crate) fn text(status: u16, text: impl Into<String>) -> Answer {
    let body = text.into().into_bytes();
    Answer { status, content_type: "text/plain; charset=utf-8", query_error: None, body }
}

/// Ready is what answers requests: so a small one goes the whole way, and its answer is dropped.
async fn health(config: &Config, broker: &Broker) -> Answer {
    let account = config.account;
    let region = config.region.clone();
    let prefix = String::new();
    let probe = Command::ListQueues { account, region, prefix, after: None, max: 1 };
    match broker.call(probe).await {
        Ok(_) => text(200, "ready\n"),
        Err(failure) => text(503, format!("not ready: {failure}\n")),
    }
}

fn welcome(base_url: &str) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    text(
        200,
        format!(
            "Tidings {version}\n\n\
             A messaging service that speaks the Amazon SQS protocol.\n\
             Point an AWS SDK or the AWS CLI at it:\n\n    \
             aws --endpoint-url {base_url} sqs list-queues\n"
        ),
    )
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn plain_requests_are_told_from_aws_requests() {
        for (method, uri, plain) in [
            ("GET", "/health", Some(Plain::Health)),
            ("HEAD", "/health", Some(Plain::Health)),
            ("GET", "/", Some(Plain::Welcome)),
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
}
