//! A socket that gives up on a peer that does not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Passes everything through, and fails a write with [`io::ErrorKind::TimedOut`] once the peer has
/// taken no byte for `write_timeout`. Otherwise a client that stops reading would keep its answer
/// in memory for as long as it likes.
pub(crate) struct PatientStream<S> {
    inner: S,
    write_timeout: Duration,
    // Made when a write first has to wait, and kept: most connections never need it.
    deadline: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    has_given_up: bool,
}

impl<S> PatientStream<S> {
    pub(crate) fn new(inner: S, write_timeout: Duration) -> Self {
        Self { inner, write_timeout, deadline: None, waiting: false, has_given_up: false }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Whether the peer left something unread for too long.
    pub(crate) fn has_given_up(&self) -> bool {
        self.has_given_up
    }

    /// Turns a write that has to wait into an error when it has waited too long.
    fn bound<T>(
        &mut self,
        context: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.waiting = false;
            return progress;
        }
        let timeout = self.write_timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if !self.waiting {
            self.waiting = true;
            deadline.as_mut().reset(Instant::now() + timeout);
        }
        ready!(deadline.as_mut().poll(context));
        self.has_given_up = true;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.bound(context, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.bound(context, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_flush(context);
        self.bound(context, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_given_up() {
        let (near, _far) = duplex(8);
        let mut stream = PatientStream::new(near, TIMEOUT);
        let error = stream.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(stream.has_given_up());
    }

    #[tokio::test(start_paused = true)]
    async fn each_byte_taken_starts_the_time_anew() {
        let (near, mut far) = duplex(8);
        let mut stream = PatientStream::new(near, TIMEOUT);
        let reader = tokio::spawn(async move {
            let mut byte = [0; 1];
            for _ in 0..8 {
                sleep(TIMEOUT - Duration::from_secs(1)).await;
                far.read_exact(&mut byte).await.unwrap();
            }
            far
        });
        stream.write_all(&[0; 16]).await.unwrap();
        reader.await.unwrap();
    }
}
