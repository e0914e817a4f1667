//! What `tidings policy explain` can be told.

use std::path::PathBuf;

use clap::Args;

/// A request, and the policies that apply to it.
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// What is asked for, as policies write it: sqs:SendMessage
    #[arg(long)]
    pub(super) action: String,
    /// The ARN of the queue, topic, key or role that it is done to; a phone number for SMS
    #[arg(long, value_name = "ARN")]
    pub(super) resource: String,
    /// Who asks: the ARN of a user, a role, a session or the root user; `anonymous`; a service such
    /// as sns.amazonaws.com
    #[arg(long, value_name = "ARN")]
    pub(super) caller: String,
    /// Of a session, the role's ARN, if the role has a path: the session's ARN does not have it
    #[arg(long, value_name = "ARN")]
    pub(super) role: Option<String>,
    /// A policy of the user, its groups or the role; can be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Vec<PathBuf>,
    /// The permissions boundary of the user or role
    #[arg(long, value_name = "FILE")]
    pub(super) boundary: Option<PathBuf>,
    /// A policy that was given when the session began; can be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) session: Vec<PathBuf>,
    /// The policy of the queue, topic or key, or the trust policy of the role
    #[arg(long, value_name = "FILE")]
    pub(super) resource_policy: Option<PathBuf>,
    /// The policy of the private endpoint that the request comes through
    #[arg(long, value_name = "FILE")]
    pub(super) endpoint_policy: Option<PathBuf>,
    /// A condition key of the request, such as aws:SourceIp=192.0.2.1; once for each value of a key
    /// that has several
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) context: Vec<String>,
    /// When it is asked, as 2026-11-23T14:00:00Z or in seconds since 1970 [default: now]
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Says it for programs
    #[arg(long)]
    pub(super) json: bool,
}

impl ExplainArguments {
    /// Whether a program reads the answer.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }
}
