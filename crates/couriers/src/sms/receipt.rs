//! Delivery receipts: what became of a message that the gateway took.

use tidings_core::phone_number::PhoneNumber;

use super::fields::printable;

/// The longest id of a message: SMPP 3.4, section 4.4.2, without the NUL.
pub(super) const ID_MAX: usize = 64;

/// What a gateway says became of a message that it took. A message in several parts has a receipt
/// for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The gateway's id of the part: the same as in the detail of the attempt that it took.
    pub gateway_id: String,
    /// The id of our message, if it was sent by this process and not very long ago.
    pub message_id: Option<String>,
    /// Whom that went to, if it is known.
    pub number: Option<PhoneNumber>,
    /// What became of it.
    pub state: ReceiptState,
    /// The network's error code, if there is one: its meaning is the gateway's.
    pub error: Option<String>,
}

/// States of a message: SMPP 3.4, section 5.2.28.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ReceiptState {
    /// On its way.
    EnRoute,
    /// The phone has it.
    Delivered,
    /// It was not delivered in time.
    Expired,
    /// It was deleted at the gateway.
    Deleted,
    /// It cannot be delivered.
    Undeliverable,
    /// Somebody read it on behalf of the subscriber.
    Accepted,
    /// The gateway does not know.
    Unknown,
    /// It was refused.
    Rejected,
}

impl ReceiptState {
    /// As receipts write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ReceiptState::EnRoute => "ENROUTE",
            ReceiptState::Delivered => "DELIVRD",
            ReceiptState::Expired => "EXPIRED",
            ReceiptState::Deleted => "DELETED",
            ReceiptState::Undeliverable => "UNDELIV",
            ReceiptState::Accepted => "ACCEPTD",
            ReceiptState::Unknown => "UNKNOWN",
            ReceiptState::Rejected => "REJECTD",
        }
    }

    /// Whether nothing else will become of it.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, ReceiptState::EnRoute | ReceiptState::Unknown)
    }

    /// `message_state`.
    pub(super) fn from_number(number: u8) -> Option<ReceiptState> {
        const STATES: [ReceiptState; 8] = [
            ReceiptState::EnRoute,
            ReceiptState::Delivered,
            ReceiptState::Expired,
            ReceiptState::Deleted,
            ReceiptState::Undeliverable,
            ReceiptState::Accepted,
            ReceiptState::Unknown,
            ReceiptState::Rejected,
        ];
        STATES.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// `stat` of a receipt's text. Gateways do not agree on its length: seven letters decide.
    fn from_text(text: &str) -> Option<ReceiptState> {
        let letters = text.get(..7).unwrap_or(text);
        (1..=8).filter_map(ReceiptState::from_number).find(|state| state.as_str() == letters)
    }
}

/// Reads a receipt, from the optional parameters where they are there and else from its text: SMPP
/// 3.4, appendix B. None if it names no message or no state.
pub(super) fn read(text: &[u8], id: Option<&str>, state: Option<u8>) -> Option<Receipt> {
    let text = printable(text);
    let in_text = || field(&text, "stat").and_then(ReceiptState::from_text);
    let gateway_id = match id {
        Some(id) => id,
        None => field(&text, "id")?,
    };
    let error = field(&text, "err").filter(|error| !error.bytes().all(|byte| byte == b'0'));
    Some(Receipt {
        gateway_id: bounded(gateway_id),
        message_id: None,
        number: None,
        state: state.and_then(ReceiptState::from_number).or_else(in_text)?,
        error: error.map(bounded),
    })
}

/// The value after `name:`, which ends at a space. What the message itself says comes last, behind
/// `text:`, and is not searched.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(' ')
        .take_while(|word| !word.to_ascii_lowercase().starts_with("text:"))
        .filter_map(|word| word.split_once(':'))
        .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_, value)| value)
}

fn bounded(text: &str) -> String {
    text.chars().take(ID_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"id:4711 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 \
        stat:DELIVRD err:000 text:stat:REJECTD id:1";

    #[test]
    fn receipts_are_read_from_their_text() {
        let receipt = read(TEXT, None, None).unwrap();
        assert_eq!((&*receipt.gateway_id, receipt.state), ("4711", ReceiptState::Delivered));
        assert_eq!(receipt.error, None);
        let receipt = read(b"ID:a-b SUB:1 STAT:UNDELIVERABLE ERR:0a1 TEXT:", None, None).unwrap();
        assert_eq!((&*receipt.gateway_id, receipt.state), ("a-b", ReceiptState::Undeliverable));
        assert_eq!(receipt.error.as_deref(), Some("0a1"));
    }

    #[test]
    fn parameters_count_for_more() {
        let receipt = read(TEXT, Some("12AB"), Some(8)).unwrap();
        assert_eq!((&*receipt.gateway_id, receipt.state), ("12AB", ReceiptState::Rejected));
        assert_eq!(read(b"", Some("1"), Some(2)).unwrap().state, ReceiptState::Delivered);
        // A state that does not exist: the text knows.
        assert_eq!(read(TEXT, Some("1"), Some(99)).unwrap().state, ReceiptState::Delivered);
    }

    #[test]
    fn what_is_no_receipt_is_none() {
        for text in
            ["", "hello", "id: stat:DELIVRD", "id:1", "id:1 stat:NOSUCH", "text:id:1 stat:DELIVRD"]
        {
            assert_eq!(read(text.as_bytes(), None, None), None, "{text}");
        }
        assert_eq!(read(b"", Some("1"), Some(0)), None);
        let long = format!("id:{} stat:DELIVRD", "9".repeat(500));
        assert_eq!(read(long.as_bytes(), None, None).unwrap().gateway_id.len(), ID_MAX);
    }
}
