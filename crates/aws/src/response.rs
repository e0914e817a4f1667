//! From the output of an action to bytes, in either protocol.
//!
//! An [`Output`] names its members once; [`Members`] writes them straight into the answer's body,
//! as JSON or as XML. What differs between the two is in the names: SQS flattens lists and maps
//! in XML, so that each element is written under a name of its own. SNS does not, and writes an
//! empty list as an empty element.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::hex;
use tidings_core::names::Uuid;

use crate::action::{Action, Protocol};
use crate::{json, xml};

/// What an action answers with.
pub trait Output {
    /// Writes the members. One that is absent, or a list or map that is empty, is left out.
    fn write(&self, members: &mut Members<'_>);

    /// About how many bytes the members are: a hint.
    fn size_hint(&self) -> usize {
        256
    }
}

/// The body of an answer that reports success, of an action that has an output.
pub fn with_result(
    protocol: Protocol,
    action: Action,
    request_id: Uuid,
    output: &impl Output,
) -> Vec<u8> {
    let mut body = Vec::with_capacity(output.size_hint() + 384);
    match protocol {
        Protocol::Json => {
            let mut members = Members::new(protocol, &mut body);
            output.write(&mut members);
            members.end();
        }
        Protocol::Query => in_envelope(&mut body, action, request_id, |body| {
            let result_at = body.len();
            xml::open_result(body, action.name());
            let members_at = body.len();
            output.write(&mut Members::new(protocol, body));
            if body.len() == members_at {
                body.truncate(result_at);
                xml::empty_result(body, action.name());
            } else {
                xml::close_result(body, action.name());
            }
        }),
    }
    body
}

/// The body of an answer that reports success, of an action without an output: empty in JSON.
pub fn without_result(protocol: Protocol, action: Action, request_id: Uuid) -> Vec<u8> {
    let mut body = Vec::new();
    if protocol == Protocol::Query {
        in_envelope(&mut body, action, request_id, |_| ());
    }
    body
}

fn in_envelope(
    body: &mut Vec<u8>,
    action: Action,
    request_id: Uuid,
    write_result: impl FnOnce(&mut Vec<u8>),
) {
    let root = format!("{}Response", action.name());
    xml::open_document(body, &root, action.service().xml_namespace());
    write_result(body);
    body.extend_from_slice(b"<ResponseMetadata>");
    xml::element(body, "RequestId", &request_id.to_string());
    body.extend_from_slice(b"</ResponseMetadata>");
    xml::close(body, &root);
}

/// What the entries of a flattened map are called in XML.
#[derive(Copy, Clone, Debug)]
pub struct EntryNames {
    /// Each entry.
    pub entry: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: &'static str,
}

/// Writes the members of a structure.
#[derive(Debug)]
pub struct Members<'o> {
    protocol: Protocol,
    out: &'o mut Vec<u8>,
    /// Whether a member has been written. Only JSON asks.
    begun: bool,
}

impl<'o> Members<'o> {
    fn new(protocol: Protocol, out: &'o mut Vec<u8>) -> Self {
        if protocol == Protocol::Json {
            out.push(b'{');
        }
        Self { protocol, out, begun: false }
    }

    fn end(self) {
        if self.protocol == Protocol::Json {
            self.out.push(b'}');
        }
    }

    /// A text.
    pub fn text(&mut self, name: &str, text: &str) {
        match self.protocol {
            Protocol::Json => {
                self.json_name(name);
                json::write_text(self.out, text);
            }
            Protocol::Query => xml::element(self.out, name, text),
        }
    }

    /// A text, if there is one.
    pub fn optional_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A digest, in lower-case hexadecimal.
    pub fn digest(&mut self, name: &str, digest: [u8; 16]) {
        self.text(name, &hex::lower(&digest));
    }

    /// Bytes, which travel as base64.
    pub fn blob(&mut self, name: &str, bytes: &[u8]) {
        self.text(name, &STANDARD.encode(bytes));
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, number: u64) {
        self.bare(name, &number.to_string());
    }

    /// A truth value.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.bare(name, if value { "true" } else { "false" });
    }

    /// A list of texts. The second name is that of each element in XML.
    pub fn texts<'v>(
        &mut self,
        list: &str,
        element: &str,
        texts: impl IntoIterator<Item = &'v str>,
    ) {
        match self.protocol {
            Protocol::Json => self.json_list(list, texts, |out, text| {
                json::write_text(out, text);
            }),
            Protocol::Query => {
                for text in texts {
                    xml::element(self.out, element, text);
                }
            }
        }
    }

    /// A list of structures. The second name is that of each element in XML.
    pub fn structures<T>(
        &mut self,
        list: &str,
        element: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Members<'_>, T),
    ) {
        match self.protocol {
            Protocol::Json => self.json_list(list, items, |out, item| {
                let mut members = Members::new(Protocol::Json, out);
                write(&mut members, item);
                members.end();
            }),
            Protocol::Query => {
                for item in items {
                    xml::open(self.out, element);
                    write(&mut Members::new(Protocol::Query, self.out), item);
                    xml::close(self.out, element);
                }
            }
        }
    }

    /// A map from texts to texts.
    pub fn map<'v>(
        &mut self,
        name: &str,
        xml_names: EntryNames,
        entries: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) {
        self.entries(name, xml_names, entries, |protocol, out, value| match protocol {
            Protocol::Json => json::write_text(out, value),
            Protocol::Query => xml::write_text(out, value),
        });
    }

    /// A map from texts to structures.
    pub fn map_of_structures<'v, T>(
        &mut self,
        name: &str,
        xml_names: EntryNames,
        entries: impl IntoIterator<Item = (&'v str, T)>,
        mut write: impl FnMut(&mut Members<'_>, T),
    ) {
        self.entries(name, xml_names, entries, |protocol, out, value| {
            let mut members = Members::new(protocol, out);
            write(&mut members, value);
            members.end();
        });
    }

    fn entries<'v, T>(
        &mut self,
        name: &str,
        xml_names: EntryNames,
        entries: impl IntoIterator<Item = (&'v str, T)>,
        mut write: impl FnMut(Protocol, &mut Vec<u8>, T),
    ) {
        match self.protocol {
            Protocol::Json => {
                self.json_collection(name, [b'{', b'}'], entries, |out, (key, value)| {
                    json::write_text(out, key);
                    out.push(b':');
                    write(Protocol::Json, out, value);
                });
            }
            Protocol::Query => {
                for (key, value) in entries {
                    xml::open(self.out, xml_names.entry);
                    xml::element(self.out, xml_names.key, key);
                    xml::open(self.out, xml_names.value);
                    write(Protocol::Query, self.out, value);
                    xml::close(self.out, xml_names.value);
                    xml::close(self.out, xml_names.entry);
                }
            }
        }
    }

    /// A list of structures that is not flattened: `<name><member>…</member></name>`.
    pub fn member_list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Members<'_>, T),
    ) {
        self.nested(name, |members, list| members.structures(list, "member", items, write));
    }

    /// A list of texts that is not flattened: `<name><member>…</member></name>`.
    pub fn member_texts<'v>(&mut self, name: &str, texts: impl IntoIterator<Item = &'v str>) {
        self.nested(name, |members, list| members.texts(list, "member", texts));
    }

    /// A structure: `<name>…</name>`.
    pub fn structure(&mut self, name: &str, write: impl FnOnce(&mut Members<'_>)) {
        if self.protocol == Protocol::Json {
            self.json_name(name);
            let mut members = Members::new(Protocol::Json, self.out);
            write(&mut members);
            return members.end();
        }
        self.nested(name, |members, _| write(members));
    }

    /// A map from texts to texts that is not flattened:
    /// `<name><entry><key>…</key><value>…</value></entry></name>`.
    pub fn entry_map<'v>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (&'v str, &'v str)>,
    ) {
        const NAMES: EntryNames = EntryNames { entry: "entry", key: "key", value: "value" };
        self.nested(name, |members, map| members.map(map, NAMES, entries));
    }

    /// In XML, writes a collection into an element of its own, which is empty if nothing is written.
    fn nested(&mut self, name: &str, write: impl FnOnce(&mut Self, &str)) {
        if self.protocol == Protocol::Json {
            return write(self, name);
        }
        let element_at = self.out.len();
        xml::open(self.out, name);
        let elements_at = self.out.len();
        write(self, name);
        if self.out.len() == elements_at {
            self.out.truncate(element_at);
            xml::empty(self.out, name);
        } else {
            xml::close(self.out, name);
        }
    }

    /// What JSON writes without quotation marks.
    fn bare(&mut self, name: &str, text: &str) {
        match self.protocol {
            Protocol::Json => {
                self.json_name(name);
                self.out.extend_from_slice(text.as_bytes());
            }
            Protocol::Query => xml::element(self.out, name, text),
        }
    }

    fn json_name(&mut self, name: &str) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
        json::write_text(self.out, name);
        self.out.push(b':');
    }

    fn json_list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(&mut Vec<u8>, T),
    ) {
        self.json_collection(name, [b'[', b']'], items, write);
    }

    fn json_collection<T>(
        &mut self,
        name: &str,
        [opening, closing]: [u8; 2],
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Vec<u8>, T),
    ) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return;
        }
        self.json_name(name);
        self.out.push(opening);
        while let Some(item) = items.next() {
            write(self.out, item);
            if items.peek().is_some() {
                self.out.push(b',');
            }
        }
        self.out.push(closing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;

    struct Everything;

    const ENTRY: EntryNames = EntryNames { entry: "Tag", key: "Key", value: "Value" };

    impl Output for Everything {
        fn write(&self, members: &mut Members<'_>) {
            members.text("Text", "a \"<b>\"");
            members.optional_text("Absent", None);
            members.digest("Digest", [0xa0; 16]);
            members.blob("Blob", &[1, 2, 3]);
            members.number("Number", 7);
            members.boolean("Boolean", true);
            members.texts("Texts", "T", ["x", "y"]);
            members.texts("NoTexts", "T", []);
            members.structures("Structures", "S", [1, 2], |members, n| members.number("N", n));
            members.map("Map", ENTRY, [("k", "v"), ("l", "&")]);
            members.map("NoMap", ENTRY, []);
            members.map_of_structures("Nested", ENTRY, [("k", 3)], |members, n| {
                members.number("N", n);
                members.text("M", "m");
            });
        }
    }

    struct Nothing;

    impl Output for Nothing {
        fn write(&self, _: &mut Members<'_>) {}
    }

    fn written(protocol: Protocol, output: &impl Output) -> String {
        let id = Uuid::from_random(0);
        let body = with_result(protocol, Action::Sqs(SqsAction::ListQueues), id, output);
        String::from_utf8(body).unwrap()
    }

    fn enveloped(name: &str, result: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><{name}Response \
             xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{result}<ResponseMetadata>\
             <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>\
             </{name}Response>"
        )
    }

    #[test]
    fn members_are_written_in_json() {
        assert_eq!(
            written(Protocol::Json, &Everything),
            concat!(
                r#"{"Text":"a \"<b>\"","Digest":"a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0","#,
                r#""Blob":"AQID","Number":7,"Boolean":true,"Texts":["x","y"],"#,
                r#""Structures":[{"N":1},{"N":2}],"Map":{"k":"v","l":"&"},"#,
                r#""Nested":{"k":{"N":3,"M":"m"}}}"#,
            )
        );
    }

    #[test]
    fn members_are_written_in_xml() {
        let result = "<ListQueuesResult><Text>a &quot;&lt;b&gt;&quot;</Text>\
            <Digest>a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0</Digest><Blob>AQID</Blob><Number>7</Number>\
            <Boolean>true</Boolean><T>x</T><T>y</T><S><N>1</N></S><S><N>2</N></S>\
            <Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>l</Key><Value>&amp;</Value></Tag>\
            <Tag><Key>k</Key><Value><N>3</N><M>m</M></Value></Tag></ListQueuesResult>";
        assert_eq!(written(Protocol::Query, &Everything), enveloped("ListQueues", result));
    }

    struct Nested;

    impl Output for Nested {
        fn write(&self, members: &mut Members<'_>) {
            members.member_list("List", [1, 2], |members, n| members.number("N", n));
            members.member_list("NoList", [], |members, n| members.number("N", n));
            members.entry_map("Map", [("k", "&")]);
            members.entry_map("NoMap", []);
            members.member_texts("Texts", ["a", "b"]);
            members.member_texts("NoTexts", []);
            members.structure("Structure", |members| members.number("N", 3));
            members.structure("Empty", |_| ());
        }
    }

    #[test]
    fn collections_need_not_be_flattened() {
        let result = "<ListQueuesResult><List><member><N>1</N></member><member><N>2</N></member>\
            </List><NoList/><Map><entry><key>k</key><value>&amp;</value></entry></Map><NoMap/>\
            <Texts><member>a</member><member>b</member></Texts><NoTexts/>\
            <Structure><N>3</N></Structure><Empty/></ListQueuesResult>";
        assert_eq!(written(Protocol::Query, &Nested), enveloped("ListQueues", result));
        assert_eq!(
            written(Protocol::Json, &Nested),
            concat!(
                r#"{"List":[{"N":1},{"N":2}],"Map":{"k":"&"},"#,
                r#""Texts":["a","b"],"Structure":{"N":3},"Empty":{}}"#,
            )
        );
    }

    #[test]
    fn what_is_empty_is_short() {
        assert_eq!(written(Protocol::Json, &Nothing), "{}");
        assert_eq!(
            written(Protocol::Query, &Nothing),
            enveloped("ListQueues", "<ListQueuesResult/>")
        );
        let action = Action::Sqs(SqsAction::PurgeQueue);
        let id = Uuid::from_random(0);
        assert_eq!(without_result(Protocol::Json, action, id), b"");
        assert_eq!(
            String::from_utf8(without_result(Protocol::Query, action, id)).unwrap(),
            enveloped("PurgeQueue", "")
        );
    }
}
