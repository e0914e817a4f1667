//! Key policies: as text, and compiled.

use std::sync::Arc;

use tidings_access::{Kind, PolicyDocument};

use crate::fault::{KeyCode, KeyFault};
use crate::manager::ManagedBy;
use crate::scope::Scope;

/// A key policy that can be set.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    text: Arc<str>,
    document: Arc<PolicyDocument>,
}

impl KeyPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// MalformedPolicyDocumentException, saying what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        match PolicyDocument::parse(text, Kind::Key) {
            Ok(document) => Ok(Self { text: text.into(), document: Arc::new(document) }),
            Err(fault) => Err(KeyFault::new(KeyCode::MalformedPolicyDocument, fault.to_string())),
        }
    }

    /// What a key has that was created without one: it leaves all to the account's own policies.
    /// KMS developer guide, "Default key policy"; written as GetKeyPolicy writes it.
    pub fn default_of(scope: &Scope) -> Self {
        let text = format!(
            r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#,
            root_arn(scope)
        );
        Self::parse(&text).expect("the default policy is one")
    }

    /// What a managed key has: whoever of the account may use the service may use the key, but only
    /// by way of the service.
    pub(crate) fn of_managed(scope: &Scope, manager: ManagedBy) -> Self {
        let (service, name) = (manager.service(), manager.service_name());
        let via = format!("{service}.{}.amazonaws.com", scope.region.as_str());
        let text = format!(
            r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{service}-1",
  "Statement" : [ {{
    "Sid" : "Allow access through {name} for all principals in the account that are authorized to use {name}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:ViaService" : "{via}",
        "kms:CallerAccount" : "{account}"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{root}"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*" ],
    "Resource" : "*"
  }} ]
}}"#,
            account = scope.account,
            root = root_arn(scope),
        );
        Self::parse(&text).expect("the policy of a managed key is one")
    }

    /// As it was set.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Compiled.
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }
}

fn root_arn(scope: &Scope) -> String {
    format!("arn:{}:iam::{}:root", scope.region.partition(), scope.account)
}
