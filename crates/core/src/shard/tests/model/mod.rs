//! Random commands against a queue so simple that one sees that it is right.

mod commands;
mod observe;
mod plain;
mod run;
mod steps;

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

use super::histories::{Seen, count_what_happens, play_histories, print_steps};
use commands::{Step, any_step};
use run::Run;

/// Steps, one after the other.
#[derive(Clone)]
struct History(Vec<Step>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_steps(f, &self.0)
    }
}

/// Histories of up to so many steps.
fn histories(length_max: usize) -> impl Strategy<Value = History> {
    vec(any_step(), 1..=length_max).prop_map(History)
}

/// How many kinds of things are counted.
const KINDS: u32 = 18;

fn play(history: History) -> Run {
    let mut run = Run::new();
    history.0.into_iter().for_each(|step| run.step(step));
    run
}

fn count(history: History) -> Seen {
    play(history).seen
}

#[test]
fn short_histories_are_as_the_model_has_them() {
    count_what_happens([6000, KINDS], 1, 40, &histories(60), count);
}

#[test]
fn middling_histories_are_as_the_model_has_them() {
    count_what_happens([1500, KINDS], 2, 40, &histories(400), count);
}

#[test]
fn long_histories_are_as_the_model_has_them() {
    count_what_happens([100, KINDS], 3, 40, &histories(4000), count);
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    play_histories(30, 4, &histories(300), |history| {
        assert_eq!(play(history.clone()).written, play(history).written);
    });
}
