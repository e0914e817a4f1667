//! Phones: what is published to them and to topics that they are subscribed to, who gets nothing, what
//! it costs, and what is told of it. How texts are cut and gateways fail, the courier's tests show.

use serde_json::Value;
use tidings_core::price::Price;
use tidings_server::SmsTerms;

use super::delivery_status::Log;
use super::gateway::Gateway;
use super::support::{Hub, Sns};
use crate::harness::Element;
use crate::support::within;

const PHONE: &str = "+15550100123";
const DAY_SECONDS: u64 = 86_400;

impl Log {
    /// The next lines, so many, as soon as they are there.
    async fn lines(&self, hub: &Hub, count: usize) -> Vec<(String, Value)> {
        within(async {
            let mut lines = Vec::new();
            while lines.len() < count {
                lines.extend(self.take(hub).await);
            }
            lines
        })
        .await
    }

    /// The next line is one whose answer begins so.
    async fn expect(&self, hub: &Hub, answer: &str) {
        let lines = self.lines(hub, 1).await;
        let [(_, line)] = &lines[..] else { panic!("{lines:?}") };
        let found = line["delivery"]["providerResponse"].as_str().unwrap();
        assert!(found.starts_with(answer), "{found}, not {answer}");
    }
}

impl Sns {
    /// Publishes to a phone and returns the message's id.
    async fn text(&mut self, number: &str, message: &str) -> String {
        self.text_with(number, message, &[]).await
    }

    async fn text_with(
        &mut self,
        number: &str,
        message: &str,
        attributes: &[(&str, &str)],
    ) -> String {
        let mut form = vec![
            ("PhoneNumber".to_owned(), number.to_owned()),
            ("Message".to_owned(), message.to_owned()),
        ];
        for (index, (name, value)) in attributes.iter().enumerate() {
            let entry = format!("MessageAttributes.entry.{}", index + 1);
            form.push((format!("{entry}.Name"), (*name).to_owned()));
            form.push((format!("{entry}.Value.DataType"), "String".to_owned()));
            form.push((format!("{entry}.Value.StringValue"), (*value).to_owned()));
        }
        let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.ok("Publish", &form).await.text_of("MessageId").to_owned()
    }

    async fn set_sms(&mut self, name: &str, value: &str) {
        let form = [("attributes.entry.1.key", name), ("attributes.entry.1.value", value)];
        let set = self.ok("SetSMSAttributes", &form).await;
        assert!(set.children.is_empty(), "{set:?}");
    }

    /// Wants every delivery logged.
    async fn logs_all(&mut self) {
        self.set_sms("DeliveryStatusIAMRole", "arn:aws:iam::000000000000:role/SNSLogs").await;
        self.set_sms("DeliveryStatusSuccessSamplingRate", "100").await;
    }

    async fn sms_attributes(&mut self) -> Vec<(String, String)> {
        let shown = self.ok("GetSMSAttributes", &[]).await;
        let [attributes] = &shown.children[..] else { panic!("{shown:?}") };
        assert_eq!(attributes.name, "attributes");
        let pair =
            |entry: &Element| (entry.text_of("key").to_owned(), entry.text_of("value").to_owned());
        attributes.children.iter().map(pair).collect()
    }

    async fn is_opted_out(&mut self, number: &str) -> bool {
        let answer = self.ok("CheckIfPhoneNumberIsOptedOut", &[("phoneNumber", number)]).await;
        answer.text_of("isOptedOut") == "true"
    }

    async fn opted_out(&mut self) -> Vec<String> {
        let answer = self.ok("ListPhoneNumbersOptedOut", &[]).await;
        let list = answer.children.iter().find(|child| child.name == "phoneNumbers").unwrap();
        list.children.iter().map(|member| member.text.clone()).collect()
    }

    /// Numbers of the sandbox, each with its status.
    async fn sandbox(&mut self) -> Vec<(String, String)> {
        let answer = self.ok("ListSMSSandboxPhoneNumbers", &[]).await;
        let list = &answer.children[0];
        assert_eq!(list.name, "PhoneNumbers");
        let status = |member: &Element| {
            (member.text_of("PhoneNumber").to_owned(), member.text_of("Status").to_owned())
        };
        list.children.iter().map(status).collect()
    }
}

#[tokio::test]
async fn without_a_gateway_nothing_is_promised() {
    let hub = Hub::start().await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    let text = "Reason: this server sends no text messages: set server in [sms] of its \
                configuration";
    let publish = [("PhoneNumber", PHONE), ("Message", "hi")];
    let phone = format!("Invalid parameter: PhoneNumber {text}");
    sns.refuses("Publish", &[(&publish, "InvalidParameter", &phone)]).await;
    let create = [("PhoneNumber", PHONE)];
    sns.refuses("CreateSMSSandboxPhoneNumber", &[(&create, "InvalidParameter", &phone)]).await;
    let subscribe = [("TopicArn", &*topic), ("Protocol", "sms"), ("Endpoint", PHONE)];
    let protocol = format!("Invalid parameter: Protocol {text}");
    sns.refuses("Subscribe", &[(&subscribe, "InvalidParameter", &protocol)]).await;
    assert!(!sns.is_opted_out(PHONE).await);
    assert_eq!(sns.sms_attributes().await, [("MonthlySpendLimit".to_owned(), "1".to_owned())]);
    hub.stop().await;
}

#[tokio::test]
async fn a_phone_gets_what_is_published_to_it_and_to_its_topics() {
    let mut gateway = Gateway::start().await;
    let hub = Hub::delivering_by(gateway.couriers(None)).await;
    let mut sns = hub.sns().await;
    sns.text(PHONE, "hello").await;
    let message = gateway.message().await;
    assert_eq!((&*message.to, &*message.text), ("15550100123", "hello"));
    assert_eq!((&*message.from, message.priority), ("", 0));

    sns.set_sms("DefaultSenderID", "Hotel").await;
    sns.set_sms("DefaultSMSType", "Transactional").await;
    sns.text(PHONE, "default").await;
    let message = gateway.message().await;
    assert_eq!((&*message.from, message.priority), ("Hotel", 1));
    let own = [("AWS.SNS.SMS.SenderID", "Tides"), ("AWS.SNS.SMS.SMSType", "Promotional")];
    sns.text_with(PHONE, "own", &own).await;
    let message = gateway.message().await;
    assert_eq!((&*message.from, message.priority), ("Tides", 0));

    let topic = sns.topic("stock", &[("DisplayName", "Fischmarkt Nord")]).await;
    let subscribe = [
        ("TopicArn", &*topic),
        ("Protocol", "sms"),
        ("Endpoint", "+1-555-010-0123"),
        ("ReturnSubscriptionArn", "true"),
    ];
    let subscription = sns.ok("Subscribe", &subscribe).await.text_of("SubscriptionArn").to_owned();
    let attributes = sns.attributes(&subscription).await;
    assert_eq!(attributes["PendingConfirmation"], "false");
    assert_eq!(attributes["Endpoint"], "+1-555-010-0123");
    let texts = r#"{"default":"long","sms":"3 left"}"#;
    sns.publish_with(&topic, &[("Message", texts), ("MessageStructure", "json")]).await;
    let message = gateway.message().await;
    assert_eq!((&*message.to, &*message.text), ("15550100123", "Fischmarkt> 3 left"));
    let bad = [("TopicArn", &*topic), ("Protocol", "sms"), ("Endpoint", "phone")];
    sns.refuses("Subscribe", &[(&bad, "InvalidParameter", "Invalid SMS endpoint: phone")]).await;
    // What phones get directly is no topic of anybody's.
    assert_eq!(sns.ok("ListTopics", &[]).await.children[0].children.len(), 1);
    assert_eq!(sns.ok("ListSubscriptions", &[]).await.children[0].children.len(), 1);
    hub.stop().await;
}

#[tokio::test]
async fn whoever_says_stop_gets_nothing_until_opted_in() {
    let mut gateway = Gateway::start().await;
    let hub = Hub::delivering_by(gateway.couriers(None)).await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    sns.ok("Subscribe", &[("TopicArn", &*topic), ("Protocol", "sms"), ("Endpoint", PHONE)]).await;
    sns.text(PHONE, "welcome").await;
    assert_eq!(gateway.message().await.text, "welcome");
    assert_eq!(gateway.says(PHONE, "please stop").await, 0, "taken, and of no interest");
    assert!(!sns.is_opted_out(PHONE).await);
    assert_eq!(gateway.says(PHONE, "Stop.").await, 0);
    // Once it is answered it is durable.
    let hub = hub.restart().await;
    let mut sns = hub.sns().await;
    assert!(sns.is_opted_out(PHONE).await);
    assert_eq!(sns.opted_out().await, [PHONE]);
    let mut other = hub.sns_of(Some("000000000042")).await;
    assert_eq!(other.opted_out().await, [PHONE], "from all accounts");

    sns.text(PHONE, "not for you").await;
    sns.publish(&topic, "nor this").await;
    sns.text("+15550100999", "for another").await;
    assert_eq!(gateway.message().await.text, "for another");
    sns.ok("OptInPhoneNumber", &[("phoneNumber", PHONE)]).await;
    assert!(!sns.is_opted_out(PHONE).await && other.is_opted_out(PHONE).await);
    sns.publish(&topic, "again").await;
    assert_eq!(gateway.message().await.text, "again");
    hub.settle().await;
    assert!(!gateway.has_message(), "what was given up stays so");

    assert_eq!(gateway.says(PHONE, "ARRÊT".replace('Ê', "E").as_str()).await, 0);
    let text = "Invalid parameter: Cannot opt in right now, latest opt in is too recent";
    let opt_in = [("phoneNumber", PHONE)];
    sns.refuses("OptInPhoneNumber", &[(&opt_in, "InvalidParameter", text)]).await;
    hub.pass_seconds(30 * DAY_SECONDS).await;
    sns.ok("OptInPhoneNumber", &opt_in).await;
    assert!(sns.opted_out().await.is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn in_the_sandbox_only_verified_numbers_get_messages() {
    let mut gateway = Gateway::start().await;
    let terms = SmsTerms { is_sandbox: true, ..SmsTerms::default() };
    let hub = Hub::sending_texts(gateway.couriers(None), terms).await;
    let mut sns = hub.sns().await;
    let status = sns.ok("GetSMSSandboxAccountStatus", &[]).await;
    assert_eq!(status.text_of("IsInSandbox"), "true");
    sns.text(PHONE, "too early").await;
    let create = [("PhoneNumber", PHONE), ("LanguageCode", "de-DE")];
    sns.ok("CreateSMSSandboxPhoneNumber", &create).await;
    let message = gateway.message().await;
    assert_eq!(message.to, "15550100123");
    let code = message.text.strip_prefix("Ihr Bestätigungscode lautet ");
    // In the GSM alphabet an ä is one octet.
    let code =
        code.map_or_else(|| message.text[message.text.len() - 6..].to_owned(), str::to_owned);
    assert_eq!(sns.sandbox().await, [(PHONE.to_owned(), "Pending".to_owned())]);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let verify = |code| [("PhoneNumber", PHONE), ("OneTimePassword", code)];
    let refused = sns.refused("VerifySMSSandboxPhoneNumber", &verify(wrong)).await;
    assert_eq!(refused.code, "VerificationException");
    sns.ok("VerifySMSSandboxPhoneNumber", &verify(&code)).await;
    assert_eq!(sns.sandbox().await, [(PHONE.to_owned(), "Verified".to_owned())]);
    sns.text(PHONE, "now").await;
    assert_eq!(gateway.message().await.text, "now");

    let one = [("PhoneNumber", PHONE)];
    assert_eq!(sns.refused("DeleteSMSSandboxPhoneNumber", &one).await.code, "UserError");
    assert_eq!(sns.refused("CreateSMSSandboxPhoneNumber", &one).await.code, "UserError");
    let hub = hub.restart().await;
    let mut sns = hub.sns().await;
    hub.pass_seconds(DAY_SECONDS).await;
    sns.ok("DeleteSMSSandboxPhoneNumber", &one).await;
    assert!(sns.sandbox().await.is_empty());
    let refused = sns.refused("DeleteSMSSandboxPhoneNumber", &one).await;
    assert_eq!(refused.code, "ResourceNotFound");
    gateway.says(PHONE, "STOP").await;
    let refused = sns.refused("CreateSMSSandboxPhoneNumber", &one).await;
    assert_eq!((&*refused.code, &*refused.message), ("OptedOut", "Phone number is opted out"));
    hub.stop().await;
}

#[tokio::test]
async fn a_month_costs_no_more_than_it_may() {
    const TAKEN: &str = "accepted by the gateway as";
    const NO_QUOTA: &str = "No quota left for account";
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut gateway = Gateway::start().await;
    let hub = Hub::delivering_by(gateway.couriers(Some("0.25"))).await;
    let mut sns = hub.sns().await;
    sns.logs_all().await;
    for number in 0..3 {
        sns.text(PHONE, &format!("message {number}")).await;
        log.expect(&hub, TAKEN).await;
    }
    // What was spent outlasts a restart, to the cent if it was a quiet one.
    let hub = hub.restart().await;
    let mut sns = hub.sns().await;
    sns.text_with(PHONE, "too dear", &[("AWS.SNS.SMS.MaxPrice", "0.24")]).await;
    log.expect(&hub, "This delivery would exceed max price").await;
    sns.text(PHONE, "the last").await;
    log.expect(&hub, TAKEN).await;
    sns.text(PHONE, "too much").await;
    log.expect(&hub, NO_QUOTA).await;
    // Another account has its own limit, and another month begins at nothing.
    let mut other = hub.sns_of(Some("000000000042")).await;
    other.logs_all().await;
    other.text(PHONE, "of another").await;
    log.expect(&hub, TAKEN).await;
    hub.pass_seconds(20 * DAY_SECONDS).await;
    sns.text(PHONE, "February").await;
    log.expect(&hub, TAKEN).await;
    sns.set_sms("MonthlySpendLimit", "0.25").await;
    sns.text(PHONE, "more than was set").await;
    log.expect(&hub, NO_QUOTA).await;
    let mut texts = Vec::new();
    while gateway.has_message() {
        texts.push(gateway.message().await.text);
    }
    let expected = ["message 0", "message 1", "message 2", "the last", "of another", "February"];
    assert_eq!(texts, expected);
    let form =
        [("attributes.entry.1.key", "MonthlySpendLimit"), ("attributes.entry.1.value", "1.01")];
    let text = "Invalid parameter: MonthlySpendLimit Reason: it can be 1.00 USD at most: *";
    sns.refuses("SetSMSAttributes", &[(&form, "InvalidParameter", text)]).await;
    hub.stop().await;
}

#[tokio::test]
async fn deliveries_and_receipts_are_logged_as_the_account_wants() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut gateway = Gateway::start().await;
    let terms = SmsTerms { monthly_spend_limit: Price::parse("5").unwrap(), ..SmsTerms::default() };
    let hub = Hub::sending_texts(gateway.couriers(Some("0.0125")), terms).await;
    let mut sns = hub.sns().await;
    sns.text(PHONE, "hello").await;
    gateway.message().await;
    assert_eq!(log.take(&hub).await, [], "nobody asked for it");

    sns.logs_all().await;
    let id = sns.text(PHONE, "hello").await;
    let message = gateway.message().await;
    let lines = log.lines(&hub, 1).await;
    let [(group, line)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(group, "sns/us-east-1/000000000000/DirectPublishToPhoneNumber");
    assert_eq!(
        (&line["status"], &line["notification"]["messageId"]),
        (&"SUCCESS".into(), &id.into())
    );
    let delivery = &line["delivery"];
    assert_eq!(
        (&delivery["destination"], &delivery["smsType"]),
        (&PHONE.into(), &"Promotional".into())
    );
    assert_eq!(
        (&delivery["numberOfMessageParts"], &delivery["priceInUSD"]),
        (&1.into(), &0.0125.into())
    );
    let answer = format!("accepted by the gateway as {}", message.id);
    assert_eq!(delivery["providerResponse"], answer);
    assert!(delivery["dwellTimeMsUntilDeviceAck"].is_null());

    hub.pass_ms(1500).await;
    assert_eq!(gateway.receipt(message.id, "DELIVRD").await, 0);
    let lines = log.lines(&hub, 1).await;
    let [(_, line)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line["status"], "SUCCESS");
    assert_eq!(line["delivery"]["dwellTimeMsUntilDeviceAck"], 1500);
    let answer = line["delivery"]["providerResponse"].as_str().unwrap();
    assert!(answer.starts_with("Message has been accepted by phone carrier (DELIVRD"), "{answer}");
    assert_eq!(gateway.receipt(message.id, "UNDELIV").await, 0);
    let lines = log.lines(&hub, 1).await;
    assert_eq!((lines[0].1["status"].as_str(), lines.len()), (Some("FAILURE"), 1));
    assert_eq!(gateway.receipt(message.id, "ENROUTE").await, 0);
    assert_eq!(gateway.receipt(4711, "DELIVRD").await, 0, "of whatever message");
    assert_eq!(log.take(&hub).await, []);

    let topic = sns.topic("stock", &[]).await;
    sns.ok("Subscribe", &[("TopicArn", &*topic), ("Protocol", "sms"), ("Endpoint", PHONE)]).await;
    gateway.says(PHONE, "stop").await;
    sns.set_sms("DeliveryStatusSuccessSamplingRate", "0").await;
    sns.text(PHONE, "hello").await;
    sns.publish(&topic, "hello").await;
    sns.text("+15550100999", "to another").await;
    gateway.message().await;
    let lines = log.lines(&hub, 2).await;
    let mut groups: Vec<_> = lines.iter().map(|(group, _)| group.as_str()).collect();
    groups.sort_unstable();
    let prefix = "sns/us-east-1/000000000000";
    assert_eq!(
        groups,
        [format!("{prefix}/DirectPublishToPhoneNumber/Failure"), format!("{prefix}/stock/Failure")]
    );
    for (_, line) in lines {
        assert_eq!(line["delivery"]["providerResponse"], "Phone number is opted out");
    }
    hub.stop().await;
}

#[tokio::test]
async fn what_waits_for_the_gateway_outlasts_a_restart() {
    let mut gateway = Gateway::start().await;
    let mut couriers = gateway.couriers(None);
    let there = gateway.port;
    // Nobody is there yet.
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    couriers.sms.as_mut().unwrap().port = unused.local_addr().unwrap().port();
    drop(unused);
    let hub = Hub::delivering_by(couriers.clone()).await;
    let mut sns = hub.sns().await;
    sns.text(PHONE, "patience").await;
    hub.settle().await;
    couriers.sms.as_mut().unwrap().port = there;
    let hub = hub.restart_delivering_by(couriers).await;
    // The next attempt is due ten seconds after the last, and up to a tenth of that later.
    hub.pass_seconds(12).await;
    assert_eq!(gateway.message().await.text, "patience");
    hub.stop().await;
}
