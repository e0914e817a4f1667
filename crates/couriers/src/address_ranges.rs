//! Lists of address ranges, as settings have them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

/// Ranges of addresses: `10.0.0.0/8`, `fd00::/8`, or single addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressRanges(Vec<IpNet>);

/// An entry that is no range.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadRange {
    /// Neither an address nor a range.
    #[error("{0:?} is neither an IP address nor a range such as 10.0.0.0/8 or fd00::/8")]
    NotARange(String),
    /// Bits are set that the range ignores: a slip of the pen, or another range was meant.
    #[error("{entry:?} has bits beyond its prefix; the range is written {meant}")]
    BitsBeyondPrefix {
        /// What was written.
        entry: String,
        /// The range that it lies in.
        meant: IpNet,
    },
}

impl AddressRanges {
    /// Reads a list, one entry each.
    ///
    /// # Errors
    ///
    /// [`BadRange`] for the first entry that is none.
    pub fn from_entries<T: AsRef<str>>(
        entries: impl IntoIterator<Item = T>,
    ) -> Result<AddressRanges, BadRange> {
        let ranges: Result<_, _> = entries.into_iter().map(|entry| range(entry.as_ref())).collect();
        Ok(AddressRanges(ranges?))
    }

    /// The range that an address lies in, the first one if there are several.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<IpNet> {
        self.0.iter().find(|range| range.contains(&address)).copied()
    }

    /// Whether there is no range.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address lies in one of the ranges.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.find(address).is_some()
    }
}

/// Entries with commas or white space between them. An empty text is an empty list.
impl FromStr for AddressRanges {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let separators = |character: char| character == ',' || character.is_whitespace();
        AddressRanges::from_entries(text.split(separators).filter(|entry| !entry.is_empty()))
    }
}

impl fmt::Display for AddressRanges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{range}")?;
        }
        Ok(())
    }
}

fn range(entry: &str) -> Result<IpNet, BadRange> {
    let entry = entry.trim();
    let parsed =
        entry.parse::<IpNet>().ok().or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from));
    let range = parsed.ok_or_else(|| BadRange::NotARange(entry.to_owned()))?;
    match range.trunc() {
        meant if meant == range => Ok(range),
        meant => Err(BadRange::BitsBeyondPrefix { entry: entry.to_owned(), meant }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(ranges: &str, address: &str) -> bool {
        ranges.parse::<AddressRanges>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn ranges_and_single_addresses() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("192.168.1.5, fd00::/8", "192.168.1.5"));
        assert!(!contains("192.168.1.5, fd00::/8", "192.168.1.6"));
        assert!(contains("192.168.1.5 fd00::/8", "fdff::1"));
        assert!(contains("0.0.0.0/0\n::/0", "8.8.8.8"));
        assert!(!contains("0.0.0.0/0", "2600::1"));
        assert!(!contains("", "10.0.0.1"));
    }

    #[test]
    fn a_list_prints_as_it_is_read() {
        let text = "10.0.0.0/8, 127.0.0.1/32, fd00::/8";
        assert_eq!(text.parse::<AddressRanges>().unwrap().to_string(), text);
    }

    #[test]
    fn errors_name_the_entry_and_help() {
        let error = |text: &str| text.parse::<AddressRanges>().unwrap_err().to_string();
        for bad in ["localhost", "10.0.0.0/33", "10.0.0", "10.0.0.0/", "1.2.3.4.5"] {
            assert!(error(bad).starts_with(&format!("{bad:?} is neither")), "{}", error(bad));
        }
        let bits = error("127.0.0.1, 10.1.2.3/8");
        assert_eq!(
            bits,
            r#""10.1.2.3/8" has bits beyond its prefix; the range is written 10.0.0.0/8"#
        );
    }
}
