//! CreateAlias, UpdateAlias and DeleteAlias. What a name may be, the key store says.

use serde::Deserialize;
use tidings_keys::{Change, KeyFault};

use super::checks::Checks;
use super::request::KmsRequest;
use crate::text::Text;

/// The input of CreateAlias, UpdateAlias and DeleteAlias.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Alias<'a> {
    #[serde(borrow)]
    alias_name: Option<Text<'a>>,
    #[serde(borrow)]
    target_key_id: Option<Text<'a>>,
}

impl Alias<'_> {
    pub(super) fn create(self) -> Result<KmsRequest, KeyFault> {
        let (alias, key) = self.with_target()?;
        Ok(KmsRequest::change(Change::CreateAlias { alias, key }))
    }

    pub(super) fn update(self) -> Result<KmsRequest, KeyFault> {
        let (alias, key) = self.with_target()?;
        Ok(KmsRequest::change(Change::UpdateAlias { alias, key }))
    }

    pub(super) fn delete(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let alias = name(&mut checks, self.alias_name);
        checks.finish()?;
        Ok(KmsRequest::change(Change::DeleteAlias { alias }))
    }

    fn with_target(self) -> Result<(String, String), KeyFault> {
        let mut checks = Checks::default();
        let alias = name(&mut checks, self.alias_name);
        let key = checks.key("targetKeyId", self.target_key_id);
        checks.finish()?;
        Ok((alias, key))
    }
}

fn name(checks: &mut Checks, name: Option<Text<'_>>) -> String {
    checks.text("aliasName", name, (1, tidings_keys::limits::ALIAS_CHARS_MAX))
}
