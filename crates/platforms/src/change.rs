//! What can be asked, and what is decided.

use std::fmt;

use tidings_core::names::Uuid;
use tidings_core::time::Timestamp;
use tidings_seal::NONCE_BYTES;
use zeroize::Zeroizing;

use crate::arn::{ApplicationArn, EndpointArn};
use crate::attributes::Attributes;
use crate::event::Event;
use crate::saved::Write;

/// A change of what is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// CreatePlatformApplication.
    CreateApplication {
        /// What it is to be called.
        application: ApplicationArn,
        /// Attributes.
        attributes: Attributes,
    },
    /// SetPlatformApplicationAttributes.
    SetApplicationAttributes {
        /// Which one.
        application: ApplicationArn,
        /// Those that change; an empty value takes one away.
        attributes: Attributes,
    },
    /// DeletePlatformApplication. Its endpoints go with it.
    DeleteApplication {
        /// Which one.
        application: ApplicationArn,
    },
    /// CreatePlatformEndpoint.
    CreateEndpoint {
        /// Of which application.
        application: ApplicationArn,
        /// Token.
        token: String,
        /// CustomUserData, if it is no attribute.
        user_data: Option<String>,
        /// Attributes.
        attributes: Attributes,
    },
    /// SetEndpointAttributes.
    SetEndpointAttributes {
        /// Which one.
        endpoint: EndpointArn,
        /// Those that change.
        attributes: Attributes,
    },
    /// DeleteEndpoint.
    DeleteEndpoint {
        /// Which one.
        endpoint: EndpointArn,
    },
    /// The push service says that nobody has the token any more: the endpoint is disabled, if it still
    /// has that token, and did not get it after that.
    DisableEndpoint {
        /// Which one.
        endpoint: EndpointArn,
        /// The token that was used.
        token: String,
        /// Since when nobody has it, if the service says so.
        since: Option<Timestamp>,
    },
    /// The push service says that the app has another token by now, which the endpoint gets, if it
    /// still has the one that was used. If another endpoint has the new token already, messages for
    /// the app go there, and this one is disabled: else the app would get everything twice.
    ReplaceToken {
        /// Which one.
        endpoint: EndpointArn,
        /// The token that was used.
        token: String,
        /// The one to use from now on.
        new_token: String,
    },
}

/// What a change comes to. Nothing has changed until its writes are applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Entries to write, all of them or none. None if everything is already as it is to be.
    pub writes: Vec<Write>,
    /// What the caller is told.
    pub output: Output,
    /// What the application's owner wants to be told.
    pub event: Option<Event>,
}

/// What the caller is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// It is done.
    Done,
    /// The application that there is now.
    Application(ApplicationArn),
    /// The endpoint that there is now.
    Endpoint(EndpointArn),
}

/// What one decision takes its ids and nonces from. Use it for one only.
pub struct Random(Zeroizing<[u8; Random::BYTES]>);

impl Random {
    /// Bytes that a decision uses.
    pub const BYTES: usize = 16 + NONCE_BYTES;

    /// Takes bytes of a cryptographic source.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn uuid(&self) -> Uuid {
        let mut bits = [0; 16];
        bits.copy_from_slice(&self.0[..16]);
        Uuid::from_random(u128::from_le_bytes(bits))
    }

    pub(crate) fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.0[16..]);
        nonce
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}
