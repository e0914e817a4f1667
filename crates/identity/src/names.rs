//! ARNs of identities and policies.

use tidings_core::names::AccountId;

use crate::entry::EntityKind;

/// `arn:aws:iam::ACCOUNT:user/PATH/NAME`, of any kind of entity. The path has both its slashes.
pub(crate) fn arn(account: AccountId, kind: EntityKind, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{}{path}{name}", kind.name())
}

/// `arn:aws:iam::ACCOUNT:root`
pub(crate) fn root_arn(account: AccountId) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// The account and the name in an ARN of this kind of entity.
pub(crate) fn parse_arn(kind: EntityKind, arn: &str) -> Option<(AccountId, &str)> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let path_and_name = rest.strip_prefix(kind.name())?;
    let (_, name) = path_and_name.rsplit_once('/').filter(|_| path_and_name.starts_with('/'))?;
    Some((AccountId::parse(account)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns() {
        let account = AccountId::parse("123456789012").unwrap();
        for (path, name) in [("/", "ann"), ("/staff/", "ann"), ("/a/b/", "x@y")] {
            let arn = arn(account, EntityKind::Role, path, name);
            assert_eq!(parse_arn(EntityKind::Role, &arn), Some((account, name)));
            assert_eq!(parse_arn(EntityKind::User, &arn), None);
        }
        for arn in [
            "",
            "arn:aws:iam::123456789012:role",
            "arn:aws:iam::123456789012:roles/a",
            "arn:aws:iam::1:role/a",
            "arn:aws:sts::123456789012:role/a",
        ] {
            assert_eq!(parse_arn(EntityKind::Role, arn), None, "{arn}");
        }
    }
}
