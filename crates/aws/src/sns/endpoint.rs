//! Protocols of subscriptions, and the endpoints that fit them.

use tidings_core::limits;
use tidings_core::names::{QueueArn, SubscriptionProtocol, TopicName};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::rejection::TopicRejection;
use tidings_platforms::EndpointArn;

use crate::text::Text;

/// The protocol of this name, if messages of the topic can go out by it.
///
/// # Errors
/// InvalidParameter if there is no such protocol, if this server does not deliver by it, or if the
/// topic is FIFO and the protocol is another than that of queues.
pub(crate) fn protocol(
    name: &str,
    topic: &TopicName,
) -> Result<SubscriptionProtocol, TopicRejection> {
    use SubscriptionProtocol as P;
    let protocol = P::parse(name).ok_or_else(|| {
        TopicRejection::parameter(format_args!(
            "Amazon SNS does not support this protocol string: {name}"
        ))
    })?;
    match protocol {
        P::Sqs => Ok(protocol),
        _ if topic.is_fifo() => Err(TopicRejection::parameter(
            "Protocol Reason: FIFO topics deliver to Amazon SQS queues only",
        )),
        P::Http | P::Https | P::Email | P::EmailJson | P::Application | P::Lambda | P::Sms => {
            Ok(protocol)
        }
        P::Firehose => Err(TopicRejection::parameter(format_args!(
            "Protocol Reason: this server does not deliver by the protocol {name} yet"
        ))),
    }
}

/// The endpoint, if it fits the protocol.
///
/// # Errors
/// InvalidParameter if it does not, or is missing.
pub(crate) fn check(
    protocol: SubscriptionProtocol,
    endpoint: Option<Text<'_>>,
) -> Result<String, TopicRejection> {
    let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty());
    let endpoint = endpoint.ok_or_else(|| TopicRejection::parameter("Endpoint"))?;
    if protocol.is_web() {
        check_url(protocol, &endpoint)?;
    } else if protocol.is_email() {
        check_address(&endpoint)?;
    } else if protocol == SubscriptionProtocol::Application {
        if EndpointArn::parse(&endpoint).is_none() {
            return Err(TopicRejection::parameter("ApplicationEndpoint ARN"));
        }
    } else if protocol == SubscriptionProtocol::Sms {
        check_phone_number(&endpoint)?;
    } else if protocol == SubscriptionProtocol::Lambda {
        if tidings_lambda::FunctionId::parse_arn(&endpoint).is_none() {
            return Err(TopicRejection::parameter("Lambda endpoint ARN"));
        }
    } else if QueueArn::parse(&endpoint).is_none() {
        return Err(TopicRejection::parameter("SQS endpoint ARN"));
    }
    Ok(endpoint.into_string())
}

/// What is documented of addresses is the `@`. Whether mail can be sent there, the courier knows.
fn check_address(address: &str) -> Result<(), TopicRejection> {
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    let fits = local.len() <= limits::EMAIL_LOCAL_PART_BYTES_MAX
        && domain.len() <= limits::EMAIL_DOMAIN_BYTES_MAX;
    if local.is_empty() || domain.is_empty() || !fits {
        return Err(TopicRejection::parameter("Email address"));
    }
    Ok(())
}

/// A number with its country: separators may be between its digits, one at a time.
fn check_phone_number(text: &str) -> Result<(), TopicRejection> {
    let is_separator = |byte: u8| matches!(byte, b'-' | b'.' | b'/');
    let (digits, bytes) = (text.strip_prefix('+').unwrap_or(text), text.as_bytes());
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || is_separator(byte))
        && digits.as_bytes().first().is_some_and(|byte| matches!(byte, b'1'..=b'9'))
        && !bytes.last().is_some_and(|byte| is_separator(*byte))
        && !bytes.windows(2).any(|pair| is_separator(pair[0]) && is_separator(pair[1]));
    match PhoneNumber::parse(text).filter(|_| is_plain) {
        Some(_) => Ok(()),
        None => Err(TopicRejection::InvalidParameter(format!("Invalid SMS endpoint: {text}"))),
    }
}

fn check_url(protocol: SubscriptionProtocol, url: &str) -> Result<(), TopicRejection> {
    let scheme = url.strip_prefix(protocol.as_str());
    let Some(rest) = scheme.and_then(|rest| rest.strip_prefix("://")) else {
        return Err(TopicRejection::parameter("Endpoint must match the specified protocol"));
    };
    let invalid =
        |reason: &str| Err(TopicRejection::parameter(format_args!("Endpoint Reason: {reason}")));
    if url.len() > limits::ENDPOINT_BYTES_MAX {
        return invalid("the URL is too long");
    }
    if !url.bytes().all(|b| b.is_ascii_graphic()) {
        return invalid("a URL can only include printable ASCII characters");
    }
    if !has_host(rest) {
        return invalid("the URL must name a host");
    }
    Ok(())
}

/// Whether what follows `://` begins with a host, perhaps between a user's name and a port.
fn has_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_and_port.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address, port),
            None => return false,
        },
        None => {
            let end = host_and_port.find(':').unwrap_or(host_and_port.len());
            host_and_port.split_at(end)
        }
    };
    let is_port = match port.strip_prefix(':') {
        Some(number) => number.parse::<u16>().is_ok_and(|number| number > 0),
        None => port.is_empty(),
    };
    !host.is_empty() && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(what: &str) -> TopicRejection {
        TopicRejection::parameter(what)
    }

    #[test]
    fn protocols_are_known_by_name() {
        let (standard, fifo) =
            (TopicName::parse("stock").unwrap(), TopicName::parse("stock.fifo").unwrap());
        for name in ["sqs", "http", "https", "email", "email-json", "application", "lambda", "sms"]
        {
            assert_eq!(protocol(name, &standard).unwrap().as_str(), name);
        }
        assert_eq!(protocol("sqs", &fifo), Ok(SubscriptionProtocol::Sqs));
        let only_queues = "Protocol Reason: FIFO topics deliver to Amazon SQS queues only";
        for name in ["http", "https", "lambda", "email"] {
            assert_eq!(protocol(name, &fifo), Err(parameter(only_queues)), "{name}");
        }
        for name in ["firehose"] {
            let text =
                format!("Protocol Reason: this server does not deliver by the protocol {name} yet");
            assert_eq!(protocol(name, &standard), Err(parameter(&text)));
        }
        for name in ["", "SQS", "ftp"] {
            let text = format!("Amazon SNS does not support this protocol string: {name}");
            assert_eq!(protocol(name, &standard), Err(parameter(&text)));
        }
    }

    fn checked(protocol: &str, endpoint: &'static str) -> Result<String, TopicRejection> {
        let protocol = SubscriptionProtocol::parse(protocol).unwrap();
        check(protocol, Some(Text::borrowed(endpoint)))
    }

    #[test]
    fn queues_are_named_by_arn() {
        let arn = "arn:aws:sqs:us-east-1:000000000042:orders.fifo";
        assert_eq!(checked("sqs", arn), Ok(arn.to_owned()));
        for endpoint in
            ["http://localhost:4566/000000000042/orders", "arn:aws:sns:us-east-1:000000000042:a"]
        {
            assert_eq!(checked("sqs", endpoint), Err(parameter("SQS endpoint ARN")));
        }
        assert_eq!(checked("sqs", ""), Err(parameter("Endpoint")));
        assert_eq!(check(SubscriptionProtocol::Sqs, None), Err(parameter("Endpoint")));
    }

    #[test]
    fn apps_are_named_by_arn() {
        use crate::sns::testing::{APPLICATION, ENDPOINT};
        assert_eq!(checked("application", ENDPOINT), Ok(ENDPOINT.to_owned()));
        let queue = "arn:aws:sqs:eu-west-1:000000000042:orders";
        for endpoint in [APPLICATION, queue, "hotel"] {
            assert_eq!(checked("application", endpoint), Err(parameter("ApplicationEndpoint ARN")));
        }
        assert_eq!(checked("application", ""), Err(parameter("Endpoint")));
    }

    #[test]
    fn phones_have_a_number() {
        for number in ["+15550100123", "15550100123", "+1-555-0100.123", "72000"] {
            assert_eq!(checked("sms", number), Ok(number.to_owned()));
        }
        for number in ["phone", "12", "+0555010012", "+1--5550100123", "+15550100123-", "-72000"] {
            let refused =
                TopicRejection::InvalidParameter(format!("Invalid SMS endpoint: {number}"));
            assert_eq!(checked("sms", number), Err(refused));
        }
    }

    #[test]
    fn mailboxes_have_an_address_with_two_parts() {
        for protocol in ["email", "email-json"] {
            let address = "guest@example.org";
            assert_eq!(checked(protocol, address), Ok(address.to_owned()));
            for endpoint in ["guest", "@example.org", "guest@", "@", "https://example.org/"] {
                assert_eq!(checked(protocol, endpoint), Err(parameter("Email address")));
            }
            assert_eq!(checked(protocol, ""), Err(parameter("Endpoint")));
        }
        let long = |local: usize, domain: usize| {
            let form = format!("E={}@{}", "a".repeat(local), "b".repeat(domain));
            let form = crate::query::Form::read(form.as_bytes(), "").unwrap();
            check(SubscriptionProtocol::Email, form.fields().text("E")).map(|address| address.len())
        };
        assert_eq!(long(64, 255), Ok(320));
        assert_eq!(long(65, 255), Err(parameter("Email address")));
        assert_eq!(long(64, 256), Err(parameter("Email address")));
    }

    #[test]
    fn web_addresses_have_their_scheme_and_a_host() {
        for url in [
            "http://example.test",
            "http://example.test:8080/a?b#c",
            "http://user:pass%40word@example.test/",
            "http://127.0.0.1:1",
            "http://[::1]:65535/",
            "http://[::1]",
        ] {
            assert_eq!(checked("http", url), Ok(url.to_owned()));
        }
        let scheme = parameter("Endpoint must match the specified protocol");
        for url in ["https://example.test", "example.test", "http:example.test", "HTTP://e.test"] {
            assert_eq!(checked("http", url), Err(scheme.clone()), "{url}");
        }
        assert_eq!(checked("https", "http://example.test"), Err(scheme));
        let host = parameter("Endpoint Reason: the URL must name a host");
        for url in [
            "http://",
            "http:///path",
            "http://?a",
            "http://user@",
            "http://:80",
            "http://e.test:0",
            "http://e.test:65536",
            "http://e.test:",
            "http://e.test:x",
            "http://[::1",
            "http://[]",
            "http://[::1]80",
        ] {
            assert_eq!(checked("http", url), Err(host.clone()), "{url}");
        }
        let characters =
            parameter("Endpoint Reason: a URL can only include printable ASCII characters");
        for url in ["http://e.test/a b", "http://e.test/\n", "http://ä.test"] {
            assert_eq!(checked("http", url), Err(characters.clone()), "{url}");
        }
        let long = |length: usize| {
            let url = format!("http://e.test/{}", "a".repeat(length - 14));
            let form = format!("E={url}");
            let form = crate::query::Form::read(form.as_bytes(), "").unwrap();
            check(SubscriptionProtocol::Http, form.fields().text("E")).map(|url| url.len())
        };
        assert_eq!(long(2048), Ok(2048));
        assert_eq!(long(2049), Err(parameter("Endpoint Reason: the URL is too long")));
    }
}
