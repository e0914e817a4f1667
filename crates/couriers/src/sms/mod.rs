//! Text messages, by SMPP 3.4 over one session with one gateway.
//!
//! ```text
//!   SmsCourier ── parts of a message ──► queue ──► Gateway ── connects, binds, backs off
//!              ◄── what came of each ──             └ link ── bytes in and out, TCP or TLS
//!   SmsNotice  ◄── receipts, opt-outs ──               └ Session ── decides; no socket, no clock
//! ```
//!
//! docs/decisions/0014-text-messages.md says why the codec is our own.

mod accepted;
mod config;
mod deliver;
mod fields;
mod frame;
mod gateway;
mod gsm7;
mod keyword;
mod link;
mod notice;
mod parts;
mod receipt;
mod sender;
mod session;
mod sms_courier;
mod status;
mod submission;
mod submit;
mod text_message;

pub use config::{SmsConfig, SmsSetupError};
pub use gateway::{Gateway, GatewayError};
pub use notice::{OptOut, SmsEvent, SmsNotice};
pub use receipt::{Receipt, ReceiptState};
pub use sender::Sender;
pub use sms_courier::SmsCourier;
pub use status::Status;
pub use text_message::TextMessage;
