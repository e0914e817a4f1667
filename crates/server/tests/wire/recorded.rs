//! One exchange for each action as it goes over the wire, in both protocols: requests as SDKs write
//! them, answers to the byte where clients read bytes.

use serde_json::Value;

use crate::harness::{Http, Protocol, Service, Sqs, masked};

/// A request in both protocols, and what comes back. In requests `{handle}` and `{task}`
/// stand for what an answer before them gave out.
struct Exchange {
    action: &'static str,
    json: &'static str,
    /// Compared member by member; empty where there must be no bytes.
    output: &'static str,
    /// After `Action=…&Version=2012-11-05&`.
    form: &'static str,
    /// Compared byte by byte. What lies between `<XResponse …>` and `<ResponseMetadata>`.
    result: &'static str,
}

const EXCHANGES: &[Exchange] = &[
    Exchange {
        action: "CreateQueue",
        json: r#"{"QueueName":"dead"}"#,
        output: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/dead"}"#,
        form: "QueueName=dead",
        result: "<CreateQueueResult><QueueUrl>http://sqs.test:4566/000000000000/dead</QueueUrl>\
                 </CreateQueueResult>",
    },
    Exchange {
        action: "CreateQueue",
        json: r#"{"QueueName":"orders","Attributes":{"VisibilityTimeout":"40","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:dead\",\"maxReceiveCount\":\"5\"}"},"tags":{"team":"red"}}"#,
        output: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        form: "QueueName=orders&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=40\
               &Attribute.2.Name=RedrivePolicy&Attribute.2.Value=%7B%22deadLetterTargetArn%22%3A\
               %22arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Adead%22%2C%22maxReceiveCount%22%3A\
               %225%22%7D&Tag.1.Key=team&Tag.1.Value=red",
        result: "<CreateQueueResult><QueueUrl>http://sqs.test:4566/000000000000/orders</QueueUrl>\
                 </CreateQueueResult>",
    },
    Exchange {
        action: "GetQueueUrl",
        json: r#"{"QueueName":"orders","QueueOwnerAWSAccountId":"000000000000"}"#,
        output: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        form: "QueueName=orders&QueueOwnerAWSAccountId=000000000000",
        result: "<GetQueueUrlResult><QueueUrl>http://sqs.test:4566/000000000000/orders</QueueUrl>\
                 </GetQueueUrlResult>",
    },
    Exchange {
        action: "ListQueues",
        json: r#"{"QueueNamePrefix":"","MaxResults":10}"#,
        output: r#"{"QueueUrls":["http://sqs.test:4566/000000000000/dead","http://sqs.test:4566/000000000000/orders"]}"#,
        form: "QueueNamePrefix=&MaxResults=10",
        result: "<ListQueuesResult><QueueUrl>http://sqs.test:4566/000000000000/dead</QueueUrl>\
                 <QueueUrl>http://sqs.test:4566/000000000000/orders</QueueUrl></ListQueuesResult>",
    },
    Exchange {
        action: "ListDeadLetterSourceQueues",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/dead"}"#,
        output: r#"{"queueUrls":["http://sqs.test:4566/000000000000/orders"]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Fdead",
        result: "<ListDeadLetterSourceQueuesResult>\
                 <QueueUrl>http://sqs.test:4566/000000000000/orders</QueueUrl>\
                 </ListDeadLetterSourceQueuesResult>",
    },
    Exchange {
        action: "TagQueue",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Tags":{"cost":"42","team":"blue"}}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &Tag.1.Key=cost&Tag.1.Value=42&Tag.2.Key=team&Tag.2.Value=blue",
        result: "",
    },
    Exchange {
        action: "ListQueueTags",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: r#"{"Tags":{"cost":"42","team":"blue"}}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "<ListQueueTagsResult><Tag><Key>cost</Key><Value>42</Value></Tag>\
                 <Tag><Key>team</Key><Value>blue</Value></Tag></ListQueueTagsResult>",
    },
    Exchange {
        action: "UntagQueue",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","TagKeys":["cost","team"]}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &TagKey.1=cost&TagKey.2=team",
        result: "",
    },
    Exchange {
        action: "ListQueueTags",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: "{}",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "<ListQueueTagsResult/>",
    },
    Exchange {
        action: "SetQueueAttributes",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Attributes":{"VisibilityTimeout":"50"}}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=50",
        result: "",
    },
    Exchange {
        action: "GetQueueAttributes",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","AttributeNames":["VisibilityTimeout"]}"#,
        output: r#"{"Attributes":{"VisibilityTimeout":"50"}}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &AttributeName.1=VisibilityTimeout",
        result: "<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name>\
                 <Value>50</Value></Attribute></GetQueueAttributesResult>",
    },
    Exchange {
        action: "AddPermission",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Label":"partner","AWSAccountIds":["111122223333"],"Actions":["SendMessage"]}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders&Label=partner\
               &AWSAccountId.1=111122223333&ActionName.1=SendMessage",
        result: "",
    },
    Exchange {
        action: "RemovePermission",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Label":"partner"}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders&Label=partner",
        result: "",
    },
    Exchange {
        action: "ReceiveMessage",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: "{}",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "<ReceiveMessageResult/>",
    },
    Exchange {
        action: "SendMessage",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","MessageBody":"a <b> & \"c\"","MessageAttributes":{"a":{"DataType":"Number.int","StringValue":"1"},"b":{"DataType":"Binary","BinaryValue":"AQID"}}}"#,
        output: r#"{"MessageId":"UUID","MD5OfMessageBody":"BODY_MD5","MD5OfMessageAttributes":"e23a1cb9e53a59ad303acbf6a1139f81"}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &MessageBody=a+%3Cb%3E+%26+%22c%22\
               &MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=Number.int\
               &MessageAttribute.1.Value.StringValue=1\
               &MessageAttribute.2.Name=b&MessageAttribute.2.Value.DataType=Binary\
               &MessageAttribute.2.Value.BinaryValue=AQID",
        result: "<SendMessageResult><MessageId>UUID</MessageId>\
                 <MD5OfMessageBody>BODY_MD5</MD5OfMessageBody>\
                 <MD5OfMessageAttributes>e23a1cb9e53a59ad303acbf6a1139f81</MD5OfMessageAttributes>\
                 </SendMessageResult>",
    },
    Exchange {
        action: "ReceiveMessage",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","MessageSystemAttributeNames":["SentTimestamp"],"MessageAttributeNames":["All"],"MaxNumberOfMessages":1,"VisibilityTimeout":30,"WaitTimeSeconds":0}"#,
        output: r#"{"Messages":[{"MessageId":"UUID","ReceiptHandle":"HANDLE","MD5OfBody":"BODY_MD5","MD5OfMessageAttributes":"e23a1cb9e53a59ad303acbf6a1139f81","Body":"a <b> & \"c\"","Attributes":{"SentTimestamp":"1800000000000"},"MessageAttributes":{"a":{"StringValue":"1","DataType":"Number.int"},"b":{"BinaryValue":"AQID","DataType":"Binary"}}}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &AttributeName.1=SentTimestamp&MessageAttributeName.1=All&MaxNumberOfMessages=1\
               &VisibilityTimeout=30&WaitTimeSeconds=0",
        result: "<ReceiveMessageResult><Message><MessageId>UUID</MessageId>\
                 <ReceiptHandle>HANDLE</ReceiptHandle><MD5OfBody>BODY_MD5</MD5OfBody>\
                 <MD5OfMessageAttributes>e23a1cb9e53a59ad303acbf6a1139f81</MD5OfMessageAttributes>\
                 <Body>a &lt;b&gt; &amp; &quot;c&quot;</Body>\
                 <Attribute><Name>SentTimestamp</Name><Value>1800000000000</Value></Attribute>\
                 <MessageAttribute><Name>a</Name><Value><StringValue>1</StringValue>\
                 <DataType>Number.int</DataType></Value></MessageAttribute>\
                 <MessageAttribute><Name>b</Name><Value><BinaryValue>AQID</BinaryValue>\
                 <DataType>Binary</DataType></Value></MessageAttribute></Message>\
                 </ReceiveMessageResult>",
    },
    Exchange {
        action: "ChangeMessageVisibility",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","ReceiptHandle":"{handle}","VisibilityTimeout":60}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &ReceiptHandle={handle}&VisibilityTimeout=60",
        result: "",
    },
    Exchange {
        action: "ChangeMessageVisibilityBatch",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Entries":[{"Id":"a","ReceiptHandle":"{handle}","VisibilityTimeout":70},{"Id":"b","ReceiptHandle":"bad","VisibilityTimeout":0}]}"#,
        output: r#"{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","SenderFault":true,"Code":"ReceiptHandleIsInvalid","Message":"The input receipt handle \"bad\" is not a valid receipt handle."}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &ChangeMessageVisibilityBatchRequestEntry.1.Id=a\
               &ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle={handle}\
               &ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=70\
               &ChangeMessageVisibilityBatchRequestEntry.2.Id=b\
               &ChangeMessageVisibilityBatchRequestEntry.2.ReceiptHandle=bad\
               &ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout=0",
        result: "<ChangeMessageVisibilityBatchResult><ChangeMessageVisibilityBatchResultEntry>\
                 <Id>a</Id></ChangeMessageVisibilityBatchResultEntry><BatchResultErrorEntry>\
                 <Id>b</Id><SenderFault>true</SenderFault><Code>ReceiptHandleIsInvalid</Code>\
                 <Message>The input receipt handle &quot;bad&quot; is not a valid receipt handle.\
                 </Message></BatchResultErrorEntry></ChangeMessageVisibilityBatchResult>",
    },
    Exchange {
        action: "DeleteMessage",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","ReceiptHandle":"{handle}"}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &ReceiptHandle={handle}",
        result: "",
    },
    Exchange {
        action: "SendMessageBatch",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Entries":[{"Id":"a","MessageBody":"hello","DelaySeconds":0},{"Id":"b","MessageBody":"\u0001"}]}"#,
        output: r#"{"Successful":[{"Id":"a","MessageId":"UUID","MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"}],"Failed":[{"Id":"b","SenderFault":true,"Code":"InvalidMessageContents","Message":"TEXT"}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &SendMessageBatchRequestEntry.1.Id=a\
               &SendMessageBatchRequestEntry.1.MessageBody=hello\
               &SendMessageBatchRequestEntry.1.DelaySeconds=0\
               &SendMessageBatchRequestEntry.2.Id=b\
               &SendMessageBatchRequestEntry.2.MessageBody=%01",
        result: "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id>\
                 <MessageId>UUID</MessageId>\
                 <MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>\
                 </SendMessageBatchResultEntry><BatchResultErrorEntry><Id>b</Id>\
                 <SenderFault>true</SenderFault><Code>InvalidMessageContents</Code>\
                 <Message>TEXT</Message></BatchResultErrorEntry></SendMessageBatchResult>",
    },
    Exchange {
        action: "ReceiveMessage",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: r#"{"Messages":[{"MessageId":"UUID","ReceiptHandle":"HANDLE","MD5OfBody":"5d41402abc4b2a76b9719d911017c592","Body":"hello"}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "<ReceiveMessageResult><Message><MessageId>UUID</MessageId>\
                 <ReceiptHandle>HANDLE</ReceiptHandle>\
                 <MD5OfBody>5d41402abc4b2a76b9719d911017c592</MD5OfBody><Body>hello</Body>\
                 </Message></ReceiveMessageResult>",
    },
    Exchange {
        action: "DeleteMessageBatch",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders","Entries":[{"Id":"a","ReceiptHandle":"{handle}"}]}"#,
        output: r#"{"Successful":[{"Id":"a"}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders\
               &DeleteMessageBatchRequestEntry.1.Id=a\
               &DeleteMessageBatchRequestEntry.1.ReceiptHandle={handle}",
        result: "<DeleteMessageBatchResult><DeleteMessageBatchResultEntry><Id>a</Id>\
                 </DeleteMessageBatchResultEntry></DeleteMessageBatchResult>",
    },
    Exchange {
        action: "PurgeQueue",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "",
    },
    // Three messages, and one a second: the task is still at it when it is cancelled.
    Exchange {
        action: "SendMessageBatch",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/dead","Entries":[{"Id":"a","MessageBody":"hello"},{"Id":"b","MessageBody":"hello"},{"Id":"c","MessageBody":"hello"}]}"#,
        output: r#"{"Successful":[{"Id":"a","MessageId":"UUID","MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"},{"Id":"b","MessageId":"UUID","MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"},{"Id":"c","MessageId":"UUID","MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"}]}"#,
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Fdead\
               &SendMessageBatchRequestEntry.1.Id=a\
               &SendMessageBatchRequestEntry.1.MessageBody=hello\
               &SendMessageBatchRequestEntry.2.Id=b\
               &SendMessageBatchRequestEntry.2.MessageBody=hello\
               &SendMessageBatchRequestEntry.3.Id=c\
               &SendMessageBatchRequestEntry.3.MessageBody=hello",
        result: "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id>\
                 <MessageId>UUID</MessageId>\
                 <MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>\
                 </SendMessageBatchResultEntry><SendMessageBatchResultEntry><Id>b</Id>\
                 <MessageId>UUID</MessageId>\
                 <MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>\
                 </SendMessageBatchResultEntry><SendMessageBatchResultEntry><Id>c</Id>\
                 <MessageId>UUID</MessageId>\
                 <MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>\
                 </SendMessageBatchResultEntry></SendMessageBatchResult>",
    },
    Exchange {
        action: "StartMessageMoveTask",
        json: r#"{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:dead","DestinationArn":"arn:aws:sqs:us-east-1:000000000000:orders","MaxNumberOfMessagesPerSecond":1}"#,
        output: r#"{"TaskHandle":"TASK"}"#,
        form: "SourceArn=arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Adead\
               &DestinationArn=arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Aorders\
               &MaxNumberOfMessagesPerSecond=1",
        result: "<StartMessageMoveTaskResult><TaskHandle>TASK</TaskHandle>\
                 </StartMessageMoveTaskResult>",
    },
    Exchange {
        action: "ListMessageMoveTasks",
        json: r#"{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#,
        output: r#"{"Results":[{"TaskHandle":"TASK","Status":"RUNNING","SourceArn":"arn:aws:sqs:us-east-1:000000000000:dead","DestinationArn":"arn:aws:sqs:us-east-1:000000000000:orders","MaxNumberOfMessagesPerSecond":1,"ApproximateNumberOfMessagesMoved":"COUNT","ApproximateNumberOfMessagesToMove":3,"StartedTimestamp":1800000000000}]}"#,
        form: "SourceArn=arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Adead",
        result: "<ListMessageMoveTasksResult><ListMessageMoveTasksResultEntry>\
                 <TaskHandle>TASK</TaskHandle><Status>RUNNING</Status>\
                 <SourceArn>arn:aws:sqs:us-east-1:000000000000:dead</SourceArn>\
                 <DestinationArn>arn:aws:sqs:us-east-1:000000000000:orders</DestinationArn>\
                 <MaxNumberOfMessagesPerSecond>1</MaxNumberOfMessagesPerSecond>\
                 <ApproximateNumberOfMessagesMoved>COUNT</ApproximateNumberOfMessagesMoved>\
                 <ApproximateNumberOfMessagesToMove>3</ApproximateNumberOfMessagesToMove>\
                 <StartedTimestamp>1800000000000</StartedTimestamp>\
                 </ListMessageMoveTasksResultEntry></ListMessageMoveTasksResult>",
    },
    Exchange {
        action: "CancelMessageMoveTask",
        json: r#"{"TaskHandle":"{task}"}"#,
        output: r#"{"ApproximateNumberOfMessagesMoved":"COUNT"}"#,
        form: "TaskHandle={task}",
        result: "<CancelMessageMoveTaskResult>\
                 <ApproximateNumberOfMessagesMoved>COUNT</ApproximateNumberOfMessagesMoved>\
                 </CancelMessageMoveTaskResult>",
    },
    Exchange {
        action: "DeleteQueue",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/orders"}"#,
        output: "",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Forders",
        result: "",
    },
    Exchange {
        action: "ListDeadLetterSourceQueues",
        json: r#"{"QueueUrl":"http://sqs.test:4566/000000000000/dead"}"#,
        output: "{}",
        form: "QueueUrl=http%3A%2F%2Fsqs.test%3A4566%2F000000000000%2Fdead",
        result: "<ListDeadLetterSourceQueuesResult/>",
    },
    Exchange {
        action: "ListQueues",
        json: r#"{"QueueNamePrefix":"o"}"#,
        output: "{}",
        form: "QueueNamePrefix=o",
        result: "<ListQueuesResult/>",
    },
];

/// MD5 of the body that is sent, which needs escapes in both protocols.
const BODY_MD5: &str = "a46112c3a73a73da04aac72fe3725c21";

/// What the last answers gave out.
#[derive(Default)]
struct GivenOut {
    handle: String,
    task: String,
}

impl GivenOut {
    fn remember(&mut self, answer: &str) {
        for (name, value) in [("ReceiptHandle", &mut self.handle), ("TaskHandle", &mut self.task)] {
            for (before, after) in [(format!("\"{name}\":\""), '"'), (format!("<{name}>"), '<')] {
                if let Some((_, rest)) = answer.split_once(&before) {
                    *value = rest[..rest.find(after).unwrap()].to_owned();
                }
            }
        }
    }

    fn filled_in(&self, request: &str, protocol: Protocol) -> String {
        let encoded = |value: &str| match protocol {
            Protocol::Json => value.to_owned(),
            Protocol::Query => value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        };
        request.replace("{handle}", &encoded(&self.handle)).replace("{task}", &encoded(&self.task))
    }
}

async fn exchange(sqs: &mut Sqs, exchange: &Exchange, given_out: &mut GivenOut) {
    let action = exchange.action;
    let request = match sqs.protocol {
        Protocol::Json => {
            let body = given_out.filled_in(exchange.json, Protocol::Json);
            sqs.json(action, &body)
        }
        Protocol::Query => {
            let form = given_out.filled_in(exchange.form, Protocol::Query);
            sqs.post("/", &format!("Action={action}&Version=2012-11-05&{form}"))
        }
    };
    let http = sqs.raw(&request).await;
    assert_eq!(http.status, 200, "{action}: {http:?}");
    given_out.remember(&http.body);
    match sqs.protocol {
        Protocol::Json => check_json(&http, exchange),
        Protocol::Query => check_xml(&http, exchange),
    }
}

fn check_json(http: &Http, exchange: &Exchange) {
    assert_eq!(http.header("content-type"), "application/x-amz-json-1.0");
    if exchange.output.is_empty() || exchange.output == "{}" {
        assert_eq!(http.body, exchange.output, "{}", exchange.action);
        return;
    }
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let expected = exchange.output.replace("BODY_MD5", BODY_MD5);
    assert_eq!(read(&masked(&http.body)), read(&expected), "{}: {http:?}", exchange.action);
}

fn check_xml(http: &Http, exchange: &Exchange) {
    let Exchange { action, result, .. } = exchange;
    assert_eq!(http.header("content-type"), "text/xml");
    let expected = format!(
        "<?xml version=\"1.0\"?>\
         <{action}Response xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{}\
         <ResponseMetadata><RequestId>UUID</RequestId></ResponseMetadata></{action}Response>",
        result.replace("BODY_MD5", BODY_MD5)
    );
    assert_eq!(masked(&http.body), expected);
    let id = http.header("x-amzn-requestid");
    assert!(http.body.contains(&format!("<RequestId>{id}</RequestId>")));
}

#[tokio::test]
async fn each_action_goes_over_the_wire_in_both_protocols() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let mut given_out = GivenOut::default();
        for each in EXCHANGES {
            exchange(&mut sqs, each, &mut given_out).await;
        }
        drop(sqs);
        service.stop().await;
    }
    let mut actions: Vec<_> = EXCHANGES.iter().map(|exchange| exchange.action).collect();
    actions.sort_unstable();
    actions.dedup();
    assert_eq!(actions.len(), 23);
}

/// A refused request: the action, its input in both protocols, and the answers to the byte.
const REFUSALS: &[(&str, &str, &str, u16, &str, &str, &str)] = &[
    (
        "GetQueueUrl",
        r#"{"QueueName":"missing"}"#,
        "QueueName=missing",
        400,
        "AWS.SimpleQueueService.NonExistentQueue;Sender",
        r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#,
        "<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>\
         <Message>The specified queue does not exist for this wsdl version.</Message><Detail/>\
         </Error>",
    ),
    (
        "CreateQueue",
        r#"{"QueueName":"a.b"}"#,
        "QueueName=a.b",
        400,
        "InvalidParameterValue;Sender",
        r#"{"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"}"#,
        "<Error><Type>Sender</Type><Code>InvalidParameterValue</Code><Message>Can only include \
         alphanumeric characters, hyphens, or underscores. 1 to 80 in length</Message><Detail/>\
         </Error>",
    ),
    (
        "CreateQueue",
        r#"{"QueueName":"a","Attributes":{"Colour":"red"}}"#,
        "QueueName=a&Attribute.1.Name=Colour&Attribute.1.Value=red",
        400,
        "InvalidAttributeName;Sender",
        r#"{"__type":"com.amazonaws.sqs#InvalidAttributeName","message":"Unknown Attribute Colour."}"#,
        "<Error><Type>Sender</Type><Code>InvalidAttributeName</Code><Message>Unknown Attribute \
         Colour.</Message><Detail/></Error>",
    ),
    (
        "ListMessageMoveTasks",
        r#"{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:missing"}"#,
        "SourceArn=arn%3Aaws%3Asqs%3Aus-east-1%3A000000000000%3Amissing",
        404,
        "ResourceNotFoundException;Sender",
        r#"{"__type":"com.amazonaws.sqs#ResourceNotFoundException","message":"The resource that you specified for the SourceArn parameter doesn't exist."}"#,
        "<Error><Type>Sender</Type><Code>ResourceNotFoundException</Code><Message>The resource \
         that you specified for the SourceArn parameter doesn&apos;t exist.</Message><Detail/>\
         </Error>",
    ),
];

#[tokio::test]
async fn a_refusal_goes_over_the_wire_in_both_protocols() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    for (action, json, form, status, query_error, body, error) in REFUSALS {
        let request = sqs.json(action, json);
        let http = sqs.raw(&request).await;
        assert_eq!((http.status, http.body.as_str()), (*status, *body));
        assert_eq!(http.header("x-amzn-query-error"), *query_error);
        assert_eq!(http.header("content-type"), "application/x-amz-json-1.0");
        let request = sqs.post("/", &format!("Action={action}&Version=2012-11-05&{form}"));
        let http = sqs.raw(&request).await;
        assert_eq!(http.status, *status);
        let expected = format!(
            "<?xml version=\"1.0\"?>\
             <ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{error}\
             <RequestId>UUID</RequestId></ErrorResponse>"
        );
        // Apostrophes need no reference, and may have one.
        let apostrophes = |text: &str| text.replace("&apos;", "'");
        assert_eq!(apostrophes(&masked(&http.body)), apostrophes(&expected));
        assert_eq!(http.header("content-type"), "text/xml");
    }
    drop(sqs);
    service.stop().await;
}
