use proptest::prelude::*;

use super::HeaderFault as Fault;
use super::*;

const IPV4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 7, 0x12, 0x34, 0x01, 0xBB];

/// A header of version 2, as long as it says.
fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([command, family]);
    bytes.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
    bytes.extend(rest);
    bytes
}

/// One over IPv4 with these extensions.
fn over_ipv4(extensions: &[&[u8]]) -> Vec<u8> {
    header(0x21, 0x11, &[&IPV4, extensions.concat().as_slice()].concat())
}

fn extension(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    bytes.extend(value);
    bytes
}

/// Puts the checksum in place of the four zeros of its extension.
fn sealed(mut header: Vec<u8>) -> Vec<u8> {
    let at = header.windows(7).position(|seven| seven == [3, 0, 4, 0, 0, 0, 0]).unwrap() + 3;
    let checksum = crc32c::crc32c(&header);
    header[at..at + 4].copy_from_slice(&checksum.to_be_bytes());
    header
}

fn client(address: &str) -> Origin {
    Origin::Client(address.parse().unwrap())
}

#[test]
fn headers_say_where_a_connection_comes_from() {
    let mut ipv6 = [0; 36];
    ipv6[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
    let mut mapped = ipv6;
    mapped[..16].copy_from_slice(&"::ffff:192.0.2.9".parse::<Ipv6Addr>().unwrap().octets());
    for (bytes, origin) in [
        (over_ipv4(&[]), client("192.0.2.1")),
        (header(0x21, 0x21, &ipv6), client("2001:db8::7")),
        (header(0x21, 0x21, &mapped), client("192.0.2.9")),
        (header(0x21, 0x31, &[b'/'; 216]), Origin::Unknown),
        (header(0x21, 0x00, &[]), Origin::Unknown),
        (header(0x21, 0x00, &[0xFF; 20]), Origin::Unknown),
        (header(0x20, 0x00, &[]), Origin::Balancer),
        // A balancer that looks after us may say what it likes beside that.
        (header(0x20, 0x11, &IPV4), Origin::Balancer),
        (header(0x20, 0xFF, b"anything"), Origin::Balancer),
    ] {
        let parsed = Header::parse(&bytes).unwrap();
        assert_eq!(parsed, Header { origin, endpoint_id: None, is_tls: false }, "{bytes:x?}");
    }
}

#[test]
fn extensions_are_read_or_passed_over() {
    let endpoint = extension(0xEA, b"\x01vpce-0123456789abcdef0");
    let tls = extension(0x20, &[1, 0, 0, 0, 0]);
    let tls_1_3 =
        extension(0x20, &[7, 0, 0, 0, 0, 0x21, 0, 7, b'T', b'L', b'S', b'v', b'1', b'.', b'3']);
    let not_tls = extension(0x20, &[0, 0, 0, 0, 0]);
    let others = [
        extension(0x01, b"h2"),
        extension(0x02, b"sqs.example.com"),
        extension(0x04, &[0; 40]),
        extension(0x04, &[]),
        extension(0x05, b"unique"),
        extension(0x30, b"netns"),
        extension(0xEE, &[1, 0, 0, 0, 7]),
        extension(0xEA, &[]),
        extension(0xEA, b"\x02something else"),
    ]
    .concat();
    let checksum = extension(0x03, &[0; 4]);
    for (bytes, endpoint_id, is_tls) in [
        (over_ipv4(&[&endpoint]), true, false),
        (over_ipv4(&[&others, &endpoint]), true, false),
        (over_ipv4(&[&others]), false, false),
        (over_ipv4(&[&tls]), false, true),
        (over_ipv4(&[&tls_1_3, &endpoint]), true, true),
        (over_ipv4(&[&not_tls]), false, false),
        (sealed(over_ipv4(&[&checksum])), false, false),
        (sealed(over_ipv4(&[&endpoint, &checksum, &others])), true, false),
    ] {
        let parsed = Header::parse(&bytes).unwrap();
        assert_eq!(parsed.origin, client("192.0.2.1"));
        assert_eq!(parsed.endpoint_id.is_some(), endpoint_id, "{bytes:x?}");
        assert_eq!(parsed.is_tls, is_tls, "{bytes:x?}");
    }
    let parsed = Header::parse(&over_ipv4(&[&endpoint])).unwrap();
    assert_eq!(parsed.endpoint_id.as_deref(), Some("vpce-0123456789abcdef0"));
}

#[test]
fn what_is_no_header_is_told_apart() {
    let checksum = extension(0x03, &[0; 4]);
    let endpoint = extension(0xEA, b"\x01vpce-1");
    let tls = extension(0x20, &[1, 0, 0, 0, 0]);
    let mut wrong_length = over_ipv4(&[]);
    wrong_length[15] += 1;
    let mut flipped = sealed(over_ipv4(&[&checksum]));
    flipped[16] ^= 1;
    for (bytes, fault) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), Fault::NoSignature),
        (b"PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\n".to_vec(), Fault::NoSignature),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03aaaaa".to_vec(), Fault::NoSignature),
        (Vec::new(), Fault::OtherLength),
        (SIGNATURE.to_vec(), Fault::OtherLength),
        (wrong_length, Fault::OtherLength),
        ([over_ipv4(&[]), vec![0]].concat(), Fault::OtherLength),
        (header(0x11, 0x11, &IPV4), Fault::OtherVersion(1)),
        (header(0x31, 0x11, &IPV4), Fault::OtherVersion(3)),
        (header(0x22, 0x11, &IPV4), Fault::OtherCommand(2)),
        (header(0x2F, 0x11, &IPV4), Fault::OtherCommand(15)),
        (header(0x21, 0x12, &IPV4), Fault::OtherFamily(0x12)),
        (header(0x21, 0x01, &IPV4), Fault::OtherFamily(0x01)),
        (header(0x21, 0x41, &IPV4), Fault::OtherFamily(0x41)),
        (header(0x21, 0x11, &IPV4[..11]), Fault::AddressesCutOff),
        (header(0x21, 0x21, &[0; 35]), Fault::AddressesCutOff),
        (header(0x21, 0x31, &[0; 215]), Fault::AddressesCutOff),
        (header(0x21, 0x11, &[0; 4081]), Fault::TooLong(4097)),
        (over_ipv4(&[&[0x04]]), Fault::ExtensionCutOff(0x04)),
        (over_ipv4(&[&[0x04, 0, 2, 0]]), Fault::ExtensionCutOff(0x04)),
        (over_ipv4(&[&[0x04, 0xFF, 0xFF]]), Fault::ExtensionCutOff(0x04)),
        (over_ipv4(&[&extension(0x20, &[1, 0, 0, 0])]), Fault::ExtensionCutOff(0x20)),
        (over_ipv4(&[&extension(0x03, &[0; 3])]), Fault::ExtensionCutOff(0x03)),
        (over_ipv4(&[&checksum]), Fault::WrongChecksum),
        (flipped, Fault::WrongChecksum),
        (over_ipv4(&[&endpoint, &endpoint]), Fault::ExtensionTwice(0xEA)),
        (over_ipv4(&[&tls, &tls]), Fault::ExtensionTwice(0x20)),
        (over_ipv4(&[&extension(0xEA, b"\x01")]), Fault::BadEndpointId),
        (over_ipv4(&[&extension(0xEA, b"\x01vpce-\xFF")]), Fault::BadEndpointId),
        (over_ipv4(&[&extension(0xEA, b"\x01vpce 1")]), Fault::BadEndpointId),
    ] {
        assert_eq!(Header::parse(&bytes), Err(fault), "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Header::parse(&bytes);
    }

    #[test]
    fn nothing_behind_a_good_beginning_breaks_it(
        command in prop_oneof![Just(0x20), Just(0x21), any::<u8>()],
        family in prop_oneof![Just(0x11), Just(0x21), Just(0x31), Just(0), any::<u8>()],
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = Header::parse(&header(command, family, &rest));
    }

    #[test]
    fn a_flipped_bit_under_a_checksum_is_found(bit in 0..(16 + 12 + 10 + 7) * 8_usize) {
        let checksum = extension(0x03, &[0; 4]);
        let endpoint = extension(0xEA, b"\x01vpce-1");
        let mut bytes = sealed(over_ipv4(&[&endpoint, &checksum]));
        bytes[bit / 8] ^= 1 << (bit % 8);
        let parsed = Header::parse(&bytes);
        // Without its command or its family a header says nothing; it never says something else. A
        // checksum of another type is one that is not there.
        let says_nothing = parsed.as_ref().is_ok_and(|header| header.endpoint_id.is_none());
        let kind_of_checksum = 16 + 12 + 10;
        prop_assert!(
            parsed.is_err() || says_nothing || bit / 8 == kind_of_checksum,
            "{parsed:?}"
        );
    }
}
