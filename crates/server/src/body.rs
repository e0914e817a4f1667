//! Reading bodies without taking more memory than there is.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::config::Limits;

/// The memory that bodies share.
///
/// A request's share grows with what has come of its body, and is kept until the request is
/// answered: an announced length takes nothing. A share is at most [`STEP_BYTES`], or twice what
/// has come, and there is no share before the first bytes.
///
/// Bodies that all wait for memory that the others have would wait for ever. So one of them at a
/// time may go on beyond what there is, to its end: that is what [`Bodies::last_resort`] is for.
pub(crate) struct Bodies {
    shares: Arc<Semaphore>,
    /// Memory for the rest of one body, on top of what all share.
    last_resort: Arc<Mutex<()>>,
    bytes_max: u32,
    timeout: Duration,
}

/// A request's body and its share of the memory.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    /// To be held for as long as the bytes are.
    pub(crate) share: Share,
}

/// The memory that a body may take.
#[derive(Debug, Default)]
pub(crate) struct Share {
    permit: Option<OwnedSemaphorePermit>,
    last_resort: Option<OwnedMutexGuard<()>>,
}

/// Why a body could not be read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum BodyError {
    /// It is longer than a body may be. Nothing beyond that was read.
    TooLarge,
    /// Other requests' bodies take all the memory.
    NoRoom,
    /// The client did not send it in time.
    TooSlow,
    /// The client broke off, or broke the rules of the chunked encoding.
    Incomplete,
}

/// The least by which a share grows, if the body may be as long as that. More than most bodies have.
const STEP_BYTES: usize = 64 << 10;

/// How long the next [`STEP_BYTES`] may take, of a body that has had as many already: memory is not
/// for those who do not send.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

impl Bodies {
    pub(crate) fn new(limits: &Limits) -> Self {
        // A usize has at least the 32 bits of the bound on every platform with tokio's networking.
        let shares = Semaphore::new(limits.bodies_bytes_max as usize);
        Self {
            shares: Arc::new(shares),
            last_resort: Arc::default(),
            bytes_max: limits.body_bytes_max,
            timeout: limits.body_timeout,
        }
    }

    /// Whether a body is short enough to be read whoever sends it.
    pub(crate) fn is_short<B: HttpBody>(body: &B) -> bool {
        body.size_hint().upper().is_some_and(|bytes| bytes <= STEP_BYTES as u64)
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// [`BodyError`]
    #[cfg(test)]
    pub(crate) async fn read<B>(&self, body: B) -> Result<Body, BodyError>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        self.read_more(body, 0).await
    }

    /// Reads a body to its end. It may be as long as configured, or as `bytes_max` if that is more.
    ///
    /// A length that is announced and too large is refused before the client is told to go on
    /// (`Expect: 100-continue`).
    pub(crate) async fn read_more<B>(&self, mut body: B, bytes_max: u32) -> Result<Body, BodyError>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        if body.is_end_stream() {
            return Ok(Body { bytes: Bytes::new(), share: Share::default() });
        }
        let most = self.bytes_max.max(bytes_max);
        let bytes_max = match body.size_hint().upper() {
            Some(announced) => match u32::try_from(announced) {
                Ok(announced) if announced <= most => announced as usize,
                _ => return Err(BodyError::TooLarge),
            },
            None => most as usize,
        };
        let deadline = Instant::now() + self.timeout;
        let first = next(&mut body, deadline).await?.unwrap_or_default();
        let mut share = Share::default();
        if body.is_end_stream() && first.len() <= bytes_max {
            // It came in one piece, and is not copied.
            self.grow(&mut share, first.len(), deadline).await?;
            return Ok(Body { bytes: first, share });
        }
        let bytes = self.collect(first, &mut body, bytes_max, &mut share, deadline).await?;
        share.shrink_to(bytes.len());
        Ok(Body { bytes, share })
    }

    /// Gathers a body of at most `bytes_max` bytes.
    async fn collect<B>(
        &self,
        first: Bytes,
        body: &mut B,
        bytes_max: usize,
        share: &mut Share,
        deadline: Instant,
    ) -> Result<Bytes, BodyError>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        let (mut bytes, mut held) = (BytesMut::new(), 0);
        // When the next step has to be full, and how full that is.
        let (mut step_deadline, mut step_end) = (deadline, STEP_BYTES);
        let mut piece = Some(first);
        while let Some(came) = piece {
            let length = bytes.len() + came.len();
            if length > bytes_max {
                return Err(BodyError::TooLarge);
            }
            let mut is_step = length >= step_end;
            if length > held {
                let wanted = length.max(2 * held).max(STEP_BYTES).min(bytes_max);
                self.grow(share, wanted - held, deadline).await?;
                // How long that took is not the client's fault.
                is_step |= held > 0;
                held = wanted;
                bytes.reserve(held - bytes.len());
            }
            bytes.extend_from_slice(&came);
            drop(came);
            if is_step {
                step_deadline = deadline.min(Instant::now() + STEP_TIMEOUT);
                step_end = length + STEP_BYTES;
            }
            piece = next(body, step_deadline).await?;
        }
        Ok(bytes.freeze())
    }

    /// Makes a share larger, and waits for that until the deadline.
    async fn grow(
        &self,
        share: &mut Share,
        bytes: usize,
        deadline: Instant,
    ) -> Result<(), BodyError> {
        if share.last_resort.is_some() {
            return Ok(());
        }
        // It is no more than a body may have, and that is 32 bits.
        let bytes = u32::try_from(bytes).map_err(|_| BodyError::TooLarge)?;
        tokio::select! {
            biased;
            more = Arc::clone(&self.shares).acquire_many_owned(bytes) => {
                let more = more.expect("the semaphore is never closed");
                match &mut share.permit {
                    Some(permit) => permit.merge(more),
                    None => share.permit = Some(more),
                }
            }
            // Whoever has nothing yet holds up nobody, and waits.
            turn = Arc::clone(&self.last_resort).lock_owned(), if share.permit.is_some() => {
                share.last_resort = Some(turn);
            }
            () = sleep_until(deadline) => return Err(BodyError::NoRoom),
        }
        Ok(())
    }
}

impl Share {
    /// Gives back what is not needed after all.
    fn shrink_to(&mut self, bytes: usize) {
        if let Some(permit) = &mut self.permit {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
    }
}

/// The next piece of data, if it comes in time; trailers are passed over.
async fn next<B>(body: &mut B, deadline: Instant) -> Result<Option<Bytes>, BodyError>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    while let Some(frame) =
        timeout_at(deadline, body.frame()).await.map_err(|_| BodyError::TooSlow)?
    {
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
        Wait,
    }

    fn chunked(steps: &[Step]) -> Chunked {
        Chunked(steps.iter().copied().collect())
    }

    impl HttpBody for Chunked {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            match self.0.front() {
                Some(Step::Stall) => return Poll::Pending,
                Some(Step::Wait) => {
                    self.0.pop_front();
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                _ => {}
            }
            Poll::Ready(self.0.pop_front().map(|step| match step {
                Step::Piece(piece) => Ok(Frame::data(Bytes::from_static(piece))),
                Step::Error | Step::Stall | Step::Wait => Err(io::ErrorKind::InvalidData.into()),
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

    const HALF_STEP: &[u8] = &[7; STEP_BYTES / 2];

    /// So many halves of a step, and then nothing more.
    fn halves(number: usize) -> Chunked {
        let mut steps = vec![Step::Piece(HALF_STEP); number];
        steps.push(Step::Stall);
        chunked(&steps)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_takes_no_memory_before_it_comes() {
        let bytes_max = 16 * STEP_BYTES;
        let bodies = bodies(bytes_max as u32, bytes_max as u32);
        for (body, share) in [
            (chunked(&[Step::Stall]), 0),
            (chunked(&[Step::Piece(b"a"), Step::Stall]), STEP_BYTES),
            (halves(3), 2 * STEP_BYTES),
            (halves(5), 4 * STEP_BYTES),
        ] {
            let reading = bodies.read(Announced { length: bytes_max as u64, body });
            let mut reading = std::pin::pin!(reading);
            assert!(futures_poll(reading.as_mut()).await.is_none());
            assert_eq!(bytes_max - bodies.shares.available_permits(), share);
            assert_eq!(reading.await.unwrap_err(), BodyError::TooSlow);
        }
        assert_eq!(bodies.shares.available_permits(), bytes_max);
    }

    /// The clock is tokio's, which moves when there is nothing else to do.
    #[tokio::test(start_paused = true)]
    async fn who_has_memory_and_stops_to_send_is_given_up_before_others() {
        let bytes_max = 16 * STEP_BYTES as u32;
        let bodies = bodies(bytes_max, bytes_max);
        for (body, seconds) in [
            (chunked(&[Step::Piece(b"a"), Step::Stall]), 60),
            (halves(1), 60),
            (halves(2), 10),
            (halves(9), 10),
        ] {
            let began_at = Instant::now();
            assert_eq!(bodies.read(body).await.unwrap_err(), BodyError::TooSlow);
            assert_eq!(began_at.elapsed().as_secs(), seconds);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_wait_for_one_another_all_come_to_their_end() {
        let bytes_max = 8 * STEP_BYTES;
        let bodies = Arc::new(bodies(bytes_max as u32, bytes_max as u32));
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let bodies = Arc::clone(&bodies);
                // In turns, so that each has a part before any has all.
                let body = chunked(&[Step::Piece(HALF_STEP), Step::Wait].repeat(16));
                // Answered at once: the memory is free again.
                tokio::spawn(async move { bodies.read(body).await.map(|body| body.bytes.len()) })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.await.unwrap(), Ok(bytes_max));
        }
        assert_eq!(bodies.shares.available_permits(), bytes_max);
    }

    /// What a future has come to, when it is looked at once.
    async fn futures_poll<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// A body of a length that was announced.
    struct Announced {
        length: u64,
        body: Chunked,
    }

    impl HttpBody for Announced {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Pin::new(&mut self.body).poll_frame(context)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.length)
        }
    }
}
