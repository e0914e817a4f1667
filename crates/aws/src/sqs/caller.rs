//! Who asks, where, and for which queue.

use tidings_core::names::{AccountId, QueueArn, QueueName, Region};
use tidings_core::rejection::Rejection;

use crate::action::Protocol;
use crate::refusal::{Refusal, WireError};

/// Who asks, and where.
#[derive(Copy, Clone, Debug)]
pub struct Caller<'a> {
    /// What the request is written in.
    pub protocol: Protocol,
    /// The URL's path. In the Query protocol it names the queue if no parameter does.
    pub path: &'a str,
    /// The caller's account.
    pub account: AccountId,
    /// The region that the request is meant for.
    pub region: &'a Region,
}

impl Caller<'_> {
    /// The caller's own queue of this name.
    pub(crate) fn own(&self, name: QueueName) -> QueueArn {
        QueueArn { account: self.account, region: self.region.clone(), name }
    }

    /// The queue that a request names by the parameter QueueUrl or by its own path. The parameter
    /// wins; any host will do, and only the last two segments of the path count: account and name.
    /// An account other than the caller's names that account's queue.
    ///
    /// The JSON protocol also takes a queue's bare name, as SDKs that send requests to the endpoint
    /// document, and takes no queue from the path.
    ///
    /// # Errors
    /// [`WireError::InvalidAddress`] if the URL has no two segments. QueueDoesNotExist if they are
    /// no account and name, or if the parameter is missing in JSON; MissingParameter if it is
    /// missing in Query.
    pub(crate) fn queue(&self, queue_url: Option<&str>) -> Result<QueueArn, Refusal> {
        let url = queue_url.filter(|url| !url.is_empty());
        let url = match (self.protocol, url) {
            (Protocol::Json, None) => return Err(Rejection::QueueDoesNotExist.into()),
            (Protocol::Json, Some(name)) if !name.contains('/') => {
                let name = QueueName::parse(name).ok_or_else(|| invalid_address(name))?;
                return Ok(self.own(name));
            }
            (Protocol::Query, None) if self.path == "/" || self.path.is_empty() => {
                return Err(Rejection::MissingParameter("QueueUrl".into()).into());
            }
            (Protocol::Query, None) => self.path,
            (_, Some(url)) => url,
        };
        let (account, name) = last_segments(url).ok_or_else(|| invalid_address(url))?;
        let account = AccountId::parse(account).ok_or(Rejection::QueueDoesNotExist)?;
        let name = QueueName::parse(name).ok_or(Rejection::QueueDoesNotExist)?;
        Ok(QueueArn { account, region: self.region.clone(), name })
    }
}

/// The URL of a queue. `base_url` is scheme and host as the client used them, without a slash at
/// the end.
pub fn queue_url(base_url: &str, arn: &QueueArn) -> String {
    format!("{base_url}/{}/{}", arn.account, arn.name.as_str())
}

/// The last two segments of a URL's path, or of a path.
fn last_segments(url: &str) -> Option<(&str, &str)> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.strip_prefix('/').unwrap_or(url),
    };
    let (rest, name) = path.rsplit_once('/')?;
    let account = rest.rsplit_once('/').map_or(rest, |(_, account)| account);
    Some((account, name))
}

fn invalid_address(address: &str) -> Refusal {
    WireError::InvalidAddress { address: address.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(protocol: Protocol, path: &str, url: Option<&str>) -> Result<String, Refusal> {
        let region = Region::parse("eu-west-1").unwrap();
        let account = AccountId::parse("111111111111").unwrap();
        let caller = Caller { protocol, path, account, region: &region };
        caller.queue(url).map(|arn| arn.to_string())
    }

    const ARN: &str = "arn:aws:sqs:eu-west-1:000000000042:orders";
    const QUEUE: &str = "/000000000042/orders";

    #[test]
    fn a_queue_is_known_by_the_last_two_segments() {
        for url in [
            "http://localhost:4566/000000000042/orders",
            "https://sqs.us-east-1.amazonaws.com/000000000042/orders",
            "https://example.test/behind/a/proxy/000000000042/orders",
            "localhost:4566/000000000042/orders",
            "000000000042/orders",
            QUEUE,
        ] {
            for protocol in [Protocol::Json, Protocol::Query] {
                assert_eq!(found(protocol, "/", Some(url)), Ok(ARN.to_owned()), "{url}");
                // The parameter wins.
                let elsewhere = "/000000000042/elsewhere";
                assert_eq!(found(protocol, elsewhere, Some(url)), Ok(ARN.to_owned()), "{url}");
            }
        }
    }

    #[test]
    fn without_a_parameter_a_query_is_for_the_queue_of_its_path() {
        assert_eq!(found(Protocol::Query, QUEUE, None), Ok(ARN.to_owned()));
        assert_eq!(found(Protocol::Query, QUEUE, Some("")), Ok(ARN.to_owned()));
        let missing = Refusal::Rejected(Rejection::MissingParameter("QueueUrl".into()));
        assert_eq!(found(Protocol::Query, "/", None), Err(missing));
        let no_queue = Refusal::Rejected(Rejection::QueueDoesNotExist);
        assert_eq!(found(Protocol::Json, QUEUE, None), Err(no_queue.clone()));
        assert_eq!(found(Protocol::Json, "/", Some("")), Err(no_queue));
    }

    #[test]
    fn a_bare_name_is_the_callers_queue_in_json() {
        let own = "arn:aws:sqs:eu-west-1:111111111111:orders.fifo".to_owned();
        assert_eq!(found(Protocol::Json, "/", Some("orders.fifo")), Ok(own));
        assert_eq!(found(Protocol::Query, "/", Some("orders")), Err(invalid_address("orders")));
    }

    #[test]
    fn what_names_no_queue_is_refused() {
        let no_queue = || Refusal::Rejected(Rejection::QueueDoesNotExist);
        for (url, expected) in [
            ("http://localhost:4566", invalid_address("http://localhost:4566")),
            ("http://localhost:4566/", invalid_address("http://localhost:4566/")),
            ("https://example.test/orders", invalid_address("https://example.test/orders")),
            ("not a queue", invalid_address("not a queue")),
            ("http://localhost:4566/0042/orders", no_queue()),
            ("http://localhost:4566/000000000042/", no_queue()),
            ("http://localhost:4566/000000000042/or.ders", no_queue()),
            ("/orders", invalid_address("/orders")),
            ("//", no_queue()),
        ] {
            for protocol in [Protocol::Json, Protocol::Query] {
                assert_eq!(found(protocol, "/", Some(url)), Err(expected.clone()), "{url}");
            }
        }
    }
}
