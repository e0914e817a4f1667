//! Forms of parameters. The live services name all that do not fit in one error; STS repeats their
//! values, IAM does not. API references, the parameters of each operation.

use crate::entry::EntityKind;
use crate::fault::{Code, IdentityFault};
use crate::limits;

/// Collects what is wrong with parameters.
#[derive(Debug, Default)]
pub struct Checks {
    problems: Vec<String>,
    shows_values: bool,
}

impl Checks {
    /// Checks of a request to STS.
    pub fn of_sts() -> Self {
        Self { problems: Vec::new(), shows_values: true }
    }

    /// A parameter that must be there, and is not. Names begin with a small letter, as in
    /// `userName`.
    pub fn missing(&mut self, parameter: &str) {
        let value = if self.shows_values { " null" } else { "" };
        self.note(value, parameter, "Member must not be null");
    }

    /// # Errors
    /// ValidationError if anything was wrong.
    pub fn finish(self) -> Result<(), IdentityFault> {
        let count = self.problems.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        let problems = self.problems.join("; ");
        let text = format!("{count} validation {errors} detected: {problems}");
        Err(IdentityFault::new(Code::ValidationError, text))
    }

    pub(crate) fn fail(&mut self, parameter: &str, constraint: &str) {
        self.note("", parameter, constraint);
    }

    fn fail_value(&mut self, parameter: &str, value: &str, constraint: &str) {
        let value = if self.shows_values { format!(" '{value}'") } else { String::new() };
        self.note(&value, parameter, constraint);
    }

    fn note(&mut self, value: &str, parameter: &str, constraint: &str) {
        self.problems.push(format!(
            "Value{value} at '{parameter}' failed to satisfy constraint: {constraint}"
        ));
    }

    pub(crate) fn length(&mut self, parameter: &str, text: &str, min: usize, max: usize) {
        let length = text.chars().count();
        if length < min {
            self.fail_value(parameter, text, &too_short(min));
        }
        if length > max {
            self.fail_value(parameter, text, &too_long(max));
        }
    }

    fn pattern(&mut self, parameter: &str, value: &str, fits: bool, pattern: &str) {
        if !fits {
            let text = format!("Member must satisfy regular expression pattern: {pattern}");
            self.fail_value(parameter, value, &text);
        }
    }

    /// What names a session, or who is behind it.
    pub(crate) fn session_name(&mut self, parameter: &str, name: &str, max: usize) {
        self.length(parameter, name, 2, max);
        self.pattern(parameter, name, name.bytes().all(is_name_byte), r"[\w+=,.@-]*");
    }

    pub(crate) fn external_id(&mut self, id: Option<&str>) {
        let Some(id) = id else { return };
        let (min, max) = limits::EXTERNAL_ID_CHARS;
        self.length("externalId", id, min, max);
        let fits = |b| is_name_byte(b) || b":/".contains(&b);
        self.pattern("externalId", id, id.bytes().all(fits), r"[\w+=,.@:\/-]*");
    }

    pub(crate) fn range(&mut self, parameter: &str, value: Option<i64>, min: i64, max: i64) {
        let text = match value {
            Some(value) if value < min => {
                format!("Member must have value greater than or equal to {min}")
            }
            Some(value) if value > max => {
                format!("Member must have value less than or equal to {max}")
            }
            _ => return,
        };
        self.fail_value(parameter, &value.unwrap_or_default().to_string(), &text);
    }

    /// The name of something new.
    pub(crate) fn new_name(&mut self, kind: EntityKind, parameter: &str, name: &str) {
        let max = match kind {
            EntityKind::User | EntityKind::Role => limits::NAME_CHARS_MAX,
            EntityKind::Group | EntityKind::Policy => limits::LONG_NAME_CHARS_MAX,
        };
        self.length(parameter, name, 1, max);
        self.name_pattern(parameter, name);
    }

    /// The name of something that should exist.
    pub(crate) fn name(&mut self, parameter: &str, name: &str) {
        self.length(parameter, name, 1, limits::LONG_NAME_CHARS_MAX);
        self.name_pattern(parameter, name);
    }

    fn name_pattern(&mut self, parameter: &str, name: &str) {
        self.pattern(parameter, name, name.bytes().all(is_name_byte), r"[\w+=,.@-]+");
    }

    /// A path, with a slash at either end.
    pub(crate) fn path(&mut self, parameter: &str, path: Option<&str>) {
        let Some(path) = path else { return };
        self.length(parameter, path, 1, limits::PATH_CHARS_MAX);
        let inner = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let is_inner = |inner: &str| !inner.is_empty() && inner.bytes().all(is_visible);
        let fits = path == "/" || inner.is_some_and(is_inner);
        self.pattern(parameter, path, fits, r"(\u002F)|(\u002F[\u0021-\u007F]+\u002F)");
    }

    pub(crate) fn path_prefix(&mut self, prefix: Option<&str>) {
        let Some(prefix) = prefix else { return };
        self.length("pathPrefix", prefix, 1, limits::PATH_CHARS_MAX);
        let fits = prefix.starts_with('/') && prefix.bytes().all(is_visible);
        self.pattern("pathPrefix", prefix, fits, r"\u002F[\u0021-\u007F]*");
    }

    pub(crate) fn description(&mut self, description: Option<&str>) {
        let Some(description) = description else { return };
        self.length("description", description, 0, limits::DESCRIPTION_CHARS_MAX);
        let fits = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
        let fits = description.chars().all(fits);
        let pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
        self.pattern("description", description, fits, pattern);
    }

    pub(crate) fn document(&mut self, parameter: &str, document: &str) {
        self.length(parameter, document, 1, limits::DOCUMENT_CHARS_MAX);
        let fits = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        let fits = document.chars().all(fits);
        self.pattern(parameter, document, fits, r"[\u0009\u000A\u000D\u0020-\u00FF]+");
    }

    pub(crate) fn arn(&mut self, parameter: &str, arn: &str) {
        let (min, max) = limits::ARN_CHARS;
        self.length(parameter, arn, min, max);
    }

    pub(crate) fn version(&mut self, version: &str) {
        let number =
            version.strip_prefix('v').map(|rest| rest.split_once('.').unwrap_or((rest, "")));
        let fits = number.is_some_and(|(number, suffix)| {
            number.starts_with(|c: char| ('1'..='9').contains(&c))
                && number.bytes().all(|b| b.is_ascii_digit())
                && suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        self.pattern("versionId", version, fits, r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?");
    }

    pub(crate) fn session_seconds_max(&mut self, seconds: Option<i64>) {
        let (min, max) = limits::ROLE_SESSION_SECONDS;
        self.range("maxSessionDuration", seconds, min.into(), max.into());
    }

    /// Tags that are set.
    pub(crate) fn tags(&mut self, tags: &[(String, String)]) {
        if tags.len() > limits::TAGS_MAX {
            self.fail("tags", &too_long(limits::TAGS_MAX));
        }
        for (at, (key, value)) in (1..).zip(tags) {
            let key_at = format!("tags.{at}.member.key");
            self.length(&key_at, key, 1, limits::TAG_KEY_CHARS_MAX);
            self.pattern(&key_at, key, key.chars().all(is_tag_char), TAG_KEY_PATTERN);
            let value_at = format!("tags.{at}.member.value");
            self.length(&value_at, value, 0, limits::TAG_VALUE_CHARS_MAX);
            let fits = value.chars().all(is_tag_char);
            self.pattern(&value_at, value, fits, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
        }
    }

    /// Keys of tags that are taken away.
    pub(crate) fn tag_keys(&mut self, keys: &[String]) {
        if keys.len() > limits::TAGS_MAX {
            self.fail("tagKeys", &too_long(limits::TAGS_MAX));
        }
        let fits = |key: &String| {
            (1..=limits::TAG_KEY_CHARS_MAX).contains(&key.chars().count())
                && key.chars().all(is_tag_char)
        };
        if !keys.iter().all(fits) {
            let text = format!(
                "Member must satisfy constraint: [{}, {}, Member must satisfy regular expression \
                 pattern: {TAG_KEY_PATTERN}, Member must not be null]",
                too_long(limits::TAG_KEY_CHARS_MAX),
                too_short(1)
            );
            self.fail("tagKeys", &text);
        }
    }
}

const TAG_KEY_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+";

fn too_short(min: usize) -> String {
    format!("Member must have length greater than or equal to {min}")
}

fn too_long(max: usize) -> String {
    format!("Member must have length less than or equal to {max}")
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

fn is_visible(byte: u8) -> bool {
    (0x21..=0x7f).contains(&byte)
}

/// A letter, a digit or a space of any script, or one of a few signs.
pub(crate) fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(check: impl FnOnce(&mut Checks)) -> String {
        let mut checks = Checks::default();
        check(&mut checks);
        checks.finish().map_or_else(|fault| fault.text.into_owned(), |()| String::new())
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        assert_eq!(
            told(|checks| checks.version("1")),
            r"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"
        );
        let long = "x".repeat(129);
        assert_eq!(
            told(|checks| checks.tags(&[(long.clone(), "v".into()), ("k".into(), "é!".into())])),
            r"2 validation errors detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128; Value at 'tags.2.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*"
        );
        assert_eq!(
            told(|checks| checks.tag_keys(&[long])),
            r"1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]"
        );
    }

    #[test]
    fn what_fits() {
        for (path, fits) in [
            ("/", true),
            ("/a/", true),
            ("/a/b/", true),
            ("", false),
            ("a", false),
            ("/a", false),
            ("a/", false),
            ("//", false),
            ("/ü/", false),
            ("/a b/", false),
        ] {
            assert_eq!(told(|checks| checks.path("path", Some(path))).is_empty(), fits, "{path}");
        }
        for (version, fits) in [
            ("v1", true),
            ("v10", true),
            ("v1.a-1", true),
            ("v0", false),
            ("v", false),
            ("1", false),
        ] {
            assert_eq!(told(|checks| checks.version(version)).is_empty(), fits, "{version}");
        }
        for (name, fits) in [("a_+=,.@-Z", true), ("", false), ("a b", false), ("ä", false)] {
            let told = told(|checks| checks.new_name(EntityKind::User, "userName", name));
            assert_eq!(told.is_empty(), fits, "{name}");
        }
        let long = |kind, length| {
            told(|checks| checks.new_name(kind, "name", &"x".repeat(length))).is_empty()
        };
        assert!(long(EntityKind::User, 64) && !long(EntityKind::User, 65));
        assert!(long(EntityKind::Group, 128) && !long(EntityKind::Group, 129));
    }
}
