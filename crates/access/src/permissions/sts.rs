//! The operations of STS. No permission is needed for GetCallerIdentity and GetSessionToken.

use super::{On, Row, When, always, some};

pub(super) const TABLE: [Row; 8] = [
    (
        "AssumeRole",
        &[
            always("sts:AssumeRole", On::Named),
            some("sts:TagSession", On::Named, When::WithTags),
            some("sts:SetSourceIdentity", On::Named, When::WithSourceIdentity),
        ],
    ),
    (
        "AssumeRoleWithSAML",
        &[
            always("sts:AssumeRoleWithSAML", On::Named),
            some("sts:TagSession", On::Named, When::WithTags),
            some("sts:SetSourceIdentity", On::Named, When::WithSourceIdentity),
        ],
    ),
    (
        "AssumeRoleWithWebIdentity",
        &[
            always("sts:AssumeRoleWithWebIdentity", On::Named),
            some("sts:TagSession", On::Named, When::WithTags),
            some("sts:SetSourceIdentity", On::Named, When::WithSourceIdentity),
        ],
    ),
    ("DecodeAuthorizationMessage", &[always("sts:DecodeAuthorizationMessage", On::Service)]),
    ("GetAccessKeyInfo", &[always("sts:GetAccessKeyInfo", On::Service)]),
    ("GetCallerIdentity", &[]),
    (
        "GetFederationToken",
        &[
            always("sts:GetFederationToken", On::Named),
            some("sts:TagSession", On::Named, When::WithTags),
        ],
    ),
    ("GetSessionToken", &[]),
];
