//! What the test calls a message, whatever ids the server gives it.

use std::fmt;

use crate::queues::Queue;
use crate::random::Random;

/// A sequence of sends by one producer. In a FIFO queue it is a message group.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Stream {
    pub(crate) queue: Queue,
    pub(crate) index: u8,
}

/// A message: its stream, and its place there. The body begins with it, so that the books need not
/// rely on the server to know which message is which.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Name {
    pub(crate) stream: Stream,
    pub(crate) number: u32,
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
        write!(f, "{}/{}/{}", self.stream.queue.name(), self.stream.index, self.number)
    }
}

impl Name {
    /// The only body that the message can have: its name, and a filling that follows from it.
    pub(crate) fn body(self) -> String {
        let mut random = Random::part(u64::from(self.number), u64::from(self.stream.index) + 1);
        let length = match self.stream.queue {
            Queue::Bulk => random.between(100_000, 240_000),
            _ if self.number % 61 == 17 => random.between(20_000, 60_000),
            _ => random.between(0, 400),
        };
        let mut body = format!("{self} ");
        while body.len() < length {
            body.push_str(&format!("{:016x}", random.next()));
        }
        body
    }

    /// The message whose body this is.
    ///
    /// # Errors
    /// The name, if it can still be read, of a message with another body.
    pub(crate) fn of_body(body: &str) -> Result<Self, String> {
        let start = body.split(' ').next().unwrap_or_default();
        let unreadable = || start.chars().take(80).collect::<String>();
        let name = Self::parse(start).ok_or_else(unreadable)?;
        if name.body() == body { Ok(name) } else { Err(name.to_string()) }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let queue = Queue::named(parts.next()?)?;
        let index = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        Some(Self { stream: Stream { queue, index }, number })
    }
}
