//! GetKeyPolicy, ListKeyPolicies and PutKeyPolicy.

use serde::Deserialize;
use tidings_keys::{Change, KeyCode, KeyFault, KeyPolicy};

use super::checks::Checks;
use super::create_key::POLICY_CHARS;
use super::request::KmsRequest;
use crate::text::Text;

/// The name of every key's only policy.
pub(super) const DEFAULT: &str = "default";

/// The input of GetKeyPolicy and PutKeyPolicy.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PolicyInput<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    policy_name: Option<Text<'a>>,
    #[serde(borrow)]
    policy: Option<Text<'a>>,
    bypass_policy_lockout_safety_check: Option<bool>,
}

impl PolicyInput<'_> {
    pub(super) fn get(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let name = checks.optional("policyName", self.policy_name, (1, 128));
        checks.finish()?;
        check_name(name.as_deref())?;
        Ok(KmsRequest::GetKeyPolicy { key })
    }

    pub(super) fn put(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let name = checks.optional("policyName", self.policy_name, (1, 128));
        let policy = checks.text("policy", self.policy, POLICY_CHARS);
        checks.finish()?;
        check_name(name.as_deref())?;
        let change = Change::PutKeyPolicy { key, policy: KeyPolicy::parse(&policy)? };
        let bypass_lockout_check = self.bypass_policy_lockout_safety_check.unwrap_or_default();
        Ok(KmsRequest::Change { change, bypass_lockout_check, dry_run: false })
    }
}

fn check_name(name: Option<&str>) -> Result<(), KeyFault> {
    match name {
        None | Some(DEFAULT) => Ok(()),
        Some(_) => Err(KeyFault::new(KeyCode::NotFound, "No such policy exists")),
    }
}
