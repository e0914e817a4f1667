//! When to save a snapshot, what to give up of the log, when to write messages again.

use tidings_log::{Layout, Position};
use tidings_mutants::mutant;

/// How often there is upkeep.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Bytes appended from which on a snapshot is worth its while, whatever its size.
    pub snapshot_every_bytes: u64,
    /// Segments that a log may have beyond twice what is live in it.
    pub slack_segments: u64,
}

impl Default for Pace {
    /// A snapshot each 128 MiB, and 4 segments.
    fn default() -> Self {
        Self { snapshot_every_bytes: 128 << 20, slack_segments: 4 }
    }
}

/// What is known of the log's front and of the last snapshot.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Upkeep {
    layout: Layout,
    pace: Pace,
    /// Where the log begins.
    pub(crate) oldest: Position,
    /// What the older of the two last snapshots covers: nothing from there on may go.
    pub(crate) floor: Option<Position>,
    /// Size of the last snapshot.
    pub(crate) snapshot_bytes: u64,
    /// A snapshot is being saved.
    pub(crate) is_saving: bool,
}

impl Upkeep {
    pub(crate) fn new(
        layout: Layout,
        pace: Pace,
        oldest: Position,
        floor: Option<Position>,
    ) -> Self {
        Self { layout, pace, oldest, floor, snapshot_bytes: 0, is_saving: false }
    }

    /// Whether so much was appended since the last snapshot that it is time for the next. A large
    /// snapshot is saved less often, so that saving costs at most as much as appending.
    pub(crate) fn is_snapshot_due(&self, bytes_since: u64) -> bool {
        !self.is_saving && bytes_since >= self.pace.snapshot_every_bytes.max(self.snapshot_bytes)
    }

    /// The position before which the log can be given up now, if that frees a segment. What is still
    /// to be read begins at `first_read`: since it was asked for, it may have been written again
    /// elsewhere, and no longer count as live.
    pub(crate) fn trim(
        &mut self,
        first_live: Option<u64>,
        first_read: Option<u64>,
    ) -> Option<Position> {
        let floor = self.floor?;
        let before = match first_live {
            Some(live) if mutant!(TrimPastFloor) => Position(live),
            Some(live) if !mutant!(TrimPastLive) => floor.min(Position(live)),
            _ => floor,
        };
        let before = first_read.map_or(before, |read| before.min(Position(read)));
        let frees = self.layout.segment_of(before) > self.layout.segment_of(self.oldest);
        frees.then(|| {
            self.oldest = before;
            before
        })
    }

    /// Whether snapshots taken now may let a segment go. Two are needed: the first is the floor once
    /// the second follows it.
    pub(crate) fn may_free(&self, next: Position, first_live: Option<u64>) -> bool {
        let needed = first_live.map_or(next, Position);
        self.layout.segment_of(needed) > self.layout.segment_of(self.oldest)
    }

    /// The position before which messages are to be written again: half of the log, when more than
    /// half of it is dead. So a byte is written again only for one that comes free.
    pub(crate) fn reclaim(&self, next: Position, live_bytes: u64) -> Option<u64> {
        let floor = self.floor?;
        let length = next.0.saturating_sub(self.oldest.0);
        let allowed = 2 * live_bytes + self.pace.slack_segments * self.layout.segment_bytes;
        let half = self.oldest.0 + length / 2;
        (length > allowed).then(|| half.min(floor.0))
    }

    /// While room is short: the end of the oldest segment, if the little that is live in it holds
    /// back all that lies behind. `live_before` tells the live bytes before a position.
    pub(crate) fn reclaim_little(
        &self,
        next: Position,
        live_before: impl FnOnce(u64) -> u64,
    ) -> Option<u64> {
        let segment_bytes = self.layout.segment_bytes;
        let end = (self.layout.segment_of(self.oldest) + 1) * segment_bytes;
        (next.0 > end && live_before(end) <= segment_bytes / 4).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by the simulator: a replay failed whose messages had moved while the keeper saved a
    /// snapshot.
    #[test]
    fn what_is_still_to_be_read_is_not_given_up() {
        let layout = Layout::default();
        let at = |segment| layout.first_in(segment);
        let floor = Some(at(9));
        let mut upkeep = Upkeep::new(layout, Pace::default(), at(0), floor);
        assert_eq!(upkeep.trim(Some(at(5).0), Some(at(0).0)), None);
        assert_eq!(upkeep.trim(Some(at(5).0), Some(at(3).0)), Some(at(3)));
        assert_eq!(upkeep.trim(Some(at(5).0), None), Some(at(5)));
        assert_eq!(upkeep.trim(None, None), Some(at(9)));
    }
}
