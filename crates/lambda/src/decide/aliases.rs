//! Aliases.

use std::sync::Arc;

use super::check_revision;
use crate::configuration::check_description;
use crate::fault::{LambdaCode, LambdaFault};
use crate::function::{Alias, AliasTarget, Function};
use crate::functions::{Decided, Fresh, Functions, no_alias};
use crate::limits;
use crate::names::{FunctionId, Qualifier};
use crate::saved::Part;

/// What an alias is to be: `None` leaves it as it is.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct AliasChange {
    /// `FunctionVersion`: a number or `$LATEST`.
    pub version: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// `RoutingConfig`: another version, and its part of the invocations. `Some(None)` takes it away.
    pub additional: Option<Option<(String, f64)>>,
    /// The revision that the caller means to change.
    pub revision_id: Option<String>,
}

impl Functions {
    /// Makes an alias.
    ///
    /// # Errors
    /// ResourceNotFoundException if there is no such function or version; ResourceConflictException
    /// if the alias is there; InvalidParameterValueException for routing that cannot be;
    /// ValidationException for its name.
    pub fn create_alias(
        &self,
        id: &FunctionId,
        name: &str,
        change: AliasChange,
        fresh: Fresh,
    ) -> Decided<Alias> {
        let function = self.find(id)?;
        let Some(Qualifier::Alias(name)) = Qualifier::parse(name) else {
            let pattern = "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
            return Err(LambdaFault::constraint(name, "name", pattern));
        };
        if function.aliases.contains_key(&name) {
            let text = format!("Alias already exists: {id}:{name}");
            return Err(LambdaFault::new(LambdaCode::ResourceConflict, text));
        }
        if function.aliases.len() >= limits::ALIASES_MAX {
            let text = format!("A function can have {} aliases here.", limits::ALIASES_MAX);
            return Err(LambdaFault::parameter(text));
        }
        if change.version.is_none() {
            return Err(LambdaFault::constraint("null", "functionVersion", "not be null"));
        }
        let alias = Alias {
            version: AliasTarget(0),
            description: String::new(),
            additional: None,
            revision_id: String::new(),
        };
        let made = function.change_alias(name, alias, change, fresh)?;
        self.bounded(LambdaCode::InvalidParameterValue, made)
    }

    /// Changes an alias.
    ///
    /// # Errors
    /// ResourceNotFoundException, PreconditionFailedException, and those of
    /// [`Functions::create_alias`].
    pub fn update_alias(
        &self,
        id: &FunctionId,
        name: &str,
        change: AliasChange,
        fresh: Fresh,
    ) -> Decided<Alias> {
        let alias = Alias::clone(self.alias(id, name)?);
        check_revision(change.revision_id.as_deref(), &alias.revision_id)?;
        let made = self.find(id)?.change_alias(name.into(), alias, change, fresh)?;
        self.bounded(LambdaCode::InvalidParameterValue, made)
    }

    /// Removes an alias, with its policy and its settings. One that is not there is as good as removed.
    ///
    /// # Errors
    /// ResourceNotFoundException if there is no such function; ValidationException if it is no name.
    pub fn delete_alias(&self, id: &FunctionId, name: &str) -> Decided<()> {
        let function = self.find(id)?;
        let Some(qualifier @ Qualifier::Alias(_)) = Qualifier::parse(name) else {
            return Err(no_alias(id, name));
        };
        let parts = [
            function.policies.contains_key(&qualifier).then(|| Part::Policy(qualifier.clone())),
            function
                .invoke_configs
                .contains_key(&qualifier)
                .then(|| Part::Invoke(qualifier.clone())),
            function.aliases.contains_key(name).then(|| Part::Alias(name.into())),
        ];
        let removed = parts.into_iter().flatten().map(|part| function.key(part).remove());
        Ok((removed.collect(), ()))
    }
}

impl Function {
    fn change_alias(
        self: &Arc<Self>,
        name: Box<str>,
        mut alias: Alias,
        change: AliasChange,
        fresh: Fresh,
    ) -> Decided<Alias> {
        if let Some(version) = change.version {
            alias.version = AliasTarget(self.number_of(&version)?);
        }
        check_description(&change.description)?;
        if let Some(description) = change.description {
            alias.description = description;
        }
        if let Some(additional) = change.additional {
            let read = |(version, weight): (String, f64)| Ok((self.number_of(&version)?, weight));
            alias.additional = additional.map(read).transpose()?;
        }
        check_routing(&alias)?;
        alias.revision_id = fresh.revision_id;
        let write = self.key(Part::Alias(name)).set(&alias);
        Ok((vec![write], alias))
    }

    /// The number of a version that is there; 0 for `$LATEST`.
    fn number_of(&self, version: &str) -> Result<u64, LambdaFault> {
        let absent = || LambdaFault::no_function(format!("{}:{version}", self.id));
        match Qualifier::parse(version) {
            Some(Qualifier::Latest) => Ok(0),
            Some(Qualifier::Version(number)) if self.versions.contains_key(&number) => Ok(number),
            Some(Qualifier::Version(_)) => Err(absent()),
            _ => {
                let pattern = "satisfy regular expression pattern: (\\$LATEST|[0-9]+)";
                Err(LambdaFault::constraint(version, "functionVersion", pattern))
            }
        }
    }
}

/// Developer guide, "Implement Lambda canary deployments using a weighted alias".
fn check_routing(alias: &Alias) -> Result<(), LambdaFault> {
    let Some((number, weight)) = alias.additional else { return Ok(()) };
    if !(0.0..=1.0).contains(&weight) {
        let text = "Additional version weights have to be between 0.0 and 1.0.";
        return Err(LambdaFault::parameter(text));
    }
    if number == 0 || alias.version.0 == 0 {
        return Err(LambdaFault::parameter(
            "$LATEST is not supported for an alias pointing to more \
             than 1 version",
        ));
    }
    if number == alias.version.0 {
        return Err(LambdaFault::parameter(format!(
            "Invalid function version {number}. Function version {number} is already included in \
             routing configuration."
        )));
    }
    Ok(())
}
