//! Whole loads: what is made on the server, what is measured, and what is checked afterwards.

mod run;
mod settings;
mod stand;
mod steps;

pub use run::run;
pub use settings::{Settings, Workload};
