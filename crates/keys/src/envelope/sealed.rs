//! A sealed body, as it lies in the log. It has all that is needed to open it, but for the key.
//!
//! ```text
//!   sealed := version: u8 = 1,
//!             kind: u8 (1 a queue's, 2 a topic's), ARN: u16 length and bytes,
//!             data key, encrypted: u16 length and bytes,
//!             nonce: 12, ciphertext: as long as the body, tag: 16
//! ```
//!
//! Lengths are big-endian. All before the nonce is authenticated.

use crate::blob::Blob;
use crate::fault::KeyFault;
use crate::scope::KeyId;

use super::data_key::{NONCE_BYTES, TAG_BYTES};
use super::resource::Resource;

const VERSION: u8 = 1;
const QUEUE: u8 = 1;
const TOPIC: u8 = 2;

/// A sealed body taken apart. Nothing in it is proven before it was opened.
#[derive(Clone, Debug)]
pub struct Sealed<'a> {
    /// What it was sealed for.
    pub resource: Resource,
    /// The key that its data key is under.
    pub key: KeyId,
    /// The data key, encrypted.
    pub(crate) data_key: &'a [u8],
    pub(crate) head: &'a [u8],
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Takes a sealed body apart.
    ///
    /// # Errors
    /// InvalidCiphertextException if it is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, KeyFault> {
        Self::read(bytes).ok_or_else(KeyFault::invalid_ciphertext)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (&kind, rest) = rest.split_first()?;
        let (arn, rest) = split_sized(rest)?;
        let (data_key, rest) = split_sized(rest)?;
        let (&nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let arn = std::str::from_utf8(arn).ok()?.to_owned();
        let resource = match (version, kind) {
            (VERSION, QUEUE) => Resource::Queue(arn),
            (VERSION, TOPIC) => Resource::Topic(arn),
            _ => return None,
        };
        let key = Blob::parse(data_key).ok()?.key;
        let head = &bytes[..bytes.len() - rest.len()];
        Some(Self { resource, key, data_key, head, nonce, ciphertext })
    }

    /// What comes before the ciphertext, with room for what follows. `None` for an ARN that is
    /// longer than any.
    pub(crate) fn start(
        resource: &Resource,
        data_key: &[u8],
        body_bytes: usize,
    ) -> Option<Vec<u8>> {
        let arn = resource.arn().as_bytes();
        let head_bytes = 2 + 2 + arn.len() + 2 + data_key.len();
        let mut out = Vec::with_capacity(head_bytes + NONCE_BYTES + body_bytes + TAG_BYTES);
        out.push(VERSION);
        out.push(match resource {
            Resource::Queue(_) => QUEUE,
            Resource::Topic(_) => TOPIC,
        });
        for part in [arn, data_key] {
            out.extend_from_slice(&u16::try_from(part.len()).ok()?.to_be_bytes());
            out.extend_from_slice(part);
        }
        Some(out)
    }
}

fn split_sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(length)))
}
