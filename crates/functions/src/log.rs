//! What a process prints, of which the end is kept, and all if there is a file for it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::time::sleep;

use crate::limits::LOG_TAIL_BYTES_MAX;
use crate::log_files::Printed;

/// Bytes that are read in one go, so that a process that prints without end does not keep who
/// waits for the end of what it printed.
const TAKEN_BYTES_MAX: usize = 1024 * 1024;

/// The rest that such a process is made to take after that many bytes: it writes into a full pipe.
const PAUSE: Duration = Duration::from_millis(5);

/// The pipe that is a process's standard output and standard error, and the end of what came
/// through it.
pub(crate) struct Log {
    pipe: pipe::Receiver,
    state: Mutex<State>,
}

/// What is kept of it.
struct State {
    tail: Tail,
    /// Where all of it goes, if it goes anywhere.
    printed: Option<Printed>,
}

impl State {
    fn push(&mut self, bytes: &[u8]) {
        self.tail.push(bytes);
        if let Some(printed) = &mut self.printed {
            printed.push(bytes);
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Log {
    /// The log that comes through a pipe, and goes on to a file if there is one.
    pub(crate) fn new(pipe: OwnedFd, printed: Option<Printed>) -> io::Result<Self> {
        let state = Mutex::new(State { tail: Tail::default(), printed });
        Ok(Self { pipe: pipe::Receiver::from_owned_fd(pipe)?, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until nobody can write any more. The process has to be read all the time, or it waits
    /// for us.
    pub(crate) async fn follow(&self) {
        let mut taken = 0;
        while self.pipe.readable().await.is_ok() {
            match self.read_some() {
                Ok(0) => return,
                Ok(read) => taken += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            if taken >= TAKEN_BYTES_MAX {
                taken = 0;
                sleep(PAUSE).await;
            }
        }
    }

    fn read_some(&self) -> io::Result<usize> {
        let mut state = self.state();
        let mut buffer = [0; 8192];
        let read = self.pipe.try_read(&mut buffer)?;
        state.push(&buffer[..read]);
        Ok(read)
    }

    /// Reads what has been printed until now. Asks the system, not the runtime, which may not know
    /// yet that there is something.
    fn take(&self, state: &mut State) {
        let mut buffer = [0; 8192];
        let mut taken = 0;
        while taken < TAKEN_BYTES_MAX {
            match rustix::io::read(&self.pipe, &mut buffer[..]) {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    state.push(&buffer[..read]);
                    taken += read;
                }
            }
        }
    }

    /// Adds a line of the host, after what has been printed until now.
    pub(crate) fn line(&self, line: &str) {
        let mut state = self.state();
        self.take(&mut state);
        state.push(line.as_bytes());
        state.push(b"\n");
    }

    /// Forgets what has been printed until now. A file keeps it.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        self.take(&mut state);
        state.tail.bytes.clear();
    }

    /// The last [`LOG_TAIL_BYTES_MAX`] bytes, with `lines` at their end, whatever is printed
    /// meanwhile. Nothing of it is kept.
    pub(crate) fn end(&self, lines: &str) -> Vec<u8> {
        let mut state = self.state();
        self.take(&mut state);
        state.push(lines.as_bytes());
        state.tail.take()
    }
}

/// The last bytes of a log.
#[derive(Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
}

impl Tail {
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes).into()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES_MAX)..];
        let over = (self.bytes.len() + bytes.len()).saturating_sub(LOG_TAIL_BYTES_MAX);
        self.bytes.drain(..over);
        self.bytes.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[tokio::test]
    async fn the_end_is_kept_in_order() {
        let (reader, mut writer) = io::pipe().unwrap();
        let log = Log::new(reader.into(), None).unwrap();
        writer.write_all(b"before\n").unwrap();
        log.clear();
        log.line("START");
        writer.write_all(b"printed\n").unwrap();
        assert_eq!(log.end("END\n"), b"START\nprinted\nEND\n");
        assert_eq!(log.end(""), b"");

        writer.write_all(&[b'x'; 10_000]).unwrap();
        let tail = log.end("END\n");
        assert_eq!(tail.len(), LOG_TAIL_BYTES_MAX);
        assert!(tail.ends_with(b"xxEND\n"));
    }
}
