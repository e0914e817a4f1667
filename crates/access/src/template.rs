//! Texts of a policy that may hold variables.
//!
//! A text without any is compiled once. One with variables is put together for each request; what a
//! variable stands for is taken literally, so a caller whose name holds `*` gains nothing by it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::condition::single_text;
use crate::context::Context;
use crate::wildcard::{Pattern, Token};

/// How a text is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reading {
    /// Character for character.
    Exact,
    /// Character for character, whatever its case.
    Folded,
    /// With `*` and `?`.
    Wild,
}

/// A text of a policy, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    /// Without variables.
    Fixed(Pattern),
    /// With some.
    Variable(Box<[Part]>, Reading),
}

/// A piece of a text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Part {
    /// Characters and wildcards.
    Tokens(Vec<Token>),
    /// What stands between `${` and `}`.
    Variable(Variable),
}

/// A policy variable, such as `${aws:PrincipalTag/team, 'none'}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Variable {
    /// The condition key, in lower case.
    pub(crate) key: Box<str>,
    /// What it stands for where the request does not have the key.
    pub(crate) default: Option<Box<str>>,
}

impl Template {
    /// Of parts that [`split`] made.
    pub(crate) fn of(parts: Vec<Part>, reading: Reading) -> Self {
        if parts.iter().any(|part| matches!(part, Part::Variable(_))) {
            return Self::Variable(parts.into(), reading);
        }
        let tokens = parts.iter().flat_map(|part| match part {
            Part::Tokens(tokens) => tokens.as_slice(),
            Part::Variable(_) => &[],
        });
        Self::Fixed(pattern(tokens.copied(), reading))
    }

    /// Whether a text fits. A folded template expects the text in lower case.
    pub(crate) fn matches(&self, text: &str, context: &dyn Context) -> bool {
        match self {
            Self::Fixed(pattern) => pattern.matches(text),
            Self::Variable(parts, reading) => {
                filled(parts, *reading, context).is_some_and(|pattern| pattern.matches(text))
            }
        }
    }

    /// The variables without which it cannot be compared.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &str> {
        let parts: &[Part] = match self {
            Self::Fixed(_) => &[],
            Self::Variable(parts, _) => parts,
        };
        parts.iter().filter_map(|part| match part {
            Part::Variable(Variable { key, default: None }) => Some(&**key),
            _ => None,
        })
    }
}

fn filled(parts: &[Part], reading: Reading, context: &dyn Context) -> Option<Pattern> {
    let mut tokens = Vec::new();
    for part in parts {
        match part {
            Part::Tokens(part) => tokens.extend_from_slice(part),
            Part::Variable(variable) => {
                tokens.extend(variable.resolve(context)?.chars().map(Token::Char));
            }
        }
    }
    Some(pattern(tokens.into_iter(), reading))
}

fn pattern(tokens: impl Iterator<Item = Token>, reading: Reading) -> Pattern {
    if reading != Reading::Folded {
        return Pattern::of(&tokens.collect::<Vec<_>>());
    }
    let mut folded = Vec::new();
    for token in tokens {
        match token {
            Token::Char(char) => folded.extend(char.to_lowercase().map(Token::Char)),
            other => folded.push(other),
        }
    }
    Pattern::of(&folded)
}

impl Variable {
    /// `None` if the request has no such key, or several values of it: those cannot be variables.
    fn resolve<'a>(&'a self, context: &'a dyn Context) -> Option<Cow<'a, str>> {
        let value = context.value(&self.key).and_then(single_text);
        value.or_else(|| self.default.as_deref().map(Cow::Borrowed))
    }
}

/// Whether a variable of this key stands for something.
pub(crate) fn resolves(key: &str, context: &dyn Context) -> bool {
    context.value(key).and_then(single_text).is_some()
}

/// Reads a text. With `variables`, `${…}` is one, and `${*}`, `${?}` and `${$}` are the characters
/// themselves.
///
/// # Errors
/// What is wrong with a variable.
pub(crate) fn split(
    text: &str,
    reading: Reading,
    variables: bool,
) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${").filter(|_| variables) {
        let (before, from) = rest.split_at(at);
        let inner = from.strip_prefix("${").unwrap_or(from);
        let end = end_of(inner).ok_or("a variable has no end")?;
        let (inside, after) = inner.split_at(end);
        tokens.extend(literal(before, reading));
        match inside {
            "*" => tokens.push(Token::Char('*')),
            "?" => tokens.push(Token::Char('?')),
            "$" => tokens.push(Token::Char('$')),
            _ => {
                parts.push(Part::Tokens(std::mem::take(&mut tokens)));
                parts.push(Part::Variable(variable(inside)?));
            }
        }
        rest = after.strip_prefix('}').unwrap_or(after);
    }
    tokens.extend(literal(rest, reading));
    parts.push(Part::Tokens(tokens));
    Ok(parts)
}

/// A text in which nothing is a variable.
pub(crate) fn verbatim(text: &str, reading: Reading) -> Vec<Part> {
    vec![Part::Tokens(literal(text, reading).collect())]
}

fn literal(text: &str, reading: Reading) -> impl Iterator<Item = Token> {
    text.chars().map(move |char| match reading {
        Reading::Wild => Token::wild(char),
        Reading::Exact | Reading::Folded => Token::Char(char),
    })
}

/// Where the `}` is that ends a variable: one between quotes is part of the default.
fn end_of(inner: &str) -> Option<usize> {
    let mut quoted = false;
    inner.char_indices().find_map(|(at, char)| {
        quoted ^= char == '\'';
        (char == '}' && !quoted).then_some(at)
    })
}

fn variable(inside: &str) -> Result<Variable, &'static str> {
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => (key, Some(unquoted(default.trim())?)),
        None => (inside, None),
    };
    let key = key.trim();
    if key.is_empty() || key.contains(['$', '{', '\'']) {
        return Err("a variable has no name");
    }
    Ok(Variable { key: key.to_lowercase().into(), default: default.map(Into::into) })
}

fn unquoted(text: &str) -> Result<&str, &'static str> {
    text.strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
        .filter(|text| !text.contains('\''))
        .ok_or("a variable's default stands between single quotes")
}
