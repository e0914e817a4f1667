//! The key store as it is driven: changes, time, and what comes of them.

mod access;
mod aliases;
mod crypto;
mod grants;
mod hostile;
mod keys;
mod lists;
mod properties;
mod rotation;
mod states;
