//! What a load came to, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::client::Client;
use crate::histogram::Histogram;
use crate::ledger::Counts;
use crate::protocol::Protocol;
use crate::stage::Figure;
use crate::workloads::{Settings, Workload};

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Under which this was seen.
    pub conditions: Conditions,
    /// What was measured.
    pub rows: Vec<Row>,
    /// What came of the messages; `None` if they were not all received.
    pub counts: Option<Counts>,
    /// Somebody stopped it.
    pub is_interrupted: bool,
    /// What else is to be said, such as what could not be deleted.
    pub notes: Vec<String>,
}

/// How the load was made.
#[derive(Clone, Debug, Serialize)]
pub struct Conditions {
    /// Of the program that made it.
    pub version: &'static str,
    /// The server's host.
    pub host: String,
    /// What was done.
    pub workload: Workload,
    /// How SQS was spoken to.
    pub protocol: Protocol,
    /// Connections.
    pub connections: usize,
    /// Threads of the load.
    pub threads: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Messages in a request.
    pub batch: usize,
    /// Requests a second that were due; `None` in a closed loop.
    pub rate: Option<f64>,
    /// Queues of a topic.
    pub queues: usize,
    /// FIFO groups.
    pub groups: usize,
    /// How many cores the load itself used, on average.
    pub load_cores: Option<f64>,
}

/// One thing that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was done.
    pub name: String,
    /// Messages a second.
    pub per_second: f64,
    /// Messages in the measured time.
    pub messages: u64,
    /// The measured time.
    pub seconds: f64,
    /// `None` if it has none of its own.
    pub latency: Option<Latency>,
    /// Its rate, of that of the row that it is compared with.
    pub ratio: Option<f64>,
    /// Errors by kind, at any time.
    pub errors: BTreeMap<String, u64>,
    /// Requests that were sent once more.
    pub retries: u64,
    /// Messages that were given up.
    pub given_up: u64,
    /// Requests of the schedule that could not be sent in time.
    pub unsent: u64,
}

/// Milliseconds that such a share of the requests, or of the messages, did not exceed.
#[derive(Copy, Clone, Debug, Serialize)]
pub struct Latency {
    /// Half.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// 999 of 1,000.
    pub p999_ms: f64,
    /// All.
    pub max_ms: f64,
    /// How many there were.
    pub count: u64,
}

impl Report {
    /// Whether nothing was lost or came to whom it was not for, and nothing of a FIFO queue came
    /// twice or in another order. What was not checked counts as sound.
    pub fn is_sound(&self) -> bool {
        let is_fifo = self.conditions.workload == Workload::Fifo;
        self.counts.is_none_or(|counts| {
            let is_in_order = counts.duplicated == 0 && counts.out_of_order == 0;
            counts.lost == 0 && counts.stray == 0 && (!is_fifo || is_in_order)
        })
    }
}

impl Conditions {
    pub(crate) fn new(client: &Client, settings: &Settings, load_cores: Option<f64>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            host: client.endpoint.host().to_owned(),
            workload: settings.workload,
            protocol: settings.protocol,
            connections: settings.connections,
            threads: settings.threads,
            size: settings.size,
            batch: settings.batch(),
            rate: settings.rate,
            queues: settings.queues,
            groups: settings.groups,
            load_cores,
        }
    }
}

impl Row {
    /// Of a figure, with the latency of its requests.
    pub fn of(figure: &Figure) -> Self {
        Self {
            name: figure.name.clone(),
            per_second: figure.rate(),
            messages: figure.messages,
            seconds: figure.took.as_secs_f64(),
            latency: Latency::of(&figure.latency),
            ratio: None,
            errors: figure.errors.clone(),
            retries: figure.retries,
            given_up: figure.given_up,
            unsent: figure.unsent,
        }
    }

    /// The same, with how long messages were under way.
    pub fn transit(name: &str, figure: &Figure) -> Self {
        Self { latency: Latency::of(&figure.transit), ..Self::of(figure) }.called(name)
    }

    /// Under another name.
    pub fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Compared with another row.
    pub fn beside(self, other: &Self) -> Self {
        let ratio = self.per_second / other.per_second;
        Self { ratio: Some(ratio).filter(|ratio| ratio.is_finite()), ..self }
    }

    /// What each message comes to that is so many elsewhere. Errors stay with the original.
    pub(crate) fn times(self, name: &str, factor: u64) -> Self {
        Self {
            name: name.to_owned(),
            per_second: self.per_second * factor as f64,
            messages: self.messages.saturating_mul(factor),
            latency: None,
            errors: BTreeMap::new(),
            retries: 0,
            given_up: 0,
            unsent: 0,
            ..self
        }
    }
}

impl Latency {
    /// `None` if nothing was recorded.
    pub fn of(histogram: &Histogram) -> Option<Self> {
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        let at = |share| ms(histogram.quantile(share));
        (histogram.count() > 0).then(|| Self {
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
            count: histogram.count(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.conditions)?;
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        write!(out, "{:width$} {:>12}", "", "per second")?;
        for column in ["p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "errors"] {
            write!(out, " {column:>9}")?;
        }
        let has_ratio = self.rows.iter().any(|row| row.ratio.is_some());
        writeln!(out, "{}", if has_ratio { "     ratio" } else { "" })?;
        for row in &self.rows {
            write!(out, "{:width$} {:>12.0}", row.name, row.per_second)?;
            match row.latency {
                Some(it) => {
                    for ms in [it.p50_ms, it.p90_ms, it.p99_ms, it.p999_ms, it.max_ms] {
                        write!(out, " {ms:>9.2}")?;
                    }
                }
                None => write!(out, "{:50}", "")?,
            }
            write!(out, " {:>9}", row.errors.values().sum::<u64>())?;
            writeln!(out, "{}", row.ratio.map_or(String::new(), |ratio| format!(" {ratio:>9.2}")))?;
        }
        self.write_errors(out)?;
        self.write_counts(out)?;
        self.notes.iter().try_for_each(|note| writeln!(out, "{note}"))
    }
}

impl Report {
    fn write_errors(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            for (kind, count) in &row.errors {
                writeln!(out, "{}: {count} times {kind}", row.name)?;
            }
            for (count, what) in [
                (row.retries, "requests sent once more"),
                (row.given_up, "messages given up"),
                (row.unsent, "requests of the schedule not sent in time: the rate is too high"),
            ] {
                if count > 0 {
                    writeln!(out, "{}: {count} {what}", row.name)?;
                }
            }
        }
        Ok(())
    }

    fn write_counts(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.counts {
            Some(counts) => {
                write!(
                    out,
                    "{} messages acknowledged, {} received",
                    counts.acknowledged, counts.received
                )?;
                write!(out, ": {} lost, {} duplicated", counts.lost, counts.duplicated)?;
                write!(out, ", {} out of order", counts.out_of_order)?;
                writeln!(out, ", {} of somebody else's", counts.stray)
            }
            None if self.is_interrupted => writeln!(out, "stopped early: nothing was checked"),
            None => writeln!(out, "not checked for lost messages"),
        }
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} connections", self.host, self.connections)?;
        write!(out, " on {} threads, {} bytes", self.threads, self.size)?;
        write!(out, " in batches of {}, {}", self.batch, self.protocol.name())?;
        match self.rate {
            Some(rate) => write!(out, ", {rate} requests a second")?,
            None => write!(out, ", closed loop")?,
        }
        match self.load_cores {
            Some(cores) => write!(out, "; the load took {cores:.2} cores"),
            None => Ok(()),
        }
    }
}
