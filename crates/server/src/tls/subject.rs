//! The name in a certificate, as text (RFC 4514).

use std::fmt::Write;

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::der::{SEQUENCE, take};

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0C;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

/// The attributes that have short names, by the bytes of their object identifiers.
const SHORT_NAMES: [(&[u8], &str); 9] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x01], "UID"),
];

/// The subject of a certificate that has been verified: `CN=orders,O=Example`. Empty if it has none
/// or it cannot be read.
pub(super) fn of(certificate: &CertificateDer<'_>) -> String {
    let certificate = EndEntityCert::try_from(certificate);
    certificate.ok().and_then(|certificate| text(certificate.subject())).unwrap_or_default()
}

/// A distinguished name, its most significant part last. `None` if the bytes are none.
fn text(name: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let mut attributes = take(&mut rest, SET)?;
        let mut part = String::new();
        while !attributes.is_empty() {
            let mut attribute = take(&mut attributes, SEQUENCE)?;
            let kind = take(&mut attribute, OBJECT_IDENTIFIER)?;
            if !part.is_empty() {
                part.push('+');
            }
            write_attribute(&mut part, kind, attribute)?;
        }
        parts.push(part);
    }
    parts.reverse();
    Some(parts.join(","))
}

fn write_attribute(out: &mut String, kind: &[u8], value: &[u8]) -> Option<()> {
    let short_name = SHORT_NAMES.iter().find(|(bytes, _)| *bytes == kind);
    match short_name {
        Some((_, name)) => out.push_str(name),
        None => write_identifier(out, kind)?,
    }
    out.push('=');
    let (&tag, _) = value.split_first()?;
    let content = take(&mut { value }, tag)?;
    let is_text = matches!(tag, UTF8_STRING | PRINTABLE_STRING | IA5_STRING);
    match std::str::from_utf8(content) {
        Ok(text) if is_text && short_name.is_some() => write_escaped(out, text),
        _ => {
            out.push('#');
            for byte in value {
                write!(out, "{byte:02X}").ok()?;
            }
        }
    }
    Some(())
}

/// An object identifier's numbers with dots between.
fn write_identifier(out: &mut String, bytes: &[u8]) -> Option<()> {
    let mut number: u64 = 0;
    let mut is_first = true;
    for byte in bytes {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7F))?;
        if byte & 0x80 != 0 {
            continue;
        }
        if is_first {
            let root = (number / 40).min(2);
            write!(out, "{root}.{}", number - 40 * root).ok()?;
        } else {
            write!(out, ".{number}").ok()?;
        }
        (number, is_first) = (0, false);
    }
    Some(())
}

fn write_escaped(out: &mut String, text: &str) {
    let last = text.char_indices().last().map(|(index, _)| index);
    for (index, character) in text.char_indices() {
        let is_at_edge = index == 0 || Some(index) == last;
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', character]),
            ' ' if is_at_edge => out.push_str("\\ "),
            '#' if index == 0 => out.push_str("\\#"),
            // Nobody may begin a new line of a log by the name in a certificate.
            control if control.is_control() => {
                let mut bytes = [0; 4];
                for byte in control.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\{byte:02X}"));
                }
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    fn subject(parts: &[(DnType, &str)]) -> String {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            parameters.distinguished_name.push(kind.clone(), *value);
        }
        of(parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    #[test]
    fn names_are_written_with_the_most_significant_part_last() {
        let custom = DnType::CustomDnType(vec![1, 2, 840, 113549, 1, 9, 1]);
        let long = "x".repeat(300);
        for (parts, expected) in [
            (&[(DnType::CommonName, "orders")][..], "CN=orders"),
            (
                &[
                    (DnType::CountryName, "DE"),
                    (DnType::OrganizationName, "Example, Inc."),
                    (DnType::CommonName, "orders"),
                ],
                "CN=orders,O=Example\\, Inc.,C=DE",
            ),
            (&[(DnType::CommonName, " #+\"<>;\\= ")], "CN=\\ #\\+\\\"\\<\\>\\;\\\\=\\ "),
            (&[(DnType::CommonName, "#1")], "CN=\\#1"),
            (&[(DnType::CommonName, "a\nb")], "CN=a\\0Ab"),
            (&[(DnType::CommonName, "Łódź")], "CN=Łódź"),
            (&[(DnType::CommonName, &long)], &format!("CN={long}")),
            (&[(custom, "a")], "1.2.840.113549.1.9.1=#0C0161"),
            (&[], ""),
        ] {
            assert_eq!(subject(parts), expected);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = text(&bytes);
            let nested = [&[SET, 0x40, SEQUENCE, 0x3E, OBJECT_IDENTIFIER][..], &bytes].concat();
            let _ = text(&nested);
        }
    }
}
