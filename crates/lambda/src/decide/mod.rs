//! Changes, each decided on the state as it is: what to write, and what came of it.

mod aliases;
mod functions;
mod permissions;
mod settings;
mod tags;
#[cfg(test)]
mod tests;
mod versions;

pub use aliases::AliasChange;
pub use functions::{CodeUpdate, NewFunction};
pub use permissions::NewPermission;
pub use settings::{InvokeChange, check_destination};
pub(crate) use tags::check_tags;

use crate::fault::LambdaFault;
use crate::function::Function;
use crate::saved::{EntryKey, Part, SavedFunction, Write};

/// Refuses a change of something that has been changed since the caller looked.
fn check_revision(wanted: Option<&str>, current: &str) -> Result<(), LambdaFault> {
    match wanted {
        Some(wanted) if wanted != current => Err(LambdaFault::precondition()),
        _ => Ok(()),
    }
}

impl Function {
    fn key(&self, part: Part) -> EntryKey {
        EntryKey { function: self.id.clone(), part }
    }

    fn set(&self, saved: &SavedFunction) -> Write {
        self.key(Part::Function).set(saved)
    }
}
