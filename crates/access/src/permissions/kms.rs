//! The operations of KMS. UpdateAlias asks for the permission on the old and on the new key.

use super::{On, Row, When, always, some};

pub(super) const TABLE: [Row; 33] = [
    ("CancelKeyDeletion", &[always("kms:CancelKeyDeletion", On::Named)]),
    (
        "CreateAlias",
        &[always("kms:CreateAlias", On::Alias), always("kms:CreateAlias", On::KeyOfAlias)],
    ),
    ("CreateGrant", &[always("kms:CreateGrant", On::Named)]),
    (
        "CreateKey",
        &[
            always("kms:CreateKey", On::Service),
            some("kms:TagResource", On::Service, When::WithTags),
        ],
    ),
    ("Decrypt", &[always("kms:Decrypt", On::Named)]),
    (
        "DeleteAlias",
        &[always("kms:DeleteAlias", On::Alias), always("kms:DeleteAlias", On::KeyOfAlias)],
    ),
    ("DescribeKey", &[always("kms:DescribeKey", On::Named)]),
    ("DisableKey", &[always("kms:DisableKey", On::Named)]),
    ("DisableKeyRotation", &[always("kms:DisableKeyRotation", On::Named)]),
    ("EnableKey", &[always("kms:EnableKey", On::Named)]),
    ("EnableKeyRotation", &[always("kms:EnableKeyRotation", On::Named)]),
    ("Encrypt", &[always("kms:Encrypt", On::Named)]),
    ("GenerateDataKey", &[always("kms:GenerateDataKey", On::Named)]),
    (
        "GenerateDataKeyWithoutPlaintext",
        &[always("kms:GenerateDataKeyWithoutPlaintext", On::Named)],
    ),
    ("GenerateRandom", &[always("kms:GenerateRandom", On::Service)]),
    ("GetKeyPolicy", &[always("kms:GetKeyPolicy", On::Named)]),
    ("GetKeyRotationStatus", &[always("kms:GetKeyRotationStatus", On::Named)]),
    ("ListAliases", &[always("kms:ListAliases", On::Service)]),
    ("ListGrants", &[always("kms:ListGrants", On::Named)]),
    ("ListKeyPolicies", &[always("kms:ListKeyPolicies", On::Named)]),
    ("ListKeyRotations", &[always("kms:ListKeyRotations", On::Named)]),
    ("ListKeys", &[always("kms:ListKeys", On::Service)]),
    ("ListResourceTags", &[always("kms:ListResourceTags", On::Named)]),
    ("PutKeyPolicy", &[always("kms:PutKeyPolicy", On::Named)]),
    (
        "ReEncrypt",
        &[
            always("kms:ReEncryptFrom", On::SourceKey),
            always("kms:ReEncryptTo", On::DestinationKey),
        ],
    ),
    ("RetireGrant", &[always("kms:RetireGrant", On::Named)]),
    ("RevokeGrant", &[always("kms:RevokeGrant", On::Named)]),
    ("RotateKeyOnDemand", &[always("kms:RotateKeyOnDemand", On::Named)]),
    ("ScheduleKeyDeletion", &[always("kms:ScheduleKeyDeletion", On::Named)]),
    ("TagResource", &[always("kms:TagResource", On::Named)]),
    ("UntagResource", &[always("kms:UntagResource", On::Named)]),
    (
        "UpdateAlias",
        &[always("kms:UpdateAlias", On::Alias), always("kms:UpdateAlias", On::KeyOfAlias)],
    ),
    ("UpdateKeyDescription", &[always("kms:UpdateKeyDescription", On::Named)]),
];
