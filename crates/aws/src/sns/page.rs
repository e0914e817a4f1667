//! Pages of topics and of subscriptions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::command::SubscriptionSummary;
use tidings_core::names::TopicName;
use tidings_core::rejection::TopicRejection;

use crate::query::Fields;
use crate::response::{Members, Output};

/// What the ARN of a subscription is shown as that is not confirmed yet.
pub(crate) const PENDING_CONFIRMATION: &str = "PendingConfirmation";

/// The topic that the last page ended with. A token is its name, in base64 so that nobody makes up
/// their own.
pub(crate) fn topic_before(fields: &Fields<'_>) -> Result<Option<TopicName>, TopicRejection> {
    let name = |token: &[u8]| TopicName::parse(std::str::from_utf8(token).ok()?);
    read_token(fields, name)
}

pub(crate) fn topic_token(last: &TopicName) -> String {
    STANDARD.encode(last.as_str())
}

/// The number of the subscription that the last page ended with.
pub(crate) fn subscription_before(fields: &Fields<'_>) -> Result<Option<u32>, TopicRejection> {
    let number = |token: &[u8]| Some(u32::from_be_bytes(token.try_into().ok()?));
    read_token(fields, number)
}

pub(super) fn read_token<T>(
    fields: &Fields<'_>,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, TopicRejection> {
    let token = fields.text("NextToken").filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(None) };
    let before = STANDARD.decode(token.as_str()).ok().and_then(|token| read(&token));
    before.map(Some).ok_or_else(|| TopicRejection::parameter("NextToken"))
}

/// The output of ListSubscriptions and ListSubscriptionsByTopic.
#[derive(Debug)]
pub struct SubscriptionsOutput {
    /// In order.
    pub subscriptions: Vec<SubscriptionSummary>,
    /// The number of the last one, if more follow.
    pub last: Option<u32>,
}

impl Output for SubscriptionsOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("Subscriptions", &self.subscriptions, |members, subscription| {
            let arn = &subscription.arn;
            members.text("Owner", &subscription.owner.to_string());
            members.text("Protocol", subscription.protocol.as_str());
            members.text("Endpoint", &subscription.endpoint);
            if subscription.is_pending {
                members.text("SubscriptionArn", PENDING_CONFIRMATION);
            } else {
                members.text("SubscriptionArn", &arn.to_string());
            }
            members.text("TopicArn", &arn.topic.to_string());
        });
        if let Some(last) = self.last {
            members.text("NextToken", &STANDARD.encode(last.to_be_bytes()));
        }
    }

    fn size_hint(&self) -> usize {
        512 * self.subscriptions.len()
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{SubscriptionArn, SubscriptionProtocol};

    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::assert_written;

    #[test]
    fn only_our_tokens_are_read() {
        let before = |token: &str| {
            let form = format!("NextToken={token}");
            let form = Form::read(form.as_bytes(), "").unwrap();
            (topic_before(&form.fields()), subscription_before(&form.fields()))
        };
        let none = Err(TopicRejection::parameter("NextToken"));
        assert_eq!(before(""), (Ok(None), Ok(None)));
        let name = TopicName::parse("stock.fifo").unwrap();
        let token = topic_token(&name);
        assert_eq!(before(&token.replace('=', "%3D")), (Ok(Some(name)), none.clone()));
        assert_eq!(
            before("AAABAA%3D%3D"),
            (Err(TopicRejection::parameter("NextToken")), Ok(Some(256)))
        );
        for token in ["*", "Lg==", "/w==", "AAABAAA%3D"] {
            let (topic, subscription) = before(token);
            assert!(topic.is_err(), "{token}");
            assert_eq!(subscription, none, "{token}");
        }
    }

    #[test]
    fn a_page_is_written() {
        let arn = "arn:aws:sns:eu-west-1:000000000042:stock:6b0e71bd-7e97-4d97-80ce-4a0994e55286";
        let arn = SubscriptionArn::parse(arn).unwrap();
        let subscription = |is_pending, protocol, endpoint: &str| SubscriptionSummary {
            arn: arn.clone(),
            is_pending,
            owner: arn.topic.account,
            protocol,
            endpoint: endpoint.to_owned(),
        };
        let queue = "arn:aws:sqs:eu-west-1:000000000042:orders";
        let subscriptions = vec![
            subscription(false, SubscriptionProtocol::Sqs, queue),
            subscription(true, SubscriptionProtocol::Https, "https://example.test/?a&b"),
        ];
        let topic = "arn:aws:sns:eu-west-1:000000000042:stock";
        let members = format!(
            "<Subscriptions><member><Owner>000000000042</Owner><Protocol>sqs</Protocol>\
             <Endpoint>{queue}</Endpoint><SubscriptionArn>{arn}</SubscriptionArn>\
             <TopicArn>{topic}</TopicArn></member><member><Owner>000000000042</Owner>\
             <Protocol>https</Protocol><Endpoint>https://example.test/?a&amp;b</Endpoint>\
             <SubscriptionArn>PendingConfirmation</SubscriptionArn><TopicArn>{topic}</TopicArn>\
             </member></Subscriptions>"
        );
        let action = SnsAction::ListSubscriptions;
        let output = SubscriptionsOutput { subscriptions, last: None };
        assert_written(action, &output, &members);
        let output = SubscriptionsOutput { last: Some(256), ..output };
        assert_written(action, &output, &format!("{members}<NextToken>AAABAA==</NextToken>"));
        let none = SubscriptionsOutput { subscriptions: Vec::new(), last: None };
        assert_written(action, &none, "<Subscriptions/>");
    }
}
