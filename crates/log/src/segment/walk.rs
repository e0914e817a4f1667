//! Verifying what is there, batch by batch.

use super::format::{self, Link, SegmentHeader};
use super::reader::Segments;
use super::recovery::OpenError;
use super::scan::{Found, Scan};
use crate::{BATCH_HEADER_BYTES, Damage, DamageKind, Layout, Position};

/// A walk over the batches, up to where the next one goes.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) next: Position,
    pub(super) link: Link,
    pub(super) batches: u64,
    pub(super) bytes: u64,
    /// Payload position of the last batch, and its length with header, if it is in the current
    /// segment.
    pub(super) last: Option<(Position, usize)>,
    /// How many bytes of a torn append lie at the end.
    pub(super) torn_bytes: u64,
    /// A batch began where replay is to begin.
    reached: bool,
}

impl Walk {
    pub(super) fn from_start_of(layout: Layout, segment: &SegmentHeader) -> Walk {
        Walk {
            next: layout.first_in(segment.number),
            link: segment.link,
            batches: 0,
            bytes: 0,
            last: None,
            torn_bytes: 0,
            reached: false,
        }
    }

    /// Verifies all batches from the beginning of the segment in which replay begins.
    pub(super) fn through(
        segments: &Segments,
        headers: &[SegmentHeader],
        replay_from: Option<Position>,
    ) -> Result<Walk, OpenError> {
        let layout = segments.layout;
        let from = replay_from.map_or(0, |position| layout.segment_of(position));
        // A segment that was filled to the end has no successor until the next append.
        let skipped = headers.iter().take(headers.len() - 1).take_while(|h| h.number < from);
        let headers = &headers[skipped.count()..];
        let mut walk = Walk::from_start_of(layout, &headers[0]);
        for (place, header) in headers.iter().enumerate() {
            walk.enter(segments, header)?;
            walk.segment(segments, header.number, place + 1 == headers.len(), replay_from)?;
        }
        walk.reached |= replay_from.is_none_or(|position| position == walk.next);
        Ok(walk)
    }

    /// Goes over to a segment, which has to follow from the one before.
    fn enter(&mut self, segments: &Segments, header: &SegmentHeader) -> Result<(), OpenError> {
        let kind = if header.link.hash != self.link.hash {
            DamageKind::Chain
        } else if header.link.epoch < self.link.epoch {
            DamageKind::Epoch
        } else {
            self.link = header.link;
            self.last = None;
            return Ok(());
        };
        let file = segments.disk.describe(&format::segment_name(header.number));
        let position = Position(header.number * segments.layout.segment_bytes);
        Err(OpenError::Damaged(Damage { file, offset: 0, position, kind }))
    }

    /// Verifies one segment's batches. Only the current one may end early.
    fn segment(
        &mut self,
        segments: &Segments,
        number: u64,
        is_current: bool,
        replay_from: Option<Position>,
    ) -> Result<(), OpenError> {
        let layout = segments.layout;
        let file = segments.file(self.next, 0).map_err(|_| OpenError::MissingSegment {
            file: segments.disk.describe(&format::segment_name(number)),
        })?;
        let mut scan = Scan::new(&*file, layout, segments.marker, number);
        while layout.segment_of(self.next) == number {
            let at = self.next;
            let damaged = |kind| OpenError::Damaged(segments.damage(at, kind));
            let offset = layout.offset_of(at) - BATCH_HEADER_BYTES;
            let kind = match scan.look(offset).map_err(|source| segments.fault(at, source))? {
                Found::Batch { header, bytes } => {
                    header.follows(self.link).map_err(damaged)?;
                    self.link = format::link_from(bytes, &header);
                    self.batches += 1;
                    self.bytes += bytes.len() as u64;
                    self.last = Some((at, bytes.len()));
                    self.reached |= replay_from == Some(at);
                    self.next = layout.after(at, header.payload_len.into());
                    continue;
                }
                Found::Newer(version) => {
                    return Err(OpenError::NewerFormat(segments.newer(at, version)));
                }
                Found::Nothing => DamageKind::BatchMissing,
                Found::Unsound(kind) => kind,
            };
            if !is_current {
                return Err(damaged(kind));
            }
            let torn = torn_bytes(&mut scan, offset, layout, kind);
            self.torn_bytes =
                torn.map_err(|source| segments.fault(at, source))?.map_err(damaged)?;
            return Ok(());
        }
        Ok(())
    }

    pub(super) fn check_reached(
        &self,
        replay_from: Option<Position>,
        oldest: Position,
    ) -> Result<(), OpenError> {
        match replay_from {
            Some(replay_from) if !self.reached => {
                Err(OpenError::Unreachable { replay_from, oldest, next: self.next })
            }
            _ => Ok(()),
        }
    }
}

/// How much a torn append left at `offset`, where there is no sound batch. An error of the inner
/// kind if it is not a torn append: see the [module](super).
fn torn_bytes(
    scan: &mut Scan<'_>,
    offset: u64,
    layout: Layout,
    kind: DamageKind,
) -> std::io::Result<Result<u64, DamageKind>> {
    let beyond = scan.beyond(offset)?;
    let torn = beyond.written_end - offset;
    Ok(if beyond.sound_batch {
        Err(kind)
    } else if torn > (BATCH_HEADER_BYTES + layout.batch_bytes_max).next_multiple_of(8) {
        Err(DamageKind::BeyondTail)
    } else {
        Ok(torn)
    })
}
