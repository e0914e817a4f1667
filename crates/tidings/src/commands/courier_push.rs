//! `tidings courier test push`: one message to one app, and what its push service says to it.

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use tidings_core::publication::{MessageType, PublishedContent};
use tidings_couriers::{
    AddressGuard, ApplicationKey, CredentialFault, PushCourier, PushMessage, PushOutcome,
    PushPlatform,
};

use crate::settings::{PushTest, TestPushArguments};

/// Why a test was not passed: who has to do something about it.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(
        "no credentials are set: {0}. Give --credential-file, and --principal or --principal-file: \
         what the platform application has as PlatformCredential and PlatformPrincipal"
    )]
    Unset(CredentialFault),
    #[error("the credentials cannot be used: {0}")]
    Misconfigured(CredentialFault),
    #[error("{0}")]
    Unsendable(tidings_couriers::PayloadFault),
    #[error("the push service does not accept the credentials: {0}")]
    Refused(String),
    #[error("the push service could not be asked, or is busy: {0}")]
    Unreachable(String),
    #[error(
        "the push service knows no app by this token: {0}. An endpoint with it would be disabled"
    )]
    NoApp(String),
    #[error("the push service refused the message for good: {0}")]
    Never(String),
}

const TEXT: &str = "This is a test of a Tidings server. It works.";

/// Makes the test.
pub(super) fn push(arguments: TestPushArguments) -> Result<(), Box<dyn Error>> {
    let PushTest { platform, token, credentials, config } = arguments.resolve()?;
    let message = message(platform, &token).map_err(Failed::Unsendable)?;
    let credentials = credentials.map_err(|fault| match fault {
        CredentialFault::Missing { .. } => Failed::Unset(fault),
        fault => Failed::Misconfigured(fault),
    })?;
    let courier = PushCourier::new(&config, Arc::new(AddressGuard::default()))?;
    println!("pushing a message by {platform}");
    let key = ApplicationKey { arn: "test".into(), revision: 0 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(courier.deliver(&key, &credentials, &message)) {
        PushOutcome::Delivered { status, detail } => {
            println!("the push service took it: {status} {detail}");
            println!("Whether it arrives, the device shows.");
            Ok(())
        }
        PushOutcome::TokenReplaced { status, .. } => {
            println!("the push service took it, with {status}, and has another token for the app");
            println!("An endpoint would get that token by itself.");
            Ok(())
        }
        PushOutcome::CredentialsRefused { why, .. } => Err(Failed::Refused(why).into()),
        PushOutcome::TryLater { why, .. } | PushOutcome::NotBegun { why, .. } => {
            Err(Failed::Unreachable(why).into())
        }
        PushOutcome::EndpointDisabled { why, .. } => Err(Failed::NoApp(why).into()),
        PushOutcome::Never { why, .. } => Err(Failed::Never(why).into()),
    }
}

fn message(
    platform: PushPlatform,
    token: &str,
) -> Result<PushMessage, tidings_couriers::PayloadFault> {
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target: None,
        is_notice: false,
        subject: None,
        trace_header: None,
        token: None,
        message: TEXT,
        by_protocol: Vec::new(),
        attributes: Vec::new(),
    };
    let token = if platform.is_apple() { token.to_ascii_lowercase() } else { token.to_owned() };
    let id = format!("test-{}", std::process::id());
    PushMessage::compose(platform, &token, &content, &id, SystemTime::now())
}
