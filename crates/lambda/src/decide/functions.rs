//! Functions come, change and go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check_revision;
use super::tags::check_tags;
use crate::configuration::{Code, Configuration, Settings};
use crate::fault::{LambdaCode, LambdaFault};
use crate::functions::{Decided, Fresh, Functions, Shown};
use crate::limits;
use crate::names::{FunctionId, Qualifier, Reference, Scope};
use crate::saved::{EntryKey, Part, SavedFunction, Write};

/// CreateFunction.
#[derive(Clone, Debug)]
pub struct NewFunction {
    /// How it is run.
    pub settings: Settings,
    /// What is run.
    pub code: Code,
    /// Whether the first version is published at once.
    pub publish: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// UpdateFunctionCode.
#[derive(Clone, Debug)]
pub struct CodeUpdate {
    /// What is run from now on.
    pub code: Code,
    /// What it is made for, if that is said.
    pub architecture: Option<String>,
    /// Whether it is published at once.
    pub publish: bool,
    /// Whether only to try.
    pub dry_run: bool,
    /// The revision that the caller means to change.
    pub revision_id: Option<String>,
}

/// Entries that one step of a removal takes away: fewer than may be written at once.
const REMOVED_AT_ONCE: usize = 90;

impl Functions {
    /// Makes a function.
    ///
    /// # Errors
    /// ResourceConflictException if it is there; CodeStorageExceededException if there would be too
    /// much of code, or of everything else; and those of
    /// [`Settings::check`].
    pub fn create(&self, id: &FunctionId, new: NewFunction, fresh: Fresh) -> Decided<Shown> {
        new.settings.check()?;
        check_tags(&new.tags)?;
        if self.find(id).is_ok() {
            let text = format!("Function already exist: {}", id.name);
            return Err(LambdaFault::new(LambdaCode::ResourceConflict, text));
        }
        let there = self.scopes.get(&id.scope).map_or(0, BTreeMap::len);
        if there >= limits::FUNCTIONS_MAX {
            let text = format!("There are {there} functions already, and can be no more.");
            return Err(LambdaFault::new(LambdaCode::CodeStorageExceeded, text));
        }
        self.check_storage(&id.scope, &new.code, if new.publish { 2 } else { 1 })?;
        let latest = new.settings.create(new.code, fresh.now_ms, fresh.revision_id)?;
        let saved = SavedFunction {
            created_at_ms: fresh.now_ms,
            last_version: u64::from(new.publish),
            latest,
            reserved_concurrency: None,
            tags: new.tags,
        };
        let of = |part| EntryKey { function: id.clone(), part };
        let mut writes = vec![of(Part::Function).set(&saved)];
        if new.publish {
            writes.push(of(Part::Version(1)).set(&saved.latest));
        }
        let version = if new.publish { Qualifier::Version(1) } else { Qualifier::Latest };
        let shown = shown(id, new.publish, version, saved.latest);
        self.bounded(LambdaCode::CodeStorageExceeded, (writes, shown))
    }

    /// Gives a function other code.
    ///
    /// # Errors
    /// ResourceNotFoundException, PreconditionFailedException, CodeStorageExceededException,
    /// InvalidParameterValueException for what cannot be changed.
    pub fn update_code(
        &self,
        reference: &Reference,
        update: CodeUpdate,
        fresh: Fresh,
    ) -> Decided<Shown> {
        let function = self.changeable(reference)?;
        check_revision(update.revision_id.as_deref(), &function.latest.revision_id)?;
        let settings = Settings { architecture: update.architecture, ..Settings::default() };
        settings.check()?;
        self.check_storage(&reference.id.scope, &update.code, 1)?;
        let mut saved = SavedFunction::clone(&function.saved);
        settings.change(&mut saved.latest);
        saved.latest.code = update.code;
        saved.latest.modified_at_ms = fresh.now_ms;
        saved.latest.revision_id = fresh.revision_id;
        let (mut writes, mut version) = (Vec::new(), Qualifier::Latest);
        if update.publish {
            version = function.publish(&mut saved, None, &mut writes)?;
        }
        writes.insert(0, function.set(&saved));
        if update.dry_run {
            writes.clear();
        }
        let configuration = saved.latest;
        let shown = shown(&reference.id, update.publish, version, configuration);
        self.bounded(LambdaCode::CodeStorageExceeded, (writes, shown))
    }

    /// Changes how a function is run.
    ///
    /// # Errors
    /// ResourceNotFoundException, PreconditionFailedException, InvalidParameterValueException if there
    /// would be too much, and those of [`Settings::check`].
    pub fn update_configuration(
        &self,
        reference: &Reference,
        settings: Settings,
        revision_id: Option<&str>,
        fresh: Fresh,
    ) -> Decided<Shown> {
        settings.check()?;
        let function = self.changeable(reference)?;
        check_revision(revision_id, &function.latest.revision_id)?;
        let mut saved = SavedFunction::clone(&function.saved);
        settings.change(&mut saved.latest);
        saved.latest.modified_at_ms = fresh.now_ms;
        saved.latest.revision_id = fresh.revision_id;
        let write = function.set(&saved);
        let shown = shown(&reference.id, false, Qualifier::Latest, saved.latest);
        self.bounded(LambdaCode::InvalidParameterValue, (vec![write], shown))
    }

    /// Removes a version, or a function with all that belongs to it. Of a function with much, only a
    /// part: `true` if there is more, and the same has to be asked again.
    ///
    /// # Errors
    /// ResourceNotFoundException; ResourceConflictException if an alias leads to the version;
    /// InvalidParameterValueException for `$LATEST` and aliases.
    pub fn delete(&self, reference: &Reference) -> Decided<bool> {
        let function = self.find(&reference.id)?;
        let number = match &reference.qualifier {
            None => return Ok(function.delete_all()),
            Some(Qualifier::Version(number)) => *number,
            Some(Qualifier::Latest) => {
                return Err(LambdaFault::parameter(
                    "$LATEST version cannot be deleted without deleting the function.",
                ));
            }
            Some(Qualifier::Alias(_)) => {
                let text = "Deletion of aliases is not currently supported.";
                return Err(LambdaFault::parameter(text));
            }
        };
        let uses = |(name, alias): (&str, &Arc<crate::function::Alias>)| {
            let additional = alias.additional.map(|(number, _)| number);
            (alias.version.0 == number || additional == Some(number)).then(|| name.to_owned())
        };
        let users: Vec<String> = function.aliases().filter_map(uses).collect();
        if !users.is_empty() {
            let text = format!(
                "Version {number} is referenced by alias(es) [{}]. Version cannot be deleted.",
                users.join(", ")
            );
            return Err(LambdaFault::new(LambdaCode::ResourceConflict, text));
        }
        // A version that is not there is as good as removed.
        let version = Qualifier::Version(number);
        let parts = [
            function.versions.contains_key(&number).then_some(Part::Version(number)),
            function.policies.contains_key(&version).then(|| Part::Policy(version.clone())),
            function.invoke_configs.contains_key(&version).then(|| Part::Invoke(version.clone())),
        ];
        let removed = parts.into_iter().flatten().map(|part| function.key(part).remove());
        Ok((removed.collect(), false))
    }

    /// A function that is to be changed, which only `$LATEST` can be.
    pub(super) fn changeable(
        &self,
        reference: &Reference,
    ) -> Result<&Arc<crate::Function>, LambdaFault> {
        match reference.qualifier {
            None | Some(Qualifier::Latest) => self.find(&reference.id),
            Some(_) => Err(LambdaFault::parameter(
                "This operation is not supported on versions and aliases: only $LATEST can be changed.",
            )),
        }
    }

    /// Whether so many more versions with this code find room.
    pub(super) fn check_storage(
        &self,
        scope: &Scope,
        code: &Code,
        versions: u64,
    ) -> Result<(), LambdaFault> {
        let functions = self.scopes.get(scope).into_iter().flat_map(BTreeMap::values);
        let mut archives = code.bytes.saturating_mul(versions);
        let mut unpacked = BTreeMap::from([(code.sha256.as_str(), code.unpacked_bytes)]);
        for (_, version) in functions.flat_map(|function| function.versions()) {
            archives = archives.saturating_add(version.code.bytes);
            unpacked.insert(&version.code.sha256, version.code.unpacked_bytes);
        }
        let stored = unpacked.into_values().fold(archives, u64::saturating_add);
        if stored > limits::CODE_STORAGE_BYTES_MAX {
            let text = "Code storage limit exceeded.";
            return Err(LambdaFault::new(LambdaCode::CodeStorageExceeded, text));
        }
        Ok(())
    }
}

impl crate::Function {
    fn delete_all(&self) -> (Vec<Write>, bool) {
        let parts = (self.aliases.keys().map(|name| Part::Alias(name.clone())))
            .chain(self.policies.keys().map(|qualifier| Part::Policy(qualifier.clone())))
            .chain(self.invoke_configs.keys().map(|qualifier| Part::Invoke(qualifier.clone())))
            .chain(self.versions.keys().map(|number| Part::Version(*number)));
        let mut parts = parts.map(|part| self.key(part).remove());
        let mut writes: Vec<Write> = parts.by_ref().take(REMOVED_AT_ONCE).collect();
        let more = parts.next().is_some();
        if !more {
            writes.push(self.key(Part::Function).remove());
        }
        (writes, more)
    }
}

fn shown(
    id: &FunctionId,
    is_qualified: bool,
    version: Qualifier,
    configuration: Configuration,
) -> Shown {
    Shown {
        id: id.clone(),
        qualifier: is_qualified.then(|| version.clone()),
        version,
        configuration: Arc::new(configuration),
    }
}
