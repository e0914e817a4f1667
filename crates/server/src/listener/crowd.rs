//! How many connections come from where.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections by the address that they come from, and bounds them.
///
/// An IPv6 address counts as its network of 64 bits: that is the least that one machine has.
pub(crate) struct Crowd {
    /// `None`: as many as come.
    per_address_max: Option<NonZeroUsize>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that counts until it is dropped.
pub(crate) struct Member {
    crowd: Arc<Crowd>,
    // `None` where nothing is counted.
    origin: Option<IpAddr>,
}

impl Crowd {
    pub(crate) fn new(per_address_max: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self { per_address_max, counts: Mutex::default() })
    }

    /// Lets a connection in, unless there are as many from its address as there may be. One without
    /// an address is always let in.
    pub(crate) fn join(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Member> {
        let crowd = Arc::clone(self);
        let (Some(max), Some(address)) = (self.per_address_max, address) else {
            return Some(Member { crowd, origin: None });
        };
        let origin = origin(address);
        let mut counts = self.counts();
        let count = counts.entry(origin).or_default();
        if *count >= max.get() {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Member { crowd, origin: Some(origin) })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(origin) = self.origin else { return };
        let mut counts = self.crowd.counts();
        if let Some(count) = counts.get_mut(&origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&origin);
            }
        }
    }
}

pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn each_address_has_its_bound_and_who_leaves_makes_room() {
        let crowd = Crowd::new(NonZeroUsize::new(2));
        let first = crowd.join(address("10.0.0.1")).unwrap();
        let _second = crowd.join(address("::ffff:10.0.0.1")).unwrap();
        assert!(crowd.join(address("10.0.0.1")).is_none());
        assert!(crowd.join(address("10.0.0.2")).is_some());
        drop(first);
        assert!(crowd.join(address("10.0.0.1")).is_some());
    }

    #[test]
    fn a_network_of_64_bits_is_one_address() {
        let crowd = Crowd::new(NonZeroUsize::new(1));
        let member = crowd.join(address("2001:db8:0:1::1")).unwrap();
        assert!(crowd.join(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(crowd.join(address("2001:db8:0:2::1")).is_some());
        drop(member);
        assert!(crowd.counts().is_empty(), "who has left is forgotten");
    }

    #[test]
    fn without_an_address_or_a_bound_nobody_is_kept_out() {
        for (max, origin) in [(NonZeroUsize::new(1), None), (None, address("10.0.0.1"))] {
            let crowd = Crowd::new(max);
            let members: Vec<_> = (0..3).filter_map(|_| crowd.join(origin)).collect();
            assert_eq!(members.len(), 3);
        }
    }
}
