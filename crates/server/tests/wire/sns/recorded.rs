//! One exchange for each action as it goes over the wire: requests as SDKs write them, answers to
//! the byte.

use crate::harness::{masked, topic_arn, with_topics};

/// A request and what comes back.
struct Exchange {
    action: &'static str,
    /// After `Action=…&Version=2010-03-31&`. `{subscription}` stands for what Subscribe gave.
    form: &'static str,
    /// What lies between `<XResponse …>` and `<ResponseMetadata>`.
    result: &'static str,
}

const EXCHANGES: &[Exchange] = &[
    Exchange {
        action: "ListTopics",
        form: "",
        result: "<ListTopicsResult><Topics/></ListTopicsResult>",
    },
    Exchange {
        action: "ListSubscriptions",
        form: "",
        result: "<ListSubscriptionsResult><Subscriptions/></ListSubscriptionsResult>",
    },
    Exchange {
        action: "CreateTopic",
        form: "Name=orders&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=Orders\
               &Tags.member.1.Key=team&Tags.member.1.Value=red",
        result: "<CreateTopicResult><TopicArn>arn:aws:sns:us-east-1:000000000000:orders</TopicArn>\
                 </CreateTopicResult>",
    },
    Exchange {
        action: "ListTopics",
        form: "",
        result: "<ListTopicsResult><Topics><member>\
                 <TopicArn>arn:aws:sns:us-east-1:000000000000:orders</TopicArn></member></Topics>\
                 </ListTopicsResult>",
    },
    Exchange {
        action: "SetTopicAttributes",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &AttributeName=DisplayName&AttributeValue=Tides",
        result: "",
    },
    Exchange {
        action: "AddPermission",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders&Label=partner\
               &AWSAccountId.member.1=111122223333&ActionName.member.1=Publish",
        result: "",
    },
    Exchange {
        action: "RemovePermission",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders&Label=partner",
        result: "",
    },
    Exchange {
        action: "GetDataProtectionPolicy",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders",
        result: "<GetDataProtectionPolicyResult/>",
    },
    Exchange {
        action: "PutDataProtectionPolicy",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &DataProtectionPolicy=%7B%22Name%22%3A%22p%22%2C%22Version%22%3A%222021-06-01%22\
               %2C%22Statement%22%3A%5B%7B%22DataDirection%22%3A%22Inbound%22%2C%22Principal%22\
               %3A%5B%22*%22%5D%2C%22DataIdentifier%22%3A%5B%22arn%3Aaws%3Adataprotection%3A%3A\
               aws%3Adata-identifier%2FEmailAddress%22%5D%2C%22Operation%22%3A%7B%22Deny%22%3A\
               %7B%7D%7D%7D%5D%7D",
        result: "",
    },
    Exchange {
        action: "TagResource",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &Tags.member.1.Key=team&Tags.member.1.Value=blue",
        result: "<TagResourceResult/>",
    },
    Exchange {
        action: "ListTagsForResource",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders",
        result: "<ListTagsForResourceResult><Tags><member><Key>team</Key><Value>blue</Value>\
                 </member></Tags></ListTagsForResourceResult>",
    },
    Exchange {
        action: "UntagResource",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &TagKeys.member.1=team",
        result: "<UntagResourceResult/>",
    },
    Exchange {
        action: "ListTagsForResource",
        form: "ResourceArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders",
        result: "<ListTagsForResourceResult><Tags/></ListTagsForResourceResult>",
    },
    Exchange {
        action: "Subscribe",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders&Protocol=sqs\
               &Endpoint=arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Aqueue\
               &Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true\
               &ReturnSubscriptionArn=true",
        result: "<SubscribeResult>\
                 <SubscriptionArn>arn:aws:sns:us-east-1:000000000000:orders:UUID</SubscriptionArn>\
                 </SubscribeResult>",
    },
    Exchange {
        action: "ListSubscriptions",
        form: "",
        result: "<ListSubscriptionsResult><Subscriptions><member><Owner>000000000000</Owner>\
                 <Protocol>sqs</Protocol>\
                 <Endpoint>arn:aws:sqs:us-east-1:000000000000:queue</Endpoint>\
                 <SubscriptionArn>arn:aws:sns:us-east-1:000000000000:orders:UUID</SubscriptionArn>\
                 <TopicArn>arn:aws:sns:us-east-1:000000000000:orders</TopicArn></member>\
                 </Subscriptions></ListSubscriptionsResult>",
    },
    Exchange {
        action: "ListSubscriptionsByTopic",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders",
        result: "<ListSubscriptionsByTopicResult><Subscriptions><member>\
                 <Owner>000000000000</Owner><Protocol>sqs</Protocol>\
                 <Endpoint>arn:aws:sqs:us-east-1:000000000000:queue</Endpoint>\
                 <SubscriptionArn>arn:aws:sns:us-east-1:000000000000:orders:UUID</SubscriptionArn>\
                 <TopicArn>arn:aws:sns:us-east-1:000000000000:orders</TopicArn></member>\
                 </Subscriptions></ListSubscriptionsByTopicResult>",
    },
    Exchange {
        action: "SetSubscriptionAttributes",
        form: "SubscriptionArn={subscription}&AttributeName=RawMessageDelivery\
               &AttributeValue=false",
        result: "",
    },
    Exchange {
        action: "Publish",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders&Message=hello+there\
               &Subject=Tide&MessageAttributes.entry.1.Name=sea\
               &MessageAttributes.entry.1.Value.DataType=String\
               &MessageAttributes.entry.1.Value.StringValue=north",
        result: "<PublishResult><MessageId>UUID</MessageId></PublishResult>",
    },
    Exchange {
        action: "PublishBatch",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &PublishBatchRequestEntries.member.1.Id=a\
               &PublishBatchRequestEntries.member.1.Message=hello\
               &PublishBatchRequestEntries.member.2.Id=b\
               &PublishBatchRequestEntries.member.2.Message=",
        result: "<PublishBatchResult><Failed><member><Code>InvalidParameter</Code>\
                 <Message>Invalid parameter: Empty message</Message>\
                 <SenderFault>true</SenderFault><Id>b</Id></member></Failed><Successful><member>\
                 <MessageId>UUID</MessageId><Id>a</Id></member></Successful></PublishBatchResult>",
    },
    Exchange {
        action: "PublishBatch",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders\
               &PublishBatchRequestEntries.member.1.Id=a\
               &PublishBatchRequestEntries.member.1.Message=hello",
        result: "<PublishBatchResult><Failed/><Successful><member><MessageId>UUID</MessageId>\
                 <Id>a</Id></member></Successful></PublishBatchResult>",
    },
    Exchange { action: "Unsubscribe", form: "SubscriptionArn={subscription}", result: "" },
    Exchange {
        action: "DeleteTopic",
        form: "TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Aorders",
        result: "",
    },
];

#[tokio::test]
async fn answers_are_to_the_byte_what_the_service_writes() {
    for by_get in [false, true] {
        with_topics(async |sns| {
            let mut subscription = String::new();
            for Exchange { action, form, result } in EXCHANGES {
                let form = format!("Action={action}&Version=2010-03-31&{form}")
                    .replace("{subscription}", &subscription.replace(':', "%3A"));
                let request = if by_get { sns.get(&form) } else { sns.post(&form) };
                let http = sns.raw(&request).await;
                assert_eq!(http.status, 200, "{form}: {http:?}");
                assert_eq!(http.header("content-type"), "text/xml");
                if *action == "Subscribe" {
                    let (_, rest) = http.body.split_once("<SubscriptionArn>").unwrap();
                    rest.split_once('<').unwrap().0.clone_into(&mut subscription);
                }
                let expected = format!(
                    "<?xml version=\"1.0\"?>\n\
                     <{action}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">{result}\
                     <ResponseMetadata><RequestId>UUID</RequestId></ResponseMetadata>\
                     </{action}Response>"
                );
                let body = masked(&http.body).replacen("?><", "?>\n<", 1);
                assert_eq!(body, expected, "{form}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn an_error_is_to_the_byte_what_the_service_writes() {
    with_topics(async |sns| {
        for (form, status, error) in [
            (
                format!("Action=GetTopicAttributes&TopicArn={}", topic_arn("none")),
                404,
                "<Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message>",
            ),
            (
                "Action=CreateTopic&Name=a+b".to_owned(),
                400,
                "<Type>Sender</Type><Code>InvalidParameter</Code>\
                 <Message>Invalid parameter: Topic Name</Message>",
            ),
            (
                "Action=Subscribe&Protocol=a%3Cb%26c&Endpoint=x&TopicArn=".to_owned()
                    + &sns.topic("orders").await,
                400,
                "<Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: \
                 Amazon SNS does not support this protocol string: a&lt;b&amp;c</Message>",
            ),
        ] {
            let request = sns.post(&format!("{form}&Version=2010-03-31"));
            let http = sns.raw(&request).await;
            assert_eq!(http.status, status, "{http:?}");
            let expected = format!(
                "<?xml version=\"1.0\"?>\n\
                 <ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
                 <Error>{error}</Error><RequestId>UUID</RequestId></ErrorResponse>"
            );
            let body = masked(&http.body).replacen("?><", "?>\n<", 1);
            assert_eq!(body, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn lists_are_in_the_order_of_their_numbers_whatever_is_sent_first() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let mut form = format!("Action=PublishBatch&Version=2010-03-31&TopicArn={topic}");
        for number in [10, 2, 30, 1] {
            let path = format!("PublishBatchRequestEntries.member.{number}");
            form += &format!("&{path}.Message=m&{path}.Id=i{number}");
        }
        let request = sns.post(&form);
        let body = sns.raw(&request).await.body;
        let ids: Vec<_> = body.split("<Id>").skip(1).map(|rest| rest.split('<').next()).collect();
        assert_eq!(ids, [Some("i1"), Some("i2"), Some("i10"), Some("i30")]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_action_is_refused() {
    with_topics(async |sns| {
        for form in ["Action=Frobnicate&Version=2010-03-31", "Version=2010-03-31"] {
            for request in [sns.post(form), sns.get(form)] {
                let http = sns.raw(&request).await;
                let refusal = crate::harness::Refusal::from_sns(&http);
                assert_eq!(refusal.code, "InvalidAction", "{form}");
            }
        }
    })
    .await;
}
