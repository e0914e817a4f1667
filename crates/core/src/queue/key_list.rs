//! A list of growing keys in one to three bytes each.

use std::collections::VecDeque;

/// Keys that have been struck out before the list is written anew without them, at the least.
const STRUCK_OUT_MIN: u32 = 16;

/// The keys of a message group's messages, in order. There is at least one.
///
/// The first is taken out when it goes, and those right behind it with what lies between. Others that
/// go before it are left in, and passed over.
pub(super) struct KeyList {
    first: u64,
    last: u64,
    /// How far each key is behind the one before it: seven bits a byte, the lowest first.
    gaps: VecDeque<u8>,
    /// Keys in the list, and those among them whose messages have gone.
    count: u32,
    struck_out: u32,
}

impl KeyList {
    pub(super) fn new(key: u64) -> Self {
        Self { first: key, last: key, gaps: VecDeque::new(), count: 1, struck_out: 0 }
    }

    /// Adds a key, which is greater than all that are there.
    pub(super) fn push(&mut self, key: u64) {
        assert!(key > self.last, "keys only grow");
        let mut gap = key - self.last;
        while gap >= 0x80 {
            self.gaps.push_back((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        self.gaps.push_back(gap as u8);
        self.last = key;
        self.count += 1;
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The keys in order; those struck out among them.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        let mut key = self.first;
        let mut gaps = self.gaps.iter();
        std::iter::once(key).chain(std::iter::from_fn(move || {
            key += read_gap(|| gaps.next().copied())?;
            Some(key)
        }))
    }

    /// Strikes a key out whose message has gone. `is_there` tells whether a key's message has not.
    /// False if no key is left.
    pub(super) fn strike_out(&mut self, key: u64, is_there: impl Fn(u64) -> bool) -> bool {
        if key != self.first {
            self.struck_out += 1;
            self.close_up(&is_there);
            if self.struck_out >= STRUCK_OUT_MIN && self.struck_out > self.count / 2 {
                self.write_anew(is_there);
            }
            return true;
        }
        while self.pop() {
            if self.struck_out == 0 || is_there(self.first) {
                return true;
            }
            self.struck_out -= 1;
        }
        false
    }

    /// Takes those out that went right behind the first, so that nobody passes over them again and
    /// again while the first stays.
    fn close_up(&mut self, is_there: impl Fn(u64) -> bool) {
        while let Some(gap) = read_gap(|| self.gaps.pop_front()) {
            if self.struck_out == 0 || is_there(self.first + gap) {
                return self.put_first_gap(gap);
            }
            self.count -= 1;
            self.struck_out -= 1;
            match read_gap(|| self.gaps.pop_front()) {
                Some(next) => self.put_first_gap(gap + next),
                None => self.last = self.first,
            }
        }
    }

    fn put_first_gap(&mut self, mut gap: u64) {
        let mut bytes = Vec::with_capacity(10);
        while gap >= 0x80 {
            bytes.push((gap & 0x7f) as u8 | 0x80);
            gap >>= 7;
        }
        bytes.push(gap as u8);
        bytes.into_iter().rev().for_each(|byte| self.gaps.push_front(byte));
    }

    /// Takes the first key out. False if it was the only one.
    fn pop(&mut self) -> bool {
        let gaps = &mut self.gaps;
        let Some(gap) = read_gap(|| gaps.pop_front()) else { return false };
        self.first += gap;
        self.count -= 1;
        true
    }

    /// The first key is there: whoever strikes it out takes it out.
    fn write_anew(&mut self, is_there: impl Fn(u64) -> bool) {
        let mut anew = Self::new(self.first);
        self.iter().skip(1).filter(|key| is_there(*key)).for_each(|key| anew.push(key));
        *self = anew;
    }
}

fn read_gap(mut next: impl FnMut() -> Option<u8>) -> Option<u64> {
    let mut gap = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = next()?;
        gap |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(gap);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(list: &KeyList) -> Vec<u64> {
        list.iter().collect()
    }

    #[test]
    fn keys_far_apart_and_close_together_come_back_in_order() {
        let all = [0, 1, 2, 129, 130, 20_000, 1 << 40, (1 << 62) - 1];
        let mut list = KeyList::new(all[0]);
        all[1..].iter().for_each(|key| list.push(*key));
        assert_eq!(keys(&list), all);
        for n in 0..all.len() - 1 {
            assert!(list.strike_out(all[n], |_| true));
            assert_eq!(list.first(), all[n + 1]);
        }
        assert!(!list.strike_out(all[all.len() - 1], |_| true), "nothing is left");
    }

    #[test]
    fn what_was_struck_out_is_passed_over_by_the_first() {
        let mut there: BTreeSet<u64> = (0..10).collect();
        let mut list = KeyList::new(0);
        (1..10).for_each(|key| list.push(key));
        for key in [1, 2, 4, 0] {
            there.remove(&key);
            assert!(list.strike_out(key, |key| there.contains(&key)));
        }
        assert_eq!(list.first(), 3);
        there.remove(&6);
        assert!(list.strike_out(6, |key| there.contains(&key)));
        assert_eq!(keys(&list), [3, 5, 6, 7, 8, 9], "4 was right behind 3; 6 waits");
        for key in [3, 5] {
            there.remove(&key);
            assert!(list.strike_out(key, |key| there.contains(&key)));
        }
        assert_eq!((list.first(), list.struck_out), (7, 0));
    }

    #[test]
    fn what_goes_right_behind_a_first_that_stays_is_passed_over_once() {
        let mut there: BTreeSet<u64> = (0..1000).collect();
        let mut list = KeyList::new(0);
        (1..1000).for_each(|key| list.push(key));
        for key in 1..1000 {
            there.remove(&key);
            assert!(list.strike_out(key, |key| there.contains(&key)));
            assert_eq!(keys(&list).len(), 1000 - key as usize, "none of those that went");
        }
        list.push(5000);
        assert_eq!(keys(&list), [0, 5000]);
    }

    #[test]
    fn a_list_that_is_mostly_struck_out_is_written_anew() {
        let mut there: BTreeSet<u64> = (0..1000).collect();
        let mut list = KeyList::new(0);
        (1..1000).for_each(|key| list.push(key));
        for key in 2..999 {
            there.remove(&key);
            assert!(list.strike_out(key, |key| there.contains(&key)));
        }
        assert_eq!(list.first(), 0);
        assert!(keys(&list).len() < 40, "{} keys for two messages", keys(&list).len());
        assert_eq!(keys(&list).last(), Some(&999));
    }
}
