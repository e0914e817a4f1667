//! CreateQueue.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::names::{QueueArn, QueueName};
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use super::pairs::{self, TAG};
use crate::json::Map;
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::text::Text;

/// The input of CreateQueue. Its output is [`QueueUrlOutput`](super::QueueUrlOutput).
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateQueue<'a> {
    #[serde(borrow)]
    queue_name: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    attributes: Map<'a, Text<'a>>,
    /// The service's model has this one in lower case; TagQueue's is not.
    #[serde(borrow, rename = "tags", alias = "Tags", deserialize_with = "crate::json::or_default")]
    tags: Map<'a, Text<'a>>,
}

impl<'a> Input<'a> for CreateQueue<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let mut attributes = pairs::attributes_from_query(fields);
        // Clients of the API's first versions.
        if let Some(value) = fields.text("DefaultVisibilityTimeout") {
            attributes.0.push((Text::borrowed("VisibilityTimeout"), value));
        }
        let tags = pairs::from_query(fields, TAG);
        Ok(Self { queue_name: fields.text("QueueName"), attributes, tags })
    }
}

impl CreateQueue<'_> {
    /// What is asked of the core, and the queue that it is about.
    ///
    /// # Errors
    /// InvalidParameterValue if the name is missing or has another form.
    pub fn command(self, caller: &Caller<'_>) -> Result<(Command, QueueArn), Rejection> {
        let Some(name) = self.queue_name else {
            return Err(invalid(
                "Value for parameter QueueName is invalid. Reason: Must specify a queue name.",
            ));
        };
        let attributes = pairs::owned(self.attributes);
        let Some(parsed) = QueueName::parse(&name) else {
            let fifo = ("FifoQueue".to_owned(), "true".to_owned());
            return Err(invalid_name(&name, attributes.contains(&fifo)));
        };
        let arn = caller.own(parsed);
        let tags = pairs::owned(self.tags);
        Ok((Command::CreateQueue { arn: arn.clone(), attributes, tags }, arn))
    }
}

fn invalid_name(name: &str, is_fifo: bool) -> Rejection {
    if name.is_empty() {
        invalid("Queue name cannot be empty")
    } else if is_fifo {
        invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
             underscores, must end with .fifo suffix and be 1 to 80 in length.",
        )
    } else {
        invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in \
             length",
        )
    }
}

fn invalid(text: &str) -> Rejection {
    Rejection::InvalidParameterValue(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Protocol, SqsAction};
    use crate::sqs::testing::{both, command};

    const ACTION: SqsAction = SqsAction::CreateQueue;

    fn create(name: &str, attributes: &str, tags: &str) -> String {
        format!(
            "CreateQueue {{ arn: QueueArn {{ account: 111111111111, region: Region(\"eu-west-1\"), \
             name: QueueName({name:?}) }}, attributes: {attributes}, tags: {tags} }}"
        )
    }

    #[test]
    fn attributes_and_tags_go_to_the_core() {
        let longest = "q".repeat(80);
        let named = (format!("{{\"QueueName\":\"{longest}\"}}"), format!("QueueName={longest}"));
        for (json, form, expected) in [
            (r#"{"QueueName":"q"}"#, "QueueName=q", create("q", "[]", "[]")),
            (&named.0, &named.1, create(&longest, "[]", "[]")),
            (
                r#"{"QueueName":"q.fifo","Attributes":{"FifoQueue":"true","A":"1"},"tags":{"k":"v"}}"#,
                "QueueName=q.fifo&Attribute.2.Name=A&Attribute.2.Value=1&Attribute.1.Name=FifoQueue\
                 &Attribute.1.Value=true&Tag.1.Key=k&Tag.1.Value=v",
                create("q.fifo", r#"[("FifoQueue", "true"), ("A", "1")]"#, r#"[("k", "v")]"#),
            ),
            (
                r#"{"QueueName":"q","Attributes":null,"Tags":{"k":"v"}}"#,
                "QueueName=q&Tag.1.Key=k&Tag.1.Value=v",
                create("q", "[]", r#"[("k", "v")]"#),
            ),
        ] {
            assert_eq!(both(ACTION, json, form), Ok(expected));
        }
    }

    #[test]
    fn old_spellings_are_read() {
        for (form, attributes) in [
            ("DefaultVisibilityTimeout=5", r#"[("VisibilityTimeout", "5")]"#),
            ("Attribute.Name=DelaySeconds&Attribute.Value=5", r#"[("DelaySeconds", "5")]"#),
        ] {
            let form = format!("QueueName=q&{form}");
            let expected = create("q", attributes, "[]");
            assert_eq!(command(Protocol::Query, ACTION, &form), Ok(expected));
        }
    }

    #[test]
    fn names_have_their_form() {
        let standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 \
                        in length";
        let fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
                    underscores, must end with .fifo suffix and be 1 to 80 in length.";
        let unnamed =
            "Value for parameter QueueName is invalid. Reason: Must specify a queue name.";
        let too_long = "q".repeat(81);
        assert_eq!(both(ACTION, "{}", ""), Err(invalid(unnamed).into()));
        for (name, is_fifo, text) in [
            ("", false, "Queue name cannot be empty"),
            (&*too_long, false, standard),
            ("a.b", false, standard),
            ("ä", false, standard),
            (".fifo", false, standard),
            ("a b", true, fifo),
            ("a.b.fifo", true, fifo),
        ] {
            let json = format!(
                "{{\"QueueName\":\"{name}\",\"Attributes\":{{\"FifoQueue\":\"{is_fifo}\"}}}}"
            );
            let form =
                format!("QueueName={name}&Attribute.1.Name=FifoQueue&Attribute.1.Value={is_fifo}");
            assert_eq!(both(ACTION, &json, &form), Err(invalid(text).into()), "{name}");
        }
    }
}
