//! CreateGrant, RevokeGrant and RetireGrant.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidings_keys::{Change, Constraints, KeyFault, NewGrant, Retired, limits};

use super::checks::Checks;
use super::request::KmsRequest;
use crate::json::{List, Map, Object};
use crate::text::Text;

/// What KMS knows of, for keys of any kind.
const OPERATIONS: [&str; 17] = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "Sign",
    "Verify",
    "GetPublicKey",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateMac",
    "VerifyMac",
    "DeriveSharedSecret",
];

const GRANT_ID_CHARS: (usize, usize) = (1, 128);
const PRINCIPAL_CHARS: (usize, usize) = (1, limits::PRINCIPAL_CHARS_MAX);

/// The input of CreateGrant.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CreateGrant<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    grantee_principal: Option<Text<'a>>,
    #[serde(borrow)]
    retiring_principal: Option<Text<'a>>,
    #[serde(borrow)]
    operations: Option<List<Text<'a>>>,
    #[serde(borrow)]
    constraints: Option<Object<GrantConstraints<'a>>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    dry_run: Option<bool>,
}

/// The structure of the same name.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct GrantConstraints<'a> {
    #[serde(borrow)]
    encryption_context_subset: Option<Map<'a, Text<'a>>>,
    #[serde(borrow)]
    encryption_context_equals: Option<Map<'a, Text<'a>>>,
}

impl CreateGrant<'_> {
    pub(super) fn read(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let grantee = checks.text("granteePrincipal", self.grantee_principal, PRINCIPAL_CHARS);
        let retiring_principal =
            checks.optional("retiringPrincipal", self.retiring_principal, PRINCIPAL_CHARS);
        let name = checks.optional("name", self.name, (1, limits::GRANT_NAME_CHARS_MAX));
        let operations = checks.required("operations", self.operations).0;
        let operations: Vec<String> = operations.into_iter().map(Text::into_string).collect();
        for operation in &operations {
            checks.one_of("operations", operation, &OPERATIONS);
        }
        checks.finish()?;
        if operations.is_empty() {
            return Err(KeyFault::validation("A grant must permit at least one operation."));
        }
        for principal in [Some(&grantee), retiring_principal.as_ref()].into_iter().flatten() {
            check_principal(principal)?;
        }
        let constraints = match self.constraints {
            Some(Object(constraints)) => constraints.read()?,
            None => Constraints::default(),
        };
        let grant = NewGrant { name, grantee, retiring_principal, operations, constraints };
        let change = Change::CreateGrant { key, grant };
        let dry_run = self.dry_run.unwrap_or_default();
        Ok(KmsRequest::Change { change, bypass_lockout_check: false, dry_run })
    }
}

impl GrantConstraints<'_> {
    fn read(self) -> Result<Constraints, KeyFault> {
        let pairs = |map: Option<Map<'_, Text<'_>>>| -> Result<_, KeyFault> {
            let Some(map) = map else { return Ok(None) };
            let pairs: BTreeMap<String, String> = map
                .0
                .into_iter()
                .map(|(name, value)| (name.into_string(), value.into_string()))
                .collect();
            let is_long = |(name, value): (&String, &String)| {
                let max = limits::CONSTRAINT_VALUE_CHARS_MAX;
                name.chars().count() > max || value.chars().count() > max
            };
            if pairs.len() > limits::CONSTRAINT_PAIRS_MAX || pairs.iter().any(is_long) {
                return Err(KeyFault::validation(format!(
                    "The encryption context of a grant constraint can have up to {} pairs, of up \
                     to {} characters each.",
                    limits::CONSTRAINT_PAIRS_MAX,
                    limits::CONSTRAINT_VALUE_CHARS_MAX
                )));
            }
            Ok(Some(pairs))
        };
        Ok(Constraints {
            equals: pairs(self.encryption_context_equals)?,
            subset: pairs(self.encryption_context_subset)?,
        })
    }
}

/// An ARN of IAM or STS, or a service's name.
fn check_principal(principal: &str) -> Result<(), KeyFault> {
    let mut parts = principal.splitn(6, ':');
    let is_arn = parts.next() == Some("arn")
        && matches!(parts.nth(1), Some("iam" | "sts"))
        && parts.nth(2).is_some_and(|resource| !resource.is_empty());
    if is_arn || principal.ends_with(".amazonaws.com") {
        return Ok(());
    }
    let text = format!("{principal} is not the ARN of a principal.");
    Err(KeyFault::new(tidings_keys::KeyCode::InvalidArn, text))
}

/// The input of RevokeGrant and RetireGrant.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EndGrant<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    grant_id: Option<Text<'a>>,
    #[serde(borrow)]
    grant_token: Option<Text<'a>>,
    dry_run: Option<bool>,
}

impl EndGrant<'_> {
    pub(super) fn revoke(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let grant_id = checks.text("grantId", self.grant_id, GRANT_ID_CHARS);
        checks.finish()?;
        let (change, dry_run) = (Change::RevokeGrant { key, grant_id }, self.dry_run);
        let dry_run = dry_run.unwrap_or_default();
        Ok(KmsRequest::Change { change, bypass_lockout_check: false, dry_run })
    }

    pub(super) fn retire(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let token = checks.optional("grantToken", self.grant_token, (1, 8192));
        let key = checks.optional("keyId", self.key_id, (1, limits::KEY_ID_CHARS_MAX));
        let grant_id = checks.optional("grantId", self.grant_id, GRANT_ID_CHARS);
        checks.finish()?;
        let retired = match (token, key, grant_id) {
            (Some(token), _, _) => Retired::Token(token),
            (None, Some(key), Some(grant_id)) => Retired::Id { key, grant_id },
            (None, _, _) => {
                return Err(KeyFault::validation(
                    "Either the grant token, or the key ARN and the grant ID must be given.",
                ));
            }
        };
        let (change, dry_run) = (Change::RetireGrant(retired), self.dry_run.unwrap_or_default());
        Ok(KmsRequest::Change { change, bypass_lockout_check: false, dry_run })
    }
}
