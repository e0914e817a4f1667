//! Why a published message cannot go to a push service.

use thiserror::Error;

use super::PushPlatform;

/// Why a published message cannot go to an endpoint of a platform. The first two texts are those of
/// the live service, as clients have recorded them, behind `Invalid parameter: Message Reason: `.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PayloadFault {
    /// The platform's own text is no JSON object, or has something in it that the service does not
    /// take.
    #[error("Invalid notification for protocol {platform}: Notification is malformed")]
    Malformed {
        /// The platform.
        platform: PushPlatform,
    },
    /// The payload has more bytes than the platform takes:
    /// [`PushPlatform::payload_bytes_max`].
    #[error("Invalid notification for protocol {platform}: {}", too_long(*platform))]
    TooLong {
        /// The platform.
        platform: PushPlatform,
    },
    /// A reserved message attribute has a value that it cannot have.
    #[error("the message attribute {name} has to be {what}")]
    BadAttribute {
        /// The attribute.
        name: String,
        /// What it has to be.
        what: &'static str,
    },
    /// Nothing can be delivered to the platform.
    #[error(
        "{platform} is a push service of the past: its API is kept, but nothing can be delivered to it"
    )]
    Undeliverable {
        /// The platform.
        platform: PushPlatform,
    },
}

fn too_long(platform: PushPlatform) -> &'static str {
    match platform {
        PushPlatform::Gcm => "Notification data is larger than allowed limit",
        _ => "Notification is too long",
    }
}
