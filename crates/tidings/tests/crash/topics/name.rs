//! What the test calls a published message, whatever ids the server gives it.

use std::fmt::{self, Write};

use super::topic::Topic;
use crate::random::Random;

/// A sequence of publishes by one publisher. In a FIFO topic it is a message group.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Stream {
    pub(crate) topic: Topic,
    pub(crate) index: u8,
}

/// A message: its stream, and its place there. Everything else about it follows from that.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Name {
    pub(crate) stream: Stream,
    pub(crate) number: u32,
}

/// What filters look at.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Looks {
    pub(crate) shade: &'static str,
    /// Below 100.
    pub(crate) weight: usize,
}

impl Stream {
    pub(crate) fn message(self, number: u32) -> Name {
        Name { stream: self, number }
    }

    pub(crate) fn group(self) -> String {
        format!("group-{}", self.index)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.stream.topic.name(), self.stream.index, self.number)
    }
}

impl Name {
    fn random(self) -> Random {
        Random::part(u64::from(self.number), u64::from(self.stream.index) + 1)
    }

    pub(crate) fn looks(self) -> Looks {
        let mut random = self.random();
        let shade = *random.pick(&["red", "green", "blue"]);
        Looks { shade, weight: random.below(100) }
    }

    /// The only text that the message can have: a JSON object that begins with its name.
    pub(crate) fn message(self) -> String {
        let Looks { shade, weight } = self.looks();
        let mut random = self.random();
        let length = match self.stream.topic {
            Topic::Bulk => random.between(100_000, 200_000),
            _ if self.number % 61 == 17 => random.between(20_000, 60_000),
            _ => random.between(0, 400),
        };
        let mut message = format!(
            "{{\"name\":\"{self}\",\"shade\":\"{shade}\",\"load\":{{\"weight\":{weight}}},\
             \"filling\":\""
        );
        while message.len() < length {
            let _ = write!(message, "{:016x}", random.next());
        }
        message.push_str("\"}");
        message
    }

    /// The message with this text.
    ///
    /// # Errors
    /// The name, if it can still be read, of a message with another text.
    pub(crate) fn of_message(message: &str) -> Result<Self, String> {
        let start = message.split('"').nth(3).unwrap_or_default();
        let unreadable = || message.chars().take(80).collect::<String>();
        let name = Self::parse(start).ok_or_else(unreadable)?;
        if name.message() == message { Ok(name) } else { Err(name.to_string()) }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let topic = Topic::named(parts.next()?)?;
        let index = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        Some(Self { stream: Stream { topic, index }, number })
    }
}
