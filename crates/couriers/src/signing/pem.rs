//! PEM: base64 between two lines of dashes (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A block of PEM.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first certificate in a text: the one that the others, if any, stand for.
pub(super) fn first_certificate(text: &str) -> Result<CertificateDer<'static>, pem::Error> {
    CertificateDer::from_pem_slice(text.as_bytes())
}

/// The private key in a text, in any of the usual forms.
pub(super) fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, pem::Error> {
    PrivateKeyDer::from_pem_slice(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_reads_back() {
        let der: Vec<u8> = (0..=200).collect();
        let text = encode("CERTIFICATE", &der);
        assert_eq!(first_certificate(&text).unwrap().as_ref(), der);
        assert!(text.lines().all(|line| line.len() <= 64));
    }
}
