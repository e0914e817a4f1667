//! The operations of SNS. PublishBatch needs the permission to publish.

use super::{On, Row, When, always, some};

/// Actions, in lower case, that no queue's or topic's policy can allow to other accounts. Not
/// one list of the documentation: those that name no topic.
pub(super) const OWN_ACCOUNT: [&str; 15] = [
    "createtopic",
    "listtopics",
    "listsubscriptions",
    "checkifphonenumberisoptedout",
    "listphonenumbersoptedout",
    "createplatformapplication",
    "createplatformendpoint",
    "deleteendpoint",
    "deleteplatformapplication",
    "getendpointattributes",
    "getplatformapplicationattributes",
    "listendpointsbyplatformapplication",
    "listplatformapplications",
    "setendpointattributes",
    "setplatformapplicationattributes",
];

pub(super) const TABLE: [Row; 42] = [
    ("AddPermission", &[always("sns:AddPermission", On::Named)]),
    ("CheckIfPhoneNumberIsOptedOut", &[always("sns:CheckIfPhoneNumberIsOptedOut", On::Service)]),
    ("ConfirmSubscription", &[always("sns:ConfirmSubscription", On::TopicOfSubscription)]),
    ("CreatePlatformApplication", &[always("sns:CreatePlatformApplication", On::Service)]),
    ("CreatePlatformEndpoint", &[always("sns:CreatePlatformEndpoint", On::Platform)]),
    ("CreateSMSSandboxPhoneNumber", &[always("sns:CreateSMSSandboxPhoneNumber", On::Service)]),
    (
        "CreateTopic",
        &[always("sns:CreateTopic", On::Named), some("sns:TagResource", On::Named, When::WithTags)],
    ),
    ("DeleteEndpoint", &[always("sns:DeleteEndpoint", On::Platform)]),
    ("DeletePlatformApplication", &[always("sns:DeletePlatformApplication", On::Platform)]),
    ("DeleteSMSSandboxPhoneNumber", &[always("sns:DeleteSMSSandboxPhoneNumber", On::Service)]),
    ("DeleteTopic", &[always("sns:DeleteTopic", On::Named)]),
    ("GetDataProtectionPolicy", &[always("sns:GetDataProtectionPolicy", On::Named)]),
    ("GetEndpointAttributes", &[always("sns:GetEndpointAttributes", On::Platform)]),
    (
        "GetPlatformApplicationAttributes",
        &[always("sns:GetPlatformApplicationAttributes", On::Platform)],
    ),
    ("GetSMSAttributes", &[always("sns:GetSMSAttributes", On::Service)]),
    ("GetSMSSandboxAccountStatus", &[always("sns:GetSMSSandboxAccountStatus", On::Service)]),
    (
        "GetSubscriptionAttributes",
        &[always("sns:GetSubscriptionAttributes", On::TopicOfSubscription)],
    ),
    ("GetTopicAttributes", &[always("sns:GetTopicAttributes", On::Named)]),
    (
        "ListEndpointsByPlatformApplication",
        &[always("sns:ListEndpointsByPlatformApplication", On::Platform)],
    ),
    ("ListOriginationNumbers", &[always("sns:ListOriginationNumbers", On::Service)]),
    ("ListPhoneNumbersOptedOut", &[always("sns:ListPhoneNumbersOptedOut", On::Service)]),
    ("ListPlatformApplications", &[always("sns:ListPlatformApplications", On::Service)]),
    ("ListSMSSandboxPhoneNumbers", &[always("sns:ListSMSSandboxPhoneNumbers", On::Service)]),
    ("ListSubscriptions", &[always("sns:ListSubscriptions", On::Service)]),
    ("ListSubscriptionsByTopic", &[always("sns:ListSubscriptionsByTopic", On::Named)]),
    ("ListTagsForResource", &[always("sns:ListTagsForResource", On::Named)]),
    ("ListTopics", &[always("sns:ListTopics", On::Service)]),
    ("OptInPhoneNumber", &[always("sns:OptInPhoneNumber", On::Service)]),
    (
        "Publish",
        &[
            some("sns:Publish", On::Named, When::ToArn),
            some("sns:Publish", On::PhoneNumber, When::ToPhoneNumber),
        ],
    ),
    ("PublishBatch", &[always("sns:Publish", On::Named)]),
    ("PutDataProtectionPolicy", &[always("sns:PutDataProtectionPolicy", On::Named)]),
    ("RemovePermission", &[always("sns:RemovePermission", On::Named)]),
    ("SetEndpointAttributes", &[always("sns:SetEndpointAttributes", On::Platform)]),
    (
        "SetPlatformApplicationAttributes",
        &[always("sns:SetPlatformApplicationAttributes", On::Platform)],
    ),
    ("SetSMSAttributes", &[always("sns:SetSMSAttributes", On::Service)]),
    (
        "SetSubscriptionAttributes",
        &[always("sns:SetSubscriptionAttributes", On::TopicOfSubscription)],
    ),
    ("SetTopicAttributes", &[always("sns:SetTopicAttributes", On::Named)]),
    ("Subscribe", &[always("sns:Subscribe", On::Named)]),
    ("TagResource", &[always("sns:TagResource", On::Named)]),
    ("Unsubscribe", &[always("sns:Unsubscribe", On::TopicOfSubscription)]),
    ("UntagResource", &[always("sns:UntagResource", On::Named)]),
    ("VerifySMSSandboxPhoneNumber", &[always("sns:VerifySMSSandboxPhoneNumber", On::Service)]),
];
