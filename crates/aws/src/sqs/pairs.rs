//! Names and values: attributes and tags.

use tidings_core::command::Pairs;

use crate::json::Map;
use crate::query::Fields;
use crate::response::EntryNames;
use crate::text::Text;

/// How XML spells a queue's attributes, and a message's system attributes.
pub(crate) const ATTRIBUTE: EntryNames =
    EntryNames { entry: "Attribute", key: "Name", value: "Value" };
/// How XML spells a queue's tags.
pub(crate) const TAG: EntryNames = EntryNames { entry: "Tag", key: "Key", value: "Value" };

/// Reads a map of texts out of a form. An entry without a value has an empty one.
pub(crate) fn from_query<'a>(fields: &Fields<'a>, names: EntryNames) -> Map<'a, Text<'a>> {
    let elements = fields.elements(names.entry);
    let pair = |entry: &Fields<'a>| {
        let key = entry.text(names.key).unwrap_or_default();
        (key, entry.text(names.value).unwrap_or_default())
    };
    Map(elements.iter().map(pair).collect())
}

/// Reads a queue's attributes out of a form: numbered, or the one of the spelling without a
/// number that the service had before.
pub(crate) fn attributes_from_query<'a>(fields: &Fields<'a>) -> Map<'a, Text<'a>> {
    let mut attributes = from_query(fields, ATTRIBUTE);
    if let Some(name) = fields.text("Attribute.Name") {
        attributes.0.push((name, fields.text("Attribute.Value").unwrap_or_default()));
    }
    attributes
}

/// The pairs as the core takes them.
pub(crate) fn owned(map: Map<'_, Text<'_>>) -> Pairs {
    map.0.into_iter().map(|(name, value)| (name.into_string(), value.into_string())).collect()
}

/// Texts as the core takes them.
pub(crate) fn owned_texts(texts: Vec<Text<'_>>) -> Vec<String> {
    texts.into_iter().map(Text::into_string).collect()
}
