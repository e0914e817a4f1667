//! Topics of a server that is killed again and again.

use std::sync::Arc;

use serde_json::json;

use super::collector::{Collector, Gauges};
use super::drain;
use super::endpoint::Endpoint;
use super::judge;
use super::manager::Manager;
use super::publisher::{FifoPublisher, Publisher};
use super::subscriber::Subscriber;
use super::topic::Topic;
use super::weather::Weather;
use crate::clerk::Clerk;
use crate::history::Outcome;
use crate::random::Random;
use crate::rounds::{Ending, Seat, use_and_end};
use crate::run::{Run, setting};
use crate::server::Server;
use crate::workers::Worker;

/// Rounds, unless the environment says otherwise.
const ROUNDS: u64 = 28;
/// Of that many rounds, at least so many must end with SIGKILL.
const KILLS_MIN: u32 = 20;

#[test]
fn what_was_published_comes_to_everyone_who_wants_it() {
    let mut run = Run::sealed();
    let mut random = Random::part(run.seed, 0);
    let endpoints: Arc<[Endpoint]> =
        Subscriber::ALL.into_iter().filter_map(Endpoint::open).collect();
    let mut manager = Manager::new(&endpoints);
    let mut server = start(&mut run, &endpoints);
    let mut clerk = Clerk::new(server.address);
    manager.subscribe_all(&mut clerk).expect("the server is there");
    run.history.absorb(clerk.history);
    let mut seats = Seat::of_all(workers(manager, &endpoints), run.seed);
    let rounds = setting("TIDINGS_CRASH_ROUNDS").unwrap_or(ROUNDS);
    for round in 0..rounds {
        use_and_end(&mut run, server, &mut seats, Ending::of_round(round), &mut random);
        server = start(&mut run, &endpoints);
    }
    drain::all(server.address, &endpoints, &mut run.history);
    run.check(judge::judge_at_the_end);
    run.kill(server);
    let server = start(&mut run, &endpoints);
    drain::find_nothing(server.address, &mut run.history);
    run.stop(server);
    drain::take_books(&endpoints, &mut run.history);
    run.check(judge::judge_at_the_end);
    println!("{}", run.summary());
    if rounds >= ROUNDS {
        check_that_it_was_a_test(&run);
    }
}

/// Starts a server and makes queues and topics: those that are there stay as they are.
fn start(run: &mut Run, endpoints: &[Endpoint]) -> Server {
    let server = run.launch();
    let mut clerk = Clerk::new(server.address);
    for subscriber in Subscriber::ALL {
        let Some(inbox) = subscriber.inbox() else { continue };
        // Short, so that what was handed out into a crash is soon there again.
        let mut attributes = json!({ "VisibilityTimeout": "3" });
        if subscriber.has_fifo_inbox() {
            attributes["FifoQueue"] = "true".into();
        }
        let input = json!({ "QueueName": inbox, "Attributes": attributes });
        if let Err(refusal) = clerk.ask("CreateQueue", &input).expect("the server is there") {
            clerk.complain(format!("{inbox} is not as it was: {refusal:?}"));
        }
    }
    for topic in Topic::ALL {
        clerk.create_topic(topic).expect("the server is there");
    }
    run.history.absorb(clerk.history);
    drain::take_books(endpoints, &mut run.history);
    run.check(judge::judge);
    server
}

fn workers(manager: Manager, endpoints: &Arc<[Endpoint]>) -> Vec<Box<dyn Worker>> {
    let gauges = Arc::new(Gauges::default());
    let mut workers: Vec<Box<dyn Worker>> = vec![
        Box::new(Publisher::new(Topic::News, 0, &gauges)),
        Box::new(Publisher::new(Topic::News, 1, &gauges)),
        Box::new(Publisher::new(Topic::Alerts, 0, &gauges)),
        Box::new(Publisher::new(Topic::Bulk, 0, &gauges)),
        Box::new(FifoPublisher::new(Topic::Orders, 0..3, &gauges)),
        Box::new(FifoPublisher::new(Topic::Orders, 3..6, &gauges)),
        Box::new(FifoPublisher::new(Topic::Notes, 0..4, &gauges)),
        Box::new(manager),
        Box::new(Weather::new(endpoints)),
    ];
    for subscriber in Subscriber::ALL.into_iter().filter(|all| all.inbox().is_some()) {
        workers.push(Box::new(Collector::new(subscriber, &gauges)));
    }
    workers
}

/// A load that never came to what it is there for would find nothing wrong.
fn check_that_it_was_a_test(run: &Run) {
    assert!(run.kills >= KILLS_MIN, "{} kills", run.kills);
    let books = &run.history.topics;
    assert!(books.publishes.iter().any(|publish| publish.outcome == Outcome::Unknown));
    assert!(books.changes.iter().any(|change| change.outcome == Outcome::Unknown));
    assert_eq!(books.certificates.len(), 1, "messages are signed");
    for subscriber in Subscriber::ALL {
        let arrivals = books.arrivals.iter().any(|arrival| arrival.subscriber == subscriber);
        let mut visits = books.visits.iter().filter(|visit| visit.subscriber == subscriber);
        let came = if subscriber.inbox().is_some() {
            arrivals
        } else {
            visits.any(|visit| visit.is_taken)
        };
        assert!(came, "nothing came to {subscriber:?}");
    }
}
