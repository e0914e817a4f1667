//! Envelopes with their signatures.

use std::borrow::Cow;
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
    let Some(string_to_sign) = rendering.string_to_sign() else {
        return Ok(rendering.body(None).into_owned());
    };
    let key = key(signer).await?;
    let version = rendering.delivery.signature_version;
    let text = key.sign(version, string_to_sign.as_bytes())?;
    let signature = Signature { text: &text, certificate_name: key.certificate_name() };
    Ok(match rendering.body(Some(signature)) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    })
}
