//! Answers in XML, as IAM gives them: elements and texts.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// How deep elements may lie. Those of IAM lie six deep.
const DEPTH_MAX: usize = 32;

/// An element. Its text may be a secret.
#[derive(Default, PartialEq, Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    text: Zeroizing<String>,
    children: Vec<Element>,
}

impl Element {
    /// Reads a document: its root element. `None` if it is none, or has what answers never have.
    pub(super) fn parse(mut xml: &str) -> Option<Self> {
        let mut open = vec![Self::default()];
        while let Some(at) = xml.find('<') {
            open.last_mut()?.text.push_str(&unescape(xml.get(..at)?)?);
            let (tag, rest) = xml.get(at + 1..)?.split_once('>')?;
            xml = rest;
            if tag.starts_with('?') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                let closed = open.pop().filter(|closed| closed.name == name.trim_end())?;
                open.last_mut()?.children.push(closed);
                continue;
            }
            let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split_ascii_whitespace().next().filter(|name| !name.starts_with('!'))?;
            let element = Self { name: name.to_owned(), ..Self::default() };
            if is_empty {
                open.last_mut()?.children.push(element);
            } else if open.len() > DEPTH_MAX {
                return None;
            } else {
                open.push(element);
            }
        }
        let document = open.pop().filter(|_| open.is_empty())?;
        let mut roots = document.children.into_iter();
        roots.next().filter(|_| roots.next().is_none())
    }

    /// The child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The same, out of it.
    pub(crate) fn into_child(self, name: &str) -> Option<Self> {
        self.children.into_iter().find(|child| child.name == name)
    }

    /// The elements of a list.
    pub(crate) fn into_members(self) -> Vec<Self> {
        self.children
    }

    /// The text of the child of this name; empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", Self::text)
    }

    /// Its own text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// For programs: texts, objects and arrays, with the names that they have.
    pub(crate) fn to_json(&self) -> Value {
        if self.children.is_empty() {
            return Value::String(self.text.to_string());
        }
        if self.children.iter().all(|child| child.name == "member") {
            return self.children.iter().map(Self::to_json).collect();
        }
        let members = self.children.iter().map(|child| (child.name.clone(), child.to_json()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// `None` for an entity that XML does not have.
fn unescape(mut text: &str) -> Option<Zeroizing<String>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    while let Some((before, rest)) = text.split_once('&') {
        let (entity, after) = rest.split_once(';')?;
        plain.push_str(before);
        plain.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let number = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(number)?
            }
        });
        text = after;
    }
    plain.push_str(text);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let xml = "<?xml version=\"1.0\"?>\n<R xmlns=\"https://x/\"><U><member><A>a&lt;&#38;&#x3e;</A>\
                   <B/></member><member><A>\n</A></member></U><N>1</N></R>\n";
        let root = Element::parse(xml).unwrap();
        assert_eq!((root.name.as_str(), root.text_of("N"), root.text_of("M")), ("R", "1", ""));
        let json = serde_json::json!({"U": [{"A": "a<&>", "B": ""}, {"A": "\n"}], "N": "1"});
        assert_eq!(root.to_json(), json);
        let members = root.into_child("U").unwrap().into_members();
        assert_eq!(members[0].text_of("A"), "a<&>");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        for xml in [
            "",
            "text",
            "<",
            "<a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&x;</a>",
            "<a>&#xD800;</a>",
            "<a>&</a>",
            "<!DOCTYPE a><a/>",
            "<>",
            "<a><b></a></b>",
            &deep,
        ] {
            assert_eq!(Element::parse(xml), None, "{xml}");
        }
    }
}
