//! How everything that runs learns that the server stops.

use tokio::sync::watch;

/// Says once that the server stops. Dropped, it says the same.
pub(crate) struct Stop(watch::Sender<bool>);

/// Hears that the server stops. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

/// The two ends.
pub(crate) fn channel() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

impl Stop {
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Ready once the server stops, at once if it does already.
    pub(crate) async fn begun(&mut self) {
        // An error says that nobody is left to begin: the server has been dropped.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_listener_hears_it_whenever_it_listens() {
        let (stop, mut early) = channel();
        let mut late = early.clone();
        let waiting = tokio::spawn(async move { early.begun().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        stop.begin();
        waiting.await.unwrap();
        late.begun().await;
    }

    #[tokio::test]
    async fn a_dropped_server_has_stopped() {
        let (stop, mut stopping) = channel();
        drop(stop);
        stopping.begun().await;
    }
}
