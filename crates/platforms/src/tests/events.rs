//! What owners are told.

use tidings_core::time::Timestamp;

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000042:events";

fn told(world: &World) -> Option<(String, String)> {
    let event = world.event.as_ref()?;
    assert_eq!(event.topic.to_string(), TOPIC);
    Some((event.subject(), event.message(Timestamp::from_ms(1_524_763_788_732), None)))
}

#[test]
fn whoever_wants_to_know_is_told() {
    let mut world = World::with_fcm("GCM/com.example.app");
    let name = "GCM/com.example.app";
    let first = world.register(name, "a", &[]).unwrap();
    assert_eq!(told(&world), None);
    let wanted = ["EventEndpointCreated", "EventEndpointUpdated", "EventEndpointDeleted"];
    world.set(name, &wanted.map(|attribute| (attribute, TOPIC))).unwrap();
    let second = world.register(name, "b", &[]).unwrap();
    let expected = |kind: &str, endpoint: &EndpointArn| {
        let message = format!(
            "{{\"EndpointArn\":\"{endpoint}\",\"EventType\":\"{kind}\",\
             \"Resource\":\"arn:aws:sns:eu-west-1:000000000042:app/GCM/com.example.app\",\
             \"Service\":\"SNS\",\"Time\":\"2018-04-26T17:29:48.732Z\"}}"
        );
        Some((format!("{kind} event for app com.example.app (GCM)"), message))
    };
    assert_eq!(told(&world), expected("EndpointCreated", &second));
    world.set_endpoint(&first, &[("CustomUserData", "guest")]).unwrap();
    assert_eq!(told(&world), expected("EndpointUpdated", &first));
    world.set_endpoint(&first, &[("CustomUserData", "guest")]).unwrap();
    assert_eq!(told(&world), None, "nothing has changed");
    let (endpoint, token, since) = (first.clone(), "a".into(), None);
    world.change(Change::DisableEndpoint { endpoint, token, since }).unwrap();
    assert_eq!(told(&world), expected("EndpointUpdated", &first));
    world.change(Change::DeleteEndpoint { endpoint: first.clone() }).unwrap();
    assert_eq!(told(&world), expected("EndpointDeleted", &first));
    world.change(Change::DeleteEndpoint { endpoint: first }).unwrap();
    assert_eq!(told(&world), None, "it was gone");
}

/// As recorded of the service, but for the names.
#[test]
fn a_failure_says_what_was_wrong() {
    let mut world = World::with_fcm("GCM/hotel");
    world.set("GCM/hotel", &[("EventDeliveryFailure", TOPIC)]).unwrap();
    let endpoint = world.register("GCM/hotel", "a", &[]).unwrap();
    let application = world.platforms.application(&application("GCM/hotel")).unwrap();
    let event = Event::of(EventKind::DeliveryFailure, application, &endpoint).unwrap();
    let failure = DeliveryFailure {
        attempts: 1,
        message_id: "dd686e01-3f8f-56f7-9683-348cb97d649a".into(),
        failure_type: "InvalidPlatformToken",
        failure_message: "Platform token associated with the endpoint is not valid".into(),
    };
    let message = event.message(Timestamp::from_ms(1_524_763_788_732), Some(&failure));
    let expected = format!(
        "{{\"DeliveryAttempts\":1,\"EndpointArn\":\"{endpoint}\",\"EventType\":\"DeliveryFailure\",\
         \"FailureMessage\":\"Platform token associated with the endpoint is not valid\",\
         \"FailureType\":\"InvalidPlatformToken\",\
         \"MessageId\":\"dd686e01-3f8f-56f7-9683-348cb97d649a\",\
         \"Resource\":\"arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel\",\"Service\":\"SNS\",\
         \"Time\":\"2018-04-26T17:29:48.732Z\"}}"
    );
    assert_eq!(message, expected);
    assert_eq!(event.subject(), "DeliveryFailure event for app hotel (GCM)");
}

#[test]
fn a_subject_is_one_however_long_the_name() {
    let name = format!("GCM/{}", "n".repeat(256));
    let mut world = World::with_fcm(&name);
    world.set(&name, &[("EventEndpointCreated", TOPIC)]).unwrap();
    world.register(&name, "a", &[]).unwrap();
    assert_eq!(told(&world).unwrap().0.len(), 100);
}
