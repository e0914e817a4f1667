//! Having a certificate, always.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use tracing::{info, warn};

use super::Acme;
use super::files;
use super::order::{AcmeError, order};
use crate::listener::Listener;
use crate::shutdown::Stopping;

/// How often it is looked whether it is time: a clock can be set.
const LOOK: Duration = Duration::from_secs(3600);

/// How long to wait after a failure, at first and at most. Authorities shut out who asks too often.
const FIRST_PAUSE: Duration = Duration::from_secs(10 * 60);
const PAUSE_MAX: Duration = Duration::from_secs(12 * 3600);

/// Sees to it that a listener has a certificate, until the server stops.
pub(crate) async fn keep(listener: Arc<Listener>, mut stopping: Stopping) {
    let Some(tls) = &listener.tls else { return };
    let Some(acme) = tls.acme() else { return };
    let config = acme.config;
    let id = &listener.config.id;
    let mut pause = FIRST_PAUSE;
    loop {
        let good_for = files::good_for(config, SystemTime::now());
        let wait = if !good_for.is_zero() {
            good_for.min(LOOK)
        } else {
            info!(listener = id, directory = config.directory, "asking for a certificate");
            let renewed = tokio::select! {
                renewed = renew(acme) => renewed,
                () = stopping.begun() => return,
            };
            match renewed {
                Ok(()) => {
                    tls.reload(id, true);
                    pause = FIRST_PAUSE;
                    LOOK
                }
                Err(error) => {
                    let again_in_s = pause.as_secs();
                    warn!(listener = id, again_in_s, "there is no new certificate: {error}");
                    let longer = (pause * 2).min(PAUSE_MAX);
                    std::mem::replace(&mut pause, longer)
                }
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = stopping.begun() => return,
        }
    }
}

async fn renew(acme: Acme<'_>) -> Result<(), AcmeError> {
    let issued = order(acme).await?;
    Ok(files::write(acme.config, acme.kept, &issued)?)
}
