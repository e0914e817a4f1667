//! Lists and maps, which SNS does not flatten: `Tags.member.1.Key`, `Attributes.entry.1.key`.

use tidings_core::command::Pairs;

use crate::query::Fields;
use crate::response::{Members, Output};

/// The elements of a list. Numbers right after the list's name, as SQS has them, are taken too.
pub(crate) fn list<'f>(fields: &Fields<'f>, name: &str) -> Vec<Fields<'f>> {
    let elements = fields.elements(&format!("{name}.member"));
    if elements.is_empty() { fields.elements(name) } else { elements }
}

/// A list of texts.
pub(crate) fn texts(fields: &Fields<'_>, name: &str) -> Vec<String> {
    let elements = list(fields, name);
    elements.iter().filter_map(|element| element.text("")).map(|text| text.into_string()).collect()
}

/// The map `Attributes`. An entry without a value has an empty one.
pub(crate) fn attributes(fields: &Fields<'_>) -> Pairs {
    map(fields, "Attributes")
}

/// A map of this name.
pub(crate) fn map(fields: &Fields<'_>, name: &str) -> Pairs {
    let entries = fields.elements(&format!("{name}.entry"));
    entries.iter().map(|entry| pair(entry, "key", "value")).collect()
}

/// The list `Tags`.
pub(crate) fn tags(fields: &Fields<'_>) -> Pairs {
    list(fields, "Tags").iter().map(|tag| pair(tag, "Key", "Value")).collect()
}

fn pair(fields: &Fields<'_>, key: &str, value: &str) -> (String, String) {
    let text = |name| fields.text(name).unwrap_or_default().into_string();
    (text(key), text(value))
}

/// The output of GetTopicAttributes and its like.
#[derive(Debug)]
pub struct AttributesOutput {
    /// Names and values.
    pub attributes: Vec<(&'static str, String)>,
}

impl Output for AttributesOutput {
    fn write(&self, members: &mut Members<'_>) {
        let attributes = self.attributes.iter().map(|(name, value)| (*name, value.as_str()));
        members.entry_map("Attributes", attributes);
    }

    fn size_hint(&self) -> usize {
        let bytes: usize =
            self.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
        2 * bytes + 64 * self.attributes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Form;

    #[test]
    fn lists_and_maps_are_read() {
        let form = "Keys.member.2=b&Keys.member.1=a&Flat.1=x&Attributes.entry.2.key=B\
                    &Attributes.entry.1.key=A&Attributes.entry.1.value=1&Tags.member.1.Key=k\
                    &Tags.member.1.Value=v&Tags.1.Key=ignored";
        let form = Form::read(form.as_bytes(), "").unwrap();
        let fields = form.fields();
        assert_eq!(texts(&fields, "Keys"), ["a", "b"]);
        assert_eq!(texts(&fields, "Flat"), ["x"]);
        assert!(texts(&fields, "None").is_empty());
        let pairs = |pairs: &[(&str, &str)]| -> Pairs {
            pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        assert_eq!(attributes(&fields), pairs(&[("A", "1"), ("B", "")]));
        assert_eq!(tags(&fields), pairs(&[("k", "v")]));
    }
}
