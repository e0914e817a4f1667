//! How long the hot paths take, by Criterion: `cargo bench -p tidings-bench`, or with a part of a
//! name `cargo bench -p tidings-bench -- decode`.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tidings_bench::hot_paths::{ALL, ROUND, Sizes, Work};

fn hot_paths(criterion: &mut Criterion) {
    for path in ALL {
        // Prepared when it is first asked for: Criterion skips what was not.
        let mut work = None;
        criterion.bench_function(path.name, |bencher| {
            let work = work.get_or_insert_with(|| (path.prepare)(Sizes::default()));
            bencher.iter_custom(|times| time(&mut **work, times));
        });
    }
}

/// Restoring is not timed.
fn time(work: &mut dyn Work, times: u64) -> Duration {
    let (mut left, mut taken) = (times, Duration::ZERO);
    while left > 0 {
        work.restore();
        let round = left.min(ROUND);
        let started = Instant::now();
        for _ in 0..round {
            work.once();
        }
        taken += started.elapsed();
        left -= round;
    }
    taken
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
