use super::*;

const ANN: Caller<'_> = Caller::User {
    account: "111122223333",
    arn: "arn:aws:iam::111122223333:user/team/ann",
    id: "AIDAANN",
};

const ORGANISATION: Organisation<'_> = Organisation { id: "o-a1", paths: &["o-a1/r-b2/"] };

/// Everything that can be known.
fn all() -> Facts<'static> {
    Facts {
        is_secure: false,
        user_agent: Some("cli"),
        referer: Some("https://example.com"),
        session: Some(SessionFacts { issued_at_ms: 1_000, mfa_age_s: Some(5) }),
        principal_tags: &[("Team", "red"), ("Größe", "l")],
        source_identity: Some("ann"),
        principal_organisation: Some(ORGANISATION),
        source: Some(Source {
            arn: "arn:aws:sns:us-east-1:444455556666:t",
            account: "444455556666",
            organisation: Some(ORGANISATION),
        }),
        called_via: &["a.amazonaws.com", "b.amazonaws.com"],
        request_tags: &[("env", "prod")],
        tag_keys: &["env"],
        resource_tags: &[("env", "test")],
        resource_account: Some("111122223333"),
        resource_organisation: Some(ORGANISATION),
        service_keys: &[("sns:Protocol", ContextValue::Bool(true))],
        ..Facts::new(ANN, Origin::Public(IpAddr::from([192, 0, 2, 1])), 2_000)
    }
}

fn private() -> Facts<'static> {
    let origin = Origin::Private {
        endpoint: "vpce-1",
        network: Some("vpc-1"),
        address: Some(IpAddr::from([10, 0, 0, 1])),
        account: Some("111122223333"),
    };
    Facts::new(ANN, origin, 2_000)
}

#[test]
fn every_key_has_its_value() {
    let text = |text: &'static str| ContextValue::text(text);
    let facts = all();
    for (key, value) in [
        ("aws:principalarn", text("arn:aws:iam::111122223333:user/team/ann")),
        ("aws:principalaccount", text("111122223333")),
        ("aws:principaltype", text("User")),
        ("aws:principalorgid", text("o-a1")),
        ("aws:principalorgpaths", ContextValue::many(["o-a1/r-b2/"])),
        ("aws:principalisawsservice", ContextValue::Bool(false)),
        ("aws:principaltag/team", text("red")),
        ("aws:principaltag/größe", text("l")),
        ("aws:sourceidentity", text("ann")),
        ("aws:userid", text("AIDAANN")),
        ("aws:username", text("ann")),
        ("aws:useragent", text("cli")),
        ("aws:referer", text("https://example.com")),
        ("aws:requestedregion", text("us-east-1")),
        ("aws:sourcearn", text("arn:aws:sns:us-east-1:444455556666:t")),
        ("aws:sourceaccount", text("444455556666")),
        ("aws:sourceowner", text("444455556666")),
        ("aws:sourceorgid", text("o-a1")),
        ("aws:sourceorgpaths", ContextValue::many(["o-a1/r-b2/"])),
        ("aws:sourceip", ContextValue::Address(IpAddr::from([192, 0, 2, 1]))),
        ("aws:securetransport", ContextValue::Bool(false)),
        ("aws:currenttime", ContextValue::Instant(2_000)),
        ("aws:epochtime", ContextValue::Instant(2_000)),
        ("aws:tokenissuetime", ContextValue::Instant(1_000)),
        ("aws:multifactorauthpresent", ContextValue::Bool(true)),
        ("aws:multifactorauthage", ContextValue::Number(5.0)),
        ("aws:viaawsservice", ContextValue::Bool(true)),
        ("aws:calledvia", ContextValue::many(["a.amazonaws.com", "b.amazonaws.com"])),
        ("aws:calledviafirst", text("a.amazonaws.com")),
        ("aws:calledvialast", text("b.amazonaws.com")),
        ("aws:requesttag/env", text("prod")),
        ("aws:tagkeys", ContextValue::many(["env"])),
        ("aws:resourcetag/env", text("test")),
        ("aws:resourceaccount", text("111122223333")),
        ("aws:resourceorgid", text("o-a1")),
        ("aws:resourceorgpaths", ContextValue::many(["o-a1/r-b2/"])),
        ("sns:protocol", ContextValue::Bool(true)),
    ] {
        assert_eq!(facts.value(key), Some(value), "{key}");
    }
    let facts = private();
    for (key, value) in [
        ("aws:sourcevpce", text("vpce-1")),
        ("aws:sourcevpc", text("vpc-1")),
        ("aws:vpcsourceip", ContextValue::Address(IpAddr::from([10, 0, 0, 1]))),
        ("aws:vpceaccount", text("111122223333")),
    ] {
        assert_eq!(facts.value(key), Some(value), "{key}");
    }
}

#[test]
fn a_key_without_value_is_absent() {
    for key in [
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:tokenissuetime",
        "aws:multifactorauthpresent",
        "aws:calledvia",
        "aws:principaltag/team",
        "aws:resourceaccount",
        "aws:useragent",
        "aws:",
        "aws:nothing",
        "sns:protocol",
        "",
    ] {
        assert_eq!(private().value(key), None, "{key}");
    }
    for key in ["aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip", "aws:vpceaccount"] {
        assert_eq!(all().value(key), None, "{key}");
    }
}

/// A key's value of a caller, and what it should be.
fn check(caller: Caller<'_>, key: &str, expected: Option<ContextValue<'_>>) {
    assert_eq!(Facts::new(caller, Origin::Service, 0).value(key), expected, "{caller:?} {key}");
}

#[test]
fn callers_differ_in_what_they_have() {
    let session = Caller::Session {
        account: "111122223333",
        role_arn: "arn:aws:iam::111122223333:role/jobs/worker",
        arn: "arn:aws:sts::111122223333:assumed-role/worker/run-1",
        role_id: "AROAWORKER",
    };
    check(session, "aws:userid", Some(ContextValue::text("AROAWORKER:run-1")));
    check(session, "aws:username", None);
    check(Caller::Anonymous, "aws:userid", Some(ContextValue::text("anonymous")));
    check(Caller::Anonymous, "aws:principalaccount", None);
    let fay = Caller::FederatedUser {
        account: "111122223333",
        arn: "arn:aws:sts::111122223333:federated-user/fay",
    };
    check(fay, "aws:userid", Some(ContextValue::text("111122223333:fay")));
    let service = Caller::Service { name: "sns.amazonaws.com" };
    check(service, "aws:principalisawsservice", Some(ContextValue::Bool(true)));
    check(service, "aws:principalarn", None);
    let names = ContextValue::many(["sns.amazonaws.com"]);
    check(service, "aws:principalservicenameslist", Some(names));
}
