//! PEM: base64 between two lines of dashes (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A block of PEM.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let encoded = Zeroizing::new(STANDARD.encode(der));
    // Room for all of it: a key is to be in one place, where its owner can wipe it.
    let room = encoded.len() + encoded.len() / 64 + 2 * label.len() + 40;
    let mut text = String::with_capacity(room);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    for line in encoded.as_bytes().chunks(64) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}
