//! Sessions: temporary credentials. All that is known of one is sealed in its token, which its
//! holder sends along; nothing is written for it.

mod opened;
mod token;

pub(crate) use opened::OpenedSessions;
#[cfg(test)]
pub(crate) use token::NewSession;
pub(crate) use token::{Holder, SessionBody};
