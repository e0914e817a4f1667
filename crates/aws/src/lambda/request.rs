//! What a request asks, whichever operation it is of.

use serde::Deserialize;
use tidings_lambda::{
    AliasChange, FunctionId, InvokeChange, LambdaCode, LambdaFault, NewPermission, Reference,
    Scope, Settings, limits,
};

use super::event_sources::EventSourceRequest;
use super::functions::{self, CreateFunction, UpdateCode};
use super::{Route, settings};
use crate::action::LambdaAction;
use crate::refusal::{Refusal, WireError};
use crate::{json, query};

/// What is asked of functions.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is the documented operation of its name, and its members")]
pub enum LambdaRequest {
    AddPermission {
        function: Reference,
        permission: NewPermission,
    },
    CreateAlias {
        function: FunctionId,
        name: String,
        alias: AliasChange,
    },
    CreateFunction(Box<CreateFunction>),
    DeleteAlias {
        function: FunctionId,
        name: String,
    },
    DeleteFunction {
        function: Reference,
    },
    DeleteFunctionConcurrency {
        function: FunctionId,
    },
    DeleteFunctionEventInvokeConfig {
        function: Reference,
    },
    /// Something about event source mappings.
    EventSource(EventSourceRequest),
    GetAlias {
        function: FunctionId,
        name: String,
    },
    GetFunction {
        function: Reference,
    },
    GetFunctionCodeSigningConfig {
        function: FunctionId,
    },
    GetFunctionConcurrency {
        function: FunctionId,
    },
    GetFunctionConfiguration {
        function: Reference,
    },
    GetFunctionEventInvokeConfig {
        function: Reference,
    },
    GetPolicy {
        function: Reference,
    },
    Invoke(Invoke),
    ListAliases {
        function: FunctionId,
        version: Option<String>,
        page: PageWanted,
    },
    ListFunctionEventInvokeConfigs {
        function: FunctionId,
        page: PageWanted,
    },
    ListFunctions {
        all_versions: bool,
        page: PageWanted,
    },
    ListTags {
        function: FunctionId,
    },
    ListVersionsByFunction {
        function: FunctionId,
        page: PageWanted,
    },
    PublishVersion {
        function: Reference,
        code_sha256: Option<String>,
        description: Option<String>,
        revision_id: Option<String>,
    },
    PutFunctionConcurrency {
        function: FunctionId,
        reserved: u32,
    },
    PutFunctionEventInvokeConfig {
        function: Reference,
        change: InvokeChange,
        replace: bool,
    },
    RemovePermission {
        function: Reference,
        statement_id: String,
        revision_id: Option<String>,
    },
    TagResource {
        function: FunctionId,
        tags: Vec<(String, String)>,
    },
    UntagResource {
        function: FunctionId,
        keys: Vec<String>,
    },
    UpdateAlias {
        function: FunctionId,
        name: String,
        alias: AliasChange,
    },
    UpdateFunctionCode(Box<UpdateCode>),
    UpdateFunctionConfiguration {
        function: Reference,
        settings: Box<Settings>,
        revision_id: Option<String>,
    },
}

/// Invoke, in its three types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invoke {
    /// What is invoked.
    pub function: Reference,
    /// Whether, and whether it is waited for.
    pub kind: InvocationType,
    /// Whether the end of the log is wanted.
    pub wants_log: bool,
    /// The client context as JSON.
    pub client_context: Option<String>,
    /// Whether it is InvokeAsync that asks, which answers in another way.
    pub is_old_form: bool,
}

/// `X-Amz-Invocation-Type`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum InvocationType {
    /// `RequestResponse`: the answer is the function's.
    RequestResponse,
    /// `Event`: it is invoked later.
    Event,
    /// `DryRun`: only whether it may be.
    DryRun,
}

/// The headers that Invoke knows, as they came.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct InvokeHeaders {
    /// `X-Amz-Invocation-Type`
    pub invocation_type: Option<String>,
    /// `X-Amz-Log-Type`
    pub log_type: Option<String>,
    /// `X-Amz-Client-Context`
    pub client_context: Option<String>,
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageWanted {
    /// What it begins after.
    pub after: Option<String>,
    /// How much it may have.
    pub max: usize,
}

/// A request, before it is known what it should have.
#[derive(Copy, Clone, Debug)]
pub struct Asked<'a> {
    /// `GET` and its like.
    pub method: &'a str,
    /// The URL's path, as it came.
    pub path: &'a str,
    /// What follows the URL's question mark.
    pub query: &'a str,
    /// The headers of Invoke.
    pub headers: &'a InvokeHeaders,
    /// The body.
    pub body: &'a [u8],
    /// Whose, and where, functions are that are named by their names alone.
    pub scope: &'a Scope,
}

/// Paths are found again where a request is read, which was found by its path.
const NO_ROUTE: WireError = WireError::InternalFailure;

impl LambdaRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// InvalidRequestContentException if a body is no JSON object or a member of the wrong type;
    /// ValidationException if one is missing or a function's name none;
    /// InvalidParameterValueException for what this server cannot do with functions.
    pub fn read(asked: &Asked<'_>) -> Result<Self, Refusal> {
        use LambdaAction as A;
        let Route { action, function, part } = asked.route()?;
        if let A::ListTags | A::TagResource | A::UntagResource = action
            && let Some(request) = EventSourceRequest::of_tags(asked, action, &function)?
        {
            return Ok(request);
        }
        Ok(match action {
            A::AddPermission => settings::add_permission(asked)?,
            A::CreateAlias => settings::create_alias(asked)?,
            A::CreateFunction => functions::create(asked)?,
            A::CreateEventSourceMapping
            | A::DeleteEventSourceMapping
            | A::GetEventSourceMapping
            | A::ListEventSourceMappings
            | A::UpdateEventSourceMapping => EventSourceRequest::read(asked, action, part)?,
            A::DeleteAlias => Self::DeleteAlias { function: asked.id()?, name: part },
            A::DeleteFunction => Self::DeleteFunction { function: asked.reference()? },
            A::DeleteFunctionConcurrency => {
                Self::DeleteFunctionConcurrency { function: asked.id()? }
            }
            A::DeleteFunctionEventInvokeConfig => {
                Self::DeleteFunctionEventInvokeConfig { function: asked.reference()? }
            }
            A::GetAlias => Self::GetAlias { function: asked.id()?, name: part },
            A::GetFunction => Self::GetFunction { function: asked.reference()? },
            A::GetFunctionCodeSigningConfig => {
                Self::GetFunctionCodeSigningConfig { function: asked.id()? }
            }
            A::GetFunctionConcurrency => Self::GetFunctionConcurrency { function: asked.id()? },
            A::GetFunctionConfiguration => {
                Self::GetFunctionConfiguration { function: asked.reference()? }
            }
            A::GetFunctionEventInvokeConfig => {
                Self::GetFunctionEventInvokeConfig { function: asked.reference()? }
            }
            A::GetPolicy => Self::GetPolicy { function: asked.reference()? },
            A::Invoke => Self::Invoke(asked.invoke()?),
            A::InvokeAsync => Self::Invoke(Invoke {
                function: asked.reference()?,
                kind: InvocationType::Event,
                wants_log: false,
                client_context: None,
                is_old_form: true,
            }),
            A::ListAliases => Self::ListAliases {
                function: asked.id()?,
                version: asked.parameter("FunctionVersion"),
                page: asked.page()?,
            },
            A::ListFunctionEventInvokeConfigs => {
                Self::ListFunctionEventInvokeConfigs { function: asked.id()?, page: asked.page()? }
            }
            A::ListFunctions => {
                let all_versions = asked.parameter("FunctionVersion").as_deref() == Some("ALL");
                Self::ListFunctions { all_versions, page: asked.page()? }
            }
            A::ListTags => Self::ListTags { function: asked.id()? },
            A::ListVersionsByFunction => {
                Self::ListVersionsByFunction { function: asked.id()?, page: asked.page()? }
            }
            A::PublishVersion => functions::publish(asked)?,
            A::PutFunctionConcurrency => settings::put_concurrency(asked)?,
            A::PutFunctionEventInvokeConfig => settings::put_invoke_config(asked, true)?,
            A::RemovePermission => Self::RemovePermission {
                function: asked.reference()?,
                statement_id: part,
                revision_id: asked.parameter("RevisionId"),
            },
            A::TagResource => settings::tag(asked)?,
            A::UntagResource => settings::untag(asked)?,
            A::UpdateAlias => settings::update_alias(asked, part)?,
            A::UpdateFunctionCode => functions::update_code(asked)?,
            A::UpdateFunctionConfiguration => functions::update_configuration(asked)?,
            A::UpdateFunctionEventInvokeConfig => settings::put_invoke_config(asked, false)?,
        })
    }
}

impl Asked<'_> {
    fn route(&self) -> Result<Route, Refusal> {
        Route::find(self.method, self.path).ok_or_else(|| NO_ROUTE.into())
    }

    /// The function that the path names, and the version that path or query do.
    pub(super) fn reference(&self) -> Result<Reference, Refusal> {
        let qualifier = self.parameter("Qualifier");
        let function = self.route()?.function;
        Ok(Reference::parse(&function, qualifier.as_deref(), self.scope)?)
    }

    /// The function that the path names, whichever version.
    pub(super) fn id(&self) -> Result<FunctionId, Refusal> {
        Ok(Reference::parse(&self.route()?.function, None, self.scope)?.id)
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        query::find(self.query.as_bytes(), name).map(Into::into)
    }

    /// The body's members.
    pub(super) fn input<'b, I: Deserialize<'b>>(&'b self) -> Result<I, Refusal> {
        let body = if self.body.is_empty() { b"{}" } else { self.body };
        Ok(json::read(body)?)
    }

    fn page(&self) -> Result<PageWanted, Refusal> {
        self.page_of(limits::PAGE_MAX)
    }

    /// What of a list is wanted, of at most so many at once.
    pub(super) fn page_of(&self, most: usize) -> Result<PageWanted, Refusal> {
        let max = match self.parameter("MaxItems") {
            None => most,
            Some(text) => match text.parse::<usize>() {
                Ok(max @ 1..=10_000) => max.min(most),
                _ => {
                    let most = "have value between 1 and 10000";
                    return Err(LambdaFault::constraint(&text, "maxItems", most).into());
                }
            },
        };
        Ok(PageWanted { after: self.parameter("Marker").filter(|it| !it.is_empty()), max })
    }

    fn invoke(&self) -> Result<Invoke, Refusal> {
        let InvokeHeaders { invocation_type, log_type, client_context } = self.headers;
        let kind = match invocation_type.as_deref() {
            None | Some("RequestResponse") => InvocationType::RequestResponse,
            Some("Event") => InvocationType::Event,
            Some("DryRun") => InvocationType::DryRun,
            Some(other) => {
                let values = "satisfy enum value set: [Event, DryRun, RequestResponse]";
                return Err(LambdaFault::constraint(other, "invocationType", values).into());
            }
        };
        let wants_log = match log_type.as_deref() {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => {
                let values = "satisfy enum value set: [None, Tail]";
                return Err(LambdaFault::constraint(other, "logType", values).into());
            }
        };
        let client_context = client_context.as_deref().map(read_context).transpose()?;
        let function = self.reference()?;
        Ok(Invoke { function, kind, wants_log, client_context, is_old_form: false })
    }
}

fn read_context(header: &str) -> Result<String, LambdaFault> {
    let invalid = || {
        let text = "Client context must be a valid Base64-encoded JSON object.";
        LambdaFault::new(LambdaCode::InvalidRequestContent, text)
    };
    if header.len() > limits::CLIENT_CONTEXT_BYTES_MAX {
        return Err(invalid());
    }
    let bytes = json::Blob::decode(header).ok_or_else(invalid)?.0;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::Object(_)) => Ok(text),
        _ => Err(invalid()),
    }
}
