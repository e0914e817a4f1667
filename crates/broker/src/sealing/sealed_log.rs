//! A log whose batches are sealed.
//!
//! ```text
//!   payload in the log below := the records' ciphertext, salt of the tenure: 16, tag: 16
//! ```
//!
//! An empty payload stays empty: a claim has nothing to hide. A record's position is that of its
//! ciphertext, byte by byte, so nobody else has to know that there is a key.

use std::sync::Arc;

use tidings_log::{
    AppendError, EachBatch, Epoch, Layout, Log, LogFault, Position, ReadError, Reader, ReplayError,
    Space,
};
use tidings_seal::Stream;

use super::tenures::{NotSealed, Salt, TRAILER_BYTES, Tenures};

/// Seals what is appended to the log below, and opens what is read.
pub(crate) struct SealedLog {
    below: Box<dyn Log>,
    tenures: Arc<Tenures>,
    salt: Salt,
    stream: Arc<Stream>,
    /// The batch being sealed, kept for its memory.
    buffer: Vec<u8>,
}

impl SealedLog {
    /// Seals from now on. `salt` must be random, and new each time a log is opened.
    pub(crate) fn new(below: Box<dyn Log>, tenures: Arc<Tenures>, salt: Salt) -> Self {
        let stream = tenures.stream(below.epoch(), salt);
        Self { below, tenures, salt, stream, buffer: Vec::new() }
    }
}

impl Log for SealedLog {
    fn layout(&self) -> Layout {
        let (below, trailer_bytes) = (self.below.layout(), TRAILER_BYTES as u64);
        let batch_bytes_max = below.batch_bytes_max.saturating_sub(trailer_bytes);
        Layout { batch_bytes_max, trailer_bytes, ..below }
    }

    fn next_position(&self) -> Position {
        self.below.next_position()
    }

    fn epoch(&self) -> Epoch {
        self.below.epoch()
    }

    fn append(
        &mut self,
        expected: Position,
        epoch: Epoch,
        payload: &[u8],
    ) -> Result<Position, AppendError> {
        let (next, current) = (self.next_position(), self.epoch());
        // Not left to the log below: sealed for another place, it would be sealed wrongly.
        if expected != next || epoch != current {
            return Err(AppendError::Fenced { expected, epoch, next, current });
        }
        let (len, max) = (payload.len() as u64, self.layout().batch_bytes_max);
        if len > max {
            return Err(AppendError::TooLong { len, max });
        }
        if payload.is_empty() {
            return self.below.append(expected, epoch, payload);
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(payload);
        let tag = self.stream.seal(expected.0, &mut self.buffer);
        self.buffer.extend_from_slice(&self.salt);
        self.buffer.extend_from_slice(&tag);
        // Before anybody can see the batch.
        self.tenures.note(expected, epoch, self.salt, &self.stream);
        self.below.append(expected, epoch, &self.buffer)
    }

    fn trim(&mut self, before: Position) -> Result<(), LogFault> {
        self.below.trim(before)?;
        self.tenures.forget_before(before);
        Ok(())
    }

    fn space(&mut self) -> Space {
        self.below.space()
    }

    fn reader(&self) -> Arc<dyn Reader> {
        let (below, tenures) = (self.below.reader(), Arc::clone(&self.tenures));
        Arc::new(SealedReader { below, tenures })
    }
}

struct SealedReader {
    below: Arc<dyn Reader>,
    tenures: Arc<Tenures>,
}

impl SealedReader {
    fn open_piece(&self, position: Position, mut piece: Vec<u8>) -> Result<Vec<u8>, ReadError> {
        let len = piece.len();
        match self.tenures.read_piece(position, &mut piece) {
            true => Ok(piece),
            false => Err(ReadError::NotWritten { position, len }),
        }
    }
}

impl Reader for SealedReader {
    fn read(&self, position: Position, len: usize) -> Result<Vec<u8>, ReadError> {
        self.open_piece(position, self.below.read(position, len)?)
    }

    fn read_cached(&self, position: Position, len: usize) -> Option<Result<Vec<u8>, ReadError>> {
        let read = self.below.read_cached(position, len)?;
        Some(read.and_then(|piece| self.open_piece(position, piece)))
    }

    fn replay(&self, from: Position, each: &mut EachBatch<'_>) -> Result<Position, ReplayError> {
        let mut records = Vec::new();
        self.below.replay(from, &mut |start, epoch, payload| {
            if payload.is_empty() {
                return each(start, epoch, payload);
            }
            // What was written before sealing began is in a sealed snapshot, and is not believed
            // here.
            if start < self.tenures.sealed_from {
                return Err(NotSealed(start).into());
            }
            self.tenures.open(start, epoch, payload, &mut records)?;
            each(start, epoch, &records)
        })
    }
}
