//! `submit_sm`: SMPP 3.4, section 4.4.1.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::fields::put_string;
use super::sender::Sender;
use tidings_core::phone_number::PhoneNumber;

/// `esm_class`: the text begins with a header.
const HAS_HEADER: u8 = 0x40;
/// `registered_delivery`: a receipt is wanted, whatever becomes of the message.
const WANTS_RECEIPT: u8 = 1;

/// What the parts of a message have in common.
pub(super) struct Submit<'a> {
    pub(super) sender: Option<&'a Sender>,
    pub(super) to: &'a PhoneNumber,
    /// Whether it is about something that somebody waits for: it goes first.
    pub(super) is_transactional: bool,
    /// How long the gateway is to try. Without it, as long as it likes.
    pub(super) validity: Option<Duration>,
    pub(super) has_header: bool,
    pub(super) data_coding: u8,
}

impl Submit<'_> {
    /// The body for one part: at most 160 octets.
    pub(super) fn body(&self, text: &[u8]) -> Bytes {
        let mut body = BytesMut::with_capacity(256);
        put_string(&mut body, ""); // service_type: the default
        let (ton, npi, address) = self.sender.map_or((0, 0, ""), Sender::address);
        body.put_slice(&[ton, npi]);
        put_string(&mut body, address);
        body.put_slice(&[self.to.ton(), 1]);
        put_string(&mut body, self.to.digits());
        body.put_u8(if self.has_header { HAS_HEADER } else { 0 });
        body.put_u8(0); // protocol_id
        body.put_u8(u8::from(self.is_transactional)); // priority_flag
        put_string(&mut body, ""); // schedule_delivery_time: now
        put_string(&mut body, &self.validity.map(validity_period).unwrap_or_default());
        body.put_u8(WANTS_RECEIPT);
        body.put_u8(0); // replace_if_present_flag
        body.put_u8(self.data_coding);
        body.put_u8(0); // sm_default_msg_id
        body.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        body.put_slice(text);
        body.freeze()
    }
}

/// A relative time: SMPP 3.4, section 7.1.1.
fn validity_period(validity: Duration) -> String {
    let seconds = validity.as_secs();
    let (minutes, hours, days) = (seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400);
    format!("0000{:02}{hours:02}{minutes:02}{:02}000R", days.min(30), seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(to: &PhoneNumber) -> Submit<'_> {
        Submit {
            sender: None,
            to,
            is_transactional: false,
            validity: None,
            has_header: false,
            data_coding: 0,
        }
    }

    /// Field by field, as the specification's table has them.
    #[test]
    fn the_fields_are_in_order() {
        let to = PhoneNumber::parse("+491701234567").unwrap();
        let plain = submit(&to).body(b"hi");
        assert_eq!(&plain[..], b"\0\0\0\0\x01\x01491701234567\0\0\0\0\0\0\x01\0\0\0\x02hi");
        let sender = Sender::parse("Hotel").unwrap();
        let full = Submit {
            sender: Some(&sender),
            is_transactional: true,
            validity: Some(Duration::from_secs(86_400 + 2 * 3600 + 3 * 60 + 4)),
            has_header: true,
            data_coding: 8,
            ..submit(&to)
        };
        let expected =
            b"\0\x05\0Hotel\0\x01\x01491701234567\0\x40\0\x01\x00000001020304000R\0\x01\0\x08\0\x01x";
        assert_eq!(&full.body(b"x")[..], expected);
    }
}
