//! All mappings, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings_core::names::Uuid;

use super::mapping::Mapping;
use super::saved::{self, SavedMapping};
use crate::fault::{LambdaCode, LambdaFault};
use crate::functions::LoadFault;
use crate::names::Scope;
use crate::saved::Write;

/// Mappings of every account and region.
#[derive(Default, Debug)]
pub struct EventSources {
    pub(super) scopes: BTreeMap<Scope, BTreeMap<Uuid, Arc<Mapping>>>,
}

const NOT_AN_ENTRY: &str = "is not one of an event source mapping";
const DAMAGED: &str = "is damaged";

impl EventSources {
    /// The state that entries make.
    ///
    /// # Errors
    /// An entry that cannot be used.
    pub fn load<'e>(
        entries: impl IntoIterator<Item = (&'e str, &'e [u8])>,
    ) -> Result<Self, LoadFault> {
        let mut sources = Self::default();
        for (entry, value) in entries {
            sources.put(entry, Some(value))?;
        }
        Ok(sources)
    }

    /// Makes the state follow writes that are durable.
    ///
    /// # Errors
    /// Not for writes that were decided here.
    pub fn apply(&mut self, writes: &[Write]) -> Result<(), LoadFault> {
        writes.iter().try_for_each(|(entry, value)| self.put(entry, value.as_deref()))
    }

    fn put(&mut self, entry: &str, value: Option<&[u8]>) -> Result<(), LoadFault> {
        let fault = |problem| LoadFault { entry: entry.to_owned(), problem };
        let (scope, uuid) = saved::parse(entry).ok_or_else(|| fault(NOT_AN_ENTRY))?;
        let Some(value) = value else {
            if let Some(of_scope) = self.scopes.get_mut(&scope) {
                of_scope.remove(&uuid);
            }
            return Ok(());
        };
        let saved: Option<SavedMapping> = serde_json::from_slice(value).ok();
        let mapping = saved.and_then(|saved| saved.open(uuid));
        let mapping = mapping.filter(|mapping| mapping.function.scope == scope);
        let mapping = mapping.ok_or_else(|| fault(DAMAGED))?;
        self.scopes.entry(scope).or_default().insert(uuid, Arc::new(mapping));
        Ok(())
    }

    /// The mapping of an account in a region that a request names.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn find(&self, scope: &Scope, uuid: &str) -> Result<&Arc<Mapping>, LambdaFault> {
        let uuid = Uuid::parse(&uuid.to_ascii_lowercase());
        let mapping = uuid.and_then(|uuid| self.scopes.get(scope)?.get(&uuid));
        mapping.ok_or_else(|| {
            let text = "The resource you requested does not exist.";
            LambdaFault::new(LambdaCode::ResourceNotFound, text)
        })
    }

    /// Every mapping.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Mapping>> {
        self.scopes.values().flat_map(BTreeMap::values)
    }
}
