//! When to stop: SIGTERM from a service manager, SIGINT from a person.

use std::io;

use tracing::{info, warn};

/// The exit status of a process that was told to stop twice: as a shell reports one that SIGINT
/// ended.
const STOPPED_TWICE: i32 = 130;

/// Takes the signals over from now on, and returns what is ready at the first one. The second ends
/// the process on the spot: the log is made for that.
///
/// # Errors
/// The operating system does not let go of the signals.
pub(crate) fn shutdown() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::listen()?;
    Ok(async move {
        let name = signals.next().await;
        info!("{name}: stopping; a second signal ends the process on the spot");
        tokio::spawn(async move {
            let name = signals.next().await;
            warn!("{name}, the second signal: ending the process");
            std::process::exit(STOPPED_TWICE);
        });
    })
}

/// Does something at every SIGHUP from now on, which ends the process otherwise.
///
/// # Errors
/// The operating system does not let go of the signal.
#[cfg(unix)]
pub(crate) fn on_hang_up(mut action: impl FnMut() + Send + 'static) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hang_ups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hang_ups.recv().await.is_some() {
            action();
        }
    });
    Ok(())
}

/// There is no such signal elsewhere.
#[cfg(not(unix))]
pub(crate) fn on_hang_up(_: impl FnMut() + Send + 'static) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
