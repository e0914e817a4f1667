use tidings_core::publication::MessageType;

use super::*;

/// A message, what it has for platforms, and its attributes.
fn compose(
    platform: PushPlatform,
    message: &str,
    by_protocol: &[(&str, &str)],
    attributes: &[(&str, &str)],
) -> Result<PushMessage, PayloadFault> {
    let content = PublishedContent {
        message_type: MessageType::Notification,
        subject: Some("not for apps"),
        trace_header: None,
        token: None,
        target: None,
        is_notice: false,
        message,
        by_protocol: by_protocol.to_vec(),
        attributes: attributes.iter().map(attribute).collect(),
    };
    PushMessage::compose(platform, "token", &content, "id", SystemTime::UNIX_EPOCH)
}

fn attribute<'a>(&(name, value): &(&'a str, &'a str)) -> MessageAttribute<'a> {
    MessageAttribute { name, data_type: "String", value: AttributeValue::Text(value) }
}

fn payload(platform: PushPlatform, message: &str, by_protocol: &[(&str, &str)]) -> String {
    compose(platform, message, by_protocol, &[]).unwrap().payload
}

#[test]
fn a_plain_text_becomes_the_simplest_payload() {
    for (platform, expected) in [
        (PushPlatform::Apns, r#"{"aps":{"alert":"R\"7\" ü"}}"#),
        (PushPlatform::MacosSandbox, r#"{"aps":{"alert":"R\"7\" ü"}}"#),
        (PushPlatform::Gcm, r#"{"message":{"data":{"default":"R\"7\" ü"}}}"#),
        (PushPlatform::Adm, r#"{"data":{"message":"R\"7\" ü"}}"#),
    ] {
        assert_eq!(payload(platform, "R\"7\" ü", &[("sms", "short")]), expected, "{platform}");
        let application = [("application", "R\"7\" ü")];
        assert_eq!(payload(platform, "for others", &application), expected, "{platform}");
    }
}

#[test]
fn a_platforms_own_text_goes_as_it_is() {
    let own = r#"{ "aps": {"alert": {"title": "Hotel"}} , "room": 7}"#;
    let all = [("APNS", own), ("APNS_SANDBOX", "{}"), ("ADM", r#"{"data":{}}"#)];
    assert_eq!(payload(PushPlatform::Apns, "default", &all), own);
    assert_eq!(payload(PushPlatform::ApnsSandbox, "default", &all), "{}");
    assert_eq!(payload(PushPlatform::Adm, "default", &all), r#"{"data":{}}"#);
    assert_eq!(payload(PushPlatform::ApnsVoip, "d", &all), r#"{"aps":{"alert":"d"}}"#);
    let fcm = [("FCM", r#"{"data":{"room":7}}"#)];
    assert_eq!(payload(PushPlatform::Gcm, "d", &fcm), r#"{"message":{"data":{"room":"7"}}}"#);
}

#[test]
fn what_is_no_payload_is_malformed() {
    for (platform, key) in
        [(PushPlatform::Apns, "APNS"), (PushPlatform::Gcm, "GCM"), (PushPlatform::Adm, "ADM")]
    {
        for own in ["", "{", "text", "[]", "7", "null"] {
            let fault = compose(platform, "default", &[(key, own)], &[]).unwrap_err();
            let said =
                format!("Invalid notification for protocol {key}: Notification is malformed");
            assert_eq!(fault.to_string(), said, "{own}");
        }
    }
}

#[test]
fn a_payload_has_as_many_bytes_as_the_platform_takes() {
    for platform in PushPlatform::ALL.into_iter().filter(|it| it.can_deliver()) {
        let least = payload_around(platform, "").len();
        let most = platform.payload_bytes_max() - least;
        compose(platform, &"x".repeat(most), &[], &[]).unwrap();
        let fault = compose(platform, &"x".repeat(most + 1), &[], &[]).unwrap_err();
        assert_eq!(fault, PayloadFault::TooLong { platform });
    }
    let too_long = PayloadFault::TooLong { platform: PushPlatform::Apns }.to_string();
    assert_eq!(too_long, "Invalid notification for protocol APNS: Notification is too long");
}

/// As SNS would have sent it, before it is translated.
fn payload_around(platform: PushPlatform, text: &str) -> String {
    match platform {
        PushPlatform::Gcm => json!({"data": {"default": text}}).to_string(),
        _ => payload(platform, text, &[]),
    }
}

#[test]
fn the_time_to_live_is_the_attributes_then_the_payloads_then_the_services() {
    let ttl = |platform, own: &[(&str, &str)], attributes: &[(&str, &str)]| {
        compose(platform, "m", own, attributes).unwrap().ttl.map(|ttl| ttl.as_secs())
    };
    let (apns, gcm, adm) = (PushPlatform::Apns, PushPlatform::Gcm, PushPlatform::Adm);
    assert_eq!(ttl(apns, &[], &[]), Some(2_419_200));
    assert_eq!(ttl(apns, &[], &[("AWS.SNS.MOBILE.APNS.TTL", "60")]), Some(60));
    assert_eq!(ttl(apns, &[], &[("AWS.SNS.MOBILE.APNS_SANDBOX.TTL", "60")]), Some(2_419_200));
    let sandbox = [("AWS.SNS.MOBILE.APNS_SANDBOX.TTL", "0")];
    assert_eq!(ttl(PushPlatform::ApnsSandbox, &[], &sandbox), Some(0));

    let own = [("GCM", r#"{"data":{},"time_to_live":30}"#)];
    assert_eq!(ttl(gcm, &[], &[]), None);
    assert_eq!(ttl(gcm, &own, &[]), Some(30));
    assert_eq!(ttl(gcm, &own, &[("AWS.SNS.MOBILE.GCM.TTL", "60")]), Some(60));
    assert_eq!(ttl(gcm, &own, &[("AWS.SNS.MOBILE.FCM.TTL", "61")]), Some(61));
    assert_eq!(ttl(gcm, &[], &[("AWS.SNS.MOBILE.GCM.TTL", "99999999")]), Some(2_419_200));

    let own = [("ADM", r#"{"data":{},"expiresAfter":30}"#)];
    assert_eq!(ttl(adm, &[], &[]), None);
    assert_eq!(ttl(adm, &own, &[]), Some(30));
    assert_eq!(ttl(adm, &own, &[("AWS.SNS.MOBILE.ADM.TTL", "60")]), Some(60));

    for bad in ["", "-1", "1.5", "soon", "99999999999999999999"] {
        let fault = compose(apns, "m", &[], &[("AWS.SNS.MOBILE.APNS.TTL", bad)]).unwrap_err();
        let said = "the message attribute AWS.SNS.MOBILE.APNS.TTL has to be a number of seconds";
        assert_eq!(fault.to_string(), said, "{bad}");
    }
}

#[test]
fn headers_of_apns_follow_from_attributes_or_from_the_payload() {
    let headers = |platform, own: &str, attributes: &[(&str, &str)]| {
        let apns = compose(platform, "m", &[("APNS", own), ("APNS_VOIP", own)], attributes);
        apns.unwrap().apns
    };
    let inferred = |platform, own| {
        let apns = headers(platform, own, &[]);
        (apns.push_type.unwrap(), apns.priority)
    };
    let (apns, voip) = (PushPlatform::Apns, PushPlatform::ApnsVoip);
    let alert = ("alert".to_owned(), None);
    assert_eq!(inferred(apns, r#"{"aps":{"alert":"x"}}"#), alert);
    assert_eq!(inferred(apns, r#"{"aps":{"alert":"x","content-available":1}}"#), alert);
    assert_eq!(inferred(apns, r#"{"aps":{"content-available":0}}"#), alert);
    assert_eq!(inferred(apns, r#"{"aps":7}"#), alert);
    let background = ("background".to_owned(), Some(5));
    assert_eq!(inferred(apns, r#"{"aps":{"content-available":1},"x":1}"#), background);
    assert_eq!(inferred(voip, r#"{"aps":{}}"#), ("voip".to_owned(), None));

    let all = [
        ("AWS.SNS.MOBILE.APNS.PUSH_TYPE", "background"),
        ("AWS.SNS.MOBILE.APNS.PRIORITY", "1"),
        ("AWS.SNS.MOBILE.APNS.TOPIC", "com.example.hotel.widgets"),
        ("AWS.SNS.MOBILE.APNS.COLLAPSE_ID", "room 7"),
    ];
    let expected = ApnsHeaders {
        push_type: Some("background".to_owned()),
        priority: Some(1),
        topic: Some("com.example.hotel.widgets".to_owned()),
        collapse_id: Some("room 7".to_owned()),
    };
    assert_eq!(headers(apns, "{}", &all), expected);
    assert_eq!(headers(apns, "{}", &all[..1]).priority, Some(5));
    assert_eq!(headers(voip, "{}", &all), expected, "for APNs altogether");
}

#[test]
fn attributes_that_fit_in_no_header_are_refused() {
    let long = "x".repeat(65);
    for (name, value) in [
        ("PUSH_TYPE", "shout"),
        ("PUSH_TYPE", "alert\r\nx: y"),
        ("PRIORITY", "11"),
        ("PRIORITY", ""),
        ("TOPIC", "com example"),
        ("TOPIC", ""),
        ("COLLAPSE_ID", &long),
        ("COLLAPSE_ID", "a\nb"),
        ("COLLAPSE_ID", "ü"),
    ] {
        let name = format!("AWS.SNS.MOBILE.APNS.{name}");
        let fault = compose(PushPlatform::Apns, "m", &[], &[(&name, value)]).unwrap_err();
        assert!(matches!(fault, PayloadFault::BadAttribute { .. }), "{name} {value:?}");
        compose(PushPlatform::Gcm, "m", &[], &[(&name, value)]).unwrap();
    }
}

#[test]
fn platforms_of_the_past_say_so() {
    for platform in [PushPlatform::Baidu, PushPlatform::Mpns, PushPlatform::Wns] {
        let fault = compose(platform, "m", &[], &[]).unwrap_err();
        assert_eq!(fault, PayloadFault::Undeliverable { platform });
        assert!(fault.to_string().starts_with(platform.as_str()));
    }
}
