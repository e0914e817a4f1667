//! What was measured, as a Markdown table.

use tidings_load::{Figure, Histogram};

/// Rows, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Table(Vec<String>);

impl Table {
    /// A row for a load, compared with another's rate.
    pub(crate) fn add(&mut self, what: &str, figure: &Figure, limit: Option<&Figure>) {
        let ratio = limit.map(|limit| figure.rate() / limit.rate());
        self.add_rate(what, figure.rate(), Some(&figure.latency), ratio);
    }

    /// A row for anything.
    pub(crate) fn add_rate(
        &mut self,
        what: &str,
        rate: f64,
        latency: Option<&Histogram>,
        ratio: Option<f64>,
    ) {
        let ms = |share| {
            let at = |latency: &Histogram| latency.quantile(share).as_secs_f64() * 1e3;
            latency.map_or(String::new(), |latency| format!("{:.2}", at(latency)))
        };
        let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let (p50, p99, p999) = (ms(0.5), ms(0.99), ms(0.999));
        self.0.push(format!("| {what} | {rate:.0} | {p50} | {p99} | {p999} | {ratio} |"));
    }

    pub(crate) fn print(&self) {
        println!("\n| | per second | p50 ms | p99 ms | p99.9 ms | of the limit |");
        println!("|---|---:|---:|---:|---:|---:|");
        for row in &self.0 {
            println!("{row}");
        }
    }
}
