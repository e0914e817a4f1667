//! The register: what is neither queue nor topic, but must be as durable.
//!
//! Principals and keys live by rules of their own, which are none of a shard's business. What they
//! have to keep lies here, as bytes under names. Entries are written whole, and several of them at
//! once or not at all; who writes them sees to it that they fit together.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::codec::{Damaged, Reader, Writer};
use crate::limits;
use crate::rejection::Rejection;

/// An entry as it is to be from now on: its name, and its value, or `None` if it is to be gone.
pub type RegisterWrite = (String, Option<Vec<u8>>);

/// Entries by name.
#[derive(Default)]
pub(crate) struct Register(BTreeMap<String, Arc<[u8]>>);

impl Register {
    pub(crate) fn write(&mut self, name: &str, value: Option<&[u8]>) {
        match value {
            Some(value) => self.0.insert(name.to_owned(), value.into()),
            None => self.0.remove(name),
        };
    }

    /// The entries whose names begin so, by name.
    pub(crate) fn read(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let entries = self.0.range::<str, _>(from);
        entries
            .take_while(|(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.clone(), Arc::clone(value)))
            .collect()
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.list(self.0.iter(), |w, (name, value)| {
            w.text(name);
            w.bytes(value);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let entries = r.list(8, |r| Ok((r.text()?.to_owned(), Arc::from(r.bytes()?))))?;
        Ok(Self(entries.into_iter().collect()))
    }
}

/// Whether the writes of one command are within bounds.
pub(crate) fn check(writes: &[RegisterWrite]) -> Result<(), Rejection> {
    let is_long = |(name, value): &RegisterWrite| {
        name.len() > limits::REGISTER_NAME_BYTES_MAX
            || value.as_ref().is_some_and(|value| value.len() > limits::REGISTER_VALUE_BYTES_MAX)
    };
    let bytes = |(name, value): &RegisterWrite| name.len() + value.as_ref().map_or(0, Vec::len);
    let fits = writes.len() <= limits::REGISTER_WRITES_MAX
        && !writes.iter().any(is_long)
        && writes.iter().map(bytes).sum::<usize>() <= limits::REGISTER_WRITE_BYTES_MAX;
    if fits { Ok(()) } else { Err(Rejection::OverLimit("An entry is too large.".into())) }
}
