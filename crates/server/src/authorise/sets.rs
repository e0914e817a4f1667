//! What a request sets that policies may ask for.

use tidings_access::ContextValue;
use tidings_core::command::{Command, TopicCommand};

/// What a command sets that policies may ask for.
#[derive(Default)]
pub(super) struct Sets<'a> {
    tags: &'a [(String, String)],
    untagged: &'a [String],
    /// Protocol and endpoint of a subscription.
    subscribed: Option<(&'static str, &'a str)>,
}

impl<'a> Sets<'a> {
    pub(super) fn by(command: &'a Command) -> Self {
        match command {
            Command::CreateQueue { tags, .. }
            | Command::TagQueue { tags, .. }
            | Command::Topic(
                TopicCommand::CreateTopic { tags, .. } | TopicCommand::TagTopic { tags, .. },
            ) => Self { tags, ..Self::default() },
            Command::UntagQueue { keys, .. }
            | Command::Topic(TopicCommand::UntagTopic { keys, .. }) => {
                Self { untagged: keys, ..Self::default() }
            }
            Command::Topic(TopicCommand::Subscribe(subscribe)) => Self {
                subscribed: Some((subscribe.protocol.as_str(), &subscribe.endpoint)),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    /// `aws:RequestTag/…`
    pub(super) fn tags(&self) -> Vec<(&'a str, &'a str)> {
        self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// `aws:TagKeys`
    pub(super) fn tag_keys(&self) -> Vec<&'a str> {
        let set = self.tags.iter().map(|(key, _)| key.as_str());
        set.chain(self.untagged.iter().map(String::as_str)).collect()
    }

    /// `sns:Protocol` and `sns:Endpoint`
    pub(super) fn service_keys(&self) -> Vec<(&'static str, ContextValue<'a>)> {
        let Some((protocol, endpoint)) = self.subscribed else { return Vec::new() };
        vec![
            ("sns:Protocol", ContextValue::text(protocol)),
            ("sns:Endpoint", ContextValue::text(endpoint)),
        ]
    }
}
