//! Answers that leave piece by piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::activity::UnderWay;

/// Bytes that are handed over at once: a frame's, unless a client asks for larger ones.
const PIECE_BYTES: usize = 16 << 10;

/// An answer's body. A piece leaves when the client has room for it, so what the client does not
/// read stays here, where it is seen.
pub(super) struct PacedBody {
    rest: Bytes,
    under_way: UnderWay,
    _place: Option<OwnedSemaphorePermit>,
}

impl PacedBody {
    pub(super) fn new(
        bytes: Bytes,
        mut under_way: UnderWay,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        under_way.moved();
        Self { rest: bytes, under_way, _place: place }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        self.under_way.moved();
        let bytes = PIECE_BYTES.min(self.rest.len());
        let piece = self.rest.split_to(bytes);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
