//! The bytes of segment files: headers in, headers out. `docs/log-format.md` draws them.

use xxhash_rust::xxh3::xxh3_64;

use crate::{BATCH_HEADER_BYTES, DamageKind, Epoch, Layout, Position, SEGMENT_HEADER_BYTES};

/// The newest version of a segment file that this release reads, and the one it writes.
pub(crate) const SEGMENT_VERSION: u32 = 1;
/// The same for a batch. Its 48 bytes keep their places in every version, so that an older release
/// can tell a newer batch from a torn one.
pub(crate) const BATCH_VERSION: u16 = 1;

const SEGMENT_MAGIC: [u8; 8] = *b"TIDSEGM\n";
/// The part of a segment header that means anything; zeros follow.
const SEGMENT_FIELDS_BYTES: usize = 64;

pub(crate) const SPARE_NAME: &str = "spare";
/// A spare that is not finished. Never looked at again.
pub(crate) const UNFINISHED_NAME: &str = "spare.tmp";
const SEGMENT_SUFFIX: &str = ".segment";

/// The name of a segment's file.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:020}{SEGMENT_SUFFIX}")
}

/// The number of the segment whose file has this name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// What the next batch has to follow from.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Link {
    /// Hash of the whole batch before, header and payload; 0 before the first.
    ///
    /// XXH3 with 64 bits: the CRC finds damage within a batch, this finds a batch that is sound but
    /// not the one that was there, and two of those agree once in 2⁶⁴. It is not meant to stop
    /// someone who can write to the disk: nothing unkeyed could.
    pub(crate) hash: u64,
    /// The epoch of the batch before.
    pub(crate) epoch: Epoch,
}

/// The first bytes of a segment file.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub(crate) layout: Layout,
    /// Random, the same in all segments and batches of a log, and in no other. No payload can
    /// hold what looks like a batch of this log.
    pub(crate) marker: u64,
    pub(crate) number: u64,
    /// The epoch under which the segment was begun, and the hash of the last batch before it.
    pub(crate) link: Link,
}

/// Why a header could not be decoded.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum HeaderError {
    Damaged,
    /// Written by a newer release, in this version.
    Newer(u32),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut block = [0; SEGMENT_HEADER_BYTES as usize];
        let batch_bytes_max = u32::try_from(self.layout.batch_bytes_max);
        let batch_bytes_max = batch_bytes_max.expect("Layout::check bounds it");
        block[..8].copy_from_slice(&SEGMENT_MAGIC);
        block[8..12].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
        block[12..16].copy_from_slice(&batch_bytes_max.to_le_bytes());
        block[16..24].copy_from_slice(&self.marker.to_le_bytes());
        block[24..32].copy_from_slice(&self.number.to_le_bytes());
        block[32..40].copy_from_slice(&self.layout.segment_bytes.to_le_bytes());
        block[40..48].copy_from_slice(&self.link.epoch.0.to_le_bytes());
        block[48..56].copy_from_slice(&self.link.hash.to_le_bytes());
        let checksum = crc32c::crc32c(&block[..60]);
        block[60..64].copy_from_slice(&checksum.to_le_bytes());
        block
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<SegmentHeader, HeaderError> {
        let fields = bytes.get(..SEGMENT_FIELDS_BYTES).ok_or(HeaderError::Damaged)?;
        if fields[..8] != SEGMENT_MAGIC || crc32c::crc32c(&fields[..60]) != u32_at(fields, 60) {
            return Err(HeaderError::Damaged);
        }
        match u32_at(fields, 8) {
            SEGMENT_VERSION => {}
            newer if newer > SEGMENT_VERSION => return Err(HeaderError::Newer(newer)),
            _ => return Err(HeaderError::Damaged),
        }
        let layout = Layout {
            segment_bytes: u64_at(fields, 32),
            batch_bytes_max: u64::from(u32_at(fields, 12)),
            trailer_bytes: 0,
        };
        layout.check().map_err(|_| HeaderError::Damaged)?;
        Ok(SegmentHeader {
            layout,
            marker: u64_at(fields, 16),
            number: u64_at(fields, 24),
            link: Link { hash: u64_at(fields, 48), epoch: Epoch(u64_at(fields, 40)) },
        })
    }
}

/// The bytes before a payload, decoded but for the checksum.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct BatchHeader {
    pub(crate) payload_len: u32,
    pub(crate) position: Position,
    pub(crate) epoch: Epoch,
    /// [`Link::hash`] of the batch before.
    pub(crate) previous: u64,
    pub(crate) version: u16,
}

impl BatchHeader {
    /// Decodes a header that begins with the marker. Says nothing about the payload.
    pub(crate) fn decode(bytes: &[u8], marker: u64) -> Option<BatchHeader> {
        let bytes = bytes.get(..BATCH_HEADER_BYTES as usize)?;
        (u64_at(bytes, 0) == marker).then(|| BatchHeader {
            payload_len: u32_at(bytes, 12),
            position: Position(u64_at(bytes, 16)),
            epoch: Epoch(u64_at(bytes, 24)),
            previous: u64_at(bytes, 32),
            version: u16_at(bytes, 40),
        })
    }

    /// Header and payload together.
    pub(crate) fn batch_len(&self) -> usize {
        BATCH_HEADER_BYTES as usize + self.payload_len as usize
    }

    /// Whether the batch follows from the one before.
    pub(crate) fn follows(&self, link: Link) -> Result<(), DamageKind> {
        if self.previous != link.hash {
            return Err(DamageKind::Chain);
        }
        if self.epoch < link.epoch {
            return Err(DamageKind::Epoch);
        }
        Ok(())
    }
}

/// Appends a batch to an empty buffer, padded to the next batch's alignment, and returns the link
/// for the batch after it.
pub(crate) fn encode_batch(
    buffer: &mut Vec<u8>,
    marker: u64,
    position: Position,
    epoch: Epoch,
    link: Link,
    payload: &[u8],
) -> Link {
    let len = u32::try_from(payload.len()).expect("the caller checked it against the layout");
    buffer.extend_from_slice(&marker.to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&len.to_le_bytes());
    buffer.extend_from_slice(&position.0.to_le_bytes());
    buffer.extend_from_slice(&epoch.0.to_le_bytes());
    buffer.extend_from_slice(&link.hash.to_le_bytes());
    buffer.extend_from_slice(&BATCH_VERSION.to_le_bytes());
    buffer.extend_from_slice(&[0; 6]);
    buffer.extend_from_slice(payload);
    let checksum = crc32c::crc32c(&buffer[12..]);
    buffer[8..12].copy_from_slice(&checksum.to_le_bytes());
    let link = Link { hash: xxh3_64(buffer), epoch };
    buffer.resize(buffer.len().next_multiple_of(8), 0);
    link
}

/// Whether a whole batch matches the checksum in its header.
pub(crate) fn checksum_matches(batch: &[u8]) -> bool {
    crc32c::crc32c(&batch[12..]) == u32_at(batch, 8)
}

/// The link that a whole batch is to the one after it.
pub(crate) fn link_from(batch: &[u8], header: &BatchHeader) -> Link {
    Link { hash: xxh3_64(batch), epoch: header.epoch }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader {
        layout: Layout { segment_bytes: 16384, batch_bytes_max: 2000, trailer_bytes: 0 },
        marker: 0x0123_4567_89ab_cdef,
        number: 7,
        link: Link { hash: 0xfeed, epoch: Epoch(3) },
    };

    #[test]
    fn segment_names_sort_like_their_numbers() {
        assert_eq!(segment_name(12), "00000000000000000012.segment");
        assert_eq!(segment_number("00000000000000000012.segment"), Some(12));
        for other in ["12.segment", "+0000000000000000012.segment", "spare", "LOCK"] {
            assert_eq!(segment_number(other), None, "{other}");
        }
    }

    #[test]
    fn a_segment_header_comes_back() {
        assert_eq!(SegmentHeader::decode(&HEADER.encode()), Ok(HEADER));
    }

    #[test]
    fn any_flipped_bit_of_a_segment_header_is_found() {
        let sound = HEADER.encode();
        for bit in 0..SEGMENT_FIELDS_BYTES * 8 {
            let mut bytes = sound;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Damaged), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_segment_is_told_from_a_damaged_one() {
        let mut bytes = HEADER.encode();
        bytes[8] = 2;
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Newer(2)));
    }

    #[test]
    fn a_batch_has_to_follow_in_hash_and_epoch() {
        let link = Link { hash: 7, epoch: Epoch(5) };
        let mut batch = Vec::new();
        encode_batch(&mut batch, 1, Position(4144), Epoch(5), link, b"");
        let header = BatchHeader::decode(&batch, 1).expect("the marker fits");
        assert_eq!(header.follows(link), Ok(()));
        assert_eq!(header.follows(Link { epoch: Epoch(4), ..link }), Ok(()));
        assert_eq!(header.follows(Link { epoch: Epoch(6), ..link }), Err(DamageKind::Epoch));
        assert_eq!(header.follows(Link { hash: 8, ..link }), Err(DamageKind::Chain));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The check values that are published for both functions.
    #[test]
    fn checksum_and_hash_are_the_documented_ones() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(xxh3_64(b""), 0x2d06_8005_38d3_94c2);
    }

    /// The examples in docs/log-format.md. If one of these fails, the format has changed: see
    /// "Changing the format" there.
    #[test]
    fn a_batch_has_the_documented_bytes() {
        let mut batch = Vec::new();
        let link = Link { hash: 0x1111_2222_3333_4444, epoch: Epoch(5) };
        let link =
            encode_batch(&mut batch, HEADER.marker, Position(4144), Epoch(6), link, b"tidings");
        let expected = [
            "efcdab8967452301",
            "c6fd5a74",
            "07000000",
            "3010000000000000",
            "0600000000000000",
            "4444333322221111",
            "0100000000000000",
            "746964696e677300",
        ];
        assert_eq!(hex(&batch), expected.concat());
        assert_eq!(link, Link { hash: 0x35942b0c65fe6296, epoch: Epoch(6) });
    }

    #[test]
    fn a_segment_header_has_the_documented_bytes() {
        let expected = [
            "5449445345474d0a",
            "01000000",
            "d0070000",
            "efcdab8967452301",
            "0700000000000000",
            "0040000000000000",
            "0300000000000000",
            "edfe000000000000",
            "00000000",
            "9215e84c",
        ];
        let block = HEADER.encode();
        assert_eq!(hex(&block[..64]), expected.concat());
        assert!(block[64..].iter().all(|byte| *byte == 0));
    }
}
