//! What functions are called, and how requests name them.

use std::fmt;

use tidings_core::names::{AccountId, Region};

use crate::fault::LambdaFault;
use crate::limits;

/// The account and the region that a function is in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Scope {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
}

/// A function's name: 1 to 64 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionName(Box<str>);

impl FunctionName {
    /// Reads a name; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        (is_plain(text) && text.len() <= limits::NAME_CHARS_MAX).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A function of somebody, somewhere. Prints as its ARN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId {
    /// Whose it is, and where.
    pub scope: Scope,
    /// Its name.
    pub name: FunctionName,
}

impl FunctionId {
    /// The ARN of a version or alias; without a qualifier, of the function itself.
    pub fn arn(&self, qualifier: Option<&Qualifier>) -> String {
        match qualifier {
            Some(qualifier) => format!("{self}:{qualifier}"),
            None => self.to_string(),
        }
    }

    /// Reads a function's ARN in full, perhaps with a qualifier.
    pub fn parse_arn(text: &str) -> Option<(Self, Option<Qualifier>)> {
        let mut parts = text.splitn(8, ':');
        let ("arn", partition) = (parts.next()?, parts.next()?) else { return None };
        let "lambda" = parts.next()? else { return None };
        let region = Region::parse(parts.next()?)?;
        let account = AccountId::parse(parts.next()?)?;
        let ("function", name) = (parts.next()?, FunctionName::parse(parts.next()?)?) else {
            return None;
        };
        let qualifier = match parts.next() {
            Some(text) => Some(Qualifier::parse(text)?),
            None => None,
        };
        let id = Self { scope: Scope { account, region }, name };
        (id.scope.region.partition() == partition).then_some((id, qualifier))
    }
}

impl fmt::Display for FunctionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scope { account, region } = &self.scope;
        let (partition, region) = (region.partition(), region.as_str());
        write!(out, "arn:{partition}:lambda:{region}:{account}:function:{}", self.name)
    }
}

/// Which version of a function.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Qualifier {
    /// `$LATEST`: the one that can be changed.
    Latest,
    /// A published version.
    Version(u64),
    /// The one that an alias leads to.
    Alias(Box<str>),
}

impl Qualifier {
    /// Reads a qualifier; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "$LATEST" {
            return Some(Self::Latest);
        }
        if !is_plain(text) || text.len() > limits::QUALIFIER_CHARS_MAX {
            return None;
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Alias(text.into()));
        }
        // Versions count from 1, and are written without zeros in front.
        let number: u64 = text.parse().ok()?;
        (number > 0 && !text.starts_with('0')).then_some(Self::Version(number))
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => out.write_str("$LATEST"),
            Self::Version(number) => write!(out, "{number}"),
            Self::Alias(name) => out.write_str(name),
        }
    }
}

/// A function, and perhaps which version of it, as a request names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The function.
    pub id: FunctionId,
    /// The version or alias, if one is named.
    pub qualifier: Option<Qualifier>,
}

const NAME_PATTERN: &str = "satisfy regular expression pattern: \
    (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?\
    ([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";

impl Reference {
    /// Reads a name, `ACCOUNT:function:NAME` or an ARN, each perhaps with a qualifier, and the
    /// qualifier that the request gives beside it. What is not said is the caller's.
    ///
    /// # Errors
    /// ValidationException if it names no function, or the qualifier is none;
    /// InvalidParameterValueException if there are two different qualifiers.
    pub fn parse(text: &str, beside: Option<&str>, caller: &Scope) -> Result<Self, LambdaFault> {
        let invalid = || LambdaFault::constraint(text, "functionName", NAME_PATTERN);
        if text.chars().count() > limits::REFERENCE_CHARS_MAX {
            let most = format!("have length less than or equal to {}", limits::REFERENCE_CHARS_MAX);
            return Err(LambdaFault::constraint(text, "functionName", most));
        }
        let (id, of_name) = Self::read(text, caller).ok_or_else(invalid)?;
        let beside = match beside.filter(|text| !text.is_empty()) {
            Some(text) => Some(Qualifier::parse(text).ok_or_else(|| {
                let pattern = "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)";
                LambdaFault::constraint(text, "qualifier", pattern)
            })?),
            None => None,
        };
        if beside.is_some() && of_name.is_some() && beside != of_name {
            return Err(LambdaFault::parameter(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        Ok(Self { id, qualifier: of_name.or(beside) })
    }

    fn read(text: &str, caller: &Scope) -> Option<(FunctionId, Option<Qualifier>)> {
        if text.starts_with("arn:") {
            return FunctionId::parse_arn(text);
        }
        let parts: Vec<&str> = text.split(':').collect();
        let (account, rest) = match &*parts {
            [account, "function", rest @ ..] => (AccountId::parse(account)?, rest),
            ["function", rest @ ..] => (caller.account, rest),
            rest => (caller.account, rest),
        };
        let (name, qualifier) = match rest {
            [name] => (name, None),
            [name, qualifier] => (name, Some(Qualifier::parse(qualifier)?)),
            _ => return None,
        };
        let scope = Scope { account, region: caller.region.clone() };
        Some((FunctionId { scope, name: FunctionName::parse(name)? }, qualifier))
    }

    /// The ARN of what is named.
    pub fn arn(&self) -> String {
        self.id.arn(self.qualifier.as_ref())
    }
}

/// Whether it has letters, digits, `-` and `_` only, and one of them at least.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scope;

    #[test]
    fn functions_are_named_in_many_ways() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:resize";
        for (text, beside, qualifier) in [
            ("resize", None, None),
            ("resize", Some(""), None),
            ("resize", Some("7"), Some(Qualifier::Version(7))),
            ("resize:live", None, Some(Qualifier::Alias("live".into()))),
            ("function:resize", None, None),
            ("111122223333:function:resize", None, None),
            ("111122223333:function:resize:$LATEST", None, Some(Qualifier::Latest)),
            (arn, Some("$LATEST"), Some(Qualifier::Latest)),
        ] {
            let reference = Reference::parse(text, beside, &scope()).unwrap();
            assert_eq!(reference.id.to_string(), arn, "{text}");
            assert_eq!(reference.qualifier, qualifier, "{text}");
        }
        let of_other = Reference::parse("999988887777:function:a:1", None, &scope()).unwrap();
        assert_eq!(of_other.arn(), "arn:aws:lambda:us-east-1:999988887777:function:a:1");
    }

    #[test]
    fn what_names_no_function_is_refused() {
        use crate::fault::LambdaCode;
        let long = "a".repeat(65);
        for text in [
            "",
            ":",
            "a b",
            "a:b:c",
            "a:01",
            "a:0",
            "1:function:a",
            "arn:aws:lambda:us-east-1:111122223333:layer:a",
            "arn:aws:sqs:us-east-1:111122223333:function:a",
            "arn:aws-cn:lambda:us-east-1:111122223333:function:a",
            "arn:aws:lambda:us-east-1:111122223333:function:a:b:c",
            &long,
            &"a".repeat(1000),
        ] {
            let fault = Reference::parse(text, None, &scope()).unwrap_err();
            assert_eq!(fault.code, LambdaCode::Validation, "{text}");
        }
        let fault = Reference::parse("a:1", Some("2"), &scope()).unwrap_err();
        assert_eq!(fault.code, LambdaCode::InvalidParameterValue);
        let fault = Reference::parse("a", Some("b:c"), &scope()).unwrap_err();
        assert_eq!(fault.code, LambdaCode::Validation);
    }
}
