//! Messages that say when they were to be published: how long they are under way.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tidings_load::{Connection, SNS, form};
use tokio::time::{MissedTickBehavior, interval};

use crate::Outcome;

pub(crate) const PUBLISHES: usize = 5_000;
pub(crate) const EVERY: Duration = Duration::from_millis(2);
/// How long stragglers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What arrives at the other end of a topic.
pub(crate) struct Arrivals {
    begun: Instant,
    took: Mutex<Vec<Duration>>,
}

impl Arrivals {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), took: Mutex::default() })
    }

    /// Notes that a message is there, by its text.
    pub(crate) fn note(&self, message: &str) -> Outcome<()> {
        let due = Duration::from_micros(message.parse()?);
        let took = self.begun.elapsed().saturating_sub(due);
        self.took.lock().map_err(|_| PANICKED)?.push(took);
        Ok(())
    }

    /// Publishes on a schedule, whenever that is managed, and waits until all have arrived or some
    /// are given up. Returns how long each took from when it was to be published.
    pub(crate) async fn measure(
        &self,
        connection: &mut Connection,
        topic: &str,
    ) -> Outcome<Percentiles> {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for _ in 0..PUBLISHES {
            let due = ticks.tick().await.into_std();
            let due = due.saturating_duration_since(self.begun).as_micros().to_string();
            let fields = [("Action", "Publish"), ("TopicArn", topic), ("Message", due.as_str())];
            connection.exchange(&mut form(SNS, &fields)).await?;
        }
        let published = Instant::now();
        loop {
            let took = self.took.lock().map_err(|_| PANICKED)?.clone();
            if took.len() >= PUBLISHES || published.elapsed() > PATIENCE {
                return Ok(Percentiles::of(took));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

const PANICKED: &str = "what notes arrivals panicked";

/// How long messages took, sorted.
pub(crate) struct Percentiles(Vec<Duration>);

impl Percentiles {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        Self(took)
    }

    pub(crate) fn arrived(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds that so many percent of the messages took at most. Not a number if none came.
    pub(crate) fn ms(&self, percent: usize) -> f64 {
        let at = (self.0.len().saturating_sub(1)) * percent / 100;
        self.0.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}
