//! Lists of mappings.

use std::ops::Bound;
use std::sync::Arc;

use tidings_core::names::Uuid;

use super::mapping::Mapping;
use super::store::EventSources;
use crate::functions::Page;
use crate::limits;
use crate::names::{Reference, Scope};

/// Which mappings are to be listed.
#[derive(Clone, Default, Debug)]
pub struct MappingQuery {
    /// Only those of this queue.
    pub event_source: Option<String>,
    /// Only those of this function, or of this version or alias.
    pub function: Option<Reference>,
    /// Only those after this one: where the last page ended.
    pub marker: Option<String>,
    /// The page's size.
    pub max: Option<usize>,
}

impl EventSources {
    /// Mappings of an account in a region, and the marker that the rest begins after.
    pub fn list(&self, scope: &Scope, query: &MappingQuery) -> Page<Arc<Mapping>> {
        let Some(mappings) = self.scopes.get(scope) else { return (Vec::new(), None) };
        let max = query.max.unwrap_or(usize::MAX).clamp(1, limits::EVENT_SOURCE_PAGE_MAX);
        let after = query.marker.as_deref().and_then(Uuid::parse);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = mappings.range((from, Bound::Unbounded)).map(|(_, mapping)| mapping);
        let mut rest = rest.filter(|mapping| query.includes(mapping));
        let page: Vec<_> = rest.by_ref().take(max).cloned().collect();
        let marker = rest.next().and(page.last()).map(|last| last.uuid.to_string());
        (page, marker)
    }
}

impl MappingQuery {
    fn includes(&self, mapping: &Mapping) -> bool {
        let is_of_source =
            self.event_source.as_ref().is_none_or(|arn| *arn == mapping.queue.to_string());
        is_of_source && self.function.as_ref().is_none_or(|it| *it == mapping.reference())
    }
}
