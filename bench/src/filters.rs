//! Many filter policies on one topic: what one takes, and whether their number slows a message.
//!
//! Each size is measured in a process of its own, so that its memory is not what another gave back.

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use tidings_bench::shops::{self, GROUP, KINDS, Message};
use tidings_core::filter_policy::{FilterIndex, FilterPolicy, FilterPolicyScope, Filterable};

use crate::Outcome;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const SCOPES: [FilterPolicyScope; 2] =
    [FilterPolicyScope::MessageAttributes, FilterPolicyScope::MessageBody];

/// Different messages of each sort, spread over all policies.
const MESSAGES: u32 = 4_096;

/// How often each message is matched.
const ROUNDS: u32 = 8;

/// Measures every kind and size.
pub(crate) fn run() -> Outcome<()> {
    println!(
        "{:18} {:8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "scope", "policies", "number", "build µs", "bytes", "none µs", "one µs", "ten µs"
    );
    for scope in SCOPES {
        for kind in KINDS {
            for size in SIZES {
                let arguments = ["filters", scope.as_str(), kind, &size.to_string()];
                let status = Command::new(std::env::current_exe()?).args(arguments).status()?;
                if !status.success() {
                    return Err("a measurement failed".into());
                }
            }
        }
    }
    Ok(())
}

/// Measures one.
pub(crate) fn run_one(scope: &str, kind: &str, size: &str) -> Outcome<()> {
    let (scope, size): (_, u32) = (FilterPolicyScope::parse(scope)?, size.parse()?);
    let (memory, started) = (resident_bytes()?, Instant::now());
    let mut index = FilterIndex::default();
    for number in 0..size {
        let policy = FilterPolicy::parse(&shops::policy(kind, number), scope)?;
        index.insert(number, Arc::new(policy));
    }
    let build = started.elapsed().as_secs_f64() * 1e6 / f64::from(size);
    let bytes = resident_bytes()?.saturating_sub(memory) / u64::from(size);
    print!("{:18} {kind:8} {size:>9} {build:>9.2} {bytes:>9}", scope.as_str());
    for matches in [0, 1, 10] {
        print!(" {:>9.2}", matching(&index, kind, matches)?);
    }
    println!();
    Ok(())
}

/// Microseconds for a message that so many policies accept.
fn matching(index: &FilterIndex, kind: &str, matches: usize) -> Outcome<f64> {
    let groups = u32::try_from(index.len())? / GROUP;
    // A stride without a divisor in common with the number of groups.
    let messages: Vec<Message> = (0..MESSAGES)
        .map(|message| Message::new(kind, (message * 7_919) % groups, message, matches))
        .collect();
    let attributes: Vec<_> = messages.iter().map(Message::attributes).collect();
    let mut numbers = Vec::new();
    let started = Instant::now();
    for _ in 0..ROUNDS {
        for (message, attributes) in messages.iter().zip(&attributes) {
            let filterable = Filterable { attributes, body: &message.body };
            index.matches(black_box(&filterable), &mut numbers);
            if numbers.len() != matches {
                return Err(format!("{} of {matches} matches", numbers.len()).into());
            }
        }
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(MESSAGES * ROUNDS))
}

/// Memory of this process.
fn resident_bytes() -> Outcome<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_whitespace().nth(1).ok_or("statm is short")?;
    Ok(pages.parse::<u64>()? * 4096)
}
