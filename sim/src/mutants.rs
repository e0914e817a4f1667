//! That the simulator sees: each deliberate fault of the product is switched on, and has to be found.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tidings_mutants::{Mutant, switch_on};

use crate::auditor::Finding;
use crate::campaign;

/// The first seed of so many that shows a mutant, and the auditor's sentence.
pub fn check(mutant: Mutant, seeds: u64) -> Option<(u64, String)> {
    switch_on(Some(mutant));
    let found = (0..seeds).find_map(|seed| {
        let Finding(finding) = campaign::play(seed, false).finding?;
        Some((seed, finding))
    });
    switch_on(None);
    found
}

/// Checks all of them, prints what shows each, and returns how many nothing showed.
pub fn check_all(seeds: u64, threads: usize) -> usize {
    let next = AtomicUsize::new(0);
    let survivors = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let description = mutant.description();
                    match check(*mutant, seeds) {
                        Some((seed, finding)) => {
                            println!("{mutant:?}: {description}\n    seed {seed}: {finding}");
                        }
                        None => {
                            survivors.fetch_add(1, Ordering::Relaxed);
                            println!("{mutant:?}: {description}\n    NOT FOUND in {seeds} seeds");
                        }
                    }
                }
            });
        }
    });
    let (all, survivors) = (Mutant::ALL.len(), survivors.into_inner());
    println!("{} of {all} mutants were found", all - survivors);
    survivors
}
