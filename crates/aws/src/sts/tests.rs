use tidings_core::names::AccountId;
use tidings_identity::{Directory, RANDOM_BYTES, Random, Seals};
use tidings_seal::MasterKey;

use super::*;
use crate::query::Form;

fn seals() -> Seals {
    Seals::new(|purpose| MasterKey::new([7; 32]).sealer(purpose))
}

fn account() -> AccountId {
    AccountId::parse("123456789012").unwrap()
}

#[track_caller]
fn assert_written(action: StsAction, answered: &Answered<'_>, members: &str) {
    let name = action.name();
    let expected = format!(
        "<?xml version=\"1.0\"?><{name}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <{name}Result>{members}</{name}Result><ResponseMetadata>\
         <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>\
         </{name}Response>"
    );
    let body = body(action, Uuid::from_random(0), answered);
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn parameters_are_read() {
    let form = "RoleArn=r&RoleSessionName=s&DurationSeconds=900&Policy=%7B%7D\
                &PolicyArns.member.1.arn=a&Tags.member.1.Key=k&Tags.member.1.Value=v\
                &TransitiveTagKeys.member.1=k&ExternalId=e&SourceIdentity=i&Name=n&AccessKeyId=AKIA";
    let form = Form::read(form.as_bytes(), "").unwrap();
    let fields = form.fields();
    assert_eq!(
        format!("{:?}", assume_role(&fields).unwrap()),
        r#"AssumeRole { role_arn: "r", session_name: "s", seconds: Some(900), policy: Some("{}"), policy_arns: ["a"], tags: [("k", "v")], transitive_keys: ["k"], external_id: Some("e"), source_identity: Some("i"), has_mfa: false }"#
    );
    assert_eq!(
        format!("{:?}", federation_token(&fields).unwrap()),
        r#"GetFederationToken { name: "n", seconds: Some(900), policy: Some("{}"), policy_arns: ["a"], tags: [("k", "v")] }"#
    );
    assert_eq!(session_token(&fields), Ok(GetSessionToken { seconds: Some(900), has_mfa: false }));
    assert_eq!(access_key_id(&fields).unwrap(), "AKIA");
    let form = Form::read(b"TokenCode=1", "").unwrap();
    assert!(session_token(&form.fields()).unwrap().has_mfa);
    let told = assume_role(&form.fields()).unwrap_err().text(Protocol::Query);
    assert_eq!(
        told,
        "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: \
         Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: \
         Member must not be null"
    );
}

fn token() -> TemporaryCredentials {
    let none: [(&str, &[u8]); 0] = [];
    let directory = Directory::load(none, seals()).unwrap();
    let (root, random) = (Principal::root(account()), Random::new([0; RANDOM_BYTES]));
    directory.session_token(&root, None, false, 1_767_323_045_000, &random).unwrap()
}

fn written(token: &TemporaryCredentials) -> String {
    format!(
        "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>",
        token.access_key_id,
        token.secret.as_str(),
        token.session_token.as_str()
    )
}

#[test]
fn answers_are_written() {
    let root = Principal::root(account());
    assert_written(
        StsAction::GetCallerIdentity,
        &Answered::Caller(&root),
        "<Arn>arn:aws:iam::123456789012:root</Arn><UserId>123456789012</UserId>\
         <Account>123456789012</Account>",
    );
    let credentials = written(&token());
    assert_written(StsAction::GetSessionToken, &Answered::Token(token()), &credentials);
    let role = |packed_percent, source_identity| {
        Answered::Role(AssumedRole {
            credentials: token(),
            id: "AROA2:s".into(),
            arn: "arn:aws:sts::123456789012:assumed-role/r/s".into(),
            packed_percent,
            source_identity,
        })
    };
    let user = "<AssumedRoleUser><AssumedRoleId>AROA2:s</AssumedRoleId>\
                <Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>";
    let members = format!("{user}{credentials}");
    assert_written(StsAction::AssumeRole, &role(None, None), &members);
    let members = format!(
        "{members}<PackedPolicySize>6</PackedPolicySize><SourceIdentity>ann</SourceIdentity>"
    );
    assert_written(StsAction::AssumeRole, &role(Some(6), Some("ann".into())), &members);
    let federated = Answered::Federated(FederatedUser {
        credentials: token(),
        id: "123456789012:n".into(),
        arn: "arn:aws:sts::123456789012:federated-user/n".into(),
        packed_percent: None,
    });
    let members = format!(
        "{credentials}<FederatedUser><FederatedUserId>123456789012:n</FederatedUserId>\
         <Arn>arn:aws:sts::123456789012:federated-user/n</Arn></FederatedUser>\
         <PackedPolicySize>0</PackedPolicySize>"
    );
    assert_written(StsAction::GetFederationToken, &federated, &members);
    let members = "<Account>123456789012</Account>";
    assert_written(StsAction::GetAccessKeyInfo, &Answered::Account(account()), members);
}
