//! The values that a policy gives for a key, compiled for their operator.

use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ipnet::IpNet;

use super::operator::{Comparison, Order};
use super::scalar::{Scalar, number};
use super::time;
use crate::context::Context;
use crate::template::{Part, Reading, Template, split, verbatim};
use crate::wildcard::Token;

/// How a document is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Writing {
    /// Version 2012-10-17: `${…}` is a variable.
    pub(crate) variables: bool,
    /// A value that cannot be read is a fault, rather than one that nothing matches.
    pub(crate) strict: bool,
}

/// The values of one condition.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Texts(Box<[Template]>, Reading),
    /// Six parts each.
    Arns(Box<[[Template; 6]]>),
    Numbers(Order, Box<[f64]>),
    Dates(Order, Box<[i64]>),
    /// Templates of `true` and `false`, in lower case.
    Bools(Box<[Template]>),
    Binaries(Box<[Box<[u8]>]>),
    Addresses(Box<[IpNet]>),
    /// Whether the key is to be absent.
    Null(Box<[bool]>),
}

type Problem = &'static str;

impl Values {
    /// # Errors
    /// What is wrong with a value, if the document is read strictly; or with a variable.
    pub(crate) fn parse(
        comparison: Comparison,
        texts: &[String],
        writing: Writing,
    ) -> Result<Self, Problem> {
        Ok(match comparison {
            Comparison::Text => Self::texts(texts, Reading::Exact, writing)?,
            Comparison::TextFolded => Self::texts(texts, Reading::Folded, writing)?,
            Comparison::TextLike => Self::texts(texts, Reading::Wild, writing)?,
            Comparison::Arn => Self::Arns(arns(texts, writing)?),
            Comparison::Bool => Self::Bools(templates(texts, Reading::Folded, writing)?),
            Comparison::Number(order) => {
                Self::Numbers(order, all(texts, writing, "not a number", number)?)
            }
            Comparison::Date(order) => {
                Self::Dates(order, all(texts, writing, "not a date", time::parse)?)
            }
            Comparison::Binary => {
                let bytes = |text: &str| BASE64_STANDARD.decode(text).ok().map(Into::into);
                Self::Binaries(all(texts, writing, "not base64", bytes)?)
            }
            Comparison::Address => {
                Self::Addresses(all(texts, writing, "not an IP address or range", range)?)
            }
            Comparison::Null => Self::Null(all(texts, writing, "neither true nor false", truth)?),
        })
    }

    fn texts(texts: &[String], reading: Reading, writing: Writing) -> Result<Self, Problem> {
        Ok(Self::Texts(templates(texts, reading, writing)?, reading))
    }

    /// Whether the request's value is among them. One that cannot be read is not.
    pub(super) fn have(&self, value: &Scalar<'_>, context: &dyn Context) -> bool {
        match self {
            Self::Texts(templates, Reading::Folded) | Self::Bools(templates) => {
                let text = value.text().to_lowercase();
                templates.iter().any(|template| template.matches(&text, context))
            }
            Self::Texts(templates, Reading::Exact | Reading::Wild) => {
                let text = value.text();
                templates.iter().any(|template| template.matches(&text, context))
            }
            Self::Arns(arns) => six(&value.text()).is_some_and(|parts| {
                arns.iter().any(|arn| {
                    arn.iter().zip(parts).all(|(template, part)| template.matches(part, context))
                })
            }),
            Self::Numbers(order, numbers) => value
                .number()
                .is_some_and(|value| numbers.iter().any(|number| order.holds(value, *number))),
            Self::Dates(order, dates) => value
                .instant()
                .is_some_and(|value| dates.iter().any(|date| order.holds(value, *date))),
            Self::Binaries(binaries) => {
                value.bytes().is_some_and(|value| binaries.iter().any(|binary| **binary == *value))
            }
            Self::Addresses(ranges) => value
                .address()
                .is_some_and(|value| ranges.iter().any(|range| range.contains(&value))),
            // Asked before the key is read.
            Self::Null(_) => false,
        }
    }

    /// The variables without which they cannot be compared.
    pub(crate) fn needs(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Texts(templates, _) | Self::Bools(templates) => {
                Box::new(templates.iter().flat_map(Template::needs))
            }
            Self::Arns(arns) => Box::new(arns.iter().flatten().flat_map(Template::needs)),
            _ => Box::new(std::iter::empty()),
        }
    }
}

/// The parts of a text with variables, where the document's version has them.
pub(crate) fn parts(text: &str, reading: Reading, writing: Writing) -> Result<Vec<Part>, Problem> {
    match split(text, reading, writing.variables) {
        Err(problem) if writing.strict => Err(problem),
        Err(_) => Ok(verbatim(text, reading)),
        Ok(parts) => Ok(parts),
    }
}

pub(crate) fn templates(
    texts: &[String],
    reading: Reading,
    writing: Writing,
) -> Result<Box<[Template]>, Problem> {
    let template = |text: &String| Ok(Template::of(parts(text, reading, writing)?, reading));
    texts.iter().map(template).collect()
}

fn all<T>(
    texts: &[String],
    writing: Writing,
    problem: Problem,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Box<[T]>, Problem> {
    let read = texts.iter().map(|text| read(text));
    if writing.strict {
        return read.collect::<Option<Box<[T]>>>().ok_or(problem);
    }
    Ok(read.flatten().collect())
}

/// A text with fewer than six parts is no ARN and matches nothing.
fn arns(texts: &[String], writing: Writing) -> Result<Box<[[Template; 6]]>, Problem> {
    let mut arns = Vec::new();
    for text in texts {
        let six = cut(parts(text, Reading::Wild, writing)?);
        match <[Vec<Part>; 6]>::try_from(six) {
            Ok(six) => arns.push(six.map(|parts| Template::of(parts, Reading::Wild))),
            Err(_) if writing.strict => return Err("not an ARN"),
            Err(_) => {}
        }
    }
    Ok(arns.into())
}

/// Cuts at the first five colons that the policy itself has: a variable stays in its part.
fn cut(parts: Vec<Part>) -> Vec<Vec<Part>> {
    let mut done = Vec::new();
    let mut current = Vec::new();
    for part in parts {
        let Part::Tokens(tokens) = part else {
            current.push(part);
            continue;
        };
        let mut rest = tokens.as_slice();
        while let Some(at) = rest.iter().position(|t| *t == Token::Char(':') && done.len() < 5) {
            let (before, after) = rest.split_at(at);
            current.push(Part::Tokens(before.to_vec()));
            done.push(std::mem::take(&mut current));
            rest = after.get(1..).unwrap_or(&[]);
        }
        current.push(Part::Tokens(rest.to_vec()));
    }
    done.push(current);
    done
}

fn six(arn: &str) -> Option<[&str; 6]> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// A CIDR, or an address alone.
fn range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else {
        text.eq_ignore_ascii_case("false").then_some(false)
    }
}
