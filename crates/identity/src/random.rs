//! Random bytes, handed in, and what is made of them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::names::AccountId;
use tidings_seal::NONCE_BYTES;
use zeroize::Zeroizing;

/// Bytes that an operation uses of them: 16 for an id, 30 for a secret, 12 for a nonce.
pub const RANDOM_BYTES: usize = 16 + SECRET_BYTES + NONCE_BYTES;

/// As base64, 40 characters, as many as AWS's secrets have.
const SECRET_BYTES: usize = 30;

/// Letters of ids: base32 of RFC 4648.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters of a unique id after its prefix.
const UNIQUE_CHARS: u32 = 17;
/// Characters of an access key id after its prefix.
const ACCESS_KEY_CHARS: u32 = 16;
/// Bits of an access key id that are random.
const ACCESS_KEY_RANDOM_BITS: u32 = 39;
/// Bits that hold an account: 10^12 < 2^40.
const ACCOUNT_BITS: u32 = 40;

/// What one operation takes its ids and secrets from. Use it for one only; it does not print, and
/// it is wiped when dropped.
pub struct Random(Zeroizing<[u8; RANDOM_BYTES]>);

impl Random {
    /// Takes bytes of a cryptographic source.
    pub fn new(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn number(&self) -> u128 {
        u128::from_le_bytes(self.part(0))
    }

    fn part<const LENGTH: usize>(&self, start: usize) -> [u8; LENGTH] {
        let mut part = [0; LENGTH];
        part.copy_from_slice(&self.0[start..start + LENGTH]);
        part
    }

    /// A unique id, such as `AIDAQ…` of 21 characters.
    pub(crate) fn unique_id(&self, prefix: &str) -> String {
        letters(prefix, self.number(), UNIQUE_CHARS)
    }

    /// An access key id of 20 characters. As in AWS's, the account can be read off it.
    pub(crate) fn access_key_id(&self, prefix: &str, account: AccountId) -> String {
        let account: u128 = account.to_string().parse().unwrap_or_default();
        let random = self.number() & ((1 << ACCESS_KEY_RANDOM_BITS) - 1);
        let top = 1 << (ACCESS_KEY_RANDOM_BITS + ACCOUNT_BITS);
        let number = top | account << ACCESS_KEY_RANDOM_BITS | random;
        letters(prefix, number, ACCESS_KEY_CHARS)
    }

    /// A secret access key of 40 characters.
    pub(crate) fn secret(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(self.part::<SECRET_BYTES>(16));
        Zeroizing::new(STANDARD.encode(&bytes[..]))
    }

    pub(crate) fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.part(16 + SECRET_BYTES)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}

/// The lowest bits of a number, five to a letter, the highest first.
fn letters(prefix: &str, number: u128, count: u32) -> String {
    let letter = |at: u32| char::from(LETTERS[(number >> (5 * at)) as usize % LETTERS.len()]);
    prefix.chars().chain((0..count).rev().map(letter)).collect()
}

/// The account that an access key id is of, whether or not there is such a key. `None` if it is no
/// access key id of ours.
pub(crate) fn account_of(access_key_id: &str) -> Option<AccountId> {
    let letters = access_key_id.strip_prefix("AKIA").or(access_key_id.strip_prefix("ASIA"))?;
    if letters.len() != ACCESS_KEY_CHARS as usize {
        return None;
    }
    let mut number: u128 = 0;
    for letter in letters.bytes() {
        let value = LETTERS.iter().position(|&known| known == letter)?;
        number = number << 5 | value as u128;
    }
    let account = number >> ACCESS_KEY_RANDOM_BITS & ((1 << ACCOUNT_BITS) - 1);
    AccountId::parse(&format!("{account:012}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn random(bytes: &[u8]) -> Random {
        Random::new(std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(at as u8)))
    }

    #[test]
    fn ids_and_secrets_have_their_forms() {
        let random = random(&[]);
        let account = AccountId::parse("123456789012").unwrap();
        let (user, key) = (random.unique_id("AIDA"), random.access_key_id("AKIA", account));
        assert_eq!((user.len(), key.len(), random.secret().len()), (21, 20, 40));
        assert!(key[4..].starts_with(|letter| letter >= 'Q'), "{key}");
        assert_eq!(random.nonce(), std::array::from_fn(|at| 46 + at as u8));
        assert_eq!(format!("{random:?}"), "Random(..)");
    }

    /// A key of AWS and its account, as they have been published.
    #[test]
    fn the_account_is_where_aws_has_it() {
        let account = account_of("ASIAY34FZKBOKMUTVV7A").unwrap();
        assert_eq!(account.to_string(), "609629065308");
        for id in
            ["", "AKIA", "AIDAY34FZKBOKMUTVV7A", "AKIAY34FZKBOKMUTVV7", "ASIAy34FZKBOKMUTVV7A"]
        {
            assert_eq!(account_of(id), None, "{id}");
        }
    }

    proptest! {
        #[test]
        fn an_access_key_id_tells_its_account(account in 0u64..1_000_000_000_000, bytes: [u8; 16]) {
            let account = AccountId::parse(&format!("{account:012}")).unwrap();
            let id = random(&bytes).access_key_id("ASIA", account);
            prop_assert_eq!(account_of(&id), Some(account));
        }

        #[test]
        fn any_text_is_looked_at(text: String) {
            let _ = account_of(&text);
            let _ = account_of(&format!("AKIA{text}"));
        }
    }
}
