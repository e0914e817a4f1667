//! The `wildcard` pattern.

use crate::limits;

/// A text in which each `*` stands for any characters, or none. `\*` is an asterisk and `\\` a
/// backslash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wildcard {
    /// What stands before the first wildcard.
    start: String,
    /// What stands after each wildcard, in order.
    rest: Box<[String]>,
}

impl Wildcard {
    /// Reads the pattern.
    ///
    /// # Errors
    /// Why it is none: two wildcards in a row, a backslash before another character, too many
    /// wildcards. The words are those of the vendor's matcher, other than for the last, where they
    /// are ours.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let mut parts = vec![String::new()];
        let mut chars = pattern.char_indices().peekable();
        while let Some((index, char)) = chars.next() {
            // The vendor's matcher has a text's quotation marks with it, and counts bytes.
            let position = index + 1;
            let next = chars.peek().map(|(_, next)| *next);
            match (char, next) {
                ('*', Some('*')) => {
                    return Err(format!("Consecutive wildcard characters at pos {position}"));
                }
                ('*', _) => parts.push(String::new()),
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    push(&mut parts, escaped);
                    chars.next();
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {position}")),
                (char, _) => push(&mut parts, char),
            }
        }
        let rest = parts.split_off(1).into_boxed_slice();
        let start = parts.pop().unwrap_or_default();
        if rest.len() > limits::FILTER_POLICY_WILDCARDS_MAX {
            return Err(format!(
                "Wildcard pattern can not have more than {} wildcards",
                limits::FILTER_POLICY_WILDCARDS_MAX
            ));
        }
        Ok(Self { start, rest })
    }

    /// What it adds to a policy's complexity.
    pub(super) fn points(&self) -> usize {
        match self.rest.len() {
            several @ 2.. => 3 * several,
            few => few,
        }
    }

    /// What stands before the first wildcard, and what after the last; the latter is `None` if there
    /// is no wildcard.
    pub(super) fn affixes(&self) -> (&str, Option<&str>) {
        (&self.start, self.rest.last().map(String::as_str))
    }

    /// Whether the whole text fits. Taking the first place where a part fits leaves the most for
    /// those after it, so no other place has to be tried.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((end, middle)) = self.rest.split_last() else {
            return text == self.start;
        };
        let Some(mut left) = text.strip_prefix(self.start.as_str()) else {
            return false;
        };
        for part in middle {
            match left.find(part.as_str()) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        left.ends_with(end.as_str())
    }
}

fn push(parts: &mut [String], char: char) {
    if let Some(part) = parts.last_mut() {
        part.push(char);
    }
}
