//! IAM and STS over the wire: users and roles made by requests, and what their credentials open.

use serde_json::json;

use crate::harness::{Credentials, Element, Http, Protocol, REGION, Service, Sqs, encoded};
use crate::support::Client;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"000000000000"}}}"#;

/// A client of IAM and STS.
pub struct Admin<'a> {
    service: &'a Service,
    client: Client,
    credentials: Option<Credentials>,
}

impl<'a> Admin<'a> {
    pub async fn of(service: &'a Service, credentials: Option<Credentials>) -> Self {
        Self { service, client: Client::connect(service.addr).await, credentials }
    }

    async fn call(&mut self, service: &str, form: &[(&str, &str)]) -> Http {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let form = form.iter().copied().chain([("Version", version)]);
        let pairs: Vec<(String, String)> =
            form.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let body = encoded(&pairs);
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let mut headers = vec![("Host", "aws.test:4566"), ("Content-Type", kind)];
        let now_ms = self.service.clock.now().as_ms();
        let signed = self
            .credentials
            .as_ref()
            .map(|credentials| credentials.headers(service, "POST", "/", &headers, &body, now_ms));
        let signed = signed.unwrap_or_default();
        headers.extend(signed.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let head: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}");
        self.client.send(request).await;
        self.client.response().await
    }

    /// Carries an action out that must succeed: its answer's result.
    async fn ok(&mut self, service: &str, form: &[(&str, &str)]) -> Element {
        let http = self.call(service, form).await;
        assert_eq!(http.status, 200, "{form:?}: {http:?}");
        let mut root = Element::parse(&http.body);
        assert_eq!(root.name, format!("{}Response", form[0].1));
        let metadata = root.children.pop().unwrap();
        assert_eq!(metadata.text_of("RequestId"), http.header("x-amzn-requestid"));
        root.children.pop().unwrap_or_default()
    }

    /// Carries an action out that must be refused: its status, code and text.
    async fn refused(&mut self, service: &str, form: &[(&str, &str)]) -> (u16, String, String) {
        let http = self.call(service, form).await;
        let root = Element::parse(&http.body);
        assert_eq!(root.name, "ErrorResponse", "{form:?}: {http:?}");
        let error = &root.children[0];
        assert_eq!(error.names(), ["Type", "Code", "Message"]);
        (http.status, error.text_of("Code").into(), error.text_of("Message").into())
    }

    /// Makes a user with an inline policy: its access key.
    pub async fn user(&mut self, name: &str, actions: &str) -> Credentials {
        self.ok("iam", &[("Action", "CreateUser"), ("UserName", name)]).await;
        self.put_policy("User", name, actions).await;
        let created = self.ok("iam", &[("Action", "CreateAccessKey"), ("UserName", name)]).await;
        credentials(&created.children[0])
    }

    async fn put_policy(&mut self, kind: &str, name: &str, actions: &str) {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{actions}","Resource":"*"}}}}"#
        );
        let (action, holder) = (format!("Put{kind}Policy"), format!("{kind}Name"));
        let form = [
            ("Action", &*action),
            (&*holder, name),
            ("PolicyName", "p"),
            ("PolicyDocument", &document),
        ];
        self.ok("iam", &form).await;
    }
}

fn credentials(element: &Element) -> Credentials {
    let token = element.children.iter().find(|child| child.name == "SessionToken");
    Credentials {
        access_key_id: element.text_of("AccessKeyId").into(),
        secret: element.text_of("SecretAccessKey").into(),
        session_token: token.map(|token| token.text.clone()),
        region: REGION.into(),
    }
}

async fn sqs_of(service: &Service, credentials: Credentials) -> Sqs {
    let mut sqs = service.speak(Protocol::Json).await;
    sqs.credentials = Some(credentials);
    sqs
}

#[tokio::test]
async fn a_user_does_what_its_policy_allows() {
    let service = Service::authenticating(&[]).await;
    let mut root = Admin::of(&service, service.root.clone()).await;
    let ann = root.user("ann", "sqs:*").await;
    let mut sqs = sqs_of(&service, ann.clone()).await;
    sqs.queue("orders", json!({})).await;

    let mut admin = Admin::of(&service, Some(ann.clone())).await;
    let identity = admin.ok("sts", &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(identity.text_of("Arn"), "arn:aws:iam::000000000000:user/ann");
    assert_eq!(identity.text_of("Account"), "000000000000");
    let refused = admin.refused("iam", &[("Action", "CreateUser"), ("UserName", "bob")]).await;
    let text = "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: \
                iam:CreateUser on resource: arn:aws:iam::000000000000:user/bob because no \
                identity-based policy allows the iam:CreateUser action";
    assert_eq!(refused, (403, "AccessDenied".into(), text.into()));

    // What it may do changes at once, and a key that is disabled is nobody's.
    root.put_policy("User", "ann", "sns:*").await;
    let refusal = sqs.refused("ListQueues", json!({})).await;
    assert_eq!(refusal.code, "AccessDenied");
    let used = root
        .ok("iam", &[("Action", "GetAccessKeyLastUsed"), ("AccessKeyId", &ann.access_key_id)])
        .await;
    assert_eq!(used.children[1].text_of("ServiceName"), "sqs");
    let disable = [
        ("Action", "UpdateAccessKey"),
        ("UserName", "ann"),
        ("AccessKeyId", &*ann.access_key_id),
        ("Status", "Inactive"),
    ];
    root.ok("iam", &disable).await;
    let refusal = sqs.refused("ListQueues", json!({})).await;
    assert_eq!(refusal.code, "InvalidClientTokenId");
    drop((sqs, admin, root));
    service.stop().await;
}

#[tokio::test]
async fn users_outlive_a_restart() {
    let service = Service::authenticating(&[]).await;
    let mut root = Admin::of(&service, service.root.clone()).await;
    let ann = root.user("ann", "sqs:*").await;
    root.user("bob", "sqs:*").await;
    root.ok("iam", &[("Action", "DeleteUserPolicy"), ("UserName", "bob"), ("PolicyName", "p")])
        .await;
    drop(root);
    let service = service.restart().await;
    let mut sqs = sqs_of(&service, ann).await;
    sqs.queue("orders", json!({})).await;
    let mut root = Admin::of(&service, service.root.clone()).await;
    let users = root.ok("iam", &[("Action", "ListUsers")]).await;
    assert_eq!(users.children[0].children.len(), 2);
    let policies = root.ok("iam", &[("Action", "ListUserPolicies"), ("UserName", "bob")]).await;
    assert!(policies.children[0].children.is_empty());
    drop((sqs, root));
    service.stop().await;
}

#[tokio::test]
async fn a_role_is_assumed_for_an_hour() {
    let service = Service::authenticating(&[]).await;
    let mut root = Admin::of(&service, service.root.clone()).await;
    let create =
        [("Action", "CreateRole"), ("RoleName", "worker"), ("AssumeRolePolicyDocument", TRUST)];
    root.ok("iam", &create).await;
    root.put_policy("Role", "worker", "sqs:*").await;
    let ann = root.user("ann", "sts:AssumeRole").await;
    let bob = root.user("bob", "sqs:*").await;

    let assume = [
        ("Action", "AssumeRole"),
        ("RoleArn", "arn:aws:iam::000000000000:role/worker"),
        ("RoleSessionName", "work"),
    ];
    let mut denied = Admin::of(&service, Some(bob)).await;
    let text = "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: \
                sts:AssumeRole on resource: arn:aws:iam::000000000000:role/worker";
    let refused = denied.refused("sts", &assume).await;
    assert_eq!(refused, (403, "AccessDenied".into(), text.into()));
    let mut allowed = Admin::of(&service, Some(ann)).await;
    let assumed = allowed.ok("sts", &assume).await;
    let user = &assumed.children[0];
    assert_eq!(user.text_of("Arn"), "arn:aws:sts::000000000000:assumed-role/worker/work");
    let session = credentials(&assumed.children[1]);

    let mut sqs = sqs_of(&service, session.clone()).await;
    let url = sqs.queue("orders", json!({})).await;
    sqs.send(&url, "hello").await;
    let input = json!({ "QueueUrl": url, "MessageSystemAttributeNames": ["SenderId"] });
    let received = sqs.receive_with(input).await;
    assert_eq!(received[0]["Attributes"]["SenderId"], user.text_of("AssumedRoleId"));
    sqs.credentials = Some(Credentials { session_token: None, ..session.clone() });
    assert_eq!(sqs.refused("ListQueues", json!({})).await.code, "InvalidClientTokenId");

    sqs.credentials = Some(session);
    sqs.pass_seconds(3_599);
    sqs.ok("ListQueues", json!({})).await;
    sqs.pass_seconds(1);
    assert_eq!(sqs.refused("ListQueues", json!({})).await.code, "ExpiredToken");
    drop((sqs, allowed, denied, root));
    service.stop().await;
}

#[tokio::test]
async fn whoever_does_not_say_who_they_are_is_told_to() {
    let service = Service::authenticating(&[]).await;
    let mut nobody = Admin::of(&service, None).await;
    for (of, action) in [("iam", "ListUsers"), ("sts", "GetCallerIdentity")] {
        let (status, code, _) = nobody.refused(of, &[("Action", action)]).await;
        assert_eq!((status, &*code), (403, "MissingAuthenticationToken"), "{action}");
    }
    drop(nobody);
    service.stop().await;
}

#[tokio::test]
async fn there_is_nobody_where_nobody_is_authenticated() {
    let service = Service::start().await;
    let mut nobody = Admin::of(&service, None).await;
    let identity = nobody.ok("sts", &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(identity.text_of("Arn"), "arn:aws:iam::000000000000:root");
    let (status, code, _) = nobody.refused("iam", &[("Action", "ListUsers")]).await;
    assert_eq!((status, &*code), (403, "AccessDenied"));
    drop(nobody);
    service.stop().await;
}
