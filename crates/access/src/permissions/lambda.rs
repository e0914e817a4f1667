//! The operations of Lambda. InvokeAsync asks for the permission that Invoke asks for: the service's
//! own reference has no text on which of the two names counts, and one that may not invoke may not.

use super::{On, Row, When, always, some};

pub(super) const TABLE: [Row; 36] = [
    ("AddPermission", &[always("lambda:AddPermission", On::Named)]),
    ("CreateAlias", &[always("lambda:CreateAlias", On::Named)]),
    (
        "CreateEventSourceMapping",
        &[
            always("lambda:CreateEventSourceMapping", On::Service),
            some("lambda:TagResource", On::Service, When::WithTags),
        ],
    ),
    (
        "CreateFunction",
        &[
            always("lambda:CreateFunction", On::Named),
            some("lambda:TagResource", On::Named, When::WithTags),
        ],
    ),
    ("DeleteAlias", &[always("lambda:DeleteAlias", On::Named)]),
    ("DeleteEventSourceMapping", &[always("lambda:DeleteEventSourceMapping", On::Named)]),
    ("DeleteFunction", &[always("lambda:DeleteFunction", On::Named)]),
    ("DeleteFunctionConcurrency", &[always("lambda:DeleteFunctionConcurrency", On::Named)]),
    (
        "DeleteFunctionEventInvokeConfig",
        &[always("lambda:DeleteFunctionEventInvokeConfig", On::Named)],
    ),
    ("GetAlias", &[always("lambda:GetAlias", On::Named)]),
    ("GetEventSourceMapping", &[always("lambda:GetEventSourceMapping", On::Named)]),
    ("GetFunction", &[always("lambda:GetFunction", On::Named)]),
    ("GetFunctionCodeSigningConfig", &[always("lambda:GetFunctionCodeSigningConfig", On::Named)]),
    ("GetFunctionConcurrency", &[always("lambda:GetFunctionConcurrency", On::Named)]),
    ("GetFunctionConfiguration", &[always("lambda:GetFunctionConfiguration", On::Named)]),
    ("GetFunctionEventInvokeConfig", &[always("lambda:GetFunctionEventInvokeConfig", On::Named)]),
    ("GetPolicy", &[always("lambda:GetPolicy", On::Named)]),
    ("Invoke", &[always("lambda:InvokeFunction", On::Named)]),
    ("InvokeAsync", &[always("lambda:InvokeFunction", On::Named)]),
    ("ListAliases", &[always("lambda:ListAliases", On::Named)]),
    ("ListEventSourceMappings", &[always("lambda:ListEventSourceMappings", On::Service)]),
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
    ("UpdateEventSourceMapping", &[always("lambda:UpdateEventSourceMapping", On::Named)]),
    ("UpdateFunctionCode", &[always("lambda:UpdateFunctionCode", On::Named)]),
    ("UpdateFunctionConfiguration", &[always("lambda:UpdateFunctionConfiguration", On::Named)]),
    (
        "UpdateFunctionEventInvokeConfig",
        &[always("lambda:UpdateFunctionEventInvokeConfig", On::Named)],
    ),
];
