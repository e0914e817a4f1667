//! The operations of Lambda. InvokeAsync asks for the permission that Invoke asks for: the service's
//! own reference has no text on which of the two names counts, and one that may not invoke may not.

use super::{On, Row, When, always, some};

pub(super) const TABLE: [Row; 31] = [
    ("AddPermission", &[always("lambda:AddPermission", On::Named)]),
    ("CreateAlias", &[always("lambda:CreateAlias", On::Named)]),
    (
        "CreateFunction",
        &[
            always("lambda:CreateFunction", On::Named),
            some("lambda:TagResource", On::Named, When::WithTags),
        ],
    ),
    ("DeleteAlias", &[always("lambda:DeleteAlias", On::Named)]),
    ("DeleteFunction", &[always("lambda:DeleteFunction", On::Named)]),
    ("DeleteFunctionConcurrency", &[always("lambda:DeleteFunctionConcurrency", On::Named)]),
    (
        "DeleteFunctionEventInvokeConfig",
        &[always("lambda:DeleteFunctionEventInvokeConfig", On::Named)],
    ),
    ("GetAlias", &[always("lambda:GetAlias", On::Named)]),
    ("GetFunction", &[always("lambda:GetFunction", On::Named)]),
    ("GetFunctionCodeSigningConfig", &[always("lambda:GetFunctionCodeSigningConfig", On::Named)]),
    ("GetFunctionConcurrency", &[always("lambda:GetFunctionConcurrency", On::Named)]),
    ("GetFunctionConfiguration", &[always("lambda:GetFunctionConfiguration", On::Named)]),
    ("GetFunctionEventInvokeConfig", &[always("lambda:GetFunctionEventInvokeConfig", On::Named)]),
    ("GetPolicy", &[always("lambda:GetPolicy", On::Named)]),
    ("Invoke", &[always("lambda:InvokeFunction", On::Named)]),
    ("InvokeAsync", &[always("lambda:InvokeFunction", On::Named)]),
    ("ListAliases", &[always("lambda:ListAliases", On::Named)]),
    (
        "ListFunctionEventInvokeConfigs",
        &[always("lambda:ListFunctionEventInvokeConfigs", On::Named)],
    ),
    ("ListFunctions", &[always("lambda:ListFunctions", On::Service)]),
    ("ListTags", &[always("lambda:ListTags", On::Named)]),
    ("ListVersionsByFunction", &[always("lambda:ListVersionsByFunction", On::Named)]),
    ("PublishVersion", &[always("lambda:PublishVersion", On::Named)]),
    ("PutFunctionConcurrency", &[always("lambda:PutFunctionConcurrency", On::Named)]),
    ("PutFunctionEventInvokeConfig", &[always("lambda:PutFunctionEventInvokeConfig", On::Named)]),
    ("RemovePermission", &[always("lambda:RemovePermission", On::Named)]),
    ("TagResource", &[always("lambda:TagResource", On::Named)]),
    ("UntagResource", &[always("lambda:UntagResource", On::Named)]),
    ("UpdateAlias", &[always("lambda:UpdateAlias", On::Named)]),
    ("UpdateFunctionCode", &[always("lambda:UpdateFunctionCode", On::Named)]),
    ("UpdateFunctionConfiguration", &[always("lambda:UpdateFunctionConfiguration", On::Named)]),
    (
        "UpdateFunctionEventInvokeConfig",
        &[always("lambda:UpdateFunctionEventInvokeConfig", On::Named)],
    ),
];
