//! A stream that comes back.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that is lent out, and is given back when the borrower is dropped.
///
/// Layers above a socket (TLS, HTTP/2) close it by dropping it, and do not let go of it before.
pub(crate) struct LentStream<S: Unpin> {
    // `None` only while it is dropped.
    stream: Option<S>,
    back: Arc<Mutex<Option<S>>>,
}

/// Where a stream that was lent comes back.
pub(crate) struct Lender<S>(Arc<Mutex<Option<S>>>);

impl<S: Unpin> LentStream<S> {
    pub(crate) fn new(stream: S) -> (Self, Lender<S>) {
        let back = Arc::new(Mutex::new(None));
        (Self { stream: Some(stream), back: Arc::clone(&back) }, Lender(back))
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(stream))
    }
}

impl<S> Lender<S> {
    /// The stream, once whoever had it has been dropped.
    pub(crate) fn take(self) -> Option<S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<S: Unpin> Drop for LentStream<S> {
    fn drop(&mut self) {
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = self.stream.take();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LentStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LentStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_was_lent_comes_back_and_goes_on() {
        let (near, mut far) = duplex(8);
        let (mut lent, lender) = LentStream::new(near);
        lent.write_all(b"one").await.unwrap();
        drop(lent);
        let mut near = lender.take().unwrap();
        near.write_all(b"two").await.unwrap();
        let mut bytes = [0; 6];
        far.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"onetwo");
    }
}
