//! `tidings courier test`: one message, and what the other side says to it.

use std::error::Error;

use bytes::Bytes;
use tidings_couriers::{
    Courier, EmailCourier, LambdaCourier, Letter, Outcome, Parcel, ParcelKind, SmsCourier,
    TextMessage,
};
use tokio::sync::oneshot;

use super::courier_push::push;
use crate::cli::{CourierCommand, CourierTest};
use crate::settings::{TestEmailArguments, TestLambdaArguments, TestSmsArguments};

/// Why a test was not passed.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(
        "no mail server is configured: set server in [email] of the configuration file, \
         --email-server or TIDINGS_EMAIL_SERVER"
    )]
    NoMailServer,
    #[error(
        "no gateway for text messages is configured: set server in [sms] of the configuration file, \
         --sms-server or TIDINGS_SMS_SERVER"
    )]
    NoGateway,
    #[error("the {0} was not taken, and may be later: {1}")]
    TryLater(&'static str, String),
    #[error("the {0} was refused for good: {1}")]
    Never(&'static str, String),
    #[error(
        "no functions elsewhere are configured: add a table [[functions.elsewhere]] to the \
         configuration file, and name it by --config. Functions of this server itself are invoked by \
         `tidings function invoke`"
    )]
    NothingElsewhere,
    #[error("no table [[functions.elsewhere]] is for {0}: see their key `functions`")]
    NotMeant(String),
}

/// Makes the test.
pub(crate) fn courier(command: CourierCommand) -> Result<(), Box<dyn Error>> {
    let CourierCommand::Test { test } = command;
    match test {
        CourierTest::Email(arguments) => email(*arguments),
        CourierTest::Push(arguments) => push(*arguments),
        CourierTest::Sms(arguments) => sms(*arguments),
        CourierTest::Lambda(arguments) => lambda(*arguments),
    }
}

fn email(arguments: TestEmailArguments) -> Result<(), Box<dyn Error>> {
    let (to, config) = arguments.resolve()?;
    let config = config.ok_or(Failed::NoMailServer)?;
    let courier = EmailCourier::new(&config)?;
    println!("sending a message to {to} from {} by {}:{}", config.from, config.host, config.port);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let parcel = Parcel {
        letter: Some(Letter {
            sender_name: "Tidings".into(),
            subject: "Test message".into(),
            unsubscribe_url: None,
        }),
        ..test_message(to)
    };
    let outcome = runtime.block_on(courier.deliver(&parcel));
    match outcome {
        Outcome::Delivered { status, detail } => {
            println!("the mail server took it: {status} {detail}");
            println!("Whether it arrives, the mailbox shows, or a report to {}.", config.from);
            Ok(())
        }
        Outcome::TryLater { why, .. } | Outcome::NotBegun { why, .. } => {
            Err(Failed::TryLater("mail", why).into())
        }
        Outcome::Never { why, .. } => Err(Failed::Never("mail", why).into()),
    }
}

fn sms(arguments: TestSmsArguments) -> Result<(), Box<dyn Error>> {
    let (to, config) = arguments.resolve()?;
    let config = config.ok_or(Failed::NoGateway)?;
    let (courier, gateway, _notices) = SmsCourier::new(&config)?;
    println!(
        "sending a message to {to} as {} by {}:{}",
        config.system_id, config.host, config.port
    );
    let parcel =
        Parcel { text_message: Some(TextMessage::default()), ..test_message(to.to_string()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let session = gateway.run(async {
            let _ = stopped.await;
        });
        let attempt = async {
            let outcome = courier.deliver(&parcel).await;
            // The session may have ended by itself.
            let _ = stop.send(());
            outcome
        };
        tokio::join!(session, attempt).1
    });
    match outcome {
        Outcome::Delivered { detail, .. } => {
            println!("the message was {detail}");
            println!("Whether it arrives, the phone shows.");
            Ok(())
        }
        Outcome::TryLater { why, .. } | Outcome::NotBegun { why, .. } => {
            Err(Failed::TryLater("message", why).into())
        }
        Outcome::Never { why, .. } => Err(Failed::Never("message", why).into()),
    }
}

fn lambda(arguments: TestLambdaArguments) -> Result<(), Box<dyn Error>> {
    let (function, config) = arguments.resolve()?;
    let config = config.ok_or(Failed::NothingElsewhere)?;
    let courier = LambdaCourier::new(&config)?;
    if !courier.reaches(&function) {
        return Err(Failed::NotMeant(function).into());
    }
    println!("invoking {function}");
    let parcel = Parcel {
        body: Bytes::from_static(br#"{"Records":[],"Test":"Tidings"}"#),
        letter: None,
        ..test_message(function)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(courier.deliver(&parcel)) {
        Outcome::Delivered { status, detail } => {
            println!("its service took the event: {status} {detail}");
            println!("What the function makes of it, its log shows.");
            Ok(())
        }
        Outcome::TryLater { why, .. } | Outcome::NotBegun { why, .. } => {
            Err(Failed::TryLater("event", why).into())
        }
        Outcome::Never { why, .. } => Err(Failed::Never("event", why).into()),
    }
}

fn test_message(to: String) -> Parcel {
    let millis = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    Parcel {
        endpoint: to,
        body: Bytes::from_static(
            b"This is a test of the settings of a Tidings server. It works.\n",
        ),
        content_type: None,
        kind: ParcelKind::Notification,
        message_id: format!("test-{}-{millis}", std::process::id()),
        topic_arn: String::new(),
        subscription_arn: None,
        raw: false,
        letter: None,
        text_message: None,
    }
}
