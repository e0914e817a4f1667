//! What is filed under which key.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::key::Key;

/// Numbers of policies by key.
#[derive(Default)]
pub(super) struct Filed {
    all: HashTable<Drawer>,
}

struct Drawer {
    key: Key,
    numbers: Numbers,
}

/// Most keys are for one policy, so this takes no allocation.
#[expect(clippy::box_collection, reason = "a vector in place makes every drawer a third larger")]
enum Numbers {
    One(u32),
    /// In rising order.
    Many(Box<Vec<u32>>),
}

impl Numbers {
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Many(numbers) => numbers,
        }
    }

    fn insert(&mut self, number: u32) {
        match self {
            Self::One(one) if *one == number => {}
            Self::One(one) => {
                let both = vec![number.min(*one), number.max(*one)];
                *self = Self::Many(Box::new(both));
            }
            Self::Many(numbers) => {
                if let Err(at) = numbers.binary_search(&number) {
                    numbers.insert(at, number);
                }
            }
        }
    }

    /// Takes the number away; whether none is left.
    fn remove(&mut self, number: u32) -> bool {
        match self {
            Self::One(one) => *one == number,
            Self::Many(numbers) => {
                if let Ok(at) = numbers.binary_search(&number) {
                    numbers.remove(at);
                }
                if let [one] = numbers[..] {
                    *self = Self::One(one);
                }
                false
            }
        }
    }
}

impl Filed {
    /// The numbers under a key, in rising order.
    pub(super) fn under(&self, key: Key) -> &[u32] {
        let drawer = self.all.find(key.0, |drawer| drawer.key == key);
        drawer.map_or(&[], |drawer| drawer.numbers.as_slice())
    }

    /// Adds the number under the key, if it is not there.
    pub(super) fn insert(&mut self, key: Key, number: u32) {
        match self.all.entry(key.0, |drawer| drawer.key == key, |drawer| drawer.key.0) {
            Entry::Occupied(mut drawer) => drawer.get_mut().numbers.insert(number),
            Entry::Vacant(place) => {
                place.insert(Drawer { key, numbers: Numbers::One(number) });
            }
        }
    }

    /// Takes the number from under the key, if it is there.
    pub(super) fn remove(&mut self, key: Key, number: u32) {
        if let Ok(mut drawer) = self.all.find_entry(key.0, |drawer| drawer.key == key)
            && drawer.get_mut().numbers.remove(number)
        {
            drawer.remove();
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
