//! Checks that several actions share.

use tidings_core::names::FifoId;
use tidings_core::rejection::TopicRejection;

use crate::query::Fields;
use crate::text::Text;

/// Reads members that must be there, and remembers those that are not: the live service names all
/// of them in one error.
#[derive(Debug, Default)]
pub(crate) struct Required {
    missing: Vec<String>,
}

impl Required {
    /// A member that must be there, though it may be empty.
    pub(crate) fn text<'f>(&mut self, fields: &Fields<'f>, name: &str) -> Text<'f> {
        let text = fields.text(name);
        if text.is_none() {
            self.note(&camel_case(name));
        }
        text.unwrap_or_default()
    }

    /// A list that must be there. In a form one without elements is not.
    pub(crate) fn list<T>(&mut self, name: &str, elements: Vec<T>) -> Vec<T> {
        if elements.is_empty() {
            self.note(&camel_case(name));
        }
        elements
    }

    /// A member that is missing, by its path.
    pub(crate) fn note(&mut self, path: &str) {
        self.missing.push(format!(
            "Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// # Errors
    /// ValidationError if a member was missing.
    pub(crate) fn check(self) -> Result<(), TopicRejection> {
        let count = self.missing.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        let missing = self.missing.join("; ");
        Err(TopicRejection::Validation(format!("{count} validation {errors} detected: {missing}")))
    }
}

/// How errors spell a member's name: with a small first letter, whatever follows.
fn camel_case(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// A parameter is there, but empty.
pub(crate) fn no_value(parameter: &str) -> TopicRejection {
    TopicRejection::parameter(format_args!("{parameter} Reason: no value for required parameter"))
}

/// A MessageGroupId or MessageDeduplicationId.
pub(crate) fn fifo_id(
    value: Option<&Text<'_>>,
    name: &str,
) -> Result<Option<FifoId>, TopicRejection> {
    let Some(value) = value else { return Ok(None) };
    let id = FifoId::parse(value).ok_or_else(|| {
        TopicRejection::parameter(format_args!(
            "{name} Reason: {name} can only include alphanumeric and punctuation characters. 1 to \
             128 in length."
        ))
    })?;
    Ok(Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Form;

    #[test]
    fn all_that_is_missing_is_named() {
        let form = Form::read(b"B=&C=c", "").unwrap();
        let fields = form.fields();
        let mut required = Required::default();
        assert_eq!(required.text(&fields, "C").as_str(), "c");
        assert_eq!(required.text(&fields, "B").as_str(), "");
        assert_eq!(required.check(), Ok(()));

        let mut required = Required::default();
        required.text(&fields, "TopicArn");
        let one = "1 validation error detected: Value null at 'topicArn' failed to satisfy \
                   constraint: Member must not be null";
        assert_eq!(required.check(), Err(TopicRejection::Validation(one.into())));

        let mut required = Required::default();
        required.list::<u8>("AWSAccountId", Vec::new());
        required.text(&fields, "Label");
        let two = "2 validation errors detected: Value null at 'aWSAccountId' failed to satisfy \
                   constraint: Member must not be null; Value null at 'label' failed to satisfy \
                   constraint: Member must not be null";
        assert_eq!(required.check(), Err(TopicRejection::Validation(two.into())));
    }
}
