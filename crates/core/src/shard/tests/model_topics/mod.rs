//! Random commands against topics so simple that one sees that they are right.

mod commands;
mod observe;
mod plain;
mod run;
mod steps;
mod subscriptions;

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

use super::histories::{Seen, count_what_happens, play_histories, print_steps};
use commands::{Step, any_step};
use run::Run;

/// Whether the shard is advanced late, and steps.
#[derive(Clone)]
struct History(bool, Vec<Step>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "late: {}", self.0)?;
        print_steps(f, &self.1)
    }
}

/// Histories of up to so many steps.
fn histories(length_max: usize) -> impl Strategy<Value = History> {
    let steps = vec(any_step(), 1..=length_max);
    (any::<bool>(), steps).prop_map(|(is_late, steps)| History(is_late, steps))
}

/// How many kinds of things are counted.
const KINDS: u32 = 33;

fn play(history: History) -> Run {
    let History(is_late, steps) = history;
    let mut run = Run::new(is_late);
    steps.into_iter().for_each(|step| run.step(step));
    run
}

fn count(history: History) -> Seen {
    play(history).seen
}

#[test]
fn short_histories_are_as_the_model_has_them() {
    play_histories(1500, 11, &histories(60), |history| drop(play(history)));
}

#[test]
fn middling_histories_are_as_the_model_has_them() {
    count_what_happens([800, KINDS], 18, 3, &histories(500), count);
}

#[test]
fn long_histories_are_as_the_model_has_them() {
    count_what_happens([40, KINDS], 13, 2, &histories(4000), count);
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    play_histories(30, 14, &histories(300), |history| {
        assert_eq!(play(history.clone()).written, play(history).written);
    });
}
