//! The tests that every log has to pass: the contract of the [crate], point by point.
//!
//! An implementation says how it is opened, and gets one test per case:
//!
//! ```text
//! mod my_log {
//!     tidings_log::contract_tests!(MySubject::new());
//! }
//! ```
//!
//! Cases fail by panicking. They need a layout with room for at least four of the longest batches
//! in a segment, and small enough to fill several segments quickly.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{AppendError, Epoch, Log, Position, ReadError, Reader, ReplayError, Space};

/// A log under test, and what outlives it.
pub trait Subject {
    /// Opens the log, for the first time or again. The log opened before has been dropped.
    fn open(&mut self) -> Box<dyn Log>;

    /// Makes the next append come back ambiguous, and its batch land or get lost. Returns whether
    /// this subject can do that; if not, cases that need it pass.
    fn make_next_append_ambiguous(&mut self, _landed: bool) -> bool {
        false
    }
}

/// Makes a `#[test]` of each case. The expression makes a new, empty [`Subject`].
#[macro_export]
macro_rules! contract_tests {
    ($subject:expr) => {
        $crate::contract_tests! { @each ($subject)
            batches_come_back_in_order
            positions_follow_the_layout
            batches_of_all_lengths_fit
            a_batch_that_is_too_long_changes_nothing
            everything_survives_reopening
            each_opening_takes_a_greater_epoch
            a_wrong_position_or_epoch_is_fenced
            parts_of_a_payload_can_be_read
            what_was_not_written_cannot_be_read
            replay_starts_where_it_is_told
            replay_stops_when_told
            trim_gives_up_a_prefix_and_nothing_else
            trim_everything_keeps_the_log_going
            a_reader_sees_what_comes_later
            reading_beside_appending_sees_whole_batches
            an_ambiguous_append_that_landed_stays
            an_ambiguous_append_that_was_lost_never_comes_back
            a_new_log_has_room
        }
    };
    (@each ($subject:expr) $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::suite::$case(&mut $subject);
            }
        )*
    };
}

/// A batch as replay shows it.
pub type Batch = (Position, Epoch, Vec<u8>);

/// All batches from `from` on, claims included, and the position after the last.
///
/// # Errors
///
/// What [`Reader::replay`] returns.
pub fn replay(reader: &dyn Reader, from: Position) -> Result<(Vec<Batch>, Position), ReplayError> {
    let mut batches = Vec::new();
    let end = reader.replay(from, &mut |start, epoch, payload| {
        batches.push((start, epoch, payload.to_vec()));
        Ok(())
    })?;
    Ok((batches, end))
}

/// A payload of that length which no other seed shares.
pub fn payload(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Appends and expects success. Returns where the payload starts.
fn append(log: &mut dyn Log, payload: &[u8]) -> Position {
    let start = log.next_position();
    log.append(start, log.epoch(), payload).expect("the append succeeds");
    start
}

/// Appends payloads of varying length until the log is in that segment. Returns all batches.
fn fill_up_to(log: &mut dyn Log, segment: u64) -> Vec<Batch> {
    let max = usize::try_from(log.layout().batch_bytes_max).expect("a batch fits into memory");
    let mut batches = Vec::new();
    while log.layout().segment_of(log.next_position()) < segment || batches.is_empty() {
        let seed = batches.len() as u64;
        let payload = payload(seed, 1 + (seed as usize * 331) % max);
        batches.push((append(log, &payload), log.epoch(), payload));
    }
    batches
}

fn without_claims(batches: Vec<Batch>) -> Vec<Batch> {
    batches.into_iter().filter(|(_, _, payload)| !payload.is_empty()).collect()
}

/// Everything that can be replayed from the layout's first position on, but for claims.
fn replay_all(log: &dyn Log) -> Vec<Batch> {
    let (batches, end) =
        replay(&*log.reader(), log.layout().first()).expect("everything can be replayed");
    assert_eq!(end, log.next_position());
    without_claims(batches)
}

/// Points 1 and 3.
pub fn batches_come_back_in_order(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let batches = fill_up_to(&mut *log, 3);
    assert_eq!(replay_all(&*log), batches);
}

/// Point 6.
pub fn positions_follow_the_layout(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let layout = log.layout();
    assert_eq!(log.next_position(), layout.after(layout.first(), 0), "after the claim");
    for len in (0..).map(|count| count * 97 % layout.batch_bytes_max) {
        let start = log.next_position();
        let payload = vec![1; usize::try_from(len).expect("small")];
        let next = log.append(start, log.epoch(), &payload).expect("append");
        assert_eq!(next, layout.after(start, len));
        assert_eq!(next, log.next_position());
        if layout.segment_of(next) == 3 {
            break;
        }
    }
}

/// The shortest and the longest.
pub fn batches_of_all_lengths_fit(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let max = usize::try_from(log.layout().batch_bytes_max).expect("small");
    let mut batches = Vec::new();
    for (seed, len) in (0..).zip([max, 1, 7, 8, 9, max, max, max - 1, max, max, max]) {
        let payload = payload(seed, len);
        batches.push((append(&mut *log, &payload), log.epoch(), payload));
    }
    assert_eq!(replay_all(&*log), batches);
    let start = append(&mut *log, &[]);
    assert_eq!(log.reader().read(start, 0).ok(), Some(Vec::new()));
}

/// Point 5.
pub fn a_batch_that_is_too_long_changes_nothing(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let start = log.next_position();
    let len = log.layout().batch_bytes_max + 1;
    let payload = vec![0; usize::try_from(len).expect("small")];
    let refused = log.append(start, log.epoch(), &payload);
    assert!(matches!(refused, Err(AppendError::TooLong { .. })), "{refused:?}");
    assert_eq!(log.next_position(), start);
    append(&mut *log, b"short");
    assert_eq!(replay_all(&*log).len(), 1);
}

/// Point 2, as far as it can be tested without cutting the power.
pub fn everything_survives_reopening(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let mut batches = fill_up_to(&mut *log, 2);
    let layout = log.layout();
    drop(log);
    for _ in 0..3 {
        let mut log = subject.open();
        assert_eq!(log.layout(), layout);
        assert_eq!(replay_all(&*log), batches);
        batches.extend(fill_up_to(&mut *log, 0));
        assert_eq!(replay_all(&*log), batches);
    }
}

/// Point 9.
pub fn each_opening_takes_a_greater_epoch(subject: &mut dyn Subject) {
    let mut epochs = Vec::new();
    for _ in 0..4 {
        let log = subject.open();
        epochs.push(log.epoch());
        let (batches, _) = replay(&*log.reader(), log.layout().first()).expect("replay");
        let claims: Vec<Epoch> = batches.iter().map(|(_, epoch, _)| *epoch).collect();
        assert_eq!(claims, epochs);
    }
    assert!(epochs.is_sorted_by(|earlier, later| earlier < later), "{epochs:?}");
}

/// Point 5.
pub fn a_wrong_position_or_epoch_is_fenced(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let (first, epoch) = (append(&mut *log, b"one"), log.epoch());
    let next = log.next_position();
    for (expected, claimed) in [
        (first, epoch),
        (Position(next.0 + 8), epoch),
        (next, Epoch(epoch.0 - 1)),
        (next, Epoch(epoch.0 + 1)),
    ] {
        let refused = log.append(expected, claimed, b"two");
        assert!(matches!(refused, Err(AppendError::Fenced { .. })), "{refused:?}");
    }
    assert_eq!(log.next_position(), next);
    append(&mut *log, b"three");
    let payloads: Vec<_> = replay_all(&*log).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(payloads, [&b"one"[..], b"three"]);
}

/// Point 7.
pub fn parts_of_a_payload_can_be_read(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let batches = fill_up_to(&mut *log, 2);
    let reader = log.reader();
    for (start, _, payload) in &batches {
        let len = payload.len();
        for (from, to) in [(0, len), (len / 2, len), (0, len / 3), (len / 4, len / 2), (len, len)] {
            let position = Position(start.0 + from as u64);
            let read = reader.read(position, to - from).expect("read");
            assert_eq!(read, payload[from..to]);
            if let Some(read) = reader.read_cached(position, to - from) {
                assert_eq!(read.expect("read"), payload[from..to]);
            }
        }
    }
}

/// Readers never see what is not acknowledged.
pub fn what_was_not_written_cannot_be_read(subject: &mut dyn Subject) {
    let mut log = subject.open();
    append(&mut *log, b"one");
    let (reader, next) = (log.reader(), log.next_position());
    for position in [next, Position(next.0 + 1000), log.layout().first_in(9), Position(u64::MAX)] {
        let read = reader.read(position, 4);
        assert!(matches!(read, Err(ReadError::NotWritten { .. })), "{position}: {read:?}");
        let read = reader.read_cached(position, 4);
        let refused = matches!(read, None | Some(Err(ReadError::NotWritten { .. })));
        assert!(refused, "{position}: {read:?}");
    }
    let beyond = replay(&*reader, Position(next.0 + 56));
    assert!(matches!(beyond, Err(ReplayError::Read(ReadError::NotWritten { .. }))), "{beyond:?}");
}

/// Replay can begin at any batch, and at the end.
pub fn replay_starts_where_it_is_told(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let batches = fill_up_to(&mut *log, 3);
    let reader = log.reader();
    for (place, (start, _, _)) in batches.iter().enumerate() {
        let (replayed, end) = replay(&*reader, *start).expect("replay");
        assert_eq!(replayed, batches[place..]);
        assert_eq!(end, log.next_position());
    }
    let nothing = replay(&*reader, log.next_position()).expect("replay");
    assert_eq!(nothing, (Vec::new(), log.next_position()));
}

/// The caller's error comes back.
pub fn replay_stops_when_told(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let batches = fill_up_to(&mut *log, 1);
    let mut calls = 0;
    let stopped = log.reader().replay(batches[0].0, &mut |_, _, _| {
        calls += 1;
        if calls == 2 { Err("enough".into()) } else { Ok(()) }
    });
    assert!(matches!(&stopped, Err(ReplayError::Stopped(why)) if why.to_string() == "enough"));
    assert_eq!(calls, 2);
}

/// Point 8.
pub fn trim_gives_up_a_prefix_and_nothing_else(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let batches = fill_up_to(&mut *log, 4);
    let (layout, reader) = (log.layout(), log.reader());
    let keep = batches.iter().position(|(start, _, _)| layout.segment_of(*start) == 2);
    let keep = keep.expect("there is a batch in segment 2");
    let (kept_from, before_it) = (batches[keep].0, batches[keep - 1].0);

    log.trim(batches[keep + 1].0).expect("trim");
    for _ in 0..2 {
        let gone = reader.read(before_it, 1);
        assert!(matches!(gone, Err(ReadError::Trimmed { .. })), "{gone:?}");
        let gone = reader.read_cached(before_it, 1);
        assert!(matches!(gone, Some(Err(ReadError::Trimmed { .. }))), "{gone:?}");
        let gone = replay(&*reader, before_it);
        assert!(matches!(gone, Err(ReplayError::Read(ReadError::Trimmed { .. }))), "{gone:?}");
        let (left, _) = replay(&*reader, kept_from).expect("replay");
        assert_eq!(left, batches[keep..]);
        // Trimming less than before does nothing.
        log.trim(batches[0].0).expect("trim");
    }

    drop((log, reader));
    let log = subject.open();
    let (left, _) = replay(&*log.reader(), kept_from).expect("replay");
    assert_eq!(without_claims(left), batches[keep..]);
    let gone = log.reader().read(before_it, 1);
    assert!(matches!(gone, Err(ReadError::Trimmed { .. })), "{gone:?}");
}

/// Point 8: the segment being written stays.
pub fn trim_everything_keeps_the_log_going(subject: &mut dyn Subject) {
    let mut log = subject.open();
    fill_up_to(&mut *log, 2);
    append(&mut *log, b"before");
    let next = log.next_position();
    log.trim(next).expect("trim");
    log.trim(Position(u64::MAX)).expect("trim beyond the end");
    assert_eq!(log.next_position(), next);
    append(&mut *log, b"after");
    drop(log);
    let log = subject.open();
    let (left, _) = replay(&*log.reader(), next).expect("replay");
    assert_eq!(without_claims(left)[0].2, b"after");
}

/// A reader outlives segments and the log itself.
pub fn a_reader_sees_what_comes_later(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let reader = log.reader();
    let batches = fill_up_to(&mut *log, 2);
    drop(log);
    let (replayed, end) = replay(&*reader, batches[0].0).expect("replay");
    assert_eq!(replayed, batches);
    let mut log = subject.open();
    assert_eq!(log.next_position(), log.layout().after(end, 0), "after the second claim");
    append(&mut *log, b"more");
}

/// Threads read while another appends.
pub fn reading_beside_appending_sees_whole_batches(subject: &mut dyn Subject) {
    let mut log = subject.open();
    let (first, reader, done) = (log.next_position(), log.reader(), AtomicBool::new(false));
    let batches = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = Vec::new();
            let mut from = first;
            loop {
                let last_round = done.load(Ordering::Acquire);
                let (more, end) = replay(&*reader, from).expect("replay");
                seen.extend(more);
                from = end;
                if last_round {
                    break seen;
                }
            }
        });
        let batches = fill_up_to(&mut *log, 5);
        done.store(true, Ordering::Release);
        let seen = watcher.join().expect("the watcher does not panic");
        assert_eq!(seen, batches);
        batches
    });
    assert_eq!(replay_all(&*log), batches);
}

/// Point 4.
pub fn an_ambiguous_append_that_landed_stays(subject: &mut dyn Subject) {
    an_ambiguous_append_is_settled_for_ever(subject, true);
}

/// Point 4.
pub fn an_ambiguous_append_that_was_lost_never_comes_back(subject: &mut dyn Subject) {
    an_ambiguous_append_is_settled_for_ever(subject, false);
}

fn an_ambiguous_append_is_settled_for_ever(subject: &mut dyn Subject, landed: bool) {
    let mut log = subject.open();
    let mut batches = vec![(append(&mut *log, b"sure"), log.epoch(), b"sure".to_vec())];
    if !subject.make_next_append_ambiguous(landed) {
        return;
    }
    let (start, epoch) = (log.next_position(), log.epoch());
    let doubtful = payload(1, usize::try_from(log.layout().batch_bytes_max).expect("small"));
    let ambiguous = log.append(start, epoch, &doubtful);
    assert!(matches!(ambiguous, Err(AppendError::Ambiguous(_))), "{ambiguous:?}");
    let refused = log.append(start, epoch, b"more");
    assert!(matches!(refused, Err(AppendError::Poisoned)), "{refused:?}");
    let unseen = log.reader().read(start, 1);
    assert!(landed || unseen.is_err(), "{unseen:?}");
    drop(log);

    if landed {
        batches.push((start, epoch, doubtful));
    }
    for _ in 0..2 {
        let mut log = subject.open();
        assert_eq!(replay_all(&*log), batches);
        let start = append(&mut *log, b"next");
        batches.push((start, log.epoch(), b"next".to_vec()));
    }
}

/// Point 10 begins with this; the rest takes a disk that can be filled.
pub fn a_new_log_has_room(subject: &mut dyn Subject) {
    let mut log = subject.open();
    assert_eq!(log.space(), Space::Ample);
    fill_up_to(&mut *log, 1);
    assert_eq!(log.space(), Space::Ample);
}
