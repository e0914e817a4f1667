//! Mobile push: messages to apps on devices, over the services of those who make the devices.
//!
//! ```text
//!   published ──► compose.rs, fcm_message.rs ──► PushMessage ──► push_courier.rs ──► PushOutcome
//!                                                                  │
//!        apns.rs  provider_token.rs   apns_answer.rs ──────────────┤
//!        fcm.rs   access_tokens.rs    fcm_answer.rs  ──────────────┤
//!        adm.rs   access_tokens.rs    adm_answer.rs  ──────────────┘
//!        link.rs  connections of one application to one server
//! ```
//!
//! `docs/decisions/0017-push.md` says why it is done like this.

mod access_tokens;
mod adm;
mod adm_answer;
mod apns;
mod apns_answer;
mod compose;
mod config;
mod credentials;
mod der;
mod fcm;
mod fcm_answer;
mod fcm_lifetime;
mod fcm_message;
mod jwt;
mod link;
mod message;
mod outcome;
mod path;
mod payload_fault;
mod platform;
#[cfg(test)]
mod properties;
mod provider_token;
mod push_courier;
mod secret;
mod service_account;

pub use config::{PushConfig, PushSetupError};
pub use credentials::{CredentialFault, GivenCredentials, PushCredentials};
pub use message::{ApnsHeaders, PushMessage};
pub use outcome::PushOutcome;
pub use payload_fault::PayloadFault;
pub use push_courier::{ApplicationKey, PushCourier};
pub use tidings_core::push_platform::PushPlatform;
