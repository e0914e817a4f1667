//! What the tests of the actions share: any action's request to its command, and its output to the
//! body of an answer.

use tidings_core::command::TopicCommand;
use tidings_core::names::{AccountId, Region, SubscriptionArn, TopicArn, Uuid};
use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;
use tidings_platforms::{
    ApplicationArn, Attributes, Change, Checked, EndpointArn, Platforms, Random,
};
use tidings_seal::MasterKey;

use super::*;
use crate::action::{Action, Protocol, SnsAction};
use crate::query::Form;
use crate::refusal::Refusal;
use crate::response::{self, Output};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000042:stock";
pub(crate) const SUBSCRIPTION: &str =
    "arn:aws:sns:eu-west-1:000000000042:stock:6b0e71bd-7e97-4d97-80ce-4a0994e55286";

pub(crate) const APPLICATION: &str = "arn:aws:sns:eu-west-1:000000000042:app/GCM/hotel";
pub(crate) const ENDPOINT: &str =
    "arn:aws:sns:eu-west-1:000000000042:endpoint/GCM/hotel/6b0e71bd-7e97-4d97-80ce-4a0994e55286";

/// How [`APPLICATION`] prints in a change.
pub(crate) const APPLICATION_ARN: &str = "ApplicationArn { account: 000000000042, region: \
                                          Region(\"eu-west-1\"), platform: Gcm, name: \"hotel\" }";
/// How [`ENDPOINT`] prints in a change.
pub(crate) const ENDPOINT_ARN: &str = "EndpointArn { application: ApplicationArn { account: 000000000042, region: \
     Region(\"eu-west-1\"), platform: Gcm, name: \"hotel\" }, id: 6b0e71bd-7e97-4d97-80ce-4a0994e55286 }";
/// How the ARN of [`TOPIC`] prints in a command.
pub(crate) const ARN: &str = "TopicArn { account: 000000000042, region: Region(\"eu-west-1\"), \
                              name: TopicName(\"stock\") }";
/// How the ARN of [`SUBSCRIPTION`] prints in a command.
pub(crate) const SUBSCRIPTION_ARN: &str = "SubscriptionArn { topic: TopicArn { account: 000000000042, region: Region(\"eu-west-1\"), \
     name: TopicName(\"stock\") }, id: 6b0e71bd-7e97-4d97-80ce-4a0994e55286 }";
/// The fresh id of everything.
pub(crate) const ID: &str = "00000000-0000-4000-8000-000000000000";

pub(crate) fn topic() -> TopicArn {
    TopicArn::parse(TOPIC).unwrap()
}

pub(crate) fn subscription() -> SubscriptionArn {
    SubscriptionArn::parse(SUBSCRIPTION).unwrap()
}

fn region() -> &'static Region {
    static REGION: std::sync::OnceLock<Region> = std::sync::OnceLock::new();
    REGION.get_or_init(|| Region::parse("eu-west-1").unwrap())
}

pub(crate) fn caller() -> Caller<'static> {
    let account = AccountId::parse("000000000042").unwrap();
    let principal = None;
    Caller { account, region: region(), is_signed: true, principal, policies_decide: false }
}

/// What a signed request asks, printed: commands do not compare.
pub(crate) fn command(action: SnsAction, form: &str) -> Result<String, Refusal> {
    asked(action, form, &caller())
}

/// What an unsigned request asks of the core, printed.
pub(crate) fn unsigned(action: SnsAction, form: &str) -> Result<String, Refusal> {
    asked(action, form, &Caller { is_signed: false, ..caller() })
}

fn asked(action: SnsAction, form: &str, caller: &Caller<'_>) -> Result<String, Refusal> {
    let id = || Uuid::from_random(0);
    let form = Form::read(form.as_bytes(), "")?;
    let fields = &form.fields();
    use SnsAction as A;
    if let Some(asked) = asked_of_platforms(action, fields, caller) {
        return Ok(asked?);
    }
    let command = match action {
        A::AddPermission => add_permission::command(fields, caller)?,
        A::CheckIfPhoneNumberIsOptedOut | A::OptInPhoneNumber => {
            return Ok(format!("{:?}", sms::opt_outs::number(fields)?));
        }
        A::ConfirmSubscription => confirm_subscription::command(fields, caller)?,
        A::CreateSMSSandboxPhoneNumber => {
            return Ok(format!("{:?}", sms::sandbox::to_create(fields)?));
        }
        A::CreateTopic => create_topic::command(fields, caller)?.0,
        A::DeleteSMSSandboxPhoneNumber => {
            return Ok(format!("{:?}", sms::sandbox::number(fields)?));
        }
        A::DeleteTopic => delete_topic::command(fields, caller)?,
        A::GetDataProtectionPolicy => get_data_protection_policy::command(fields, caller)?,
        A::GetSMSAttributes => return Ok(format!("{:?}", sms::attributes::to_get(fields))),
        A::GetSMSSandboxAccountStatus => return Ok(String::new()),
        A::GetSubscriptionAttributes => get_subscription_attributes::command(fields, caller)?,
        A::GetTopicAttributes => get_topic_attributes::command(fields, caller)?,
        A::ListOriginationNumbers => {
            return Ok(format!("{:?}", sms::origination_numbers::page(fields)?));
        }
        A::ListPhoneNumbersOptedOut => {
            return Ok(format!("{:?}", sms::opt_outs::after(fields)?));
        }
        A::ListSMSSandboxPhoneNumbers => return Ok(format!("{:?}", sms::sandbox::page(fields)?)),
        A::ListSubscriptions => list_subscriptions::command(fields, caller)?,
        A::ListSubscriptionsByTopic => list_subscriptions_by_topic::command(fields, caller)?,
        A::ListTagsForResource => list_tags_for_resource::command(fields, caller)?,
        A::ListTopics => list_topics::command(fields, caller)?,
        A::Publish => publish::command(fields, caller, None, id())?,
        A::PublishBatch => publish_batch::command(fields, caller, None, id)?.0,
        A::PutDataProtectionPolicy => put_data_protection_policy::command(fields, caller)?,
        A::RemovePermission => remove_permission::command(fields, caller)?,
        A::SetSMSAttributes => return Ok(format!("{:?}", sms::attributes::to_set(fields)?)),
        A::SetSubscriptionAttributes => set_subscription_attributes::command(fields, caller)?,
        A::SetTopicAttributes => set_topic_attributes::command(fields, caller)?,
        A::Subscribe => {
            let ids = subscribe::FreshIds { subscription: id(), message: id() };
            TopicCommand::Subscribe(subscribe::command(fields, caller, ids)?.0)
        }
        A::TagResource => tag_resource::command(fields, caller)?,
        A::Unsubscribe => unsubscribe::command(fields, caller, id())?,
        A::UntagResource => untag_resource::command(fields, caller)?,
        A::CreatePlatformApplication
        | A::CreatePlatformEndpoint
        | A::DeleteEndpoint
        | A::DeletePlatformApplication
        | A::GetEndpointAttributes
        | A::GetPlatformApplicationAttributes
        | A::ListEndpointsByPlatformApplication
        | A::ListPlatformApplications
        | A::SetEndpointAttributes
        | A::SetPlatformApplicationAttributes => unreachable!("they are asked of platforms"),
        A::VerifySMSSandboxPhoneNumber => {
            return Ok(format!("{:?}", sms::sandbox::to_verify(fields)?));
        }
    };
    Ok(format!("{command:?}"))
}

/// What a request asks of platform applications, printed; `None` for all other actions.
fn asked_of_platforms(
    action: SnsAction,
    fields: &crate::query::Fields<'_>,
    caller: &Caller<'_>,
) -> Option<Result<String, TopicRejection>> {
    use SnsAction as A;
    fn print<T: std::fmt::Debug>(
        asked: Result<T, TopicRejection>,
    ) -> Result<String, TopicRejection> {
        asked.map(|asked| format!("{asked:?}"))
    }
    Some(match action {
        A::CreatePlatformApplication => print(create_platform_application::change(fields, caller)),
        A::CreatePlatformEndpoint => print(create_platform_endpoint::change(fields, caller)),
        A::DeleteEndpoint => print(delete_endpoint::change(fields, caller)),
        A::DeletePlatformApplication => print(delete_platform_application::change(fields, caller)),
        A::GetEndpointAttributes => print(get_endpoint_attributes::endpoint(fields, caller)),
        A::GetPlatformApplicationAttributes => {
            print(get_platform_application_attributes::application(fields, caller))
        }
        A::ListEndpointsByPlatformApplication => {
            print(list_endpoints_by_platform_application::asked(fields, caller))
        }
        A::ListPlatformApplications => print(list_platform_applications::after(fields, caller)),
        A::SetEndpointAttributes => print(set_endpoint_attributes::change(fields, caller)),
        A::SetPlatformApplicationAttributes => {
            print(set_platform_application_attributes::change(fields, caller))
        }
        _ => return None,
    })
}

/// An application, [`APPLICATION`], with one endpoint.
pub(crate) fn platforms() -> (Platforms, EndpointArn) {
    let mut platforms = Platforms::load([], MasterKey::new([7; 32]).sealer("push")).unwrap();
    let application = ApplicationArn::parse(APPLICATION).unwrap();
    let attributes = vec![("PlatformCredential".to_owned(), "secret".to_owned())].into();
    let create = Change::CreateApplication { application: application.clone(), attributes };
    let register = Change::CreateEndpoint {
        application,
        token: "a&b".into(),
        user_data: None,
        attributes: Attributes::default(),
    };
    let mut endpoint = None;
    for change in [create, register] {
        let (now, random) = (Timestamp::default(), Random::new([1; Random::BYTES]));
        let decision = platforms.decide(change, now, &random, &|_| Ok(Checked::default())).unwrap();
        platforms.apply(&decision.writes).unwrap();
        if let tidings_platforms::Output::Endpoint(arn) = decision.output {
            endpoint = Some(arn);
        }
    }
    (platforms, endpoint.unwrap())
}

/// `Invalid parameter: <what>`
pub(crate) fn refused(what: &str) -> Refusal {
    TopicRejection::parameter(what).into()
}

/// The error that names members that are missing.
pub(crate) fn missing(paths: &[&str]) -> Refusal {
    let mut required = checks::Required::default();
    paths.iter().for_each(|path| required.note(path));
    required.check().unwrap_err().into()
}

/// An output is written as expected.
#[track_caller]
pub(crate) fn assert_written(action: SnsAction, output: &impl Output, members: &str) {
    let (id, name) = (Uuid::from_random(0), action.name());
    let body = response::with_result(Protocol::Query, Action::Sns(action), id, output);
    let result = match members {
        "" => format!("<{name}Result/>"),
        members => format!("<{name}Result>{members}</{name}Result>"),
    };
    let expected = format!(
        "<?xml version=\"1.0\"?><{name}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
         {result}<ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata></{name}Response>"
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Actions that are about a topic by the parameter TopicArn.
    const OF_A_TOPIC: [SnsAction; 9] = [
        SnsAction::AddPermission,
        SnsAction::DeleteTopic,
        SnsAction::GetTopicAttributes,
        SnsAction::ListSubscriptionsByTopic,
        SnsAction::Publish,
        SnsAction::PublishBatch,
        SnsAction::RemovePermission,
        SnsAction::SetTopicAttributes,
        SnsAction::Subscribe,
    ];

    /// All that those actions require beside the topic.
    const REST: &str = "Label=l&AWSAccountId.member.1=a&ActionName.member.1=a&Message=m\
        &PublishBatchRequestEntries.member.1.Id=a&PublishBatchRequestEntries.member.1.Message=m\
        &AttributeName=n&Protocol=sqs&Endpoint=arn:aws:sqs:eu-west-1:000000000042:orders";

    #[test]
    fn every_action_of_a_topic_needs_one() {
        for action in OF_A_TOPIC {
            let of = |topic: &str| format!("{REST}&TopicArn={topic}");
            assert!(command(action, &of(TOPIC)).is_ok(), "{action:?}");
            let no_value = refused("TopicArn Reason: no value for required parameter");
            assert_eq!(command(action, &of("")), Err(no_value), "{action:?}");
            let elements = refused("TopicArn Reason: An ARN must have at least 6 elements, not 2");
            assert_eq!(command(action, &of("a:b")), Err(elements), "{action:?}");
            let elsewhere = of("arn:aws:sns:us-east-1:000000000042:stock");
            assert_eq!(command(action, &elsewhere), Err(refused("TopicArn")), "{action:?}");
            let others = of("arn:aws:sns:eu-west-1:000000000043:stock");
            let no_topic = TopicRejection::no_topic().into();
            assert_eq!(command(action, &others), Err(no_topic), "{action:?}");
        }
    }

    /// Names that mean something to some action, so that random requests come far.
    const NAMES: &[&str] = &[
        "AWSAccountId.member.1",
        "ActionName.member.1",
        "AttributeName",
        "Attributes.entry.1.key",
        "CustomUserData",
        "Endpoint",
        "EndpointArn",
        "Label",
        "Message",
        "MessageAttributes.entry.1.Name",
        "MessageAttributes.entry.1.Value.BinaryValue",
        "MessageAttributes.entry.1.Value.DataType",
        "MessageAttributes.entry.1.Value.StringValue",
        "MessageDeduplicationId",
        "MessageGroupId",
        "MessageStructure",
        "Name",
        "NextToken",
        "Platform",
        "PlatformApplicationArn",
        "MaxResults",
        "OneTimePassword",
        "PhoneNumber",
        "attributes.entry.1.key",
        "nextToken",
        "phoneNumber",
        "Protocol",
        "PublishBatchRequestEntries.member.1.Id",
        "PublishBatchRequestEntries.member.1.Message",
        "ResourceArn",
        "Subject",
        "SubscriptionArn",
        "TagKeys.member.1",
        "Tags.member.1.Key",
        "Token",
        "TopicArn",
    ];

    const VALUES: &[&str] = &[
        "",
        "1",
        "Binary",
        "Number",
        "+15550100123",
        "http",
        "http://a",
        "json",
        "sqs",
        "{\"default\":\"\"}",
        "GCM",
        APPLICATION,
        ENDPOINT,
        SUBSCRIPTION,
        TOPIC,
    ];

    proptest! {
        #[test]
        fn any_form_is_taken_or_refused(
            fields in prop::collection::vec((select(NAMES), prop_oneof![select(VALUES).prop_map(str::to_owned), any::<String>()]), 0..12),
        ) {
            let encode = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            for &action in SnsAction::ALL {
                let _ = command(action, &fields.join("&"));
                let _ = unsigned(action, &fields.join("&"));
            }
        }
    }
}
