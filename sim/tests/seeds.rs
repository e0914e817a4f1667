//! Seeds in a test: those that once showed something, a few others, and that a seed is a seed.

use tidings_sim::auditor::Finding;
use tidings_sim::campaign;

fn check(seed: u64) {
    if let Some(Finding(finding)) = campaign::play(seed, false).finding {
        panic!("seed {seed}: {finding}");
    }
}

#[test]
fn seeds_that_showed_something_once_do_not_any_more() {
    let lines = include_str!("../seeds.txt").lines();
    let mut seeds = 0;
    for line in lines.filter(|line| !line.starts_with('#')) {
        let seed = line.split_whitespace().next().expect("a seed");
        check(seed.parse().expect("a number"));
        seeds += 1;
    }
    assert!(seeds > 0);
}

#[test]
fn a_few_seeds() {
    let report = campaign::play_all(1_000_000, 20, 2, false);
    let failed: Vec<_> = report.failed.iter().map(|f| (f.seed, &f.finding)).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let counts = report.counts;
    for (what, count) in [
        ("answers", counts.answers),
        ("receives", counts.receives),
        ("attempts", counts.attempts),
        ("kills", counts.kills),
        ("power cuts", counts.power_cuts),
        ("disk faults", counts.disk_faults),
        ("network faults", counts.network_faults),
    ] {
        assert!(count > 0, "there were no {what}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 2, 3, 4, 5] {
        let [first, again] = [(); 2].map(|()| campaign::play(seed, false));
        assert_eq!((first.digest, first.lines), (again.digest, again.lines), "seed {seed}");
        assert!(first.lines > 100);
    }
    assert_ne!(campaign::play(1, false).digest, campaign::play(2, false).digest);
}
