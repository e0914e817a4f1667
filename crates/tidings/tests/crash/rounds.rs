//! Rounds: everyone works, and the server goes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::clerk::{Clerk, Cut};
use crate::history::History;
use crate::random::Random;
use crate::run::Run;
use crate::server::Server;
use crate::workers::Worker;

/// How a round ends.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    Kill,
    /// And the next ones are killed while they start.
    KillAndKillStarting,
    /// In order.
    Stop,
    /// While it stops in order.
    KillStopping,
}

impl Ending {
    pub(crate) fn of_round(round: u64) -> Self {
        match round % 8 {
            2 | 5 => Self::KillAndKillStarting,
            3 => Self::Stop,
            6 => Self::KillStopping,
            _ => Self::Kill,
        }
    }
}

/// A worker, with a source of chance of its own.
pub(crate) struct Seat {
    worker: Box<dyn Worker>,
    random: Random,
}

impl Seat {
    /// One for each worker.
    pub(crate) fn of_all(workers: Vec<Box<dyn Worker>>, seed: u64) -> Vec<Self> {
        let seat = |(worker, part)| Self { worker, random: Random::part(seed, part) };
        workers.into_iter().zip(1..).map(seat).collect()
    }
}

/// One round: everyone works until the server goes.
pub(crate) fn use_and_end(
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
                run.kill_starting(starting);
            }
        }
    }
}
