//! What tests of text messages share.

use std::time::Duration;

use tidings_couriers::{Parcel, SmsConfig, SmsCourier, SmsNotice, TextMessage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A gateway on this machine that is connected to again without much ado.
pub fn config(port: u16) -> SmsConfig {
    SmsConfig {
        port,
        reconnect_min: Duration::from_millis(20),
        reconnect_max: Duration::from_millis(100),
        ..SmsConfig::new("127.0.0.1", "user", "secret")
    }
}

/// A published message to a phone.
pub fn notification(text: &str) -> Parcel {
    Parcel {
        body: text.to_owned().into(),
        text_message: Some(text_message()),
        ..super::parcel("+491701234567".into())
    }
}

pub fn text_message() -> TextMessage {
    TextMessage::default()
}

/// A courier whose session is kept up until this is dropped.
pub struct Outgoing {
    pub courier: SmsCourier,
    pub notices: mpsc::Receiver<SmsNotice>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Outgoing {
    pub fn start(config: &SmsConfig) -> Outgoing {
        let (courier, gateway, notices) = SmsCourier::new(config).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        Outgoing { courier, notices, stop, task }
    }

    /// Stops as a server does, and waits for it.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}
