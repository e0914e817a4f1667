//! StartMessageMoveTask and what follows.

use super::scene::*;
use crate::command::{Command, Effect, MoveTaskState, MoveTaskStatus, ReceiveRequest, Reply};
use crate::names::Uuid;
use crate::rejection::Rejection;
use crate::shard::Settings;

fn id(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

fn start(
    s: &mut Scene,
    source: &str,
    destination: Option<&str>,
    rate: Option<u32>,
    task: u8,
) -> Result<Reply, Rejection> {
    let destination = destination.map(arn);
    s.run(Command::StartMoveTask { source: arn(source), destination, rate, task: id(task) })
}

/// Does what the task asked for: reads the messages and brings them back. Returns how many.
fn copy(s: &mut Scene) -> usize {
    let effects = std::mem::take(&mut s.effects);
    let mut copied = 0;
    for effect in effects {
        let Effect::CopyForMoveTask { source, task, messages } = effect else {
            panic!("a copy, not {effect:?}");
        };
        copied += messages.len();
        let read = messages.into_iter().map(|(key, location)| {
            let fresh = u128::from(key) << 64 | u128::from(s.now.as_ms());
            (key, Uuid::from_random(fresh), Some(s.read(location)))
        });
        let messages = read.collect();
        s.hand_in(Command::MoveMessages { source, task, messages });
    }
    copied
}

fn copy_all(s: &mut Scene) {
    while copy(s) > 0 {}
}

/// A queue `dead` with these messages, dead letters of `orders`.
fn dead_letters(s: &mut Scene, suffix: &str, bodies: &[&str]) {
    let (dead, orders) = (format!("dead{suffix}"), format!("orders{suffix}"));
    s.create(&dead, &[]);
    s.create(&orders, &[("RedrivePolicy", &redrive(&dead, 1))]);
    for body in bodies {
        s.send(&orders, if suffix.is_empty() { message(body) } else { grouped(body, "g") });
    }
    let peek = ReceiveRequest { visibility_timeout: Some(0), ..ten() };
    while !s.receive(&orders, peek.clone()).is_empty() {}
    assert_eq!(s.counts(&dead)[0], bodies.len() as u64);
}

fn only_task(s: &mut Scene, source: &str) -> MoveTaskStatus {
    let mut tasks = s.move_tasks(source);
    assert_eq!(tasks.len(), 1);
    tasks.remove(0)
}

/// Whoever starts a task is asked about the queues that lead to the dead-letter queue now.
#[test]
fn where_policies_decide_messages_go_back_only_to_queues_that_lead_here() {
    let scenario = |enforces_policies: bool| {
        move |s: &mut Scene| {
            dead_letters(s, "", &["a"]);
            s.create("second", &[("RedrivePolicy", &redrive("dead", 1))]);
            s.set("orders", &[("RedrivePolicy", "")]).unwrap();
            start(s, "dead", None, None, 1).unwrap();
            copy_all(s);
            let state = only_task(s, "dead").state;
            if !enforces_policies {
                assert_eq!(state, MoveTaskState::Completed);
                assert_eq!((s.counts("dead")[0], s.counts("orders")[0]), (0, 1));
                return;
            }
            let reason = "CouldNotDetermineMessageSource".to_owned();
            assert_eq!(state, MoveTaskState::Failed { reason });
            assert_eq!((s.counts("dead")[0], s.counts("orders")[0]), (1, 0));
            start(s, "dead", Some("orders"), None, 2).unwrap();
            copy_all(s);
            assert_eq!((s.counts("dead")[0], s.counts("orders")[0]), (0, 1), "as was asked for");
        }
    };
    for enforces_policies in [true, false] {
        let settings = Settings { enforces_policies, ..Settings::default() };
        for way in [Way::Straight, Way::Late, Way::Replayed, Way::Restored] {
            play(way, settings, &scenario(enforces_policies));
        }
    }
}

#[test]
fn messages_go_back_to_where_they_came_from_as_new_ones() {
    in_every_way(|s| {
        dead_letters(s, "", &["a"]);
        s.create("second", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("second", message("b"));
        let first = s.take("second");
        s.at(30);
        assert_eq!(s.receive("second", ten()), []);
        start(s, "dead", None, None, 1).unwrap();
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Running);
        copy_all(s);
        assert_eq!(s.counts("dead"), [0, 0, 0]);
        let back = s.take("second");
        assert_eq!((back.body.as_str(), back.receive_count()), ("b", 1), "counted anew");
        assert_ne!(back.message_id, first.message_id);
        assert_eq!(back.sent_at, START + 30_000);
        assert_eq!(back.received.dead_letter_source, None);
        assert_eq!(s.take("orders").body, "a");
        let status = only_task(s, "dead");
        let expected = MoveTaskStatus {
            task: id(1),
            source: arn("dead"),
            destination: None,
            rate: None,
            state: MoveTaskState::Completed,
            started_at: START + 30_000,
            moved: 2,
            to_move: 2,
        };
        assert_eq!(status, expected);
    });
}

#[test]
fn a_destination_takes_messages_of_any_source() {
    in_every_way(|s| {
        dead_letters(s, "", &["a", "b"]);
        s.send("dead", message("sent here"));
        s.create("elsewhere", &[]);
        start(s, "dead", Some("elsewhere"), None, 1).unwrap();
        copy_all(s);
        assert_eq!(s.counts("elsewhere"), [3, 0, 0]);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
        assert_eq!(only_task(s, "dead").destination, Some(arn("elsewhere")));
    });
}

#[test]
fn a_moved_message_is_kept_for_a_retention_period_of_its_own() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        s.set("orders", &[("MessageRetentionPeriod", "60")]).unwrap();
        s.at(1000);
        start(s, "dead", None, None, 1).unwrap();
        copy_all(s);
        s.at_ms(1_059_999);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.at(1060);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_fifo_message_keeps_its_group_and_is_known_by_its_first_id() {
    in_every_way(|s| {
        dead_letters(s, ".fifo", &["1", "2", "3"]);
        let peek = ReceiveRequest { visibility_timeout: Some(0), ..ten() };
        let dead = s.receive("dead.fifo", peek);
        start(s, "dead.fifo", None, None, 1).unwrap();
        copy_all(s);
        let back = s.receive("orders.fifo", ten());
        assert_eq!(bodies(&back), ["1", "2", "3"]);
        for (back, dead) in back.iter().zip(&dead) {
            assert_eq!(back.group.as_deref(), Some("g"));
            assert_eq!(back.deduplication, Some(dead.message_id.to_string()));
        }
    });
}

#[test]
fn what_cannot_start_says_why() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        s.create("plain", &[]);
        s.create("other.fifo", &[]);
        let text = |result: Result<Reply, Rejection>| result.unwrap_err().to_string();
        let gone = "The resource that you specified for the SourceArn parameter doesn't exist.";
        assert_eq!(text(start(s, "missing", None, None, 1)), gone);
        assert!(matches!(start(s, "missing", None, None, 1), Err(Rejection::ResourceNotFound(_))));
        let gone =
            "The resource that you specified for the DestinationArn parameter doesn't exist.";
        assert_eq!(text(start(s, "dead", Some("missing"), None, 1)), gone);
        let not_dead = "Source queue must be configured as a Dead Letter Queue.";
        assert_eq!(text(start(s, "plain", None, None, 1)), not_dead);
        start(s, "dead", Some("other.fifo"), None, 1).unwrap_err();
        start(s, "dead", None, None, 1).unwrap();
        let running = "There is already a task running. Only one active task is allowed for a \
                       source queue arn at a given time.";
        assert_eq!(text(start(s, "dead", None, None, 2)), running);
        copy_all(s);
        start(s, "dead", None, None, 2).unwrap();
    });
}

#[test]
fn a_task_is_cancelled_by_its_id() {
    in_every_way(|s| {
        dead_letters(s, "", &["a", "b", "c"]);
        start(s, "dead", None, Some(1), 1).unwrap();
        assert_eq!(copy(s), 1);
        let cancel = |s: &mut Scene, source: &str, task| {
            s.run(Command::CancelMoveTask { source: arn(source), task: id(task) })
        };
        assert_eq!(
            cancel(s, "missing", 1).unwrap_err().to_string(),
            "The resource that you specified for the SourceArn parameter doesn't exist."
        );
        let unknown = Rejection::ResourceNotFound("Task does not exist.".into());
        assert_eq!(cancel(s, "dead", 2), Err(unknown));
        assert_eq!(cancel(s, "dead", 1), Ok(Reply::MoveTaskCancelled { moved: 1 }));
        cancel(s, "dead", 1).unwrap_err();
        s.at(100);
        copy_all(s);
        assert_eq!((s.counts("dead"), s.counts("orders")), ([2, 0, 0], [1, 0, 0]));
        let status = only_task(s, "dead");
        assert_eq!((status.state, status.moved, status.to_move), (MoveTaskState::Cancelled, 1, 3));
    });
}

#[test]
fn a_task_keeps_to_its_rate() {
    without_restarts(|s| {
        dead_letters(s, "", &["a", "b", "c", "d", "e"]);
        start(s, "dead", None, Some(2), 1).unwrap();
        for (ms, left) in [(0, 3), (999, 3), (1000, 1), (1999, 1), (2000, 0)] {
            s.at_ms(ms);
            copy(s);
            assert_eq!(s.counts("dead"), [left, 0, 0], "after {ms} ms");
        }
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Running);
        s.at(3);
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Completed);
    });
}

#[test]
fn a_task_waits_for_what_is_in_flight() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        let got = s.take("dead");
        start(s, "dead", None, None, 1).unwrap();
        s.at_ms(29_999);
        assert_eq!(copy(s), 0);
        s.hide("dead", &got, 0).unwrap();
        s.at(31);
        copy_all(s);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Completed);
    });
}

#[test]
fn a_task_ends_when_all_that_was_left_is_deleted() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        let got = s.take("dead");
        start(s, "dead", None, None, 1).unwrap();
        s.delete("dead", &got).unwrap();
        s.at(1);
        let status = only_task(s, "dead");
        assert_eq!((status.state, status.moved), (MoveTaskState::Completed, 0));
    });
}

#[test]
fn a_message_received_while_it_is_copied_stays() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        start(s, "dead", None, None, 1).unwrap();
        let got = s.take("dead");
        assert_eq!(copy(s), 1);
        assert_eq!((s.counts("dead"), s.counts("orders")), ([0, 1, 0], [0, 0, 0]));
        s.delete("dead", &got).unwrap();
        s.at(1);
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Completed);
    });
}

#[test]
fn a_group_in_flight_keeps_its_messages_from_overtaking() {
    in_every_way(|s| {
        dead_letters(s, ".fifo", &["1", "2"]);
        start(s, "dead.fifo", None, None, 1).unwrap();
        let first = s.take("dead.fifo");
        assert_eq!(copy(s), 2, "both had been asked for");
        assert_eq!(s.counts("orders.fifo"), [0, 0, 0], "the second must not go before the first");
        s.hide("dead.fifo", &first, 0).unwrap();
        s.at(2);
        copy_all(s);
        assert_eq!(bodies(&s.receive("orders.fifo", ten())), ["1", "2"]);
    });
}

#[test]
fn a_task_fails_when_its_destination_is_gone() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        s.create("elsewhere", &[]);
        start(s, "dead", Some("elsewhere"), None, 1).unwrap();
        s.delete_queue("elsewhere");
        copy_all(s);
        let reason = "AWS.SimpleQueueService.NonExistentQueue".to_owned();
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Failed { reason });
        assert_eq!(s.counts("dead"), [1, 0, 0]);
    });
}

#[test]
fn a_task_fails_for_a_message_that_came_from_no_queue() {
    in_every_way(|s| {
        dead_letters(s, "", &[]);
        s.send("dead", message("sent here"));
        start(s, "dead", None, None, 1).unwrap();
        copy_all(s);
        let reason = "CouldNotDetermineMessageSource".to_owned();
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Failed { reason });
        assert_eq!(s.counts("dead"), [1, 0, 0]);
    });
}

#[test]
fn a_task_fails_for_a_record_that_cannot_be_read() {
    in_every_way(|s| {
        dead_letters(s, "", &["m"]);
        start(s, "dead", None, None, 1).unwrap();
        let Some(Effect::CopyForMoveTask { source, task, messages }) = s.effects.pop() else {
            panic!("a copy");
        };
        s.effects.clear();
        let messages = messages.into_iter().map(|(key, _)| (key, id(9), None)).collect();
        s.hand_in(Command::MoveMessages { source, task, messages });
        assert!(matches!(only_task(s, "dead").state, MoveTaskState::Failed { .. }));
        assert_eq!(s.counts("dead"), [1, 0, 0]);
    });
}

#[test]
fn a_task_runs_for_36_hours_at_most() {
    let mut s = Scene::unchecked();
    dead_letters(&mut s, "", &["m"]);
    let long = ReceiveRequest { visibility_timeout: Some(43_200), ..one() };
    s.receive("dead", long.clone());
    start(&mut s, "dead", None, Some(1), 1).unwrap();
    for twelve_hours in 1..=2 {
        s.at_ms(twelve_hours * 43_200_000 - 1);
        assert_eq!(copy(&mut s), 0, "it waits for what is in flight");
        s.at(twelve_hours * 43_200);
        s.receive("dead", long.clone());
        copy(&mut s);
    }
    s.at_ms(3 * 43_200_000 - 1);
    assert_eq!(only_task(&mut s, "dead").state, MoveTaskState::Running);
    s.at(3 * 43_200 + 1);
    assert!(matches!(only_task(&mut s, "dead").state, MoveTaskState::Failed { .. }));
    assert_eq!(s.counts("orders"), [0, 0, 0]);
}

#[test]
fn a_task_goes_on_after_a_restart() {
    without_restarts(|s| {
        dead_letters(s, "", &["a", "b", "c"]);
        start(s, "dead", None, Some(1), 1).unwrap();
        copy(s);
        s.at(1);
        s.effects.clear();
        s.restart();
        copy_all(s);
        s.at(3);
        copy_all(s);
        s.at(4);
        assert_eq!(s.counts("orders"), [3, 0, 0]);
        assert_eq!(only_task(s, "dead").state, MoveTaskState::Completed);
    });
}

#[test]
fn the_last_ten_tasks_are_listed_newest_first() {
    in_every_way(|s| {
        dead_letters(s, "", &[]);
        assert_eq!(s.move_tasks("dead"), []);
        for task in 1..=12 {
            s.at(u64::from(task));
            start(s, "dead", None, None, task).unwrap();
        }
        let ids: Vec<Uuid> = s.move_tasks("dead").iter().map(|task| task.task).collect();
        assert_eq!(ids, (3..=12).rev().map(id).collect::<Vec<_>>());
        let Ok(Reply::MoveTasks(two)) =
            s.run(Command::ListMoveTasks { source: arn("dead"), max: 2 })
        else {
            panic!("move tasks");
        };
        assert_eq!(two.len(), 2);
        let missing = s.run(Command::ListMoveTasks { source: arn("missing"), max: 1 });
        assert!(matches!(missing, Err(Rejection::ResourceNotFound(_))));
    });
}

#[test]
fn an_account_has_100_tasks_running_at_most() {
    let mut s = Scene::unchecked();
    for queue in 0..=100 {
        let dead = format!("dead{queue}");
        s.create(&dead, &[]);
        s.send(&dead, message("m"));
        s.take(&dead);
        s.create(&format!("orders{queue}"), &[("RedrivePolicy", &redrive(&dead, 1))]);
        let started = start(&mut s, &dead, None, None, 1);
        assert_eq!(started.is_ok(), queue < 100, "{queue}: {started:?}");
    }
}
