//! What else policies may ask for: where a request comes from, and what it sets.

use hyper::header::{HeaderValue, REFERER, USER_AGENT};
use hyper::http::request::Parts;
use tidings_access::{ContextValue, Origin};
use tidings_core::command::{Command, TopicCommand};

use crate::listener::Door;

/// Under what circumstances a request comes.
pub(crate) struct Circumstances {
    pub(super) is_secure: bool,
    user_agent: Option<HeaderValue>,
    referer: Option<HeaderValue>,
}

impl Circumstances {
    pub(crate) fn of(_door: &Door, head: &Parts) -> Self {
        Self {
            is_secure: false,
            user_agent: head.headers.get(USER_AGENT).cloned(),
            referer: head.headers.get(REFERER).cloned(),
        }
    }

    pub(super) fn origin(&self) -> Origin<'_> {
        Origin::Service
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_ref()?.to_str().ok()
    }

    pub(super) fn referer(&self) -> Option<&str> {
        self.referer.as_ref()?.to_str().ok()
    }
}

/// What a command sets that policies may ask for.
#[derive(Default)]
pub(super) struct Asked<'a> {
    tags: &'a [(String, String)],
    untagged: &'a [String],
    /// Protocol and endpoint of a subscription.
    subscribed: Option<(&'static str, &'a str)>,
}

impl<'a> Asked<'a> {
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
