//! GetQueueAttributes.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use super::pairs::{self, ATTRIBUTE};
use crate::json::List;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of GetQueueAttributes.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetQueueAttributes<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    attribute_names: List<Text<'a>>,
}

impl<'a> Input<'a> for GetQueueAttributes<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let attribute_names = List(fields.texts("AttributeName"));
        Ok(Self { queue_url: fields.text("QueueUrl"), attribute_names })
    }
}

impl GetQueueAttributes<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        Ok(Command::QueueAttributes { arn, names: pairs::owned_texts(self.attribute_names.0) })
    }
}

/// The output of GetQueueAttributes.
#[derive(Debug)]
pub struct GetQueueAttributesOutput {
    /// Names and values.
    pub attributes: Vec<(&'static str, String)>,
}

impl Output for GetQueueAttributesOutput {
    fn write(&self, members: &mut Members<'_>) {
        let attributes = self.attributes.iter().map(|(name, value)| (*name, value.as_str()));
        members.map("Attributes", ATTRIBUTE, attributes);
    }

    fn size_hint(&self) -> usize {
        1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, assert_written, queue_command};

    #[test]
    fn names_go_to_the_core() {
        for (json, form, names) in [
            (
                r#""AttributeNames":["All","X"]"#,
                "AttributeName.1=All&AttributeName.2=X",
                r#"["All", "X"]"#,
            ),
            (r#""AttributeNames":null"#, "", "[]"),
            ("", "", "[]"),
        ] {
            let command = queue_command(SqsAction::GetQueueAttributes, json, form).unwrap();
            assert_eq!(command, format!("QueueAttributes {{ arn: {ARN}, names: {names} }}"));
        }
    }

    #[test]
    fn attributes_are_written() {
        let attributes = vec![("DelaySeconds", "0".to_owned()), ("Policy", "{\"a\":1}".to_owned())];
        assert_written(
            SqsAction::GetQueueAttributes,
            &GetQueueAttributesOutput { attributes },
            r#"{"Attributes":{"DelaySeconds":"0","Policy":"{\"a\":1}"}}"#,
            "<Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute>\
             <Attribute><Name>Policy</Name><Value>{&quot;a&quot;:1}</Value></Attribute>",
        );
        let none = GetQueueAttributesOutput { attributes: Vec::new() };
        assert_written(SqsAction::GetQueueAttributes, &none, "{}", "");
    }
}
