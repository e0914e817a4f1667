//! What an endpoint asks for in `WWW-Authenticate` (RFC 9110, section 11).

/// One way to say who one is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Challenge {
    /// In lower case: `basic`, `digest`.
    pub(super) scheme: String,
    /// Names are in lower case, values without quotes and escapes.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads the challenges of one header, in order, as far as they can be read.
    pub(super) fn all_in(header: &str) -> Vec<Challenge> {
        let mut challenges: Vec<Challenge> = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let Some((word, after)) = token(rest) else { return challenges };
            // A word that is given a value is a parameter, any other one begins a challenge. Only
            // an old kind of token after the scheme is neither: it is skipped with its challenge.
            match value(after) {
                Some((value, after)) => {
                    let Some(challenge) = challenges.last_mut() else { return challenges };
                    challenge.parameters.push((word.to_ascii_lowercase(), value));
                    rest = after;
                }
                None => {
                    let scheme = word.to_ascii_lowercase();
                    challenges.push(Challenge { scheme, parameters: Vec::new() });
                    rest = after;
                }
            }
        }
    }
}

/// The token that a text begins with, and what follows.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The value behind an equals sign, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let text = text.trim_start_matches([' ', '\t']);
    match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => token(text).map(|(word, after)| (word.to_owned(), after)),
    }
}

/// A text up to the quote that ends it, without its escapes.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<(String, Vec<(String, String)>)> {
        Challenge::all_in(header).into_iter().map(|it| (it.scheme, it.parameters)).collect()
    }

    fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        (scheme.to_owned(), parameters.iter().map(owned).collect())
    }

    #[test]
    fn one_and_several_in_a_header() {
        assert_eq!(read("Basic"), [challenge("basic", &[])]);
        assert_eq!(read(r#"Basic realm="a b""#), [challenge("basic", &[("realm", "a b")])]);
        assert_eq!(
            read(r#"Digest Realm="x", QOP="auth, auth-int", nonce = n1 , Basic realm=y"#),
            [
                challenge("digest", &[("realm", "x"), ("qop", "auth, auth-int"), ("nonce", "n1")]),
                challenge("basic", &[("realm", "y")]),
            ]
        );
        assert_eq!(
            read("Negotiate, Basic realm=y,"),
            [challenge("negotiate", &[]), challenge("basic", &[("realm", "y")])]
        );
    }

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(
            read(r#"Basic realm="a \"b\" \\ , c=d""#),
            [challenge("basic", &[("realm", r#"a "b" \ , c=d"#)])]
        );
    }

    #[test]
    fn what_cannot_be_read_does_no_harm() {
        for header in ["", ",,,", "=", "\"", "realm=x", "é", "Basic realm=\"open"] {
            assert!(
                Challenge::all_in(header).iter().all(|it| it.get("realm").is_none()),
                "{header}"
            );
        }
    }
}
