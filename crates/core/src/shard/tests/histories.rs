//! Random histories: the same ones every time, and shortened if one fails.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How often what happened in a history.
pub(super) type Seen = BTreeMap<&'static str, u64>;

/// Plays so many histories. One that fails is shortened and printed.
pub(super) fn play_histories<H: Debug>(
    count: u32,
    seed: u8,
    histories: &impl Strategy<Value = H>,
    check: impl Fn(H),
) {
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let played = TestRunner::new_with_rng(config, rng).run(histories, |history| {
        check(history);
        Ok(())
    });
    if let Err(failure) = played {
        panic!("seed {seed}: {failure}");
    }
}

/// Plays histories, and counts what happens in them. All kinds of things must, each so often: a model
/// that nothing ever happens to agrees with anything.
pub(super) fn count_what_happens<H: Debug>(
    [count, kinds]: [u32; 2],
    seed: u8,
    each_min: u64,
    histories: &impl Strategy<Value = H>,
    play: impl Fn(H) -> Seen,
) {
    let seen = RefCell::new(Seen::new());
    play_histories(count, seed, histories, |history| {
        let mut seen = seen.borrow_mut();
        for (what, often) in play(history) {
            *seen.entry(what).or_default() += often;
        }
    });
    let seen = seen.into_inner();
    assert_eq!(seen.len(), kinds as usize, "{seen:#?}");
    assert!(seen.values().all(|often| *often >= each_min), "{seen:#?}");
}

/// Prints steps, one a line.
pub(super) fn print_steps(f: &mut fmt::Formatter<'_>, steps: &[impl Debug]) -> fmt::Result {
    steps.iter().try_for_each(|step| write!(f, "\n    {step:?}"))
}
