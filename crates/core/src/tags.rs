//! The tags of a queue or a topic. Developer guide, "Amazon SQS cost allocation tags" and "quotas".

mod topic;

use std::collections::BTreeMap;

use crate::codec::{Damaged, Reader, Writer};
use crate::command::Pairs;
use crate::limits;
use crate::names::QueueName;
use crate::rejection::Rejection;

/// Tags by key: at most 50, keys of 1 to 128 characters, values of 0 to 256. Both are letters and
/// digits of any script, white space and `_ . : / = + - @`, and neither begins with `aws:`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tags(BTreeMap<String, String>);

/// What the service keeps for itself.
const RESERVED_PREFIX: &str = "aws:";

impl Tags {
    /// The tags of a new queue, perhaps none. Of several values for one key the last counts.
    ///
    /// # Errors
    /// InvalidParameterValue if a key or value has another form, or they are too many.
    pub fn create(queue: &QueueName, given: &[(String, String)]) -> Result<Self, Rejection> {
        Self::default().and(queue, given)
    }

    /// TagQueue: these tags and the given ones, which replace those of the same keys.
    ///
    /// # Errors
    /// MissingParameter if none is given. InvalidParameterValue as in [`Self::create`]; more than
    /// 50, which the service advises against, are refused.
    pub fn with(&self, queue: &QueueName, given: &[(String, String)]) -> Result<Self, Rejection> {
        if given.is_empty() {
            return Err(Rejection::MissingParameter("Tags".into()));
        }
        self.clone().and(queue, given)
    }

    /// UntagQueue: these tags without those of the given keys. A key that is not there is no
    /// error.
    ///
    /// # Errors
    /// InvalidParameterValue if no key is given, or one that no tag can have.
    pub fn without(&self, keys: &[String]) -> Result<Self, Rejection> {
        if keys.is_empty() {
            return Err(key_length());
        }
        let mut tags = self.clone();
        for key in keys {
            check_key(key)?;
            tags.0.remove(key);
        }
        Ok(tags)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, by key, as conditions ask for them.
    pub fn as_pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// Keys and values, by key.
    pub fn to_pairs(&self) -> Pairs {
        self.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn and(mut self, queue: &QueueName, given: &[(String, String)]) -> Result<Self, Rejection> {
        for (key, value) in given {
            check_key(key)?;
            check_value(value)?;
            self.0.insert(key.clone(), value.clone());
        }
        if self.0.len() > limits::TAGS_MAX {
            return Err(Rejection::InvalidParameterValue(format!(
                "Too many tags added for queue {}.",
                queue.as_str()
            )));
        }
        Ok(self)
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(u32::try_from(self.0.len()).expect("a queue has at most fifty tags"));
        for (key, value) in &self.0 {
            w.text(key);
            w.text(value);
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        /// The lengths of two texts.
        const TAG_BYTES_MIN: usize = 8;
        let tags = r.count(TAG_BYTES_MIN)?;
        (0..tags)
            .map(|_| Ok((r.text()?.to_owned(), r.text()?.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn check_key(key: &str) -> Result<(), Rejection> {
    if key.is_empty() || key.chars().count() > limits::TAG_KEY_CHARS_MAX {
        return Err(key_length());
    }
    check_text("keys", key)
}

fn check_value(value: &str) -> Result<(), Rejection> {
    if value.chars().count() > limits::TAG_VALUE_CHARS_MAX {
        return Err(Rejection::InvalidParameterValue(format!(
            "Tag values must be between 0 and {} characters in length.",
            limits::TAG_VALUE_CHARS_MAX
        )));
    }
    check_text("values", value)
}

fn check_text(what: &str, text: &str) -> Result<(), Rejection> {
    if !is_tag_text(text) {
        return Err(Rejection::InvalidParameterValue(format!(
            "Tag {what} may only contain unicode letters, digits, whitespace, or one of these \
             symbols: _ . : / = + - @"
        )));
    }
    if text.starts_with(RESERVED_PREFIX) {
        return Err(Rejection::InvalidParameterValue(format!(
            "Tag {what} must not start with the reserved prefix {RESERVED_PREFIX}"
        )));
    }
    Ok(())
}

/// Whether there are no characters but those that keys and values may have.
fn is_tag_text(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
}

fn key_length() -> Rejection {
    Rejection::InvalidParameterValue(format!(
        "Tag keys must be between 1 and {} characters in length.",
        limits::TAG_KEY_CHARS_MAX
    ))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn orders() -> QueueName {
        QueueName::parse("orders").unwrap()
    }

    fn pairs(given: &[(&str, &str)]) -> Pairs {
        given.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn created(given: &[(&str, &str)]) -> Tags {
        Tags::create(&orders(), &pairs(given)).unwrap()
    }

    fn invalid(text: &str) -> Rejection {
        Rejection::InvalidParameterValue(text.to_owned())
    }

    #[test]
    fn tags_are_added_replaced_and_removed() {
        let tags = created(&[("b", "1"), ("a", "")]);
        assert_eq!(tags.to_pairs(), pairs(&[("a", ""), ("b", "1")]));
        let tags = tags.with(&orders(), &pairs(&[("b", "2"), ("B", "3")])).unwrap();
        assert_eq!(tags.to_pairs(), pairs(&[("B", "3"), ("a", ""), ("b", "2")]));
        let tags = tags.without(&["a".into(), "absent".into(), "a".into()]).unwrap();
        assert_eq!(tags.to_pairs(), pairs(&[("B", "3"), ("b", "2")]));
        assert_eq!(created(&[("a", "1"), ("a", "2")]).to_pairs(), pairs(&[("a", "2")]));
    }

    #[test]
    fn tagging_and_untagging_say_what() {
        let none = created(&[]);
        let missing = Rejection::MissingParameter("Tags".into());
        assert_eq!(none.with(&orders(), &[]), Err(missing));
        let length = "Tag keys must be between 1 and 128 characters in length.";
        assert_eq!(none.without(&[]), Err(invalid(length)));
        assert_eq!(none.without(&["a".into(), String::new()]), Err(invalid(length)));
        assert_eq!(none.without(&["k".repeat(129)]), Err(invalid(length)));
    }

    #[test]
    fn a_queue_has_50_tags() {
        let fifty: Pairs = (0..50).map(|i| (format!("key{i}"), String::new())).collect();
        let tags = Tags::create(&orders(), &fifty).unwrap();
        let another = pairs(&[("key50", "")]);
        let too_many = invalid("Too many tags added for queue orders.");
        assert_eq!(tags.with(&orders(), &another), Err(too_many.clone()));
        assert!(tags.with(&orders(), &pairs(&[("key49", "replaced")])).is_ok());
        let fifty_one = [fifty, another].concat();
        assert_eq!(Tags::create(&orders(), &fifty_one), Err(too_many));
    }

    #[test]
    fn keys_and_values_have_their_forms() {
        let longest = ("ß".repeat(128), "é".repeat(256));
        assert!(Tags::create(&orders(), &[longest]).is_ok());
        created(&[("Größe 1_.:/=+-@", "大\t1_.:/=+-@"), ("Aws:x", "xaws:")]);
        let symbols = "may only contain unicode letters, digits, whitespace, or one of these \
                       symbols: _ . : / = + - @";
        let key_length = "Tag keys must be between 1 and 128 characters in length.";
        for (key, value, text) in [
            ("", "", key_length),
            (&*"k".repeat(129), "", key_length),
            ("k", &*"v".repeat(257), "Tag values must be between 0 and 256 characters in length."),
            ("k*", "", &*format!("Tag keys {symbols}")),
            ("k", "v,", &*format!("Tag values {symbols}")),
            ("aws:k", "", "Tag keys must not start with the reserved prefix aws:"),
            ("k", "aws:v", "Tag values must not start with the reserved prefix aws:"),
        ] {
            let before = created(&[("k", "v")]);
            assert_eq!(before.with(&orders(), &pairs(&[(key, value)])), Err(invalid(text)));
            assert_eq!(Tags::create(&orders(), &pairs(&[(key, value)])), Err(invalid(text)));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(given in vec(("[a-zß=]{1,9}", "[a-z 大]{0,9}"), 0..9)) {
            let tags = Tags::create(&orders(), &given).unwrap();
            let mut bytes = Vec::new();
            tags.encode(&mut Writer::new(&mut bytes));
            let mut r = Reader::new(&bytes);
            prop_assert_eq!(Tags::decode(&mut r), Ok(tags));
            prop_assert_eq!(r.end(), Ok(()));
            for cut in 0..bytes.len() {
                prop_assert_eq!(Tags::decode(&mut Reader::new(&bytes[..cut])), Err(Damaged));
            }
        }
    }
}
