//! ListKeyRotations.

use serde::Deserialize;
use tidings_keys::KeyFault;

use super::checks::Checks;
use super::lists::PageWanted;
use super::request::KmsRequest;
use crate::text::Text;

const ALL: &str = "ALL_KEY_MATERIAL";

/// The input of ListKeyRotations.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListKeyRotations<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    include_key_material: Option<Text<'a>>,
    limit: Option<i64>,
    #[serde(borrow)]
    marker: Option<Text<'a>>,
}

impl ListKeyRotations<'_> {
    pub(super) fn read(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        if let Some(included) = &self.include_key_material {
            checks.one_of("includeKeyMaterial", included, &[ALL, "ROTATIONS_ONLY"]);
        }
        let page = PageWanted::check(&mut checks, self.limit, self.marker, (1000, 100));
        checks.finish()?;
        let all = self.include_key_material.as_deref() == Some(ALL);
        Ok(KmsRequest::ListKeyRotations { key, all, page })
    }
}
