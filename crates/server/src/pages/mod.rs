//! Pages for people who follow a link in a mail: to confirm a subscription, or to end it.
//!
//! ```text
//!   GET  says what would be done, and has a button: programs that follow every link change nothing
//!   POST does it, and says so; also what mail programs send for one click (RFC 8058)
//! ```
//!
//! They need no script, nothing from elsewhere, and no name: a request that does something passes the
//! same steps as ConfirmSubscription and Unsubscribe without a signature.

mod html;
mod page;

pub(crate) use html::{HTML, protect};
pub(crate) use page::Page;
