//! Reading a header from a connection, and nothing beyond it.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::header::{Header, HeaderFault, PREFIX_BYTES, total_bytes};

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// What came is none.
    #[error("the PROXY header cannot be used: {0}")]
    Bad(#[from] HeaderFault),
    /// The connection ended first.
    #[error("the connection ended before its PROXY header: {0}")]
    Io(#[from] io::Error),
}

/// Reads the header. Nothing is kept that is longer than a header may be; how long it may take is
/// the caller's business.
///
/// # Errors
/// What comes first is no header, or does not come.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Header, ReadError> {
    let mut prefix = [0; PREFIX_BYTES];
    stream.read_exact(&mut prefix).await?;
    let mut header = prefix.to_vec();
    header.resize(total_bytes(&prefix)?, 0);
    stream.read_exact(&mut header[PREFIX_BYTES..]).await?;
    Ok(Header::parse(&header)?)
}
