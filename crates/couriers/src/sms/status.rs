//! What a gateway says of a request: `command_status`.

use std::fmt;

/// A `command_status`: SMPP 3.4, section 5.1.3. Prints as words and its number.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Status(pub u32);

impl Status {
    /// ESME_ROK.
    pub const OK: Status = Status(0);
    pub(super) const BAD_MESSAGE_LENGTH: Status = Status(0x01);
    pub(super) const BAD_COMMAND_LENGTH: Status = Status(0x02);
    pub(super) const BAD_COMMAND: Status = Status(0x03);
    pub(super) const WRONG_STATE: Status = Status(0x04);
    pub(super) const THROTTLED: Status = Status(0x58);
    /// ESME_RX_T_APPN: what we answer to what we cannot keep now.
    pub(super) const TRY_AGAIN: Status = Status(0x64);

    /// Whether the same message may be taken later: a system error, a full queue, too many messages.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(self.0, 0x08 | 0x14 | 0x58)
    }

    /// As delivery logs have it.
    pub(super) fn number(self) -> Option<u16> {
        u16::try_from(self.0).ok()
    }

    fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x00 => "no error",
            0x01 => "invalid message length",
            0x02 => "invalid command length",
            0x03 => "invalid command id",
            0x04 => "not allowed in this bind state",
            0x05 => "already bound",
            0x06 => "invalid priority flag",
            0x07 => "invalid registered delivery flag",
            0x08 => "system error",
            0x0A => "invalid source address",
            0x0B => "invalid destination address",
            0x0C => "invalid message id",
            0x0D => "bind failed",
            0x0E => "invalid password",
            0x0F => "invalid system id",
            0x11 => "cancel failed",
            0x13 => "replace failed",
            0x14 => "message queue full",
            0x15 => "invalid service type",
            0x33 => "invalid number of destinations",
            0x34 => "invalid distribution list",
            0x40 => "invalid destination flag",
            0x42 => "submit with replace not allowed",
            0x43 => "invalid esm_class",
            0x44 => "cannot submit to the distribution list",
            0x45 => "submit failed",
            0x48 => "invalid type of number of the source",
            0x49 => "invalid numbering plan of the source",
            0x50 => "invalid type of number of the destination",
            0x51 => "invalid numbering plan of the destination",
            0x53 => "invalid system type",
            0x54 => "invalid replace flag",
            0x55 => "invalid number of messages",
            0x58 => "throttled",
            0x61 => "invalid schedule",
            0x62 => "invalid validity period",
            0x63 => "invalid predefined message",
            0x64 => "temporary error of the receiver",
            0x65 => "permanent error of the receiver",
            0x66 => "refused by the receiver",
            0x67 => "query failed",
            0xC0 => "error in the optional parameters",
            0xC1 => "optional parameter not allowed",
            0xC2 => "invalid parameter length",
            0xC3 => "missing optional parameter",
            0xC4 => "invalid optional parameter",
            0xFE => "delivery failed",
            0xFF => "unknown error",
            _ => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:#04x})", self.name().unwrap_or("error"), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_temporary_and_all_print() {
        let temporary: Vec<_> = (0..0x500).filter(|it| Status(*it).is_temporary()).collect();
        assert_eq!(temporary, [0x08, 0x14, 0x58]);
        assert_eq!(Status(0x0E).to_string(), "invalid password (0x0e)");
        assert_eq!(Status(0x0400).to_string(), "error (0x400)");
        assert_eq!(Status(0x1_0000).number(), None);
    }
}
