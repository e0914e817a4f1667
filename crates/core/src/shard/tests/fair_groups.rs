//! Standard queues with message groups. Developer guide, "Amazon SQS fair queues".

use super::scene::*;
use crate::command::{Outgoing, ReceiveRequest};

fn of(tenant: &str, body: &str) -> Outgoing {
    Outgoing { group: Some(fifo_id(tenant)), ..message(body) }
}

fn groups(got: &[Got]) -> Vec<&str> {
    got.iter().map(|got| got.group.as_deref().unwrap_or("none")).collect()
}

/// `in_flight` messages of a tenant in flight, and `waiting` more behind them.
fn flood(s: &mut Scene, tenant: &str, in_flight: usize, waiting: usize) {
    for i in 0..in_flight + waiting {
        s.send("orders", of(tenant, &format!("{tenant}{i}")));
    }
    for _ in 0..in_flight {
        s.receive("orders", ReceiveRequest { visibility_timeout: Some(600), ..one() });
    }
}

#[test]
fn messages_of_a_group_are_handed_out_side_by_side() {
    in_every_way(|s| {
        s.create("orders", &[]);
        for i in 0..3 {
            s.send("orders", of("a", &format!("m{i}")));
        }
        assert_eq!(s.receive("orders", one()).len(), 1);
        assert_eq!(s.receive("orders", ten()).len(), 2);
    });
}

#[test]
fn quiet_tenants_go_before_a_noisy_one() {
    without_restarts(|s| {
        s.create("orders", &[]);
        flood(s, "noisy", 30, 20);
        s.send("orders", of("quiet", "q1"));
        s.send("orders", message("of no group"));
        s.send("orders", of("quiet", "q2"));
        let three = ReceiveRequest { max_messages: 3, ..one() };
        assert_eq!(groups(&s.receive("orders", three)), ["quiet", "none", "quiet"]);
        assert_eq!(groups(&s.receive("orders", ten())), ["noisy"; 10], "held back, not withheld");
        s.send("orders", of("quiet", "q3"));
        assert_eq!(groups(&s.receive("orders", ten()))[..2], ["quiet", "noisy"]);
    });
}

#[test]
fn below_30_in_flight_nobody_is_noisy() {
    without_restarts(|s| {
        s.create("orders", &[]);
        flood(s, "busy", 29, 5);
        s.send("orders", of("quiet", "q"));
        assert_eq!(groups(&s.receive("orders", one())), ["busy"]);
        assert_eq!(groups(&s.receive("orders", one())), ["quiet"]);
    });
}

#[test]
fn a_tenth_of_what_is_in_flight_is_not_noisy_and_one_more_is() {
    without_restarts(|s| {
        s.create("orders", &[]);
        for tenant in 0..10 {
            flood(s, &format!("tenant{tenant}"), 27, 0);
        }
        flood(s, "large", 30, 2);
        s.send("orders", of("quiet", "q"));
        assert_eq!(groups(&s.receive("orders", one())), ["large"], "30 of 300 until now");
        assert_eq!(groups(&s.receive("orders", one())), ["quiet"], "31 of 301 until now");
        assert_eq!(groups(&s.receive("orders", one())), ["large"]);
    });
}

#[test]
fn of_several_noisy_tenants_the_one_with_least_in_flight_goes_first() {
    without_restarts(|s| {
        s.create("orders", &[]);
        flood(s, "noisier", 50, 0);
        flood(s, "noisy", 40, 0);
        s.send("orders", of("noisier", "later"));
        s.send("orders", of("noisy", "sooner"));
        assert_eq!(groups(&s.receive("orders", ten())), ["noisy", "noisier"]);
    });
}

#[test]
fn a_tenant_is_quiet_again_when_its_messages_are_deleted() {
    without_restarts(|s| {
        s.create("orders", &[]);
        for i in 0..33 {
            s.send("orders", of("noisy", &format!("n{i}")));
        }
        let mut got = Vec::new();
        (0..3).for_each(|_| got.extend(s.receive("orders", ten())));
        s.send("orders", of("quiet", "q1"));
        assert_eq!(groups(&s.receive("orders", one())), ["quiet"]);
        s.delete("orders", &got[0]).unwrap();
        s.send("orders", of("quiet", "q2"));
        assert_eq!(groups(&s.receive("orders", one())), ["noisy"], "what had been set aside");
    });
}

#[test]
fn a_noisy_backlog_longer_than_the_look_ahead_comes_out_whole() {
    let mut s = Scene::unchecked();
    s.create("orders", &[("VisibilityTimeout", "600")]);
    for i in 0..3000 {
        s.send("orders", of("noisy", &format!("n{i}")));
    }
    s.send("orders", of("quiet", "q"));
    let mut seen = std::collections::BTreeSet::new();
    while let got = s.receive("orders", ten())
        && !got.is_empty()
    {
        assert!(got.iter().all(|got| seen.insert(got.body.clone())), "nothing twice");
    }
    assert_eq!(seen.len(), 3001);
    s.now = s.now + 600_000;
    let mut again = 0;
    while let got = s.receive("orders", ten())
        && !got.is_empty()
    {
        again += got.len();
    }
    assert_eq!(again, 3001);
}
