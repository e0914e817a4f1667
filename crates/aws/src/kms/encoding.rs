//! How KMS writes bytes and instants in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// Bytes, as base64.
pub(super) fn blob<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

/// Bytes that may be absent.
pub(super) fn optional_blob<S: Serializer>(
    bytes: &Option<zeroize::Zeroizing<Vec<u8>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| STANDARD.encode(&**bytes)).serialize(serializer)
}

/// Milliseconds since 1970, as seconds with a fraction.
pub(super) fn seconds<S: Serializer>(ms: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    // Exact to the millisecond for the next 200,000 years.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let seconds = *ms as f64 / 1000.0;
    serializer.serialize_f64(seconds)
}

/// An instant that may be absent.
pub(super) fn optional_seconds<S: Serializer>(
    ms: &Option<u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match ms {
        Some(ms) => seconds(ms, serializer),
        None => serializer.serialize_none(),
    }
}
