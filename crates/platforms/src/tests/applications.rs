//! Applications and their attributes.

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000042:events";
const KEYS: [(&str, &str); 2] = [("PlatformPrincipal", "id"), ("PlatformCredential", "secret")];

#[test]
fn what_is_given_is_shown_but_for_secrets() {
    let mut world = World::new();
    world.create("ADM/hotel", &KEYS).unwrap();
    assert_eq!(world.shown("ADM/hotel"), shown(&[("Enabled", "true")]));
    let given = [
        ("PlatformPrincipal", "id"),
        ("PlatformCredential", "secret"),
        ("EventEndpointCreated", TOPIC),
        ("SuccessFeedbackRoleArn", "arn:aws:iam::000000000042:role/log"),
        ("SuccessFeedbackSampleRate", "5"),
        ("Enabled", "FALSE"),
    ];
    world.create("ADM/second", &given).unwrap();
    let expected = [
        ("Enabled", "false"),
        ("EventEndpointCreated", TOPIC),
        ("SuccessFeedbackRoleArn", "arn:aws:iam::000000000042:role/log"),
        ("SuccessFeedbackSampleRate", "5"),
    ];
    assert_eq!(world.shown("ADM/second"), shown(&expected));
    assert_eq!(
        format!("{:?}", attributes(&KEYS)),
        "Attributes[\"PlatformPrincipal\", \"PlatformCredential\"]"
    );
    let application = world.platforms.application(&application("ADM/second")).unwrap();
    assert!(!format!("{application:?}").contains("secret"));
}

#[test]
fn those_of_apple_say_how_they_prove_who_they_are() {
    let mut world = World::new();
    world.create("APNS/certificate", &KEYS).unwrap();
    let expected = [
        ("Enabled", "true"),
        ("AuthenticationMethod", "certificate"),
        ("AppleCertificateExpiryDate", "2030-01-01T00:00:00Z"),
    ];
    assert_eq!(world.shown("APNS/certificate"), shown(&expected));
    let team =
        [("ApplePlatformTeamID", "ABCDE12345"), ("ApplePlatformBundleID", "com.example.app")];
    world.set("APNS/certificate", &team).unwrap();
    let expected = [
        ("Enabled", "true"),
        ("ApplePlatformBundleID", "com.example.app"),
        ("ApplePlatformTeamID", "ABCDE12345"),
        ("AuthenticationMethod", "token"),
    ];
    assert_eq!(world.shown("APNS/certificate"), shown(&expected));
}

#[test]
fn creating_again_is_no_mistake_if_nothing_differs() {
    let mut world = World::new();
    let first = world.create("ADM/hotel", &KEYS).unwrap();
    assert_eq!(first, Output::Application(application("ADM/hotel")));
    assert_eq!(world.create("ADM/hotel", &KEYS), Ok(first));
    let differs = parameter(
        "Name Reason: An application with the same name but different properties already exists",
    );
    let more = [KEYS[0], KEYS[1], ("EventEndpointCreated", TOPIC)];
    assert_eq!(world.create("ADM/hotel", &more), Err(differs.clone()));
    let other = [KEYS[0], ("PlatformCredential", "other")];
    assert_eq!(world.create("ADM/hotel", &other), Err(differs));
    assert!(world.create("GCM/hotel", &[("PlatformCredential", "{}")]).is_ok(), "another platform");
}

#[test]
fn principal_and_credential_go_together() {
    let mut world = World::new();
    let (principal, credential) = (&KEYS[..1], &KEYS[1..]);
    let text = "Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential";
    assert_eq!(world.create("ADM/hotel", principal), Err(parameter(text)));
    assert_eq!(world.create("GCM/hotel", principal), Err(parameter(text)));
    let text = "Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal";
    assert_eq!(world.create("ADM/hotel", credential), Err(parameter(text)));
    assert_eq!(world.create("APNS_SANDBOX/hotel", credential), Err(parameter(text)));
    assert!(world.create("GCM/hotel", credential).is_ok());
    let text =
        "Attributes Reason: Invalid value for attribute: PlatformCredential: cannot be empty";
    for (name, pairs) in [
        ("GCM/second", &[][..]),
        ("GCM/second", &[("PlatformCredential", "")][..]),
        ("ADM/second", &[("Enabled", "true")][..]),
    ] {
        assert_eq!(world.create(name, pairs), Err(parameter(text)), "{name}");
    }
    assert!(world.create("MPNS/hotel", &[("Enabled", "true")]).is_ok());
}

#[test]
fn values_have_their_form() {
    let mut world = World::with_fcm("GCM/hotel");
    let long = "x".repeat(limits::CREDENTIAL_BYTES_MAX + 1);
    for (name, value, problem) in [
        ("SuccessFeedbackSampleRate", "101", "101 value provided is not an integer between 0-100"),
        ("SuccessFeedbackSampleRate", "+5", "+5 value provided is not an integer between 0-100"),
        ("SuccessFeedbackSampleRate", "x", "x value provided is not an integer between 0-100"),
        ("SuccessFeedbackRoleArn", "role", "must be the ARN of a role"),
        ("Enabled", "yes", "must be true or false"),
        ("Enabled", "", "must be true or false"),
        ("PlatformCredential", "", "cannot be empty"),
        ("PlatformCredential", &long, "must be at most 32768 bytes long in UTF-8 encoding"),
    ] {
        let text = format!("Attributes Reason: Invalid value for attribute: {name}: {problem}");
        assert_eq!(world.set("GCM/hotel", &[(name, value)]), Err(parameter(&text)));
    }
    for topic in [
        "events",
        "arn:aws:sns:us-east-1:000000000042:events",
        "arn:aws:sns:eu-west-1:000000000043:events",
        "arn:aws:sns:eu-west-1:000000000042:events.fifo",
        "arn:aws:sqs:eu-west-1:000000000042:events",
    ] {
        let text = "Attributes Reason: Invalid value for attribute: EventDeliveryFailure: must be \
                    the ARN of a topic of the same account and region";
        let set = world.set("GCM/hotel", &[("EventDeliveryFailure", topic)]);
        assert_eq!(set, Err(parameter(text)), "{topic}");
    }
    for name in ["Token", "enabled", "AppleCertificateExpiryDate", ""] {
        let text = format!("Attributes Reason: Invalid attribute name: {name}");
        assert_eq!(world.set("GCM/hotel", &[(name, "x")]), Err(parameter(&text)));
    }
    assert_eq!(world.shown("GCM/hotel"), shown(&[("Enabled", "true")]), "nothing has changed");
}

#[test]
fn an_empty_value_takes_a_setting_away() {
    let mut world = World::with_fcm("GCM/hotel");
    world.set("GCM/hotel", &[("EventDeliveryFailure", TOPIC)]).unwrap();
    world.set("GCM/hotel", &[("EventDeliveryFailure", "")]).unwrap();
    assert_eq!(world.shown("GCM/hotel"), shown(&[("Enabled", "true")]));
}

#[test]
fn credentials_are_checked_together_and_replaced_one_by_one() {
    let mut world = World::new();
    let bad = parameter("Attributes Reason: Platform credentials are invalid: they are bad");
    let given = [("PlatformPrincipal", "id"), ("PlatformCredential", "bad")];
    assert_eq!(world.create("ADM/hotel", &given), Err(bad.clone()));
    world.create("ADM/hotel", &KEYS).unwrap();
    let revision =
        |world: &World| world.platforms.application(&application("ADM/hotel")).unwrap().revision();
    let first = revision(&world);
    assert_eq!(world.set("ADM/hotel", &[("PlatformPrincipal", "bad")]), Err(bad));
    world.set("ADM/hotel", &[("Enabled", "false")]).unwrap();
    assert_eq!(revision(&world), first, "the credentials are the same");
    world.set("ADM/hotel", &[("PlatformPrincipal", "another")]).unwrap();
    assert_ne!(revision(&world), first);
    let there = world.platforms.application(&application("ADM/hotel")).unwrap();
    let credentials = there.credentials().unwrap();
    assert_eq!((credentials.principal(), credentials.credential()), (Some("another"), "secret"));
}

#[test]
fn all_is_there_again_after_a_restart_and_secrets_are_sealed() {
    let mut world = World::new();
    world.create("APNS/hotel", &KEYS).unwrap();
    world.set("APNS/hotel", &[("EventDeliveryFailure", TOPIC), ("Enabled", "false")]).unwrap();
    let token = "AB".repeat(32);
    let endpoint = world.register("APNS/hotel", &token, &[("CustomUserData", "guest")]).unwrap();
    let restarted = world.restarted();
    assert_eq!(restarted.applications, world.platforms.applications);
    assert_eq!(restarted.endpoint(&endpoint), world.platforms.endpoint(&endpoint));
    let secret = |value: &Vec<u8>| String::from_utf8_lossy(value).contains("secret");
    assert!(!world.entries.values().any(secret));
}

#[test]
fn what_cannot_be_used_is_said() {
    let mut world = World::new();
    world.create("ADM/hotel", &KEYS).unwrap();
    let (name, value) = world.entries.iter().next().unwrap();
    let load = |name: &str, value: &[u8], key: u8| {
        let loaded = Platforms::load([(name, value)], MasterKey::new([key; 32]).sealer("push"));
        loaded.map(|_| ()).map_err(|fault| fault.problem)
    };
    assert_eq!(load(name, value, 7), Ok(()));
    let not_opened = "does not open: it is damaged, or sealed under another master key";
    assert_eq!(load(name, value, 8), Err(not_opened));
    // The credentials of one application are of no use to another.
    assert_eq!(load(&name.replace("hotel", "other"), value, 7), Err(not_opened));
    assert_eq!(load(name, b"{}", 7), Err("is damaged"));
    assert_eq!(
        load("push/endpoint/1/x", b"{}", 7),
        Err("is not one of an application or an endpoint")
    );
}

#[test]
fn a_deleted_application_takes_its_endpoints_with_it() {
    let mut world = World::with_fcm("GCM/hotel");
    let endpoints: Vec<_> =
        (0..150).map(|n| world.register("GCM/hotel", &format!("token{n}"), &[]).unwrap()).collect();
    let delete = Change::DeleteApplication { application: application("GCM/hotel") };
    assert_eq!(world.change(delete.clone()), Ok(Output::Done));
    let none = TopicRejection::NotFound("PlatformApplication does not exist".into());
    assert_eq!(world.set("GCM/hotel", &[("Enabled", "true")]), Err(none));
    assert!(endpoints.iter().all(|arn| world.platforms.endpoint(arn).is_err()));
    assert_eq!(world.change(delete), Ok(Output::Done), "once more");

    // Another one of the same name has nothing of it, before and after a restart.
    world.create("GCM/hotel", &[("PlatformCredential", "{}")]).unwrap();
    world.platforms = world.restarted();
    assert!(endpoints.iter().all(|arn| world.platforms.endpoint(arn).is_err()));
    let again = world.register("GCM/hotel", "token7", &[]).unwrap();
    let mut sweeps = Vec::new();
    loop {
        let writes = world.platforms.sweep();
        if writes.is_empty() {
            break;
        }
        sweeps.push(writes.len());
        world.write(writes);
    }
    assert_eq!(sweeps, [100, 50]);
    assert!(world.platforms.endpoint(&again).is_ok());
    assert_eq!((world.entries.len(), world.platforms.endpoints_count), (2, 1));
}

#[test]
fn an_account_has_so_many_applications() {
    let mut world = World::new();
    for n in 0..limits::APPLICATIONS_MAX {
        world.turn = 0;
        world.create(&format!("MPNS/app{n}"), &[("Enabled", "true")]).unwrap();
    }
    let full = parameter("Name Reason: an account may have 1000 platform applications");
    world.turn = 0;
    for (scope, expected) in [
        ("eu-west-1:000000000042", Err(&full)),
        ("us-east-1:000000000042", Err(&full)),
        ("eu-west-1:000000000043", Ok(())),
    ] {
        let arn = format!("arn:aws:sns:{scope}:app/MPNS/app");
        let application = ApplicationArn::parse(&arn).unwrap();
        let attributes = attributes(&[("Enabled", "true")]);
        let created = world.change(Change::CreateApplication { application, attributes });
        assert_eq!(created.as_ref().map(|_| ()), expected, "{scope}");
    }
    let gone = Change::DeleteApplication { application: application("MPNS/app0") };
    world.change(gone).unwrap();
    world.create("MPNS/app", &[("Enabled", "true")]).unwrap();
}

#[test]
fn logging_needs_roles() {
    let mut world = World::with_fcm("GCM/hotel");
    let logging = |world: &World| {
        let logging = world.platforms.application(&application("GCM/hotel")).unwrap().logging();
        (logging.success_percent, logging.failures)
    };
    assert_eq!(logging(&world), (0, false));
    world.set("GCM/hotel", &[("SuccessFeedbackSampleRate", "50")]).unwrap();
    assert_eq!(logging(&world), (0, false));
    let role = "arn:aws:iam::000000000042:role/log";
    let roles = [("SuccessFeedbackRoleArn", role), ("FailureFeedbackRoleArn", role)];
    world.set("GCM/hotel", &roles).unwrap();
    assert_eq!(logging(&world), (50, true));
}
