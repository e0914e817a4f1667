//! What every action needs: its input, the broker's reply, the answer's body.

use tidings_aws::response::{self, Output};
use tidings_aws::sqs::Caller;
use tidings_aws::{Input, Refusal, Request, WireError};
use tidings_broker::{Broker, Failure, Unavailable};
use tidings_core::command::{Command, Reply};
use tracing::error;

use crate::exchange::Call;

/// A call on its way.
pub(super) struct Exchange<'a> {
    pub(super) broker: &'a Broker,
    pub(super) call: &'a Call,
    request: Request<'a>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(broker: &'a Broker, call: &'a Call) -> Result<Self, WireError> {
        let request = Request::read(call.protocol, &call.query, &call.body)?;
        Ok(Self { broker, call, request })
    }

    /// Who asks, and where.
    pub(super) fn caller(&self) -> Caller<'a> {
        Caller {
            protocol: self.call.protocol,
            path: &self.call.path,
            account: self.call.account,
            region: &self.call.region,
        }
    }

    /// The action's input.
    pub(super) fn input<'r, I: Input<'r>>(&'r self) -> Result<I, WireError> {
        self.request.input()
    }

    /// Asks the broker, and waits until the reply holds.
    pub(super) async fn ask(&self, command: Command) -> Result<Reply, Refusal> {
        self.broker.call(command).await.map_err(refusal_of)
    }

    /// Asks the broker for something that it only acknowledges.
    pub(super) async fn ask_and_acknowledge(&self, command: Command) -> Result<Vec<u8>, Refusal> {
        match self.ask(command).await? {
            Reply::Done => Ok(self.acknowledge()),
            reply => Err(unexpected(&reply)),
        }
    }

    /// The body of an answer with an output.
    pub(super) fn answer_with(&self, output: &impl Output) -> Vec<u8> {
        response::with_result(self.call.protocol, self.call.action, self.call.request_id, output)
    }

    /// The body of an answer without one.
    pub(super) fn acknowledge(&self) -> Vec<u8> {
        response::without_result(self.call.protocol, self.call.action, self.call.request_id)
    }
}

/// Clients send again what is answered with ServiceUnavailable.
pub(super) fn refusal_of(failure: Failure) -> Refusal {
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
pub(super) fn unexpected(reply: &Reply) -> Refusal {
    error!(?reply, "the broker gave a reply of another kind than was asked for");
    WireError::InternalFailure.into()
}
