//! The key that signs for one day, region and service.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

use crate::credential::Scope;
use crate::hex;
use crate::secret::SecretKey;
use crate::time::Seconds;
use crate::{ALGORITHM, TERMINATOR};

/// A key derived from a secret for one [`Scope`]. Whoever has it can sign for that scope. It does
/// not print.
#[derive(Clone)]
pub struct SigningKey(Arc<hmac::Key>);

impl SigningKey {
    /// Derives the key: four rounds of HMAC-SHA256.
    pub fn derive(secret: &SecretKey, scope: &Scope<'_>) -> Self {
        let start = Zeroizing::new([b"AWS4", secret.as_bytes()].concat());
        let date = mac(&start, scope.date);
        let region = mac(&*date, scope.region);
        let service = mac(&*region, scope.service);
        let key = mac(&*service, TERMINATOR);
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &*key)))
    }

    /// Signs the string to sign. `scope` is the whole of it, with its terminator.
    pub(crate) fn sign(&self, signed_at: Seconds, scope: &str, hash: &[u8; 32]) -> [u8; 32] {
        let mut signature = [0; 32];
        signature.copy_from_slice(self.tag(signed_at, scope, hash).as_ref());
        signature
    }

    /// Whether a signature is of that string, in constant time.
    pub(crate) fn verify(
        &self,
        signed_at: Seconds,
        scope: &str,
        hash: &[u8; 32],
        signature: &[u8; 32],
    ) -> bool {
        let tag = self.tag(signed_at, scope, hash);
        constant_time::verify_slices_are_equal(tag.as_ref(), signature).is_ok()
    }

    fn tag(&self, signed_at: Seconds, scope: &str, hash: &[u8; 32]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        write_string_to_sign(signed_at, scope, hash, |piece| context.update(piece));
        context.sign()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(..)")
    }
}

/// One round. What is derived is as good as the secret, for a day.
fn mac(key: &[u8], text: &str) -> Zeroizing<[u8; 32]> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut tag = Zeroizing::new([0; 32]);
    hmac::sign_to_buffer(&key, text.as_bytes(), &mut *tag)
        .expect("a tag of HMAC-SHA256 has 32 bytes");
    tag
}

/// The string to sign as text.
pub(crate) fn string_to_sign(signed_at: Seconds, scope: &str, hash: &[u8; 32]) -> String {
    let mut text = Vec::new();
    write_string_to_sign(signed_at, scope, hash, |piece| text.extend_from_slice(piece));
    String::from_utf8(text).unwrap_or_default()
}

fn write_string_to_sign(
    signed_at: Seconds,
    scope: &str,
    hash: &[u8; 32],
    mut put: impl FnMut(&[u8]),
) {
    put(ALGORITHM.as_bytes());
    put(b"\n");
    put(&signed_at.basic());
    put(b"\n");
    put(scope.as_bytes());
    put(b"\n");
    put(hex::encode(hash).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in AWS's guide to deriving a signing key signs a string of its own, which
    /// `tests/vectors` covers; here only that every part of the scope counts.
    #[test]
    fn every_part_of_the_scope_makes_another_key() {
        let sign = |secret: &str, date, region, service| {
            let scope = Scope { date, region, service };
            let key = SigningKey::derive(&SecretKey::new(secret.to_owned()), &scope);
            key.sign(Seconds(0), "scope", &[0; 32])
        };
        let signature = sign("secret", "20150830", "us-east-1", "iam");
        assert_eq!(signature, sign("secret", "20150830", "us-east-1", "iam"));
        for other in [
            sign("Secret", "20150830", "us-east-1", "iam"),
            sign("secret", "20150831", "us-east-1", "iam"),
            sign("secret", "20150830", "us-east-2", "iam"),
            sign("secret", "20150830", "us-east-1", "sqs"),
        ] {
            assert_ne!(signature, other);
        }
    }

    #[test]
    fn it_does_not_print() {
        let scope = Scope { date: "20150830", region: "us-east-1", service: "iam" };
        let key = SigningKey::derive(&SecretKey::new("secret".to_owned()), &scope);
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }
}
