//! Endpoints and their attributes.

use super::*;

fn exists(arn: &EndpointArn) -> TopicRejection {
    parameter(&format!(
        "Token Reason: Endpoint {arn} already exists with the same Token, but different attributes."
    ))
}

fn shown_of(world: &World, arn: &EndpointArn) -> Vec<(&'static str, String)> {
    world.platforms.endpoint(arn).unwrap().attributes()
}

#[test]
fn creating_again_is_no_mistake_if_nothing_differs() {
    let mut world = World::with_fcm("GCM/hotel");
    let data = [("CustomUserData", "guest 7")];
    let arn = world.register("GCM/hotel", "t", &data).unwrap();
    assert_eq!(arn.application, application("GCM/hotel"));
    assert_eq!(world.register("GCM/hotel", "t", &data), Ok(arn.clone()));
    let enabled = [data[0], ("Enabled", "true")];
    assert_eq!(world.register("GCM/hotel", "t", &enabled), Ok(arn.clone()));
    assert_eq!(world.event, None, "nothing has happened");
    assert_eq!(world.register("GCM/hotel", "t", &[]), Err(exists(&arn)));
    let disabled = [data[0], ("Enabled", "false")];
    assert_eq!(world.register("GCM/hotel", "t", &disabled), Err(exists(&arn)));
    let as_parameter = Change::CreateEndpoint {
        application: application("GCM/hotel"),
        token: "t".into(),
        user_data: Some("guest 7".into()),
        attributes: Attributes::default(),
    };
    assert_eq!(world.change(as_parameter), Ok(Output::Endpoint(arn.clone())));
    assert_ne!(world.register("GCM/hotel", "T", &data).unwrap(), arn, "tokens are as they are");
}

#[test]
fn attributes_win_over_the_parameter_but_for_the_token() {
    let mut world = World::with_fcm("GCM/hotel");
    let create = Change::CreateEndpoint {
        application: application("GCM/hotel"),
        token: "t".into(),
        user_data: Some("parameter".into()),
        attributes: attributes(&[("CustomUserData", "attribute"), ("Token", "another")]),
    };
    let Ok(Output::Endpoint(arn)) = world.change(create) else { panic!("no endpoint") };
    let expected = shown(&[("Enabled", "true"), ("Token", "t"), ("CustomUserData", "attribute")]);
    assert_eq!(shown_of(&world, &arn), expected);
}

#[test]
fn tokens_of_apple_are_hexadecimal_and_kept_small() {
    let mut world = World::new();
    let keys = [("PlatformPrincipal", "id"), ("PlatformCredential", "secret")];
    world.create("APNS_VOIP/hotel", &keys).unwrap();
    let arn = world.register("APNS_VOIP/hotel", "ABCDEF0123", &[]).unwrap();
    assert_eq!(world.platforms.endpoint(&arn).unwrap().token(), "abcdef0123");
    assert_eq!(world.register("APNS_VOIP/hotel", "abcdef0123", &[]), Ok(arn.clone()));
    let text = "iOS device tokens must be no more than 400 hexadecimal characters";
    for token in ["xyz", &"a".repeat(401)] {
        let refused = Err(parameter(&format!("Token Reason: {text}")));
        assert_eq!(world.register("APNS_VOIP/hotel", token, &[]), refused);
        let refused =
            parameter(&format!("Attributes Reason: Invalid value for attribute: Token: {text}"));
        assert_eq!(world.set_endpoint(&arn, &[("Token", token)]), Err(refused));
    }
}

#[test]
fn values_have_their_form() {
    let mut world = World::with_fcm("GCM/hotel");
    let empty = Err(parameter("Token Reason: cannot be empty"));
    assert_eq!(world.register("GCM/hotel", "", &[]), empty);
    let long = "x".repeat(8193);
    let text = "must be at most 8192 bytes long in UTF-8 encoding";
    let refused = Err(parameter(&format!("Token Reason: {text}")));
    assert_eq!(world.register("GCM/hotel", &long, &[]), refused);
    let text = "CustomUserData: must be at most 2048 bytes long in UTF-8 encoding";
    let invalid = |what: &str| {
        Err(parameter(&format!("Attributes Reason: Invalid value for attribute: {what}")))
    };
    let data = "ü".repeat(1025);
    let refused = world.register("GCM/hotel", "t", &[("CustomUserData", &data)]);
    assert_eq!(refused, invalid(text));
    let refused = world.register("GCM/hotel", "t", &[("Token", "")]);
    assert_eq!(refused, invalid("Token: cannot be empty"));
    for name in ["PlatformCredential", "ChannelId", "enabled"] {
        let unknown = format!("Attributes Reason: Invalid attribute name: {name}");
        assert_eq!(world.register("GCM/hotel", "t", &[(name, "1")]), Err(parameter(&unknown)));
    }
    let none = Err(TopicRejection::NotFound("PlatformApplication does not exist".into()));
    assert_eq!(world.register("GCM/motel", "t", &[]), none);
}

#[test]
fn those_of_baidu_have_ids_of_their_own() {
    let mut world = World::new();
    let keys = [("PlatformPrincipal", "id"), ("PlatformCredential", "secret")];
    world.create("BAIDU/hotel", &keys).unwrap();
    let ids = [("ChannelId", "c"), ("UserId", "u")];
    let arn = world.register("BAIDU/hotel", "c", &ids).unwrap();
    let expected =
        shown(&[("Enabled", "true"), ("Token", "c"), ("ChannelId", "c"), ("UserId", "u")]);
    assert_eq!(shown_of(&world, &arn), expected);
    assert_eq!(world.restarted().endpoint(&arn).unwrap().attributes(), expected);
}

#[test]
fn attributes_change() {
    let mut world = World::with_fcm("GCM/hotel");
    let (arn, other) = (
        world.register("GCM/hotel", "t", &[]).unwrap(),
        world.register("GCM/hotel", "other", &[]).unwrap(),
    );
    world
        .set_endpoint(&arn, &[("Token", "t2"), ("CustomUserData", "d"), ("Enabled", "false")])
        .unwrap();
    let expected = shown(&[("Enabled", "false"), ("Token", "t2"), ("CustomUserData", "d")]);
    assert_eq!(shown_of(&world, &arn), expected);
    assert_eq!(world.set_endpoint(&arn, &[("Token", "other")]), Err(exists(&other)));
    // The first token is free again.
    let third = world.register("GCM/hotel", "t", &[]).unwrap();
    assert_ne!(third, arn);
    let endpoint = EndpointArn { id: tidings_core::names::Uuid::from_random(1), ..arn };
    let none = Err(TopicRejection::NotFound("Endpoint does not exist".into()));
    assert_eq!(world.set_endpoint(&endpoint, &[("Enabled", "true")]), none);
}

#[test]
fn deleting_is_idempotent() {
    let mut world = World::with_fcm("GCM/hotel");
    let arn = world.register("GCM/hotel", "t", &[]).unwrap();
    let delete = Change::DeleteEndpoint { endpoint: arn.clone() };
    assert_eq!(world.change(delete.clone()), Ok(Output::Done));
    assert!(world.platforms.endpoint(&arn).is_err());
    assert_eq!(world.change(delete), Ok(Output::Done));
    let again = world.register("GCM/hotel", "t", &[]).unwrap();
    assert_ne!(again, arn);
}

#[test]
fn a_dead_token_disables_its_endpoint_unless_there_is_a_new_one() {
    let mut world = World::with_fcm("GCM/hotel");
    let arn = world.register("GCM/hotel", "t", &[]).unwrap();
    let disable = |token: &str| disabling(&arn, token, None);
    world.change(disable("earlier")).unwrap();
    assert!(world.platforms.endpoint(&arn).unwrap().is_enabled());
    world.change(disable("t")).unwrap();
    assert!(!world.platforms.endpoint(&arn).unwrap().is_enabled());
    world.change(Change::DeleteEndpoint { endpoint: arn.clone() }).unwrap();
    assert_eq!(world.change(disable("t")), Ok(Output::Done), "though it is gone");
}

fn disabling(endpoint: &EndpointArn, token: &str, since: Option<u64>) -> Change {
    let (endpoint, token) = (endpoint.clone(), token.into());
    Change::DisableEndpoint { endpoint, token, since: since.map(Timestamp::from_ms) }
}

/// Apple says since when nobody has a token: the app may have come back with the same one.
#[test]
fn a_token_that_was_set_later_than_it_was_worthless_stays() {
    let mut world = World::with_fcm("GCM/hotel");
    let arn = world.register("GCM/hotel", "t", &[]).unwrap();
    let set_at = u64::from(world.turn);
    let is_enabled = |world: &World| world.restarted().endpoint(&arn).unwrap().is_enabled();
    world.change(disabling(&arn, "t", Some(set_at - 1))).unwrap();
    assert!(is_enabled(&world));
    world.change(disabling(&arn, "t", Some(set_at))).unwrap();
    assert!(!is_enabled(&world));

    world.set_endpoint(&arn, &[("Token", "t"), ("Enabled", "true")]).unwrap();
    world.change(disabling(&arn, "t", Some(set_at))).unwrap();
    assert!(is_enabled(&world), "it was said again that it is its token");
    // To say it once more is nothing that an owner would want to hear of.
    world.set_endpoint(&arn, &[("Token", "t")]).unwrap();
    assert_eq!(world.event, None);
    let again = u64::from(world.turn);
    world.change(disabling(&arn, "t", Some(again - 1))).unwrap();
    assert!(is_enabled(&world));
    assert_eq!(world.register("GCM/hotel", "t", &[]), Ok(arn.clone()));
    world.change(disabling(&arn, "t", None)).unwrap();
    assert!(!is_enabled(&world));
}

#[test]
fn a_token_is_replaced_unless_another_endpoint_has_the_new_one() {
    let mut world = World::with_fcm("GCM/hotel");
    let (first, second) = (
        world.register("GCM/hotel", "a", &[]).unwrap(),
        world.register("GCM/hotel", "b", &[]).unwrap(),
    );
    let replace = |endpoint: &EndpointArn, token: &str, new: &str| Change::ReplaceToken {
        endpoint: endpoint.clone(),
        token: token.into(),
        new_token: new.into(),
    };
    let state = |world: &World, arn: &EndpointArn| {
        let endpoint = world.platforms.endpoint(arn).unwrap();
        (endpoint.token().to_owned(), endpoint.is_enabled())
    };
    world.change(replace(&first, "a", "c")).unwrap();
    assert_eq!(state(&world, &first), ("c".to_owned(), true));
    world.change(replace(&first, "a", "d")).unwrap();
    assert_eq!(state(&world, &first), ("c".to_owned(), true), "it had another one by then");
    world.change(replace(&first, "c", "")).unwrap();
    assert_eq!(state(&world, &first), ("c".to_owned(), true), "that is no token");
    world.change(replace(&first, "c", "b")).unwrap();
    assert_eq!(state(&world, &first), ("c".to_owned(), false));
    assert_eq!(state(&world, &second), ("b".to_owned(), true));
}

#[test]
fn endpoints_take_no_more_room_than_an_account_or_the_server_has() {
    let mut world = World::with_fcm("GCM/hotel");
    let other = ApplicationArn::parse("arn:aws:sns:us-east-1:000000000042:app/GCM/b").unwrap();
    let attributes = attributes(&[("PlatformCredential", "{}")]);
    world.change(Change::CreateApplication { application: other.clone(), attributes }).unwrap();
    let cost = limits::ENDPOINT_BYTES + 2 * 8;
    world.platforms.room = crate::room::Room { of_server: 4 * cost, of_account: 2 * cost };
    let first = world.register("GCM/hotel", "12345678", &[]).unwrap();
    let in_region = |token: &str| Change::CreateEndpoint {
        application: other.clone(),
        token: token.to_owned(),
        user_data: Some("5678".to_owned()),
        attributes: Attributes::default(),
    };
    world.change(in_region("1234")).unwrap();
    let full = format!("the endpoints of an account may take {} bytes", 2 * cost);
    let no_token = Err(parameter(&format!("Token Reason: {full}")));
    assert_eq!(world.change(in_region("1")), no_token, "whatever the region");
    let longer = [("CustomUserData", "x")];
    let no_attribute = Err(parameter(&format!("Attributes Reason: {full}")));
    assert_eq!(world.set_endpoint(&first, &longer), no_attribute);
    world.set_endpoint(&first, &[("Token", "123456"), longer[0]]).unwrap();
    let gone = Change::DeleteEndpoint { endpoint: first };
    world.change(gone).unwrap();
    world.register("GCM/hotel", "87654321", &[]).unwrap();

    world.platforms.room = crate::room::Room { of_server: 2 * cost, of_account: 9 * cost };
    let full = format!("Token Reason: the endpoints of this server may take {} bytes", 2 * cost);
    assert_eq!(world.change(in_region("1")), Err(parameter(&full)));
}
