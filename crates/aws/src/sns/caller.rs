//! Who asks, and for which topic or subscription.

use tidings_core::names::{AccountId, Region, SubscriptionArn, TopicArn, TopicName, Uuid};
use tidings_core::rejection::TopicRejection;

use super::checks::no_value;

/// Who asks, and where.
#[derive(Copy, Clone, Debug)]
pub struct Caller<'a> {
    /// The caller's account.
    pub account: AccountId,
    /// The region that the request is meant for.
    pub region: &'a Region,
    /// Whether the request has a credential. One without is meant for whatever region its ARN has:
    /// so the links in confirmations are followed.
    pub is_signed: bool,
    /// The caller's ARN, if it is more than an account.
    pub principal: Option<&'a str>,
    /// Whether policies decide about topics of other accounts. Where they are not asked, those are not
    /// there.
    pub policies_decide: bool,
}

/// Elements that an ARN has at least, between colons.
const ARN_ELEMENTS_MIN: usize = 6;

impl Caller<'_> {
    /// The caller's own topic of this name.
    pub(crate) fn own(&self, name: TopicName) -> TopicArn {
        TopicArn { account: self.account, region: self.region.clone(), name }
    }

    /// The topic that a request names by its ARN. `parameter` is what the request calls it.
    ///
    /// # Errors
    /// InvalidParameter if it is no ARN of a topic, or of one in another region. NotFound if the
    /// topic is another account's and policies do not decide.
    pub(crate) fn topic(&self, parameter: &str, arn: &str) -> Result<TopicArn, TopicRejection> {
        check_elements(parameter, arn)?;
        let topic = TopicArn::parse(arn).filter(|topic| self.is_here(topic));
        let topic = topic.ok_or_else(|| TopicRejection::parameter(parameter))?;
        if topic.account != self.account && !self.policies_decide {
            return Err(TopicRejection::no_topic());
        }
        Ok(topic)
    }

    /// The subscription that a request names by its ARN, whosever it is.
    ///
    /// # Errors
    /// InvalidParameter if it is no ARN of a subscription, or of one in another region.
    pub(crate) fn any_subscription(&self, arn: &str) -> Result<SubscriptionArn, TopicRejection> {
        const PARAMETER: &str = "SubscriptionArn";
        check_elements(PARAMETER, arn)?;
        let id = arn.rsplit_once(':').and_then(|(_, id)| Uuid::parse(id));
        if id.is_none() {
            return Err(TopicRejection::parameter("SubscriptionId"));
        }
        let subscription = SubscriptionArn::parse(arn);
        let subscription = subscription.filter(|subscription| self.is_here(&subscription.topic));
        subscription.ok_or_else(|| TopicRejection::parameter(PARAMETER))
    }

    /// The subscription that a request names by its ARN, if it may be the caller's.
    ///
    /// # Errors
    /// Those of [`Self::any_subscription`]. NotFound if the topic is another account's and policies do
    /// not decide.
    pub(crate) fn subscription(&self, arn: &str) -> Result<SubscriptionArn, TopicRejection> {
        let subscription = self.any_subscription(arn)?;
        if subscription.topic.account != self.account && !self.policies_decide {
            return Err(TopicRejection::no_subscription());
        }
        Ok(subscription)
    }

    /// Whether the topic is in the region that the request is meant for.
    pub(crate) fn is_here(&self, topic: &TopicArn) -> bool {
        !self.is_signed || topic.region == *self.region
    }
}

pub(super) fn check_elements(parameter: &str, arn: &str) -> Result<(), TopicRejection> {
    if arn.is_empty() {
        return Err(no_value(parameter));
    }
    let elements = arn.split(':').count();
    if elements < ARN_ELEMENTS_MIN {
        return Err(TopicRejection::parameter(format_args!(
            "{parameter} Reason: An ARN must have at least {ARN_ELEMENTS_MIN} elements, not \
             {elements}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(region: &Region, is_signed: bool) -> Caller<'_> {
        let account = AccountId::parse("000000000042").unwrap();
        Caller { account, region, is_signed, principal: None, policies_decide: false }
    }

    fn parameter(what: &str) -> TopicRejection {
        TopicRejection::parameter(what)
    }

    #[test]
    fn a_topic_is_known_by_its_arn() {
        let region = Region::parse("eu-west-1").unwrap();
        let signed = caller(&region, true);
        let arn = "arn:aws:sns:eu-west-1:000000000042:stock";
        assert_eq!(signed.topic("TopicArn", arn).unwrap().to_string(), arn);
        for (arn, expected) in [
            ("", parameter("TopicArn Reason: no value for required parameter")),
            ("stock", parameter("TopicArn Reason: An ARN must have at least 6 elements, not 1")),
            (
                "a:b:c:d:e",
                parameter("TopicArn Reason: An ARN must have at least 6 elements, not 5"),
            ),
            ("arn:aws:sns:us-east-1:000000000042:stock", parameter("TopicArn")),
            ("arn:aws:sqs:eu-west-1:000000000042:stock", parameter("TopicArn")),
            ("arn:aws:sns:eu-west-1:000000000042:st ock", parameter("TopicArn")),
            ("arn:aws:sns:eu-west-1:42:stock", parameter("TopicArn")),
            ("arn:aws:sns:eu-west-1:000000000042:stock:x", parameter("TopicArn")),
            ("arn:aws:sns:eu-west-1:000000000043:stock", TopicRejection::no_topic()),
        ] {
            assert_eq!(signed.topic("TopicArn", arn), Err(expected), "{arn}");
        }
        assert_eq!(signed.topic("ResourceArn", "a:b:c:d:e:f"), Err(parameter("ResourceArn")));
        let elsewhere = "arn:aws:sns:us-east-1:000000000042:stock";
        let unsigned = caller(&region, false);
        assert_eq!(unsigned.topic("TopicArn", elsewhere).unwrap().to_string(), elsewhere);
    }

    #[test]
    fn where_policies_decide_topics_of_other_accounts_are_there() {
        let region = Region::parse("eu-west-1").unwrap();
        let judged = Caller { policies_decide: true, ..caller(&region, true) };
        let topic = "arn:aws:sns:eu-west-1:000000000043:stock";
        assert_eq!(judged.topic("TopicArn", topic).unwrap().to_string(), topic);
        let subscription = format!("{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286");
        assert_eq!(judged.subscription(&subscription).unwrap().to_string(), subscription);
        let elsewhere = "arn:aws:sns:us-east-1:000000000043:stock";
        assert_eq!(judged.topic("TopicArn", elsewhere), Err(parameter("TopicArn")));
    }

    #[test]
    fn a_subscription_is_known_by_its_arn() {
        let region = Region::parse("eu-west-1").unwrap();
        let signed = caller(&region, true);
        let id = "6b0e71bd-7e97-4d97-80ce-4a0994e55286";
        let of = |region: &str, account: &str, id: &str| {
            format!("arn:aws:sns:{region}:{account}:stock:{id}")
        };
        let arn = of("eu-west-1", "000000000042", id);
        assert_eq!(signed.subscription(&arn).unwrap().to_string(), arn);
        let other = of("eu-west-1", "000000000043", id);
        assert_eq!(signed.any_subscription(&other).unwrap().to_string(), other);
        assert_eq!(signed.subscription(&other), Err(TopicRejection::no_subscription()));
        for (arn, text) in [
            ("", "SubscriptionArn Reason: no value for required parameter"),
            (
                "PendingConfirmation",
                "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
            ),
            (&*of("eu-west-1", "000000000042", "7"), "SubscriptionId"),
            ("arn:aws:sns:eu-west-1:000000000042:stock", "SubscriptionId"),
            (&*of("us-east-1", "000000000042", id), "SubscriptionArn"),
            (&*of("eu-west-1", "42", id), "SubscriptionArn"),
        ] {
            assert_eq!(signed.any_subscription(arn), Err(parameter(text)), "{arn}");
        }
        let unsigned = caller(&region, false);
        let elsewhere = of("us-east-1", "000000000043", id);
        assert_eq!(unsigned.any_subscription(&elsewhere).unwrap().to_string(), elsewhere);
    }
}
