//! What is remembered for a while, and never more than so much.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Values with an end. Of more than `max`, those go first that would end first.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    max: usize,
    values: BTreeMap<K, (u64, Arc<V>)>,
    ends: BTreeSet<(u64, K)>,
}

impl<K: Ord + Clone, V> Cache<K, V> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), values: BTreeMap::new(), ends: BTreeSet::new() }
    }

    /// One that has not ended.
    pub(crate) fn get(&self, key: &K, now_ms: u64) -> Option<Arc<V>> {
        let (ends_at_ms, value) = self.values.get(key)?;
        (*ends_at_ms > now_ms).then(|| Arc::clone(value))
    }

    /// Remembers one, in place of an earlier one of that name, and forgets what has ended.
    pub(crate) fn put(&mut self, key: K, value: Arc<V>, now_ms: u64, ends_at_ms: u64) {
        self.remove(&key);
        while let Some((ends_at_ms, first)) = self.ends.first()
            && (*ends_at_ms <= now_ms || self.values.len() >= self.max)
        {
            let first = first.clone();
            self.remove(&first);
        }
        self.ends.insert((ends_at_ms, key.clone()));
        self.values.insert(key, (ends_at_ms, value));
    }

    fn remove(&mut self, key: &K) {
        if let Some((ends_at_ms, _)) = self.values.remove(key) {
            self.ends.remove(&(ends_at_ms, key.clone()));
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.values.len(), self.ends.len());
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_found_and_goes() {
        let mut cache = Cache::new(10);
        cache.put("a", Arc::new(1), 0, 100);
        cache.put("b", Arc::new(2), 0, 200);
        assert_eq!(cache.get(&"a", 99).as_deref(), Some(&1));
        assert_eq!(cache.get(&"a", 100), None);
        cache.put("c", Arc::new(3), 150, 300);
        assert_eq!(cache.len(), 2);
        assert_eq!(cache.get(&"b", 150).as_deref(), Some(&2));
    }

    #[test]
    fn it_never_has_more_than_its_bound() {
        let mut cache = Cache::new(3);
        for n in 0..100_u64 {
            cache.put(n, Arc::new(n), 0, 1000 + n);
            assert!(cache.len() <= 3);
        }
        assert_eq!(cache.get(&96, 0), None);
        assert_eq!(cache.get(&97, 0).as_deref(), Some(&97));
        cache.put(99, Arc::new(5), 0, 7);
        assert_eq!((cache.len(), cache.get(&99, 0).as_deref()), (3, Some(&5)));
    }
}
