//! Message attributes and the digest that clients verify.

use md5::{Digest, Md5};

/// A message attribute: a name, a type such as `Number.int`, a value.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct MessageAttribute<'a> {
    /// 1 to 256 characters.
    pub name: &'a str,
    /// `String`, `Number` or `Binary`, perhaps with `.label`.
    pub data_type: &'a str,
    /// The value.
    pub value: AttributeValue<'a>,
}

/// The value of a message attribute.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum AttributeValue<'a> {
    /// Of a `String` or `Number` attribute.
    Text(&'a str),
    /// Of a `Binary` attribute.
    Binary(&'a [u8]),
}

impl AttributeValue<'_> {
    /// The value's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(binary) => binary,
        }
    }
}

impl MessageAttribute<'_> {
    /// Bytes that the attribute adds to the message's size: name, type and value.
    pub fn size(&self) -> usize {
        self.name.len() + self.data_type.len() + self.value.as_bytes().len()
    }
}

/// `MD5OfMessageAttributes`: the digest over the attributes in the order of their names, each as
/// length and bytes of name and type, one byte for the kind of value, length and bytes of value.
/// `None` if there are no attributes. Developer guide, "Calculating the MD5 message digest for
/// message attributes".
pub fn attributes_md5(attributes: &[MessageAttribute<'_>]) -> Option<[u8; 16]> {
    if attributes.is_empty() {
        return None;
    }
    let mut by_name: Vec<&MessageAttribute<'_>> = attributes.iter().collect();
    by_name.sort_unstable_by_key(|attribute| attribute.name);
    let mut digest = Md5::new();
    let mut field = |bytes: &[u8], prefix: &[u8]| {
        let length = u32::try_from(bytes.len()).expect("a message is at most 1 MiB long");
        digest.update(prefix);
        digest.update(length.to_be_bytes());
        digest.update(bytes);
    };
    for attribute in by_name {
        field(attribute.name.as_bytes(), &[]);
        field(attribute.data_type.as_bytes(), &[]);
        match attribute.value {
            AttributeValue::Text(text) => field(text.as_bytes(), &[1]),
            AttributeValue::Binary(binary) => field(binary, &[2]),
        }
    }
    Some(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(name: &'a str, data_type: &'a str, value: &'a str) -> MessageAttribute<'a> {
        MessageAttribute { name, data_type, value: AttributeValue::Text(value) }
    }

    fn hex(digest: Option<[u8; 16]>) -> String {
        digest.into_iter().flatten().map(|b| format!("{b:02x}")).collect()
    }

    /// Digests seen from the live service and its clients.
    #[test]
    fn digests_are_those_that_clients_compute() {
        let hello = text("Hello", "String", "There");
        let general = text("General", "String", "Kenobi");
        let numbers = [text("attr1", "Number", "99.12"), text("attr2", "Number", "109.12")];
        let tags = [text("tags", "String.Array", r#"["a","b"]"#), text("color", "String", "blue")];
        let binary = MessageAttribute {
            name: "b",
            data_type: "Binary",
            value: AttributeValue::Binary(&[1, 2, 3]),
        };
        assert_eq!(hex(attributes_md5(&[hello])), "a311262e065454b75da111d535b8dacd");
        assert_eq!(hex(attributes_md5(&[hello, general])), "fca026605781cb4126a1e9044df24232");
        assert_eq!(hex(attributes_md5(&numbers)), "9b720b3af309c1c4b0d395c53b08c502");
        assert_eq!(hex(attributes_md5(&tags)), "56a5bee3ed610a27fd04b2b195aee70b");
        assert_eq!(
            hex(attributes_md5(&[text("a", "Number.int", "1"), binary])),
            "e23a1cb9e53a59ad303acbf6a1139f81"
        );
        assert_eq!(attributes_md5(&[]), None);
    }
}
