//! Policies of functions, statement by statement.

use serde_json::{Map, Value, json};
use tidings_core::names::AccountId;

use super::check_revision;
use crate::fault::{LambdaCode, LambdaFault};
use crate::function::{Policy, text_of};
use crate::functions::{Decided, Fresh, Functions, no_policy};
use crate::limits;
use crate::names::{Qualifier, Reference, is_plain};
use crate::saved::{Part, SavedPolicy};

/// AddPermission.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[allow(missing_docs, reason = "each is the documented parameter of its name")]
pub struct NewPermission {
    pub statement_id: String,
    pub action: String,
    pub principal: String,
    pub source_arn: Option<String>,
    pub source_account: Option<String>,
    pub principal_org_id: Option<String>,
    pub event_source_token: Option<String>,
    /// The policy's revision that the caller means to change.
    pub revision_id: Option<String>,
}

impl Functions {
    /// Lets somebody use a function, version or alias; the statement, as text, that does.
    ///
    /// # Errors
    /// ResourceNotFoundException, PreconditionFailedException; ResourceConflictException if there is a
    /// statement of this id; InvalidParameterValueException for a principal that is none;
    /// PolicyLengthExceededException; ValidationException.
    pub fn add_permission(
        &self,
        reference: &Reference,
        new: &NewPermission,
        fresh: Fresh,
    ) -> Decided<String> {
        self.shown(reference)?;
        if reference.qualifier == Some(Qualifier::Latest) {
            let text = "We currently do not support adding policies for $LATEST.";
            return Err(LambdaFault::parameter(text));
        }
        let statement = statement(reference, new)?;
        let function = self.find(&reference.id)?;
        let there = function.policy(reference.qualifier.as_ref());
        let mut saved = match there {
            Some(policy) => {
                check_revision(new.revision_id.as_deref(), policy.revision_id())?;
                policy.saved.clone()
            }
            None => SavedPolicy { revision_id: String::new(), statements: Vec::new() },
        };
        let id = &new.statement_id;
        if saved.statements.iter().any(|(there, _)| there == id) {
            let text = format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, \
                 or remove the existing statement."
            );
            return Err(LambdaFault::new(LambdaCode::ResourceConflict, text));
        }
        saved.statements.push((id.clone(), statement.clone()));
        saved.revision_id = fresh.revision_id;
        if text_of(&saved).len() > limits::POLICY_BYTES_MAX {
            let text = format!(
                "The final policy size ({}) is bigger than the limit ({}).",
                text_of(&saved).len(),
                limits::POLICY_BYTES_MAX
            );
            return Err(LambdaFault::new(LambdaCode::PolicyLengthExceeded, text));
        }
        // Whatever it was made of: a policy that does not open could not be loaded again.
        if Policy::open(saved.clone()).is_none() {
            return Err(LambdaFault::parameter("The policy that this would make is not valid."));
        }
        let qualifier = reference.qualifier.clone().unwrap_or(Qualifier::Latest);
        let write = function.key(Part::Policy(qualifier)).set(&saved);
        self.bounded(LambdaCode::PolicyLengthExceeded, (vec![write], statement))
    }

    /// Takes a statement out of a policy.
    ///
    /// # Errors
    /// ResourceNotFoundException, PreconditionFailedException.
    pub fn remove_permission(
        &self,
        reference: &Reference,
        statement_id: &str,
        revision_id: Option<&str>,
        fresh: Fresh,
    ) -> Decided<()> {
        self.shown(reference)?;
        let function = self.find(&reference.id)?;
        let policy = function.policy(reference.qualifier.as_ref()).ok_or_else(no_policy)?;
        check_revision(revision_id, policy.revision_id())?;
        let mut saved = policy.saved.clone();
        let before = saved.statements.len();
        saved.statements.retain(|(id, _)| id != statement_id);
        if saved.statements.len() == before {
            let text = format!("Statement {statement_id} is not found in resource policy.");
            return Err(LambdaFault::new(LambdaCode::ResourceNotFound, text));
        }
        saved.revision_id = fresh.revision_id;
        let qualifier = reference.qualifier.clone().unwrap_or(Qualifier::Latest);
        let key = function.key(Part::Policy(qualifier));
        let write = if saved.statements.is_empty() { key.remove() } else { key.set(&saved) };
        Ok((vec![write], ()))
    }
}

/// A statement as the service writes it: recorded of AWS, `SourceArn` compares as a pattern.
fn statement(reference: &Reference, new: &NewPermission) -> Result<String, LambdaFault> {
    check_ids(new)?;
    let mut conditions: Map<String, Value> = Map::new();
    let mut condition = |operator: &str, key: &str, value: &Option<String>| {
        if let Some(value) = value {
            let of_operator = conditions.entry(operator).or_insert_with(|| json!({}));
            of_operator[key] = json!(value);
        }
    };
    condition("StringEquals", "AWS:SourceAccount", &new.source_account);
    condition("StringEquals", "aws:PrincipalOrgID", &new.principal_org_id);
    condition("StringEquals", "lambda:EventSourceToken", &new.event_source_token);
    condition("ArnLike", "AWS:SourceArn", &new.source_arn);
    let mut statement = Map::new();
    statement.insert("Sid".to_owned(), json!(new.statement_id));
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Principal".to_owned(), principal(reference, &new.principal)?);
    statement.insert("Action".to_owned(), json!(new.action));
    statement.insert("Resource".to_owned(), json!(reference.arn()));
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), Value::Object(conditions));
    }
    Ok(Value::Object(statement).to_string())
}

fn check_ids(new: &NewPermission) -> Result<(), LambdaFault> {
    let id = &new.statement_id;
    if !is_plain(id) || id.len() > limits::STATEMENT_ID_CHARS_MAX {
        let pattern = "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)";
        return Err(LambdaFault::constraint(id, "statementId", pattern));
    }
    let name = new.action.strip_prefix("lambda:");
    let is_action = new.action == "*"
        || name.is_some_and(|it| it == "*" || it.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if !is_action {
        let pattern = "satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])";
        return Err(LambdaFault::constraint(&new.action, "action", pattern));
    }
    if let Some(account) = new.source_account.as_deref()
        && AccountId::parse(account).is_none()
    {
        let pattern = "satisfy regular expression pattern: \\d{12}";
        return Err(LambdaFault::constraint(account, "sourceAccount", pattern));
    }
    let is_token = |token: &&str| {
        token.len() <= limits::EVENT_SOURCE_TOKEN_CHARS_MAX
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if let Some(token) = new.event_source_token.as_deref().filter(|token| !is_token(token)) {
        let pattern = "satisfy regular expression pattern: [a-zA-Z0-9._\\-]+";
        return Err(LambdaFault::constraint(token, "eventSourceToken", pattern));
    }
    let is_organization = |id: &&str| {
        let name = id.strip_prefix("o-").unwrap_or_default();
        let is_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        (10..=32).contains(&name.len()) && name.bytes().all(is_one)
    };
    if let Some(id) = new.principal_org_id.as_deref().filter(|id| !is_organization(id)) {
        let pattern = "satisfy regular expression pattern: o-[a-z0-9]{10,32}";
        return Err(LambdaFault::constraint(id, "principalOrgID", pattern));
    }
    if let Some(arn) = new.source_arn.as_deref().filter(|arn| arn.split(':').count() < 6) {
        let pattern = "satisfy regular expression pattern: \
             arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
        return Err(LambdaFault::constraint(arn, "sourceArn", pattern));
    }
    Ok(())
}

fn principal(reference: &Reference, text: &str) -> Result<Value, LambdaFault> {
    let partition = reference.id.scope.region.partition();
    if text == "*" {
        return Ok(json!("*"));
    }
    if AccountId::parse(text).is_some() {
        return Ok(json!({ "AWS": format!("arn:{partition}:iam::{text}:root") }));
    }
    if text.starts_with("arn:") {
        return Ok(json!({ "AWS": text }));
    }
    let is_service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
    if !is_service {
        return Err(LambdaFault::parameter(
            "The provided principal was invalid. Please check the principal and try again.",
        ));
    }
    Ok(json!({ "Service": text }))
}
