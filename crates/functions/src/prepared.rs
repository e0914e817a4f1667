//! An invocation as a runtime will get it.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use crate::desk::Event;
use crate::{FunctionSpec, Invocation, InvokeFault};

/// An invocation whose headers are known to be possible.
pub(crate) struct Prepared {
    pub(crate) request_id: String,
    headers: HeaderMap,
    payload: Bytes,
}

impl Prepared {
    /// Writes the headers that do not depend on when the event is given.
    pub(crate) fn new(spec: &FunctionSpec, invocation: Invocation) -> Result<Self, InvokeFault> {
        let Invocation { request_id, payload, client_context, trace_id } = invocation;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let printable =
            !request_id.is_empty() && request_id.bytes().all(|byte| byte.is_ascii_graphic());
        let id = HeaderValue::from_str(&request_id).ok().filter(|_| printable);
        let id = id.ok_or(InvokeFault::InvalidRequestId)?;
        headers.insert(HeaderName::from_static("lambda-runtime-aws-request-id"), id);
        if let Ok(arn) = HeaderValue::from_str(&spec.arn) {
            headers.insert(HeaderName::from_static("lambda-runtime-invoked-function-arn"), arn);
        }
        if let Some(trace_id) = trace_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            headers.insert(HeaderName::from_static("lambda-runtime-trace-id"), trace_id);
        }
        if let Some(context) = client_context {
            // Written anew, it has no line breaks, whatever it had before.
            let context = serde_json::from_str::<serde_json::Value>(&context).ok();
            let context = context.filter(serde_json::Value::is_object);
            let context = context.and_then(|context| HeaderValue::from_str(&ascii(&context)).ok());
            let context = context.ok_or(InvokeFault::InvalidClientContext)?;
            headers.insert(HeaderName::from_static("lambda-runtime-client-context"), context);
        }
        Ok(Self { request_id, headers, payload })
    }

    /// The event for a runtime that has until `deadline`.
    pub(crate) fn event(&self, deadline: SystemTime) -> Event {
        let mut headers = self.headers.clone();
        let epoch_ms = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        if let Ok(value) = HeaderValue::from_str(&epoch_ms.to_string()) {
            headers.insert(HeaderName::from_static("lambda-runtime-deadline-ms"), value);
        }
        let request_id = self.request_id.clone();
        Event { request_id, headers, payload: self.payload.clone() }
    }
}

/// JSON in ASCII, which is all that every HTTP library takes in a header.
fn ascii(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        match letter.is_ascii() {
            true => text.push(letter),
            false => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    text += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_spec::spec;

    fn invocation(client_context: Option<&str>) -> Invocation {
        Invocation {
            request_id: "r-1".to_owned(),
            payload: Bytes::from_static(b"{}"),
            client_context: client_context.map(str::to_owned),
            trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        }
    }

    #[test]
    fn an_event_has_the_documented_headers() {
        let spec = spec("/code".into());
        let context = Some("{\"client\":\n {\"app_title\": \"Zimmer \u{1f511}\"}}");
        let prepared = Prepared::new(&spec, invocation(context)).unwrap();
        let event = prepared.event(UNIX_EPOCH + Duration::from_millis(1_234_567));
        let header = |name: &str| event.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("lambda-runtime-aws-request-id"), "r-1");
        assert_eq!(header("lambda-runtime-deadline-ms"), "1234567");
        assert_eq!(header("lambda-runtime-invoked-function-arn"), spec.arn);
        assert!(header("lambda-runtime-trace-id").starts_with("Root=1-"));
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(
            header("lambda-runtime-client-context"),
            r#"{"client":{"app_title":"Zimmer \ud83d\udd11"}}"#
        );
    }

    #[test]
    fn what_cannot_be_in_a_header_is_refused_or_left_out() {
        let spec = spec("/code".into());
        let refused = |invocation| Prepared::new(&spec, invocation).err();
        for context in ["", "[1]", "{", "\"text\""] {
            let fault = refused(invocation(Some(context)));
            assert_eq!(fault, Some(InvokeFault::InvalidClientContext), "{context}");
        }
        for id in ["", "a b", "a\nb", "\u{e9}"] {
            let invocation = Invocation { request_id: id.to_owned(), ..invocation(None) };
            assert_eq!(refused(invocation), Some(InvokeFault::InvalidRequestId), "{id}");
        }
        let odd = Invocation { trace_id: Some("a\nb".to_owned()), ..invocation(None) };
        let event = Prepared::new(&spec, odd).unwrap().event(UNIX_EPOCH);
        assert!(!event.headers.contains_key("lambda-runtime-trace-id"));
    }
}
