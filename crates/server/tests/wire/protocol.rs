//! The two protocols themselves: how requests are told apart and read, and what is refused before
//! it becomes a request.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Element, Http, Protocol, Refusal, Service, Sqs, in_both_protocols};

const MIB: usize = 1 << 20;

async fn speaking(protocol: Protocol) -> (Service, Sqs) {
    let service = Service::start().await;
    let sqs = service.speak(protocol).await;
    (service, sqs)
}

async fn end(service: Service, sqs: Sqs) {
    drop(sqs);
    service.stop().await;
}

/// Sends a JSON body to an action.
async fn raw_json(sqs: &mut Sqs, action: &str, body: &str) -> Http {
    let request = sqs.json(action, body);
    sqs.raw(&request).await
}

/// Sends a form to an action at the endpoint.
async fn raw_form(sqs: &mut Sqs, form: &str) -> Http {
    let request = sqs.post("/", form);
    sqs.raw(&request).await
}

#[tokio::test]
async fn an_unknown_action_is_refused_in_its_protocol() {
    in_both_protocols(async |sqs| {
        for action in ["Frobnicate", "sendMessage", "Encrypt"] {
            let refusal = sqs.refused(action, json!({})).await;
            let text = format!("The action {action} is not valid for this endpoint.");
            match sqs.protocol {
                Protocol::Query => assert_eq!(refusal, Refusal::new("InvalidAction", text)),
                // In JSON its text is not documented.
                Protocol::Json => assert_eq!(refusal.code, "InvalidAction"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_target_of_another_service_is_an_unknown_action() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    for target in [
        "AmazonSQS",
        "AmazonSQS.",
        "DynamoDB_20120810.ListTables",
        "amazonsqs.ListQueues",
        "ListQueues",
        "",
    ] {
        let headers = [("X-Amz-Target", target)];
        let request = sqs.message("POST", "/", &headers, "{}");
        let refusal = Refusal::from_json(&sqs.raw(&request).await);
        assert_eq!(refusal.code, "InvalidAction", "{target}");
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn the_target_decides_the_protocol_whatever_else_is_said() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let target = ("X-Amz-Target", "AmazonSQS.ListQueues");
    for headers in [
        vec![target],
        vec![target, ("Content-Type", "application/json")],
        vec![target, ("Content-Type", "application/x-amz-json-1.1")],
        vec![target, ("Content-Type", "application/x-amz-json-1.0; charset=utf-8")],
        vec![target, ("Content-Type", "application/x-www-form-urlencoded")],
        // Sent by newer SDKs.
        vec![target, ("Content-Type", "application/x-amz-json-1.0"), ("X-Amzn-Query-Mode", "true")],
        vec![("x-amz-target", "AmazonSQS.ListQueues")],
    ] {
        for path in ["/", "/?Action=PurgeQueue"] {
            let request = sqs.message("POST", path, &headers, "{}");
            let http = sqs.raw(&request).await;
            assert_eq!((http.status, http.body.as_str()), (200, "{}"), "{headers:?}");
            // The version is that of the request.
            let version =
                if headers.iter().any(|(_, value)| value.ends_with("1.1")) { 1 } else { 0 };
            let content_type = format!("application/x-amz-json-1.{version}");
            assert_eq!(http.header("content-type"), content_type);
        }
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let named = |more: &str| format!("{{\"QueueUrl\":\"{url}\",{more}}}");
    let mut cases: Vec<(&str, String)> = [
        "",
        " ",
        "{",
        "}",
        "{}}",
        "[]",
        "[{}]",
        "null",
        "5",
        "\"x\"",
        "nonsense",
        "{\"QueueName\":}",
        "{\"QueueName\"}",
        "{QueueName:\"x\"}",
        "{'QueueName':'x'}",
        "{\"QueueName\":\"x\",}",
        "{\"QueueName\":\"\t\"}",
        "{\"QueueName\":\"\\x\"}",
        "{\"QueueName\":\"\\ud800\"}",
        "{\"QueueName\":\"x\"} x",
    ]
    .into_iter()
    .map(|body| ("CreateQueue", body.to_owned()))
    .collect();
    for wrong in ["[]", "{}", "5", "true", "[\"x\"]"] {
        cases.push(("CreateQueue", format!("{{\"QueueName\":{wrong}}}")));
        cases.push(("SendMessage", named(&format!("\"MessageBody\":{wrong}"))));
        cases.push(("DeleteMessage", named(&format!("\"ReceiptHandle\":{wrong}"))));
    }
    for wrong in [
        "[]",
        "\"x\"",
        "5",
        "{\"DelaySeconds\":5}",
        "{\"DelaySeconds\":[]}",
        "{\"DelaySeconds\":{}}",
    ] {
        cases.push(("SetQueueAttributes", named(&format!("\"Attributes\":{wrong}"))));
        cases.push(("TagQueue", named(&format!("\"Tags\":{wrong}"))));
    }
    for wrong in ["{}", "\"All\"", "5", "[5]", "[[]]", "[{}]"] {
        cases.push(("GetQueueAttributes", named(&format!("\"AttributeNames\":{wrong}"))));
        cases.push(("ReceiveMessage", named(&format!("\"MessageAttributeNames\":{wrong}"))));
        cases.push(("UntagQueue", named(&format!("\"TagKeys\":{wrong}"))));
        cases.push((
            "SendMessageBatch",
            named(&format!("\"Entries\":{wrong}")).replace("[{}]", "[\"x\"]"),
        ));
    }
    for wrong in ["[]", "{}", "\"x\"", "true", "1.5", "99999999999999999999"] {
        cases.push(("ReceiveMessage", named(&format!("\"MaxNumberOfMessages\":{wrong}"))));
        cases.push(("ListQueues", format!("{{\"MaxResults\":{wrong}}}")));
    }
    for wrong in [
        "[]",
        "\"x\"",
        "{\"a\":\"x\"}",
        "{\"a\":{\"DataType\":5}}",
        "{\"a\":{\"DataType\":\"String\",\"StringValue\":[]}}",
        "{\"a\":{\"DataType\":\"Binary\",\"BinaryValue\":\"!\"}}",
    ] {
        cases.push((
            "SendMessage",
            named(&format!("\"MessageBody\":\"x\",\"MessageAttributes\":{wrong}")),
        ));
    }
    let before = sqs.attributes(&url).await;
    for (action, body) in cases {
        let refusal = Refusal::from_json(&raw_json(&mut sqs, action, &body).await);
        assert_eq!(refusal.code, "MalformedInput", "{action} {body}: {refusal:?}");
    }
    assert_eq!(sqs.attributes(&url).await, before);
    assert_eq!(sqs.ok("ListQueues", json!({})).await, json!({ "QueueUrls": [url] }));
    end(service, sqs).await;
}

#[tokio::test]
async fn bytes_that_are_no_unicode_are_refused() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    for bad in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"] {
        let body = [format!("{{\"QueueUrl\":\"{url}\",\"MessageBody\":\"").as_bytes(), bad, b"\"}"]
            .concat();
        let head = sqs.json("SendMessage", &"x".repeat(body.len()));
        let head = head.strip_suffix(&"x".repeat(body.len())).unwrap();
        let http = sqs.raw_bytes(&[head.as_bytes(), &body].concat()).await;
        let refusal = Refusal::from_json(&http);
        assert_eq!(refusal.code, "MalformedInput", "{bad:x?}");

        let mut form = format!("Action=SendMessage&QueueUrl={url}&MessageBody=");
        for byte in bad {
            write!(form, "%{byte:02x}").unwrap();
        }
        let http = raw_form(&mut sqs, &form).await;
        assert!((400..500).contains(&http.status), "{http:?}");
    }
    assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    end(service, sqs).await;
}

#[tokio::test]
async fn what_is_not_known_or_null_is_as_if_it_were_not_there() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let body = r#" {"Colour":{"a":[1,{"b":null}]}, "QueueName" : "orders" , "Attributes":null,
        "tags":null,"attributes":5,"Version":"2012-11-05","":[]} "#;
    let http = raw_json(&mut sqs, "CreateQueue", body).await;
    assert_eq!(http.status, 200, "{http:?}");
    let url = sqs.url("orders");
    let body = json!({
        "QueueUrl": url, "MessageBody": "hello", "DelaySeconds": null, "MessageAttributes": null,
        "MessageGroupId": null, "MessageDeduplicationId": null, "MessageSystemAttributes": null,
        "Colour": "red",
    });
    sqs.ok("SendMessage", body).await;
    let body = json!({
        "QueueUrl": url, "AttributeNames": null, "MessageAttributeNames": null,
        "MessageSystemAttributeNames": null, "MaxNumberOfMessages": null, "WaitTimeSeconds": null,
        "VisibilityTimeout": null, "ReceiveRequestAttemptId": null,
    });
    assert_eq!(sqs.receive_with(body).await.len(), 1);
    drop(sqs);
    let mut sqs = service.speak(Protocol::Query).await;
    let form = format!(
        "Action=SendMessage&Colour=red&QueueUrl={url}&MessageBody=x&Colour.1.Name=y&A=&=b&&"
    );
    assert_eq!(raw_form(&mut sqs, &form).await.status, 200);
    assert_eq!(sqs.counts(&url).await, [1, 1, 0]);
    end(service, sqs).await;
}

#[tokio::test]
async fn json_text_may_be_escaped_in_every_way() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let body = format!(
        r#"{{"Queue\u0055rl":"{}","MessageBody":"\u0041\u00e9\ud83d\ude00\n\r\t\/\\\"é"}}"#,
        url.replace('/', "\\/")
    );
    assert_eq!(raw_json(&mut sqs, "SendMessage", &body).await.status, 200);
    assert_eq!(sqs.receive(&url).await[0]["Body"], "Aé\u{1f600}\n\r\t/\\\"é");
    end(service, sqs).await;
}

#[tokio::test]
async fn a_mebibyte_fits_however_it_is_escaped() {
    let (service, mut sqs) = speaking(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let body = format!("{{\"QueueUrl\":\"{url}\",\"MessageBody\":\"{}\"}}", "\\u0078".repeat(MIB));
    assert_eq!(raw_json(&mut sqs, "SendMessage", &body).await.status, 200);
    let tenth = "\\u0078".repeat(MIB / 10);
    let entries: Vec<_> =
        (0..10).map(|i| format!("{{\"Id\":\"{i}\",\"MessageBody\":\"{tenth}\"}}")).collect();
    let body = format!("{{\"QueueUrl\":\"{url}\",\"Entries\":[{}]}}", entries.join(","));
    let http = raw_json(&mut sqs, "SendMessageBatch", &body).await;
    assert_eq!(http.json()["Successful"].as_array().unwrap().len(), 10);
    let form = format!("Action=SendMessage&QueueUrl={url}&MessageBody={}", "%78".repeat(MIB));
    assert_eq!(raw_form(&mut sqs, &form).await.status, 200);
    assert_eq!(sqs.counts(&url).await, [12, 0, 0]);
    // And back, where each character of the text needs an escape.
    let quotes = "\"".repeat(MIB);
    sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
    sqs.send(&url, &quotes).await;
    assert!(sqs.receive(&url).await[0]["Body"] == quotes);
    end(service, sqs).await;
}

#[tokio::test]
async fn indices_are_numbers_and_may_have_gaps() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
    // `.10` comes after `.2`, wherever it stands.
    let mut form = format!("Action=SendMessageBatch&QueueUrl={url}");
    for i in [10, 3, 1, 2, 7, 100] {
        let entry = format!("SendMessageBatchRequestEntry.{i}");
        write!(
            form,
            "&{entry}.MessageBody={i}&{entry}.Id=e{i}&{entry}.MessageGroupId=g\
             &{entry}.MessageDeduplicationId={i}"
        )
        .unwrap();
    }
    assert_eq!(raw_form(&mut sqs, &form).await.status, 200);
    let received = sqs.receive(&url).await;
    let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["1", "2", "3", "7", "10", "100"]);
    let form = format!(
        "Action=GetQueueAttributes&QueueUrl={url}&AttributeName.20=DelaySeconds\
         &AttributeName.3=VisibilityTimeout"
    );
    let http = raw_form(&mut sqs, &form).await;
    assert!(http.body.contains("<Name>DelaySeconds</Name>"), "{http:?}");
    assert!(http.body.contains("<Name>VisibilityTimeout</Name>"), "{http:?}");
    end(service, sqs).await;
}

#[tokio::test]
async fn forms_are_decoded_as_browsers_encode_them() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    let url = sqs.queue("orders", json!({})).await;
    for (sent, body) in [
        ("a+b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%2bb", "a+b"),
        ("a%20b", "a b"),
        ("a=b==", "a=b=="),
        ("%C3%A9%e6%97%a5", "é日"),
        ("%25%26%3D", "%&="),
        ("a%0D%0Ab", "a\r\nb"),
    ] {
        let form = format!("Action=SendMessage&QueueUrl={url}&MessageBody={sent}");
        assert_eq!(raw_form(&mut sqs, &form).await.status, 200, "{sent}");
        let request = sqs.get(&format!("/?{form}"));
        assert_eq!(sqs.raw(&request).await.status, 200, "{sent}");
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 2);
        assert!(received.iter().all(|message| message["Body"] == body), "{sent}: {received:?}");
    }
    for bad in ["%", "%2", "%zz", "%e"] {
        let form = format!("Action=SendMessage&QueueUrl={url}&MessageBody={bad}");
        let http = raw_form(&mut sqs, &form).await;
        assert_eq!(http.status, 404, "{http:?}");
        let root = Element::parse(&http.body);
        assert_eq!(root.children[0].text_of("Code"), "MalformedQueryString");
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn numbers_in_forms_are_numbers() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    let url = sqs.queue("orders", json!({})).await;
    for bad in ["x", "1.5", "", "1e1", "0x1", " 1", "99999999999999999999"] {
        let bad = bad.replace(' ', "%20");
        for name in ["MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"] {
            let form = format!("Action=ReceiveMessage&QueueUrl={url}&{name}={bad}");
            let http = raw_form(&mut sqs, &form).await;
            // An empty value may be none at all.
            if bad.is_empty() && http.status == 200 {
                continue;
            }
            let refusal = Refusal::from_xml(&http);
            assert!(
                ["MalformedInput", "InvalidParameterValue"].contains(&&*refusal.code),
                "{name}={bad}: {refusal:?}"
            );
        }
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn requests_without_an_action_are_refused() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    sqs.queue("orders", json!({})).await;
    let path = format!("/{ACCOUNT}/orders");
    for request in [
        sqs.get(&path),
        sqs.post(&path, ""),
        sqs.get(&format!("{path}?Version=2012-11-05")),
        sqs.post(&path, "Version=2012-11-05&MessageBody=hello"),
    ] {
        let http = sqs.raw(&request).await;
        assert_eq!(http.status, 404, "{http:?}");
        assert!(http.body.starts_with("<UnknownOperationException"), "{http:?}");
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn get_requests_are_taken_for_every_kind_of_action() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    for (query, part) in [
        (
            "Action=CreateQueue&QueueName=orders&Attribute.1.Name=DelaySeconds&Attribute.1.Value=1",
            "<QueueUrl>http://sqs.test:4566/000000000000/orders</QueueUrl>",
        ),
        ("Action=ListQueues&Version=2012-11-05", "<QueueUrl>"),
        ("Action=GetQueueUrl&QueueName=orders", "<QueueUrl>"),
        (
            "Action=GetQueueAttributes&AttributeName.1=DelaySeconds\
             &QueueUrl=http://h/000000000000/orders",
            "<Value>1</Value>",
        ),
        (
            "Action=SendMessage&MessageBody=hello&DelaySeconds=0\
             &QueueUrl=http://h/000000000000/orders",
            "<MessageId>",
        ),
        (
            "Action=ReceiveMessage&QueueUrl=http%3A%2F%2Fh%2F000000000000%2Forders",
            "<Body>hello</Body>",
        ),
        (
            "Action=TagQueue&Tag.1.Key=a&Tag.1.Value=b&QueueUrl=http://h/000000000000/orders",
            "<TagQueueResponse",
        ),
        ("Action=DeleteQueue&QueueUrl=http://h/000000000000/orders", "<DeleteQueueResponse"),
    ] {
        let request = sqs.get(&format!("/?{query}"));
        let http = sqs.raw(&request).await;
        assert_eq!(http.status, 200, "{query}: {http:?}");
        assert!(http.body.contains(part), "{query}: {http:?}");
    }
    end(service, sqs).await;
}

#[tokio::test]
async fn spellings_of_old_are_understood() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    let form = "Action=CreateQueue&QueueName=orders&DefaultVisibilityTimeout=40";
    assert_eq!(raw_form(&mut sqs, form).await.status, 200);
    let url = sqs.url("orders");
    assert_eq!(sqs.attributes(&url).await["VisibilityTimeout"], "40");
    let form = format!(
        "Action=SetQueueAttributes&QueueUrl={url}&Attribute.Name=DelaySeconds&Attribute.Value=5"
    );
    assert_eq!(raw_form(&mut sqs, &form).await.status, 200);
    assert_eq!(sqs.attributes(&url).await["DelaySeconds"], "5");
    end(service, sqs).await;
}

#[tokio::test]
async fn answers_hold_no_characters_that_xml_forbids() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        // Texts that quote what was sent: the harness refuses an answer that is no XML.
        for odd in ["\0", "\u{1}", "a\u{b}\u{1f}b", "\u{fffe}", "]]>", "<&>\"'"] {
            let text = json!({ "DataType": "String", "StringValue": "x" });
            let odd_type = json!({ "DataType": odd, "StringValue": "x" });
            for (action, mut input) in [
                ("DeleteMessage", json!({ "ReceiptHandle": odd })),
                ("GetQueueAttributes", json!({ "AttributeNames": [odd] })),
                ("SetQueueAttributes", json!({ "Attributes": { odd: "x" } })),
                ("SetQueueAttributes", json!({ "Attributes": { "RedrivePolicy": odd } })),
                ("RemovePermission", json!({ "Label": odd })),
                ("SendMessage", json!({ "MessageBody": "x", "MessageGroupId": odd })),
                ("SendMessage", json!({ "MessageBody": "x", "MessageAttributes": { odd: text } })),
                (
                    "SendMessage",
                    json!({ "MessageBody": "x", "MessageAttributes": { "a": odd_type } }),
                ),
                ("SendMessage", json!({ "QueueUrl": odd, "MessageBody": "x" })),
                ("ListQueues", json!({ "NextToken": odd, "MaxResults": 1 })),
                ("GetQueueUrl", json!({ "QueueName": odd })),
                ("StartMessageMoveTask", json!({ "SourceArn": odd })),
                ("CancelMessageMoveTask", json!({ "TaskHandle": odd })),
            ] {
                if input.get("QueueUrl").is_none() {
                    input["QueueUrl"] = json!(url);
                }
                // Some of them are well and good as they are.
                let _ = sqs.call(action, &input).await;
            }
            let entries = json!([{ "Id": "a", "ReceiptHandle": odd, "VisibilityTimeout": 5 }]);
            let input = json!({ "QueueUrl": url, "Entries": entries });
            let output = sqs.ok("ChangeMessageVisibilityBatch", input).await;
            assert_eq!(output["Failed"][0]["Id"], "a");
        }
        let input = json!({ "QueueUrl": url, "ReceiptHandle": "<&>" });
        let refusal = sqs.refused("DeleteMessage", input).await;
        let text = "The input receipt handle \"<&>\" is not a valid receipt handle.";
        assert_eq!(refusal, Refusal::new("ReceiptHandleIsInvalid", text));
    })
    .await;
}

#[tokio::test]
async fn both_protocols_see_the_same_queues() {
    let service = Service::start().await;
    let mut json = service.speak(Protocol::Json).await;
    let mut query = service.speak(Protocol::Query).await;
    let url = json.queue("orders", json!({ "DelaySeconds": "0" })).await;
    assert_eq!(query.queue("orders", json!({ "DelaySeconds": "0" })).await, url);
    let attributes = json!({ "b": { "DataType": "Binary", "BinaryValue": "AP8=" } });
    let input = json!({ "QueueUrl": url, "MessageBody": "é<", "MessageAttributes": attributes });
    let sent = query.ok("SendMessage", input).await;
    let input = json!({
        "QueueUrl": url, "VisibilityTimeout": 0, "AttributeNames": ["SentTimestamp"],
        "MessageAttributeNames": ["All"],
    });
    let mut seen = Vec::new();
    for sqs in [&mut json, &mut query] {
        let mut received = sqs.receive_with(input.clone()).await.remove(0);
        assert_eq!(received["MessageId"], sent["MessageId"]);
        assert_eq!(received["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
        received["ReceiptHandle"] = Value::Null;
        seen.push(received);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(json.attributes(&url).await, query.attributes(&url).await);
    drop((json, query));
    service.stop().await;
}

#[tokio::test]
async fn a_presigned_request_names_its_caller() {
    let (service, mut sqs) = speaking(Protocol::Query).await;
    let credential = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=111122223333%2F20270115%2Feu-west-1%2Fsqs%2Faws4_request\
         &X-Amz-Date=20270115T080000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let request = sqs.get(&format!("/?Action=CreateQueue&QueueName=orders&{credential}"));
    let http = sqs.raw(&request).await;
    assert!(http.body.contains("<QueueUrl>http://sqs.test:4566/111122223333/orders</QueueUrl>"));
    let form = format!(
        "/111122223333/orders?Action=GetQueueAttributes&AttributeName.1=QueueArn&{credential}"
    );
    let request = sqs.get(&form);
    let http = sqs.raw(&request).await;
    assert!(http.body.contains("<Value>arn:aws:sqs:eu-west-1:111122223333:orders</Value>"));
    end(service, sqs).await;
}
