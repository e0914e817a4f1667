//! PDUs as they are framed: a header of 16 octets, and a body.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::status::Status;

const HEADER_BYTES: usize = 16;
/// The longest PDU that is taken: one with a whole `message_payload`, of 65,535 octets.
pub(super) const PDU_BYTES_MAX: usize = 66 * 1024;
/// `sequence_number` goes from 1 to this.
pub(super) const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

/// `command_id`: SMPP 3.4, section 5.1.2.1.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Command(pub(super) u32);

impl Command {
    const RESPONSE: u32 = 0x8000_0000;
    pub(super) const GENERIC_NACK: Command = Command(Self::RESPONSE);
    pub(super) const BIND_TRANSCEIVER: Command = Command(0x09);
    pub(super) const OUTBIND: Command = Command(0x0B);
    pub(super) const SUBMIT_SM: Command = Command(0x04);
    pub(super) const DELIVER_SM: Command = Command(0x05);
    pub(super) const UNBIND: Command = Command(0x06);
    pub(super) const ENQUIRE_LINK: Command = Command(0x15);
    pub(super) const ALERT_NOTIFICATION: Command = Command(0x102);

    /// What answers it.
    pub(super) fn response(self) -> Command {
        Command(self.0 | Self::RESPONSE)
    }

    pub(super) fn is_response(self) -> bool {
        self.0 & Self::RESPONSE != 0
    }
}

/// A PDU with its body as it came.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) command: Command,
    pub(super) status: Status,
    pub(super) sequence: u32,
    pub(super) body: Bytes,
}

impl Frame {
    /// Writes a PDU. The body is ours: never so long that its length would not fit.
    pub(super) fn write(
        out: &mut BytesMut,
        command: Command,
        status: Status,
        sequence: u32,
        body: &[u8],
    ) {
        out.reserve(HEADER_BYTES + body.len());
        out.put_u32(u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX));
        out.put_u32(command.0);
        out.put_u32(status.0);
        out.put_u32(sequence);
        out.put_slice(body);
    }

    /// Takes the first PDU off what has come, if it is all there.
    pub(super) fn take(input: &mut BytesMut) -> Result<Option<Frame>, BadLength> {
        let Some(length) = input.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if !(HEADER_BYTES..=PDU_BYTES_MAX).contains(&length) {
            return Err(BadLength(length));
        }
        if input.len() < length {
            return Ok(None);
        }
        let mut body = input.split_to(length).freeze();
        body.advance(4);
        Ok(Some(Frame {
            command: Command(body.get_u32()),
            status: Status(body.get_u32()),
            sequence: body.get_u32(),
            body,
        }))
    }
}

/// A length that no PDU has. What follows it cannot be told apart.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct BadLength(pub(super) usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pdus_come_apart_wherever_they_are_cut() {
        let mut whole = BytesMut::new();
        Frame::write(&mut whole, Command::ENQUIRE_LINK, Status::OK, 1, b"");
        Frame::write(&mut whole, Command::SUBMIT_SM.response(), Status(0x58), 2, b"id\0");
        assert_eq!(whole[..16], [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1]);
        for cut in 0..=whole.len() {
            let (mut input, mut frames) = (BytesMut::new(), Vec::new());
            for piece in [&whole[..cut], &whole[cut..]] {
                input.put_slice(piece);
                while let Some(frame) = Frame::take(&mut input).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames.len(), 2);
            assert_eq!(frames[1].command, Command(0x8000_0004));
            assert_eq!((frames[1].status, frames[1].sequence), (Status(0x58), 2));
            assert_eq!(&frames[1].body[..], b"id\0");
        }
    }

    #[test]
    fn lengths_that_no_pdu_has_are_refused_before_anything_is_held_for_them() {
        for length in [0, 4, 15, 66 * 1024 + 1, u32::MAX] {
            let mut input = BytesMut::from(&length.to_be_bytes()[..]);
            assert!(matches!(Frame::take(&mut input), Err(BadLength(_))), "{length}");
        }
        let mut input = BytesMut::from(&16_u32.to_be_bytes()[..]);
        assert!(matches!(Frame::take(&mut input), Ok(None)));
    }
}
