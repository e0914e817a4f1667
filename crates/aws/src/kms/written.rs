//! Answers, byte for byte: the members that recordings of AWS have, in an order of our own.

use tidings_core::names::{AccountId, Region, Uuid};
use tidings_keys::{
    Blob, Change, Constraints, EncryptionContext, Key, KeyCode, KeyFault, KeyMetadata, KeyStore,
    ManagedBy, NewGrant, Output, Random, Scope,
};
use tidings_seal::MasterKey;
use zeroize::Zeroizing;

use super::output::{self, *};
use crate::action::{Protocol, Service};
use crate::refusal::{Refusal, WireError};

const NOW_MS: u64 = 1_795_442_400_123;
const ID: &str = "01010101-0101-4101-8101-010101010101";
const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/01010101-0101-4101-8101-010101010101";
const MATERIAL: &str = "0101010101010101010101010101010101010101010101010101010101010101";

fn scope() -> Scope {
    Scope {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
    }
}

struct World(KeyStore);

impl World {
    /// With one key, whose id is [`ID`].
    fn new() -> Self {
        let sealer = MasterKey::new([7; 32]).sealer("keys");
        let mut world = Self(KeyStore::load([], sealer).unwrap());
        let (policy, description) = (None, "test key 123".to_owned());
        let tags = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())];
        world.change(Change::CreateKey { policy, description, tags }, 1);
        world
    }

    fn change(&mut self, change: Change, byte: u8) -> Output {
        let random = Random::new([byte; Random::BYTES]);
        let (writes, output) = self.0.decide(change, &scope(), NOW_MS, random).unwrap();
        self.0.apply(&writes).unwrap();
        output
    }

    fn key(&self) -> &Key {
        self.0.find(ID, &scope()).unwrap()
    }
}

#[track_caller]
fn assert_written(output: &impl serde::Serialize, expected: &str) {
    assert_eq!(String::from_utf8(output::body(output)).unwrap(), expected);
}

fn metadata(enabled: bool, state: &str) -> String {
    format!(
        "{{\"KeyMetadata\":{{\"AWSAccountId\":\"111122223333\",\"KeyId\":\"{ID}\",\
         \"Arn\":\"{ARN}\",\"CreationDate\":1795442400.123,\"Enabled\":{enabled},\
         \"Description\":\"test key 123\",\"KeyUsage\":\"ENCRYPT_DECRYPT\",\
         \"KeyState\":{state},\"Origin\":\"AWS_KMS\",\"KeyManager\":\"CUSTOMER\",\
         \"CustomerMasterKeySpec\":\"SYMMETRIC_DEFAULT\",\"KeySpec\":\"SYMMETRIC_DEFAULT\",\
         \"EncryptionAlgorithms\":[\"SYMMETRIC_DEFAULT\"],\"MultiRegion\":false,\
         \"CurrentKeyMaterialId\":\"{MATERIAL}\"}}}}"
    )
}

#[test]
fn a_key_is_described() {
    let mut world = World::new();
    let described = |world: &World| KeyOutput::new(&KeyMetadata::of(world.key()));
    assert_written(&described(&world), &metadata(true, "\"Enabled\""));
    world.change(Change::DisableKey { key: ID.into() }, 2);
    assert_written(&described(&world), &metadata(false, "\"Disabled\""));
    world.change(Change::ScheduleKeyDeletion { key: ID.into(), window_days: 7 }, 2);
    let pending = "\"PendingDeletion\",\"DeletionDate\":1796047200.123";
    assert_written(&described(&world), &metadata(false, pending));
}

#[test]
fn policies_and_rotation_are_told() {
    let mut world = World::new();
    assert_written(
        &PolicyNamesOutput::default(),
        r#"{"PolicyNames":["default"],"Truncated":false}"#,
    );
    let policy = serde_json::to_string(world.key().policy().text()).unwrap();
    let expected = format!("{{\"Policy\":{policy},\"PolicyName\":\"default\"}}");
    assert_written(&PolicyOutput::new(world.key()), &expected);
    let status = |world: &World| RotationStatusOutput::new(world.key());
    let off = format!("{{\"KeyRotationEnabled\":false,\"KeyId\":\"{ID}\"}}");
    assert_written(&status(&world), &off);
    world.change(Change::EnableKeyRotation { key: ID.into(), period_days: 90 }, 2);
    let on = format!(
        "{{\"KeyRotationEnabled\":true,\"KeyId\":\"{ID}\",\"RotationPeriodInDays\":90,\
         \"NextRotationDate\":1803218400.123}}"
    );
    assert_written(&status(&world), &on);
}

#[test]
fn lists_are_written_when_they_are_empty_too() {
    let mut world = World::new();
    world.change(Change::CreateManagedKey(ManagedBy::Sqs), 2);
    let page = |limit| world.0.list_keys(&scope(), None, limit).unwrap();
    let managed = "02020202-0202-4202-8202-020202020202";
    assert_written(
        &KeysOutput::new(&scope(), page(1)),
        &format!(
            "{{\"Keys\":[{{\"KeyId\":\"{ID}\",\"KeyArn\":\"{ARN}\"}}],\
             \"NextMarker\":\"MDEwMTAxMDEtMDEwMS00MTAxLTgxMDEtMDEwMTAxMDEwMTAx\",\
             \"Truncated\":true}}"
        ),
    );
    let aliases = world.0.list_aliases(&scope(), None, None, 10).unwrap();
    let arn = "arn:aws:kms:us-east-1:111122223333:alias/aws";
    assert_written(
        &AliasesOutput::new(aliases),
        &format!(
            "{{\"Aliases\":[{{\"AliasName\":\"alias/aws/sns\",\"AliasArn\":\"{arn}/sns\"}},\
             {{\"AliasName\":\"alias/aws/sqs\",\"AliasArn\":\"{arn}/sqs\",\
             \"TargetKeyId\":\"{managed}\",\"CreationDate\":1795442400.123,\
             \"LastUpdatedDate\":1795442400.123}}],\"Truncated\":false}}"
        ),
    );
    let tags = world.key().list_tags(None, 50).unwrap();
    assert_written(
        &TagsOutput::new(tags),
        "{\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"1\"},{\"TagKey\":\"b\",\"TagValue\":\"\"}],\
         \"Truncated\":false}",
    );
    let rotations = world.key().list_rotations(false, None, 10).unwrap();
    assert_written(
        &RotationsOutput::new(world.key(), rotations),
        r#"{"Rotations":[],"Truncated":false}"#,
    );
    let grants = world.0.list_grants(world.key(), None, None, None, 10).unwrap();
    assert_written(&GrantsOutput::new(world.key(), grants), r#"{"Grants":[],"Truncated":false}"#);
}

#[test]
fn rotations_and_grants_are_listed() {
    let mut world = World::new();
    world.change(Change::RotateKeyOnDemand { key: ID.into() }, 3);
    let rotations = world.key().list_rotations(true, None, 10).unwrap();
    let newer = "03".repeat(32);
    assert_written(
        &RotationsOutput::new(world.key(), rotations),
        &format!(
            "{{\"Rotations\":[{{\"KeyId\":\"{ID}\",\"KeyMaterialId\":\"{MATERIAL}\",\
             \"KeyMaterialState\":\"NON_CURRENT\"}},{{\"KeyId\":\"{ID}\",\
             \"KeyMaterialId\":\"{newer}\",\"KeyMaterialState\":\"CURRENT\",\
             \"RotationDate\":1795442400.123,\"RotationType\":\"ON_DEMAND\"}}],\
             \"Truncated\":false}}"
        ),
    );
    let subset = Some([("a".to_owned(), "b".to_owned())].into());
    let grant = NewGrant {
        name: Some("n".into()),
        grantee: "arn:aws:iam::111122223333:user/ann".into(),
        retiring_principal: None,
        operations: vec!["Decrypt".into()],
        constraints: Constraints { equals: None, subset },
    };
    world.change(Change::CreateGrant { key: ID.into(), grant }, 4);
    let grants = world.0.list_grants(world.key(), None, None, None, 10).unwrap();
    let id = "04".repeat(32);
    assert_written(
        &GrantsOutput::new(world.key(), grants),
        &format!(
            "{{\"Grants\":[{{\"KeyId\":\"{ARN}\",\"GrantId\":\"{id}\",\"Name\":\"n\",\
             \"CreationDate\":1795442400.123,\
             \"GranteePrincipal\":\"arn:aws:iam::111122223333:user/ann\",\
             \"IssuingAccount\":\"arn:aws:iam::111122223333:root\",\"Operations\":[\"Decrypt\"],\
             \"Constraints\":{{\"EncryptionContextSubset\":{{\"a\":\"b\"}}}}}}],\
             \"Truncated\":false}}"
        ),
    );
}

#[test]
fn bytes_travel_as_base64() {
    use base64::Engine;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let world = World::new();
    let (key, context) = (world.key(), EncryptionContext::default());
    let encrypt = || key.encrypt(b"data", &context, [5; 32]).unwrap();
    let encrypted = encrypt();
    let blob = encode(&encrypted.blob);
    let decrypt = || key.decrypt(&Blob::parse(&encrypted.blob).unwrap(), &context).unwrap();
    let algorithm = "\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"";
    assert_written(
        &EncryptOutput::new(key, encrypt()),
        &format!("{{\"CiphertextBlob\":\"{blob}\",\"KeyId\":\"{ARN}\",{algorithm}}}"),
    );
    assert_written(
        &DecryptOutput::new(key, decrypt()),
        &format!(
            "{{\"Plaintext\":\"ZGF0YQ==\",\"KeyId\":\"{ARN}\",{algorithm},\
             \"KeyMaterialId\":\"{MATERIAL}\"}}"
        ),
    );
    assert_written(
        &ReEncryptOutput::new(key, &decrypt(), key, encrypt()),
        &format!(
            "{{\"CiphertextBlob\":\"{blob}\",\"SourceKeyId\":\"{ARN}\",\"KeyId\":\"{ARN}\",\
             \"SourceEncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\",\
             \"DestinationEncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\",\
             \"SourceKeyMaterialId\":\"{MATERIAL}\",\
             \"DestinationKeyMaterialId\":\"{MATERIAL}\"}}"
        ),
    );
    let plaintext = || Zeroizing::new(b"data".to_vec());
    let key_members = format!("\"KeyId\":\"{ARN}\",\"KeyMaterialId\":\"{MATERIAL}\"");
    assert_written(
        &DataKeyOutput::new(key, encrypt(), Some(plaintext())),
        &format!("{{\"CiphertextBlob\":\"{blob}\",\"Plaintext\":\"ZGF0YQ==\",{key_members}}}"),
    );
    assert_written(
        &DataKeyOutput::new(key, encrypt(), None),
        &format!("{{\"CiphertextBlob\":\"{blob}\",{key_members}}}"),
    );
    assert_written(&RandomOutput::new(plaintext()), r#"{"Plaintext":"ZGF0YQ=="}"#);
}

fn told(refusal: &Refusal, service: Service, protocol: Protocol) -> (u16, Option<String>, String) {
    let answer = refusal.answer(service, protocol, Uuid::from_random(0));
    (answer.status, answer.query_error, String::from_utf8(answer.body.into()).unwrap())
}

#[test]
fn errors_of_kms_have_plain_names() {
    let key = |code, text: &str| Refusal::Key(KeyFault::new(code, text));
    for (refusal, status, body) in [
        (
            key(KeyCode::NotFound, "Key 'arn' does not exist"),
            400,
            r#"{"__type":"NotFoundException","message":"Key 'arn' does not exist"}"#,
        ),
        (
            key(KeyCode::InvalidCiphertext, ""),
            400,
            r#"{"__type":"InvalidCiphertextException","message":""}"#,
        ),
        (
            key(KeyCode::AccessDenied, "no"),
            400,
            r#"{"__type":"AccessDeniedException","Message":"no"}"#,
        ),
        (key(KeyCode::Internal, "x"), 500, r#"{"__type":"KMSInternalException","message":"x"}"#),
        (
            WireError::Serialization("x".into()).into(),
            400,
            r#"{"__type":"SerializationException","message":"x"}"#,
        ),
        (
            WireError::InvalidAction { name: "Sign".into() }.into(),
            400,
            "{\"__type\":\"UnknownOperationException\",\"message\":\"The action Sign is not valid \
             for this endpoint.\"}",
        ),
        (
            WireError::Unauthentic(tidings_sigv4::AuthFault::ExpiredToken).into(),
            400,
            "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token included in \
             the request is expired\"}",
        ),
        (
            WireError::ServiceUnavailable("later").into(),
            503,
            r#"{"__type":"ServiceUnavailableException","message":"later"}"#,
        ),
    ] {
        let expected = (status, None, body.to_owned());
        assert_eq!(told(&refusal, Service::Kms, Protocol::Json), expected);
        let answer = refusal.answer(Service::Kms, Protocol::Json, Uuid::from_random(0));
        assert_eq!(answer.content_type, "application/x-amz-json-1.1");
    }
}

/// What a queue or a topic says of a key that it needs.
#[test]
fn queues_and_topics_pass_on_what_keys_say() {
    let refusal: Refusal = KeyFault::new(KeyCode::Disabled, "arn is disabled.").into();
    let text = "arn is disabled. (Service: AWSKMS; Status Code: 400; Error Code: \
                DisabledException; Request ID: 00000000-0000-4000-8000-000000000000; Proxy: null)";
    let expected = (
        400,
        Some("KMS.DisabledException;Sender".to_owned()),
        format!("{{\"__type\":\"com.amazonaws.sqs#KmsDisabled\",\"message\":\"{text}\"}}"),
    );
    assert_eq!(told(&refusal, Service::Sqs, Protocol::Json), expected);
    for (service, code) in [(Service::Sqs, "KMS.DisabledException"), (Service::Sns, "KMSDisabled")]
    {
        let (status, _, body) = told(&refusal, service, Protocol::Query);
        assert_eq!(status, 400);
        let error = format!("<Code>{code}</Code><Message>{text}</Message>");
        assert!(body.contains(&error), "{body}");
    }
}
