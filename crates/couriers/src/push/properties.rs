//! What holds whatever users and services say.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde_json::{Map, Value};
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::publication::{MessageType, PublishedContent};

use super::link::Answer;
use super::{
    GivenCredentials, PayloadFault, PushCredentials, PushMessage, PushPlatform, adm_answer,
    apns_answer, fcm_answer, fcm_message,
};

/// Keys that mean something somewhere.
const KEYS: &[&str] = &[
    "aps",
    "alert",
    "content-available",
    "data",
    "notification",
    "fcmV1Message",
    "message",
    "token",
    "topic",
    "android",
    "apns",
    "headers",
    "payload",
    "webpush",
    "ttl",
    "time_to_live",
    "priority",
    "collapse_key",
    "title",
    "badge",
    "sound",
    "body_loc_args",
    "expiresAfter",
    "error",
    "status",
    "details",
    "errorCode",
    "fieldViolations",
    "field",
    "reason",
    "timestamp",
    "registrationID",
    "project_id",
    "client_email",
    "private_key",
    "token_uri",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,8}|high|UNREGISTERED|INVALID_ARGUMENT|message\\.token|\\PC{0,4}"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![prop::sample::select(KEYS).prop_map(str::to_owned), ".{0,4}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn platform() -> impl Strategy<Value = PushPlatform> {
    prop::sample::select(&PushPlatform::ALL[..])
}

proptest! {
    #[test]
    fn any_message_is_composed_or_refused(
        platform in platform(),
        message in ".{0,40}",
        own in prop::option::of(prop_oneof![json().prop_map(|it| it.to_string()), ".{0,40}"]),
        attribute in prop::sample::select(
            &["APNS.TTL", "GCM.TTL", "APNS.TOPIC", "APNS.PRIORITY", "APNS.PUSH_TYPE"][..],
        ),
        value in "[0-9]{0,12}|alert|.{0,20}",
    ) {
        let name = format!("AWS.SNS.MOBILE.{attribute}");
        let value = AttributeValue::Text(&value);
        let content = PublishedContent {
            message_type: MessageType::Notification,
            subject: None,
            trace_header: None,
            token: None,
            target: None,
            is_notice: false,
            message: &message,
            by_protocol: own.iter().map(|text| (platform.as_str(), text.as_str())).collect(),
            attributes: vec![MessageAttribute { name: &name, data_type: "String", value }],
        };
        let at = SystemTime::UNIX_EPOCH;
        let composed = PushMessage::compose(platform, "device", &content, "id", at);
        match composed {
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
            Ok(composed) => {
                prop_assert!(platform.can_deliver());
                let payload: Value = serde_json::from_str(&composed.payload).unwrap();
                prop_assert!(payload.is_object());
                if platform == PushPlatform::Gcm {
                    check_body(&composed);
                } else {
                    prop_assert!(composed.payload.len() <= platform.payload_bytes_max());
                }
                let headers = [composed.apns.topic, composed.apns.push_type, composed.apns.collapse_id];
                for header in headers.iter().flatten() {
                    prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                }
            }
        }
    }

    #[test]
    fn any_answer_is_judged(status in 100u16..=999, body in prop_oneof![
        json().prop_map(|it| it.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]) {
        let answer = Answer { status, retry_after: Some(Duration::from_secs(1)), body };
        let said = [
            format!("{:?}", apns_answer::judge(&answer, status % 2 == 0)),
            format!("{:?}", fcm_answer::judge(&answer)),
            format!("{:?}", adm_answer::judge(&answer, "device")),
        ];
        let taken = said.iter().all(|it| it.contains("Delivered") || it.contains("TokenReplaced"));
        prop_assert_eq!(taken, status == 200);
    }

    #[test]
    fn any_credentials_are_read_or_refused_and_never_shown(
        platform in platform(),
        principal in prop::option::of(".{0,30}|-----BEGIN CERTIFICATE-----\nAAAA\n.{0,9}"),
        secret in "hunter2[ -~]{0,20}|\\{\"private_key\": \"hunter2.{0,9}\"\\}",
        account in prop::option::of(json().prop_map(|it| it.to_string())),
    ) {
        let given = GivenCredentials {
            principal: principal.as_deref(),
            credential: Some(account.as_deref().unwrap_or(&secret)),
            apple_team_id: Some("TEAM123456"),
            apple_bundle_id: Some("com.example.hotel"),
        };
        let read = PushCredentials::parse(platform, &given);
        let shown = format!("{read:?} {given:?}");
        prop_assert!(!shown.contains("hunter2"));
        if let Err(fault) = read {
            prop_assert!(!fault.to_string().contains("hunter2"));
        }
    }
}

/// It goes to one device and to nobody else, and all its data is texts.
fn check_body(composed: &PushMessage) {
    let left = composed.ttl.map(|ttl| ttl.as_secs());
    let time = fcm_message::Time { left, waited: 0, now: 0 };
    let body = fcm_message::request(&composed.payload, "device", time).unwrap();
    let late = fcm_message::Time { waited: 1000, ..time };
    let late = fcm_message::request(&composed.payload, "device", late);
    assert_ne!(late, Err(fcm_message::NoRequest::Malformed));
    let body: Value = serde_json::from_str(&body).unwrap();
    let message = &body["message"];
    assert_eq!(message["token"], "device");
    assert!(message.get("topic").is_none() && message.get("condition").is_none());
    if let Some(data) = message.get("data") {
        assert!(data.as_object().unwrap().values().all(Value::is_string), "{data}");
    }
}

/// What the texts of faults name is the platform, and nothing that a user wrote.
#[test]
fn faults_name_the_platform() {
    let fault = PayloadFault::TooLong { platform: PushPlatform::Gcm };
    let said =
        "Invalid notification for protocol GCM: Notification data is larger than allowed limit";
    assert_eq!(fault.to_string(), said);
}
