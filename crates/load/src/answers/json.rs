//! Fields of the objects in one list of a JSON answer, without building anything of it.

/// Calls for each object in the list of that name at the top, with the texts of these fields as they
/// stand there, escapes and all. What is nested deeper is passed over.
pub(super) fn objects<'a, const N: usize>(
    answer: &'a [u8],
    list: &str,
    fields: [&str; N],
    mut each: impl FnMut([Option<&'a [u8]>; N]),
) {
    let (mut at, mut depth, mut is_in_list) = (0, 0_usize, false);
    let (mut found, mut key): ([Option<&[u8]>; N], Option<&[u8]>) = ([None; N], None);
    while let Some(byte) = answer.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth == 3 {
                    found = [None; N];
                }
            }
            b'}' | b']' => {
                if *byte == b'}' && depth == 3 && is_in_list {
                    each(found);
                }
                depth = depth.saturating_sub(1);
            }
            b'"' => {
                let Some(length) = string_length(&answer[at..]) else { return };
                let text = &answer[at..at + length];
                at += length + 1;
                let behind = answer[at..].iter().position(|byte| !byte.is_ascii_whitespace());
                if behind.is_some_and(|skip| answer[at + skip] == b':') {
                    key = Some(text);
                    if depth == 1 {
                        is_in_list = text == list.as_bytes();
                    }
                } else if depth == 3
                    && let Some(key) = key.take()
                    && let Some(field) = fields.iter().position(|name| name.as_bytes() == key)
                {
                    found[field] = Some(text);
                }
            }
            _ => {}
        }
    }
}

/// Up to the closing quote; `None` if there is none.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(answer: &str) -> Vec<[Option<String>; 2]> {
        let mut found = Vec::new();
        objects(answer.as_bytes(), "Messages", ["ReceiptHandle", "Body"], |fields| {
            let text =
                |field: Option<&[u8]>| field.map(|text| String::from_utf8_lossy(text).into());
            found.push(fields.map(text));
        });
        found
    }

    #[test]
    fn messages_are_found_however_they_are_written() {
        let some = |text: &str| Some(text.to_owned());
        let answer = r#"{"Messages":[{"MessageId":"1","ReceiptHandle":"a\/b","Body":"say \"hi\"","Attributes":{"Body":"no"}},
            { "Body" : "{\"ReceiptHandle\":\"no\"}" , "N": 5, "ReceiptHandle" : "c\\" },{}], "Other":[{"Body":"no"}]}"#;
        let expected = [
            [some(r"a\/b"), some(r#"say \"hi\""#)],
            [some(r"c\\"), some(r#"{\"ReceiptHandle\":\"no\"}"#)],
            [None, None],
        ];
        assert_eq!(read(answer), expected);
        for none in
            ["", "{}", r#"{"Messages":[]}"#, r#"{"Messages":null}"#, "[[{}]]", r#"{"Messages":[{"#]
        {
            assert_eq!(read(none), Vec::<[Option<String>; 2]>::new(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"[{}\[\]:",\\a "]{0,60}"#) {
            read(&text);
        }

        #[test]
        fn it_reads_what_serde_writes(bodies in proptest::collection::vec(".{0,20}", 0..5)) {
            let messages: Vec<_> = bodies
                .iter()
                .map(|body| serde_json::json!({"Body": body, "ReceiptHandle": "h", "Tags": [body]}))
                .collect();
            let found = read(&serde_json::json!({"A": {"B": [{}]}, "Messages": messages}).to_string());
            let read: Vec<String> = found
                .iter()
                .map(|[_, body]| serde_json::from_str(&format!("\"{}\"", body.clone().unwrap())).unwrap())
                .collect();
            prop_assert_eq!(read, bodies);
        }
    }
}
