//! AWS Signature Version 4: verifying requests, and signing them.
//!
//! Pure functions over the parts of a request: no clock, no entropy, no sockets. A server drives it
//! like this:
//!
//! ```text
//!  Request ──► Claim::find ──► claim.check(rules, now) ──► checked.verify(body, secret, keys)
//!                  │                    │                             │
//!                  │ who says it is     │ scope, time, what has       │ the body, and in
//!                  │ signed, or nobody  │ to be signed                │ constant time the
//!                  ▼                    ▼                             ▼ signature
//!              AuthFault            AuthFault                     AuthFault
//! ```
//!
//! Nothing before `verify` is proof of anything. Only [`Claim::check`] makes what has `verify`, so
//! that no signature is believed whose time and scope nobody looked at; and both look at the same
//! [`Request`], since the claim keeps it. Who has the access key id, and whether a session token is
//! theirs and not expired, is the caller's to find out between those steps; the faults for it are
//! here: [`AuthFault::InvalidClientToken`] and [`AuthFault::ExpiredToken`].
//!
//! [`Signer`] is the other side, for requests of our own.
//!
//! ```
//! use tidings_sigv4::{
//!     AuthFault, BodyHash, Claim, Regions, Request, Rules, SecretKey, Signer, SigningKeys,
//!     parse_signing_time,
//! };
//!
//! let now = parse_signing_time("20260102T030405Z").expect("it is a date");
//! let (body, secret) = (BodyHash::of(b"{}"), SecretKey::new("example".to_owned()));
//! let mut headers: Vec<(&str, &[u8])> = vec![("host", b"localhost:4566")];
//! let request = Request { method: "POST", path: "/", query: "", headers: &headers };
//!
//! // The client:
//! let signer = Signer {
//!     access_key_id: "AKIDEXAMPLE",
//!     secret: &secret,
//!     session_token: None,
//!     region: "us-east-1",
//!     service: "sqs",
//! };
//! let signed = signer.sign(&request, &body, now)?;
//! headers.extend(signed.iter().map(|(name, value)| (name, value.as_bytes())));
//!
//! // The server:
//! let request = Request { method: "POST", path: "/", query: "", headers: &headers };
//! let keys = SigningKeys::new(1024);
//! let rules = Rules { regions: Regions::Any, services: &["sqs", "sns"] };
//! let claim = Claim::find(&request)?.ok_or(AuthFault::MissingToken)?;
//! assert_eq!(claim.access_key_id(), "AKIDEXAMPLE");
//! claim.check(&rules, now)?.verify(&body, &secret, &keys)?;
//! # Ok::<(), AuthFault>(())
//! ```
//!
//! # Bounds
//!
//! Work is linear in the bytes of the request, with two exceptions that its number of parts bounds:
//! each signed header is looked for among all headers, and the parameters of a query are sorted. A
//! header is hashed once, however often a claim names it. Memory is for a query, and for a path
//! that is not normal: at most some thirty bytes for each of theirs, when they consist of nothing
//! but separators. The usual request needs none.
//!
//! # Facts
//!
//! The algorithm is that of "Create a signed AWS API request" in AWS's IAM guide, as it is for all
//! services but S3: the path is normalised and encoded once more, and the body is always hashed.
//! What the public test suites and SDKs do with it is in `tests/vectors`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod authorization;
mod canonical;
mod check;
mod claim;
mod credential;
mod encoding;
mod fault;
mod hex;
mod presigned;
mod request;
mod secret;
mod sign;
mod signed_headers;
mod signing_key;
mod signing_keys;
mod time;

pub use check::{CheckedClaim, Regions, Rules};
pub use claim::{Claim, Form};
pub use credential::Scope;
pub use encoding::percent_encoded;
pub use fault::{AuthCode, AuthFault, ExpiresFault, HeaderPart};
pub use request::{BodyHash, Request};
pub use secret::SecretKey;
pub use sign::{SignedRequestHeaders, Signer};
pub use signing_key::SigningKey;
pub use signing_keys::SigningKeys;
pub use time::{Seconds, parse_signing_time};

/// The only algorithm there is for us. Signatures of version 4a have another name.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a credential scope ends with.
const TERMINATOR: &str = "aws4_request";

/// How far the clocks of client and server may be apart, in seconds: 15 minutes, as documented.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 15 * 60;

/// How long a presigned URL may live, in seconds: 7 days, as documented.
pub const EXPIRES_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
