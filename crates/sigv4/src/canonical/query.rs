//! The query: decoded, encoded the one way, and sorted.

use crate::canonical::sink::Sink;
use crate::claim::Form;
use crate::encoding::{decode, push_encoded};
use crate::fault::AuthFault;
use crate::presigned::SIGNATURE;

/// A query, ready to be written. Its text is at most three times as long as it came.
pub(crate) struct CanonicalQuery {
    text: Vec<u8>,
    pairs: Vec<Pair>,
}

/// Where a name begins in the text, where its value does, and where that ends.
struct Pair {
    name: usize,
    value: usize,
    end: usize,
}

impl CanonicalQuery {
    /// Takes a query apart. The signature of a presigned URL is left out.
    pub(crate) fn read(query: &str, form: Form) -> Result<Self, AuthFault> {
        let mut text = Vec::with_capacity(query.len() + query.len() / 8);
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or(AuthFault::MalformedQueryString)?;
            let value = decode(value).ok_or(AuthFault::MalformedQueryString)?;
            if form == Form::Presigned && *name == *SIGNATURE.as_bytes() {
                continue;
            }
            let start = text.len();
            push_encoded(&mut text, &name);
            let middle = text.len();
            push_encoded(&mut text, &value);
            pairs.push(Pair { name: start, value: middle, end: text.len() });
        }
        pairs.sort_unstable_by(|a, b| a.parts(&text).cmp(&b.parts(&text)));
        Ok(Self { text, pairs })
    }

    pub(crate) fn write(&self, sink: &mut impl Sink) {
        for (index, pair) in self.pairs.iter().enumerate() {
            let (name, value) = pair.parts(&self.text);
            if index > 0 {
                sink.put(b"&");
            }
            sink.put(name);
            sink.put(b"=");
            sink.put(value);
        }
    }
}

impl Pair {
    fn parts<'a>(&self, text: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        (&text[self.name..self.value], &text[self.value..self.end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str, form: Form) -> String {
        let mut written = Vec::new();
        CanonicalQuery::read(query, form).unwrap().write(&mut written);
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn queries_are_encoded_the_one_way_and_sorted() {
        for (query, written) in [
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&a", "a=&a=1&a=2"),
            ("a-b=1&a=2&a%20=3", "a=2&a%20=3&a-b=1"),
            ("B=1&a=1", "B=1&a=1"),
            ("&&a=1&", "a=1"),
            ("a=b=c", "a=b%3Dc"),
            ("a=x+y%2bz%e1", "a=x%20y%2Bz%E1"),
            ("\u{1234}=~/*'", "%E1%88%B4=~%2F%2A%27"),
            ("=1", "=1"),
        ] {
            assert_eq!(canonical(query, Form::Header), written, "{query}");
        }
    }

    #[test]
    fn only_a_presigned_url_leaves_its_signature_out() {
        let query = "X-Amz-Signature=00&a=1&X%2DAmz-Signature=11";
        assert_eq!(canonical(query, Form::Presigned), "a=1");
        assert_eq!(canonical(query, Form::Header), "X-Amz-Signature=00&X-Amz-Signature=11&a=1");
    }

    #[test]
    fn a_percent_sign_needs_its_digits() {
        for query in ["%", "a=%4", "a=1&%zz"] {
            let fault = CanonicalQuery::read(query, Form::Header).err();
            assert_eq!(fault, Some(AuthFault::MalformedQueryString), "{query}");
        }
    }
}
