//! The names of condition operators.

/// How an operator reads its key, apart from the comparison itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Operator {
    /// `StringNotEquals` and the like: none of the values may match.
    pub(crate) negated: bool,
    /// With the suffix `IfExists`.
    pub(crate) if_exists: bool,
    pub(crate) quantifier: Quantifier,
}

/// What of a key's several values must match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quantifier {
    /// Without a prefix: meant for keys of one value.
    One,
    /// `ForAllValues:`.
    All,
    /// `ForAnyValue:`.
    Any,
}

/// How values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Text,
    TextFolded,
    TextLike,
    Arn,
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    Address,
    Null,
}

/// The request's value, compared with the policy's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// By its full name, such as `ForAnyValue:StringLikeIfExists`. Names are case-sensitive.
    pub(crate) fn parse(name: &str) -> Option<(Self, Comparison)> {
        let (quantifier, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Quantifier::All, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
            Some(_) => return None,
            None => (Quantifier::One, name),
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (comparison, negated) = comparison(base)?;
        // `Null` is about existence itself. A prefix before it changes nothing, but the services
        // take one.
        let fits = comparison != Comparison::Null || !if_exists;
        fits.then_some((Self { negated, if_exists, quantifier }, comparison))
    }
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "StringEquals" => (Comparison::Text, false),
        "StringNotEquals" => (Comparison::Text, true),
        "StringEqualsIgnoreCase" => (Comparison::TextFolded, false),
        "StringNotEqualsIgnoreCase" => (Comparison::TextFolded, true),
        "StringLike" => (Comparison::TextLike, false),
        "StringNotLike" => (Comparison::TextLike, true),
        "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
        "Bool" => (Comparison::Bool, false),
        "BinaryEquals" => (Comparison::Binary, false),
        "IpAddress" => (Comparison::Address, false),
        "NotIpAddress" => (Comparison::Address, true),
        "Null" => (Comparison::Null, false),
        _ => {
            if let Some(order) = name.strip_prefix("Numeric") {
                let (order, negated) = ordering(order)?;
                (Comparison::Number(order), negated)
            } else {
                let (order, negated) = ordering(name.strip_prefix("Date")?)?;
                (Comparison::Date(order), negated)
            }
        }
    })
}

fn ordering(name: &str) -> Option<(Order, bool)> {
    Some(match name {
        "Equals" => (Order::Equal, false),
        "NotEquals" => (Order::Equal, true),
        "LessThan" => (Order::Less, false),
        "LessThanEquals" => (Order::LessOrEqual, false),
        "GreaterThan" => (Order::Greater, false),
        "GreaterThanEquals" => (Order::GreaterOrEqual, false),
        _ => return None,
    })
}

impl Order {
    pub(super) fn holds<T: PartialOrd>(self, of_request: T, of_policy: T) -> bool {
        match self {
            Self::Equal => of_request == of_policy,
            Self::Less => of_request < of_policy,
            Self::LessOrEqual => of_request <= of_policy,
            Self::Greater => of_request > of_policy,
            Self::GreaterOrEqual => of_request >= of_policy,
        }
    }
}
