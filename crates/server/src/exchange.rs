//! What a service gets to see of a request, and what every action needs to answer it: its input,
//! the broker's reply, the answer's body.

use std::sync::Arc;

use bytes::Bytes;
use tidings_aws::lambda::InvokeHeaders;
use tidings_aws::query::Fields;
use tidings_aws::response::{self, Output};
use tidings_aws::{Action, Input, Protocol, Refusal, Request, WireError, sns, sqs};
use tidings_broker::{Broker, Failure, Unavailable};
use tidings_core::command::{Command, Reply};
use tidings_core::names::Uuid;
use tidings_couriers::Couriers;
use tidings_couriers::signing::Signer;
use tracing::error;

use crate::audit::AuditLog;
use crate::authenticate::Auth;
use crate::authorise::{self, Circumstances, Judge};
use crate::caller::{Caller, Standing};
use crate::encryption;
use crate::keys::KeyService;
use crate::mobile::MobilePush;
use crate::request::Shared;
use crate::sms::Sms;

pub(crate) use tidings_aws::Answer;

/// A request whose action has been named and whose caller is known. Its parameters have not been
/// looked at yet.
pub(crate) struct Call {
    /// What queue URLs begin with: scheme and host as the client used them, or as configured,
    /// without a slash at the end.
    pub(crate) base_url: String,
    /// `GET` and its like.
    pub(crate) method: String,
    /// The URL's path, as it came.
    pub(crate) path: String,
    /// The URL's query without the question mark, as it came; empty if there is none.
    pub(crate) query: String,
    /// What the client speaks, and is to be answered in.
    pub(crate) protocol: Protocol,
    /// What is to be done.
    pub(crate) action: Action,
    /// The body, whole.
    pub(crate) body: Bytes,
    /// Who calls, and for which account and region.
    pub(crate) caller: Caller,
    /// What else policies may ask for.
    pub(crate) circumstances: Circumstances,
    /// The request's id: in the answer's body where the protocol has it there, and in its header.
    pub(crate) request_id: Uuid,
    /// `X-Amzn-Trace-Id`, which becomes the system attribute `AWSTraceHeader` of a message sent.
    pub(crate) trace_id_header: Option<String>,
    /// What Invoke says in headers.
    pub(crate) invoke_headers: InvokeHeaders,
}

/// A call on its way.
pub(crate) struct Exchange<'a> {
    pub(crate) broker: &'a Broker,
    pub(crate) signer: &'a Arc<Signer>,
    pub(crate) couriers: &'a Couriers,
    pub(crate) sms: &'a Sms,
    pub(crate) auth: &'a Auth,
    pub(crate) audit: Option<&'a AuditLog>,
    pub(crate) kms: Option<&'a KeyService>,
    pub(crate) mobile: Option<&'a MobilePush>,
    /// Whether functions are run here.
    pub(crate) hosts_functions: bool,
    pub(crate) call: &'a Call,
    request: Request<'a>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(shared: &'a Shared, call: &'a Call) -> Result<Self, WireError> {
        let request = Request::read(call.protocol, &call.query, &call.body)?;
        let Shared { broker, signer, couriers, sms, auth, kms, mobile, .. } = shared;
        let (audit, kms, mobile) = (auth.audit(), kms.as_ref(), mobile.as_ref());
        let hosts_functions = shared.lambda.is_some();
        Ok(Self {
            broker,
            signer,
            couriers,
            sms,
            auth,
            audit,
            kms,
            mobile,
            hosts_functions,
            call,
            request,
        })
    }

    /// Who asks for something about queues, and where.
    pub(crate) fn caller(&self) -> sqs::Caller<'a> {
        sqs::Caller {
            protocol: self.call.protocol,
            path: &self.call.path,
            account: self.call.caller.account,
            region: &self.call.caller.region,
        }
    }

    /// Who asks for something about topics, and where.
    pub(crate) fn topic_caller(&self) -> sns::Caller<'a> {
        let caller = &self.call.caller;
        sns::Caller {
            account: caller.account,
            region: &caller.region,
            is_signed: caller.is_signed(),
            principal: caller.principal().and_then(|principal| principal.caller().principal_arn()),
            policies_decide: !matches!(caller.standing, Standing::Unchecked { .. }),
        }
    }

    /// The request's fields, in the Query protocol.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.request.fields()
    }

    /// The action's input.
    pub(crate) fn input<'r, I: Input<'r>>(&'r self) -> Result<I, WireError> {
        self.request.input()
    }

    /// What judges the caller; `None` where nobody is judged.
    pub(crate) fn judge(&self) -> Option<Judge<'a>> {
        let is_judged = !matches!(self.call.caller.standing, Standing::Unchecked { .. });
        is_judged.then(|| Judge::of(self.call, self.broker.now(), self.audit))
    }

    /// Asks the broker, if the caller may and its keys let it, and waits until the reply holds.
    pub(crate) async fn ask(&self, mut command: Command) -> Result<Reply, Refusal> {
        authorise::check(self, &command).await?;
        encryption::prepare(self, &mut command).await?;
        self.ask_freely(command).await
    }

    /// Asks the broker something for ourselves: nobody's permission is needed.
    pub(crate) async fn ask_freely(&self, command: Command) -> Result<Reply, Refusal> {
        self.broker.call(command).await.map_err(refusal_of)
    }

    /// Asks the broker for something that it only acknowledges.
    pub(crate) async fn ask_and_acknowledge(&self, command: Command) -> Result<Vec<u8>, Refusal> {
        match self.ask(command).await? {
            Reply::Done => Ok(self.acknowledge()),
            reply => Err(unexpected(&reply)),
        }
    }

    /// The body of an answer with an output.
    pub(crate) fn answer_with(&self, output: &impl Output) -> Vec<u8> {
        response::with_result(self.call.protocol, self.call.action, self.call.request_id, output)
    }

    /// The body of an answer without one.
    pub(crate) fn acknowledge(&self) -> Vec<u8> {
        response::without_result(self.call.protocol, self.call.action, self.call.request_id)
    }
}

/// Clients send again what is answered with ServiceUnavailable.
pub(crate) fn refusal_of(failure: Failure) -> Refusal {
    let unavailable = match failure {
        Failure::Rejected(rejection) => return rejection.into(),
        Failure::Unavailable(unavailable) => unavailable,
    };
    let text = match unavailable {
        Unavailable::Full => "The server's disk is full. Nothing was changed.",
        Unavailable::Recovering => "The server's log is being recovered. Nothing was changed.",
        Unavailable::Closing => "The server is shutting down. Nothing was changed.",
        Unavailable::Unknown => "The server cannot tell whether the request was carried out.",
    };
    WireError::ServiceUnavailable(text).into()
}

/// The core gave a reply that does not belong to the command: a fault of ours.
pub(crate) fn unexpected(reply: &Reply) -> Refusal {
    error!(?reply, "the broker gave a reply of another kind than was asked for");
    WireError::InternalFailure.into()
}
