//! ListAliases, ListGrants, ListKeys and ListResourceTags.

use serde::Deserialize;
use tidings_keys::KeyFault;

use super::checks::Checks;
use super::request::KmsRequest;
use crate::text::Text;

/// The part of a list that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageWanted {
    /// What the page before gave, for the rest.
    pub marker: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl PageWanted {
    /// `max` elements at most, and `default` if the request does not say.
    pub(super) fn check(
        checks: &mut Checks,
        limit: Option<i64>,
        marker: Option<Text<'_>>,
        (max, default): (u32, u32),
    ) -> Self {
        let limit = limit.map_or(default, |limit| checks.number("limit", limit, (1, max)));
        let marker = checks.optional("marker", marker, (1, 1024));
        Self { marker, limit: limit as usize }
    }
}

/// The input of the lists.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListInput<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    #[serde(borrow)]
    grant_id: Option<Text<'a>>,
    #[serde(borrow)]
    grantee_principal: Option<Text<'a>>,
    limit: Option<i64>,
    #[serde(borrow)]
    marker: Option<Text<'a>>,
}

impl ListInput<'_> {
    pub(super) fn aliases(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.optional("keyId", self.key_id, (1, 2048));
        let page = PageWanted::check(&mut checks, self.limit, self.marker, (100, 50));
        checks.finish()?;
        Ok(KmsRequest::ListAliases { key, page })
    }

    pub(super) fn grants(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let grant_id = checks.optional("grantId", self.grant_id, (1, 128));
        let grantee = checks.optional("granteePrincipal", self.grantee_principal, (1, 256));
        let page = PageWanted::check(&mut checks, self.limit, self.marker, (100, 50));
        checks.finish()?;
        Ok(KmsRequest::ListGrants { key, grant_id, grantee, page })
    }

    pub(super) fn keys(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let page = PageWanted::check(&mut checks, self.limit, self.marker, (1000, 100));
        checks.finish()?;
        Ok(KmsRequest::ListKeys { page })
    }

    pub(super) fn resource_tags(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let page = PageWanted::check(&mut checks, self.limit, self.marker, (50, 50));
        checks.finish()?;
        Ok(KmsRequest::ListResourceTags { key, page })
    }
}
