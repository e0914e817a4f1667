//! All functions, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::configuration::Configuration;
use crate::fault::{LambdaCode, LambdaFault};
use crate::function::{Alias, Function, Policy};
use crate::ledger::Ledger;
use crate::names::{FunctionId, FunctionName, Qualifier, Reference, Scope};
use crate::saved::{EntryKey, Part, SavedPolicy, Write};

/// Functions of every account and region.
///
/// What is kept are the entries of a register. [`Functions::load`] makes the state from them. A
/// change is decided by a method that says what to write and changes nothing, and, once that is
/// durable, made by [`Functions::apply`]. Everything else looks.
#[derive(Default, Debug)]
pub struct Functions {
    pub(crate) scopes: BTreeMap<Scope, BTreeMap<FunctionName, Arc<Function>>>,
    ledger: Ledger,
}

/// An entry of the register that cannot be used. The entries after it have not been looked at.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the entry {entry} of the register {problem}")]
pub struct LoadFault {
    /// Its name.
    pub entry: String,
    /// What is wrong with it, in English.
    pub problem: &'static str,
}

const NOT_AN_ENTRY: &str = "is not one of a function";
const DAMAGED: &str = "is damaged";
const ORPHANED: &str = "belongs to a function that is not there";

/// What a change says: what to write, and what came of it.
pub type Decided<T> = Result<(Vec<Write>, T), LambdaFault>;

/// What a change needs beside what is asked.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// Now.
    pub now_ms: u64,
    /// A text that was never used before: a UUID.
    pub revision_id: String,
}

/// A version as it is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The function.
    pub id: FunctionId,
    /// What it was asked for by: part of the ARN that is shown.
    pub qualifier: Option<Qualifier>,
    /// Which version it is.
    pub version: Qualifier,
    /// What it is.
    pub configuration: Arc<Configuration>,
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Invocable {
    /// The function.
    pub function: Arc<Function>,
    /// Which version it is: never an alias.
    pub version: Qualifier,
    /// What it is.
    pub configuration: Arc<Configuration>,
}

/// A part of a list, and the marker that the rest begins after.
pub type Page<T> = (Vec<T>, Option<String>);

impl Functions {
    /// The state that entries make.
    ///
    /// # Errors
    /// An entry that cannot be used.
    pub fn load<'e>(
        entries: impl IntoIterator<Item = (&'e str, &'e [u8])>,
    ) -> Result<Self, LoadFault> {
        let mut functions = Self::default();
        for (entry, value) in entries {
            functions.put(entry, Some(value))?;
        }
        Ok(functions)
    }

    /// Makes the state follow writes that are durable.
    ///
    /// # Errors
    /// Not for writes that were decided here.
    pub fn apply(&mut self, writes: &[Write]) -> Result<(), LoadFault> {
        writes.iter().try_for_each(|(entry, value)| self.put(entry, value.as_deref()))
    }

    fn put(&mut self, entry: &str, value: Option<&[u8]>) -> Result<(), LoadFault> {
        let scope = self.put_entry(entry, value)?;
        self.ledger.put(&scope, entry, value);
        Ok(())
    }

    /// Lets a change happen, unless there would be too much of everything: then it is refused with this
    /// code.
    pub(crate) fn bounded<T>(&self, code: LambdaCode, decided: (Vec<Write>, T)) -> Decided<T> {
        self.ledger.check(&decided.0, code)?;
        Ok(decided)
    }

    /// Returns whose it is.
    fn put_entry(&mut self, entry: &str, value: Option<&[u8]>) -> Result<Scope, LoadFault> {
        let fault = |problem| LoadFault { entry: entry.to_owned(), problem };
        let EntryKey { function: id, part } =
            EntryKey::parse(entry).ok_or_else(|| fault(NOT_AN_ENTRY))?;
        let of_scope = self.scopes.entry(id.scope.clone()).or_default();
        if part == Part::Function && value.is_none() {
            of_scope.remove(&id.name);
            return Ok(id.scope);
        }
        if part == Part::Function && !of_scope.contains_key(&id.name) {
            let saved = read(value).map_err(fault)?.ok_or_else(|| fault(DAMAGED))?;
            let scope = id.scope.clone();
            of_scope.insert(id.name.clone(), Arc::new(Function::new(id, saved)));
            return Ok(scope);
        }
        let function = of_scope.get_mut(&id.name).ok_or_else(|| fault(ORPHANED))?;
        put_part(Arc::make_mut(function), part, value).map_err(fault)?;
        Ok(id.scope)
    }

    /// The function of this name.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn find(&self, id: &FunctionId) -> Result<&Arc<Function>, LambdaFault> {
        let of_scope = self.scopes.get(&id.scope);
        let function = of_scope.and_then(|functions| functions.get(&id.name));
        function.ok_or_else(|| LambdaFault::no_function(id))
    }

    /// Which version is meant.
    ///
    /// # Errors
    /// ResourceNotFoundException if there is no such function, version or alias.
    pub fn shown(&self, reference: &Reference) -> Result<Shown, LambdaFault> {
        let Reference { id, qualifier } = reference;
        let absent = || LambdaFault::no_function(reference.arn());
        let function = self.find(id).map_err(|_| absent())?;
        let version = match qualifier {
            None => Qualifier::Latest,
            Some(Qualifier::Alias(name)) => {
                let alias = function.aliases.get(name).ok_or_else(absent)?;
                alias.version.qualifier()
            }
            Some(version) => version.clone(),
        };
        let configuration = function.at(&version).ok_or_else(absent)?;
        Ok(Shown {
            id: id.clone(),
            qualifier: qualifier.clone(),
            version,
            configuration: Arc::clone(configuration),
        })
    }

    /// Which version an invocation is for. `chance`, evenly spread, decides between the versions of
    /// an alias that has two.
    ///
    /// # Errors
    /// ResourceNotFoundException if there is no such function, version or alias.
    pub fn invocable(&self, reference: &Reference, chance: u32) -> Result<Invocable, LambdaFault> {
        let Shown { mut version, mut configuration, .. } = self.shown(reference)?;
        let function = Arc::clone(self.find(&reference.id)?);
        if let Some(Qualifier::Alias(name)) = &reference.qualifier
            && let Some((number, weight)) = function.aliases.get(name).and_then(|it| it.additional)
            && f64::from(chance) / f64::from(u32::MAX) < weight
            && let Some(other) = function.versions.get(&number)
        {
            (version, configuration) = (Qualifier::Version(number), Arc::clone(other));
        }
        Ok(Invocable { function, version, configuration })
    }

    /// The functions of an account in a region, by name, after a marker.
    pub fn list(&self, scope: &Scope, after: Option<&str>, max: usize) -> Page<Arc<Function>> {
        let Some(functions) = self.scopes.get(scope) else { return (Vec::new(), None) };
        let after = after.and_then(FunctionName::parse);
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = functions.range((from, Bound::Unbounded)).map(|(_, function)| function);
        let page: Vec<_> = rest.by_ref().take(max).cloned().collect();
        let marker = rest.next().and(page.last()).map(|last| last.id.name.to_string());
        (page, marker)
    }

    /// Every function.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.scopes.values().flat_map(BTreeMap::values)
    }

    /// Whether something needs the archive of this digest.
    pub fn needs_code(&self, sha256: &str) -> bool {
        let mut versions = self.all().flat_map(|function| function.versions());
        versions.any(|(_, version)| version.code.sha256 == sha256)
    }

    /// The digests of all archives that something needs: [`Code::sha256`](crate::Code::sha256).
    pub fn needed_code(&self) -> BTreeSet<String> {
        let versions = self.all().flat_map(|function| function.versions());
        versions.map(|(_, version)| version.code.sha256.clone()).collect()
    }

    /// An alias of a function.
    ///
    /// # Errors
    /// ResourceNotFoundException.
    pub fn alias(&self, id: &FunctionId, name: &str) -> Result<&Arc<Alias>, LambdaFault> {
        let function = self.find(id)?;
        function.aliases.get(name).ok_or_else(|| no_alias(id, name))
    }

    /// The policy of a function, version or alias.
    ///
    /// # Errors
    /// ResourceNotFoundException if it has none, or is not there.
    pub fn policy(&self, reference: &Reference) -> Result<&Arc<Policy>, LambdaFault> {
        self.shown(reference)?;
        let policy = self.find(&reference.id)?.policy(reference.qualifier.as_ref());
        policy.ok_or_else(no_policy)
    }
}

pub(crate) fn no_policy() -> LambdaFault {
    let text = "The resource you requested does not exist.";
    LambdaFault::new(LambdaCode::ResourceNotFound, text)
}

pub(crate) fn no_alias(id: &FunctionId, name: &str) -> LambdaFault {
    LambdaFault::new(LambdaCode::ResourceNotFound, format!("Cannot find alias arn: {id}:{name}"))
}

impl Function {
    /// A version; nothing for an alias.
    pub(crate) fn at(&self, version: &Qualifier) -> Option<&Arc<Configuration>> {
        match version {
            Qualifier::Latest => Some(&self.latest),
            Qualifier::Version(number) => self.version(*number),
            Qualifier::Alias(_) => None,
        }
    }
}

fn put_part(function: &mut Function, part: Part, value: Option<&[u8]>) -> Result<(), &'static str> {
    fn put<K: Ord, V>(map: &mut BTreeMap<K, Arc<V>>, key: K, value: Option<V>) {
        match value {
            Some(value) => map.insert(key, Arc::new(value)),
            None => map.remove(&key),
        };
    }
    match part {
        Part::Function => {
            let saved: crate::saved::SavedFunction = read(value)?.ok_or(DAMAGED)?;
            function.latest = Arc::new(saved.latest.clone());
            function.saved = Arc::new(saved);
        }
        Part::Version(number) => put(&mut function.versions, number, read(value)?),
        Part::Alias(name) => put(&mut function.aliases, name, read(value)?),
        Part::Invoke(qualifier) => put(&mut function.invoke_configs, qualifier, read(value)?),
        Part::Policy(qualifier) => {
            let saved: Option<SavedPolicy> = read(value)?;
            let policy = saved.map(|saved| Policy::open(saved).ok_or(DAMAGED)).transpose()?;
            put(&mut function.policies, qualifier, policy);
        }
    }
    Ok(())
}

/// An error of serde_json could quote values: it is not passed on.
fn read<T: DeserializeOwned>(value: Option<&[u8]>) -> Result<Option<T>, &'static str> {
    value.map(|value| serde_json::from_slice(value).map_err(|_| DAMAGED)).transpose()
}
