//! What the gateway took, for as long as it is of use.
//!
//! An attempt may end before all parts of its message are answered for. The next one sends those
//! that are missing, and no part twice that the gateway is known to have. The memory is bounded and
//! ends with the process: what falls out of it may be sent again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use tidings_core::phone_number::PhoneNumber;

/// Messages whose parts are remembered.
const MESSAGES_MAX: usize = 1024;
/// Ids of the gateway that are remembered, for receipts.
const IDS_MAX: usize = 8192;

/// One message to one number. A DisplayName that changes between attempts makes another one of it:
/// its parts would not fit the first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MessageKey {
    message_id: Arc<str>,
    number: PhoneNumber,
    /// Of the text.
    digest: u64,
}

impl MessageKey {
    pub(super) fn new(message_id: &str, number: &PhoneNumber, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let digest = hasher.finish();
        MessageKey { message_id: message_id.into(), number: number.clone(), digest }
    }

    /// Tells phones which parts belong together. The same at every attempt, so that parts of two
    /// attempts make one message.
    pub(super) fn reference(&self) -> u8 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish().to_be_bytes()[0]
    }
}

/// One of a message's parts, from 0.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PartKey {
    pub(super) message: MessageKey,
    pub(super) part: usize,
}

/// What the gateway took.
#[derive(Default)]
pub(super) struct Accepted(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    messages: HashMap<MessageKey, Begun>,
    /// Those of `messages`, by their numbers.
    oldest_messages: BTreeMap<u64, MessageKey>,
    begun: u64,
    /// The messages that the gateway's ids are about.
    ids: HashMap<String, MessageKey>,
    oldest_ids: VecDeque<String>,
}

/// A message of which the gateway has something.
struct Begun {
    /// Which message it is, of all that were begun.
    number: u64,
    /// The gateway's ids of the parts it has.
    parts: HashMap<usize, String>,
}

impl Accepted {
    /// The gateway took a part, and calls it `id`.
    pub(super) fn note(&self, part: &PartKey, id: &str) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let message = &part.message;
        let begun = inner.messages.entry(message.clone()).or_insert_with(|| {
            inner.begun += 1;
            inner.oldest_messages.insert(inner.begun, message.clone());
            Begun { number: inner.begun, parts: HashMap::new() }
        });
        begun.parts.insert(part.part, id.to_owned());
        // Some gateways give no ids: then no receipt can name one.
        if !id.is_empty() {
            let known = inner.ids.insert(id.to_owned(), message.clone());
            if known.is_none() {
                inner.oldest_ids.push_back(id.to_owned());
            }
        }
        inner.forget_the_oldest();
    }

    /// The parts that the gateway has of a message, and its ids of them.
    pub(super) fn parts(&self, message: &MessageKey) -> HashMap<usize, String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.messages.get(message).map(|begun| begun.parts.clone()).unwrap_or_default()
    }

    /// Nobody will ask for this message any more.
    pub(super) fn forget(&self, message: &MessageKey) {
        let inner = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = inner.messages.remove(message) {
            // What is of no use takes no place from those that are.
            inner.oldest_messages.remove(&begun.number);
        }
    }

    /// The id of the message that a receipt is about, and whom that went to.
    pub(super) fn message(&self, id: &str) -> Option<(String, PhoneNumber)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let message = inner.ids.get(id)?;
        Some((message.message_id.as_ref().to_owned(), message.number.clone()))
    }
}

impl Inner {
    fn forget_the_oldest(&mut self) {
        while self.oldest_messages.len() > MESSAGES_MAX {
            let oldest = self.oldest_messages.pop_first();
            oldest.map(|(_, oldest)| self.messages.remove(&oldest));
        }
        while self.oldest_ids.len() > IDS_MAX {
            self.oldest_ids.pop_front().map(|oldest| self.ids.remove(&oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(message_id: &str, part: usize) -> PartKey {
        PartKey { message: MessageKey::new(message_id, &number("49170"), "text"), part }
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    #[test]
    fn parts_are_remembered_until_they_are_delivered() {
        let accepted = Accepted::default();
        accepted.note(&part("m", 0), "a");
        accepted.note(&part("m", 2), "c");
        let message = part("m", 0).message;
        let expected = HashMap::from([(0, "a".to_owned()), (2, "c".to_owned())]);
        assert_eq!(accepted.parts(&message), expected);
        assert!(accepted.parts(&MessageKey::new("m", &number("49170"), "another")).is_empty());
        accepted.forget(&message);
        assert!(accepted.parts(&message).is_empty());
        // A receipt may come long after.
        assert_eq!(accepted.message("c"), Some(("m".to_owned(), number("49170"))));
        assert_eq!(accepted.message("x"), None);
        // All subscribers of a topic get a message of the same id.
        let message = MessageKey::new("m", &number("49171"), "text");
        accepted.note(&PartKey { message, part: 0 }, "d");
        assert_eq!(accepted.message("d"), Some(("m".to_owned(), number("49171"))));
        assert_eq!(accepted.message("c"), Some(("m".to_owned(), number("49170"))));
    }

    #[test]
    fn memory_is_bounded() {
        let accepted = Accepted::default();
        for number in 0..20_000 {
            accepted.note(&part(&number.to_string(), 0), &format!("id-{number}"));
        }
        let inner = accepted.0.lock().unwrap();
        assert_eq!((inner.messages.len(), inner.ids.len()), (MESSAGES_MAX, IDS_MAX));
        assert_eq!((inner.oldest_messages.len(), inner.oldest_ids.len()), (MESSAGES_MAX, IDS_MAX));
        drop(inner);
        assert_eq!(accepted.message("id-19999").unwrap().0, "19999");
        assert_eq!(accepted.message("id-0"), None);
    }

    #[test]
    fn those_that_were_delivered_take_no_place() {
        let accepted = Accepted::default();
        accepted.note(&part("waits", 0), "first");
        for number in 0..2 * MESSAGES_MAX {
            let key = part(&number.to_string(), 0);
            accepted.note(&key, "id");
            accepted.forget(&key.message);
        }
        assert_eq!(accepted.parts(&part("waits", 0).message).len(), 1);
        // One that begins again is as young as that.
        let again = part("again", 0);
        accepted.note(&again, "a");
        accepted.forget(&again.message);
        accepted.note(&again, "b");
        for number in 0..MESSAGES_MAX - 1 {
            accepted.note(&part(&number.to_string(), 0), "id");
        }
        assert_eq!(accepted.parts(&again.message).len(), 1);
        assert_eq!(accepted.parts(&part("waits", 0).message).len(), 0);
        assert_eq!(accepted.0.lock().unwrap().oldest_messages.len(), MESSAGES_MAX);
    }
}
