//! What a header says beside addresses: type, length, value, one after another.

use super::header::HeaderFault;

/// The extensions that mean something here.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Extensions {
    pub(super) endpoint_id: Option<String>,
    pub(super) is_tls: bool,
}

/// CRC-32C of the whole header, with these four bytes as zeros.
const CHECKSUM: u8 = 0x03;
/// Of the connection between client and balancer: bits, four bytes of a verdict, more extensions.
const TLS: u8 = 0x20;
/// The bit that says that the client speaks TLS.
const TLS_BY_CLIENT: u8 = 0x01;
/// AWS's own; the first byte of the value says what the rest is.
const AWS: u8 = 0xEA;
const AWS_ENDPOINT_ID: u8 = 0x01;

impl Extensions {
    /// Reads the extensions from `start` to the end of a header.
    pub(super) fn parse(header: &[u8], start: usize) -> Result<Self, HeaderFault> {
        let mut found = Self::default();
        let (mut has_checksum, mut has_tls) = (false, false);
        let mut at = start;
        while let Some(rest) = header.get(at..).filter(|rest| !rest.is_empty()) {
            let kind = rest[0];
            let value = value(rest).ok_or(HeaderFault::ExtensionCutOff(kind))?;
            let value_at = at + 3;
            at = value_at + value.len();
            let seen = match kind {
                CHECKSUM => {
                    let expected =
                        value.try_into().map_err(|_| HeaderFault::ExtensionCutOff(kind))?;
                    if u32::from_be_bytes(expected) != checksum(header, value_at) {
                        return Err(HeaderFault::WrongChecksum);
                    }
                    std::mem::replace(&mut has_checksum, true)
                }
                TLS => {
                    if value.len() < 5 {
                        return Err(HeaderFault::ExtensionCutOff(kind));
                    }
                    found.is_tls = value[0] & TLS_BY_CLIENT != 0;
                    std::mem::replace(&mut has_tls, true)
                }
                AWS => match value.split_first() {
                    Some((&AWS_ENDPOINT_ID, id)) => {
                        let id = endpoint_id(id)?;
                        found.endpoint_id.replace(id).is_some()
                    }
                    _ => false,
                },
                // There are others, and there will be more.
                _ => false,
            };
            if seen {
                return Err(HeaderFault::ExtensionTwice(kind));
            }
        }
        Ok(found)
    }
}

/// The value of the first extension.
fn value(extensions: &[u8]) -> Option<&[u8]> {
    let (head, rest) = extensions.split_first_chunk::<3>()?;
    rest.get(..usize::from(u16::from_be_bytes([head[1], head[2]])))
}

/// The checksum of a header, with four bytes taken as zeros.
fn checksum(header: &[u8], zeros_at: usize) -> u32 {
    let (before, rest) = header.split_at(zeros_at);
    let checksum = crc32c::crc32c_append(crc32c::crc32c(before), &[0; 4]);
    crc32c::crc32c_append(checksum, rest.get(4..).unwrap_or_default())
}

fn endpoint_id(value: &[u8]) -> Result<String, HeaderFault> {
    let is_plain = !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(value).ok().filter(|_| is_plain);
    text.map(str::to_owned).ok_or(HeaderFault::BadEndpointId)
}
