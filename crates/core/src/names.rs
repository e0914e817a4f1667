//! The names by which resources are known: checked once, valid from then on.

use std::fmt;
use std::sync::Arc;

use crate::{hex, limits};

/// An AWS account: twelve decimal digits.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// Reads exactly twelve ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// The account's number, as it stands in a log record.
    pub(crate) fn to_u64(self) -> u64 {
        self.0
    }

    /// The account that a log record names.
    pub(crate) fn from_u64(number: u64) -> Option<Self> {
        (number <= 999_999_999_999).then_some(Self(number))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A region's name, such as `us-east-1`. Any well-formed name is a region: a server serves them
/// all, each with its own resources.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Region(Arc<str>);

impl Region {
    /// 1 to 64 lower-case letters, digits and hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(text.into()))
    }

    /// The region as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that AWS keeps the region in, the second part of an ARN.
    pub fn partition(&self) -> &'static str {
        if self.0.starts_with("cn-") {
            "aws-cn"
        } else if self.0.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }
}

/// A queue's name: 1 to 80 letters, digits, hyphens and underscores; a FIFO queue's ends in
/// `.fifo`, which counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueueName(Arc<str>);

impl QueueName {
    /// Checks the name. Whether `.fifo` agrees with the FifoQueue attribute is CreateQueue's
    /// business.
    pub fn parse(text: &str) -> Option<Self> {
        let stem = text.strip_suffix(".fifo").unwrap_or(text);
        let fits = text.len() <= limits::QUEUE_NAME_CHARS_MAX && is_stem(stem);
        fits.then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is that of a FIFO queue.
    pub fn is_fifo(&self) -> bool {
        self.0.ends_with(".fifo")
    }
}

/// What a queue is known by: its region, its account and its name.
///
/// Ordered by account, region and name, so that one account's queues in one region lie together
/// and are listed by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueueArn {
    /// Who owns the queue.
    pub account: AccountId,
    /// Where the queue is.
    pub region: Region,
    /// The queue's name, unique within account and region.
    pub name: QueueName,
}

impl QueueArn {
    /// Reads `arn:PARTITION:sqs:REGION:ACCOUNT:NAME`. The partition must be the region's.
    pub fn parse(text: &str) -> Option<Self> {
        let [region, account, name] = arn_parts("sqs", text)?;
        let name = QueueName::parse(name)?;
        Some(Self { account: AccountId::parse(account)?, region: Region::parse(region)?, name })
    }
}

impl fmt::Display for QueueArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, name } = self;
        write!(f, "arn:{}:sqs:{}:{account}:{}", region.partition(), region.as_str(), name.as_str())
    }
}

/// What the names of direct outboxes begin with. No topic's name may, and all others sort behind it.
const DIRECT: &str = "$";

/// A topic's name: 1 to 256 letters, digits, hyphens and underscores; a FIFO topic's ends in
/// `.fifo`, which counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicName(Arc<str>);

impl TopicName {
    /// Checks the name. Whether `.fifo` agrees with the FifoTopic attribute is CreateTopic's
    /// business.
    pub fn parse(text: &str) -> Option<Self> {
        let stem = text.strip_suffix(".fifo").unwrap_or(text);
        let fits = text.len() <= limits::TOPIC_NAME_CHARS_MAX && is_stem(stem);
        fits.then(|| Self(text.into()))
    }

    /// The name of a direct outbox: see [`TopicArn::direct`].
    fn direct(protocol: SubscriptionProtocol, name: &str) -> Self {
        Self(format!("{DIRECT}{}/{name}", protocol.as_str()).into())
    }

    /// Whether the name is that of a direct outbox, which callers can neither give nor see.
    pub fn is_direct(&self) -> bool {
        self.0.starts_with(DIRECT)
    }

    /// Whether it is that of one for this protocol.
    pub(crate) fn is_direct_of(&self, protocol: SubscriptionProtocol) -> bool {
        let of = self.0.strip_prefix(DIRECT).and_then(|name| name.split_once('/'));
        of.is_some_and(|(of, _)| of == protocol.as_str())
    }

    /// The name as it stands in a log record: also one that callers cannot give.
    pub(crate) fn of_record(text: &str) -> Option<Self> {
        if text.starts_with(DIRECT) { Some(Self(text.into())) } else { Self::parse(text) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is that of a FIFO topic.
    pub fn is_fifo(&self) -> bool {
        self.0.ends_with(".fifo") && !self.is_direct()
    }
}

/// What a topic is known by: its region, its account and its name. Ordered as [`QueueArn`] is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicArn {
    /// Who owns the topic.
    pub account: AccountId,
    /// Where the topic is.
    pub region: Region,
    /// The topic's name, unique within account and region.
    pub name: TopicName,
}

impl TopicArn {
    /// Reads `arn:PARTITION:sns:REGION:ACCOUNT:NAME`. The partition must be the region's.
    pub fn parse(text: &str) -> Option<Self> {
        let [region, account, name] = arn_parts("sns", text)?;
        let name = TopicName::parse(name)?;
        Some(Self { account: AccountId::parse(account)?, region: Region::parse(region)?, name })
    }

    /// The direct outbox of an account for what goes out by a protocol and no topic of its own: to a
    /// phone number, a mobile endpoint, or a function. Each `name` has its own outbox, so that what
    /// waits for one holds up no other; text messages of an account and region share one.
    ///
    /// It is a topic with one subscriber. No name that a caller can give is the same.
    pub fn direct(
        account: AccountId,
        region: Region,
        protocol: SubscriptionProtocol,
        name: &str,
    ) -> Self {
        Self { account, region, name: TopicName::direct(protocol, name) }
    }
}

impl fmt::Display for TopicArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, name } = self;
        write!(f, "arn:{}:sns:{}:{account}:{}", region.partition(), region.as_str(), name.as_str())
    }
}

/// What a subscription is known by: its topic and a random id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubscriptionArn {
    /// What it subscribes to.
    pub topic: TopicArn,
    /// Unique among all subscriptions.
    pub id: Uuid,
}

impl SubscriptionArn {
    /// Reads the topic's ARN, a colon, and the id.
    pub fn parse(text: &str) -> Option<Self> {
        let (topic, id) = text.rsplit_once(':')?;
        Some(Self { topic: TopicArn::parse(topic)?, id: Uuid::parse(id)? })
    }
}

impl fmt::Display for SubscriptionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.topic, self.id)
    }
}

/// How a subscription's messages go out. Subscribe, `Protocol`.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "each is the documented protocol of its name")]
pub enum SubscriptionProtocol {
    Sqs,
    Http,
    Https,
    Lambda,
    Firehose,
    Application,
    Sms,
    Email,
    EmailJson,
}

impl SubscriptionProtocol {
    /// Every protocol.
    pub const ALL: [Self; 9] = [
        Self::Sqs,
        Self::Http,
        Self::Https,
        Self::Lambda,
        Self::Firehose,
        Self::Application,
        Self::Sms,
        Self::Email,
        Self::EmailJson,
    ];

    /// Reads the protocol's name; lower case matters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == text)
    }

    /// The protocol's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Http => "http",
            Self::Https => "https",
            Self::Lambda => "lambda",
            Self::Firehose => "firehose",
            Self::Application => "application",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::EmailJson => "email-json",
        }
    }

    /// Whether a topic with messages of more than 256 KiB may have such subscriptions.
    pub fn takes_large_messages(self) -> bool {
        matches!(self, Self::Sqs | Self::Lambda | Self::Firehose)
    }

    /// Whether such subscriptions have an outbox, which a courier empties: those of queues and of delivery
    /// streams have none.
    pub fn has_outbox(self) -> bool {
        !matches!(self, Self::Sqs | Self::Firehose)
    }

    /// Whether the endpoint is asked whether it wants messages, whoever subscribes it. A queue is only
    /// asked if it is somebody else's.
    pub fn must_confirm(self) -> bool {
        self.is_web() || self.is_email()
    }

    /// Whether the endpoint is the address of a mailbox.
    pub fn is_email(self) -> bool {
        matches!(self, Self::Email | Self::EmailJson)
    }

    /// Whether the endpoint is a web address: such subscriptions have delivery policies.
    pub fn is_web(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

fn is_stem(stem: &str) -> bool {
    !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Region, account and resource of an ARN of the service, if its partition is the region's.
fn arn_parts<'a>(service: &str, text: &'a str) -> Option<[&'a str; 3]> {
    let parts: Vec<&str> = text.split(':').collect();
    let [arn, partition, its_service, region, account, resource] = parts[..] else { return None };
    let fits =
        arn == "arn" && its_service == service && partition == Region::parse(region)?.partition();
    fits.then_some([region, account, resource])
}

/// A message group id or a deduplication id: 1 to 128 ASCII letters, digits and punctuation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FifoId(Arc<str>);

impl FifoId {
    /// Checks the alphabet and the length.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=limits::FIFO_ID_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A random 128-bit identifier, written as a UUID.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

impl Uuid {
    /// Makes a version 4 UUID of 128 random bits.
    pub fn from_random(bits: u128) -> Self {
        let versioned = bits & !(0xf << 76) | (0x4 << 76);
        Self(versioned & !(0x3 << 62) | (0x2 << 62))
    }

    /// The identifier's bytes, as they stand in a log record.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The identifier that a log record holds.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// Reads the hyphenated form, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let hyphens_fit = bytes.len() == 36 && [8, 13, 18, 23].iter().all(|&i| bytes[i] == b'-');
        if !hyphens_fit || bytes.iter().filter(|&&b| b == b'-').count() != 4 {
            return None;
        }
        let digits: String = text.chars().filter(|&c| c != '-').collect();
        let all_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        all_hex.then(|| u128::from_str_radix(&digits, 16).ok().map(Self))?
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (i, byte) in self.to_bytes().into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at..at + 2].copy_from_slice(&hex::digits(byte));
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).expect("hexadecimal digits and hyphens are ASCII"))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_twelve_digits() {
        assert_eq!(AccountId::parse("000000000042").unwrap().to_string(), "000000000042");
        for bad in ["", "42", "0000000000042", "00000000004x", "+00000000042"] {
            assert!(AccountId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn queue_names_keep_to_80_characters_with_their_suffix() {
        assert!(QueueName::parse(&"a".repeat(80)).is_some());
        assert!(QueueName::parse(&"a".repeat(81)).is_none());
        assert!(QueueName::parse(&format!("{}.fifo", "a".repeat(75))).unwrap().is_fifo());
        assert!(QueueName::parse(&format!("{}.fifo", "a".repeat(76))).is_none());
        for bad in ["", ".fifo", "a.b", "a.fifo.fifo", "a b", "ä"] {
            assert!(QueueName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_arn_reads_back() {
        for text in [
            "arn:aws:sqs:us-east-1:000000000000:orders",
            "arn:aws-cn:sqs:cn-north-1:123456789012:orders.fifo",
            "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:o",
        ] {
            assert_eq!(QueueArn::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "arn:aws:sns:us-east-1:000000000000:orders",
            "arn:aws-cn:sqs:us-east-1:000000000000:orders",
            "arn:aws:sqs:us-east-1:000000000000:orders:x",
            "arn:aws:sqs:us-east-1:000000000000",
            "orders",
        ] {
            assert!(QueueArn::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn topics_and_subscriptions_have_arns() {
        let text = "arn:aws:sns:eu-west-1:123456789012:stock.fifo";
        let topic = TopicArn::parse(text).unwrap();
        assert_eq!(topic.to_string(), text);
        assert!(topic.name.is_fifo());
        let text = format!("{text}:6b0e71bd-7e97-4d97-80ce-4a0994e55286");
        let subscription = SubscriptionArn::parse(&text).unwrap();
        assert_eq!((subscription.to_string(), &subscription.topic), (text, &topic));
        for bad in [
            "arn:aws:sqs:us-east-1:000000000000:stock",
            "arn:aws:sns:us-east-1:000000000000:a.b",
            "arn:aws:sns:us-east-1:000000000000:stock:6b0e71bd",
            "arn:aws:sns:us-east-1:stock:6b0e71bd-7e97-4d97-80ce-4a0994e55286",
        ] {
            assert!(TopicArn::parse(bad).is_none(), "{bad}");
            assert!(SubscriptionArn::parse(bad).is_none(), "{bad}");
        }
        let topic = TopicArn::direct(
            topic.account,
            topic.region,
            SubscriptionProtocol::Application,
            "GCM/app.fifo",
        );
        assert!(TopicArn::parse(&topic.to_string()).is_none(), "nobody can name it");
        assert_eq!(TopicName::of_record(topic.name.as_str()), Some(topic.name.clone()));
        assert!(topic.name.is_direct() && !topic.name.is_fifo());
        assert!(TopicName::parse(&"a".repeat(256)).is_some());
        assert!(TopicName::parse(&"a".repeat(257)).is_none());
    }

    #[test]
    fn a_uuid_is_version_4_and_reads_back() {
        let id = Uuid::from_random(u128::MAX);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uuid::parse(&id.to_string()), Some(id));
        assert_eq!(Uuid::from_bytes(id.to_bytes()), id);
        for bad in
            ["", "ffffffff-ffff-4fff-bfff-fffffffffff", "fffffffff-fff-4fff-bfff-ffffffffffff"]
        {
            assert!(Uuid::parse(bad).is_none(), "{bad}");
        }
    }
}
