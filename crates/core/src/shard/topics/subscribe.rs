//! Subscribing, confirming, ending; reading and changing subscriptions.

use std::ops::Bound;

use super::super::shard::Shard;
use super::manage::too_large_for_subscriptions;
use crate::command::{Reply, Subscribe, SubscriptionSummary};
use crate::delivery::without_password;
use crate::limits;
use crate::names::{
    AccountId, QueueArn, Region, SubscriptionArn, SubscriptionProtocol, TopicArn, Uuid,
};
use crate::publication::{MessageType, PublishedContent};
use crate::record::{Record, TopicRecord};
use crate::rejection::{Rejection, TopicRejection};
use crate::subscription_attributes::{Context, SubscriptionAttributes};
use crate::time::Timestamp;
use crate::topic::{Status, Subscription, Target, Tokens};

impl Shard {
    /// A subscription that is there already is as good as a new one, unless an attribute that was
    /// given has another value. One that is pending is asked again. API reference of SNS, Subscribe.
    pub(super) fn subscribe(
        &mut self,
        request: &Subscribe,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let topic = self.find_topic(&request.topic)?;
        let queue = self.check_endpoint(request)?;
        let context = Context {
            protocol: request.protocol,
            topic: &request.topic,
            owner: request.account,
            endpoint_is_fifo_queue: queue.as_ref().is_some_and(|queue| queue.name.is_fifo()),
        };
        let key = self.endpoint_key(topic, request.protocol, &request.endpoint);
        let there = self.subscriptions_by_endpoint.get(&key).copied();
        let ended = there.filter(|number| self.subscription(*number).is_ended());
        if let (Some(number), None) = (there, ended) {
            return self.subscribe_again(number, &context, request, now);
        }
        let attributes = SubscriptionAttributes::create(&context, &request.attributes)?;
        self.check_subscription_counts(topic, request)?;
        self.check_filter_policy_counts(topic, request.account, None, &attributes)?;
        self.check_replay(topic, &attributes)?;
        let is_confirmed = match queue {
            Some(queue) => queue.account == request.account,
            None => !request.protocol.must_confirm(),
        };
        // Whoever subscribes anew does not undo the end of what was.
        if let Some(subscription) = ended {
            self.commit(&Record::Topic(TopicRecord::SubscriptionDeleted { subscription }));
        }
        let number = self.next_subscription;
        self.commit(&Record::Topic(TopicRecord::SubscriptionCreated {
            at: now,
            subscription: number,
            topic,
            id: request.id,
            protocol: request.protocol,
            endpoint: &request.endpoint,
            owner: request.account,
            principal: &request.principal,
            attributes,
            is_confirmed,
            outbox: request.protocol.has_outbox().then_some(self.next_queue),
        }));
        if !is_confirmed {
            self.ask_to_confirm(number, request.message_id, now);
        }
        self.begin_replay(number, now);
        Ok(subscribed(self.subscription(number)))
    }

    fn subscribe_again(
        &mut self,
        number: u32,
        context: &Context<'_>,
        request: &Subscribe,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let subscription = self.subscription(number);
        if subscription.attributes.conflicts(context, &request.attributes)? {
            return Err(TopicRejection::parameter(
                "Attributes Reason: Subscription already exists with different attributes",
            )
            .into());
        }
        if !subscription.is_confirmed() {
            self.ask_to_confirm(number, request.message_id, now);
        }
        Ok(subscribed(self.subscription(number)))
    }

    /// The queue that is the endpoint, if one is. It need not be there.
    fn check_endpoint(&self, request: &Subscribe) -> Result<Option<QueueArn>, TopicRejection> {
        if request.protocol != SubscriptionProtocol::Sqs {
            return if request.topic.name.is_fifo() {
                Err(TopicRejection::parameter(
                    "Protocol Reason: FIFO topics deliver to Amazon SQS queues only",
                ))
            } else {
                Ok(None)
            };
        }
        let queue = QueueArn::parse(&request.endpoint)
            .ok_or_else(|| TopicRejection::parameter("SQS endpoint ARN"))?;
        if queue.name.is_fifo() && !request.topic.name.is_fifo() {
            return Err(TopicRejection::parameter(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to \
                 standard SNS topics",
            ));
        }
        Ok(Some(queue))
    }

    fn check_subscription_counts(
        &self,
        number: u32,
        request: &Subscribe,
    ) -> Result<(), TopicRejection> {
        let topic = self.topic(number);
        let max = if topic.is_fifo() {
            limits::FIFO_TOPIC_SUBSCRIPTIONS_MAX
        } else {
            limits::TOPIC_SUBSCRIPTIONS_MAX
        };
        let count = topic.subscriptions.len();
        if count >= max || self.next_subscription == u32::MAX || self.next_queue == u32::MAX {
            return Err(TopicRejection::SubscriptionLimitExceeded(format!(
                "Subscription limit exceeded: a topic of this kind may have {max} subscriptions."
            )));
        }
        let is_large = topic.attributes.maximum_message_size() > limits::TOPIC_MESSAGE_SIZE_DEFAULT;
        let takes_large = request.protocol.takes_large_messages();
        if is_large && (count >= limits::LARGE_MESSAGE_SUBSCRIPTIONS_MAX || !takes_large) {
            return Err(too_large_for_subscriptions("Protocol"));
        }
        let counts = self.subscription_counts.get(&request.account);
        let pending = counts.map_or(0, |counts| counts.pending);
        if pending >= limits::PENDING_SUBSCRIPTIONS_MAX && request.protocol.must_confirm() {
            return Err(TopicRejection::SubscriptionLimitExceeded(format!(
                "Subscription limit exceeded: an account may have {} pending subscriptions.",
                limits::PENDING_SUBSCRIPTIONS_MAX
            )));
        }
        Ok(())
    }

    /// A filter policy more than before must find room with its topic and its account.
    fn check_filter_policy_counts(
        &self,
        topic: u32,
        account: AccountId,
        before: Option<&SubscriptionAttributes>,
        after: &SubscriptionAttributes,
    ) -> Result<(), TopicRejection> {
        let had_one = before.is_some_and(|before| before.filter_policy().is_some());
        if had_one || after.filter_policy().is_none() {
            return Ok(());
        }
        let (of_topic, of_account) =
            (self.settings.filter_policies_per_topic, self.settings.filter_policies_per_account);
        let counts = self.subscription_counts.get(&account);
        let own = counts.map_or(0, |counts| counts.filter_policies);
        let is_full = |what: &str, max: usize| {
            Err(TopicRejection::FilterPolicyLimitExceeded(format!(
                "Filter policy limit exceeded: {what} may have {max} filter policies."
            )))
        };
        if self.topic(topic).filter_policies >= of_topic {
            return is_full("a topic", of_topic);
        }
        if own >= of_account { is_full("an account", of_account) } else { Ok(()) }
    }

    /// Sends the endpoint a token by which the subscription can be confirmed.
    fn ask_to_confirm(&mut self, number: u32, message_id: Uuid, now: Timestamp) {
        let arn = &self.subscription(number).arn;
        let message = format!(
            "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the \
             SubscribeURL included in this message.",
            arn.topic
        );
        self.notify(number, MessageType::SubscriptionConfirmation, &message, message_id, now);
    }

    /// Tells the endpoint that its subscription has ended, with a token to undo it.
    fn tell_of_end(&mut self, number: u32, message_id: Uuid, now: Timestamp) {
        let message = format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore \
             the subscription, visit the SubscribeURL included in this message.",
            self.subscription(number).arn
        );
        self.notify(number, MessageType::UnsubscribeConfirmation, &message, message_id, now);
    }

    fn notify(
        &mut self,
        number: u32,
        message_type: MessageType,
        message: &str,
        message_id: Uuid,
        now: Timestamp,
    ) {
        let token = self.tokens().make(self.subscription(number).arn.id, now);
        let content = PublishedContent {
            message_type,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: None,
            token: Some(&token),
            message,
            by_protocol: Vec::new(),
            attributes: Vec::new(),
        };
        self.send_notice(number, &content.encode(), message_id, now);
    }

    fn tokens(&self) -> Tokens {
        Tokens::new(self.secret.expect("a shard that is live has its secret"))
    }

    /// Also undoes the end of a subscription, and confirms once more what is confirmed.
    pub(super) fn confirm_subscription(
        &mut self,
        topic: &TopicArn,
        token: &str,
        authenticate_on_unsubscribe: bool,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        self.find_topic(topic)?;
        let invalid = || TopicRejection::parameter("Token");
        let id = self.tokens().read(token, now).ok_or_else(invalid)?;
        let number = *self.subscriptions_by_id.get(&id).ok_or_else(invalid)?;
        let subscription = self.subscription(number);
        if subscription.arn.topic != *topic {
            return Err(invalid().into());
        }
        let is_change = match subscription.status {
            Status::Confirmed { is_authenticated } => {
                authenticate_on_unsubscribe && !is_authenticated
            }
            Status::Pending | Status::Ended { .. } => true,
        };
        if is_change {
            self.commit(&Record::Topic(TopicRecord::SubscriptionConfirmed {
                subscription: number,
                is_authenticated: authenticate_on_unsubscribe,
            }));
            self.begin_replay(number, now);
        }
        Ok(subscribed(self.subscription(number)))
    }

    /// An owner's subscription is gone at once; for anybody else the endpoint is told, and may undo
    /// it. API reference of SNS, Unsubscribe.
    pub(super) fn unsubscribe(
        &mut self,
        arn: &SubscriptionArn,
        caller: Option<AccountId>,
        message_id: Uuid,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let Ok(number) = self.find_subscription(arn) else { return Ok(Reply::Done) };
        let subscription = self.subscription(number);
        let Status::Confirmed { is_authenticated } = subscription.status else {
            return Err(TopicRejection::parameter(
                "SubscriptionArn Reason: the subscription has not been confirmed",
            )
            .into());
        };
        let owners = [subscription.owner, arn.topic.account];
        if caller.is_some_and(|caller| owners.contains(&caller)) {
            self.commit(&Record::Topic(TopicRecord::SubscriptionDeleted { subscription: number }));
            return Ok(Reply::Done);
        }
        if is_authenticated {
            return Err(TopicRejection::AuthorizationError(
                "User is not authorized to perform: SNS:Unsubscribe on this subscription".into(),
            )
            .into());
        }
        let record = TopicRecord::SubscriptionEnded { at: now, subscription: number };
        self.commit(&Record::Topic(record));
        self.tell_of_end(number, message_id, now);
        Ok(Reply::Done)
    }

    /// A subscription that nobody confirmed, or whose end nobody undid, goes for good.
    pub(in super::super) fn end_subscription_time(&mut self, number: u32, now: Timestamp) {
        let Some(subscription) = self.subscriptions.get(&number) else { return };
        if subscription.ends_at().is_some_and(|at| at <= now) {
            self.commit(&Record::Topic(TopicRecord::SubscriptionDeleted { subscription: number }));
        }
    }

    pub(super) fn list_subscriptions(
        &self,
        account: AccountId,
        region: &Region,
        after: Option<u32>,
        max: usize,
    ) -> Reply {
        let from = (account, region.clone(), after.map_or(0, |after| after.saturating_add(1)));
        let later = self.subscriptions_by_owner.range(from..=(account, region.clone(), u32::MAX));
        self.page(later.map(|(_, _, number)| *number), max)
    }

    pub(super) fn list_subscriptions_by_topic(
        &self,
        arn: &TopicArn,
        after: Option<u32>,
        max: usize,
    ) -> Result<Reply, Rejection> {
        let topic = self.topic(self.find_topic(arn)?);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = topic.subscriptions.range((from, Bound::Unbounded));
        Ok(self.page(later.copied(), max))
    }

    fn page(&self, mut numbers: impl Iterator<Item = u32>, max: usize) -> Reply {
        let page: Vec<u32> = numbers.by_ref().take(max).collect();
        let last = numbers.next().and(page.last().copied());
        let subscriptions = page.into_iter().map(|number| self.subscription(number));
        Reply::Subscriptions { subscriptions: subscriptions.map(summary).collect(), last }
    }

    pub(super) fn subscription_attributes(&self, number: u32) -> Result<Reply, Rejection> {
        let subscription = self.subscription(number);
        let arn = &subscription.arn;
        let topic = self.topic(subscription.topic);
        let is_authenticated = subscription.status == Status::Confirmed { is_authenticated: true };
        let mut attributes = vec![
            ("SubscriptionPrincipal", subscription.principal.as_ref().to_owned()),
            ("Owner", subscription.owner.to_string()),
            ("TopicArn", arn.topic.to_string()),
            ("Endpoint", without_password(&subscription.endpoint).into_owned()),
            ("Protocol", subscription.protocol.as_str().to_owned()),
            ("PendingConfirmation", (!subscription.is_confirmed()).to_string()),
            ("ConfirmationWasAuthenticated", is_authenticated.to_string()),
            ("SubscriptionArn", arn.to_string()),
        ];
        let policy = topic.attributes.delivery_policy();
        attributes.extend(subscription.attributes.to_pairs(subscription.protocol, policy));
        if let Some(status) = self.replay_status(subscription) {
            attributes.push(("ReplayStatus", status));
        }
        Ok(Reply::Attributes(attributes))
    }

    pub(super) fn set_subscription_attribute(
        &mut self,
        number: u32,
        name: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let subscription = self.subscription(number);
        let context = Context {
            protocol: subscription.protocol,
            topic: &subscription.arn.topic,
            owner: subscription.owner,
            endpoint_is_fifo_queue: subscription.is_of_fifo_queue(),
        };
        let before = &subscription.attributes;
        let attributes = before.set(&context, name, value)?;
        let (topic, owner) = (subscription.topic, subscription.owner);
        self.check_filter_policy_counts(topic, owner, Some(before), &attributes)?;
        let is_replay = name == "ReplayPolicy";
        if is_replay {
            self.check_replay(topic, &attributes)?;
        }
        self.commit(&Record::Topic(TopicRecord::SubscriptionAttributesSet {
            subscription: number,
            attributes,
            restarts_replay: is_replay,
        }));
        if is_replay {
            self.begin_replay(number, now);
        }
        Ok(Reply::Done)
    }
}

fn subscribed(subscription: &Subscription) -> Reply {
    Reply::Subscribed { arn: subscription.arn.clone(), is_pending: !subscription.is_confirmed() }
}

fn summary(subscription: &Subscription) -> SubscriptionSummary {
    SubscriptionSummary {
        arn: subscription.arn.clone(),
        is_pending: !subscription.is_confirmed(),
        owner: subscription.owner,
        protocol: subscription.protocol,
        endpoint: without_password(&subscription.endpoint).into_owned(),
    }
}

impl Subscription {
    pub(super) fn is_of_fifo_queue(&self) -> bool {
        matches!(&self.target, Target::Queue(queue) if queue.name.is_fifo())
    }
}
