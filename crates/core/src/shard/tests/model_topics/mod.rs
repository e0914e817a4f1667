//! Random commands against topics so simple that one sees that they are right.

mod commands;
mod observe;
mod plain;
mod run;
mod steps;
mod subscriptions;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use commands::{Step, any_step};
use run::Run;

/// Steps, printed one a line, and whether the shard is advanced late.
#[derive(Clone)]
struct History(bool, Vec<Step>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "late: {}", self.0)?;
        self.1.iter().try_for_each(|step| write!(f, "\n    {step:?}"))
    }
}

/// Plays histories of up to so many steps, the same ones every time. One that fails is shortened
/// and printed.
fn play_histories(count: u32, length_max: usize, seed: u8, check: impl Fn(History)) {
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let steps = vec(any_step(), 1..=length_max);
    let histories = (any::<bool>(), steps).prop_map(|(late, steps)| History(late, steps));
    let played = TestRunner::new_with_rng(config, rng).run(&histories, |history| {
        check(history);
        Ok(())
    });
    if let Err(failure) = played {
        panic!("seed {seed}: {failure}");
    }
}

/// How many kinds of things are counted.
const KINDS: usize = 31;

/// Plays histories, and counts what happens in them. All of it must: a model that nothing ever
/// happens to agrees with anything.
fn compare_histories(count: u32, length_max: usize, seed: u8, each_min: u64) {
    let seen = RefCell::new(BTreeMap::new());
    play_histories(count, length_max, seed, |history| {
        let mut seen = seen.borrow_mut();
        *seen.entry("step").or_insert(0) += history.1.len() as u64;
        for (what, often) in play(history).seen {
            *seen.entry(what).or_default() += often;
        }
    });
    let seen = seen.into_inner();
    assert_eq!(seen.len(), KINDS, "{seen:#?}");
    assert!(seen.values().all(|often| *often >= each_min), "{seen:#?}");
}

fn play(history: History) -> Run {
    let History(is_late, steps) = history;
    let mut run = Run::new(is_late);
    steps.into_iter().for_each(|step| run.step(step));
    run
}

#[test]
fn short_histories_are_as_the_model_has_them() {
    play_histories(1500, 60, 11, |history| drop(play(history)));
}

#[test]
fn middling_histories_are_as_the_model_has_them() {
    compare_histories(400, 500, 12, 3);
}

#[test]
fn long_histories_are_as_the_model_has_them() {
    compare_histories(40, 4000, 13, 2);
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    play_histories(30, 300, 14, |history| {
        assert_eq!(play(history.clone()).written, play(history).written);
    });
}
