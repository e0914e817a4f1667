//! What a request asks for: its protocol, from the headers, and its action.

use std::borrow::Cow;

use crate::lambda::{Route, is_rest_path};
use crate::query;
use crate::refusal::WireError;

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

/// How a request is written, and so how its answer is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// AWS JSON 1.0 or 1.1, which differ in the content type only: the action in `X-Amz-Target`, the
    /// parameters in a JSON object. Or, of services with paths (REST), the action in method and path.
    Json,
    /// AWS Query: a form in the URL or the body; the answer is XML.
    Query,
}

impl Protocol {
    /// The protocol of a request to this path, whatever its headers say, if it is a service's with
    /// paths.
    pub fn of_path(path: &str) -> Option<Self> {
        is_rest_path(path).then_some(Self::Json)
    }

    /// The protocol that the headers `X-Amz-Target` and `Content-Type` say. The body has no say.
    pub fn of(target: Option<&str>, content_type: Option<&str>) -> Self {
        const JSON_TYPES: &str = "application/x-amz-json-";
        let start = content_type.and_then(|text| text.get(..JSON_TYPES.len()));
        let is_json_type = start.is_some_and(|start| start.eq_ignore_ascii_case(JSON_TYPES));
        if target.is_some() || is_json_type { Self::Json } else { Self::Query }
    }

    /// The content type that a request in JSON names its version by, if it does: its answer has the
    /// same.
    pub fn json_version(content_type: Option<&str>) -> Option<&'static str> {
        let is = |version: &&str| {
            let start = content_type.and_then(|text| text.get(..version.len()));
            start.is_some_and(|start| start.eq_ignore_ascii_case(version))
        };
        [JSON_1_0, JSON_1_1].into_iter().find(is)
    }

    /// The content type of the protocol's answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => JSON_1_0,
            Self::Query => "text/xml",
        }
    }
}

/// A service of AWS that is spoken here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// Amazon SQS, API version 2012-11-05.
    Sqs,
    /// Amazon SNS, API version 2010-03-31. Only in the Query protocol.
    Sns,
    /// AWS KMS, API version 2014-11-01. Only in the JSON protocol, of version 1.1.
    Kms,
    /// AWS Lambda, API version 2015-03-31. Only in JSON, with methods and paths.
    Lambda,
    /// AWS IAM, API version 2010-05-08. Only in the Query protocol.
    Iam,
    /// AWS STS, API version 2011-06-15. Only in the Query protocol.
    Sts,
}

impl Service {
    /// The service that a request is for.
    ///
    /// A signed request says so in its credential's scope. Without one, the action's name tells;
    /// both services have AddPermission and RemovePermission, which the API's version or else a
    /// parameter of topics tells apart. When nothing says, it is SQS.
    pub fn of(protocol: Protocol, head: &Head<'_>, body: &[u8]) -> Self {
        if protocol == Protocol::Json {
            return Self::of_target(head);
        }
        match head.scope_service {
            Some("sqs") => return Self::Sqs,
            Some("sns") => return Self::Sns,
            Some("iam") => return Self::Iam,
            Some("sts") => return Self::Sts,
            _ => {}
        }
        let name = head.parameter(body, "Action").unwrap_or_default();
        match (SqsAction::of_name(&name), SnsAction::of_name(&name)) {
            (Some(_), None) => return Self::Sqs,
            (None, Some(_)) => return Self::Sns,
            _ if IamAction::of_name(&name).is_some() => return Self::Iam,
            _ if StsAction::of_name(&name).is_some() => return Self::Sts,
            _ => {}
        }
        match head.parameter(body, "Version").as_deref() {
            Some("2010-03-31") => Self::Sns,
            Some("2010-05-08") => Self::Iam,
            Some("2011-06-15") => Self::Sts,
            Some("2012-11-05") => Self::Sqs,
            _ if head.parameter(body, "TopicArn").is_some() => Self::Sns,
            _ => Self::Sqs,
        }
    }

    fn of_target(head: &Head<'_>) -> Self {
        if is_rest_path(head.path) {
            return Self::Lambda;
        }
        let service = head.target.and_then(|target| target.split_once('.')).map(|(name, _)| name);
        match (service, head.scope_service) {
            (Some(KMS_TARGET), _) => Self::Kms,
            (Some(SQS_TARGET), _) => Self::Sqs,
            (_, Some("kms")) => Self::Kms,
            _ => Self::Sqs,
        }
    }

    /// The content type of the service's answers in JSON, unless the request is in another version.
    pub fn json_content_type(self) -> &'static str {
        match self {
            Self::Kms => JSON_1_1,
            Self::Lambda => "application/json",
            Self::Sqs | Self::Sns | Self::Iam | Self::Sts => JSON_1_0,
        }
    }

    /// What the service is called in credential scopes.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::Kms => "kms",
            Self::Lambda => "lambda",
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }

    /// The XML namespace of the service's answers. KMS and Lambda give none in XML.
    pub fn xml_namespace(self) -> &'static str {
        match self {
            Self::Sqs => "http://queue.amazonaws.com/doc/2012-11-05/",
            Self::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
            Self::Kms => "https://kms.amazonaws.com/doc/2014-11-01/",
            Self::Lambda => "https://lambda.amazonaws.com/doc/2015-03-31/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// An operation of a service.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// One of Amazon SQS.
    Sqs(SqsAction),
    /// One of Amazon SNS.
    Sns(SnsAction),
    /// One of AWS KMS.
    Kms(KmsAction),
    /// One of AWS Lambda.
    Lambda(LambdaAction),
    /// One of AWS IAM.
    Iam(IamAction),
    /// One of AWS STS.
    Sts(StsAction),
}

/// What the targets of a service begin with.
const SQS_TARGET: &str = "AmazonSQS";
const KMS_TARGET: &str = "TrentService";

/// The part of a request that names its action.
#[derive(Copy, Clone, Debug)]
pub struct Head<'a> {
    /// `GET`, `POST` and their like.
    pub method: &'a str,
    /// The URL's path.
    pub path: &'a str,
    /// What follows the URL's question mark; empty if nothing does.
    pub query: &'a str,
    /// The header `X-Amz-Target`.
    pub target: Option<&'a str>,
    /// The service that the credential's scope names, if the request is signed.
    pub scope_service: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// A parameter of the Query protocol; the body's comes before the URL's.
    fn parameter<'b>(&self, body: &'b [u8], name: &str) -> Option<Cow<'b, str>>
    where
        'a: 'b,
    {
        query::find(body, name).or_else(|| query::find(self.query.as_bytes(), name))
    }
}

impl Action {
    /// Finds the action that a request for a service asks for.
    ///
    /// # Errors
    /// [`WireError::InvalidAction`] if the service has no such action, or if it is one of an
    /// account and the request goes to a queue's URL. [`WireError::NoAction`] if the request names
    /// none.
    pub fn find(
        service: Service,
        protocol: Protocol,
        head: &Head<'_>,
        body: &[u8],
    ) -> Result<Self, WireError> {
        match (protocol, service) {
            (Protocol::Json, Service::Lambda) => Self::of_path(head),
            (Protocol::Json, _) => Self::of_target(head.target.unwrap_or_default()),
            (Protocol::Query, Service::Sqs) => Self::of_sqs_form(head, body),
            (Protocol::Query, Service::Sns) => {
                Self::of_form(head, body, |name| SnsAction::of_name(name).map(Self::Sns))
            }
            (Protocol::Query, Service::Iam) => {
                Self::of_form(head, body, |name| IamAction::of_name(name).map(Self::Iam))
            }
            (Protocol::Query, Service::Sts) => {
                Self::of_form(head, body, |name| StsAction::of_name(name).map(Self::Sts))
            }
            // Which no request in this protocol is found to be for.
            (Protocol::Query, Service::Kms | Service::Lambda) => Err(WireError::NoAction),
        }
    }

    fn of_path(head: &Head<'_>) -> Result<Self, WireError> {
        let name = || format!("{} {}", head.method, head.path);
        let route = Route::find(head.method, head.path);
        let route = route.ok_or_else(|| WireError::InvalidAction { name: name() })?;
        Ok(Self::Lambda(route.action))
    }

    fn of_target(target: &str) -> Result<Self, WireError> {
        let (service, name) = target.split_once('.').unwrap_or(("", target));
        let action = match service {
            SQS_TARGET => SqsAction::of_name(name).map(Self::Sqs),
            KMS_TARGET => KmsAction::of_name(name).map(Self::Kms),
            _ => None,
        };
        action.ok_or_else(|| WireError::InvalidAction { name: name.to_owned() })
    }

    fn of_sqs_form(head: &Head<'_>, body: &[u8]) -> Result<Self, WireError> {
        let name = head.parameter(body, "Action").ok_or(WireError::NoAction)?;
        let action = SqsAction::of_name(&name);
        let fits = |action: &SqsAction| !(action.is_of_account() && is_queue_path(head.path));
        let action = action.filter(fits).map(Self::Sqs);
        action.ok_or_else(|| WireError::InvalidAction { name: name.into_owned() })
    }

    fn of_form(
        head: &Head<'_>,
        body: &[u8],
        of_name: impl Fn(&str) -> Option<Self>,
    ) -> Result<Self, WireError> {
        let name = head.parameter(body, "Action").ok_or(WireError::NoAction)?;
        of_name(&name).ok_or_else(|| WireError::InvalidAction { name: name.into_owned() })
    }

    /// The service that the action belongs to.
    pub fn service(self) -> Service {
        match self {
            Self::Sqs(_) => Service::Sqs,
            Self::Sns(_) => Service::Sns,
            Self::Kms(_) => Service::Kms,
            Self::Lambda(_) => Service::Lambda,
            Self::Iam(_) => Service::Iam,
            Self::Sts(_) => Service::Sts,
        }
    }

    /// The action's name, as the service's model has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqs(action) => action.name(),
            Self::Sns(action) => action.name(),
            Self::Kms(action) => action.name(),
            Self::Lambda(action) => action.name(),
            Self::Iam(action) => action.name(),
            Self::Sts(action) => action.name(),
        }
    }
}

/// Whether the path has two segments at least: an account and a queue's name.
fn is_queue_path(path: &str) -> bool {
    path.split('/').filter(|segment| !segment.is_empty()).count() >= 2
}

macro_rules! actions {
    ($(#[$doc:meta])* $name:ident { $($action:ident)* }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "each is the documented operation of its name")]
        pub enum $name { $($action,)* }

        impl $name {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            /// The operation's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => stringify!($action),)* }
            }

            /// The operation of this name; upper and lower case matter.
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $(stringify!($action) => Some(Self::$action),)* _ => None }
            }
        }
    };
}

actions! {
    /// The operations of Amazon SQS.
    SqsAction {
        AddPermission
        CancelMessageMoveTask
        ChangeMessageVisibility
        ChangeMessageVisibilityBatch
        CreateQueue
        DeleteMessage
        DeleteMessageBatch
        DeleteQueue
        GetQueueAttributes
        GetQueueUrl
        ListDeadLetterSourceQueues
        ListMessageMoveTasks
        ListQueueTags
        ListQueues
        PurgeQueue
        ReceiveMessage
        RemovePermission
        SendMessage
        SendMessageBatch
        SetQueueAttributes
        StartMessageMoveTask
        TagQueue
        UntagQueue
    }
}

actions! {
    /// The operations of Amazon SNS that are served: those of topics and subscriptions.
    SnsAction {
        AddPermission
        ConfirmSubscription
        CreateTopic
        DeleteTopic
        GetDataProtectionPolicy
        GetSubscriptionAttributes
        GetTopicAttributes
        ListSubscriptions
        ListSubscriptionsByTopic
        ListTagsForResource
        ListTopics
        Publish
        PublishBatch
        PutDataProtectionPolicy
        RemovePermission
        SetSubscriptionAttributes
        SetTopicAttributes
        Subscribe
        TagResource
        Unsubscribe
        UntagResource
    }
}

actions! {
    /// The operations of AWS KMS that are served: those of symmetric keys whose material is made here.
    KmsAction {
        CancelKeyDeletion
        CreateAlias
        CreateGrant
        CreateKey
        Decrypt
        DeleteAlias
        DescribeKey
        DisableKey
        DisableKeyRotation
        EnableKey
        EnableKeyRotation
        Encrypt
        GenerateDataKey
        GenerateDataKeyWithoutPlaintext
        GenerateRandom
        GetKeyPolicy
        GetKeyRotationStatus
        ListAliases
        ListGrants
        ListKeyPolicies
        ListKeyRotations
        ListKeys
        ListResourceTags
        PutKeyPolicy
        ReEncrypt
        RetireGrant
        RevokeGrant
        RotateKeyOnDemand
        ScheduleKeyDeletion
        TagResource
        UntagResource
        UpdateAlias
        UpdateKeyDescription
    }
}

actions! {
    /// The operations of AWS Lambda that are served.
    LambdaAction {
        AddPermission
        CreateAlias
        CreateEventSourceMapping
        CreateFunction
        DeleteAlias
        DeleteEventSourceMapping
        DeleteFunction
        DeleteFunctionConcurrency
        DeleteFunctionEventInvokeConfig
        GetAlias
        GetEventSourceMapping
        GetFunction
        GetFunctionCodeSigningConfig
        GetFunctionConcurrency
        GetFunctionConfiguration
        GetFunctionEventInvokeConfig
        GetPolicy
        Invoke
        InvokeAsync
        ListAliases
        ListEventSourceMappings
        ListFunctionEventInvokeConfigs
        ListFunctions
        ListTags
        ListVersionsByFunction
        PublishVersion
        PutFunctionConcurrency
        PutFunctionEventInvokeConfig
        RemovePermission
        TagResource
        UntagResource
        UpdateAlias
        UpdateEventSourceMapping
        UpdateFunctionCode
        UpdateFunctionConfiguration
        UpdateFunctionEventInvokeConfig
    }
}

actions! {
    /// The operations of AWS IAM that are served.
    IamAction {
        AddUserToGroup
        AttachGroupPolicy
        AttachRolePolicy
        AttachUserPolicy
        CreateAccessKey
        CreateGroup
        CreatePolicy
        CreatePolicyVersion
        CreateRole
        CreateUser
        DeleteAccessKey
        DeleteGroup
        DeleteGroupPolicy
        DeleteLoginProfile
        DeletePolicy
        DeletePolicyVersion
        DeleteRole
        DeleteRolePermissionsBoundary
        DeleteRolePolicy
        DeleteUser
        DeleteUserPermissionsBoundary
        DeleteUserPolicy
        DetachGroupPolicy
        DetachRolePolicy
        DetachUserPolicy
        GetAccessKeyLastUsed
        GetAccountSummary
        GetGroup
        GetGroupPolicy
        GetLoginProfile
        GetPolicy
        GetPolicyVersion
        GetRole
        GetRolePolicy
        GetUser
        GetUserPolicy
        ListAccessKeys
        ListAccountAliases
        ListAttachedGroupPolicies
        ListAttachedRolePolicies
        ListAttachedUserPolicies
        ListEntitiesForPolicy
        ListGroupPolicies
        ListGroups
        ListGroupsForUser
        ListInstanceProfilesForRole
        ListMFADevices
        ListPolicies
        ListPolicyTags
        ListPolicyVersions
        ListRolePolicies
        ListRoleTags
        ListRoles
        ListSSHPublicKeys
        ListServiceSpecificCredentials
        ListSigningCertificates
        ListUserPolicies
        ListUserTags
        ListUsers
        ListVirtualMFADevices
        PutGroupPolicy
        PutRolePermissionsBoundary
        PutRolePolicy
        PutUserPermissionsBoundary
        PutUserPolicy
        RemoveUserFromGroup
        SetDefaultPolicyVersion
        TagPolicy
        TagRole
        TagUser
        UntagPolicy
        UntagRole
        UntagUser
        UpdateAccessKey
        UpdateAssumeRolePolicy
        UpdateGroup
        UpdateRole
        UpdateRoleDescription
        UpdateUser
    }
}

actions! {
    /// The operations of AWS STS that are served.
    StsAction {
        AssumeRole
        GetAccessKeyInfo
        GetCallerIdentity
        GetFederationToken
        GetSessionToken
    }
}

impl SqsAction {
    /// Whether the action is refused on a queue's URL, being one of the account. GetQueueUrl is
    /// not: the live service answers it there, for any queue.
    fn is_of_account(self) -> bool {
        matches!(self, Self::CreateQueue | Self::ListQueues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(protocol: Protocol, head: &Head<'_>, body: &[u8]) -> Result<Action, WireError> {
        Action::find(Service::of(protocol, head, body), protocol, head, body)
    }

    fn query(path: &str, query: &str, body: &str) -> Result<Action, WireError> {
        let head = Head { method: "POST", path, query, target: None, scope_service: None };
        find(Protocol::Query, &head, body.as_bytes())
    }

    fn signed(scope_service: &str, body: &str) -> Result<Action, WireError> {
        let scope_service = Some(scope_service);
        let head = Head { method: "POST", path: "/", query: "", target: None, scope_service };
        find(Protocol::Query, &head, body.as_bytes())
    }

    fn json(target: Option<&str>) -> Result<Action, WireError> {
        find(
            Protocol::Json,
            &Head { method: "POST", path: "/", query: "", target, scope_service: None },
            b"{}",
        )
    }

    fn invalid(name: &str) -> Result<Action, WireError> {
        Err(WireError::InvalidAction { name: name.to_owned() })
    }

    #[test]
    fn headers_decide_the_protocol() {
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        for (target, content_type, protocol) in [
            (Some("AmazonSQS.SendMessage"), Some("application/x-amz-json-1.0"), Protocol::Json),
            (Some("AmazonSQS.SendMessage"), None, Protocol::Json),
            (Some("AmazonSQS.SendMessage"), form, Protocol::Json),
            (None, Some("application/x-amz-json-1.0"), Protocol::Json),
            (None, Some("Application/X-Amz-JSON-1.1"), Protocol::Json),
            (None, Some("application/x-amz-"), Protocol::Query),
            (None, form, Protocol::Query),
            (None, Some("application/json"), Protocol::Query),
            (None, None, Protocol::Query),
        ] {
            assert_eq!(Protocol::of(target, content_type), protocol, "{target:?} {content_type:?}");
        }
    }

    #[test]
    fn every_action_is_found_in_both_protocols() {
        assert_eq!(SqsAction::ALL.len(), 23);
        for &action in SqsAction::ALL {
            let name = action.name();
            assert_eq!(json(Some(&format!("AmazonSQS.{name}"))), Ok(Action::Sqs(action)));
            assert_eq!(query("/", &format!("Action={name}"), ""), Ok(Action::Sqs(action)));
            let form = format!("QueueName=a&Action={name}&Version=2012-11-05");
            assert_eq!(query("/", "", &form), Ok(Action::Sqs(action)));
        }
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for (target, name) in [
            (Some("AmazonSQS.Frobnicate"), "Frobnicate"),
            (Some("AmazonSQS.sendMessage"), "sendMessage"),
            (Some("AmazonSQS."), ""),
            (Some("TrentService.Sign"), "Sign"),
            (Some("TrentService.SendMessage"), "SendMessage"),
            (Some("AmazonSQS.Encrypt"), "Encrypt"),
            (Some("DynamoDB_20120810.ListTables"), "ListTables"),
            (Some("SendMessage"), "SendMessage"),
            (None, ""),
        ] {
            assert_eq!(json(target), invalid(name), "{target:?}");
        }
        let queue = "/000000000000/orders";
        for (path, form, expected) in [
            ("/", "Action=Frobnicate", invalid("Frobnicate")),
            ("/", "Action=Send%4dessage", Ok(Action::Sqs(SqsAction::SendMessage))),
            ("/", "Action=", invalid("")),
            (queue, "Action=CreateQueue&QueueName=a", invalid("CreateQueue")),
            (queue, "Action=ListQueues", invalid("ListQueues")),
            (queue, "Action=GetQueueUrl", Ok(Action::Sqs(SqsAction::GetQueueUrl))),
            (queue, "Version=2012-11-05", Err(WireError::NoAction)),
            (queue, "", Err(WireError::NoAction)),
            ("/", "MessageBody=Action%3DSendMessage", Err(WireError::NoAction)),
        ] {
            assert_eq!(query(path, form, ""), expected, "{path} {form} in the URL");
            assert_eq!(query(path, "", form), expected, "{path} {form} in the body");
        }
    }

    #[test]
    fn every_action_of_topics_is_found() {
        assert_eq!(SnsAction::ALL.len(), 21);
        for &action in SnsAction::ALL {
            let form = format!("Action={}&Version=2010-03-31", action.name());
            assert_eq!(query("/", "", &form), Ok(Action::Sns(action)));
            assert_eq!(query("/", &form, ""), Ok(Action::Sns(action)));
            assert_eq!(signed("sns", &form), Ok(Action::Sns(action)));
        }
        // As the links in confirmations are fetched.
        let link = "Action=Unsubscribe&SubscriptionArn=a";
        assert_eq!(query("/", link, ""), Ok(Action::Sns(SnsAction::Unsubscribe)));
    }

    #[test]
    fn every_action_of_keys_is_found() {
        assert_eq!(KmsAction::ALL.len(), 33);
        for &action in KmsAction::ALL {
            let target = format!("TrentService.{}", action.name());
            assert_eq!(json(Some(&target)), Ok(Action::Kms(action)));
        }
    }

    #[test]
    fn a_target_says_whose_it_is_before_the_scope_does() {
        for (target, scope_service, service) in [
            (Some("TrentService.Encrypt"), None, Service::Kms),
            (Some("TrentService.Encrypt"), Some("sqs"), Service::Kms),
            (Some("AmazonSQS.SendMessage"), Some("kms"), Service::Sqs),
            (Some("x"), Some("kms"), Service::Kms),
            (None, Some("kms"), Service::Kms),
            (Some("x"), None, Service::Sqs),
            (None, Some("sns"), Service::Sqs),
        ] {
            let head = Head { method: "POST", path: "/", query: "", target, scope_service };
            let found = Service::of(Protocol::Json, &head, b"");
            assert_eq!(found, service, "{target:?} {scope_service:?}");
        }
    }

    #[test]
    fn a_request_names_its_version() {
        for (content_type, version) in [
            (Some("application/x-amz-json-1.0"), Some("application/x-amz-json-1.0")),
            (Some("application/x-amz-json-1.1"), Some("application/x-amz-json-1.1")),
            (Some("Application/X-Amz-JSON-1.1; charset=utf-8"), Some("application/x-amz-json-1.1")),
            (Some("application/x-amz-json-2.0"), None),
            (Some("application/json"), None),
            (None, None),
        ] {
            assert_eq!(Protocol::json_version(content_type), version, "{content_type:?}");
        }
    }

    #[test]
    fn every_action_about_identities_is_found() {
        assert_eq!((IamAction::ALL.len(), StsAction::ALL.len()), (79, 5));
        let iam = IamAction::ALL.iter().map(|&action| (Action::Iam(action), "iam", "2010-05-08"));
        let sts = StsAction::ALL.iter().map(|&action| (Action::Sts(action), "sts", "2011-06-15"));
        for (action, service, version) in iam.chain(sts) {
            assert_eq!(action.service().signing_name(), service);
            let form = format!("Action={}&Version={version}", action.name());
            assert_eq!(query("/", "", &form), Ok(action));
            assert_eq!(query("/", &format!("Action={}", action.name()), ""), Ok(action));
            assert_eq!(signed(service, &form), Ok(action));
        }
        for (service, version) in [("iam", "2010-05-08"), ("sts", "2011-06-15")] {
            assert_eq!(signed(service, "Action=SendMessage"), invalid("SendMessage"));
            assert_eq!(signed(service, ""), Err(WireError::NoAction));
            let form = format!("Action=Frobnicate&Version={version}");
            let head =
                Head { method: "POST", path: "/", query: "", target: None, scope_service: None };
            let found = Service::of(Protocol::Query, &head, form.as_bytes());
            assert_eq!(found.signing_name(), service);
        }
    }

    #[test]
    fn actions_of_both_services_are_told_apart() {
        let (of_queue, of_topic) =
            (Action::Sqs(SqsAction::AddPermission), Action::Sns(SnsAction::AddPermission));
        for (form, action) in [
            ("", of_queue),
            ("&QueueUrl=q", of_queue),
            ("&Version=2012-11-05&TopicArn=t", of_queue),
            ("&TopicArn=t", of_topic),
            ("&Version=2010-03-31", of_topic),
        ] {
            let form = format!("Action=AddPermission{form}");
            assert_eq!(query("/", "", &form), Ok(action), "{form}");
            assert_eq!(query("/", &form, ""), Ok(action), "{form}");
            assert_eq!(signed("sqs", &form), Ok(of_queue), "{form}");
            assert_eq!(signed("sns", &form), Ok(of_topic), "{form}");
        }
    }

    #[test]
    fn a_scope_decides_where_to_look() {
        assert_eq!(signed("sqs", "Action=Publish"), invalid("Publish"));
        assert_eq!(signed("sns", "Action=SendMessage"), invalid("SendMessage"));
        assert_eq!(
            signed("sns", "Action=CreatePlatformApplication"),
            invalid("CreatePlatformApplication")
        );
        assert_eq!(signed("sns", "Version=2010-03-31"), Err(WireError::NoAction));
        assert_eq!(signed("s3", "Action=Publish"), Ok(Action::Sns(SnsAction::Publish)));
        let head = |scope_service| Head {
            method: "POST",
            path: "/",
            query: "",
            target: None,
            scope_service,
        };
        for (scope, body, service) in [
            (Some("sns"), "Action=Frobnicate", Service::Sns),
            (None, "Action=Frobnicate&Version=2010-03-31", Service::Sns),
            (None, "Action=Frobnicate", Service::Sqs),
            (None, "", Service::Sqs),
        ] {
            let found = Service::of(Protocol::Query, &head(scope), body.as_bytes());
            assert_eq!(found, service, "{scope:?} {body}");
        }
    }
}
