//! The tags of a topic: the same tags as a queue's, under SNS's rules for requests.

use super::{RESERVED_PREFIX, Tags, is_tag_text};
use crate::limits;
use crate::rejection::TopicRejection;

type Given = [(String, String)];

impl Tags {
    /// The tags of a new topic, perhaps none.
    ///
    /// # Errors
    /// InvalidParameter if two have the same key, or a key or value has another form.
    /// TagLimitExceeded if they are more than 50.
    pub fn create_for_topic(given: &Given) -> Result<Self, TopicRejection> {
        Self::default().with_for_topic(given)
    }

    /// TagResource: these tags and the given ones, which replace those of the same keys.
    ///
    /// # Errors
    /// As in [`Self::create_for_topic`].
    pub fn with_for_topic(&self, given: &Given) -> Result<Self, TopicRejection> {
        let mut keys: Vec<&str> = given.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(TopicRejection::parameter("Duplicated keys are not allowed."));
        }
        let mut tags = self.clone();
        for (number, (key, value)) in (1..).zip(given) {
            check_key(key, &format!("tags.{number}.member.key"))?;
            check_value(value, &format!("tags.{number}.member.value"))?;
            tags.0.insert(key.clone(), value.clone());
        }
        if tags.0.len() > limits::TAGS_MAX {
            return Err(TopicRejection::TagLimitExceeded);
        }
        Ok(tags)
    }

    /// UntagResource: these tags without those of the given keys. A key that is not there is no
    /// error.
    ///
    /// # Errors
    /// InvalidParameter if no tag can have one of the keys.
    pub fn without_for_topic(&self, keys: &[String]) -> Result<Self, TopicRejection> {
        let mut tags = self.clone();
        for (number, key) in (1..).zip(keys) {
            check_key(key, &format!("tagKeys.{number}.member"))?;
            tags.0.remove(key);
        }
        Ok(tags)
    }

    /// Whether CreateTopic with these tags repeats what a topic with `self` has already.
    pub fn include(&self, given: &Given) -> bool {
        given.iter().all(|(key, value)| self.0.get(key) == Some(value))
    }
}

fn check_key(key: &str, path: &str) -> Result<(), TopicRejection> {
    if key.is_empty() {
        return Err(unfit(key, path, "Member must have length greater than or equal to 1"));
    }
    check_length(key, path, limits::TAG_KEY_CHARS_MAX)?;
    check_text(key, "key")
}

fn check_value(value: &str, path: &str) -> Result<(), TopicRejection> {
    check_length(value, path, limits::TAG_VALUE_CHARS_MAX)?;
    check_text(value, "value")
}

fn check_length(text: &str, path: &str, max: usize) -> Result<(), TopicRejection> {
    if text.chars().count() > max {
        let constraint = format!("Member must have length less than or equal to {max}");
        return Err(unfit(text, path, &constraint));
    }
    Ok(())
}

/// Characters, and what the service keeps for itself. Its words for both are not known.
fn check_text(text: &str, what: &str) -> Result<(), TopicRejection> {
    if !is_tag_text(text) {
        return Err(TopicRejection::parameter(format_args!(
            "Tags Reason: a tag's {what} has characters that it may not have"
        )));
    }
    if text.starts_with(RESERVED_PREFIX) {
        return Err(TopicRejection::parameter(format_args!(
            "Tags Reason: a tag's {what} must not begin with {RESERVED_PREFIX}"
        )));
    }
    Ok(())
}

/// As the service's front door words it, for all its actions.
fn unfit(text: &str, path: &str, constraint: &str) -> TopicRejection {
    TopicRejection::InvalidParameter(format!(
        "1 validation error detected: Value '{text}' at '{path}' failed to satisfy constraint: \
         {constraint}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
        given.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn create(given: &[(&str, &str)]) -> Result<Tags, TopicRejection> {
        Tags::create_for_topic(&pairs(given))
    }

    fn invalid(text: &str) -> TopicRejection {
        TopicRejection::InvalidParameter(text.to_owned())
    }

    #[test]
    fn tags_are_added_replaced_and_removed() {
        let tags = create(&[("b", "1"), ("a", "")]).unwrap();
        let tags = tags.with_for_topic(&pairs(&[("b", "2"), ("B", "3")])).unwrap();
        assert_eq!(tags.to_pairs(), pairs(&[("B", "3"), ("a", ""), ("b", "2")]));
        let tags = tags.without_for_topic(&["a".into(), "absent".into(), "a".into()]).unwrap();
        assert_eq!(tags.to_pairs(), pairs(&[("B", "3"), ("b", "2")]));
        assert_eq!(tags.without_for_topic(&[]), Ok(tags.clone()));
        assert_eq!(tags.with_for_topic(&[]), Ok(tags));
    }

    #[test]
    fn keys_are_given_once() {
        let text = "Invalid parameter: Duplicated keys are not allowed.";
        assert_eq!(create(&[("a", "1"), ("b", "2"), ("a", "1")]), Err(invalid(text)));
    }

    #[test]
    fn a_topic_has_50_tags() {
        let fifty: Vec<_> = (0..50).map(|i| (format!("key{i}"), String::new())).collect();
        let tags = Tags::create_for_topic(&fifty).unwrap();
        assert!(tags.with_for_topic(&pairs(&[("key49", "replaced")])).is_ok());
        let another = pairs(&[("key50", "")]);
        assert_eq!(tags.with_for_topic(&another), Err(TopicRejection::TagLimitExceeded));
        let fifty_one = [fifty, another].concat();
        assert_eq!(Tags::create_for_topic(&fifty_one), Err(TopicRejection::TagLimitExceeded));
    }

    #[test]
    fn keys_and_values_have_their_forms() {
        assert!(create(&[(&"ß".repeat(128), &"é".repeat(256))]).is_ok());
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        let error = "1 validation error detected: Value";
        let longer = "failed to satisfy constraint: Member must have length less than or equal to";
        for (key, value, text) in [
            (&*long_key, "", format!("{error} '{long_key}' at 'tags.2.member.key' {longer} 128")),
            (
                "k",
                &*long_value,
                format!("{error} '{long_value}' at 'tags.2.member.value' {longer} 256"),
            ),
            (
                "",
                "",
                format!(
                    "{error} '' at 'tags.2.member.key' failed to satisfy constraint: Member must \
                     have length greater than or equal to 1"
                ),
            ),
            (
                "k*",
                "",
                "Invalid parameter: Tags Reason: a tag's key has characters that it may not have"
                    .into(),
            ),
            (
                "k",
                "aws:v",
                "Invalid parameter: Tags Reason: a tag's value must not begin with aws:".into(),
            ),
        ] {
            assert_eq!(create(&[("first", ""), (key, value)]), Err(invalid(&text)));
        }
        let text = format!("{error} '{long_key}' at 'tagKeys.1.member' {longer} 128");
        assert_eq!(Tags::default().without_for_topic(&[long_key]), Err(invalid(&text)));
    }

    #[test]
    fn a_repeated_creation_has_no_tags_that_differ() {
        let tags = create(&[("a", "1"), ("b", "2")]).unwrap();
        assert!(tags.include(&[]));
        assert!(tags.include(&pairs(&[("b", "2")])));
        assert!(!tags.include(&pairs(&[("b", "3")])));
        assert!(!tags.include(&pairs(&[("a", "1"), ("c", "")])));
    }
}
