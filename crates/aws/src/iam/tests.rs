use proptest::prelude::*;
use proptest::sample::select;
use tidings_core::names::AccountId;
use tidings_identity::operations::{
    AccessKeyView, AttachedPolicy, EntityView, GroupView, HolderKind, LastUseView, Page,
    PolicyView, RoleView, UserView, VersionView,
};
use tidings_identity::{Directory, RANDOM_BYTES, Random, Seals};
use tidings_seal::MasterKey;

use super::*;
use crate::query::Form;
use crate::response::without_result;

fn seals() -> Seals {
    Seals::new(|purpose| MasterKey::new([7; 32]).sealer(purpose))
}

const NOW_MS: u64 = 1_767_323_045_678;
const NOW: &str = "2026-01-02T03:04:05Z";

fn read(action: IamAction, form: &str) -> Result<String, Refusal> {
    let form = Form::read(form.as_bytes(), "")?;
    operation(action, &form.fields()).map(|operation| format!("{operation:?}"))
}

/// An answer is written as expected.
#[track_caller]
fn assert_written(action: IamAction, output: &Output, members: &str) {
    let name = action.name();
    let result = match members {
        "" => format!("<{name}Result/>"),
        members => format!("<{name}Result>{members}</{name}Result>"),
    };
    let expected = format!(
        "<?xml version=\"1.0\"?><{name}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
         {result}<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId>\
         </ResponseMetadata></{name}Response>"
    );
    let body = body(action, Uuid::from_random(0), output);
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn parameters_are_read() {
    use IamAction as A;
    let page = "page: PageRequest { marker: Some(\"m\"), max: Some(7) }";
    let all = "UserName=u&GroupName=g&RoleName=r&PolicyName=p&PolicyArn=a&VersionId=v1&Path=/x/\
               &PathPrefix=/y/&NewUserName=nu&NewGroupName=ng&NewPath=/n/&AccessKeyId=AKIA\
               &Status=Active&PolicyDocument=%7B%7D&AssumeRolePolicyDocument=%7B%22t%22%7D\
               &Description=d&MaxSessionDuration=3600&PermissionsBoundary=b&SetAsDefault=true\
               &OnlyAttached=true&Scope=Local&EntityFilter=User&PolicyUsageFilter=f&Marker=m\
               &MaxItems=7&TagKeys.member.1=k&Tags.member.1.Key=k&Tags.member.1.Value=v\
               &Tags.member.2.Key=l";
    let tags = r#"tags: [("k", "v"), ("l", "")]"#;
    let holder = |kind: &str| {
        let name = &kind[..1].to_lowercase();
        format!("holder: Holder {{ kind: {kind}, name: {name:?} }}")
    };
    for (action, expected) in [
        (
            A::CreateUser,
            format!(
                r#"CreateUser {{ name: "u", path: Some("/x/"), boundary: Some("b"), {tags} }}"#
            ),
        ),
        (A::GetUser, text(r#"GetUser { name: Some("u") }"#)),
        (A::ListUsers, format!(r#"ListUsers {{ path_prefix: Some("/y/"), {page} }}"#)),
        (
            A::UpdateUser,
            text(r#"UpdateUser { name: "u", new_name: Some("nu"), new_path: Some("/n/") }"#),
        ),
        (A::CreateAccessKey, text(r#"CreateAccessKey { user: Some("u") }"#)),
        (
            A::UpdateAccessKey,
            text(r#"UpdateAccessKey { user: Some("u"), id: "AKIA", status: "Active" }"#),
        ),
        (
            A::UpdateGroup,
            text(r#"UpdateGroup { name: "g", new_name: Some("ng"), new_path: Some("/n/") }"#),
        ),
        (A::AddUserToGroup, text(r#"AddUserToGroup { group: "g", user: "u" }"#)),
        (A::ListGroupsForUser, format!(r#"ListGroupsForUser {{ user: "u", {page} }}"#)),
        (
            A::CreateRole,
            format!(
                r#"CreateRole(CreateRole {{ name: "r", path: Some("/x/"), trust_policy: "{{\"t\"}}", description: Some("d"), session_seconds_max: Some(3600), boundary: Some("b"), {tags} }})"#
            ),
        ),
        (
            A::UpdateRole,
            text(
                r#"UpdateRole { name: "r", description: Some("d"), session_seconds_max: Some(3600) }"#,
            ),
        ),
        (
            A::UpdateAssumeRolePolicy,
            text(r#"UpdateAssumeRolePolicy { name: "r", document: "{}" }"#),
        ),
        (
            A::PutUserPolicy,
            format!(r#"PutInlinePolicy {{ {}, name: "p", document: "{{}}" }}"#, holder("User")),
        ),
        (A::GetGroupPolicy, format!(r#"GetInlinePolicy {{ {}, name: "p" }}"#, holder("Group"))),
        (A::ListRolePolicies, format!(r#"ListInlinePolicies {{ {}, {page} }}"#, holder("Role"))),
        (A::AttachRolePolicy, format!(r#"AttachPolicy {{ {}, arn: "a" }}"#, holder("Role"))),
        (
            A::ListAttachedUserPolicies,
            format!(
                r#"ListAttachedPolicies {{ {}, path_prefix: Some("/y/"), {page} }}"#,
                holder("User")
            ),
        ),
        (
            A::CreatePolicy,
            format!(
                r#"CreatePolicy(CreatePolicy {{ name: "p", path: Some("/x/"), document: "{{}}", description: Some("d"), {tags} }})"#
            ),
        ),
        (
            A::ListPolicies,
            format!(
                r#"ListPolicies {{ scope: Local, only_attached: true, path_prefix: Some("/y/"), {page} }}"#
            ),
        ),
        (
            A::CreatePolicyVersion,
            text(r#"CreatePolicyVersion { arn: "a", document: "{}", is_default: true }"#),
        ),
        (
            A::ListEntitiesForPolicy,
            format!(
                r#"ListEntitiesForPolicy {{ arn: "a", kind: Some("User"), path_prefix: Some("/y/"), usage: Some("f"), {page} }}"#
            ),
        ),
        (
            A::PutRolePermissionsBoundary,
            format!(r#"PutBoundary {{ {}, arn: "b" }}"#, holder("Role")),
        ),
        (A::TagPolicy, format!(r#"Tag {{ tagged: Policy("a"), {tags} }}"#)),
        (A::UntagUser, text(r#"Untag { tagged: User("u"), keys: ["k"] }"#)),
        (A::ListRoleTags, format!(r#"ListTags {{ tagged: Role("r"), {page} }}"#)),
        (A::GetAccountSummary, text("GetAccountSummary")),
    ] {
        assert_eq!(read(action, all), Ok(expected));
    }
    // Each action is the operation that its permission is asked for by.
    let form = Form::read(all.as_bytes(), "").unwrap();
    for &action in IamAction::ALL {
        let operation = operation(action, &form.fields()).unwrap();
        assert_eq!(operation.name(), action.name());
        assert!(tidings_access::required("iam", action.name()).is_some(), "{}", action.name());
    }
}

#[test]
fn what_is_missing_is_named() {
    let told = |action, form: &str| match read(action, form).unwrap_err() {
        Refusal::Identity(fault) => format!("{}: {}", fault.code.name(), fault.text),
        other => format!("{other:?}"),
    };
    assert_eq!(
        told(IamAction::CreateUser, ""),
        "ValidationError: 1 validation error detected: Value at 'userName' failed to satisfy \
         constraint: Member must not be null"
    );
    assert_eq!(
        told(IamAction::PutRolePolicy, "RoleName=r"),
        "ValidationError: 2 validation errors detected: Value at 'policyName' failed to satisfy \
         constraint: Member must not be null; Value at 'policyDocument' failed to satisfy \
         constraint: Member must not be null"
    );
    for form in ["MaxItems=x", "OnlyAttached=yes"] {
        assert!(told(IamAction::ListPolicies, form).starts_with("Wire(Serialization("), "{form}");
    }
}

fn user() -> UserView {
    UserView {
        path: Some(text("/staff/")),
        name: Some(text("ann")),
        id: text("AIDA2"),
        arn: text("arn:aws:iam::123456789012:user/staff/ann"),
        created_at_ms: NOW_MS,
        boundary: Some(text("arn:aws:iam::aws:policy/ReadOnlyAccess")),
        tags: vec![(text("k"), text("<v>"))],
    }
}

#[test]
fn users_are_written() {
    let members = format!(
        "<User><Path>/staff/</Path><UserName>ann</UserName><UserId>AIDA2</UserId>\
         <Arn>arn:aws:iam::123456789012:user/staff/ann</Arn><CreateDate>{NOW}</CreateDate>\
         <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PermissionsBoundaryArn>\
         </PermissionsBoundary><Tags><member><Key>k</Key><Value>&lt;v&gt;</Value></member></Tags>\
         </User>"
    );
    assert_written(IamAction::GetUser, &Output::User(user()), &members);
    let root = UserView {
        path: None,
        name: None,
        id: text("123456789012"),
        arn: text("arn:aws:iam::123456789012:root"),
        created_at_ms: NOW_MS,
        boundary: None,
        tags: Vec::new(),
    };
    let member = format!(
        "<UserId>123456789012</UserId><Arn>arn:aws:iam::123456789012:root</Arn>\
         <CreateDate>{NOW}</CreateDate>"
    );
    assert_written(
        IamAction::GetUser,
        &Output::User(root.clone()),
        &format!("<User>{member}</User>"),
    );
    let page = Page { items: vec![root], marker: Some(text("bQ==")) };
    let members = format!(
        "<Users><member>{member}</member></Users><IsTruncated>true</IsTruncated>\
         <Marker>bQ==</Marker>"
    );
    assert_written(IamAction::ListUsers, &Output::Users(page), &members);
    let none = Output::Users(Page { items: Vec::new(), marker: None });
    let members = "<Users/><IsTruncated>false</IsTruncated>";
    assert_written(IamAction::ListUsers, &none, members);
}

#[test]
fn access_keys_are_written() {
    let none: [(&str, &[u8]); 0] = [];
    let directory = Directory::load(none, seals()).unwrap();
    let account = AccountId::parse("123456789012").unwrap();
    let random = Random::new([0; RANDOM_BYTES]);
    let (_, key) = directory.create_root_key(account, NOW_MS, &random).unwrap();
    let members = format!(
        "<AccessKey><AccessKeyId>{}</AccessKeyId><Status>Active</Status><SecretAccessKey>\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA</SecretAccessKey><CreateDate>{NOW}</CreateDate>\
         </AccessKey>",
        key.id
    );
    assert_written(IamAction::CreateAccessKey, &Output::NewAccessKey(key), &members);
    let view = AccessKeyView {
        user_name: Some(text("ann")),
        id: text("AKIA2"),
        status: "Inactive",
        created_at_ms: NOW_MS,
    };
    let page = Page { items: vec![view], marker: None };
    let members = format!(
        "<AccessKeyMetadata><member><UserName>ann</UserName><AccessKeyId>AKIA2</AccessKeyId>\
         <Status>Inactive</Status><CreateDate>{NOW}</CreateDate></member></AccessKeyMetadata>\
         <IsTruncated>false</IsTruncated>"
    );
    assert_written(IamAction::ListAccessKeys, &Output::AccessKeys(page), &members);
    let used = |at_ms| {
        Output::LastUse(LastUseView {
            user_name: Some(text("ann")),
            at_ms,
            service: text("sqs"),
            region: text("eu-west-1"),
        })
    };
    let members = |date: &str| {
        format!(
            "<UserName>ann</UserName><AccessKeyLastUsed><Region>eu-west-1</Region>\
             <ServiceName>sqs</ServiceName>{date}</AccessKeyLastUsed>"
        )
    };
    assert_written(IamAction::GetAccessKeyLastUsed, &used(None), &members(""));
    let date = format!("<LastUsedDate>{NOW}</LastUsedDate>");
    assert_written(IamAction::GetAccessKeyLastUsed, &used(Some(NOW_MS)), &members(&date));
}

#[test]
fn groups_are_written() {
    let group = || GroupView {
        path: text("/"),
        name: text("ops"),
        id: text("AGPA2"),
        arn: text("arn:aws:iam::123456789012:group/ops"),
        created_at_ms: NOW_MS,
    };
    let member = format!(
        "<Path>/</Path><GroupName>ops</GroupName><GroupId>AGPA2</GroupId>\
         <Arn>arn:aws:iam::123456789012:group/ops</Arn><CreateDate>{NOW}</CreateDate>"
    );
    let members = format!("<Group>{member}</Group>");
    assert_written(IamAction::CreateGroup, &Output::Group(group()), &members);
    let nobody = Page { items: Vec::new(), marker: None };
    let members = format!("<Group>{member}</Group><Users/><IsTruncated>false</IsTruncated>");
    assert_written(IamAction::GetGroup, &Output::Members(group(), nobody), &members);
    let page = Page { items: vec![group()], marker: None };
    let members =
        format!("<Groups><member>{member}</member></Groups><IsTruncated>false</IsTruncated>");
    assert_written(IamAction::ListGroupsForUser, &Output::Groups(page), &members);
}

#[test]
fn roles_are_written() {
    let role = RoleView {
        path: text("/"),
        name: text("reader"),
        id: text("AROA2"),
        arn: text("arn:aws:iam::123456789012:role/reader"),
        created_at_ms: NOW_MS,
        trust_policy: text("{\"A\":\"é -._~*\"}"),
        description: Some(text("d")),
        session_seconds_max: Some(3_600),
        boundary: None,
        tags: Vec::new(),
        shows_last_use: true,
    };
    let begin = format!(
        "<Path>/</Path><RoleName>reader</RoleName><RoleId>AROA2</RoleId>\
         <Arn>arn:aws:iam::123456789012:role/reader</Arn><CreateDate>{NOW}</CreateDate>\
         <AssumeRolePolicyDocument>%7B%22A%22%3A%22%C3%A9%20-._~%2A%22%7D\
         </AssumeRolePolicyDocument>"
    );
    let members = format!(
        "<Role>{begin}<Description>d</Description><MaxSessionDuration>3600</MaxSessionDuration>\
         <RoleLastUsed/></Role>"
    );
    assert_written(IamAction::GetRole, &Output::Role(role.clone()), &members);
    let listed =
        RoleView { description: None, session_seconds_max: None, shows_last_use: false, ..role };
    let page = Page { items: vec![listed], marker: None };
    let members =
        format!("<Roles><member>{begin}</member></Roles><IsTruncated>false</IsTruncated>");
    assert_written(IamAction::ListRoles, &Output::Roles(page), &members);
}

#[test]
fn policies_are_written() {
    let arn = "arn:aws:iam::123456789012:policy/p";
    let policy = |tags| PolicyView {
        name: text("p"),
        id: text("ANPA2"),
        arn: text(arn),
        path: text("/"),
        default_version: 2,
        attachment_count: 3,
        boundary_count: 1,
        description: None,
        created_at_ms: NOW_MS,
        updated_at_ms: NOW_MS,
        tags,
    };
    let member = format!(
        "<PolicyName>p</PolicyName><PolicyId>ANPA2</PolicyId><Arn>{arn}</Arn><Path>/</Path>\
         <DefaultVersionId>v2</DefaultVersionId><AttachmentCount>3</AttachmentCount>\
         <PermissionsBoundaryUsageCount>1</PermissionsBoundaryUsageCount>\
         <IsAttachable>true</IsAttachable><CreateDate>{NOW}</CreateDate>\
         <UpdateDate>{NOW}</UpdateDate>"
    );
    let members = format!("<Policy>{member}<Tags/></Policy>");
    assert_written(IamAction::GetPolicy, &Output::Policy(policy(Some(Vec::new()))), &members);
    let page = Page { items: vec![policy(None)], marker: None };
    let members =
        format!("<Policies><member>{member}</member></Policies><IsTruncated>false</IsTruncated>");
    assert_written(IamAction::ListPolicies, &Output::Policies(page), &members);
    let version = VersionView {
        document: Some(text("{}")),
        number: 2,
        is_default: true,
        created_at_ms: NOW_MS,
    };
    let members = format!(
        "<PolicyVersion><Document>%7B%7D</Document><VersionId>v2</VersionId>\
         <IsDefaultVersion>true</IsDefaultVersion><CreateDate>{NOW}</CreateDate></PolicyVersion>"
    );
    assert_written(IamAction::GetPolicyVersion, &Output::Version(version), &members);
    let inline = Output::Inline {
        kind: HolderKind::Role,
        holder: text("r"),
        name: text("p"),
        document: text("{ }"),
    };
    let members = "<RoleName>r</RoleName><PolicyName>p</PolicyName>\
                   <PolicyDocument>%7B%20%7D</PolicyDocument>";
    assert_written(IamAction::GetRolePolicy, &inline, members);
    let names = Output::PolicyNames(Page { items: vec![text("p"), text("q")], marker: None });
    let members = "<PolicyNames><member>p</member><member>q</member></PolicyNames>\
                   <IsTruncated>false</IsTruncated>";
    assert_written(IamAction::ListUserPolicies, &names, members);
    let attached = AttachedPolicy { name: text("p"), arn: text(arn) };
    let page = Page { items: vec![attached], marker: None };
    let members = format!(
        "<AttachedPolicies><member><PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn></member>\
         </AttachedPolicies><IsTruncated>false</IsTruncated>"
    );
    assert_written(IamAction::ListAttachedRolePolicies, &Output::Attached(page), &members);
    let entity = |kind| EntityView { kind, name: text("e"), id: text("I") };
    let page =
        Page { items: vec![entity(HolderKind::User), entity(HolderKind::Role)], marker: None };
    let members = "<PolicyGroups/><PolicyUsers><member><UserName>e</UserName><UserId>I</UserId>\
                   </member></PolicyUsers><PolicyRoles><member><RoleName>e</RoleName>\
                   <RoleId>I</RoleId></member></PolicyRoles><IsTruncated>false</IsTruncated>";
    assert_written(IamAction::ListEntitiesForPolicy, &Output::Entities(page), members);
}

#[test]
fn the_rest_is_written() {
    let tags = Output::Tags(Page { items: vec![(text("k"), text(""))], marker: None });
    let members = "<Tags><member><Key>k</Key><Value></Value></member></Tags>\
                   <IsTruncated>false</IsTruncated>";
    assert_written(IamAction::ListRoleTags, &tags, members);
    let members = "<MFADevices/><IsTruncated>false</IsTruncated>";
    assert_written(IamAction::ListMFADevices, &Output::NoneOf("MFADevices"), members);
    let members = "<SummaryMap><entry><key>Users</key><value>2</value></entry></SummaryMap>";
    assert_written(IamAction::GetAccountSummary, &Output::Summary(vec![("Users", 2)]), members);
    assert_written(IamAction::UpdateRole, &Output::Done, "");
    let id = Uuid::from_random(0);
    let plain = without_result(Protocol::Query, Action::Iam(IamAction::DeleteUser), id);
    assert_eq!(body(IamAction::DeleteUser, id, &Output::Done), plain);
}

#[test]
fn errors_are_written() {
    let fault = tidings_identity::IdentityFault::new(
        tidings_identity::Code::NoSuchEntity,
        "The user with name ann cannot be found.",
    );
    let answer =
        Refusal::from(fault).answer(crate::Service::Iam, Protocol::Query, Uuid::from_random(0));
    assert_eq!((answer.status, answer.content_type), (404, "text/xml"));
    assert_eq!(
        String::from_utf8(answer.body.into()).unwrap(),
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
         <Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The user with name ann cannot \
         be found.</Message></Error><RequestId>00000000-0000-4000-8000-000000000000</RequestId>\
         </ErrorResponse>"
    );
}

proptest! {
    #[test]
    fn any_form_is_taken_or_refused(
        fields in prop::collection::vec(
            (
                select(&[
                    "UserName", "MaxItems", "Marker", "Tags.member.1.Key", "TagKeys.member.x",
                    "PolicyDocument", "PolicyArn", "SetAsDefault", "MaxSessionDuration",
                ][..]),
                any::<String>(),
            ),
            0..8,
        ),
    ) {
        let encode = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        for &action in IamAction::ALL {
            let _ = read(action, &fields.join("&"));
        }
    }
}
