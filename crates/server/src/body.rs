//! Reading bodies without taking more memory than there is.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::config::Limits;

/// The memory that bodies share.
///
/// A request takes its share before the first byte of its body is read, and keeps it until it is
/// answered. Shares are given in the order of asking, so a large body is not passed by small ones
/// for ever.
pub(crate) struct Bodies {
    shares: Arc<Semaphore>,
    bytes_max: u32,
    timeout: Duration,
}

/// A request's body and its share of the memory.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    // Held for as long as the bytes are.
    _share: Option<OwnedSemaphorePermit>,
}

/// Why a body could not be read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum BodyError {
    /// It is longer than a body may be. Nothing beyond that was read.
    TooLarge,
    /// Other requests' bodies take all the memory. None of this one was read.
    NoRoom,
    /// The client did not send it in time.
    TooSlow,
    /// The client broke off, or broke the rules of the chunked encoding.
    Incomplete,
}

impl Bodies {
    pub(crate) fn new(limits: &Limits) -> Self {
        // A usize has at least the 32 bits of the bound on every platform with tokio's networking.
        let shares = Semaphore::new(limits.bodies_bytes_max as usize);
        Self {
            shares: Arc::new(shares),
            bytes_max: limits.body_bytes_max,
            timeout: limits.body_timeout,
        }
    }

    /// Reads a body to its end.
    ///
    /// A length that is announced and too large is refused before the client is told to go on
    /// (`Expect: 100-continue`); without one the share is that of the largest body, until the end
    /// shows how long the body is.
    pub(crate) async fn read<B>(&self, body: B) -> Result<Body, BodyError>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        if body.is_end_stream() {
            return Ok(Body { bytes: Bytes::new(), _share: None });
        }
        let bytes_max = match body.size_hint().upper() {
            Some(announced) => match u32::try_from(announced) {
                Ok(announced) if announced <= self.bytes_max => announced,
                _ => return Err(BodyError::TooLarge),
            },
            None => self.bytes_max,
        };
        let deadline = Instant::now() + self.timeout;
        let share = Arc::clone(&self.shares).acquire_many_owned(bytes_max);
        let share = timeout_at(deadline, share).await.map_err(|_| BodyError::NoRoom)?;
        let mut share = share.expect("the semaphore is never closed");
        let bytes = timeout_at(deadline, collect(body, bytes_max as usize))
            .await
            .map_err(|_| BodyError::TooSlow)??;
        drop(share.split(bytes_max as usize - bytes.len()));
        Ok(Body { bytes, _share: Some(share) })
    }
}

/// Gathers a body of at most `bytes_max` bytes. One that comes in one piece is not copied.
async fn collect<B>(mut body: B, bytes_max: usize) -> Result<Bytes, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > bytes_max {
        return Err(BodyError::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let announced = body.size_hint().exact().map_or(0, |rest| first.len() as u64 + rest);
    let capacity = usize::try_from(announced).unwrap_or(0).min(bytes_max);
    let mut bytes = BytesMut::with_capacity(capacity);
    bytes.extend_from_slice(&first);
    drop(first);
    while let Some(piece) = next(&mut body).await? {
        if bytes.len() + piece.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

/// The next piece of data; trailers are passed over.
async fn next<B>(body: &mut B) -> Result<Option<Bytes>, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::{Frame, SizeHint};

    use super::*;

    fn bodies(body_bytes_max: u32, bodies_bytes_max: u32) -> Bodies {
        Bodies::new(&Limits { body_bytes_max, bodies_bytes_max, ..Limits::default() })
    }

    fn announced(bytes: &'static [u8]) -> Full<Bytes> {
        Full::new(Bytes::from_static(bytes))
    }

    /// A body of unknown length: these pieces, then the end, an error, or nothing more.
    struct Chunked(VecDeque<Step>);

    #[derive(Copy, Clone)]
    enum Step {
        Piece(&'static [u8]),
        Error,
        Stall,
    }

    fn chunked(steps: &[Step]) -> Chunked {
        Chunked(steps.iter().copied().collect())
    }

    impl HttpBody for Chunked {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            if let Some(Step::Stall) = self.0.front() {
                return Poll::Pending;
            }
            Poll::Ready(self.0.pop_front().map(|step| match step {
                Step::Piece(piece) => Ok(Frame::data(Bytes::from_static(piece))),
                Step::Error | Step::Stall => Err(io::ErrorKind::InvalidData.into()),
            }))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }

    #[tokio::test]
    async fn a_body_of_the_longest_length_is_read_and_one_byte_more_is_not() {
        use Step::Piece;
        let bodies = bodies(4, 8);
        assert_eq!(bodies.read(announced(b"abcd")).await.unwrap().bytes, "abcd");
        assert_eq!(bodies.read(announced(b"")).await.unwrap().bytes, "");
        let pieces = chunked(&[Piece(b"ab"), Piece(b""), Piece(b"cd")]);
        assert_eq!(bodies.read(pieces).await.unwrap().bytes, "abcd");

        let too_large = [
            bodies.read(announced(b"abcde")).await,
            bodies.read(chunked(&[Piece(b"abcde")])).await,
            bodies.read(chunked(&[Piece(b"abcd"), Piece(b"e")])).await,
        ];
        for result in too_large {
            assert_eq!(result.unwrap_err(), BodyError::TooLarge);
        }
        assert_eq!(bodies.shares.available_permits(), 8, "every share is given back");
    }

    #[tokio::test]
    async fn a_share_is_the_bodys_length_and_kept_with_it() {
        let bodies = bodies(4, 8);
        let one = bodies.read(announced(b"abc")).await.unwrap();
        assert_eq!(bodies.shares.available_permits(), 5);
        let two = bodies.read(chunked(&[Step::Piece(b"d")])).await.unwrap();
        assert_eq!(bodies.shares.available_permits(), 4);
        drop((one, two));
        assert_eq!(bodies.shares.available_permits(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn without_room_or_without_end_a_body_is_given_up() {
        let bodies = bodies(4, 6);
        let stalled = bodies.read(chunked(&[Step::Piece(b"a"), Step::Stall])).await;
        assert_eq!(stalled.unwrap_err(), BodyError::TooSlow);
        let broken = bodies.read(chunked(&[Step::Piece(b"a"), Step::Error])).await;
        assert_eq!(broken.unwrap_err(), BodyError::Incomplete);

        let held = bodies.read(announced(b"abcd")).await.unwrap();
        let refused = bodies.read(announced(b"abc")).await;
        assert_eq!(refused.unwrap_err(), BodyError::NoRoom);
        drop(held);
        assert_eq!(bodies.read(announced(b"abc")).await.unwrap().bytes, "abc");
    }
}
