//! What the tests of KMS's actions share, and tests of all of them.

use tidings_keys::KeyFault;

use super::KmsRequest;
use crate::action::KmsAction;
use crate::refusal::Refusal;

/// What a request asks, printed: it does not compare.
pub(crate) fn read(action: KmsAction, body: &str) -> String {
    match KmsRequest::read(action, body.as_bytes()) {
        Ok(request) => format!("{request:?}"),
        Err(refusal) => panic!("{action:?} of {body}: {refusal:?}"),
    }
}

/// What is wrong with a request.
pub(crate) fn fault(action: KmsAction, body: &str) -> KeyFault {
    match KmsRequest::read(action, body.as_bytes()) {
        Err(Refusal::Key(fault)) => fault,
        other => panic!("{action:?} of {body}: {other:?}"),
    }
}

mod tests {
    use proptest::prelude::*;
    use tidings_keys::KeyCode;

    use super::*;
    use crate::refusal::WireError;

    /// The same for every member that is missing; two of them are told together.
    #[test]
    fn members_that_must_be_there_are_asked_for() {
        use KmsAction as A;
        let null = |member: &str| {
            format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            )
        };
        for &action in KmsAction::ALL {
            let members: &[&str] = match action {
                A::CreateKey
                | A::ListAliases
                | A::ListKeys
                | A::GenerateRandom
                | A::RetireGrant => {
                    continue;
                }
                A::CreateAlias | A::UpdateAlias => &["aliasName", "targetKeyId"],
                A::DeleteAlias => &["aliasName"],
                A::CreateGrant => &["keyId", "granteePrincipal", "operations"],
                A::Decrypt => &["ciphertextBlob"],
                A::ReEncrypt => &["ciphertextBlob", "destinationKeyId"],
                A::Encrypt => &["keyId", "plaintext"],
                A::PutKeyPolicy => &["keyId", "policy"],
                A::RevokeGrant => &["keyId", "grantId"],
                A::TagResource => &["keyId", "tags"],
                A::UntagResource => &["keyId", "tagKeys"],
                A::UpdateKeyDescription => &["keyId", "description"],
                _ => &["keyId"],
            };
            let told = members.iter().map(|member| null(member)).collect::<Vec<_>>().join("; ");
            let plural = if members.len() == 1 { "" } else { "s" };
            let text = format!("{} validation error{plural} detected: {told}", members.len());
            assert_eq!(fault(action, "{}"), KeyFault::validation(text), "{action:?}");
        }
    }

    #[test]
    fn every_action_reads_one_object() {
        for &action in KmsAction::ALL {
            for body in ["", "[]", "null", "5", "\"{}\"", "{", "{}{}", r#"{"KeyId":5}"#] {
                if body.contains("KeyId")
                    && matches!(
                        action,
                        KmsAction::CreateKey
                            | KmsAction::CreateAlias
                            | KmsAction::UpdateAlias
                            | KmsAction::DeleteAlias
                    )
                {
                    continue;
                }
                let refused = KmsRequest::read(action, body.as_bytes());
                let is_serialization =
                    matches!(refused, Err(Refusal::Wire(WireError::Serialization(_))));
                assert!(is_serialization, "{action:?} of {body}: {refused:?}");
            }
        }
    }

    #[test]
    fn actions_of_one_key_take_its_name() {
        for (action, asked) in [
            (KmsAction::EnableKey, "EnableKey { key: \"k\" }"),
            (KmsAction::DisableKey, "DisableKey { key: \"k\" }"),
            (KmsAction::CancelKeyDeletion, "CancelKeyDeletion { key: \"k\" }"),
            (KmsAction::DisableKeyRotation, "DisableKeyRotation { key: \"k\" }"),
            (KmsAction::RotateKeyOnDemand, "RotateKeyOnDemand { key: \"k\" }"),
            (KmsAction::ScheduleKeyDeletion, "ScheduleKeyDeletion { key: \"k\", window_days: 30 }"),
            (KmsAction::EnableKeyRotation, "EnableKeyRotation { key: \"k\", period_days: 365 }"),
        ] {
            let expected = format!(
                "Change {{ change: {asked}, bypass_lockout_check: false, dry_run: false }}"
            );
            assert_eq!(read(action, r#"{"KeyId":"k","Unknown":1}"#), expected);
        }
        for (action, asked) in [
            (KmsAction::DescribeKey, r#"DescribeKey { key: "k" }"#),
            (KmsAction::GetKeyPolicy, r#"GetKeyPolicy { key: "k" }"#),
            (KmsAction::GetKeyRotationStatus, r#"GetKeyRotationStatus { key: "k" }"#),
            (KmsAction::ListKeyPolicies, r#"ListKeyPolicies { key: "k" }"#),
        ] {
            assert_eq!(read(action, r#"{"KeyId":"k","GrantTokens":["t"]}"#), asked);
        }
    }

    #[test]
    fn numbers_and_lengths_are_bounded() {
        use KmsAction as A;
        let constraint = |value: &str, member: &str, must: &str| {
            format!(
                "1 validation error detected: Value '{value}' at '{member}' failed to satisfy \
                 constraint: Member must have {must}"
            )
        };
        let ge = |bound: u32| format!("value greater than or equal to {bound}");
        let le = |bound: u32| format!("value less than or equal to {bound}");
        for (action, members, text) in [
            (A::GenerateRandom, r#""NumberOfBytes":0"#, constraint("0", "numberOfBytes", &ge(1))),
            (
                A::GenerateRandom,
                r#""NumberOfBytes":1025"#,
                constraint("1025", "numberOfBytes", &le(1024)),
            ),
            (
                A::GenerateDataKey,
                r#""NumberOfBytes":9223372036854775807"#,
                constraint("9223372036854775807", "numberOfBytes", &le(1024)),
            ),
            (
                A::GenerateDataKey,
                r#""NumberOfBytes":-5"#,
                constraint("-5", "numberOfBytes", &ge(1)),
            ),
            (
                A::ScheduleKeyDeletion,
                r#""PendingWindowInDays":6"#,
                constraint("6", "pendingWindowInDays", &ge(7)),
            ),
            (
                A::ScheduleKeyDeletion,
                r#""PendingWindowInDays":31"#,
                constraint("31", "pendingWindowInDays", &le(30)),
            ),
            (
                A::EnableKeyRotation,
                r#""RotationPeriodInDays":89"#,
                constraint("89", "rotationPeriodInDays", &ge(90)),
            ),
            (
                A::EnableKeyRotation,
                r#""RotationPeriodInDays":2561"#,
                constraint("2561", "rotationPeriodInDays", &le(2560)),
            ),
            (A::ListKeys, r#""Limit":1001"#, constraint("1001", "limit", &le(1000))),
            (A::ListAliases, r#""Limit":101"#, constraint("101", "limit", &le(100))),
            (A::ListResourceTags, r#""Limit":51"#, constraint("51", "limit", &le(50))),
            (A::ListGrants, r#""Limit":0"#, constraint("0", "limit", &ge(1))),
        ] {
            let body = format!(r#"{{"KeyId":"k",{members}}}"#);
            assert_eq!(fault(action, &body), KeyFault::validation(text), "{body}");
        }
        assert_eq!(
            fault(A::DescribeKey, r#"{"KeyId":""}"#).text,
            "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member \
             must have length greater than or equal to 1"
        );
        assert_eq!(fault(A::GenerateRandom, "{}").text, "NumberOfBytes is required.");
    }

    #[test]
    fn what_is_too_long_is_not_repeated_whole() {
        let body = format!(r#"{{"KeyId":"{}"}}"#, "k".repeat(500_000));
        assert!(fault(KmsAction::DescribeKey, &body).text.len() < 2000);
        let tag = format!(r#"{{"TagKey":"{}","TagValue":""}}"#, "<".repeat(1000));
        let body = format!(r#"{{"KeyId":"k","Tags":[{}]}}"#, vec![tag; 1000].join(","));
        let text = fault(KmsAction::TagResource, &body).text;
        assert!(text.starts_with("20 validation errors detected: ") && text.len() < 30_000);
    }

    /// As recorded: a plaintext is not repeated in an error.
    #[test]
    fn plaintexts_are_bounded_and_do_not_show() {
        let body = |bytes: usize| {
            use base64::Engine;
            let plaintext = base64::engine::general_purpose::STANDARD.encode(vec![0; bytes]);
            format!(r#"{{"KeyId":"k","Plaintext":"{plaintext}"}}"#)
        };
        assert_eq!(
            fault(KmsAction::Encrypt, &body(4097)).text,
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: \
             Member must have length less than or equal to 4096"
        );
        assert_eq!(
            fault(KmsAction::Encrypt, &body(0)).text,
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: \
             Member must have length greater than or equal to 1"
        );
        assert!(KmsRequest::read(KmsAction::Encrypt, body(4096).as_bytes()).is_ok());
    }

    #[test]
    fn data_keys_are_as_long_as_one_member_says() {
        let either = "Please specify either number of bytes or key spec.";
        for (members, expected) in [
            (r#""KeySpec":"AES_256""#, Ok("bytes: 32")),
            (r#""KeySpec":"AES_128""#, Ok("bytes: 16")),
            (r#""NumberOfBytes":64"#, Ok("bytes: 64")),
            (r#""KeySpec":"AES_128","NumberOfBytes":16"#, Err(either)),
            (r#""Unknown":1"#, Err(either)),
            (
                r#""KeySpec":"AES_512""#,
                Err("1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy \
                     constraint: Member must satisfy enum value set: [AES_256, AES_128]"),
            ),
        ] {
            let body = format!(r#"{{"KeyId":"k",{members}}}"#);
            match expected {
                Ok(part) => assert!(read(KmsAction::GenerateDataKey, &body).contains(part)),
                Err(text) => assert_eq!(fault(KmsAction::GenerateDataKey, &body).text, text),
            }
        }
    }

    #[test]
    fn a_symmetric_key_has_one_algorithm() {
        let body = |name: &str| {
            format!(r#"{{"KeyId":"k","Plaintext":"AA==","EncryptionAlgorithm":"{name}"}}"#)
        };
        assert!(KmsRequest::read(KmsAction::Encrypt, body("SYMMETRIC_DEFAULT").as_bytes()).is_ok());
        let fault_of = |name: &str| fault(KmsAction::Encrypt, &body(name));
        assert_eq!(fault_of("SM2PKE").code, KeyCode::InvalidKeyUsage);
        assert_eq!(fault_of("ROT13").code, KeyCode::Validation);
    }

    #[test]
    fn encryption_contexts_are_read_and_bounded() {
        let body = |context: &str| {
            format!(r#"{{"CiphertextBlob":"AA==","EncryptionContext":{context},"DryRun":true}}"#)
        };
        assert_eq!(
            read(KmsAction::Decrypt, &body(r#"{"b":"1","a":"2"}"#)),
            "Decrypt(Decrypt { blob: [0], key: None, context: EncryptionContext({\"a\": \"2\", \
             \"b\": \"1\"}), dry_run: true })"
        );
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(8192));
        assert_eq!(fault(KmsAction::Decrypt, &body(&long)).code, KeyCode::Validation);
    }

    #[test]
    fn grants_are_read() {
        let body = r#"{"KeyId":"k","GranteePrincipal":"arn:aws:iam::111122223333:user/ann",
            "Operations":["Decrypt"],"Name":"n","Constraints":{"EncryptionContextSubset":{"a":"b"}},
            "RetiringPrincipal":"arn:aws:sts::111122223333:assumed-role/r/s","DryRun":true}"#;
        assert_eq!(
            read(KmsAction::CreateGrant, body),
            "Change { change: CreateGrant { key: \"k\", grant: NewGrant { name: Some(\"n\"), \
             grantee: \"arn:aws:iam::111122223333:user/ann\", retiring_principal: \
             Some(\"arn:aws:sts::111122223333:assumed-role/r/s\"), operations: [\"Decrypt\"], \
             constraints: Constraints { equals: None, subset: Some({\"a\": \"b\"}) } } }, \
             bypass_lockout_check: false, dry_run: true }"
        );
        let pairs: Vec<String> = (0..9).map(|n| format!(r#""{n}":"""#)).collect();
        let many =
            format!(r#""Constraints":{{"EncryptionContextEquals":{{{}}}}}"#, pairs.join(","));
        let ann = r#""GranteePrincipal":"arn:aws:iam::111122223333:user/ann""#;
        for (members, code) in [
            (format!(r#"{ann},"Operations":["Dance"]"#), KeyCode::Validation),
            (format!(r#"{ann},"Operations":[]"#), KeyCode::Validation),
            (format!(r#"{ann},"Operations":["Decrypt"],{many}"#), KeyCode::Validation),
            (r#""GranteePrincipal":"ann","Operations":["Decrypt"]"#.into(), KeyCode::InvalidArn),
        ] {
            let body = format!(r#"{{"KeyId":"k",{members}}}"#);
            assert_eq!(fault(KmsAction::CreateGrant, &body).code, code, "{body}");
        }
        for body in [r#"{"KeyId":"k"}"#, r#"{"GrantId":"g"}"#, "{}"] {
            assert_eq!(fault(KmsAction::RetireGrant, body).code, KeyCode::Validation);
        }
    }

    #[test]
    fn tags_have_names_of_their_own() {
        let body = |tags: &str| format!(r#"{{"KeyId":"k","Tags":[{tags}]}}"#);
        assert!(
            read(KmsAction::TagResource, &body(r#"{"TagKey":"a b","TagValue":""}"#))
                .contains(r#"tags: [("a b", "")]"#)
        );
        for tags in [
            r#"{"Key":"a","Value":"b"}"#,
            r#"{"TagKey":"","TagValue":""}"#,
            r#"{"TagKey":"a\n","TagValue":""}"#,
            r#"{"TagKey":"a","TagValue":"<"}"#,
            &format!(r#"{{"TagKey":"{}","TagValue":""}}"#, "a".repeat(129)),
            &format!(r#"{{"TagKey":"a","TagValue":"{}"}}"#, "a".repeat(257)),
        ] {
            assert_eq!(fault(KmsAction::TagResource, &body(tags)).code, KeyCode::Validation);
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(which in 0..33_usize, body in ".{0,80}") {
            let _ = KmsRequest::read(KmsAction::ALL[which], body.as_bytes());
        }

        #[test]
        fn any_members_are_read_or_refused(
            which in 0..33_usize,
            key in ".{0,20}",
            number: i64,
            text in ".{0,20}",
        ) {
            let body = serde_json::json!({
                "KeyId": key, "AliasName": text, "TargetKeyId": key, "NumberOfBytes": number,
                "Limit": number, "Marker": text, "PendingWindowInDays": number,
                "RotationPeriodInDays": number, "Policy": text, "Description": text,
                "Tags": [{"TagKey": text, "TagValue": key}], "TagKeys": [text],
                "GranteePrincipal": text, "Operations": [text], "GrantId": text,
                "CiphertextBlob": "AAAA", "Plaintext": "AAAA", "EncryptionContext": {&text: key},
            });
            let _ = KmsRequest::read(KmsAction::ALL[which], body.to_string().as_bytes());
        }
    }
}
