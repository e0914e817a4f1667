//! Subscribes everyone, confirms for endpoints, changes filters, ends subscriptions, and looks
//! whether what was changed is still so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::filter::Filter;
use super::subscriber::Subscriber;
use crate::clerk::{Clerk, Cut};
use crate::random::Random;
use crate::workers::Worker;
use crate::workers::register::Register;

pub(crate) struct Manager {
    endpoints: Arc<[Endpoint]>,
    subscriptions: BTreeMap<Subscriber, Subscription>,
}

struct Subscription {
    /// What the server calls it; of one that has been ended, what it was called.
    arn: Option<String>,
    /// What it can want now, if anything.
    wants: Register<Option<Filter>>,
    /// A change without an answer: it is made again before anything else.
    unanswered: Option<Option<Filter>>,
}

impl Manager {
    pub(crate) fn new(endpoints: &Arc<[Endpoint]>) -> Self {
        let none = || Subscription { arn: None, wants: Register::of(None), unanswered: None };
        let subscriptions = Subscriber::ALL.into_iter().map(|subscriber| (subscriber, none()));
        Self { endpoints: Arc::clone(endpoints), subscriptions: subscriptions.collect() }
    }

    /// Subscribes everyone. Web endpoints have to confirm it, which comes later.
    pub(crate) fn subscribe_all(&mut self, clerk: &mut Clerk) -> Result<(), Cut> {
        Subscriber::ALL.into_iter().try_for_each(|subscriber| self.subscribe(subscriber, clerk))
    }

    fn endpoint(&self, subscriber: Subscriber) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.subscriber() == subscriber)
    }

    fn subscription(&mut self, subscriber: Subscriber) -> &mut Subscription {
        self.subscriptions.get_mut(&subscriber).expect("everyone has one")
    }

    fn subscribe(&mut self, subscriber: Subscriber, clerk: &mut Clerk) -> Result<(), Cut> {
        let endpoint = match self.endpoint(subscriber) {
            Some(endpoint) => endpoint.url(),
            None => subscriber.queue_arn().expect("a queue or an endpoint"),
        };
        let subscription = self.subscription(subscriber);
        if !subscriber.is_web() {
            subscription.unanswered = Some(Some(subscriber.filter()));
        }
        let subscribed = clerk.subscribe(subscriber, &endpoint);
        let done = subscribed.as_ref().map(Option::is_some).map_err(|cut| *cut);
        if !subscriber.is_web() {
            subscription.wants.write(Some(subscriber.filter()), done)?;
        }
        let Some(arn) = subscribed? else { return Ok(()) };
        subscription.arn = Some(arn);
        subscription.unanswered = None;
        Ok(())
    }

    /// The web endpoints that are not known to have confirmed.
    fn unconfirmed(&self) -> impl Iterator<Item = Subscriber> {
        let all = self.subscriptions.iter().filter(|(subscriber, _)| subscriber.is_web());
        let unconfirmed = all.filter(|(subscriber, subscription)| {
            subscription.wants.settled() != Some(Some(subscriber.filter()))
        });
        unconfirmed.map(|(subscriber, _)| *subscriber)
    }

    /// Confirms what an endpoint was asked to; asks to be asked again if it was not.
    fn confirm(
        &mut self,
        subscriber: Subscriber,
        clerk: &mut Clerk,
        random: &mut Random,
    ) -> Result<(), Cut> {
        let confirmation = self.endpoint(subscriber).and_then(Endpoint::confirmation);
        let Some(confirmation) = confirmation else {
            return if random.percent(20) { self.subscribe(subscriber, clerk) } else { Ok(()) };
        };
        let done = clerk.confirm(subscriber, &confirmation, random.percent(50));
        self.subscription(subscriber).wants.write(Some(subscriber.filter()), done)
    }

    fn change_filter(
        &mut self,
        subscriber: Subscriber,
        clerk: &mut Clerk,
        random: &mut Random,
    ) -> Result<(), Cut> {
        let subscription = self.subscription(subscriber);
        let Some(arn) = subscription.arn.clone() else { return Ok(()) };
        let again = subscription.unanswered.take().flatten();
        let filter = again.unwrap_or_else(|| *random.pick(&Filter::BY_ATTRIBUTES));
        subscription.unanswered = Some(Some(filter));
        let done = clerk.set_filter(subscriber, &arn, filter);
        subscription.wants.write(Some(filter), done)?;
        subscription.unanswered = None;
        Ok(())
    }

    /// Ends a subscription, or makes it again.
    fn leave_or_return(&mut self, subscriber: Subscriber, clerk: &mut Clerk) -> Result<(), Cut> {
        let subscription = self.subscription(subscriber);
        let is_there = subscription.wants.settled().is_some_and(|wants| wants.is_some());
        let leaves = subscription.unanswered.map_or(is_there, |wants| wants.is_none());
        if !leaves {
            return self.subscribe(subscriber, clerk);
        }
        let Some(arn) = subscription.arn.clone() else { return Ok(()) };
        subscription.unanswered = Some(None);
        subscription.wants.write(None, clerk.unsubscribe(subscriber, &arn))?;
        subscription.unanswered = None;
        Ok(())
    }

    /// Looks whether a subscription is as it was made and changed.
    fn look(&mut self, subscriber: Subscriber, clerk: &mut Clerk) -> Result<(), Cut> {
        let subscription = self.subscription(subscriber);
        let Some(arn) = subscription.arn.clone() else { return Ok(()) };
        let Some(found) = clerk.subscription_attributes(subscriber, &arn)? else { return Ok(()) };
        let is_there = found["SubscriptionArn"] == *arn;
        let is_confirmed = is_there && found["PendingConfirmation"] == "false";
        let wants = if is_confirmed {
            let filter = Filter::of_policy(found["FilterPolicy"].as_str());
            if filter.is_none() {
                clerk.complain(format!("{subscriber:?} has a filter that nobody set: {found}"));
            }
            filter
        } else {
            None
        };
        // A change without an answer is made again: then it is known what is so, and since when.
        if subscription.wants.settled().is_some() {
            let what = format!("what {subscriber:?} wants");
            subscription.wants.read(wants, &what, clerk);
        }
        if is_there && !has_attributes(subscriber, &found) {
            clerk.complain(format!("{subscriber:?} has other attributes than it should: {found}"));
        }
        Ok(())
    }
}

impl Worker for Manager {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        std::thread::sleep(Duration::from_millis(random.between(1, 3) as u64));
        let unconfirmed: Vec<Subscriber> = self.unconfirmed().collect();
        if !unconfirmed.is_empty() && random.percent(50) {
            return self.confirm(*random.pick(&unconfirmed), clerk, random);
        }
        match random.below(6) {
            0 | 1 => self.change_filter(Subscriber::NewsChanging, clerk, random),
            2 | 3 => self.leave_or_return(Subscriber::NewsLeaving, clerk),
            _ => self.look(*random.pick(&Subscriber::ALL), clerk),
        }
    }
}

/// Whether a subscription has what it was made with, the filter aside.
fn has_attributes(subscriber: Subscriber, found: &Value) -> bool {
    let endpoint = subscriber.queue_arn();
    let is_own = endpoint.is_none_or(|endpoint| found["Endpoint"] == *endpoint);
    let own = subscriber.attributes().into_iter().filter(|(name, _)| *name != "FilterPolicy");
    let all_own = own.into_iter().all(|(name, value)| match (name, &found[name]) {
        // Shown with everything that was left out.
        ("DeliveryPolicy", found) => {
            let retries = |policy: &Value| policy["healthyRetryPolicy"]["numRetries"].clone();
            retries(&parsed(found)) == retries(&parsed(&json!(value)))
        }
        ("RedrivePolicy", found) => parsed(found) == parsed(&json!(value)),
        (_, found) => *found == *value,
    });
    is_own && all_own && found["TopicArn"] == *subscriber.topic().arn()
}

fn parsed(value: &Value) -> Value {
    serde_json::from_str(value.as_str().unwrap_or_default()).unwrap_or_default()
}
