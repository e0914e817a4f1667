//! Blocks of addresses.

use std::net::IpAddr;

/// The addresses that begin with the same bits.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Cidr {
    address: IpAddr,
    /// 0 to 31 for version 4, 0 to 127 for version 6.
    mask_bits: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/24` or `2001:db8::/32`. Bits behind the mask do not matter.
    ///
    /// # Errors
    /// Why it is none. The words about the slash, the integer and the address are recorded; the
    /// others, and that a block of one address is refused, are from the vendor's matcher.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (address, mask_bits) = text
            .split_once('/')
            .filter(|(_, mask_bits)| !mask_bits.is_empty() && !mask_bits.contains('/'))
            .ok_or("Malformed CIDR, one '/' required")?;
        let mask_bits: i32 =
            mask_bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer")?;
        if mask_bits < 0 {
            return Err("Malformed CIDR, mask bits must not be negative".to_owned());
        }
        // Too many are too many, however many they are.
        let mask_bits = u8::try_from(mask_bits).unwrap_or(u8::MAX);
        let address = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        match address {
            IpAddr::V4(_) if mask_bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if mask_bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            _ => Ok(Self { address, mask_bits }),
        }
    }

    /// An address of the block; its bits behind the mask do not matter.
    pub(super) fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits the block's addresses begin with in common.
    pub(super) fn mask_bits(self) -> u8 {
        self.mask_bits
    }

    /// Whether the address is of the block, and so of its version.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                let differing = one.to_bits() ^ other.to_bits();
                differing.checked_shr(u32::BITS - u32::from(self.mask_bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => {
                let differing = one.to_bits() ^ other.to_bits();
                differing.checked_shr(u128::BITS - u32::from(self.mask_bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}
