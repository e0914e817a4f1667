use super::*;

fn translated(payload: Value) -> Option<(Value, Option<u64>)> {
    let Value::Object(payload) = payload else { panic!("{payload}") };
    translate(payload).map(|it| (Value::Object(it.body), it.time_to_live))
}

fn becomes(old: Value, new: Value) {
    assert_eq!(translated(old).unwrap().0, json!({ "message": new }));
}

#[test]
fn data_becomes_texts() {
    becomes(
        json!({"data": {"room": 7, "late": true, "guest": "Ünal", "stay": {"nights": 2}, "n": null}}),
        json!({"data": {
            "room": "7", "late": "true", "guest": "Ünal", "stay": "{\"nights\":2}", "n": "null",
        }}),
    );
}

#[test]
fn a_notification_is_for_all_and_for_android() {
    becomes(
        json!({"notification": {
            "title": "Hotel", "body": "Room 7", "icon": "bed", "color": "#00ff00", "sound": "bell",
            "tag": "t", "click_action": "OPEN", "android_channel_id": "c", "badge": "3",
            "body_loc_key": "k", "body_loc_args": "[\"7\"]", "unheard_of": 1,
        }}),
        json!({
            "notification": {"title": "Hotel", "body": "Room 7"},
            "android": {"notification": {
                "channel_id": "c", "icon": "bed", "color": "#00ff00", "sound": "bell", "tag": "t",
                "click_action": "OPEN", "body_loc_key": "k", "body_loc_args": ["7"],
            }},
            "apns": {"payload": {"aps": {"sound": "bell", "badge": 3}}},
        }),
    );
}

#[test]
fn options_have_their_place() {
    let old = json!({
        "data": {}, "collapse_key": "deals", "priority": "high", "time_to_live": 3600,
        "restricted_package_name": "com.example", "content_available": true,
        "mutable_content": false, "dry_run": true, "to": "elsewhere",
    });
    let new = json!({
        "validate_only": true,
        "message": {
            "data": {},
            "android": {
                "priority": "HIGH", "collapse_key": "deals",
                "restricted_package_name": "com.example",
            },
            "apns": {
                "headers": {"apns-priority": "10", "apns-collapse-id": "deals"},
                "payload": {"aps": {"content-available": 1}},
            },
        },
    });
    assert_eq!(translated(old), Some((new, Some(3600))));
    becomes(
        json!({"data": {}, "priority": "normal"}),
        json!({
            "data": {}, "android": {"priority": "NORMAL"},
            "apns": {"headers": {"apns-priority": "5"}},
        }),
    );
    assert_eq!(translated(json!({"time_to_live": "60"})).unwrap().1, Some(60));
}

#[test]
fn a_payload_for_http_v1_passes_but_for_its_target() {
    let message = json!({
        "notification": {"title": "Hotel"}, "data": {"room": 7}, "android": {"ttl": "5s"},
        "webpush": {"headers": {"Urgency": "high"}}, "fcm_options": {"analytics_label": "l"},
    });
    let mut with_target = message.clone();
    for target in ["token", "topic", "condition"] {
        with_target[target] = "somebody else".into();
    }
    let wrapped =
        json!({"fcmV1Message": {"message": with_target, "validate_only": true, "x": 1}, "data": 7});
    let mut expected = message;
    expected["data"]["room"] = "7".into();
    let expected = json!({"message": expected, "validate_only": true});
    assert_eq!(translated(wrapped), Some((expected, None)));
}

#[test]
fn what_means_nothing_is_refused() {
    for payload in [
        json!({"data": "text"}),
        json!({"data": []}),
        json!({"notification": "text"}),
        json!({"time_to_live": "soon"}),
        json!({"time_to_live": -1}),
        json!({"time_to_live": {}}),
        json!({"fcmV1Message": "text"}),
        json!({"fcmV1Message": {}}),
        json!({"fcmV1Message": {"message": []}}),
        json!({"fcmV1Message": {"message": {"data": []}}}),
    ] {
        assert_eq!(translated(payload.clone()), None, "{payload}");
    }
}

#[test]
fn a_request_has_the_token_and_the_time_that_is_left() {
    let request = |payload, left, now| request(payload, "t", Time { left, waited: 0, now });
    let read =
        |body: Result<String, NoRequest>| serde_json::from_str::<Value>(&body.unwrap()).unwrap();
    let payload = r#"{"message":{"data":{},"android":{"priority":"HIGH","ttl":"9s"}}}"#;
    let expected = json!({"message": {"data": {}, "token": "t", "android": {"priority": "HIGH", "ttl": "9s"}}});
    assert_eq!(read(request(payload, None, 0)), expected);
    let expected = json!({"message": {
        "data": {}, "token": "t", "android": {"priority": "HIGH", "ttl": "60s"},
        "apns": {"headers": {"apns-expiration": "1060"}}, "webpush": {"headers": {"TTL": "60"}},
    }});
    assert_eq!(read(request(payload, Some(60), 1000)), expected);
    let once = read(request(payload, Some(0), 1000));
    assert_eq!(once["message"]["apns"]["headers"]["apns-expiration"], "0");
    assert_eq!(once["message"]["android"]["ttl"], "0s");
    for payload in ["", "{}", r#"{"message":7}"#] {
        assert_eq!(request(payload, None, 0), Err(NoRequest::Malformed), "{payload}");
    }
    let in_the_way = r#"{"message":{"android":7}}"#;
    assert_eq!(request(in_the_way, Some(1), 0), Err(NoRequest::Malformed));
}
