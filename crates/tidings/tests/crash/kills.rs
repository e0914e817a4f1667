//! A server that is killed again and again under mixed load.

use crate::history::Outcome;
use crate::queues::Queue;
use crate::random::Random;
use crate::rounds::{Ending, Seat, use_and_end};
use crate::run::{Run, setting};
use crate::workers;

/// Rounds, unless the environment says otherwise.
const ROUNDS: u64 = 28;
/// Of that many rounds, at least so many must end with SIGKILL.
const KILLS_MIN: u32 = 20;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_deleted_returns() {
    let mut run = Run::new();
    let mut random = Random::part(run.seed, 0);
    let mut seats = Seat::of_all(workers::all(), run.seed);
    let rounds = setting("TIDINGS_CRASH_ROUNDS").unwrap_or(ROUNDS);
    for round in 0..rounds {
        let server = run.start();
        use_and_end(&mut run, server, &mut seats, Ending::of_round(round), &mut random);
    }
    let server = run.start();
    run.end(server);
    if rounds >= ROUNDS {
        check_that_it_was_a_test(&run);
    }
}

/// A load that never came to what it is there for would find nothing wrong.
fn check_that_it_was_a_test(run: &Run) {
    assert!(run.kills >= KILLS_MIN, "{} kills", run.kills);
    assert!(run.stops > 0 && run.history.move_tasks > 0 && !run.history.purges.is_empty());
    assert!(run.history.sends.iter().any(|send| send.outcome == Outcome::Unknown));
    assert!(!run.history.lost_receives.is_empty());
    for queue in Queue::ALL {
        assert!(run.history.handed_out(|from| from == queue) > 0, "{queue:?} handed nothing out");
    }
}
