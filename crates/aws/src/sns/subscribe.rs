//! Subscribe.

use tidings_core::command::Subscribe;
use tidings_core::names::{SubscriptionArn, Uuid};
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::{endpoint, pairs};
use crate::query::Fields;
use crate::response::{Members, Output};

/// Whether the caller wants the subscription's ARN even if it is pending.
type WantsArn = bool;

/// What the core needs beside the request.
#[derive(Copy, Clone, Debug)]
pub struct FreshIds {
    /// For the subscription.
    pub subscription: Uuid,
    /// For the message that asks the endpoint to confirm.
    pub message: Uuid,
}

/// What is asked of the core, and what [`SubscribeOutput`] wants to know.
///
/// # Errors
/// ValidationError if the topic or the protocol is missing, InvalidParameter if there is no such
/// protocol, if this server does not deliver by it, or if the endpoint does not fit it; errors of
/// [`Caller`] for the topic.
pub fn command(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
    ids: FreshIds,
) -> Result<(Subscribe, WantsArn), TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    let protocol = required.text(fields, "Protocol");
    required.check()?;
    let topic = caller.topic("TopicArn", &arn)?;
    let protocol = endpoint::protocol(&protocol, &topic.name)?;
    let endpoint = endpoint::check(protocol, fields.text("Endpoint"))?;
    let wants_arn = fields
        .text("ReturnSubscriptionArn")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let subscribe = Subscribe {
        topic,
        protocol,
        endpoint,
        attributes: pairs::attributes(fields),
        account: caller.account,
        principal: caller.principal.map_or_else(|| root_of(caller), str::to_owned),
        id: ids.subscription,
        message_id: ids.message,
    };
    Ok((subscribe, wants_arn))
}

fn root_of(caller: &Caller<'_>) -> String {
    format!("arn:{}:iam::{}:root", caller.region.partition(), caller.account)
}

/// The output of Subscribe.
#[derive(Debug)]
pub struct SubscribeOutput {
    /// The subscription.
    pub arn: SubscriptionArn,
    /// Whether it still has to be confirmed.
    pub is_pending: bool,
    /// Whether its ARN is wanted all the same.
    pub wants_arn: WantsArn,
}

impl Output for SubscribeOutput {
    fn write(&self, members: &mut Members<'_>) {
        if self.is_pending && !self.wants_arn {
            members.text("SubscriptionArn", "pending confirmation");
        } else {
            members.text("SubscriptionArn", &self.arn.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{
        ARN, ID, SUBSCRIPTION, TOPIC, assert_written, command, missing, refused, subscription,
    };

    const ACTION: SnsAction = SnsAction::Subscribe;

    #[test]
    fn a_subscription_goes_to_the_core() {
        let queue = "arn:aws:sqs:eu-west-1:000000000042:orders";
        let form = format!(
            "TopicArn={TOPIC}&Protocol=sqs&Endpoint={queue}\
             &Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true"
        );
        let expected = format!(
            "Subscribe(Subscribe {{ topic: {ARN}, protocol: Sqs, endpoint: {queue:?}, \
             attributes: [(\"RawMessageDelivery\", \"true\")], account: 000000000042, \
             principal: \"arn:aws:iam::000000000042:root\", id: {ID}, message_id: {ID} }})"
        );
        assert_eq!(command(ACTION, &form), Ok(expected));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(command(ACTION, ""), Err(missing(&["topicArn", "protocol"])));
        for (topic, rest, text) in [
            ("x", "Protocol=sqs", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            (TOPIC, "Protocol=x", "Amazon SNS does not support this protocol string: x"),
            (TOPIC, "Protocol=sqs", "Endpoint"),
            (TOPIC, "Protocol=sqs&Endpoint=orders", "SQS endpoint ARN"),
        ] {
            let form = format!("TopicArn={topic}&{rest}");
            assert_eq!(command(ACTION, &form), Err(refused(text)), "{form}");
        }
    }

    #[test]
    fn a_pending_subscription_is_named_if_wanted() {
        let pending = "pending confirmation";
        for (is_pending, wants_arn, shown) in [
            (false, false, SUBSCRIPTION),
            (false, true, SUBSCRIPTION),
            (true, false, pending),
            (true, true, SUBSCRIPTION),
        ] {
            let output = SubscribeOutput { arn: subscription(), is_pending, wants_arn };
            let members = format!("<SubscriptionArn>{shown}</SubscriptionArn>");
            assert_written(ACTION, &output, &members);
        }
    }
}
