//! Members of an input as written in the expectations, as the types that the SDK's builders take.

use std::collections::HashMap;
use std::hash::Hash;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::answer::Stop;

#[derive(Clone, Copy)]
pub struct Input<'a>(pub &'a Value);

impl<'a> Input<'a> {
    pub fn text(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_string)
    }

    pub fn number(self, name: &str) -> Option<i32> {
        i32::try_from(self.0.get(name)?.as_i64()?).ok()
    }

    /// A member that is a structure.
    pub fn part(self, name: &str) -> Option<Input<'a>> {
        self.0.get(name).map(Input)
    }

    pub fn flag(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// A list of strings, or of an enum that is built from them.
    pub fn list<T: for<'b> From<&'b str>>(self, name: &str) -> Option<Vec<T>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).map(T::from).collect())
    }

    /// A map of strings.
    pub fn map<K: for<'b> From<&'b str> + Eq + Hash>(
        self,
        name: &str,
    ) -> Option<HashMap<K, String>> {
        let members = self.0.get(name)?.as_object()?;
        let entry = |(key, value): (&String, &Value)| {
            Some((K::from(key.as_str()), value.as_str()?.to_string()))
        };
        Some(members.iter().filter_map(entry).collect())
    }

    /// A map of numbers.
    pub fn weights(self, name: &str) -> Option<HashMap<String, f64>> {
        let members = self.0.get(name)?.as_object()?;
        let entry = |(key, value): (&String, &Value)| Some((key.clone(), value.as_f64()?));
        Some(members.iter().filter_map(entry).collect())
    }

    pub fn blob(self, name: &str) -> Option<Blob> {
        blob(self.0.get(name)?)
    }

    /// A list of structures, each built by `build`.
    pub fn entries<T>(
        self,
        name: &str,
        build: impl Fn(Input<'a>) -> Result<T, Stop>,
    ) -> Result<Option<Vec<T>>, Stop> {
        let Some(items) = self.0.get(name).and_then(Value::as_array) else {
            return Ok(None);
        };
        items.iter().map(|item| build(Input(item))).collect::<Result<_, _>>().map(Some)
    }

    /// The message attributes of SQS.
    pub fn message_attributes(
        self,
    ) -> Result<Option<HashMap<String, MessageAttributeValue>>, Stop> {
        self.structures("MessageAttributes", |value| {
            Ok(MessageAttributeValue::builder()
                .set_data_type(value.text("DataType"))
                .set_string_value(value.text("StringValue"))
                .set_binary_value(value.blob("BinaryValue"))
                .set_string_list_values(value.list("StringListValues"))
                .set_binary_list_values(value.blobs("BinaryListValues"))
                .build()?)
        })
    }

    pub fn message_system_attributes(
        self,
    ) -> Result<
        Option<HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>>,
        Stop,
    > {
        self.structures("MessageSystemAttributes", |value| {
            Ok(MessageSystemAttributeValue::builder()
                .set_data_type(value.text("DataType"))
                .set_string_value(value.text("StringValue"))
                .set_binary_value(value.blob("BinaryValue"))
                .build()?)
        })
    }

    /// A map of structures, each built by `build`.
    pub fn structures<K: for<'b> From<&'b str> + Eq + Hash, T>(
        self,
        name: &str,
        build: impl Fn(Input<'a>) -> Result<T, Stop>,
    ) -> Result<Option<HashMap<K, T>>, Stop> {
        let Some(members) = self.0.get(name).and_then(Value::as_object) else {
            return Ok(None);
        };
        let entry = |(key, value)| Ok((K::from(String::as_str(key)), build(Input(value))?));
        members.iter().map(entry).collect::<Result<_, _>>().map(Some)
    }

    fn blobs(self, name: &str) -> Option<Vec<Blob>> {
        Some(self.0.get(name)?.as_array()?.iter().filter_map(blob).collect())
    }
}

/// Blobs are written `{"base64": "..."}`.
fn blob(value: &Value) -> Option<Blob> {
    STANDARD.decode(value.get("base64")?.as_str()?).ok().map(Blob::new)
}
