//! Constraints on members, in the words of the framework that AWS services share.

use tidings_keys::{KeyFault, limits};

use crate::text::Text;

/// What is wrong with a request so far: all of it is told at once.
#[derive(Default)]
pub(super) struct Checks(Vec<String>);

/// As much of a value as an error repeats.
const VALUE_CHARS_MAX: usize = 1024;

/// As many of a request's faults as an error tells of.
const FAULTS_MAX: usize = 20;

impl Checks {
    /// A member that must be there; the default if it is not.
    pub(super) fn required<T: Default>(&mut self, member: &str, value: Option<T>) -> T {
        if value.is_none() {
            self.push(format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ));
        }
        value.unwrap_or_default()
    }

    /// A text that must be there, of so many characters.
    pub(super) fn text(
        &mut self,
        member: &str,
        value: Option<Text<'_>>,
        (min, max): (usize, usize),
    ) -> String {
        let is_there = value.is_some();
        let text = self.required(member, value).into_string();
        if is_there {
            self.length(member, &text, (min, max));
        }
        text
    }

    /// A text that may be absent, and otherwise has so many characters.
    pub(super) fn optional(
        &mut self,
        member: &str,
        value: Option<Text<'_>>,
        bounds: (usize, usize),
    ) -> Option<String> {
        let text = value?.into_string();
        self.length(member, &text, bounds);
        Some(text)
    }

    /// What names a key.
    pub(super) fn key(&mut self, member: &str, value: Option<Text<'_>>) -> String {
        self.text(member, value, (1, limits::KEY_ID_CHARS_MAX))
    }

    pub(super) fn length(&mut self, member: &str, text: &str, (min, max): (usize, usize)) {
        let value = Some(text);
        let length = text.chars().count();
        if length < min {
            self.bound(value, member, "length greater than or equal to", min);
        } else if length > max {
            self.bound(value, member, "length less than or equal to", max);
        }
    }

    /// Bytes, which errors do not repeat.
    pub(super) fn bytes(&mut self, member: &str, length: usize, (min, max): (usize, usize)) {
        if length < min {
            self.bound(None, member, "length greater than or equal to", min);
        } else if length > max {
            self.bound(None, member, "length less than or equal to", max);
        }
    }

    /// A number within bounds; one of them if it is not.
    pub(super) fn number(&mut self, member: &str, value: i64, (min, max): (u32, u32)) -> u32 {
        let text = value.to_string();
        match u32::try_from(value) {
            Ok(value) if value > max => {
                self.bound(Some(&text), member, "value less than or equal to", max);
                max
            }
            Ok(value) if value >= min => value,
            Err(_) if value > 0 => {
                self.bound(Some(&text), member, "value less than or equal to", max);
                max
            }
            _ => {
                self.bound(Some(&text), member, "value greater than or equal to", min);
                min
            }
        }
    }

    /// A value that is one of these.
    pub(super) fn one_of(&mut self, member: &str, value: &str, set: &[&str]) {
        if !set.contains(&value) {
            let set = set.join(", ");
            self.fault(Some(value), member, &format!("satisfy enum value set: [{set}]"));
        }
    }

    fn bound(
        &mut self,
        value: Option<&str>,
        member: &str,
        what: &str,
        bound: impl std::fmt::Display,
    ) {
        self.fault(value, member, &format!("have {what} {bound}"));
    }

    /// What a member must do and does not.
    pub(super) fn fault(&mut self, value: Option<&str>, member: &str, must: &str) {
        let brief = |value: &str| value.chars().take(VALUE_CHARS_MAX).collect::<String>();
        let value = value.map(|value| format!(" '{}'", brief(value))).unwrap_or_default();
        self.push(format!(
            "Value{value} at '{member}' failed to satisfy constraint: Member must {must}"
        ));
    }

    fn push(&mut self, fault: String) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(fault);
        }
    }

    /// # Errors
    /// ValidationException, if anything is wrong.
    pub(super) fn finish(self) -> Result<(), KeyFault> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(self.told("1 validation error")),
            count => Err(self.told(&format!("{count} validation errors"))),
        }
    }

    fn told(&self, how_many: &str) -> KeyFault {
        KeyFault::validation(format!("{how_many} detected: {}", self.0.join("; ")))
    }
}
