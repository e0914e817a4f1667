//! Tokens: what proves that an endpoint got the message that asks it to confirm.

use siphasher::sip128::SipHasher24;

use crate::hex;
use crate::limits;
use crate::names::Uuid;
use crate::time::Timestamp;

/// Makes and reads tokens. A token says which subscription it is for and when it was made, and
/// carries a keyed digest of both: nobody else can make one, and none has to be remembered.
pub(crate) struct Tokens {
    secret: [u8; 16],
}

/// Subscription, instant and digest.
const BYTES: usize = 16 + 8 + 16;

impl Tokens {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self { secret }
    }

    /// A token, in hexadecimal digits.
    pub(crate) fn make(&self, subscription: Uuid, at: Timestamp) -> String {
        let mut bytes = subscription.to_bytes().to_vec();
        bytes.extend_from_slice(&at.as_ms().to_be_bytes());
        let digest = self.digest(&bytes);
        bytes.extend_from_slice(&digest);
        hex::lower(&bytes)
    }

    /// The subscription that a token is for, unless it was not made here or has expired.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Uuid> {
        let digits = token.as_bytes();
        if digits.len() != 2 * BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let byte = |i: usize| u8::from_str_radix(&token[2 * i..2 * i + 2], 16).ok();
        let bytes = (0..BYTES).map(byte).collect::<Option<Vec<u8>>>()?;
        let (said, digest) = bytes.split_at(24);
        let (id, at) = said.split_at(16);
        let at = Timestamp::from_ms(u64::from_be_bytes(at.try_into().ok()?));
        let is_fresh = now < at.plus_seconds(limits::CONFIRMATION_SECONDS);
        let is_ours = digest == self.digest(said);
        (is_ours && is_fresh).then(|| id.try_into().ok().map(Uuid::from_bytes))?
    }

    fn digest(&self, said: &[u8]) -> [u8; 16] {
        // Receipts are made with the same secret, of other and shorter bytes.
        let mut bytes = b"subscription token ".to_vec();
        bytes.extend_from_slice(said);
        SipHasher24::new_with_key(&self.secret).hash(&bytes).as_u128().to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_subscription_and_two_days() {
        let tokens = Tokens::new([7; 16]);
        let (id, at) = (Uuid::from_random(5), Timestamp::from_ms(1_000_000));
        let token = tokens.make(id, at);
        let last = at.plus_seconds(limits::CONFIRMATION_SECONDS);
        assert_eq!(tokens.read(&token, at), Some(id));
        assert_eq!(tokens.read(&token.to_uppercase(), at), Some(id));
        assert_eq!(tokens.read(&token, last), None);
        assert_eq!(Tokens::new([8; 16]).read(&token, at), None);
        for at_digit in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at_digit] = if other[at_digit] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(tokens.read(&other, at), None, "digit {at_digit}");
        }
        for bad in ["", "00", "zz", &token[1..], &format!("{token}0")] {
            assert_eq!(tokens.read(bad, at), None, "{bad}");
        }
    }
}
