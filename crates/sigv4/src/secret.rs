//! Secrets that do not print.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time;
use zeroize::Zeroizing;

/// A secret access key. It does not print, and its bytes are wiped with its last copy.
#[derive(Clone)]
pub struct SecretKey(Arc<Zeroizing<Vec<u8>>>);

impl SecretKey {
    /// Takes a secret over. AWS's have 40 characters; any length will do.
    pub fn new(secret: String) -> Self {
        Self(Arc::new(Zeroizing::new(secret.into_bytes())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretKey(..)")
    }
}

/// In constant time, but for the length.
impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.as_bytes(), other.as_bytes()).is_ok()
    }
}

impl Eq for SecretKey {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_print_and_compares() {
        let secret = SecretKey::new("hunter2".to_owned());
        assert!(!format!("{secret:?}").contains("hunter"));
        assert_eq!(secret, SecretKey::new("hunter2".to_owned()));
        assert_ne!(secret, SecretKey::new("hunter3".to_owned()));
        assert_ne!(secret, SecretKey::new("hunter22".to_owned()));
    }
}
