//! What a receiver wants to know of the messages that it gets.

use tidings_core::rejection::Rejection;

use super::pairs;
use crate::text::Text;

/// What a receiver wants to know of each message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    system: SystemAttributes,
    /// MessageAttributeNames.
    names: Vec<String>,
}

impl Wanted {
    /// `system_names` are those of both lists, AttributeNames and MessageSystemAttributeNames.
    ///
    /// # Errors
    /// InvalidAttributeName if there is no such system attribute.
    pub(crate) fn read<'n>(
        system_names: impl IntoIterator<Item = &'n Text<'n>>,
        names: Vec<Text<'_>>,
    ) -> Result<Self, Rejection> {
        let system = SystemAttributes::named(system_names)?;
        Ok(Self { system, names: pairs::owned_texts(names) })
    }

    /// The system attributes that the receiver wants.
    pub(crate) fn system_attributes(&self) -> impl Iterator<Item = &'static str> + '_ {
        let all = SYSTEM_ATTRIBUTES.iter().enumerate();
        all.filter(|(at, _)| self.system.has(*at)).map(|(_, name)| *name)
    }

    /// Whether the receiver wants a message attribute: by its name, by `prefix.*`, for which the
    /// name only has to begin with the prefix, or by `All` or `.*`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == name || wanted == "All",
        })
    }
}

/// A set of system attributes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct SystemAttributes(u16);

/// Every system attribute, in the order in which they are written.
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "SenderId",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "SentTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// Attributes of queues, which the service's model allows in AttributeNames of a receive. They ask
/// for nothing.
const QUEUE_ATTRIBUTES: [&str; 21] = [
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "ApproximateNumberOfMessagesDelayed",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
];

impl SystemAttributes {
    fn named<'n>(names: impl IntoIterator<Item = &'n Text<'n>>) -> Result<Self, Rejection> {
        let mut set = Self::default();
        for name in names {
            let name = name.as_str();
            if name == "All" {
                set.0 = u16::MAX;
            } else if let Some(at) = SYSTEM_ATTRIBUTES.iter().position(|known| *known == name) {
                set.0 |= 1 << at;
            } else if !QUEUE_ATTRIBUTES.contains(&name) {
                return Err(Rejection::unknown_attribute(name));
            }
        }
        Ok(set)
    }

    fn has(self, at: usize) -> bool {
        self.0 & (1 << at) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::queue_command;

    const ACTION: SqsAction = SqsAction::ReceiveMessage;

    #[test]
    fn system_attributes_are_known_by_name() {
        let named = |names: &[&'static str]| {
            let names: Vec<Text<'_>> = names.iter().map(|name| Text::borrowed(name)).collect();
            SystemAttributes::named(&names)
        };
        assert_eq!(named(&[]), Ok(SystemAttributes(0)));
        assert_eq!(named(&["SenderId", "SentTimestamp", "SenderId"]), Ok(SystemAttributes(0b1001)));
        assert_eq!(named(&["SenderId", "All"]), Ok(SystemAttributes(u16::MAX)));
        assert_eq!(named(&["VisibilityTimeout"]), Ok(SystemAttributes(0)));
        let unknown = Err(Rejection::unknown_attribute("Colour").into());
        let json = r#""MessageSystemAttributeNames":["All","Colour"]"#;
        assert_eq!(queue_command(ACTION, json, "AttributeName.1=Colour"), unknown);
        let json = r#""AttributeNames":["Colour"]"#;
        assert_eq!(
            queue_command(ACTION, json, "AttributeName.1=All&AttributeName.2=Colour"),
            unknown
        );
    }

    #[test]
    fn message_attributes_are_wanted_by_name_or_prefix() {
        let names = ["color", "colour", "a.b", "All"];
        for (wanted, expected) in [
            (&[][..], &[][..]),
            (&["All"], &names),
            (&[".*"], &names),
            (&["color"], &["color"]),
            (&["col.*"], &["color", "colour"]),
            (&["colo.*", "a.b"], &["color", "colour", "a.b"]),
            (&["a..*", "nothing.*", "*"], &["a.b"]),
            (&["COLOR"], &[]),
        ] {
            let names_wanted = wanted.iter().map(|&name| name.to_owned()).collect();
            let wanted = Wanted { system: SystemAttributes(0), names: names_wanted };
            let has: Vec<_> = names.iter().copied().filter(|name| wanted.has(name)).collect();
            assert_eq!(has, expected, "{wanted:?}");
        }
    }
}
