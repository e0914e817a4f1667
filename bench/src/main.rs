//! Measures a Tidings server from outside, beside an HTTP server that does nothing but answer; and
//! what is too fast to be seen from outside.
//!
//! ```text
//! cargo build --release && cargo run --release -p tidings-bench -- throughput
//! cargo build --release && cargo run --release -p tidings-bench -- backlog
//! cargo build --release && cargo run --release -p tidings-bench -- publish
//! cargo build --release && cargo run --release -p tidings-bench -- endpoints
//! cargo build --release && cargo run --release -p tidings-bench -- dead-mail
//! cargo build --release && cargo run --release -p tidings-bench -- subscriptions
//! cargo build --release && cargo run --release -p tidings-bench -- sealing
//! cargo run --release -p tidings-bench -- filters
//! cargo run --release -p tidings-bench -- hot-paths
//! ```
//!
//! `limits` measures only what nothing can be faster than, and says it as JSON: `bench/compare` asks.
//! All but it and the last two start the release binary on a fresh data folder, on loopback, and stop it again.
//! The load comes from this process, on the same cores. The last two need no server: `filters` measures
//! the core's index of filter policies; `hot-paths` lists what `bench/instructions` counts, and does one so many
//! times. `docs/performance.md` says what was seen.

mod arrivals;
mod backlog;
mod dead_mail;
mod disk;
mod endpoints;
mod filters;
mod functions;
mod load;
mod nothing;
mod phones;
mod publish;
mod sealing;
mod server;
mod subscriptions;
mod table;
mod throughput;

use std::error::Error;

use tidings_bench::hot_paths::{ALL, HotPath, Sizes};

const USAGE: &str = "usage: tidings-bench \
    throughput [SECONDS] | backlog [MESSAGES] | publish | endpoints | dead-mail | subscriptions | sealing [SECONDS] | limits [SECONDS] | filters | hot-paths [NAME COUNT]";

/// What goes wrong ends the measurement; there is nobody to recover for.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Without a runtime, whose threads would be counted too.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hot-paths"] => list_hot_paths(),
        ["hot-paths", name, count] => run_hot_path(name, count)?,
        // The server's function is a process of this program.
        ["handler", teller] => functions::handle(teller)?,
        _ => return measure(arguments.into_iter()),
    }
    Ok(())
}

fn list_hot_paths() {
    for path in ALL {
        println!("{}\t{}", path.name, path.about);
    }
}

/// Does one of them so many times.
fn run_hot_path(name: &str, count: &str) -> Outcome<()> {
    let path = HotPath::find(name).ok_or_else(|| format!("there is no hot path {name}"))?;
    let done = path.run(Sizes::default(), count.parse()?);
    println!("{done} {}", path.yields);
    Ok(())
}

#[tokio::main]
async fn measure(mut arguments: impl Iterator<Item = String>) -> Outcome<()> {
    match arguments.next().as_deref() {
        Some("throughput") => throughput::run(seconds(arguments)?).await,
        Some("backlog") => {
            let messages = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
            backlog::run(messages).await
        }
        Some("publish") => publish::run().await,
        Some("endpoints") => endpoints::run().await,
        Some("dead-mail") => dead_mail::run().await,
        Some("subscriptions") => subscriptions::run().await,
        Some("limits") => throughput::limits(seconds(arguments)?),
        Some("sealing") => sealing::run(seconds(arguments)?).await,
        Some("filters") => match &arguments.collect::<Vec<_>>()[..] {
            [scope, kind, size] => filters::run_one(scope, kind, size),
            _ => filters::run(),
        },
        // The do-nothing server is a process of its own, like the one that it is compared with.
        Some("nothing") => nothing::run().await,
        _ => Err(USAGE.into()),
    }
}

/// How long each row is to take: the next argument, or ten seconds.
fn seconds(mut arguments: impl Iterator<Item = String>) -> Outcome<u64> {
    Ok(arguments.next().map_or(Ok(10), |text| text.parse())?)
}
