//! Delivery to endpoints outside, and the signatures of SNS messages.
//!
//! A [`Courier`] makes one attempt to deliver one [`Parcel`] and says what came of it: an
//! [`Outcome`]. It keeps no count and waits for no retry: which attempt is made when is state of the
//! shard, and its driver asks.
//!
//! ```text
//!   driver ── Parcel ──► Couriers ── by protocol ──► HttpCourier ── requests ──► endpoint
//!          ◄─ Outcome ──  delivered, try later, not begun, or never
//! ```
//!
//! - [`HttpCourier`]: HTTP and HTTPS, behind an [`AddressGuard`].
//! - [`EmailCourier`]: mail, through the operator's mail server.
//! - [`PushCourier`]: apps on devices, through the services of those who make the devices.
//! - [`SmsCourier`]: text messages, over a session that a [`Gateway`] keeps up.
//! - [`LambdaCourier`]: functions that run elsewhere, by signed requests.
//! - [`signing`]: the key, the certificate, and what they sign.
//!
//! Another protocol is another file with a type that implements [`Courier`], a field in
//! [`Couriers`], and whatever its parcels need in [`Parcel`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address_guard;
mod address_ranges;
mod causes;
mod complaint;
mod courier;
mod couriers;
mod email;
mod endpoint;
mod gate;
mod http;
mod lambda;
mod push;
mod secret_file;
mod signed;
pub mod signing;
mod sms;
mod special_addresses;

pub use address_guard::{AddressGuard, GuardError, Refused};
pub use address_ranges::{AddressRanges, BadRange};
pub use causes::{causes, with_causes};
pub use courier::{Attempt, Courier, Letter, Outcome, Parcel, ParcelKind};
pub use couriers::{CourierConfig, CourierSetupError, Couriers};
pub use email::{
    DkimConfig, EmailConfig, EmailCourier, EmailSetupError, Password, SmtpSecurity,
    is_email_address,
};
pub use endpoint::{Endpoint, EndpointError};
pub use gate::{Gate, TurnedAway};
pub use http::{HttpCourier, RootsError, client_tls};
pub use lambda::{LambdaConfig, LambdaCourier, RemoteFunctions};
pub use push::{
    ApnsHeaders, ApplicationKey, CredentialFault, GivenCredentials, PayloadFault, PushConfig,
    PushCourier, PushCredentials, PushMessage, PushOutcome, PushPlatform, PushSetupError,
};
pub use secret_file::{SecretFileError, read_secret_file};
pub use signed::{
    ServiceClient, ServiceCredentials, ServiceEndpoint, ServiceRequest, service_client,
};
pub use sms::{
    Gateway, GatewayError, OptOut, Receipt, ReceiptState, Sender, SmsConfig, SmsCourier, SmsEvent,
    SmsNotice, SmsSetupError, Status, TextMessage,
};
