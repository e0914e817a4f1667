//! What a load wants to know of an answer's body, in either protocol.

use std::borrow::Cow;

use serde_json::Value;

use super::{json, xml};
use crate::fault::Fault;
use crate::protocol::Protocol;

/// Of a message that was received: its receipt handle as it goes into the request that deletes it,
/// and its body as it stands in the answer.
pub(crate) struct Received<'a> {
    pub(crate) handle: Cow<'a, [u8]>,
    pub(crate) body: &'a [u8],
}

/// Calls for each message of an answer to ReceiveMessage.
pub(crate) fn messages<'a>(
    protocol: Protocol,
    answer: &'a [u8],
    mut each: impl FnMut(Received<'a>),
) {
    let fields = ["ReceiptHandle", "Body"];
    match protocol {
        // Escaped, and as such it goes into the next request.
        Protocol::Json => json::objects(answer, "Messages", fields, |[handle, body]| {
            if let Some(handle) = handle.map(Cow::Borrowed) {
                each(Received { handle, body: body.unwrap_or_default() });
            }
        }),
        Protocol::Query => xml::elements(answer, "Message", fields, |[handle, body]| {
            if let Some(handle) = handle.map(xml::unescaped) {
                each(Received { handle, body: body.unwrap_or_default() });
            }
        }),
    }
}

/// Calls for each entry of a batch that failed, with its id and its code. The services have two names
/// for it.
pub(crate) fn failures<'a>(
    protocol: Protocol,
    answer: &'a [u8],
    mut each: impl FnMut(&'a [u8], &'a str),
) {
    let mut failed = |[id, code]: [Option<&'a [u8]>; 2]| {
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        each(id.unwrap_or_default(), code.unwrap_or("unknown"));
    };
    match protocol {
        Protocol::Json => json::objects(answer, "Failed", ["Id", "Code"], failed),
        Protocol::Query => {
            xml::elements(answer, "BatchResultErrorEntry", ["Id", "Code"], &mut failed);
            if let Some((entries, _)) = xml::element(answer, "Failed") {
                xml::elements(entries, "member", ["Id", "Code"], &mut failed);
            }
        }
    }
}

/// A member of the answer, such as the URL of a queue.
pub(crate) fn member(protocol: Protocol, answer: &[u8], name: &str) -> Option<String> {
    match protocol {
        Protocol::Json => {
            let value: Value = serde_json::from_slice(answer).ok()?;
            let found = value.get(name).or_else(|| value.get("Attributes")?.get(name));
            found?.as_str().map(str::to_owned)
        }
        Protocol::Query => {
            let (text, _) = xml::element(answer, name).or_else(|| attribute(answer, name))?;
            String::from_utf8(xml::unescaped(text).into_owned()).ok()
        }
    }
}

/// `<Attribute><Name>…</Name><Value>…</Value></Attribute>`.
fn attribute<'a>(answer: &'a [u8], name: &str) -> Option<(&'a [u8], &'a [u8])> {
    let mut rest = answer;
    while let Some((one, behind)) = xml::element(rest, "Attribute") {
        if xml::element(one, "Name").is_some_and(|(text, _)| text == name.as_bytes()) {
            return xml::element(one, "Value");
        }
        rest = behind;
    }
    None
}

/// What an answer says that is not 200, whichever of the forms it has.
pub(crate) fn refusal(status: u16, answer: &[u8]) -> Fault {
    let of_xml = |name: &str| {
        let (text, _) = xml::element(answer, name)?;
        Some(String::from_utf8_lossy(&xml::unescaped(text)).into_owned())
    };
    let of_json = || {
        let value: Value = serde_json::from_slice(answer).ok()?;
        let text = |names: [&str; 2]| {
            names.iter().find_map(|name| value.get(name)?.as_str()).map(str::to_owned)
        };
        let code = text(["__type", "code"])?;
        let code = code.rsplit('#').next().unwrap_or_default().to_owned();
        Some((code, text(["message", "Message"]).unwrap_or_default()))
    };
    let of_xml = || Some((of_xml("Code")?, of_xml("Message").unwrap_or_default()));
    let (code, message) = of_json().or_else(of_xml).unwrap_or_else(|| {
        let start = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
        (format!("HTTP {status}"), start)
    });
    Fault::Refused { status, code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_in_both_protocols() {
        for (protocol, answer) in [
            (Protocol::Json, r#"{"Messages":[{"ReceiptHandle":"a/b","Body":"x"},{"Body":"y"}]}"#),
            (
                Protocol::Query,
                "<Message><ReceiptHandle>a&#x2F;b</ReceiptHandle><Body>x</Body></Message><Message/>",
            ),
        ] {
            let mut found = Vec::new();
            messages(protocol, answer.as_bytes(), |message| {
                found.push((message.handle.into_owned(), message.body.to_vec()));
            });
            assert_eq!(found, [(b"a/b".to_vec(), b"x".to_vec())]);
        }
    }

    #[test]
    fn failed_entries_are_told() {
        for (protocol, answer) in [
            (
                Protocol::Json,
                r#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"3","Code":"InternalError"}]}"#,
            ),
            (
                Protocol::Query,
                "<R><BatchResultErrorEntry><Id>3</Id><Code>InternalError</Code>\
                 </BatchResultErrorEntry></R>",
            ),
            (
                Protocol::Query,
                "<Successful><member><Id>0</Id></member></Successful><Failed><member><Id>3</Id>\
                 <Code>InternalError</Code></member></Failed>",
            ),
        ] {
            let mut found = Vec::new();
            failures(protocol, answer.as_bytes(), |id, code| found.push((id, code)));
            assert_eq!(found, [(&b"3"[..], "InternalError")], "{answer}");
        }
    }

    #[test]
    fn members_are_read_in_both_protocols() {
        let json = br#"{"QueueUrl":"http://x/1/q","Attributes":{"QueueArn":"arn:q"}}"#;
        let xml = b"<R><QueueUrl>http://x/1/q</QueueUrl><Attribute><Name>A</Name><Value>1</Value>\
            </Attribute><Attribute><Name>QueueArn</Name><Value>arn:q</Value></Attribute></R>";
        for (protocol, answer) in [(Protocol::Json, &json[..]), (Protocol::Query, xml)] {
            let member = |name| member(protocol, answer, name);
            assert_eq!(member("QueueUrl").as_deref(), Some("http://x/1/q"));
            assert_eq!(member("QueueArn").as_deref(), Some("arn:q"));
            assert_eq!(member("TopicArn"), None);
        }
    }

    #[test]
    fn a_refusal_has_a_code_in_every_form() {
        for (answer, code, message) in [
            (
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}"#,
                "QueueDoesNotExist",
                "no",
            ),
            (
                "<E><Error><Code>Throttling</Code><Message>a &amp; b</Message></Error></E>",
                "Throttling",
                "a & b",
            ),
            ("<html>", "HTTP 400", "<html>"),
            ("", "HTTP 400", ""),
        ] {
            let Fault::Refused { status: 400, code: found, message: said } =
                refusal(400, answer.as_bytes())
            else {
                panic!("{answer}")
            };
            assert_eq!((found.as_str(), said.as_str()), (code, message));
        }
    }
}
