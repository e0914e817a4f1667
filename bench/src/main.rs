//! Measures a Tidings server from outside, beside an HTTP server that does nothing but answer.
//!
//! ```text
//! cargo build --release && cargo run --release -p tidings-bench -- throughput
//! cargo build --release && cargo run --release -p tidings-bench -- backlog
//! ```
//!
//! Both start the release binary on a fresh data folder, on loopback, and stop it again. The load
//! comes from this process, on the same cores. `docs/performance.md` says what was seen.

mod backlog;
mod client;
mod load;
mod nothing;
mod server;
mod throughput;

use std::error::Error;

/// What goes wrong ends the measurement; there is nobody to recover for.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("throughput") => throughput::run().await,
        Some("backlog") => {
            let messages = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
            backlog::run(messages).await
        }
        // The do-nothing server is a process of its own, like the one that it is compared with.
        Some("nothing") => nothing::run().await,
        _ => Err("usage: tidings-bench throughput | backlog [MESSAGES]".into()),
    }
}
