//! Who may do what: IAM policies and the decision they come to.
//!
//! A [`PolicyDocument`] is parsed once, when it is set or read. For a request, [`required`] tells
//! which permissions it needs, and for each of them [`evaluate()`] decides:
//!
//! ```
//! use tidings_access::{
//!     Caller, Facts, Kind, Origin, Policies, PolicyDocument, Request, denial_text, evaluate,
//!     Decision,
//! };
//!
//! let policy = PolicyDocument::parse(
//!     r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:Send*",
//!         "Resource":"arn:aws:sqs:us-east-1:123456789012:orders"}}"#,
//!     Kind::Identity,
//! )?;
//! let caller = Caller::User {
//!     account: "123456789012",
//!     arn: "arn:aws:iam::123456789012:user/ann",
//!     id: "AIDAEXAMPLE",
//! };
//! let origin = Origin::Public("192.0.2.1".parse().expect("an address"));
//! let facts = Facts::new(caller, origin, 1_795_442_400_000);
//! let request = Request {
//!     caller,
//!     action: "sqs:ReceiveMessage",
//!     resource: "arn:aws:sqs:us-east-1:123456789012:orders",
//!     resource_account: "123456789012",
//!     context: &facts,
//! };
//! let policies = Policies { identity: &[&policy], ..Policies::default() };
//! let Decision::Denied(denial) = evaluate(&request, &policies) else { panic!("not allowed") };
//! assert!(denial_text(&request, &denial).ends_with(
//!     "because no identity-based policy allows the sqs:receivemessage action"
//! ));
//! # Ok::<(), tidings_access::Fault>(())
//! ```
//!
//! Everything here is a pure function of its arguments: no clock, no files, no state. Nothing
//! panics, whatever the text or the request. Work is bounded by the sizes of the documents and of
//! the values that are compared; see [`PolicyDocument::parse`] for the former.
//!
//! - [`Context`]: where condition keys are looked up; [`Facts`] knows those of every service.
//! - [`Decision`]: which statement allowed or denied, or whose silence did. [`explain()`] says what
//!   came of each statement, [`denial_text()`] tells the caller in the words of the services.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod caller;
mod condition;
mod context;
mod decision;
mod denial_text;
mod document;
mod evaluate;
mod explain;
mod facts;
mod fault;
mod parse;
pub mod permissions;
mod principal;
mod template;
mod wildcard;

pub use caller::Caller;
pub use condition::time::{parse as parse_instant, written as written_instant};
pub use context::{Context, ContextValue};
pub use decision::{Allowance, Decision, Denial, PolicyType, StatementRef};
pub use denial_text::{access_denied_text, denial_text};
pub use document::{Effect, Kind, Mismatch, PolicyDocument, Statement};
pub use evaluate::{Policies, Request, evaluate, within_bounds};
pub use explain::{Trace, explain};
pub use facts::{Facts, Organisation, Origin, SessionFacts, Source};
pub use fault::Fault;
pub use permissions::required;
pub use principal::Naming;
