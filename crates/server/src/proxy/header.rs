//! The header's bytes.
//!
//! ```text
//!   0        12      13       14      16                 16 + length
//!   │signature│ver│cmd│fam│pro│ length │ addresses │ extensions │ the client's first byte
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::extensions::Extensions;

/// Bytes of the longest header that is read. The protocol allows 64 KiB; balancers that pass a
/// client's certificate on need the most, and less than this.
pub const HEADER_BYTES_MAX: usize = 4096;

/// Bytes up to the addresses.
pub(super) const PREFIX_BYTES: usize = 16;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// What a header says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Where the connection comes from.
    pub origin: Origin,
    /// The private endpoint that the client came through, `vpce-…`, as AWS's balancers say it.
    pub endpoint_id: Option<String>,
    /// Whether the client speaks TLS with the balancer.
    pub is_tls: bool,
}

/// Where a connection comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// From the balancer itself: it looks whether we are there.
    Balancer,
    /// From this address.
    Client(IpAddr),
    /// From a client without an address that would mean anything here.
    Unknown,
}

/// Why bytes are no header that can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HeaderFault {
    /// It begins otherwise: the connection is not from a balancer, or it speaks version 1.
    #[error("it does not begin with the signature of PROXY protocol version 2")]
    NoSignature,
    /// The version is not 2.
    #[error("it is of version {0}, not 2")]
    OtherVersion(u8),
    /// The command is neither LOCAL nor PROXY.
    #[error("its command is {0}, neither LOCAL nor PROXY")]
    OtherCommand(u8),
    /// The addresses are of a kind that a connection does not have.
    #[error("its address family and protocol are {0:#04x}, which no stream connection has")]
    OtherFamily(u8),
    /// It is longer than [`HEADER_BYTES_MAX`].
    #[error("it has {0} bytes, more than {HEADER_BYTES_MAX}")]
    TooLong(usize),
    /// It is not as long as it says.
    #[error("it is not as long as it says")]
    OtherLength,
    /// It is too short for addresses of its kind.
    #[error("it is too short for its addresses")]
    AddressesCutOff,
    /// An extension goes beyond the header, or is too short for what it is.
    #[error("its extension of type {0:#04x} is cut off")]
    ExtensionCutOff(u8),
    /// An extension that says one thing is there twice.
    #[error("its extension of type {0:#04x} is there twice")]
    ExtensionTwice(u8),
    /// The endpoint's id is not text.
    #[error("its endpoint id is not in ASCII")]
    BadEndpointId,
    /// Its checksum is another.
    #[error("its checksum is wrong")]
    WrongChecksum,
}

/// The length of the whole header, from its first bytes.
pub(super) fn total_bytes(prefix: &[u8; PREFIX_BYTES]) -> Result<usize, HeaderFault> {
    let (signature, rest) = prefix.split_at(SIGNATURE.len());
    if signature != SIGNATURE {
        return Err(HeaderFault::NoSignature);
    }
    let total = PREFIX_BYTES + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
    if total > HEADER_BYTES_MAX { Err(HeaderFault::TooLong(total)) } else { Ok(total) }
}

impl Header {
    /// Reads a header, whole and without what follows it.
    ///
    /// # Errors
    /// What is wrong with it. A header that can be misunderstood is refused as a whole.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let (prefix, rest) = bytes.split_first_chunk().ok_or(HeaderFault::OtherLength)?;
        if total_bytes(prefix)? != bytes.len() {
            return Err(HeaderFault::OtherLength);
        }
        match prefix[12] {
            // What follows is to be passed over, whatever it is.
            0x20 => {
                return Ok(Self { origin: Origin::Balancer, endpoint_id: None, is_tls: false });
            }
            0x21 => {}
            command if command >> 4 == 2 => return Err(HeaderFault::OtherCommand(command & 0xF)),
            other => return Err(HeaderFault::OtherVersion(other >> 4)),
        }
        let (origin, extensions) = addresses(prefix[13], rest)?;
        let extensions = Extensions::parse(bytes, bytes.len() - extensions.len())?;
        Ok(Self { origin, endpoint_id: extensions.endpoint_id, is_tls: extensions.is_tls })
    }
}

/// The source address, and what follows the addresses.
fn addresses(family: u8, bytes: &[u8]) -> Result<(Origin, &[u8]), HeaderFault> {
    let cut = |length: usize| bytes.split_at_checked(length).ok_or(HeaderFault::AddressesCutOff);
    match family {
        // The sender does not know. What addresses there may be cannot be told from extensions.
        0x00 => Ok((Origin::Unknown, &[])),
        0x11 => {
            let (addresses, rest) = cut(12)?;
            let source = addresses.first_chunk::<4>().ok_or(HeaderFault::AddressesCutOff)?;
            Ok((Origin::Client(Ipv4Addr::from(*source).into()), rest))
        }
        0x21 => {
            let (addresses, rest) = cut(36)?;
            let source = addresses.first_chunk::<16>().ok_or(HeaderFault::AddressesCutOff)?;
            let source = IpAddr::from(Ipv6Addr::from(*source)).to_canonical();
            Ok((Origin::Client(source), rest))
        }
        0x31 => Ok((Origin::Unknown, cut(216)?.1)),
        other => Err(HeaderFault::OtherFamily(other)),
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
