//! As much of XML as answers need: elements without attributes, found by their names.

/// What stands between the tags of the elements of this name, in order.
pub(crate) fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once(close.as_str()).map(|(inside, _)| inside)).collect()
}

/// The text of the first element of this name, or nothing if there is none.
pub(crate) fn text(xml: &str, name: &str) -> String {
    elements(xml, name).first().map(|text| unescaped(text)).unwrap_or_default()
}

/// The text of an element that holds no other.
pub(crate) fn unescaped(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'")];
    let text = named.iter().fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign));
    text.replace("&amp;", "&")
}
