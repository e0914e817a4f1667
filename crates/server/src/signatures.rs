//! Envelopes with their signatures.

use std::sync::Arc;

use tidings_aws::sns::{Rendering, Signature};
use tidings_couriers::signing::{FolderError, KeyError, Signer, SigningKey};
use tokio::task::JoinError;

/// Why a message has no signature.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsigned {
    /// There is no key.
    #[error(transparent)]
    NoKey(#[from] FolderError),
    /// The key does not work.
    #[error(transparent)]
    NotSigned(#[from] KeyError),
    /// The key was not there in time.
    #[error("the runtime is stopping")]
    Stopping(#[from] JoinError),
}

/// The key, which takes a moment to be made or read the first time.
pub(crate) async fn key(signer: &Arc<Signer>) -> Result<Arc<SigningKey>, Unsigned> {
    if let Some(key) = signer.ready() {
        return Ok(key);
    }
    let signer = Arc::clone(signer);
    Ok(tokio::task::spawn_blocking(move || signer.key()).await??)
}

/// What a subscriber gets of a message, signed if it is to be.
///
/// A signature takes a quarter of a millisecond of computing unless the same message was signed
/// lately: less than is worth a thread of its own.
pub(crate) async fn signed_body(
    signer: &Arc<Signer>,
    rendering: &Rendering<'_>,
) -> Result<String, Unsigned> {
    signed(signer, rendering, |signature| rendering.body(signature).into_owned()).await
}

/// What a function gets of a message: an event with one record, signed as an envelope is.
pub(crate) async fn signed_event(
    signer: &Arc<Signer>,
    rendering: &Rendering<'_>,
) -> Result<String, Unsigned> {
    signed(signer, rendering, |signature| rendering.event(signature)).await
}

async fn signed(
    signer: &Arc<Signer>,
    rendering: &Rendering<'_>,
    write: impl FnOnce(Option<Signature<'_>>) -> String,
) -> Result<String, Unsigned> {
    let Some(string_to_sign) = rendering.string_to_sign() else { return Ok(write(None)) };
    let key = key(signer).await?;
    let version = rendering.delivery.signature_version;
    let text = key.sign(version, string_to_sign.as_bytes())?;
    let signature = Signature { text: &text, certificate_name: key.certificate_name() };
    Ok(write(Some(signature)))
}
