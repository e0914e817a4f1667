//! Delivery of e-mail over SMTP.
//!
//! ```text
//!   letter.rs       a parcel becomes a message: headers, encodings    dkim.rs  and its signature
//!   connections.rs  a connection that is kept, or a new one           gate.rs  unless the server is down
//!   wire.rs         bytes, bounded, over TLS where it is asked for
//!   session.rs      the dialogue: who we are, and one message after the other
//! ```

mod address;
mod config;
mod connections;
mod dkim;
mod email_courier;
mod letter;
mod session;
mod wire;

pub use address::is_email_address;
pub use config::{DkimConfig, EmailConfig, EmailSetupError, Password, SmtpSecurity};
pub use email_courier::EmailCourier;
