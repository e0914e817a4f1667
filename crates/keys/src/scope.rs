//! Where a key belongs, and how requests name one.

use tidings_core::names::{AccountId, Region, Uuid};

use crate::fault::{KeyCode, KeyFault};
use crate::limits;

/// What a key is known by within its account and region.
pub type KeyId = Uuid;

/// An account in a region. Keys and aliases of one are nothing to another, but for what key policies
/// allow to other accounts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// Who owns the keys.
    pub account: AccountId,
    /// Where they are.
    pub region: Region,
}

impl Scope {
    /// The ARN of a key.
    pub fn key_arn(&self, id: KeyId) -> String {
        self.arn(&format!("key/{id}"))
    }

    /// The ARN of an alias; its name begins with `alias/`.
    pub fn alias_arn(&self, name: &str) -> String {
        self.arn(name)
    }

    /// The ARN of whatever is meant by `*`: what CreateKey, ListKeys and GenerateRandom are
    /// authorised on.
    pub fn any_arn(&self) -> String {
        self.arn("*")
    }

    fn arn(&self, resource: &str) -> String {
        let Self { account, region } = self;
        format!("arn:{}:kms:{}:{account}:{resource}", region.partition(), region.as_str())
    }
}

/// How a request names a key: by its id or its ARN, by an alias or an alias's ARN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyName {
    /// A key.
    Id(Scope, KeyId),
    /// An alias, `alias/` included.
    Alias(Scope, String),
}

impl KeyName {
    /// Reads a name. What is not an ARN is of the caller's own account.
    ///
    /// # Errors
    /// NotFoundException if it cannot be the id of a key, or is an ARN of another region, as
    /// recorded of AWS; InvalidArnException if it begins as an ARN and is none.
    pub fn parse(text: &str, caller: &Scope) -> Result<Self, KeyFault> {
        if text.starts_with("arn:") {
            return Self::of_arn(text, caller);
        }
        Self::of_resource(text, text, caller.clone())
    }

    fn of_arn(text: &str, caller: &Scope) -> Result<Self, KeyFault> {
        let invalid =
            || KeyFault::new(KeyCode::InvalidArn, format!("{} is not a valid ARN", brief(text)));
        let mut parts = text.splitn(6, ':').skip(1);
        let mut next = || parts.next().ok_or_else(invalid);
        let (partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?);
        let region = Region::parse(region).ok_or_else(invalid)?;
        let account = AccountId::parse(account).ok_or_else(invalid)?;
        if service != "kms" || partition != region.partition() {
            return Err(invalid());
        }
        if region != caller.region {
            let text = format!("Invalid arn {}", region.as_str());
            return Err(KeyFault::new(KeyCode::NotFound, text));
        }
        let scope = Scope { account, region };
        match resource.strip_prefix("key/") {
            Some(id) => Self::of_resource(id, text, scope),
            None if resource.starts_with("alias/") => Self::of_resource(resource, text, scope),
            None => Err(invalid()),
        }
    }

    fn of_resource(resource: &str, text: &str, scope: Scope) -> Result<Self, KeyFault> {
        if resource.starts_with("alias/") {
            return Ok(Self::Alias(scope, resource.to_owned()));
        }
        match Uuid::parse(resource) {
            Some(id) => Ok(Self::Id(scope, id)),
            // Keys of several regions have ids of this form. There are none here.
            None if is_multi_region(resource) => {
                let arn = scope.arn(&format!("key/{resource}"));
                Err(KeyFault::not_found(&arn))
            }
            None => Err(KeyFault::invalid_key_id(&brief(text))),
        }
    }
}

/// A name of an alias that may be created, changed or deleted.
///
/// # Errors
/// ValidationException or InvalidAliasNameException for one that cannot be a name,
/// NotAuthorizedException for one that is reserved for managed keys.
pub fn check_alias(name: &str) -> Result<(), KeyFault> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(KeyFault::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    if rest.bytes().any(|b| !is_plain(b) && b != b':') {
        let pattern = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
        return Err(KeyFault::constraint(Some(&brief(name)), "aliasName", pattern));
    }
    if name.len() > limits::ALIAS_CHARS_MAX {
        let bound = "Member must have length less than or equal to 256";
        return Err(KeyFault::constraint(Some(name), "aliasName", bound));
    }
    if rest.contains(':') {
        return Err(KeyFault::validation(format!(
            "{name} contains invalid characters for an alias"
        )));
    }
    if rest.is_empty() {
        return Err(KeyFault::new(KeyCode::InvalidAliasName, "The alias has no name."));
    }
    if rest.starts_with("aws/") {
        let text = format!("The alias {name} is reserved for AWS managed keys.");
        return Err(KeyFault::new(KeyCode::NotAuthorized, text));
    }
    Ok(())
}

fn is_multi_region(id: &str) -> bool {
    let digits = id.strip_prefix("mrk-").unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// As much of a text as an error repeats: a name may be as long as a request.
fn brief(text: &str) -> String {
    text.chars().take(limits::KEY_ID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scope;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn keys_have_four_kinds_of_names() {
        let own = scope();
        let id = Uuid::parse(ID).unwrap();
        let other = Scope { account: AccountId::parse("000000000042").unwrap(), ..own.clone() };
        for (text, name) in [
            (ID.to_owned(), KeyName::Id(own.clone(), id)),
            (own.key_arn(id), KeyName::Id(own.clone(), id)),
            (other.key_arn(id), KeyName::Id(other.clone(), id)),
            ("alias/a".to_owned(), KeyName::Alias(own.clone(), "alias/a".to_owned())),
            (own.alias_arn("alias/a/b"), KeyName::Alias(own.clone(), "alias/a/b".to_owned())),
            (other.alias_arn("alias/a"), KeyName::Alias(other, "alias/a".to_owned())),
        ] {
            assert_eq!(KeyName::parse(&text, &own), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_names_no_key_is_said_as_recorded() {
        let arn = |region: &str| format!("arn:aws:kms:{region}:111122223333:key/{ID}");
        let multi_region = "mrk-d3b95762d3b95762d3b95762d3b95762";
        for (text, code, expected) in [
            ("fake-key-id", KeyCode::NotFound, "Invalid keyId 'fake-key-id'"),
            (
                "134f2428cec14b25a1ae9048164dba47",
                KeyCode::NotFound,
                "Invalid keyId '134f2428cec14b25a1ae9048164dba47'",
            ),
            ("mrk-fake-key-id", KeyCode::NotFound, "Invalid keyId 'mrk-fake-key-id'"),
            (
                multi_region,
                KeyCode::NotFound,
                "Key 'arn:aws:kms:us-east-1:111122223333:key/\
                 mrk-d3b95762d3b95762d3b95762d3b95762' does not exist",
            ),
            (&arn("ap-southeast-1"), KeyCode::NotFound, "Invalid arn ap-southeast-1"),
            ("arn:aws:kms", KeyCode::InvalidArn, "arn:aws:kms is not a valid ARN"),
            (
                "arn:aws:sqs:us-east-1:111122223333:q",
                KeyCode::InvalidArn,
                "arn:aws:sqs:us-east-1:111122223333:q is not a valid ARN",
            ),
            (
                "arn:aws:kms:us-east-1:111122223333:q",
                KeyCode::InvalidArn,
                "arn:aws:kms:us-east-1:111122223333:q is not a valid ARN",
            ),
        ] {
            let fault = KeyFault::new(code, expected);
            assert_eq!(KeyName::parse(text, &scope()), Err(fault), "{text}");
        }
        let long = "x".repeat(100_000);
        assert!(KeyName::parse(&long, &scope()).unwrap_err().text.len() < 2100);
    }

    #[test]
    fn aliases_have_plain_names() {
        let long = format!("alias/{}", "a".repeat(250));
        assert_eq!(check_alias(&long), Ok(()));
        assert_eq!(check_alias("alias/a/b_c-D9"), Ok(()));
        for (name, code) in [
            ("a", KeyCode::Validation),
            ("", KeyCode::Validation),
            ("Alias/a", KeyCode::Validation),
            ("alias/a b", KeyCode::Validation),
            ("alias/ä", KeyCode::Validation),
            ("alias/a:b", KeyCode::Validation),
            (&format!("{long}a"), KeyCode::Validation),
            ("alias/", KeyCode::InvalidAliasName),
            ("alias/aws/sqs", KeyCode::NotAuthorized),
        ] {
            assert_eq!(check_alias(name).unwrap_err().code, code, "{name}");
        }
        assert_eq!(
            check_alias("orders").unwrap_err().text,
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        );
    }
}
