//! What a server does wrong is told, and what is not its fault is not held against it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "what tests share is theirs")]

mod fake;

use std::time::Duration;

use fake::{Fake, Mischief};
use tidings_load::{Client, Credentials, LoadError, Report, Settings, Stop, Workload, run};
use tidings_sigv4::SecretKey;

fn client(fake: &Fake) -> Client {
    let secret = SecretKey::new("a secret".to_owned());
    let who = Credentials::new("AKIAEXAMPLE".to_owned(), secret, "us-east-1".to_owned());
    Client::plain(fake.address, who)
}

/// One connection sends and one receives, so that the fake's queue is a FIFO queue, too.
fn settings(workload: Workload) -> Settings {
    Settings {
        connections: 2,
        threads: 2,
        size: 100,
        messages: Some(200),
        groups: 3,
        // The fake gives at once what it has.
        patience: Duration::from_millis(100),
        ..Settings::new(workload)
    }
}

fn load(fake: &Fake, settings: &Settings) -> Result<Report, LoadError> {
    let outcome = run(&client(fake), settings, &Stop::default(), &mut |_| ());
    assert_eq!(fake.queues(), 0, "everything is taken away");
    outcome
}

/// Lost, duplicated and out of order; and whether that is sound.
fn seen(workload: Workload, mischief: Mischief) -> (u64, u64, u64, bool) {
    let report = load(&Fake::start(mischief), &settings(workload)).unwrap();
    let counts = report.counts.unwrap();
    assert_eq!(counts.acknowledged, 200, "{report}");
    assert_eq!(counts.stray, 0, "{report}");
    assert_eq!(counts.received + counts.lost, 200, "{report}");
    (counts.lost, counts.duplicated, counts.out_of_order, report.is_sound())
}

#[test]
fn a_server_that_does_well_is_sound() {
    for workload in [Workload::EndToEnd, Workload::Fifo, Workload::Receive] {
        let seen = seen(workload, Mischief::None);
        assert_eq!((seen.0, seen.1, seen.3), (0, 0, true), "{workload:?}");
    }
}

#[test]
fn a_lost_message_is_told() {
    for workload in [Workload::EndToEnd, Workload::Fifo, Workload::Receive] {
        let seen = seen(workload, Mischief::Loses(50));
        assert_eq!((seen.0, seen.1, seen.3), (1, 0, false), "{workload:?}");
    }
}

#[test]
fn a_doubled_message_is_told_and_breaks_a_fifo_queue() {
    assert_eq!(seen(Workload::EndToEnd, Mischief::Doubles(50)), (0, 1, 0, true));
    assert_eq!(seen(Workload::Fifo, Mischief::Doubles(50)), (0, 1, 0, false));
}

#[test]
fn a_message_that_overtakes_is_told() {
    // All of one group wait before the first is received, or the two could not change places.
    let fake = Fake::start(Mischief::Swaps(50));
    let one = Settings { connections: 1, verify: true, ..settings(Workload::Send) };
    let counts = load(&fake, &one).unwrap().counts.unwrap();
    assert_eq!((counts.lost, counts.duplicated, counts.out_of_order), (0, 0, 1));
}

#[test]
fn sends_are_verified_only_if_that_is_wanted() {
    let fake = Fake::start(Mischief::Loses(50));
    let report = load(&fake, &settings(Workload::Send)).unwrap();
    assert!(report.counts.is_none() && report.is_sound(), "{report}");
    let verified = Settings { verify: true, ..settings(Workload::SendBatch) };
    let report = load(&Fake::start(Mischief::Loses(50)), &verified).unwrap();
    assert_eq!((report.counts.unwrap().lost, report.is_sound()), (1, false), "{report}");
}

#[test]
fn broken_connections_and_patience_are_counted_and_tried_again() {
    for (mischief, kind) in
        [(Mischief::HangsUp(50), "connection"), (Mischief::Throttles(50), "ServiceUnavailable")]
    {
        // Nothing is received: what was on its way out of the fake when it hung up is gone.
        let report = load(&Fake::start(mischief), &settings(Workload::Send)).unwrap();
        let row = &report.rows[0];
        assert!(row.errors[kind] >= 3, "{report}");
        assert_eq!((row.messages, row.given_up), (200, 0), "{report}");
        assert_eq!(row.retries, row.errors.values().sum::<u64>(), "{report}");
        let json = serde_json::to_value(&report).unwrap();
        assert!(json["rows"][0]["errors"][kind].as_u64().unwrap() >= 3, "{json}");
    }
}

#[test]
fn what_a_batch_refuses_is_not_missed() {
    let settings = Settings { verify: true, ..settings(Workload::SendBatch) };
    let report = load(&Fake::start(Mischief::FailsFirstOfBatch), &settings).unwrap();
    let (row, counts) = (&report.rows[0], report.counts.unwrap());
    assert_eq!((row.messages, row.given_up, row.errors["InternalError"]), (180, 20, 20));
    assert_eq!((counts.acknowledged, counts.lost, report.is_sound()), (180, 0, true));
}

#[test]
fn a_server_that_refuses_everything_ends_it() {
    let error = load(&Fake::start(Mischief::Refuses), &settings(Workload::Send)).unwrap_err();
    let LoadError::Asking(fault) = error else { panic!("{error}") };
    assert_eq!(fault.label(), "InvalidMessageContents");
}

#[test]
fn what_is_stopped_is_not_judged() {
    let (fake, stop) = (Fake::start(Mischief::Loses(1)), Stop::default());
    let endless = Settings { messages: None, ..settings(Workload::EndToEnd) };
    let report = run(&client(&fake), &endless, &stop, &mut |_| stop.set()).unwrap();
    assert!(report.is_interrupted && report.counts.is_none() && report.is_sound(), "{report}");
    assert!(report.to_string().contains("stopped early"), "{report}");
    assert_eq!(fake.queues(), 0);
}

#[test]
fn what_is_to_be_kept_is_left() {
    let fake = Fake::start(Mischief::None);
    let settings = Settings { keep: true, ..settings(Workload::Send) };
    let report = run(&client(&fake), &settings, &Stop::default(), &mut |_| ()).unwrap();
    assert_eq!(fake.queues(), 1);
    assert!(report.notes[0].starts_with("left there: http://queues.example.com/0/"), "{report}");
}
