//! Addresses that are not simply somewhere on the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;

/// What is never delivered to unless it is allowed by name, and what it is. IANA's registries of
/// special-purpose addresses, multicast, and what clouds keep for themselves.
const SPECIAL: [(&str, &str); 29] = [
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared behind a carrier's NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, where clouds keep their metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "set aside for protocols"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "a relay of 6to4"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved or broadcast"),
    // Public, but in Azure it is the host.
    ("168.63.129.16/32", "a cloud's own service"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "for translation within a network"),
    ("100::/64", "for discarding"),
    ("100:0:0:1::/64", "a dummy prefix"),
    // Teredo, benchmarks and ORCHID among them.
    ("2001::/23", "set aside for protocols"),
    ("2001:db8::/32", "for documentation"),
    ("3fff::/20", "for documentation"),
    ("5f00::/16", "for segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

static PARSED: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
    let parsed = SPECIAL.iter().map(|(range, what)| (range.parse(), *what));
    parsed.map(|(range, what)| (range.expect("the list above holds ranges"), what)).collect()
});

/// What is special about an address, if it is not public.
pub(crate) fn special(address: IpAddr) -> Option<&'static str> {
    let listed = |address: IpAddr| {
        PARSED.iter().find(|(range, _)| range.contains(&address)).map(|(_, what)| *what)
    };
    listed(address).or_else(|| match (address, embedded(address)) {
        (_, Some(inner)) => listed(IpAddr::V4(inner)),
        (IpAddr::V6(address), None) if !is_global_unicast(address) => Some("not a public address"),
        _ => None,
    })
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, translated (RFC 6052 and
/// RFC 7915) or 6to4.
pub(crate) fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let low = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, a, b] => Some(low(a, b)),
        [0, 0, 0, 0, 0xffff, 0, a, b] => Some(low(a, b)),
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        [0x2002, a, b, ..] => Some(low(a, b)),
        [0, 0, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        _ => None,
    }
}

/// 2000::/3, the part of the address space that is given out.
fn is_global_unicast(address: Ipv6Addr) -> bool {
    address.segments()[0] >> 13 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(address: &str) -> Option<&'static str> {
        special(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_not_special() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2600:1f18::1",
            "2a00:1450:4001::200e",
            "::ffff:1.1.1.1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(what(address), None, "{address}");
        }
    }

    #[test]
    fn special_ones_are_by_first_and_last_address() {
        for (range, what) in SPECIAL {
            let range: IpNet = range.parse().unwrap();
            assert_eq!(special(range.network()), Some(what), "{range}");
            assert_eq!(special(range.broadcast()), Some(what), "{range}");
        }
    }

    #[test]
    fn disguises_do_not_help() {
        let private = Some("private");
        for address in [
            "::ffff:10.0.0.1",
            "::ffff:0:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::",
            "2002:a00:1:ffff::5",
        ] {
            assert_eq!(what(address), private, "{address}");
        }
        assert_eq!(what("::ffff:127.0.0.1"), Some("loopback"));
        let metadata = Some("link-local, where clouds keep their metadata");
        assert_eq!(what("::ffff:a9fe:a9fe"), metadata);
        assert_eq!(what("64:ff9b::a9fe:a9fe"), metadata);
        assert_eq!(what("fd00:ec2::254"), private);
    }

    #[test]
    fn what_nobody_gives_out_is_not_public() {
        for address in ["4000::1", "1::1", "e000::1", "64:ff9b:2::1"] {
            assert_eq!(what(address), Some("not a public address"), "{address}");
        }
    }
}
