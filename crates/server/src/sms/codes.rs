//! Codes that verify a number of the sandbox.

/// The name of the direct outbox that codes wait in: beside that of Publish, whose messages only
/// verified numbers get.
pub(crate) const CODES: &str = "codes";

/// A code of six digits.
pub(crate) fn new_code(random: [u8; 8]) -> String {
    format!("{:06}", u64::from_le_bytes(random) % 1_000_000)
}
