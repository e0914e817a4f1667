//! Sends that are recognised as repeated.

use super::scene::*;
use crate::command::Outgoing;

const QUEUE: &str = "orders.fifo";

fn with_id(body: &str, group: &str, id: &str) -> Outgoing {
    Outgoing { deduplication: Some(fifo_id(id)), ..grouped(body, group) }
}

#[test]
fn a_duplicate_is_answered_like_the_first_send_and_not_taken() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let first = s.send(QUEUE, with_id("first", "g", "id"));
        assert_eq!(s.send(QUEUE, with_id("second", "g", "id")), first);
        assert_eq!(s.send(QUEUE, with_id("third", "another-group", "id")), first);
        assert_eq!(s.counts(QUEUE), [1, 0, 0]);
        assert_eq!(bodies(&s.receive(QUEUE, ten())), ["first"]);
    });
}

#[test]
fn ids_are_remembered_for_five_minutes_from_the_first_send() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let first = s.send(QUEUE, with_id("m", "g", "id"));
        s.at(200);
        assert_eq!(s.send(QUEUE, with_id("m", "g", "id")), first, "this extends nothing");
        s.at_ms(299_999);
        assert_eq!(s.send(QUEUE, with_id("m", "g", "id")), first);
        s.at(300);
        let second = s.send(QUEUE, with_id("m", "g", "id"));
        assert_ne!(second.message_id, first.message_id);
        assert_eq!(s.counts(QUEUE), [2, 0, 0]);
        s.at_ms(599_999);
        assert_eq!(s.send(QUEUE, with_id("m", "g", "id")), second);
        s.at(600);
        assert_ne!(s.send(QUEUE, with_id("m", "g", "id")), second);
    });
}

#[test]
fn an_id_is_remembered_after_its_message_was_deleted() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let first = s.send(QUEUE, with_id("m", "g", "id"));
        let got = s.take(QUEUE);
        s.delete(QUEUE, &got).unwrap();
        assert_eq!(s.send(QUEUE, with_id("m", "g", "id")), first);
        assert_eq!(s.counts(QUEUE), [0, 0, 0]);
        s.at(300);
        s.send(QUEUE, with_id("m", "g", "id"));
        assert_eq!(s.counts(QUEUE), [1, 0, 0]);
    });
}

#[test]
fn duplicates_within_a_batch_are_recognised() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let call = vec![with_id("a", "g", "1"), with_id("b", "g", "2"), with_id("c", "g", "1")];
        let sent = s.try_send_all(QUEUE, call).unwrap();
        assert_eq!(sent[0], sent[2]);
        assert_eq!(bodies(&s.receive(QUEUE, ten())), ["a", "b"]);
    });
}

#[test]
fn with_scope_message_group_an_id_counts_in_its_group() {
    in_every_way(|s| {
        s.create(QUEUE, &[("DeduplicationScope", "messageGroup")]);
        let first = s.send(QUEUE, with_id("a", "g", "id"));
        let second = s.send(QUEUE, with_id("b", "h", "id"));
        assert_ne!(first, second);
        assert_eq!(s.send(QUEUE, with_id("c", "g", "id")), first);
        assert_eq!(s.send(QUEUE, with_id("d", "h", "id")), second);
        assert_eq!(s.counts(QUEUE), [2, 0, 0]);
    });
}

#[test]
fn a_change_of_scope_forgets_nothing() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let first = s.send(QUEUE, with_id("a", "g", "id"));
        s.set(QUEUE, &[("DeduplicationScope", "messageGroup")]).unwrap();
        assert_eq!(s.send(QUEUE, with_id("b", "g", "id")), first);
        let other = s.send(QUEUE, with_id("c", "h", "id"));
        assert_ne!(other, first, "in this group the id is new");
        s.set(QUEUE, &[("DeduplicationScope", "queue")]).unwrap();
        assert_eq!(s.send(QUEUE, with_id("d", "h", "id")), first, "the first in any group");
        assert_eq!(s.counts(QUEUE), [2, 0, 0]);
    });
}

#[test]
fn by_content_the_same_body_is_a_duplicate() {
    in_every_way(|s| {
        s.create(QUEUE, &[("ContentBasedDeduplication", "true")]);
        let by_content = |sha| Outgoing {
            body_sha256: Some([sha; 32]),
            deduplication: None,
            ..grouped("body", "g")
        };
        let first = s.send(QUEUE, by_content(1));
        assert_eq!(s.send(QUEUE, by_content(1)), first);
        assert_ne!(s.send(QUEUE, by_content(2)), first);
        // An id given in full is the same as one made of the body.
        assert_eq!(s.send(QUEUE, with_id("other", "g", &"01".repeat(32))), first);
        assert_ne!(s.send(QUEUE, with_id("body", "g", "own-id")), first);
    });
}

#[test]
fn a_send_that_is_refused_leaves_no_id_behind() {
    in_every_way(|s| {
        s.create(QUEUE, &[("MaximumMessageSize", "1024")]);
        let long = Outgoing { size: 1025, ..with_id("m", "g", "id") };
        s.try_send(QUEUE, long).unwrap_err();
        s.send(QUEUE, with_id("m", "g", "id"));
        assert_eq!(s.counts(QUEUE), [1, 0, 0]);
    });
}
