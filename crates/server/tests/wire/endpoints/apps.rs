//! Apps on devices: messages for them, what their push service says of them, and what their owner is
//! told. The push service is one in this process, which speaks as ADM does.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tidings_couriers::{CourierConfig, PushConfig};

use super::delivery_status::{Log, ROLE};
use super::hook::{Answer, Hook, Post};
use super::support::{Hub, Sns, dead_letter_queue, entries, local, take};

const KEYS: [(&str, &str); 2] = [("PlatformPrincipal", "client"), ("PlatformCredential", "secret")];

/// What is asked, and the code and the text that it is refused with.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// What the service answers to messages.
type Reaction = Arc<Mutex<Box<dyn Fn(&Post) -> Answer + Send>>>;

struct Adm {
    hook: Hook,
    reaction: Reaction,
}

fn registered(token: &str) -> Answer {
    Answer::WithBody(200, json!({ "registrationID": token }).to_string())
}

fn refused(status: u16, reason: &str) -> Answer {
    Answer::WithBody(status, json!({ "reason": reason }).to_string())
}

impl Adm {
    async fn start() -> Self {
        let reaction: Reaction = Arc::new(Mutex::new(Box::new(|post| registered(token_of(post)))));
        let react = Arc::clone(&reaction);
        let hook = Hook::start(move |post| match post.request_line.contains("/auth/O2/token") {
            true => {
                let answer = json!({ "access_token": "token", "expires_in": 3600 });
                Answer::WithBody(200, answer.to_string())
            }
            false => (react.lock().unwrap())(post),
        });
        Self { hook: hook.await, reaction }
    }

    fn config(&self) -> CourierConfig {
        let push = PushConfig {
            adm_url: self.hook.url(""),
            adm_token_url: self.hook.url("/auth/O2/token"),
            ..PushConfig::default()
        };
        CourierConfig { push, ..local() }
    }

    fn react(&self, reaction: impl Fn(&Post) -> Answer + Send + 'static) {
        *self.reaction.lock().unwrap() = Box::new(reaction);
    }

    /// The next message: for which token, and what.
    async fn message(&mut self) -> (String, Value) {
        loop {
            let post = self.hook.next().await;
            if post.request_line.contains("/messages ") {
                return (token_of(&post).to_owned(), post.json());
            }
        }
    }
}

/// `POST /messaging/registrations/TOKEN/messages HTTP/1.1`
fn token_of(post: &Post) -> &str {
    post.request_line.split('/').nth(3).unwrap()
}

async fn with_adm(test: impl AsyncFnOnce(&Hub, &mut Adm)) {
    let mut adm = Adm::start().await;
    let hub = Hub::delivering_by(adm.config()).await;
    test(&hub, &mut adm).await;
    hub.stop().await;
}

async fn application(sns: &mut Sns, platform: &str, attributes: &[(&str, &str)]) -> String {
    let all: Vec<_> = KEYS.iter().chain(attributes).copied().collect();
    let entries = entries(&all);
    let mut parameters = vec![("Name", "hotel"), ("Platform", platform)];
    parameters.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let created = sns.ok("CreatePlatformApplication", &parameters).await;
    created.text_of("PlatformApplicationArn").to_owned()
}

async fn endpoint(sns: &mut Sns, application: &str, token: &str) -> String {
    let parameters = [("PlatformApplicationArn", application), ("Token", token)];
    sns.ok("CreatePlatformEndpoint", &parameters).await.text_of("EndpointArn").to_owned()
}

async fn set(sns: &mut Sns, endpoint: &str, name: &str, value: &str) {
    let entries = entries(&[(name, value)]);
    let mut parameters = vec![("EndpointArn", endpoint)];
    parameters.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    sns.ok("SetEndpointAttributes", &parameters).await;
}

async fn shown(sns: &mut Sns, endpoint: &str, name: &str) -> String {
    let result = sns.ok("GetEndpointAttributes", &[("EndpointArn", endpoint)]).await;
    let mut entries = result.children[0].children.iter();
    entries.find(|entry| entry.text_of("key") == name).unwrap().text_of("value").to_owned()
}

async fn publish(sns: &mut Sns, endpoint: &str, message: &str) -> String {
    let parameters = [("TargetArn", endpoint), ("Message", message)];
    sns.ok("Publish", &parameters).await.text_of("MessageId").to_owned()
}

/// A queue that hears what a topic says, in raw messages.
async fn listener(hub: &Hub, sns: &mut Sns, topic: &str) -> String {
    let mut sqs = hub.sqs().await;
    let url = sqs.queue("heard", json!({})).await;
    let entries = entries(&[("RawMessageDelivery", "true")]);
    let mut subscribe = vec![
        ("TopicArn", topic),
        ("Protocol", "sqs"),
        ("Endpoint", "arn:aws:sqs:us-east-1:000000000000:heard"),
    ];
    subscribe.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    sns.ok("Subscribe", &subscribe).await;
    url
}

async fn heard(hub: &Hub, url: &str) -> Value {
    let message = take(&mut hub.sqs().await, url).await;
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_message_reaches_the_app_by_its_arn_and_by_a_topic() {
    with_adm(async |hub: &Hub, adm: &mut Adm| {
        let mut sns = hub.sns().await;
        let application = application(&mut sns, "ADM", &[]).await;
        let app = endpoint(&mut sns, &application, "phone").await;
        publish(&mut sns, &app, "Your room is ready").await;
        let expected = json!({ "data": { "message": "Your room is ready" } });
        assert_eq!(adm.message().await, ("phone".to_owned(), expected));

        let topic = sns.topic("stock", &[]).await;
        let subscribe = [("TopicArn", &*topic), ("Protocol", "application"), ("Endpoint", &*app)];
        let subscription = sns.ok("Subscribe", &subscribe).await;
        let attributes = sns.attributes(subscription.text_of("SubscriptionArn")).await;
        assert_eq!(attributes["PendingConfirmation"], "false");
        let texts = r#"{"default":"d","ADM":"{\"data\":{\"room\":\"7\"},\"expiresAfter\":60}"}"#;
        sns.publish_with(&topic, &[("Message", texts), ("MessageStructure", "json")]).await;
        let (token, message) = adm.message().await;
        assert_eq!((token.as_str(), &message["data"]), ("phone", &json!({ "room": "7" })));
        set(&mut sns, &app, "Token", "another-phone").await;
        sns.publish(&topic, "hello").await;
        assert_eq!(adm.message().await.0, "another-phone", "the token of now");
        let topics = sns.ok("ListTopics", &[]).await;
        assert_eq!(topics.children[0].children.len(), 1, "outboxes are no topics");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_refused() {
    with_adm(async |hub: &Hub, _: &mut Adm| {
        let mut sns = hub.sns().await;
        let of_adm = application(&mut sns, "ADM", &[]).await;
        let app = endpoint(&mut sns, &of_adm, "phone").await;
        let of_baidu = application(&mut sns, "BAIDU", &[]).await;
        let gone = endpoint(&mut sns, &of_baidu, "phone").await;
        let long = "x".repeat(6144);
        let none = app.replace("ADM", "GCM");
        let invalid = "InvalidParameter";
        let no_endpoint = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn \
                           specified";
        let cases: [Case<'_>; 7] = [
            (&[("TargetArn", &none), ("Message", "m")], invalid, no_endpoint),
            (&[("TargetArn", &of_adm), ("Message", "m")], invalid, no_endpoint),
            (
                &[("TargetArn", &app), ("Message", &long)],
                invalid,
                "Invalid parameter: Message Reason: Invalid notification for protocol ADM: \
                 Notification is too long",
            ),
            (
                &[
                    ("TargetArn", &app),
                    ("Message", r#"{"default":"","ADM":"x"}"#),
                    ("MessageStructure", "json"),
                ],
                invalid,
                "Invalid parameter: Message Reason: Invalid notification for protocol ADM: \
                 Notification is malformed",
            ),
            (
                &[
                    ("TargetArn", &app),
                    ("Message", "m"),
                    ("MessageAttributes.entry.1.Name", "AWS.SNS.MOBILE.ADM.TTL"),
                    ("MessageAttributes.entry.1.Value.DataType", "String"),
                    ("MessageAttributes.entry.1.Value.StringValue", "soon"),
                ],
                invalid,
                "Invalid parameter: MessageAttributes Reason: the message attribute \
                 AWS.SNS.MOBILE.ADM.TTL has to be a number of seconds",
            ),
            (
                &[("TargetArn", &gone), ("Message", "m")],
                invalid,
                "Invalid parameter: TargetArn Reason: BAIDU is a push service of the past: its API \
                 is kept, but nothing can be delivered to it",
            ),
            (&[("TargetArn", &app), ("Message", "")], invalid, "Invalid parameter: Empty message"),
        ];
        sns.refuses("Publish", &cases).await;
        let topic = sns.topic("stock", &[]).await;
        let subscribe =
            |endpoint| [("TopicArn", &*topic), ("Protocol", "application"), ("Endpoint", endpoint)];
        let missing = format!(
            "Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint {none}"
        );
        let cases: [Case<'_>; 3] = [
            (&subscribe("phone"), invalid, "Invalid parameter: ApplicationEndpoint ARN"),
            (&subscribe(&none), invalid, &missing),
            (
                &subscribe(&gone),
                invalid,
                "Invalid parameter: Endpoint Reason: BAIDU is a push service of the past*",
            ),
        ];
        sns.refuses("Subscribe", &cases).await;

        let mut other = hub.sns_of(Some("111122223333")).await;
        let topic_of_other = "arn:aws:sns:us-east-1:111122223333:stock";
        other.ok("CreateTopic", &[("Name", "stock")]).await;
        let subscribe =
            [("TopicArn", topic_of_other), ("Protocol", "application"), ("Endpoint", &*app)];
        let missing = format!(
            "Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint {app}"
        );
        other.refuses("Subscribe", &[(&subscribe, invalid, &missing)]).await;
        let publish = [("TargetArn", &*app), ("Message", "m")];
        other.refuses("Publish", &[(&publish, invalid, no_endpoint)]).await;

        set(&mut sns, &app, "Enabled", "false").await;
        let publish = [("TargetArn", &*app), ("Message", "m")];
        let disabled = (&publish[..], "EndpointDisabled", "Endpoint is disabled");
        sns.refuses("Publish", &[disabled]).await;
        let off = entries(&[("Enabled", "false")]);
        let mut parameters = vec![("PlatformApplicationArn", &*of_adm)];
        parameters.extend(off.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        sns.ok("SetPlatformApplicationAttributes", &parameters).await;
        let disabled =
            (&publish[..], "PlatformApplicationDisabled", "Platform application is disabled");
        sns.refuses("Publish", &[disabled]).await;
    })
    .await;
}

#[tokio::test]
async fn an_app_that_is_gone_disables_its_endpoint_and_the_owner_is_told() {
    with_adm(async |hub: &Hub, adm: &mut Adm| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("events", &[]).await;
        let events = ["EventEndpointCreated", "EventEndpointUpdated", "EventEndpointDeleted"];
        let mut wanted: Vec<_> = events.map(|name| (name, topic.as_str())).to_vec();
        wanted.push(("EventDeliveryFailure", &topic));
        let url = listener(hub, &mut sns, &topic).await;
        let application = application(&mut sns, "ADM", &wanted).await;
        let app = endpoint(&mut sns, &application, "phone").await;
        let event = |kind: &str, time: &Value| {
            json!({
                "EndpointArn": app, "EventType": kind, "Resource": application, "Service": "SNS",
                "Time": time,
            })
        };
        let created = heard(hub, &url).await;
        assert_eq!(created, event("EndpointCreated", &created["Time"]));

        adm.react(|_| refused(400, "Unregistered"));
        let id = publish(&mut sns, &app, "hello").await;
        adm.message().await;
        let mut told = [heard(hub, &url).await, heard(hub, &url).await];
        told.sort_by_key(|event| event["EventType"].to_string());
        let [failure, updated] = &told;
        assert_eq!(updated, &event("EndpointUpdated", &updated["Time"]));
        let mut expected = event("DeliveryFailure", &failure["Time"]);
        expected["DeliveryAttempts"] = json!(1);
        expected["FailureType"] = json!("InvalidPlatformToken");
        expected["FailureMessage"] =
            json!("Platform token associated with the endpoint is not valid");
        expected["MessageId"] = json!(id);
        assert_eq!(failure, &expected);
        assert_eq!(shown(&mut sns, &app, "Enabled").await, "false");

        sns.ok("DeleteEndpoint", &[("EndpointArn", &app)]).await;
        let deleted = heard(hub, &url).await;
        assert_eq!(deleted, event("EndpointDeleted", &deleted["Time"]));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_an_event_that_failed() {
    with_adm(async |hub: &Hub, _: &mut Adm| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("events", &[]).await;
        let application = application(&mut sns, "ADM", &[("EventDeliveryFailure", &topic)]).await;
        let url = listener(hub, &mut sns, &topic).await;
        for token in ["phone", "tablet"] {
            let app = endpoint(&mut sns, &application, token).await;
            let subscribe =
                [("TopicArn", &*topic), ("Protocol", "application"), ("Endpoint", &*app)];
            sns.ok("Subscribe", &subscribe).await;
            set(&mut sns, &app, "Enabled", "false").await;
        }
        for number in 1..=2 {
            let text = number.to_string();
            let message = [("TopicArn", &*topic), ("Message", &*text)];
            let id = sns.ok("Publish", &message).await.text_of("MessageId").to_owned();
            assert_eq!(heard(hub, &url).await, json!(number));
            // Of either app, that it did not get the message; of neither, that it did not get these.
            for _ in 0..2 {
                let failure = heard(hub, &url).await;
                assert_eq!(failure["FailureType"], "EndpointDisabled", "{failure}");
                assert_eq!(failure["MessageId"], json!(id));
            }
            hub.settle().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_token_takes_the_place_of_the_old_one() {
    with_adm(async |hub: &Hub, adm: &mut Adm| {
        let mut sns = hub.sns().await;
        let application = application(&mut sns, "ADM", &[]).await;
        let (first, second) = (
            endpoint(&mut sns, &application, "a").await,
            endpoint(&mut sns, &application, "b").await,
        );
        adm.react(|_| registered("c"));
        publish(&mut sns, &first, "hello").await;
        adm.message().await;
        hub.settle().await;
        assert_eq!(shown(&mut sns, &first, "Token").await, "c");
        // The other endpoint has it already: the app would get everything twice.
        publish(&mut sns, &second, "hello").await;
        adm.message().await;
        hub.settle().await;
        assert_eq!(shown(&mut sns, &second, "Token").await, "b");
        assert_eq!(shown(&mut sns, &second, "Enabled").await, "false");
        assert_eq!(shown(&mut sns, &first, "Enabled").await, "true");
    })
    .await;
}

#[tokio::test]
async fn a_service_that_is_busy_gets_the_message_later_across_a_restart() {
    let mut adm = Adm::start().await;
    let hub = Hub::delivering_by(adm.config()).await;
    let mut sns = hub.sns().await;
    let application = application(&mut sns, "ADM", &[]).await;
    let app = endpoint(&mut sns, &application, "phone").await;
    adm.react(|_| refused(503, "ServiceUnavailable"));
    publish(&mut sns, &app, "hello").await;
    adm.message().await;
    adm.react(|post| registered(token_of(post)));
    drop(sns);
    let hub = hub.restart().await;
    hub.pass_seconds(11).await;
    let expected = json!({ "data": { "message": "hello" } });
    assert_eq!(adm.message().await, ("phone".to_owned(), expected));
    hub.settle().await;
    adm.hook.has_no_more(&hub).await;
    hub.stop().await;
}

#[tokio::test]
async fn what_topics_have_for_apps_goes_to_their_dead_letter_queue() {
    with_adm(async |hub: &Hub, adm: &mut Adm| {
        let mut sns = hub.sns().await;
        let application = application(&mut sns, "ADM", &[]).await;
        let app = endpoint(&mut sns, &application, "phone").await;
        let topic = sns.topic("stock", &[]).await;
        let (url, policy) = dead_letter_queue(&mut hub.sqs().await, "lost").await;
        let entries = entries(&[("RedrivePolicy", &policy)]);
        let mut subscribe =
            vec![("TopicArn", &*topic), ("Protocol", "application"), ("Endpoint", &*app)];
        subscribe.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        sns.ok("Subscribe", &subscribe).await;
        adm.react(|_| refused(400, "InvalidRegistrationId"));
        sns.publish(&topic, "hello").await;
        adm.message().await;
        let lost = take(&mut hub.sqs().await, &url).await;
        let body: Value = serde_json::from_str(lost["Body"].as_str().unwrap()).unwrap();
        assert_eq!(body["Message"], "hello");
        assert_eq!(shown(&mut sns, &app, "Enabled").await, "false");
        // What comes afterwards is not even tried.
        sns.publish(&topic, "again").await;
        take(&mut hub.sqs().await, &url).await;
        adm.hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn deliveries_are_logged_as_the_application_wants_it() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    with_adm(async |hub: &Hub, adm: &mut Adm| {
        let mut sns = hub.sns().await;
        let wanted = [
            ("SuccessFeedbackRoleArn", ROLE),
            ("SuccessFeedbackSampleRate", "100"),
            ("FailureFeedbackRoleArn", ROLE),
        ];
        let application = application(&mut sns, "ADM", &wanted).await;
        let app = endpoint(&mut sns, &application, "phone").await;
        let id = publish(&mut sns, &app, "hello").await;
        adm.message().await;
        adm.react(|_| refused(400, "Unregistered"));
        let lines = log.take(hub).await;
        let [(group, line)] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(group, "sns/us-east-1/000000000000/app/ADM/hotel");
        assert_eq!(line["status"], "SUCCESS");
        assert_eq!(line["notification"]["messageId"], json!(id));
        assert_eq!(line["notification"].get("topicArn"), None);
        assert_eq!(line["delivery"]["destination"], json!(app));
        assert_eq!(line["delivery"]["statusCode"], 200);
        publish(&mut sns, &app, "hello").await;
        adm.message().await;
        let lines = log.take(hub).await;
        let [(group, line)] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(group, "sns/us-east-1/000000000000/app/ADM/hotel/Failure");
        assert_eq!(
            (&line["status"], &line["delivery"]["statusCode"]),
            (&json!("FAILURE"), &json!(400))
        );
    })
    .await;
}

#[tokio::test]
async fn events_come_through_encrypted_topics_into_encrypted_queues() {
    with_adm(async |hub: &Hub, _: &mut Adm| {
        let mut sns = hub.sns().await;
        let mut sqs = hub.sqs().await;
        let topic = sns.topic("events", &[("KmsMasterKeyId", "alias/aws/sns")]).await;
        let key = hub.kms().await.key().await;
        let queue = json!({ "KmsMasterKeyId": key });
        let url = sqs.queue("heard", queue).await;
        let subscribe = [
            ("TopicArn", &*topic),
            ("Protocol", "sqs"),
            ("Endpoint", "arn:aws:sqs:us-east-1:000000000000:heard"),
        ];
        sns.ok("Subscribe", &subscribe).await;
        let application = application(&mut sns, "ADM", &[("EventEndpointCreated", &topic)]).await;
        let app = endpoint(&mut sns, &application, "phone").await;
        let envelope = heard(hub, &url).await;
        assert_eq!(envelope["Subject"], "EndpointCreated event for app hotel (ADM)");
        let event: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
        assert_eq!(event["EndpointArn"], json!(app));
    })
    .await;
}
