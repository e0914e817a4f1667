//! The list of steps that a request passes, in order, each in one place:
//!
//! ```text
//!   limit → read → name the action → authenticate → decode and validate → authorise → the broker
//!           body   tidings-aws       authenticate   └── sqs, sns, kms ──┘ authorise
//! ```
//!
//! A body that is long is read only if its head gives no reason yet to refuse who signed.
//!
//! The first limits (connections, bytes in headers, time) are the connection's business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use tidings_aws::lambda::InvokeHeaders;
use tidings_aws::response::{self, Members, Output};
use tidings_aws::sigv4::Scope;
use tidings_aws::{Action, Answer, Head, LambdaAction, Protocol, Service, SqsAction, WireError};
use tidings_broker::Broker;
use tidings_core::names::Uuid;
use tidings_core::time::Timestamp;
use tidings_couriers::Couriers;
use tidings_couriers::signing::Signer;
use tracing::{debug, error};

use crate::audit::Verdict;
use crate::authenticate::{Auth, Authenticator};
use crate::authorise::Circumstances;
use crate::body::{Bodies, Body};
use crate::caller::{self, Caller, Standing, base_url, scope};
use crate::config::Config;
use crate::exchange::Call;
use crate::keys::KeyService;
use crate::lambda::Lambda;
use crate::listener::Door;
use crate::mobile::MobilePush;
use crate::pages::Page;
use crate::plain::Plain;
use crate::reply::{Refused, keep_version, refuse, respond};
use crate::sms::Sms;
use crate::throttle::{Place, Throttle};
use crate::{browsers, fault, iam, kms, lambda, plain, sns, sqs, sts};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) broker: Broker,
    pub(crate) bodies: Bodies,
    /// What published messages are signed with.
    pub(crate) signer: Arc<Signer>,
    pub(crate) couriers: Couriers,
    /// What is kept of text messages.
    pub(crate) sms: Arc<Sms>,
    pub(crate) auth: Auth,
    pub(crate) throttle: Throttle,
    /// Who has the keys; `None` where nobody has.
    pub(crate) kms: Option<KeyService>,
    /// Platform applications and endpoints; `None` where none are kept.
    pub(crate) mobile: Option<MobilePush>,
    /// Functions that are run here, if any are.
    pub(crate) lambda: Option<Lambda>,
}

const X_AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// How long a receive may go on after the server began to stop, before it is answered with no
/// messages. Long enough for one whose messages are being read: cut off, they would stay invisible
/// until their timeout, though nobody has them.
const RECEIVE_GRACE: Duration = Duration::from_millis(250);

/// Answers a request, whatever it is and whatever goes wrong.
pub(crate) async fn answer(door: &Door, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let arrived_at = Instant::now();
    let request_id = door.shared.broker.uuid();
    let (head, body) = request.into_parts();
    let outcome = match fault::catch(pass_steps(door, &head, body, request_id)).await {
        Ok(outcome) => outcome,
        Err(panic) => {
            error!(%request_id, "a request failed by a fault of ours: {panic}");
            let service =
                Service::of(protocol_of(&head), &named(&head, scope(&head).as_ref()), b"");
            Err(Refused::Refusal(service, WireError::InternalFailure.into()))
        }
    };
    let mut response = match outcome {
        Ok(answer) => respond(answer, request_id),
        Err(refused) => refuse(&refused, protocol_of(&head), request_id),
    };
    keep_version(&mut response, caller::text(&head, &CONTENT_TYPE));
    let status = response.status().as_u16();
    let took_us = arrived_at.elapsed().as_micros();
    debug!(%request_id, method = %head.method, path = head.uri.path(), status, took_us, "answered");
    response
}

/// The list.
async fn pass_steps(
    door: &Door,
    head: &Parts,
    body: Incoming,
    request_id: Uuid,
) -> Result<Answer, Refused> {
    let shared = &*door.shared;
    let base_url = base_url(head, door).ok_or(Refused::BadHost)?;
    if let Some(plain) = Plain::of(head) {
        return Ok(plain::answer(plain, head.uri.path(), shared, &base_url).await);
    }
    let page = Page::of(head);
    if let Some(page) = page.filter(|_| Page::is_question(head)) {
        return Ok(page.question(head.uri.query().unwrap_or_default()));
    }
    let (protocol, scope) = (protocol_of(head), scope(head));
    let named = named(head, scope.as_ref());
    let service = Service::of(protocol, &named, b"");
    let circumstances = Circumstances::of(door, head);
    if !Bodies::is_short(&body)
        && let Err(error) = look(shared, head, service)
    {
        let action = Action::find(service, protocol, &named, b"").ok();
        let error = unauthentic(shared, &circumstances, action, service, error, request_id);
        return Err(Refused::Unread(service, error.into()));
    }
    let bytes_max = code_bytes_max(shared, service, &named);
    let body = shared.bodies.read_more(body, bytes_max).await;
    let Body { bytes: body, share } = body.map_err(|error| Refused::Body(service, error))?;
    // What a page's button sends beside its address says nothing.
    let (protocol, body) = match page {
        Some(_) => (Protocol::Query, Bytes::new()),
        None => (protocol, body),
    };
    let service = page.map_or_else(|| Service::of(protocol, &named, &body), |_| Service::Sns);
    let refused = |error: WireError| Refused::Refusal(service, error.into());
    let action = match page {
        Some(page) => page.action(),
        None => Action::find(service, protocol, &named, &body).map_err(refused)?,
    };
    if browsers::is_of_a_strange_page(head, action) {
        let text = "A page of another site may not ask this of the server".to_owned();
        return Err(refused(WireError::AccessDenied(text)));
    }
    let caller = caller(shared, head, scope.as_ref(), &body, service);
    let caller = caller.map_err(|error| {
        let action = Some(action);
        refused(unauthentic(shared, &circumstances, action, service, error, request_id))
    })?;
    let place = place(shared, &caller, &circumstances).ok_or(WireError::Throttled);
    // Held until the answer is there.
    let _place = place.map_err(refused)?;
    let call = Call {
        base_url,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        protocol,
        action,
        body,
        caller,
        circumstances,
        request_id,
        trace_id_header: caller::text(head, &X_AMZN_TRACE_ID).map(str::to_owned),
        invoke_headers: invoke_headers(head),
    };
    match action {
        Action::Sns(action) if let Some(page) = page => {
            Ok(page.outcome(&call.query, sns::perform(shared, &call, action).await))
        }
        Action::Sqs(action @ SqsAction::ReceiveMessage) => Ok(receive(door, &call, action).await),
        Action::Sqs(action) => Ok(sqs::answer(shared, &call, action).await),
        Action::Sns(action) => Ok(sns::answer(shared, &call, action).await),
        Action::Iam(action) => Ok(iam::answer(shared, &call, action).await),
        Action::Sts(action) => Ok(sts::answer(shared, &call, action).await),
        Action::Kms(action) => Ok(kms::answer(shared, &call, action).await),
        Action::Lambda(_) => Ok(lambda::answer(shared, &call, share).await),
    }
}

/// Who asks: verified, or as the credential's scope says.
fn caller(
    shared: &Shared,
    head: &Parts,
    scope: Option<&Scope<'_>>,
    body: &[u8],
    service: Service,
) -> Result<Caller, WireError> {
    match authenticator(shared) {
        None => Caller::of(scope, &shared.config),
        Some(authenticator) => authenticator.caller(head, body, service),
    }
}

/// Whether a head alone says that its signature is no good.
fn look(shared: &Shared, head: &Parts, service: Service) -> Result<(), WireError> {
    authenticator(shared).map_or(Ok(()), |authenticator| authenticator.look(head, service))
}

fn authenticator(shared: &Shared) -> Option<Authenticator<'_>> {
    let Auth::On { identities, regions, .. } = &shared.auth else { return None };
    Some(Authenticator {
        identities,
        regions,
        account: shared.config.account,
        region: &shared.config.region,
        now: shared.broker.now(),
    })
}

/// A place for the request, unless its principal asks too much.
fn place<'a>(
    shared: &'a Shared,
    caller: &Caller,
    circumstances: &Circumstances,
) -> Option<Place<'a>> {
    if !shared.throttle.is_on() {
        return shared.throttle.take("", Timestamp::default());
    }
    let principal = match &caller.standing {
        // Of a role: its sessions may be called whatever their maker likes.
        Standing::Principal(principal) => {
            principal.caller().principal_arn().unwrap_or_default().to_owned()
        }
        Standing::Unchecked { .. } => caller.account.to_string(),
        Standing::Anonymous => circumstances.address(),
    };
    shared.throttle.take(&principal, shared.broker.now())
}

/// What becomes of a request whose caller could not be established: it is written down, and counts
/// for the address that it came from. An address that tries too much is not told what was wrong.
fn unauthentic(
    shared: &Shared,
    circumstances: &Circumstances,
    action: Option<Action>,
    service: Service,
    error: WireError,
    request_id: Uuid,
) -> WireError {
    let WireError::Unauthentic(fault) = &error else { return error };
    let now = shared.broker.now();
    if let Some(audit) = shared.auth.audit() {
        // A long body was not read, and what is asked may be in there.
        let name = action.map_or("*", |action| action.name());
        let action = format!("{}:{name}", service.signing_name());
        let why = fault.to_string();
        audit.write(&circumstances.event(now, request_id, &action, Verdict::Denied, why));
    }
    match shared.throttle.take(&circumstances.address(), now) {
        Some(_) => error,
        None => WireError::Throttled,
    }
}

/// How long the body may be of a request that brings a function's code; 0 of all others, which may be
/// as long as is configured.
fn code_bytes_max(shared: &Shared, service: Service, named: &Head<'_>) -> u32 {
    use LambdaAction::{CreateFunction, UpdateFunctionCode};
    if service != Service::Lambda || shared.lambda.is_none() {
        return 0;
    }
    match Action::find(service, Protocol::Json, named, b"") {
        Ok(Action::Lambda(CreateFunction | UpdateFunctionCode)) => {
            tidings_lambda::limits::CODE_REQUEST_BYTES_MAX
        }
        _ => 0,
    }
}

fn invoke_headers(head: &Parts) -> InvokeHeaders {
    let text = |name| caller::text(head, &HeaderName::from_static(name)).map(str::to_owned);
    InvokeHeaders {
        invocation_type: text("x-amz-invocation-type"),
        log_type: text("x-amz-log-type"),
        client_context: text("x-amz-client-context"),
    }
}

fn protocol_of(head: &Parts) -> Protocol {
    let by_headers = || Protocol::of(target(head), caller::text(head, &CONTENT_TYPE));
    Protocol::of_path(head.uri.path()).unwrap_or_else(by_headers)
}

/// A target that is not ASCII is none that exists, and still a target: it names the protocol.
fn target(head: &Parts) -> Option<&str> {
    head.headers.get(&X_AMZ_TARGET).map(|value| value.to_str().unwrap_or_default())
}

/// The part of the request that names its service and its action.
fn named<'a>(head: &'a Parts, scope: Option<&'a Scope<'_>>) -> Head<'a> {
    Head {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        target: target(head),
        scope_service: scope.map(Scope::service),
    }
}

/// A receive that waits when the server begins to stop is answered at once, with no messages:
/// clients take that as it is and ask again, by then elsewhere or later.
async fn receive(door: &Door, call: &Call, action: SqsAction) -> Answer {
    let mut stopping = door.stopping.clone();
    let cut = async {
        stopping.begun().await;
        tokio::time::sleep(RECEIVE_GRACE).await;
    };
    tokio::select! {
        biased;
        answer = sqs::answer(&door.shared, call, action) => answer,
        () = cut => nothing_received(call),
    }
}

/// The answer to a receive that found no message.
fn nothing_received(call: &Call) -> Answer {
    struct NoMessages;

    impl Output for NoMessages {
        fn write(&self, _: &mut Members<'_>) {}
    }

    let Call { protocol, action, request_id, .. } = *call;
    let body = response::with_result(protocol, action, request_id, &NoMessages);
    Answer::success(protocol, body)
}
