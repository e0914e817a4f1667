//! Random commands against a queue so simple that one sees that it is right.

mod commands;
mod observe;
mod plain;
mod run;
mod steps;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use commands::{Step, any_step};
use run::Run;

/// Steps, printed one a line.
#[derive(Clone)]
struct History(Vec<Step>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "\n    {step:?}"))
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
    let histories = vec(any_step(), 1..=length_max).prop_map(History);
    let played = TestRunner::new_with_rng(config, rng).run(&histories, |history| {
        check(history);
        Ok(())
    });
    if let Err(failure) = played {
        panic!("seed {seed}: {failure}");
    }
}

/// Plays histories, and counts what happens in them. All of it must: a model that nothing ever
/// happens to agrees with anything.
fn compare_histories(count: u32, length_max: usize, seed: u8, each_min: u64) {
    let seen = RefCell::new(BTreeMap::new());
    play_histories(count, length_max, seed, |history| {
        let mut seen = seen.borrow_mut();
        *seen.entry("step").or_insert(0) += history.0.len() as u64;
        for (what, often) in play(history).seen {
            *seen.entry(what).or_default() += often;
        }
    });
    let seen = seen.into_inner();
    assert_eq!(seen.len(), 19, "{seen:#?}");
    assert!(seen.values().all(|often| *often >= each_min), "{seen:#?}");
}

fn play(history: History) -> Run {
    let mut run = Run::new();
    history.0.into_iter().for_each(|step| run.step(step));
    run
}

#[test]
fn short_histories_are_as_the_model_has_them() {
    compare_histories(6000, 60, 1, 40);
}

#[test]
fn middling_histories_are_as_the_model_has_them() {
    compare_histories(1500, 400, 2, 40);
}

#[test]
fn long_histories_are_as_the_model_has_them() {
    compare_histories(100, 4000, 3, 40);
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    play_histories(30, 300, 4, |history| {
        assert_eq!(play(history.clone()).written, play(history).written);
    });
}
