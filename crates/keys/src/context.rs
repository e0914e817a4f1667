//! The encryption context: what a ciphertext is about. Not secret, not kept, and needed to open it.

use std::collections::BTreeMap;

/// Names and values that are authenticated together with a ciphertext. Case matters, order does
/// not. KMS developer guide, "Encryption context".
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// One pair.
    pub fn one(name: &str, value: &str) -> Self {
        Self(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    /// The pairs, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every pair of another context is in this one.
    pub fn has_all_of(&self, other: &Self) -> bool {
        other.0.iter().all(|(name, value)| self.0.get(name) == Some(value))
    }

    /// The same bytes for the same pairs, and for no others: each name and value comes after its
    /// length.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            for text in [name, value] {
                out.extend_from_slice(&(text.len() as u64).to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

impl FromIterator<(String, String)> for EncryptionContext {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(context: &EncryptionContext) -> Vec<u8> {
        let mut out = Vec::new();
        context.write_to(&mut out);
        out
    }

    proptest! {
        #[test]
        fn other_pairs_are_other_bytes(
            one: BTreeMap<String, String>,
            other: BTreeMap<String, String>,
        ) {
            let (one, other) = (EncryptionContext(one), EncryptionContext(other));
            prop_assert_eq!(one == other, bytes(&one) == bytes(&other));
        }
    }

    #[test]
    fn where_a_name_ends_matters() {
        let (one, other) = (EncryptionContext::one("ab", "c"), EncryptionContext::one("a", "bc"));
        assert_ne!(bytes(&one), bytes(&other));
    }

    #[test]
    fn a_part_of_a_context_is_in_it() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let both: EncryptionContext = [pair("a", "1"), pair("b", "2")].into_iter().collect();
        assert!(both.has_all_of(&EncryptionContext::one("b", "2")));
        assert!(both.has_all_of(&EncryptionContext::default()));
        assert!(!both.has_all_of(&EncryptionContext::one("b", "1")));
        assert!(!EncryptionContext::one("b", "2").has_all_of(&both));
    }
}
