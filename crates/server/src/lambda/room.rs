//! Memory of synchronous invocations: a function may take a quarter of an hour, and what requests share
//! is not for so long.
//!
//! An event has room here before it has a process, and gives back what its request had. It takes the
//! room until the function has ended, whoever waits for it. An answer takes room until its client has
//! it. How many functions run at once, and how many wait for that, is the host's business.

use std::sync::Arc;

use bytes::Bytes;
use tidings_functions::Throttle;
use tidings_lambda::{LambdaCode, LambdaFault, limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for events and for answers, in kilobytes.
pub(super) struct Room {
    events: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

/// Bytes, and the room that they take for as long as somebody has them.
struct Housed {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Housed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new(
            limits::SYNCHRONOUS_EVENTS_BYTES_MAX >> 10,
            limits::SYNCHRONOUS_ANSWERS_BYTES_MAX >> 10,
        )
    }
}

impl Room {
    fn new(events_kilobytes: usize, answers_kilobytes: usize) -> Self {
        let events = Arc::new(Semaphore::new(events_kilobytes));
        Self { events, answers: Arc::new(Semaphore::new(answers_kilobytes)) }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// TooManyRequestsException if others take all the room, or if clients have not read what all the
    /// room for answers holds: what runs already may come to one answer each beyond that.
    pub(super) fn event(&self, event: Bytes) -> Result<Bytes, LambdaFault> {
        let room = Arc::clone(&self.events).try_acquire_many_owned(kilobytes(&event));
        match room {
            Ok(room) if self.answers.available_permits() > 0 => Ok(housed(event, room)),
            _ => Err(LambdaFault {
                reason: Some(Throttle::Processes.as_str()),
                ..LambdaFault::new(LambdaCode::TooManyRequests, "Rate Exceeded.")
            }),
        }
    }

    /// Takes an answer in. There is always room: a function that has run is not run again for that.
    pub(super) fn answer(&self, answer: Bytes) -> Bytes {
        let answers = || Arc::clone(&self.answers);
        let wanted = kilobytes(&answer);
        let left = u32::try_from(self.answers.available_permits()).unwrap_or(u32::MAX);
        let room = answers().try_acquire_many_owned(wanted);
        match room.or_else(|_| answers().try_acquire_many_owned(wanted.min(left))) {
            Ok(room) => housed(answer, room),
            Err(_) => answer,
        }
    }
}

/// At least one: there is something around every event.
fn kilobytes(bytes: &Bytes) -> u32 {
    u32::try_from(bytes.len().div_ceil(1024)).unwrap_or(u32::MAX).max(1)
}

fn housed(bytes: Bytes, room: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(Housed { bytes, _room: room })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kilobytes: usize) -> Bytes {
        vec![b'x'; kilobytes << 10].into()
    }

    #[test]
    fn events_have_so_much_room_as_long_as_somebody_has_them() {
        let room = Room::new(8, 8);
        let large = room.event(bytes(6)).unwrap();
        let fault = room.event(bytes(3)).unwrap_err();
        assert_eq!(
            (fault.code.status(), fault.reason),
            (429, Some("ConcurrentInvocationLimitExceeded"))
        );
        let small = [room.event(Bytes::new()).unwrap(), room.event(bytes(1)).unwrap()];
        assert!(room.event(Bytes::new()).is_err(), "the smallest one takes some, too");
        let part = large.slice(..1);
        drop((large, small));
        assert!(room.event(bytes(3)).is_err());
        drop(part);
        assert_eq!(room.event(bytes(8)).unwrap().len(), 8 << 10);
    }

    #[test]
    fn nothing_begins_while_answers_that_nobody_reads_take_all_the_room() {
        let room = Room::new(8, 8);
        let unread = room.answer(bytes(6));
        let event = room.event(bytes(1)).unwrap();
        // What has run is answered.
        let beyond = [room.answer(bytes(6)), room.answer(bytes(6))];
        assert!(beyond.iter().all(|answer| answer.len() == 6 << 10));
        assert_eq!(room.event(bytes(1)).unwrap_err().code.status(), 429);
        drop(unread);
        assert!(room.event(bytes(1)).is_ok());
        drop((event, beyond));
        assert_eq!(room.answers.available_permits(), 8);
        assert_eq!(room.events.available_permits(), 8);
    }
}
