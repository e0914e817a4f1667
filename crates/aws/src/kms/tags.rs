//! TagResource and UntagResource.

use serde::Deserialize;
use tidings_keys::{Change, KeyFault, limits};

use super::checks::Checks;
use super::request::KmsRequest;
use crate::json::{List, Object};
use crate::text::Text;

/// A tag, whose members have names of their own in KMS.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Tag<'a> {
    #[serde(borrow)]
    tag_key: Option<Text<'a>>,
    #[serde(borrow)]
    tag_value: Option<Text<'a>>,
}

/// The input of TagResource.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TagResource<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<List<Object<Tag<'a>>>>,
}

impl TagResource<'_> {
    pub(super) fn read(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let tags = checks.required("tags", self.tags);
        let tags = read(&mut checks, tags);
        checks.finish()?;
        Ok(KmsRequest::change(Change::TagResource { key, tags }))
    }
}

/// The input of UntagResource.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct UntagResource<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    tag_keys: Option<List<Text<'a>>>,
}

impl UntagResource<'_> {
    pub(super) fn read(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let tag_keys = checks.required("tagKeys", self.tag_keys);
        let tag_keys: Vec<String> = tag_keys.0.into_iter().map(Text::into_string).collect();
        for tag_key in &tag_keys {
            checks.length("tagKeys", tag_key, (1, limits::TAG_KEY_CHARS_MAX));
        }
        checks.finish()?;
        Ok(KmsRequest::change(Change::UntagResource { key, tag_keys }))
    }
}

/// The tags of a request, with their lengths and characters checked.
pub(super) fn read(checks: &mut Checks, tags: List<Object<Tag<'_>>>) -> Vec<(String, String)> {
    let mut read = Vec::with_capacity(tags.0.len());
    for (index, Object(tag)) in tags.0.into_iter().enumerate() {
        let member = |name: &str| format!("tags.{}.member.{name}", index + 1);
        let bounds = (1, limits::TAG_KEY_CHARS_MAX);
        let (key_member, value_member) = (member("tagKey"), member("tagValue"));
        let key = checks.text(&key_member, tag.tag_key, bounds);
        let bounds = (0, limits::TAG_VALUE_CHARS_MAX);
        let value = checks.text(&value_member, tag.tag_value, bounds);
        for (member, text) in [(&key_member, &key), (&value_member, &value)] {
            if !text.chars().all(is_tag_character) {
                let pattern =
                    r"satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";
                checks.fault(Some(text), member, pattern);
            }
        }
        read.push((key, value));
    }
    read
}

/// Letters, digits, spaces, and some signs.
fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}
