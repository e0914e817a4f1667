//! From a request's parts to the command that it becomes, for every action, as the server does it.

use tidings_aws::kms::KmsRequest;
use tidings_aws::lambda::{Asked, InvokeHeaders, LambdaRequest};
use tidings_aws::sqs::{self, Sender};
use tidings_aws::{
    Action, Head, Protocol, Refusal, Request, Service, SnsAction, SqsAction, StsAction, iam, sns,
    sts,
};
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::receipt::ReceiptKey;
use tidings_lambda::Scope;

/// Reads a request as far as that goes without a queue or topic; what is wrong with it is written
/// as an answer.
pub fn read(protocol: Protocol, head: &Head<'_>, body: &[u8]) {
    let service = Service::of(protocol, head, body);
    let Err(refusal) = find_and_decode(service, protocol, head, body) else { return };
    let answer = refusal.answer(service, protocol, id());
    assert!((400..600).contains(&answer.status), "{}", answer.status);
    // Whatever it names of the request, it is one well-formed text.
    assert!(std::str::from_utf8(&answer.body).is_ok());
}

fn find_and_decode(
    service: Service,
    protocol: Protocol,
    head: &Head<'_>,
    body: &[u8],
) -> Result<(), Refusal> {
    let action = Action::find(service, protocol, head, body)?;
    let request = Request::read(protocol, head.query, body)?;
    match action {
        Action::Sqs(action) => queue(action, &request, protocol, head.path),
        Action::Sns(action) => topic(action, &request),
        Action::Kms(action) => KmsRequest::read(action, body).map(drop),
        Action::Lambda(_) => function(head, body),
        Action::Iam(action) => iam::operation(action, &request.fields()).map(drop),
        Action::Sts(action) => token(action, &request),
    }
}

fn function(head: &Head<'_>, body: &[u8]) -> Result<(), Refusal> {
    let account = AccountId::parse("111122223333").expect("twelve digits");
    let region = Region::parse("us-east-1").expect("it is one");
    let (headers, scope) = (&InvokeHeaders::default(), &Scope { account, region });
    let Head { method, path, query, .. } = *head;
    LambdaRequest::read(&Asked { method, path, query, headers, body, scope }).map(drop)
}

fn id() -> Uuid {
    Uuid::from_bytes([7; 16])
}

fn account() -> AccountId {
    AccountId::parse("000000000000").expect("twelve digits")
}

fn region() -> Region {
    Region::parse("us-east-1").expect("a region")
}

fn queue(
    action: SqsAction,
    request: &Request<'_>,
    protocol: Protocol,
    path: &str,
) -> Result<(), Refusal> {
    use SqsAction as A;
    let (region, key) = (region(), ReceiptKey::new([7; 16]));
    let caller = sqs::Caller { protocol, path, account: account(), region: &region };
    let sender = Sender { id: "000000000000", trace_header: None };
    match action {
        A::AddPermission => drop(request.input::<sqs::AddPermission<'_>>()?.command(&caller)?),
        A::CancelMessageMoveTask => {
            drop(request.input::<sqs::CancelMessageMoveTask<'_>>()?.command(&caller)?)
        }
        A::ChangeMessageVisibility => {
            drop(request.input::<sqs::ChangeMessageVisibility<'_>>()?.command(&caller, &key)?)
        }
        A::ChangeMessageVisibilityBatch => {
            drop(request.input::<sqs::ChangeMessageVisibilityBatch<'_>>()?.command(&caller, &key)?)
        }
        A::CreateQueue => drop(request.input::<sqs::CreateQueue<'_>>()?.command(&caller)?),
        A::DeleteMessage => {
            drop(request.input::<sqs::DeleteMessage<'_>>()?.command(&caller, &key)?)
        }
        A::DeleteMessageBatch => {
            drop(request.input::<sqs::DeleteMessageBatch<'_>>()?.command(&caller, &key)?)
        }
        A::DeleteQueue => drop(request.input::<sqs::DeleteQueue<'_>>()?.command(&caller)?),
        A::GetQueueAttributes => {
            drop(request.input::<sqs::GetQueueAttributes<'_>>()?.command(&caller)?)
        }
        A::GetQueueUrl => drop(request.input::<sqs::GetQueueUrl<'_>>()?.command(&caller)?),
        A::ListDeadLetterSourceQueues => {
            drop(request.input::<sqs::ListDeadLetterSourceQueues<'_>>()?.command(&caller)?)
        }
        A::ListMessageMoveTasks => {
            drop(request.input::<sqs::ListMessageMoveTasks<'_>>()?.command(&caller)?)
        }
        A::ListQueueTags => drop(request.input::<sqs::ListQueueTags<'_>>()?.command(&caller)?),
        A::ListQueues => drop(request.input::<sqs::ListQueues<'_>>()?.command(&caller)?),
        A::PurgeQueue => drop(request.input::<sqs::PurgeQueue<'_>>()?.command(&caller)?),
        A::ReceiveMessage => drop(request.input::<sqs::ReceiveMessage<'_>>()?.command(&caller)?),
        A::RemovePermission => {
            drop(request.input::<sqs::RemovePermission<'_>>()?.command(&caller)?)
        }
        A::SendMessage => {
            drop(request.input::<sqs::SendMessage<'_>>()?.command(&caller, &sender, id())?)
        }
        A::SendMessageBatch => {
            drop(request.input::<sqs::SendMessageBatch<'_>>()?.command(&caller, &sender, id)?)
        }
        A::SetQueueAttributes => {
            drop(request.input::<sqs::SetQueueAttributes<'_>>()?.command(&caller)?)
        }
        A::StartMessageMoveTask => {
            drop(request.input::<sqs::StartMessageMoveTask<'_>>()?.command(&caller, id())?)
        }
        A::TagQueue => drop(request.input::<sqs::TagQueue<'_>>()?.command(&caller)?),
        A::UntagQueue => drop(request.input::<sqs::UntagQueue<'_>>()?.command(&caller)?),
    }
    Ok(())
}

fn topic(action: SnsAction, request: &Request<'_>) -> Result<(), Refusal> {
    use SnsAction as A;
    let (region, fields) = (region(), request.fields());
    let caller = sns::Caller {
        account: account(),
        region: &region,
        is_signed: true,
        principal: None,
        policies_decide: false,
    };
    let (caller, fields) = (&caller, &fields);
    match action {
        A::AddPermission => drop(sns::add_permission::command(fields, caller)?),
        A::ConfirmSubscription => drop(sns::confirm_subscription::command(fields, caller)?),
        A::CreateTopic => drop(sns::create_topic::command(fields, caller)?),
        A::DeleteTopic => drop(sns::delete_topic::command(fields, caller)?),
        A::GetDataProtectionPolicy => {
            drop(sns::get_data_protection_policy::command(fields, caller)?)
        }
        A::GetSubscriptionAttributes => {
            drop(sns::get_subscription_attributes::command(fields, caller)?)
        }
        A::GetTopicAttributes => drop(sns::get_topic_attributes::command(fields, caller)?),
        A::ListSubscriptions => drop(sns::list_subscriptions::command(fields, caller)?),
        A::ListSubscriptionsByTopic => {
            drop(sns::list_subscriptions_by_topic::command(fields, caller)?)
        }
        A::ListTagsForResource => drop(sns::list_tags_for_resource::command(fields, caller)?),
        A::ListTopics => drop(sns::list_topics::command(fields, caller)?),
        A::Publish => drop(sns::publish::command(fields, caller, None, id())?),
        A::PublishBatch => drop(sns::publish_batch::command(fields, caller, None, id)?),
        A::PutDataProtectionPolicy => {
            drop(sns::put_data_protection_policy::command(fields, caller)?)
        }
        A::RemovePermission => drop(sns::remove_permission::command(fields, caller)?),
        A::SetSubscriptionAttributes => {
            drop(sns::set_subscription_attributes::command(fields, caller)?)
        }
        A::SetTopicAttributes => drop(sns::set_topic_attributes::command(fields, caller)?),
        A::Subscribe => {
            let ids = sns::subscribe::FreshIds { subscription: id(), message: id() };
            drop(sns::subscribe::command(fields, caller, ids)?)
        }
        A::TagResource => drop(sns::tag_resource::command(fields, caller)?),
        A::Unsubscribe => drop(sns::unsubscribe::command(fields, caller, id())?),
        A::UntagResource => drop(sns::untag_resource::command(fields, caller)?),
        A::CreatePlatformApplication => {
            drop(sns::create_platform_application::change(fields, caller)?)
        }
        A::CreatePlatformEndpoint => drop(sns::create_platform_endpoint::change(fields, caller)?),
        A::DeleteEndpoint => drop(sns::delete_endpoint::change(fields, caller)?),
        A::DeletePlatformApplication => {
            drop(sns::delete_platform_application::change(fields, caller)?)
        }
        A::GetEndpointAttributes => drop(sns::get_endpoint_attributes::endpoint(fields, caller)?),
        A::GetPlatformApplicationAttributes => {
            drop(sns::get_platform_application_attributes::application(fields, caller)?)
        }
        A::ListEndpointsByPlatformApplication => {
            drop(sns::list_endpoints_by_platform_application::asked(fields, caller)?)
        }
        A::ListPlatformApplications => {
            drop(sns::list_platform_applications::after(fields, caller)?)
        }
        A::SetEndpointAttributes => drop(sns::set_endpoint_attributes::change(fields, caller)?),
        A::SetPlatformApplicationAttributes => {
            drop(sns::set_platform_application_attributes::change(fields, caller)?)
        }
        A::CheckIfPhoneNumberIsOptedOut | A::OptInPhoneNumber => {
            drop(sns::sms::opt_outs::number(fields)?)
        }
        A::CreateSMSSandboxPhoneNumber => drop(sns::sms::sandbox::to_create(fields)?),
        A::DeleteSMSSandboxPhoneNumber => drop(sns::sms::sandbox::number(fields)?),
        A::GetSMSAttributes => drop(sns::sms::attributes::to_get(fields)),
        A::GetSMSSandboxAccountStatus => {}
        A::ListOriginationNumbers => drop(sns::sms::origination_numbers::page(fields)?),
        A::ListPhoneNumbersOptedOut => drop(sns::sms::opt_outs::after(fields)?),
        A::ListSMSSandboxPhoneNumbers => drop(sns::sms::sandbox::page(fields)?),
        A::SetSMSAttributes => drop(sns::sms::attributes::to_set(fields)?),
        A::VerifySMSSandboxPhoneNumber => drop(sns::sms::sandbox::to_verify(fields)?),
    }
    Ok(())
}

fn token(action: StsAction, request: &Request<'_>) -> Result<(), Refusal> {
    let fields = &request.fields();
    match action {
        StsAction::AssumeRole => drop(sts::assume_role(fields)?),
        StsAction::GetAccessKeyInfo => drop(sts::access_key_id(fields)?),
        StsAction::GetCallerIdentity => {}
        StsAction::GetFederationToken => drop(sts::federation_token(fields)?),
        StsAction::GetSessionToken => drop(sts::session_token(fields)?),
    }
    Ok(())
}
