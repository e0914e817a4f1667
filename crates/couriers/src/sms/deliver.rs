//! `deliver_sm`: SMPP 3.4, section 4.6.1. Receipts, and what people answer.

use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

use super::fields::{Fields, printable};
use super::gsm7;
use super::keyword::opt_out_word;
use super::notice::{OptOut, SmsEvent};
use super::receipt;
use tidings_core::phone_number::PhoneNumber;

/// `esm_class`: the bits that make a receipt of it. 0x20 is an intermediate one.
const RECEIPT: u8 = 0x04;
const INTERMEDIATE: u8 = 0x20;
/// `esm_class`: the text begins with a header.
const HAS_HEADER: u8 = 0x40;

const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
const MESSAGE_PAYLOAD: u16 = 0x0424;
const MESSAGE_STATE: u16 = 0x0427;

/// Characters of a message that are looked at: words that opt out are shorter.
const TEXT_OCTETS_MAX: usize = 1024;

/// The body is not what a `deliver_sm` has.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// Reads a `deliver_sm`. None if it is of no interest: a message that opts nobody out, a receipt
/// that says nothing.
pub(super) fn read(body: &[u8]) -> Result<Option<SmsEvent>, Malformed> {
    let delivered = Delivered::read(body).ok_or(Malformed)?;
    Ok(delivered.event())
}

struct Delivered<'a> {
    source_ton: u8,
    source: String,
    destination: String,
    esm_class: u8,
    data_coding: u8,
    text: &'a [u8],
    receipted_id: Option<String>,
    message_state: Option<u8>,
}

impl<'a> Delivered<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        fields.string(6)?; // service_type
        let (source_ton, _) = (fields.octet()?, fields.octet()?);
        let source = fields.string(21)?;
        fields.octets(2)?; // the destination's type of number and numbering plan
        let destination = fields.string(21)?;
        let esm_class = fields.octet()?;
        fields.octets(2)?; // protocol_id, priority_flag
        fields.string(17)?; // schedule_delivery_time
        fields.string(17)?; // validity_period
        fields.octets(2)?; // registered_delivery, replace_if_present_flag
        let data_coding = fields.octet()?;
        fields.octet()?; // sm_default_msg_id
        let length = fields.octet()?;
        let mut delivered = Delivered {
            source_ton,
            source,
            destination,
            esm_class,
            data_coding,
            text: fields.octets(usize::from(length))?,
            receipted_id: None,
            message_state: None,
        };
        while let Some((tag, value)) = fields.parameter() {
            match tag {
                RECEIPTED_MESSAGE_ID => delivered.receipted_id = Some(printable(value)),
                MESSAGE_STATE => delivered.message_state = value.first().copied(),
                MESSAGE_PAYLOAD if delivered.text.is_empty() => delivered.text = value,
                _ => {}
            }
        }
        Some(delivered)
    }

    fn event(self) -> Option<SmsEvent> {
        if self.esm_class & (RECEIPT | INTERMEDIATE) != 0 {
            let id = self.receipted_id.as_deref().filter(|id| !id.is_empty());
            return receipt::read(self.text, id, self.message_state).map(SmsEvent::Receipt);
        }
        let word = opt_out_word(&self.text()?)?;
        let number = PhoneNumber::reported(&self.source, self.source_ton)?;
        Some(SmsEvent::OptOut(OptOut { number, word, to: self.destination }))
    }

    /// The text in so far as it can be read: binary messages cannot.
    fn text(&self) -> Option<String> {
        let mut octets = self.text;
        if self.esm_class & HAS_HEADER != 0 {
            octets = octets.get(1 + usize::from(*octets.first()?)..)?;
        }
        let octets = octets.get(..TEXT_OCTETS_MAX).unwrap_or(octets);
        match self.data_coding {
            0 => Some(gsm7::decode(octets)),
            1 => Some(printable(octets)),
            3 => Some(octets.iter().copied().map(char::from).collect()),
            8 => {
                let units = octets.chunks_exact(2).map(|it| u16::from_be_bytes([it[0], it[1]]));
                let characters = decode_utf16(units);
                Some(characters.map(|it| it.unwrap_or(REPLACEMENT_CHARACTER)).collect())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
