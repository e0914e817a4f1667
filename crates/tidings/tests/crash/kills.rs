//! A server that is killed again and again under mixed load.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::clerk::{Clerk, Cut};
use crate::history::{History, Outcome};
use crate::queues::Queue;
use crate::random::Random;
use crate::run::{Run, setting};
use crate::server::Server;
use crate::workers::{self, Worker};

/// Rounds, unless the environment says otherwise.
const ROUNDS: u64 = 28;
/// Of that many rounds, at least so many must end with SIGKILL.
const KILLS_MIN: u32 = 20;

/// How a round ends.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Ending {
    Kill,
    /// And the next ones are killed while they start.
    KillAndKillStarting,
    /// In order.
    Stop,
    /// While it stops in order.
    KillStopping,
}

impl Ending {
    fn of_round(round: u64) -> Self {
        match round % 8 {
            2 | 5 => Self::KillAndKillStarting,
            3 => Self::Stop,
            6 => Self::KillStopping,
            _ => Self::Kill,
        }
    }
}

/// A worker, with a source of chance of its own.
struct Seat {
    worker: Box<dyn Worker>,
    random: Random,
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_deleted_returns() {
    let mut run = Run::new();
    let mut random = Random::part(run.seed, 0);
    let seed = run.seed;
    let seat = |(worker, part)| Seat { worker, random: Random::part(seed, part) };
    let mut seats: Vec<Seat> = workers::all().into_iter().zip(1..).map(seat).collect();
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

/// One round: everyone works until the server goes.
fn use_and_end(
    run: &mut Run,
    server: Server,
    seats: &mut [Seat],
    ending: Ending,
    random: &mut Random,
) {
    let address = server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let working: Vec<_> =
            seats.iter_mut().map(|seat| scope.spawn(|| work(seat, address, &is_over))).collect();
        let longest_ms = *random.pick(&[30, 300, 1500]);
        thread::sleep(Duration::from_micros(random.below(longest_ms * 1000) as u64));
        let ends_at = Instant::now();
        end(run, server, ending, random);
        is_over.store(true, Ordering::Relaxed);
        for worker in working {
            let (history, cut) = worker.join().expect("a worker does not panic");
            run.history.absorb(history);
            if cut.is_some_and(|cut| cut.at < ends_at) {
                run.history.violations.push("a connection broke while the server ran".into());
            }
        }
    });
}

/// Works until there is no server, or the round is over.
fn work(seat: &mut Seat, address: SocketAddr, is_over: &AtomicBool) -> (History, Option<Cut>) {
    let mut clerk = Clerk::new(address);
    while !is_over.load(Ordering::Relaxed) {
        if let Err(cut) = seat.worker.step(&mut clerk, &mut seat.random) {
            return (clerk.history, Some(cut));
        }
    }
    (clerk.history, None)
}

fn end(run: &mut Run, server: Server, ending: Ending, random: &mut Random) {
    match ending {
        Ending::Kill => run.kill(server),
        Ending::Stop => run.stop(server),
        Ending::KillStopping => {
            server.terminate();
            thread::sleep(Duration::from_micros(random.below(60_000) as u64));
            run.kill(server);
        }
        Ending::KillAndKillStarting => {
            run.kill(server);
            for _ in 0..random.between(1, 3) {
                let starting = run.launcher.spawn();
                thread::sleep(Duration::from_micros(random.below(100_000) as u64));
                starting.kill();
                run.kills += 1;
            }
        }
    }
}
