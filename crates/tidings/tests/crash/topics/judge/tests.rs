//! The judge finds what it is there to find, and nothing in what may happen.

use std::time::{Duration, Instant};

use super::judge_at_the_end;
use crate::client::Refusal;
use crate::history::{History, Outcome, Span};
use crate::topics::books::{Arrival, Change, Deletion, Identity, Publish, Visit};
use crate::topics::filter::Filter;
use crate::topics::name::{Name, Stream};
use crate::topics::subscriber::Subscriber;
use crate::topics::topic::Topic;

use Subscriber::{AlertsQueue, AlertsWeb, OrdersEnveloped, OrdersRaw};

/// Books in the making. One thing follows another, a second each, unless it is said to overlap.
struct Story {
    history: History,
    now: Instant,
    overlap: bool,
}

const DONE: Outcome = Outcome::Acknowledged(());
const UNKNOWN: Outcome = Outcome::Unknown;

fn refused() -> Outcome {
    let code = "ServiceUnavailable".into();
    Outcome::Refused(Refusal { status: 503, code, message: String::new() })
}

fn name(topic: Topic, number: u32) -> Name {
    Stream { topic, index: 0 }.message(number)
}

fn identity(name: Name, version: u32) -> Identity {
    let sequence_number = name.stream.topic.is_fifo().then(|| u128::from(name.number + version));
    Identity { message_id: format!("{name}, {version}"), sequence_number }
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

    /// The next event overlaps with the one after it.
    fn meanwhile(mut self) -> Self {
        self.overlap = true;
        self
    }

    fn wants(
        mut self,
        subscriber: Subscriber,
        wants: impl Into<Option<Filter>>,
        outcome: Outcome,
    ) -> Self {
        let (span, wants) = (self.span(), wants.into());
        self.history.topics.changes.push(Change { span, subscriber, wants, outcome });
        self
    }

    fn publish(mut self, topic: Topic, number: u32, outcome: Outcome) -> Self {
        let (span, name) = (self.span(), name(topic, number));
        let outcome = outcome.map(|()| identity(name, 0));
        self.history.topics.publishes.push(Publish { span, name, outcome });
        self
    }

    fn receive(self, subscriber: Subscriber, number: u32, count: u32) -> Self {
        self.receive_version(subscriber, number, count, [0, 0])
    }

    /// The versions of the copy, and of what its envelope says.
    fn receive_version(
        mut self,
        subscriber: Subscriber,
        number: u32,
        count: u32,
        [copy, published]: [u32; 2],
    ) -> Self {
        let (span, name) = (self.span(), name(subscriber.topic(), number));
        let published = (!subscriber.is_raw()).then(|| identity(name, published));
        let copy = identity(name, copy);
        let arrival = Arrival { span, subscriber, name, copy, count, published };
        self.history.topics.arrivals.push(arrival);
        self
    }

    fn delete(mut self, subscriber: Subscriber, number: u32, outcome: Outcome) -> Self {
        let (span, name) = (self.span(), name(subscriber.topic(), number));
        self.history.topics.deletions.push(Deletion { span, subscriber, name, outcome });
        self
    }

    fn visit(self, subscriber: Subscriber, number: u32, is_taken: bool) -> Self {
        self.visit_version(subscriber, number, is_taken, 0)
    }

    fn visit_version(
        mut self,
        subscriber: Subscriber,
        number: u32,
        is_taken: bool,
        version: u32,
    ) -> Self {
        let (span, name) = (self.span(), name(subscriber.topic(), number));
        let message_id = identity(name, version).message_id;
        self.history.topics.visits.push(Visit { span, subscriber, name, message_id, is_taken });
        self
    }

    fn kill(mut self) -> Self {
        let span = self.span();
        self.history.ends.push(span);
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

/// A queue and a web endpoint that want all of one topic.
fn two() -> Story {
    story().wants(AlertsQueue, Filter::All, DONE).wants(AlertsWeb, Filter::All, DONE)
}

fn ordered() -> Story {
    story().wants(OrdersRaw, Filter::All, DONE)
}

/// A message that the filter wants, and one that it does not.
fn wanted_and_unwanted(filter: Filter, topic: Topic) -> [u32; 2] {
    let find = |is_wanted| (0..).find(|n| filter.matches(name(topic, *n)) == is_wanted);
    [find(true).unwrap(), find(false).unwrap()]
}

#[test]
fn what_was_acknowledged_comes_to_everyone() {
    let sent = || two().publish(Topic::Alerts, 0, DONE);
    sent().receive(AlertsQueue, 0, 1).visit(AlertsWeb, 0, true).is_fine();
    sent().is_wrong("acknowledged and never came to AlertsQueue");
    sent().receive(AlertsQueue, 0, 1).is_wrong("acknowledged and never came to AlertsWeb");
    let not_taken = sent().receive(AlertsQueue, 0, 1).visit(AlertsWeb, 0, false);
    not_taken.is_wrong("acknowledged and never came to AlertsWeb");
}

#[test]
fn an_unknown_publish_happens_for_everyone_or_for_none() {
    let sent = || two().publish(Topic::Alerts, 0, UNKNOWN);
    sent().is_fine();
    sent().receive(AlertsQueue, 0, 1).visit(AlertsWeb, 0, true).is_fine();
    sent().receive(AlertsQueue, 0, 1).is_wrong("came to others and never came to AlertsWeb");
    sent().visit(AlertsWeb, 0, true).is_wrong("came to others and never came to AlertsQueue");
    sent().visit(AlertsWeb, 0, false).is_wrong("came to others and never came to AlertsWeb");
}

#[test]
fn nothing_comes_that_was_not_published() {
    let take = |story: Story| story.receive(AlertsQueue, 0, 1).visit(AlertsWeb, 0, true);
    take(two()).is_wrong("never published, at AlertsQueue");
    take(two()).is_wrong("never published, at AlertsWeb");
    take(two().publish(Topic::Alerts, 0, refused())).is_wrong("never published");
    take(two()).publish(Topic::Alerts, 0, DONE).is_wrong("never published");
    take(two().meanwhile().publish(Topic::Alerts, 0, DONE)).is_fine();
}

#[test]
fn nobody_gets_what_it_does_not_want() {
    let [red, other] = wanted_and_unwanted(Filter::Red, Topic::Alerts);
    let picky = |number| {
        let wants = story().wants(AlertsQueue, Filter::Red, DONE);
        wants.publish(Topic::Alerts, number, DONE)
    };
    picky(red).receive(AlertsQueue, red, 1).is_fine();
    picky(red).is_wrong("never came to AlertsQueue");
    picky(other).is_fine();
    picky(other).receive(AlertsQueue, other, 1).is_wrong("was not wanted, at AlertsQueue");
    let nobody = story().publish(Topic::Alerts, 0, DONE);
    nobody.receive(AlertsQueue, 0, 1).is_wrong("was not wanted");
}

#[test]
fn a_change_holds_from_its_answer_on() {
    let [_, other] = wanted_and_unwanted(Filter::Red, Topic::Alerts);
    let all = || story().wants(AlertsQueue, Filter::All, DONE);
    let after = |story: Story| story.publish(Topic::Alerts, other, DONE);
    let take = |story: Story| story.receive(AlertsQueue, other, 1);
    let changed = |outcome| after(all().wants(AlertsQueue, Filter::Red, outcome));
    changed(DONE).is_fine();
    take(changed(DONE)).is_wrong("was not wanted");
    // Nobody can say which it is.
    changed(UNKNOWN).is_fine();
    take(changed(UNKNOWN)).is_fine();
    changed(refused()).is_wrong("never came");
    take(changed(refused())).is_fine();
    let settled = || all().wants(AlertsQueue, Filter::Red, UNKNOWN).wants(AlertsQueue, None, DONE);
    after(settled()).is_fine();
    take(after(settled())).is_wrong("was not wanted");
    let overlapping = || after(all().meanwhile().wants(AlertsQueue, None, DONE));
    overlapping().is_fine();
    take(overlapping()).is_fine();
}

#[test]
fn a_message_keeps_its_identity() {
    let sent = || story().wants(OrdersEnveloped, Filter::All, DONE);
    let twice = || sent().publish(Topic::Orders, 0, UNKNOWN).publish(Topic::Orders, 0, DONE);
    twice().receive(OrdersEnveloped, 0, 1).is_fine();
    let other = twice().receive_version(OrdersEnveloped, 0, 1, [0, 1]);
    other.is_wrong("is two messages");
    let visited = |version| {
        let sent = story().wants(AlertsWeb, Filter::All, DONE).publish(Topic::Alerts, 0, DONE);
        sent.visit_version(AlertsWeb, 0, true, version)
    };
    visited(0).is_fine();
    visited(1).is_wrong("is two messages");
}

#[test]
fn a_message_comes_into_a_queue_once() {
    let received = || ordered().publish(Topic::Orders, 0, DONE).receive(OrdersRaw, 0, 1);
    received().receive(OrdersRaw, 0, 2).is_fine();
    received().receive(OrdersRaw, 0, 1).is_wrong("counts that do not grow: 1 and 1");
    received().receive_version(OrdersRaw, 0, 2, [1, 0]).is_wrong("is there twice");
    let deleted = |outcome| received().delete(OrdersRaw, 0, outcome).receive(OrdersRaw, 0, 2);
    deleted(DONE).is_wrong("was deleted and came back");
    deleted(UNKNOWN).is_fine();
}

#[test]
fn a_group_keeps_its_order() {
    let sent = || ordered().publish(Topic::Orders, 0, DONE).publish(Topic::Orders, 1, DONE);
    sent().receive(OrdersRaw, 0, 1).receive(OrdersRaw, 1, 1).is_fine();
    let again = sent().receive(OrdersRaw, 0, 1).receive(OrdersRaw, 1, 1).receive(OrdersRaw, 0, 2);
    again.is_fine();
    let swapped = sent().receive(OrdersRaw, 1, 1).receive(OrdersRaw, 0, 1);
    swapped.is_wrong("orders.fifo/0/0 came to OrdersRaw after later ones");
    sent().receive(OrdersRaw, 1, 1).is_wrong("orders.fifo/0/0 was acknowledged and never came");
}

#[test]
fn sequence_numbers_grow() {
    let mut same = story().publish(Topic::Orders, 0, DONE).publish(Topic::Orders, 1, DONE);
    for publish in &mut same.history.topics.publishes {
        let Outcome::Acknowledged(identity) = &mut publish.outcome else { unreachable!() };
        identity.sequence_number = Some(7);
    }
    same.is_wrong("no greater sequence number");
}

#[test]
fn what_an_endpoint_has_taken_comes_again_only_after_a_crash() {
    let sent = || story().wants(AlertsWeb, Filter::All, DONE).publish(Topic::Alerts, 0, DONE);
    let visit = |story: Story, is_taken| story.visit(AlertsWeb, 0, is_taken);
    visit(visit(sent(), false), true).is_fine();
    visit(visit(sent(), true), true).is_wrong("taken and came again though no server went");
    visit(visit(sent(), true), false).is_wrong("taken and came again though no server went");
    visit(visit(sent(), true).kill(), true).is_fine();
    visit(visit(sent().kill(), true), true).is_wrong("taken and came again though no server went");
    visit(visit(sent().meanwhile(), true).kill(), true).is_fine();
}

#[test]
fn one_key_signs_everything() {
    let mut story = two();
    story.history.topics.certificates.insert("one.pem".into());
    story.is_fine();
    story.history.topics.certificates.insert("another.pem".into());
    story.is_wrong("signed with several keys");
}
