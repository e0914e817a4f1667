//! Platform applications and endpoints of mobile push: what SNS keeps and decides about them.
//!
//! [`Platforms`] holds those of every account and region. It is driven like this:
//!
//! ```text
//!   entries ──► Platforms::load
//!   a change ──► decide ──► writes ──► made durable by the driver ──► apply, then tell of the events
//!   what a deleted application leaves ──► sweep ──┘
//!   describe, list, find: look, and change nothing
//! ```
//!
//! ```
//! use tidings_platforms::{
//!     ApplicationArn, Attributes, Change, Checked, Output, Platforms, Random,
//! };
//! use tidings_core::time::Timestamp;
//! use tidings_seal::MasterKey;
//!
//! let mut platforms = Platforms::load([], MasterKey::new([7; 32]).sealer("push"))?;
//! let application = "arn:aws:sns:us-east-1:111122223333:app/GCM/hotel";
//! let application = ApplicationArn::parse(application).expect("it is one");
//! let credential = ("PlatformCredential".to_owned(), "{}".to_owned());
//! let attributes = Attributes::from(vec![credential]);
//! let create = Change::CreateApplication { application: application.clone(), attributes };
//! let (now, random) = (Timestamp::from_ms(1), Random::new([1; Random::BYTES]));
//! let decision = platforms.decide(create, now, &random, &|_| Ok(Checked::default()))?;
//! platforms.apply(&decision.writes)?;
//!
//! let create = Change::CreateEndpoint {
//!     application,
//!     token: "a-device-token".to_owned(),
//!     user_data: None,
//!     attributes: Attributes::default(),
//! };
//! let decision = platforms.decide(create, now, &random, &|_| Ok(Checked::default()))?;
//! platforms.apply(&decision.writes)?;
//! let Output::Endpoint(endpoint) = decision.output else { panic!("not an endpoint") };
//! assert_eq!(platforms.endpoint(&endpoint)?.token(), "a-device-token");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything is a pure function of its arguments: no clock, no entropy, no files. Whether credentials
//! are any good, whoever delivers with them says. Nothing panics, whatever comes from a client or a
//! disk; credentials do not print, and are wiped when dropped.
//!
//! # What it costs
//! All of it is in memory. An endpoint with a token of 160 bytes and no user data takes some 350 bytes
//! here and as many in the register that it is an entry of: a million of them are 700 MB.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod application;
mod arn;
mod attributes;
mod change;
mod credentials;
mod decide;
mod endpoint;
mod event;
pub mod limits;
mod platforms;
mod room;
mod saved;
#[cfg(test)]
mod tests;

pub use application::{Application, ApplicationPage};
pub use arn::{ApplicationArn, EndpointArn};
pub use attributes::Attributes;
pub use change::{Change, Decision, Output, Random};
pub use credentials::{AuthenticationMethod, Checked, Credentials, Proposed};
pub use endpoint::{Endpoint, EndpointPage};
pub use event::{DeliveryFailure, Event, EventKind};
pub use platforms::{LoadFault, Platforms};
pub use saved::{PREFIX, Write};
