//! The judge finds what it is there to find, and nothing in what may happen.

use std::time::{Duration, Instant};

use super::{Bounds, bounds, judge_at_the_end};
use crate::client::Refusal;
use crate::history::{
    Change, Delete, Handed, Held, History, Identity, LostReceive, Outcome, Purge, Receive, Send,
    Span,
};
use crate::name::{Name, Stream};
use crate::queues::Queue;

/// Books in the making. Requests follow one another, a second each, unless they are said to
/// overlap.
struct Story {
    history: History,
    now: Instant,
    overlap: bool,
}

const DONE: Outcome = Outcome::Acknowledged(());
const UNKNOWN: Outcome = Outcome::Unknown;

fn refused(code: &str) -> Outcome {
    let refusal = Refusal { status: 400, code: code.into(), message: String::new() };
    Outcome::Refused(refusal)
}

fn name(queue: Queue, number: u32) -> Name {
    Stream { queue, index: 0 }.message(number)
}

fn identity(name: Name, version: u32) -> Identity {
    let sequence_number = name.stream.queue.is_fifo().then(|| u128::from(name.number) + 1000);
    Identity {
        message_id: format!("{name}, {version}"),
        body_md5: name.to_string(),
        sequence_number,
    }
}

fn story() -> Story {
    Story { history: History::default(), now: Instant::now(), overlap: false }
}

impl Story {
    fn span(&mut self) -> Span {
        let began = self.now;
        if !std::mem::take(&mut self.overlap) {
            self.now += Duration::from_millis(1000);
        }
        Span { began, ended: began + Duration::from_millis(900) }
    }

    /// The next request overlaps with the one after it.
    fn meanwhile(mut self) -> Self {
        self.overlap = true;
        self
    }

    fn send(mut self, queue: Queue, number: u32, outcome: Outcome) -> Self {
        let (span, name) = (self.span(), name(queue, number));
        let outcome = outcome.map(|()| identity(name, 0));
        self.history.sends.push(Send { span, name, outcome });
        self
    }

    /// The messages, each with its receive count.
    fn receive(self, queue: Queue, messages: &[(u32, u32)]) -> Self {
        self.receive_version(queue, messages, 0)
    }

    fn receive_version(mut self, queue: Queue, messages: &[(u32, u32)], version: u32) -> Self {
        let handed = messages.iter().map(|(number, count)| {
            let name = name(queue.source(), *number);
            Handed { name, identity: identity(name, version), count: *count }
        });
        let (span, visibility_timeout) = (self.span(), Duration::from_secs(15));
        let handed = handed.collect();
        self.history.receives.push(Receive { span, queue, visibility_timeout, handed });
        self
    }

    fn lose_receive(mut self, queue: Queue) -> Self {
        let span = self.span();
        self.history.lost_receives.push(LostReceive { span, queue });
        self
    }

    fn delete(mut self, queue: Queue, number: u32, count: u32, outcome: Outcome) -> Self {
        let held = Held { queue, name: name(queue.source(), number), count };
        let span = self.span();
        self.history.deletes.push(Delete { span, held, outcome });
        self
    }

    fn show(mut self, queue: Queue, number: u32, count: u32) -> Self {
        let held = Held { queue, name: name(queue.source(), number), count };
        let (span, visibility_timeout, outcome) = (self.span(), Duration::ZERO, DONE);
        self.history.changes.push(Change { span, held, visibility_timeout, outcome });
        self
    }

    fn purge(mut self, queue: Queue, outcome: Outcome) -> Self {
        let span = self.span();
        self.history.purges.push(Purge { span, queue, outcome });
        self
    }

    #[track_caller]
    fn is_fine(&self) {
        assert_eq!(judge_at_the_end(&self.history), Vec::<String>::new());
    }

    /// The judge says this, among what may follow from it.
    #[track_caller]
    fn is_wrong(&self, violation: &str) {
        let found = judge_at_the_end(&self.history);
        assert!(found.iter().any(|found| found.contains(violation)), "{found:#?}");
    }
}

use Queue::{Ordered, Plain, Purged, Work, WorkDead};

#[test]
fn a_message_that_was_acknowledged_must_turn_up_until_it_is_deleted() {
    let sent = || story().send(Plain, 0, DONE);
    sent().is_wrong("acknowledged and is never received");
    sent().receive(Plain, &[(0, 1)]).is_wrong("not to be found any more");
    sent().receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, DONE).is_fine();
    sent().receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, UNKNOWN).is_fine();
    sent().receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, refused("X")).is_wrong("not to be found");
    // The delete did not happen: the message was there afterwards.
    let back = || sent().receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, UNKNOWN);
    back().receive(Plain, &[(0, 2)]).is_wrong("not to be found any more");
    back().receive(Plain, &[(0, 2)]).delete(Plain, 0, 2, DONE).is_fine();
}

#[test]
fn a_message_of_an_unknown_send_may_be_there_or_not() {
    let sent = || story().send(Plain, 0, UNKNOWN);
    sent().is_fine();
    sent().receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, DONE).is_fine();
    // Once it was seen it is a message like any other.
    sent().receive(Plain, &[(0, 1)]).is_wrong("not to be found any more");
}

#[test]
fn nothing_turns_up_that_was_not_sent() {
    let take = |story: Story| story.receive(Plain, &[(0, 1)]).delete(Plain, 0, 1, DONE);
    take(story()).is_wrong("received and never sent");
    take(story().send(Plain, 0, refused("ServiceUnavailable"))).is_wrong("never sent");
    take(story()).send(Plain, 0, DONE).is_wrong("never sent");
    take(story().meanwhile().send(Plain, 0, DONE)).is_fine();
}

#[test]
fn a_message_is_one_message() {
    let sent = || story().send(Ordered, 0, UNKNOWN).send(Ordered, 0, DONE);
    sent().receive(Ordered, &[(0, 1)]).delete(Ordered, 0, 1, DONE).is_fine();
    let other = sent().receive_version(Ordered, &[(0, 1)], 1);
    other.delete(Ordered, 0, 1, DONE).is_wrong("is two messages");
}

#[test]
fn receive_counts_grow() {
    let received = || story().send(Plain, 0, DONE).receive(Plain, &[(0, 2)]);
    let end = |story: Story, count| story.delete(Plain, 0, count, DONE);
    end(received().receive(Plain, &[(0, 3)]), 3).is_fine();
    end(received().receive(Plain, &[(0, 2)]), 2).is_wrong("counts that do not grow: 2 and 2");
    end(received().receive(Plain, &[(0, 1)]), 2).is_wrong("counts that do not grow: 2 and 1");
    let overlapping = story().send(Plain, 0, DONE).meanwhile().receive(Plain, &[(0, 2)]);
    end(overlapping.receive(Plain, &[(0, 1)]), 2).is_fine();
}

#[test]
fn what_was_deleted_does_not_come_back() {
    let deleted = |queue| {
        let received = story().send(queue, 0, DONE).receive(queue, &[(0, 1)]);
        received.delete(queue, 0, 1, DONE)
    };
    for queue in [Plain, Ordered] {
        let back = deleted(queue).receive(queue, &[(0, 2)]).delete(queue, 0, 2, DONE);
        back.is_wrong("deleted and came back");
        let skipped = deleted(queue).receive(queue, &[(0, 3)]).delete(queue, 0, 3, DONE);
        skipped.is_wrong("deleted and came back");
    }
}

#[test]
fn a_delete_with_an_older_handle_may_do_nothing_in_a_standard_queue() {
    let received = || story().send(Plain, 0, DONE).receive(Plain, &[(0, 1)]);
    let end = |story: Story| story.receive(Plain, &[(0, 3)]).delete(Plain, 0, 3, DONE);
    let known = received().receive(Plain, &[(0, 2)]).delete(Plain, 0, 1, DONE);
    end(known).is_fine();
    let lost = received().lose_receive(Plain).delete(Plain, 0, 1, DONE);
    end(lost).is_fine();
    let lost_before = story().send(Plain, 0, DONE).lose_receive(Plain).receive(Plain, &[(0, 1)]);
    end(lost_before.delete(Plain, 0, 1, DONE)).is_wrong("deleted and came back");
    let lost_after = received().delete(Plain, 0, 1, DONE).lose_receive(Plain);
    end(lost_after).is_wrong("deleted and came back");
    let lost_elsewhere = received().lose_receive(Work).delete(Plain, 0, 1, DONE);
    end(lost_elsewhere).is_wrong("deleted and came back");
}

#[test]
fn what_was_purged_does_not_come_back() {
    let purged = |outcome| story().send(Purged, 0, DONE).purge(Purged, outcome);
    let take = |story: Story| story.receive(Purged, &[(0, 1)]).delete(Purged, 0, 1, DONE);
    purged(DONE).is_fine();
    purged(UNKNOWN).is_fine();
    purged(refused("X")).is_wrong("never received");
    take(purged(DONE)).is_wrong("purged and came back");
    take(purged(UNKNOWN)).is_fine();
    // The purge did not happen, so it explains nothing.
    purged(UNKNOWN).receive(Purged, &[(0, 1)]).is_wrong("not to be found any more");
    take(story().meanwhile().purge(Purged, DONE).send(Purged, 0, DONE)).is_fine();
    story().purge(Purged, DONE).send(Purged, 0, DONE).is_wrong("never received");
}

#[test]
fn dead_letters_are_those_received_often_enough() {
    let often = || {
        let sent = story().send(Work, 0, DONE);
        (1..=3).fold(sent, |story, count| story.receive(Work, &[(0, count)]))
    };
    often().receive(WorkDead, &[(0, 4)]).delete(WorkDead, 0, 4, DONE).is_fine();
    often().receive(Work, &[(0, 4)]).delete(Work, 0, 4, DONE).is_wrong("for the time no. 4");
    let early = story().send(Work, 0, DONE).receive(WorkDead, &[(0, 2)]);
    early.delete(WorkDead, 0, 2, DONE).is_wrong("received from WorkDead for the time no. 2");
}

#[test]
fn a_group_keeps_its_order() {
    let sent = || story().send(Ordered, 0, DONE).send(Ordered, 1, DONE);
    let end = |story: Story, counts: [u32; 2]| {
        let first = story.delete(Ordered, 0, counts[0], DONE);
        first.delete(Ordered, 1, counts[1], DONE)
    };
    end(sent().receive(Ordered, &[(0, 1), (1, 1)]), [1, 1]).is_fine();
    let reversed = sent().receive(Ordered, &[(1, 1), (0, 1)]);
    end(reversed, [1, 1]).is_wrong("out of order within one receive");
    // Number 0 is deleted only afterwards, so it was passed over.
    let alone = sent().receive(Ordered, &[(1, 1)]).delete(Ordered, 1, 1, DONE);
    let then = alone.delete(Ordered, 0, 0, DONE);
    then.is_wrong("ordered.fifo/0/0 was passed over");
}

#[test]
fn messages_before_a_received_one_do_not_return() {
    let sent = || story().send(Ordered, 0, DONE).send(Ordered, 1, DONE);
    // The delete without an answer happened, or number 1 would not have been received.
    let received = || sent().receive(Ordered, &[(0, 1)]).delete(Ordered, 0, 1, UNKNOWN);
    let passed = || received().receive(Ordered, &[(1, 1)]).delete(Ordered, 1, 1, DONE);
    passed().is_fine();
    let back = passed().receive(Ordered, &[(0, 2)]).delete(Ordered, 0, 2, DONE);
    back.is_wrong("came back when later messages of its group had been received");
}

#[test]
fn a_group_in_flight_is_nobody_elses() {
    let sent = || story().send(Ordered, 0, DONE).send(Ordered, 1, DONE);
    let both = || sent().receive(Ordered, &[(0, 1), (1, 1)]);
    let again = |story: Story| {
        let received = story.receive(Ordered, &[(1, 2)]);
        received.delete(Ordered, 1, 2, DONE)
    };
    let deleted = || both().delete(Ordered, 0, 1, DONE);
    again(deleted()).is_wrong("while others of its group were in flight: [0, 1]");
    again(deleted().show(Ordered, 1, 1)).is_fine();
    let mut patient = deleted();
    patient.now += Duration::from_secs(15);
    again(patient).is_fine();
}

#[test]
fn sequence_numbers_grow() {
    let mut swapped = story().send(Ordered, 0, DONE).send(Ordered, 1, DONE);
    let numbers = [7, 7];
    for (send, number) in swapped.history.sends.iter_mut().zip(numbers) {
        let Outcome::Acknowledged(identity) = &mut send.outcome else { unreachable!() };
        identity.sequence_number = Some(number);
    }
    let found = judge_at_the_end(&swapped.history);
    assert!(found.iter().any(|v| v.contains("no greater sequence number")), "{found:?}");
}

#[test]
fn a_handle_holds_as_long_as_its_message_is_in_flight() {
    let received = || story().send(Ordered, 0, DONE).receive(Ordered, &[(0, 1)]);
    let end = |story: Story| story.delete(Ordered, 0, 1, DONE);
    let stale = || refused("InvalidParameterValue");
    end(received().delete(Ordered, 0, 1, stale())).is_wrong("with a handle that held");
    end(received().show(Ordered, 0, 1).delete(Ordered, 0, 1, stale())).is_fine();
    let mut late = received();
    late.now += Duration::from_secs(15);
    end(late.delete(Ordered, 0, 1, stale())).is_fine();
}

#[test]
fn totals_follow_from_the_books() {
    let of = |story: Story| bounds(&story.history)[&Plain];
    let sent = || story().send(Plain, 0, DONE).send(Plain, 1, UNKNOWN).send(Plain, 2, refused("X"));
    assert_eq!(of(sent()), Bounds { min: 1, max: 2 });
    let received = || sent().receive(Plain, &[(1, 1)]);
    assert_eq!(of(received()), Bounds { min: 2, max: 2 });
    assert_eq!(of(received().delete(Plain, 1, 1, UNKNOWN)), Bounds { min: 1, max: 2 });
    assert_eq!(of(received().delete(Plain, 1, 1, DONE)), Bounds { min: 1, max: 1 });
    let superseded = received().lose_receive(Plain).delete(Plain, 1, 1, DONE);
    assert_eq!(of(superseded), Bounds { min: 1, max: 2 });
    assert_eq!(of(sent().purge(Plain, DONE)), Bounds { min: 0, max: 0 });
    assert_eq!(of(sent().purge(Plain, UNKNOWN)), Bounds { min: 0, max: 2 });
}
