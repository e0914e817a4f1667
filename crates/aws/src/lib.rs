//! What Tidings speaks because AWS speaks it: pure functions over bytes.
//!
//! A request passes through here in this order:
//!
//! 1. [`Protocol::of`] says from its headers which protocol it speaks, and [`Service::of`] which
//!    service it is for.
//! 2. [`Action::find`] names what it asks for.
//! 3. [`Request::read`] takes its parameters apart, and [`Request::input`] makes the action's input
//!    of them. Actions of SNS, which come in one protocol only, look at the fields themselves.
//! 4. The action's `command` checks what can be checked without a queue or topic and makes the
//!    [`Command`](tidings_core::command::Command) of it.
//! 5. The action's output is written by [`response::with_result`] or, for an action without one,
//!    [`response::without_result`]. A [`Refusal`] is written by [`Refusal::answer`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod action;
mod error_codes;
pub mod iam;
mod json;
pub mod kms;
pub mod lambda;
pub mod query;
mod refusal;
mod request;
pub mod response;
pub mod sigv4;
pub mod sns;
pub mod sqs;
pub mod sts;
mod text;
mod xml;

pub use action::{
    Action, Head, IamAction, KmsAction, LambdaAction, Protocol, Service, SnsAction, SqsAction,
    StsAction,
};
pub use error_codes::{Code, Namespace};
pub use refusal::{Answer, Refusal, WireError};
pub use request::{Input, Request};
pub use text::Text;
