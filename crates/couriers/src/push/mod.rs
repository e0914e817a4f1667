//! Mobile push: messages to apps on devices, over the services of those who make the devices.

mod compose;
mod config;
mod credentials;
mod der;
mod fcm_message;
mod message;
mod outcome;
mod payload_fault;
mod platform;
mod secret;
mod service_account;

pub use config::{PushConfig, PushSetupError};
pub use credentials::{CredentialFault, GivenCredentials, PushCredentials};
pub use message::{ApnsHeaders, PushMessage};
pub use outcome::PushOutcome;
pub use payload_fault::PayloadFault;
pub use platform::PushPlatform;
