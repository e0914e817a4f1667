//! A session on a connection: what comes is handed in, what is to go out is written.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::{Instant, sleep_until, timeout};

use super::frame::Frame;
use super::notice::Kept;
use super::session::{End, Session};
use super::submission::Submission;

/// How long the last octets of a session may take to be written.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Octets that are read at once.
const READ_BYTES: usize = 8 * 1024;

/// Runs a session to its end. `on_bound` is called once if the gateway takes us. When `stop` is
/// done, the session leaves.
pub(super) async fn run<S: AsyncRead + AsyncWrite>(
    stream: S,
    mut session: Session,
    parts: &mut Receiver<Submission>,
    mut kept: UnboundedReceiver<Kept>,
    on_bound: impl FnOnce(),
    stop: impl Future<Output = ()>,
) -> End {
    let (mut reader, mut writer) = split(stream);
    let mut stop = pin!(stop);
    let mut is_stopped = false;
    let mut is_unflushed = false;
    let mut on_bound = Some(on_bound);
    let mut input = BytesMut::new();
    while session.end().is_none() {
        let wakes_at = session.wakes_at();
        let (reads, writes) = (session.wants_input(), session.has_output() || is_unflushed);
        let takes_parts = session.has_room();
        // Every branch can be dropped and made again without losing anything.
        tokio::select! {
            read = read(&mut reader, &mut input), if reads => match read {
                Ok(0) => session.lose("it closed the connection".into()),
                Ok(_) => receive(&mut session, &mut input),
                Err(error) => session.lose(error.to_string()),
            },
            written = write(&mut writer, session.out(), &mut is_unflushed), if writes => {
                if let Err(error) = written {
                    session.lose(error.to_string());
                }
            }
            part = parts.recv(), if takes_parts => match part {
                Some(part) => session.submit(part, Instant::now()),
                // There is nobody left to send anything.
                None => session.leave(Instant::now()),
            },
            Some(kept) = kept.recv() => session.answer_event(kept),
            () = sleep_until(wakes_at) => session.time_passes(Instant::now()),
            () = &mut stop, if !is_stopped => {
                is_stopped = true;
                session.leave(Instant::now());
            }
        }
        // All of them: a gateway that tells much must not be ahead of its answers.
        while let Ok(kept) = kept.try_recv() {
            session.answer_event(kept);
        }
        if session.is_bound()
            && let Some(on_bound) = on_bound.take()
        {
            on_bound();
        }
    }
    let last_words = async {
        let _ = writer.write_all_buf(session.out()).await;
        let _ = writer.shutdown().await;
    };
    // Whoever does not listen does not get them.
    let _ = timeout(LAST_WORDS, last_words).await;
    // Whatever ends it after that, it is what we wanted.
    session.end().filter(|_| !is_stopped).cloned().unwrap_or(End::Left)
}

async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    input: &mut BytesMut,
) -> std::io::Result<usize> {
    input.reserve(READ_BYTES);
    reader.read_buf(input).await
}

/// Writes some, and sees it off once there is no more: TLS may hold the end of it back until then.
/// Dropped in between, it goes on where it was.
async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    out: &mut BytesMut,
    is_unflushed: &mut bool,
) -> std::io::Result<()> {
    while !out.is_empty() {
        *is_unflushed = true;
        writer.write_buf(out).await?;
    }
    writer.flush().await?;
    *is_unflushed = false;
    Ok(())
}

fn receive(session: &mut Session, input: &mut BytesMut) {
    while session.end().is_none() {
        match Frame::take(input) {
            Ok(Some(frame)) => session.receive(frame, Instant::now()),
            Ok(None) => return,
            Err(length) => return session.receive_garbage(length),
        }
    }
}
