//! One lane: messages that are numbered from zero in the order in which they are sent.
//!
//! Two bits for each message: acknowledged, received. What has been received from the beginning on
//! needs none any more, so memory is an eighth of a byte, twice, for each message since the oldest
//! that is missing.

use std::collections::VecDeque;

const BITS: u64 = u64::BITS as u64;

/// What is known of 64 messages, a bit for each.
#[derive(Copy, Clone, Default, Debug)]
struct Word {
    acknowledged: u64,
    received: u64,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Lane {
    /// All messages with smaller numbers have been received. A multiple of 64.
    base: u64,
    /// The number of the next message.
    next: u64,
    words: VecDeque<Word>,
    /// The highest number that was received.
    highest: Option<u64>,
}

/// What a received message is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Receipt {
    /// Seen for the first time.
    First {
        /// Its send was answered before.
        was_acknowledged: bool,
        /// None that was sent after it came before it.
        is_in_order: bool,
    },
    /// Seen before.
    Again,
    /// Nobody sent it.
    Unknown,
}

impl Lane {
    /// A number for a message that is going to be sent.
    pub(super) fn issue(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.base + self.words.len() as u64 * BITS <= number {
            self.words.push_back(Word::default());
        }
        number
    }

    /// How many numbers have been given.
    pub(super) fn issued(&self) -> u64 {
        self.next
    }

    /// A send was answered. Returns whether the message is still to come.
    pub(super) fn acknowledge(&mut self, number: u64) -> bool {
        let Some((word, bit)) = self.word(number) else { return false };
        word.acknowledged |= bit;
        word.received & bit == 0
    }

    pub(super) fn receive(&mut self, number: u64) -> Receipt {
        if number >= self.next {
            return Receipt::Unknown;
        }
        let Some((word, bit)) = self.word(number) else { return Receipt::Again };
        if word.received & bit != 0 {
            return Receipt::Again;
        }
        word.received |= bit;
        let was_acknowledged = word.acknowledged & bit != 0;
        let is_in_order = self.highest.is_none_or(|highest| number > highest);
        self.highest = self.highest.max(Some(number));
        while self.words.front().is_some_and(|word| word.received == u64::MAX) {
            self.words.pop_front();
            self.base += BITS;
        }
        Receipt::First { was_acknowledged, is_in_order }
    }

    /// Messages that were acknowledged and have not been received.
    pub(super) fn missing(&self) -> u64 {
        let missing = |word: &Word| (word.acknowledged & !word.received).count_ones();
        self.words.iter().map(|word| u64::from(missing(word))).sum()
    }

    /// The same lane where only some are expected, and none has been received.
    pub(super) fn expecting(&self, is_wanted: impl Fn(u64) -> bool) -> Self {
        let mut of_others = self.clone();
        for (index, word) in of_others.words.iter_mut().enumerate() {
            word.received = 0;
            let first = self.base + index as u64 * BITS;
            for bit in (0..BITS).filter(|bit| !is_wanted(first + bit)) {
                word.acknowledged &= !(1 << bit);
            }
        }
        Self { highest: None, ..of_others }
    }

    /// `None` for a number that all is known of.
    fn word(&mut self, number: u64) -> Option<(&mut Word, u64)> {
        let at = usize::try_from(number.checked_sub(self.base)? / BITS).ok()?;
        Some((self.words.get_mut(at)?, 1 << (number % BITS)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const FIRST: Receipt = Receipt::First { was_acknowledged: true, is_in_order: true };

    #[test]
    fn memory_follows_what_is_missing() {
        let mut lane = Lane::default();
        for number in 0..1_000_000 {
            assert_eq!(lane.issue(), number);
            assert!(lane.acknowledge(number));
            assert_eq!(lane.receive(number), FIRST);
        }
        assert!(lane.words.len() <= 1, "{}", lane.words.len());
        assert_eq!(lane.receive(7), Receipt::Again);
        assert_eq!(lane.receive(1_000_000), Receipt::Unknown);
        assert_eq!(lane.missing(), 0);
    }

    #[test]
    fn an_answer_after_the_message_changes_nothing() {
        let mut lane = Lane::default();
        for _ in 0..64 {
            lane.issue();
        }
        for number in 0..64 {
            let first = Receipt::First { was_acknowledged: false, is_in_order: true };
            assert_eq!(lane.receive(number), first);
        }
        assert!(!lane.acknowledge(0) && !lane.acknowledge(63));
        assert_eq!(lane.missing(), 0);
    }

    #[test]
    fn order_is_that_of_sending() {
        let mut lane = Lane::default();
        for number in 0..3 {
            lane.issue();
            lane.acknowledge(number);
        }
        assert_eq!(lane.receive(1), FIRST);
        let late = Receipt::First { was_acknowledged: true, is_in_order: false };
        assert_eq!(lane.receive(0), late);
        assert_eq!(lane.receive(2), FIRST);
    }

    proptest! {
        #[test]
        fn it_is_a_set(numbers in proptest::collection::vec((0_u64..300, any::<bool>()), 0..900)) {
            let (mut lane, mut sent, mut received) =
                (Lane::default(), BTreeSet::new(), BTreeSet::new());
            for _ in 0..256 {
                lane.issue();
            }
            for (number, is_receive) in numbers {
                if is_receive {
                    let receipt = lane.receive(number);
                    let expected = if number >= 256 {
                        Receipt::Unknown
                    } else if received.contains(&number) {
                        Receipt::Again
                    } else {
                        Receipt::First {
                            was_acknowledged: sent.contains(&number),
                            is_in_order: received.last().is_none_or(|last| number > *last),
                        }
                    };
                    // An answer is not asked for once the message has been seen with all before it.
                    prop_assert_eq!(receipt, expected);
                    if number < 256 {
                        received.insert(number);
                    }
                } else if number < 256 {
                    prop_assert_eq!(lane.acknowledge(number), !received.contains(&number));
                    sent.insert(number);
                }
                prop_assert_eq!(lane.missing(), sent.difference(&received).count() as u64);
            }
        }
    }
}
