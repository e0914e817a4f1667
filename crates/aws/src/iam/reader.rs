//! Parameters of IAM and STS, which do not flatten lists: `Tags.member.1.Key`.

use tidings_identity::operations::{Checks, PageRequest, Pairs};

use crate::query::Fields;
use crate::refusal::{Refusal, WireError};

/// Reads parameters, and remembers those that are missing: the live services name all of them in one
/// error.
pub(crate) struct Reader<'r, 'f> {
    fields: &'r Fields<'f>,
    checks: Checks,
}

impl<'r, 'f> Reader<'r, 'f> {
    /// Of a request to IAM.
    pub(crate) fn new(fields: &'r Fields<'f>) -> Self {
        Self { fields, checks: Checks::default() }
    }

    /// Of a request to STS.
    pub(crate) fn of_sts(fields: &'r Fields<'f>) -> Self {
        Self { fields, checks: Checks::of_sts() }
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.checks.missing(&small_first(name));
            String::new()
        })
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.fields.text(name).map(|text| text.into_string())
    }

    /// Whether a parameter is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.text(name).is_some()
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, WireError> {
        self.fields.integer(name)
    }

    /// A truth value, false if it is not there.
    pub(crate) fn boolean(&self, name: &str) -> Result<bool, WireError> {
        match self.fields.text(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => {
                let text = format!("{name} must be true or false, but was: {other}");
                Err(WireError::Serialization(text))
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.fields.texts(&format!("{name}.member"));
        texts.into_iter().map(|text| text.into_string()).collect()
    }

    /// A member of each element of a list.
    pub(crate) fn of_each(&self, name: &str, member: &str) -> Vec<String> {
        let elements = self.fields.elements(&format!("{name}.member"));
        elements.iter().map(|element| text(element, member)).collect()
    }

    /// The list `Tags`.
    pub(crate) fn tags(&self) -> Pairs {
        let elements = self.fields.elements("Tags.member");
        elements.iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
    }

    /// Which page.
    pub(crate) fn page(&self) -> Result<PageRequest, WireError> {
        Ok(PageRequest { marker: self.text("Marker"), max: self.integer("MaxItems")? })
    }

    /// # Errors
    /// ValidationError if a parameter was missing.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        Ok(self.checks.finish()?)
    }
}

fn text(fields: &Fields<'_>, name: &str) -> String {
    fields.text(name).unwrap_or_default().into_string()
}

/// How errors spell a parameter: with a small first letter.
fn small_first(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}
