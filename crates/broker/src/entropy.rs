//! Random bits: real, or from a seed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A source of random bits that nobody can guess, unless it was made from a seed. Cheap to clone.
#[derive(Clone)]
pub struct Entropy(Option<Arc<Mutex<StdRng>>>);

impl Entropy {
    /// A generator of its own for each thread, seeded by the operating system.
    pub fn system() -> Self {
        Self(None)
    }

    /// The same bits for the same seed, in the order they are asked for.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// 128 random bits.
    pub fn bits(&self) -> u128 {
        u128::from_ne_bytes(self.bytes())
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            None => rand::rng().fill_bytes(&mut bytes),
            Some(seeded) => {
                seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
            }
        }
        bytes
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Entropy(seeded)" } else { "Entropy(system)" })
    }
}
