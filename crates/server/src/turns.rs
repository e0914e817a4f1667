//! Whose turn it is: how many attempts to deliver run at once, so that slow endpoints leave room for
//! the others.
//!
//! Every subscription has a lane of its own for one attempt, as long as not too many use theirs; what
//! more it has under way shares one lane with the others'. Endpoints that take long and have much
//! waiting for them fill the shared lane, and everybody else still has their own. The endpoints of a
//! platform application share a lane: they wait for the same push service, and one message may go to
//! all of them. So do all phones of an account: there is one gateway, and whoever has many
//! subscriptions is to have no more of it than others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_core::delivery::Attempt;
use tidings_core::names::{AccountId, SubscriptionArn, SubscriptionProtocol};
use tidings_platforms::{ApplicationArn, EndpointArn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whose lane it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Owner {
    Subscription(SubscriptionArn),
    Application(ApplicationArn),
    /// Of text messages.
    Account(AccountId),
}

impl Owner {
    /// Whose lane an attempt goes in. What lies in an application's own outbox has one beside that of
    /// its subscribed endpoints.
    pub(crate) fn of(attempt: &Attempt) -> Self {
        let delivery = &attempt.delivery;
        Self::new(delivery.protocol, &attempt.endpoint, &delivery.subscription)
    }

    fn new(protocol: SubscriptionProtocol, endpoint: &str, of: &SubscriptionArn) -> Self {
        if protocol == SubscriptionProtocol::Sms {
            return Self::Account(of.topic.account);
        }
        let is_app = protocol == SubscriptionProtocol::Application;
        match EndpointArn::parse(endpoint).filter(|_| is_app) {
            Some(endpoint) => Self::Application(endpoint.application),
            None => Self::Subscription(of.clone()),
        }
    }
}

/// Room for attempts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Lanes>);

struct Lanes {
    /// How many owners may use their own lane at once.
    own: Arc<Semaphore>,
    shared: Arc<Semaphore>,
    /// The lane of each owner with attempts, those that wait for their turn included.
    of: Mutex<HashMap<Owner, Lane>>,
}

struct Lane {
    room: Arc<Semaphore>,
    users: usize,
}

/// A turn, until it is dropped.
pub(crate) struct Turn {
    /// Given back before the lane is left.
    _permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
    _user: User,
}

/// Somebody who uses an owner's lane or waits for it.
struct User {
    lanes: Arc<Lanes>,
    owner: Owner,
}

impl Turns {
    /// Room for so many attempts that are their owner's only one, and for so many more.
    pub(crate) fn new(own: usize, shared: usize) -> Self {
        let (own, shared) = (Arc::new(Semaphore::new(own)), Arc::new(Semaphore::new(shared)));
        Self(Arc::new(Lanes { own, shared, of: Mutex::default() }))
    }

    /// Waits for a turn.
    pub(crate) async fn take(&self, owner: Owner) -> Turn {
        let lanes = Arc::clone(&self.0);
        let room = lanes.enter(&owner);
        let user = User { lanes: Arc::clone(&lanes), owner };
        let in_own_lane = async {
            let room = acquire(&room).await;
            (acquire(&lanes.own).await, Some(room))
        };
        let permits = tokio::select! {
            biased;
            permits = in_own_lane => permits,
            permit = acquire(&lanes.shared) => (permit, None),
        };
        Turn { _permits: permits, _user: user }
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore).acquire_owned().await.expect("nobody closes it")
}

impl Lanes {
    fn enter(&self, owner: &Owner) -> Arc<Semaphore> {
        let mut of = self.lock();
        let new = || Lane { room: Arc::new(Semaphore::new(1)), users: 0 };
        let lane = of.entry(owner.clone()).or_insert_with(new);
        lane.users += 1;
        Arc::clone(&lane.room)
    }

    fn leave(&self, owner: &Owner) {
        let mut of = self.lock();
        if let Some(lane) = of.get_mut(owner) {
            lane.users -= 1;
            if lane.users == 0 {
                of.remove(owner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Owner, Lane>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.lanes.leave(&self.owner);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn subscription(number: u64) -> SubscriptionArn {
        let topic = "arn:aws:sns:us-east-1:000000000000:stock";
        SubscriptionArn::parse(&format!("{topic}:00000000-0000-4000-8000-{number:012}")).unwrap()
    }

    /// A turn, if it comes at once.
    fn take(turns: &Turns, number: u64) -> Option<Turn> {
        let owner = Owner::Subscription(subscription(number));
        match poll(pin!(turns.take(owner))) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    #[test]
    fn those_who_take_long_leave_one_place_to_everybody() {
        let turns = Turns::new(3, 4);
        let mut slow = Vec::new();
        for _ in 0..5 {
            slow.push(take(&turns, 0).expect("one of its own, and four that are shared"));
        }
        assert!(take(&turns, 0).is_none());
        for other in 1..3 {
            let turn = take(&turns, other).expect("its own");
            assert!(take(&turns, other).is_none(), "but no more");
            drop(turn);
            drop(take(&turns, other).expect("its own again"));
        }
        slow.pop();
        assert!(take(&turns, 1).is_some());
    }

    #[test]
    fn own_lanes_are_bounded_too() {
        let turns = Turns::new(2, 1);
        let all = [take(&turns, 0), take(&turns, 1), take(&turns, 2)];
        assert!(all.iter().all(Option::is_some), "the last one in the shared lane");
        assert!(take(&turns, 3).is_none());
        drop(all);
        assert!(take(&turns, 3).is_some());
        assert!(turns.0.lock().is_empty(), "nobody's lane is kept for ever");
    }

    #[test]
    fn who_waits_gets_the_first_place_of_either_lane() {
        for freed in 0..2 {
            let turns = Turns::new(1, 1);
            let mut held = vec![take(&turns, 0).unwrap(), take(&turns, 0).unwrap()];
            let own = Owner::Subscription(subscription(0));
            let mut waiting = pin!(turns.take(own));
            assert!(poll(waiting.as_mut()).is_pending());
            held.remove(freed);
            assert!(poll(waiting.as_mut()).is_ready(), "{freed}");
        }
    }

    #[test]
    fn endpoints_of_one_application_share_a_lane() {
        let owner = |protocol, name: &str, number: u64| {
            let endpoint = format!(
                "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/{name}/\
                 00000000-0000-4000-8000-{number:012}"
            );
            Owner::new(protocol, &endpoint, &subscription(number))
        };
        let app = SubscriptionProtocol::Application;
        assert_eq!(owner(app, "hotel", 1), owner(app, "hotel", 2));
        assert_ne!(owner(app, "hotel", 1), owner(app, "cinema", 1));
        let web = SubscriptionProtocol::Https;
        assert_eq!(owner(web, "hotel", 1), Owner::Subscription(subscription(1)));
        // Phones are reached by one gateway, whatever they are subscribed to.
        let sms = SubscriptionProtocol::Sms;
        let of_account = owner(sms, "hotel", 1);
        assert_eq!(of_account, Owner::Account(subscription(1).topic.account));
        assert_eq!(of_account, owner(sms, "hotel", 2));
        // In an outbox, messages say themselves where they go.
        let direct = Owner::new(app, "", &subscription(1));
        assert_eq!(direct, Owner::Subscription(subscription(1)));
    }
}
