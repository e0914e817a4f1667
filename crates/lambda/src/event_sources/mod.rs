//! Event source mappings: which queues' messages which functions get, and how.
//!
//! [`EventSources`] is all there is of them, in memory, and works as [`Functions`](crate::Functions)
//! does: load, decide, apply. Whoever receives the messages and invokes the functions tells of each
//! mapping when it does as the mapping says ([`EventSources::settle`]).
//!
//! ```text
//!   create ─► Creating ─┐        ┌─ Updating ◄─┐
//!                       ▼        ▼             │ update
//!                        Enabled ──────────────┤
//!             Enabling ─►        ─► Disabling ─► Disabled      delete ─► Deleting ─► gone
//! ```

mod decide;
mod item_failures;
mod list;
mod mapping;
mod saved;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use decide::{MappingUpdate, NewMapping, Surroundings};
pub use item_failures::{Item, Unusable, item_failures};
pub use list::MappingQuery;
pub use mapping::{Filter, Mapping, Phase};
pub use saved::PREFIX;
pub use settings::MappingSettings;
pub use store::EventSources;
