//! Who is who: accounts, users, groups, roles, managed policies and access keys, with the rules of
//! IAM and STS about them.
//!
//! A [`Directory`] is the whole state, in memory. It is built from the register's entries whose keys
//! begin with [`PREFIX`], and never changes but by [`Directory::apply`]:
//!
//! ```text
//!   Directory::load(entries) ──► credentials(access key id)      on every request, cheap
//!            ▲                   decide(operation, now, random)  IAM
//!            │                   assume_role(…), …               STS: nothing is written for it
//!            │                        │
//!          apply(writes) ◄── durable ─┘ writes, output
//! ```
//!
//! Whoever drives it decides one operation at a time, makes its writes durable, applies them and
//! answers. When it is not known whether writes became durable, or they do not apply, the register
//! is read again into a new directory.
//!
//! Pure: time and random bytes come in as arguments, entries go out. Nothing panics on what a client
//! or a disk sends. Secrets are in entries only sealed, and print nowhere.
#![cfg_attr(test, allow(clippy::unwrap_used))]
mod authorise;
mod builtin;
mod directory;
mod entry;
mod fault;
pub mod limits;
mod names;
pub mod operations;
mod principal;
mod random;
mod session;
pub mod sts;

pub use authorise::{Arbiter, Wanted};
pub use directory::{Credentials, Directory, NewAccessKey, NewSecret, Seals, Writes};
pub use entry::PREFIX;
pub use fault::{Code, CredentialFault, Damage, IdentityFault};
pub use principal::Principal;
pub use random::{RANDOM_BYTES, Random};
