//! A sealed body, as it lies in the log. It has all that is needed to open it, but for the key.
//!
//! ```text
//!   sealed := version: u8, kind: u8 (1 a queue's, 2 a topic's), ARN: u16 length and bytes,
//!             in version 2: name of a key elsewhere: u16 length and bytes,
//!             data key, encrypted: u16 length and bytes,
//!             nonce: 12, ciphertext: as long as the body, tag: 16
//! ```
//!
//! In version 1 the data key is under a key of ours, which its blob names. In version 2 it is under a
//! key of another service, and only that one can read it. Lengths are big-endian. All before the nonce
//! is authenticated.

use crate::blob::Blob;
use crate::fault::KeyFault;
use crate::scope::KeyId;

use super::data_key::{NONCE_BYTES, TAG_BYTES};
use super::resource::Resource;

const OWN: u8 = 1;
const ELSEWHERE: u8 = 2;
const QUEUE: u8 = 1;
const TOPIC: u8 = 2;

/// A sealed body taken apart. Nothing in it is proven before it was opened.
#[derive(Clone, Debug)]
pub struct Sealed<'a> {
    /// What it was sealed for.
    pub resource: Resource,
    /// The key that its data key is under.
    pub under: Under<'a>,
    /// The data key, encrypted.
    pub(crate) data_key: &'a [u8],
    pub(crate) head: &'a [u8],
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: &'a [u8],
}

/// The key that a data key is under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Under<'a> {
    /// One of the key store's.
    Own(KeyId),
    /// One of another service, as that service names it: an ARN.
    Elsewhere(&'a str),
}

/// A data key as it lies before a body: encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wrapped {
    /// A blob of the key store.
    Own(Vec<u8>),
    /// What a service elsewhere takes back, and the key that it is under there.
    Elsewhere { key: String, blob: Vec<u8> },
}

impl Wrapped {
    pub(crate) fn blob(&self) -> &[u8] {
        match self {
            Self::Own(blob) | Self::Elsewhere { blob, .. } => blob,
        }
    }

    fn version(&self) -> u8 {
        match self {
            Self::Own(_) => OWN,
            Self::Elsewhere { .. } => ELSEWHERE,
        }
    }

    fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Own(_) => None,
            Self::Elsewhere { key, .. } => Some(key.as_bytes()),
        }
    }
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
        let (arn, rest) = split_text(rest)?;
        let resource = match kind {
            QUEUE => Resource::Queue(arn.to_owned()),
            TOPIC => Resource::Topic(arn.to_owned()),
            _ => return None,
        };
        let (under, data_key, rest) = match version {
            OWN => {
                let (data_key, rest) = split_sized(rest)?;
                (Under::Own(Blob::parse(data_key).ok()?.key), data_key, rest)
            }
            ELSEWHERE => {
                let (key, rest) = split_text(rest)?;
                let (data_key, rest) = split_sized(rest)?;
                (Under::Elsewhere(key), data_key, rest)
            }
            _ => return None,
        };
        let (&nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let head = &bytes[..bytes.len() - rest.len()];
        Some(Self { resource, under, data_key, head, nonce, ciphertext })
    }

    /// The data key, encrypted: what the service that has its key takes back.
    pub fn data_key(&self) -> &'a [u8] {
        self.data_key
    }

    /// What comes before the ciphertext, with room for what follows. `None` for an ARN that is
    /// longer than any.
    pub(crate) fn start(
        resource: &Resource,
        data_key: &Wrapped,
        body_bytes: usize,
    ) -> Option<Vec<u8>> {
        let parts = [Some(resource.arn().as_bytes()), data_key.key(), Some(data_key.blob())];
        let parts = parts.into_iter().flatten();
        let head_bytes = 2 + parts.clone().map(|part| 2 + part.len()).sum::<usize>();
        let mut out = Vec::with_capacity(head_bytes + NONCE_BYTES + body_bytes + TAG_BYTES);
        out.push(data_key.version());
        out.push(match resource {
            Resource::Queue(_) => QUEUE,
            Resource::Topic(_) => TOPIC,
        });
        for part in parts {
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

fn split_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (text, rest) = split_sized(bytes)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
