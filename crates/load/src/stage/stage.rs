//! Threads, each with a runtime of its own and a share of the connections.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::course::{Course, Stop};
use super::figure::{Figure, PartyProgress, Progress};
use super::party::Party;
use crate::client::Client;
use crate::connection::Connection;
use crate::cpu::cpu_time;
use crate::error::LoadError;
use crate::fault::Fault;
use crate::tally::Tally;

/// How often progress is told.
const TICK: Duration = Duration::from_secs(1);

/// What ends a stage, and how fast it goes.
#[derive(Copy, Clone, Default, Debug)]
pub(crate) struct Limits {
    /// Load that is not measured, beforehand.
    pub(crate) warm_up: Duration,
    pub(crate) duration: Option<Duration>,
    /// Messages, rounded up to whole requests.
    pub(crate) messages: Option<u64>,
    /// Requests a second; `None` if each connection sends when it has its answer.
    pub(crate) rate: Option<f64>,
}

pub(crate) struct Stage {
    pub(crate) parties: Vec<Party>,
    pub(crate) limits: Limits,
    pub(crate) threads: usize,
}

/// What a thread is told to do, and where it counts.
struct Share {
    stage: Arc<Stage>,
    number: usize,
    client: Client,
    /// For each party.
    tallies: Vec<Arc<Mutex<Tally>>>,
}

/// How threads begin together.
struct Start {
    is_connected: Barrier,
    course: OnceLock<Arc<Course>>,
    is_set: Barrier,
}

impl Stage {
    /// Runs it to its end. Blocks: there are threads for the connections.
    pub(crate) fn run(
        self,
        client: &Client,
        stop: &Stop,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Vec<Figure>, LoadError> {
        let connections: usize = self.parties.iter().map(|party| party.connections).sum();
        let threads = self.threads.clamp(1, connections.max(1));
        let stage = Arc::new(self);
        let runtimes: Vec<Runtime> =
            (0..threads).map(|_| runtime()).collect::<Result<_, _>>().map_err(LoadError::Start)?;
        let tallies = || stage.parties.iter().map(|_| Arc::default()).collect::<Vec<_>>();
        let tallies: Vec<Vec<Arc<Mutex<Tally>>>> = (0..threads).map(|_| tallies()).collect();
        let start = Arc::new(Start {
            is_connected: Barrier::new(threads + 1),
            course: OnceLock::new(),
            is_set: Barrier::new(threads + 1),
        });
        let senders = stage.parties.iter().filter(|party| party.is_sending());
        let senders = senders.map(|party| party.connections).sum();
        let (ended, ends) = channel();
        let mut handles = Vec::new();
        for (number, runtime) in runtimes.into_iter().enumerate() {
            let (stage, client) = (Arc::clone(&stage), client.clone());
            let share = Share { stage, number, client, tallies: tallies[number].clone() };
            let (start, ended) = (Arc::clone(&start), ended.clone());
            handles.push(thread::spawn(move || {
                let outcome = share.run(&runtime, threads, &start);
                drop::<Sender<()>>(ended);
                outcome
            }));
        }
        drop(ended);
        start.is_connected.wait();
        let (begun_at, cpu) = (Instant::now(), cpu_time());
        let course = Arc::new(Course::new(begun_at, &stage.limits, senders, stop));
        let course = start.course.get_or_init(|| course);
        start.is_set.wait();
        watch(&stage, &ends, &tallies, course, begun_at, progress);
        for handle in handles {
            handle.join().map_err(|_| LoadError::Panic)??;
        }
        match course.take_fault() {
            Some(fault) => Err(fault.into()),
            None => {
                let cpu = cpu_time().zip(cpu).and_then(|(now, then)| now.checked_sub(then));
                Ok(stage.figures(course, &tallies, cpu))
            }
        }
    }

    fn figures(
        &self,
        course: &Course,
        tallies: &[Vec<Arc<Mutex<Tally>>>],
        cpu: Option<Duration>,
    ) -> Vec<Figure> {
        let now = Instant::now();
        let figure = |(number, party): (usize, &Party)| {
            let tally = of_party(tallies, number);
            let window = course.until.filter(|until| now >= *until).map(|at| course.since(at));
            let mut figure = Figure {
                name: party.name.clone(),
                messages: tally.messages,
                took: match window {
                    // Those that ran out of messages before it ended are measured up to there.
                    Some(window) if !course.is_used_up() => window,
                    _ => tally.last,
                },
                latency: tally.latency,
                transit: tally.transit,
                errors: tally.errors,
                retries: tally.retries,
                given_up: tally.given_up,
                unsent: 0,
                cpu,
            };
            if party.is_sending() && window.is_some() {
                figure.add_unsent(course);
            }
            figure
        };
        self.parties.iter().enumerate().map(figure).collect()
    }
}

/// Pieces in which the latency of what was not sent is entered.
const PIECES: u64 = 1000;

impl Figure {
    /// What the schedule wanted and nobody could send waited from its time to the end at least.
    fn add_unsent(&mut self, course: &Course) {
        let (Some(schedule), Some(until)) = (&course.schedule, course.until) else { return };
        let Some(untaken) = schedule.untaken(until) else { return };
        self.unsent = untaken.count;
        let pieces = PIECES.min(untaken.count);
        for piece in 0..pieces {
            let late_by = untaken.late_by.mul_f64((pieces - piece) as f64 / pieces as f64);
            let more = u64::from(piece < untaken.count % pieces);
            self.latency.record_many(late_by, untaken.count / pieces + more);
        }
    }
}

impl Share {
    fn run(self, runtime: &Runtime, threads: usize, start: &Start) -> Result<(), Fault> {
        let connections = runtime.block_on(self.connect(threads));
        // Whoever fails comes here too: the others wait.
        start.is_connected.wait();
        start.is_set.wait();
        let (Some(course), connections) = (start.course.get(), connections?) else { return Ok(()) };
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for (party, number, connection) in connections {
                let (party, tally) = (&self.stage.parties[party], &self.tallies[party]);
                let worker = party.worker(number, connection, course, tally);
                tasks.push(tokio::spawn(worker.run()));
            }
            for task in tasks {
                // One that panicked has said so, and the rest goes on.
                if task.await.is_err() {
                    course.fail(Fault::Strange("a connection panicked"));
                }
            }
        });
        Ok(())
    }

    /// Connections of this thread: their party, their number in it, and themselves.
    async fn connect(&self, threads: usize) -> Result<Vec<(usize, usize, Connection)>, Fault> {
        let mut connections = Vec::new();
        let mut turn = 0;
        for (party, of) in self.stage.parties.iter().enumerate() {
            for number in 0..of.connections {
                if turn % threads == self.number {
                    connections.push((party, number, self.client.connect().await?));
                }
                turn += 1;
            }
        }
        Ok(connections)
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Tells progress until all threads have ended.
fn watch(
    stage: &Stage,
    ends: &Receiver<()>,
    tallies: &[Vec<Arc<Mutex<Tally>>>],
    course: &Course,
    begun_at: Instant,
    progress: &mut dyn FnMut(&Progress),
) {
    let mut before: Vec<Tally> = stage.parties.iter().map(|_| Tally::default()).collect();
    let mut then = begun_at;
    let of = course.until.map(|until| until.saturating_duration_since(begun_at));
    while ends.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let now = Instant::now();
        let seconds = now.saturating_duration_since(then).as_secs_f64();
        let mut parties = Vec::new();
        for (number, (party, before)) in stage.parties.iter().zip(&mut before).enumerate() {
            let tally = of_party(tallies, number);
            let latency = tally.latency.since(&before.latency);
            parties.push(PartyProgress {
                name: party.name.clone(),
                rate: tally.messages.saturating_sub(before.messages) as f64 / seconds,
                p50: latency.quantile(0.5),
                p99: latency.quantile(0.99),
                errors: tally.errors.values().sum(),
            });
            *before = tally;
        }
        then = now;
        progress(&Progress { elapsed: now.saturating_duration_since(begun_at), of, parties });
    }
}

/// What a party has counted on all threads.
fn of_party(tallies: &[Vec<Arc<Mutex<Tally>>>], number: usize) -> Tally {
    let mut all = Tally::default();
    for thread in tallies {
        all.merge(&thread[number].lock().unwrap_or_else(PoisonError::into_inner));
    }
    all
}
