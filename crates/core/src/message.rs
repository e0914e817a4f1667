//! A message's content: what its sender gave, as it stands in the log.
//!
//! The core does not look into contents. They are encoded before a message becomes a command and
//! decoded after its record was read back, so that the owner of a shard moves opaque bytes only,
//! and so that they can be sealed.
//!
//! ```text
//!   content   := body: text
//!                sender id: text
//!                trace header: text, empty if none
//!                number of attributes: u8, then each attribute
//!   attribute := name: text, type: text, value kind: u8 (1 text, 2 binary), value: bytes
//!   text      := bytes in UTF-8
//!   bytes     := length: u32, then as many bytes
//! ```
//! All numbers are little-endian.

use crate::attributes::{AttributeValue, MessageAttribute};
use crate::codec::{Damaged, Reader, Writer};

/// Where a message's record lies in the shard's log.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Location {
    /// The position of the record's first byte.
    pub position: u64,
    /// The record's length in bytes.
    pub length: u32,
}

/// How a content lies in its record.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Sealing {
    /// As it is.
    #[default]
    Plain,
    /// Under a key of KMS, in an envelope that says which. Made and opened outside of the core.
    Envelope,
}

impl Sealing {
    pub(crate) fn write(self, w: &mut Writer<'_>) {
        w.u32(match self {
            Self::Plain => 0,
            Self::Envelope => 1,
        });
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        match r.u32()? {
            0 => Ok(Self::Plain),
            1 => Ok(Self::Envelope),
            _ => Err(Damaged),
        }
    }
}

/// What a message carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Content<'a> {
    /// The body.
    pub body: &'a str,
    /// Who sent it: the value of the `SenderId` attribute.
    pub sender_id: &'a str,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<&'a str>,
    /// The message's attributes, in the order sent.
    pub attributes: Vec<MessageAttribute<'a>>,
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;

impl<'a> Content<'a> {
    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let attributes_len: usize = self.attributes.iter().map(|a| a.size() + 13).sum();
        let trace_header = self.trace_header.unwrap_or("");
        let fixed = 3 * 4 + 1;
        let texts = self.body.len() + self.sender_id.len() + trace_header.len();
        let mut bytes = Vec::with_capacity(fixed + texts + attributes_len);
        let mut w = Writer::new(&mut bytes);
        w.bytes(self.body.as_bytes());
        w.bytes(self.sender_id.as_bytes());
        w.bytes(trace_header.as_bytes());
        let count =
            u8::try_from(self.attributes.len()).expect("a message has at most 10 attributes");
        w.u8(count);
        self.attributes.iter().for_each(|attribute| write_attribute(&mut w, attribute));
        bytes
    }

    /// Reads a content back.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not a content.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut r = Reader::new(bytes);
        let body = r.text()?;
        let sender_id = r.text()?;
        let trace_header = Some(r.text()?).filter(|text| !text.is_empty());
        let count = r.u8()?;
        let mut attributes = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            attributes.push(read_attribute(&mut r)?);
        }
        r.end()?;
        Ok(Self { body, sender_id, trace_header, attributes })
    }
}

pub(crate) fn write_attribute(w: &mut Writer<'_>, attribute: &MessageAttribute<'_>) {
    w.text(attribute.name);
    w.text(attribute.data_type);
    match attribute.value {
        AttributeValue::Text(text) => {
            w.u8(TEXT);
            w.text(text);
        }
        AttributeValue::Binary(binary) => {
            w.u8(BINARY);
            w.bytes(binary);
        }
    }
}

pub(crate) fn read_attribute<'a>(r: &mut Reader<'a>) -> Result<MessageAttribute<'a>, Damaged> {
    let (name, data_type) = (r.text()?, r.text()?);
    let value = match r.u8()? {
        TEXT => AttributeValue::Text(r.text()?),
        BINARY => AttributeValue::Binary(r.bytes()?),
        _ => return Err(Damaged),
    };
    Ok(MessageAttribute { name, data_type, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_reads_back_and_every_cut_is_seen() {
        let content = Content {
            body: "a body, ünïcode",
            sender_id: "AIDAEXAMPLE",
            trace_header: None,
            attributes: vec![
                MessageAttribute {
                    name: "colour",
                    data_type: "String",
                    value: AttributeValue::Text("blue"),
                },
                MessageAttribute {
                    name: "raw",
                    data_type: "Binary.png",
                    value: AttributeValue::Binary(&[0, 1, 255]),
                },
            ],
        };
        let bytes = content.encode();
        assert_eq!(Content::decode(&bytes), Ok(content));
        for cut in 0..bytes.len() {
            assert_eq!(Content::decode(&bytes[..cut]), Err(Damaged), "cut at {cut}");
        }
    }
}
