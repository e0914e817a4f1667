//! CreateKey.

use serde::Deserialize;
use tidings_keys::{Change, KeyCode, KeyFault, KeyPolicy, limits};

use super::checks::Checks;
use super::request::KmsRequest;
use super::tags::{self, Tag};
use crate::json::{List, Object};
use crate::text::Text;

/// As recorded of AWS, and those that came later.
const KEY_SPECS: [&str; 17] = [
    "RSA_2048",
    "ECC_NIST_P384",
    "ECC_NIST_P256",
    "ECC_NIST_P521",
    "HMAC_384",
    "RSA_3072",
    "ECC_SECG_P256K1",
    "RSA_4096",
    "SYMMETRIC_DEFAULT",
    "HMAC_256",
    "HMAC_224",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
];

const KEY_USAGES: [&str; 4] =
    ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"];

const ORIGINS: [&str; 4] = ["EXTERNAL", "AWS_KMS", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// Characters in a policy that KMS looks at.
pub(super) const POLICY_CHARS: (usize, usize) = (1, 131_072);

/// The input of CreateKey.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CreateKey<'a> {
    #[serde(borrow)]
    policy: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    key_usage: Option<Text<'a>>,
    #[serde(borrow)]
    customer_master_key_spec: Option<Text<'a>>,
    #[serde(borrow)]
    key_spec: Option<Text<'a>>,
    #[serde(borrow)]
    origin: Option<Text<'a>>,
    multi_region: Option<bool>,
    bypass_policy_lockout_safety_check: Option<bool>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    tags: List<Object<Tag<'a>>>,
}

impl CreateKey<'_> {
    pub(super) fn read(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        for (member, value, set) in [
            ("keyUsage", &self.key_usage, &KEY_USAGES[..]),
            ("customerMasterKeySpec", &self.customer_master_key_spec, &KEY_SPECS),
            ("keySpec", &self.key_spec, &KEY_SPECS),
            ("origin", &self.origin, &ORIGINS),
        ] {
            if let Some(value) = value {
                checks.one_of(member, value, set);
            }
        }
        let bounds = (0, limits::DESCRIPTION_CHARS_MAX);
        self.check_kind(&mut checks)?;
        let description = checks.optional("description", self.description, bounds);
        let policy = checks.optional("policy", self.policy, POLICY_CHARS);
        let tags = tags::read(&mut checks, self.tags);
        checks.finish()?;
        let policy = policy.map(|text| KeyPolicy::parse(&text)).transpose()?;
        let description = description.unwrap_or_default();
        let bypass_lockout_check = self.bypass_policy_lockout_safety_check.unwrap_or_default();
        let change = Change::CreateKey { policy, description, tags };
        Ok(KmsRequest::Change { change, bypass_lockout_check, dry_run: false })
    }

    /// Keys here are symmetric, for encryption, of one region, and of material made here.
    fn check_kind(&self, checks: &mut Checks) -> Result<(), KeyFault> {
        std::mem::take(checks).finish()?;
        let spec = match (&self.key_spec, &self.customer_master_key_spec) {
            (Some(_), Some(_)) => {
                return Err(KeyFault::validation(
                    "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                     CustomerMasterKeySpec is deprecated.",
                ));
            }
            (Some(spec), None) | (None, Some(spec)) => spec.as_str(),
            (None, None) => SYMMETRIC,
        };
        if spec != SYMMETRIC && self.key_usage.is_none() {
            return Err(KeyFault::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ));
        }
        let usage = self.key_usage.as_deref().unwrap_or(KEY_USAGES[0]);
        if spec == SYMMETRIC && usage != KEY_USAGES[0] {
            return Err(KeyFault::validation(format!(
                "KeyUsage {usage} is not compatible with KeySpec {spec}"
            )));
        }
        let origin = self.origin.as_deref().unwrap_or("AWS_KMS");
        let unsupported = |what: String| Err(KeyFault::new(KeyCode::UnsupportedOperation, what));
        if spec != SYMMETRIC {
            return unsupported(format!(
                "This server keeps symmetric encryption keys (KeySpec {SYMMETRIC}) only, not \
                 {spec}."
            ));
        }
        if origin != "AWS_KMS" {
            return unsupported(format!(
                "This server makes the material of its keys itself (Origin AWS_KMS); {origin} is \
                 not supported."
            ));
        }
        if self.multi_region == Some(true) {
            return unsupported("This server does not support multi-Region keys.".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::action::KmsAction;
    use crate::kms::testing::{fault, read};
    use tidings_keys::KeyCode;

    #[test]
    fn a_plain_key_needs_nothing() {
        let plain = "Change { change: CreateKey { policy: None, description: \"\", tags: [] }, \
                     bypass_lockout_check: false, dry_run: false }";
        for body in [
            "{}",
            r#"{"KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT","Origin":"AWS_KMS"}"#,
            r#"{"CustomerMasterKeySpec":"SYMMETRIC_DEFAULT","MultiRegion":false,"Tags":null}"#,
            r#"{"Unknown":[1,{"a":2}]}"#,
        ] {
            assert_eq!(read(KmsAction::CreateKey, body), plain, "{body}");
        }
        let body = r#"{"Description":"d","Tags":[{"TagKey":"k","TagValue":"v"}],
            "BypassPolicyLockoutSafetyCheck":true}"#;
        assert_eq!(
            read(KmsAction::CreateKey, body),
            "Change { change: CreateKey { policy: None, description: \"d\", \
             tags: [(\"k\", \"v\")] }, bypass_lockout_check: true, dry_run: false }"
        );
    }

    #[test]
    fn other_kinds_of_keys_are_refused() {
        for (body, code, text) in [
            (
                r#"{"KeySpec":"HMAC_256"}"#,
                KeyCode::Validation,
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ),
            (
                r#"{"KeySpec":"HMAC_random"}"#,
                KeyCode::Validation,
                "1 validation error detected: Value 'HMAC_random' at 'keySpec' failed to satisfy \
                 constraint: Member must satisfy enum value set: [RSA_2048, ECC_NIST_P384, \
                 ECC_NIST_P256, ECC_NIST_P521, HMAC_384, RSA_3072, ECC_SECG_P256K1, RSA_4096, \
                 SYMMETRIC_DEFAULT, HMAC_256, HMAC_224, HMAC_512, SM2, ML_DSA_44, ML_DSA_65, \
                 ML_DSA_87, ECC_NIST_EDWARDS25519]",
            ),
            (
                r#"{"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY"}"#,
                KeyCode::UnsupportedOperation,
                "This server keeps symmetric encryption keys (KeySpec SYMMETRIC_DEFAULT) only, not \
                 RSA_2048.",
            ),
            (
                r#"{"KeyUsage":"SIGN_VERIFY"}"#,
                KeyCode::Validation,
                "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT",
            ),
            (
                r#"{"Origin":"EXTERNAL"}"#,
                KeyCode::UnsupportedOperation,
                "This server makes the material of its keys itself (Origin AWS_KMS); EXTERNAL is \
                 not supported.",
            ),
            (
                r#"{"MultiRegion":true}"#,
                KeyCode::UnsupportedOperation,
                "This server does not support multi-Region keys.",
            ),
            (
                r#"{"KeySpec":"SYMMETRIC_DEFAULT","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}"#,
                KeyCode::Validation,
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                 CustomerMasterKeySpec is deprecated.",
            ),
        ] {
            let fault = fault(KmsAction::CreateKey, body);
            assert_eq!((fault.code, fault.text.as_str()), (code, text), "{body}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(
            fault(KmsAction::CreateKey, r#"{"Origin":"X","KeyUsage":"Y"}"#).text,
            "2 validation errors detected: Value 'Y' at 'keyUsage' failed to satisfy constraint: \
             Member must satisfy enum value set: [ENCRYPT_DECRYPT, SIGN_VERIFY, \
             GENERATE_VERIFY_MAC, KEY_AGREEMENT]; Value 'X' at 'origin' failed to satisfy \
             constraint: Member must satisfy enum value set: [EXTERNAL, AWS_KMS, AWS_CLOUDHSM, \
             EXTERNAL_KEY_STORE]"
        );
        let bad = fault(KmsAction::CreateKey, r#"{"Policy":"{}"}"#);
        assert_eq!(bad.code, KeyCode::MalformedPolicyDocument);
        let empty = fault(KmsAction::CreateKey, r#"{"Policy":""}"#);
        assert_eq!(
            empty.text,
            "1 validation error detected: Value '' at 'policy' failed to satisfy constraint: \
             Member must have length greater than or equal to 1"
        );
    }
}
