//! Versions: what `$LATEST` was when somebody published it.

use std::sync::Arc;

use super::check_revision;
use crate::configuration::check_description;
use crate::fault::{LambdaCode, LambdaFault};
use crate::function::Function;
use crate::functions::{Decided, Functions, Shown};
use crate::limits;
use crate::names::{Qualifier, Reference};
use crate::saved::{Part, SavedFunction, Write};

impl Functions {
    /// Publishes a version, unless the newest one is like `$LATEST`: that one is shown then.
    ///
    /// # Errors
    /// ResourceNotFoundException; PreconditionFailedException; InvalidParameterValueException if the
    /// code is not the one that the caller means.
    pub fn publish_version(
        &self,
        reference: &Reference,
        code_sha256: Option<&str>,
        description: Option<String>,
        revision_id: Option<&str>,
    ) -> Decided<Shown> {
        let function = self.changeable(reference)?;
        check_revision(revision_id, &function.latest.revision_id)?;
        let current = &function.latest.code.sha256;
        if let Some(wanted) = code_sha256.filter(|wanted| wanted != current) {
            return Err(LambdaFault::parameter(format!(
                "CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}). \
                 Please try again with the CodeSHA256 in $LATEST."
            )));
        }
        check_description(&description)?;
        let (mut saved, mut writes) = (SavedFunction::clone(&function.saved), Vec::new());
        self.check_storage(&reference.id.scope, &saved.latest.code, 1)?;
        let version = function.publish(&mut saved, description.as_deref(), &mut writes)?;
        let configuration = match (writes.is_empty(), function.at(&version)) {
            (true, Some(there)) => Arc::clone(there),
            _ => {
                writes.insert(0, function.set(&saved));
                let mut published = saved.latest;
                if let Some(description) = description {
                    published.description = description;
                }
                Arc::new(published)
            }
        };
        let (id, qualifier) = (reference.id.clone(), Some(version.clone()));
        let shown = Shown { id, qualifier, version, configuration };
        self.bounded(LambdaCode::CodeStorageExceeded, (writes, shown))
    }
}

impl Function {
    /// Adds the write that publishes `saved.latest`, unless the newest version is like it already.
    pub(super) fn publish(
        &self,
        saved: &mut SavedFunction,
        description: Option<&str>,
        writes: &mut Vec<Write>,
    ) -> Result<Qualifier, LambdaFault> {
        let newest = self.versions.get(&self.saved.last_version);
        if newest.is_some_and(|newest| newest.is_like(&saved.latest)) {
            return Ok(Qualifier::Version(self.saved.last_version));
        }
        if self.versions.len() >= limits::VERSIONS_MAX {
            let text = format!(
                "A function can have {} versions here. Delete some that no alias needs.",
                limits::VERSIONS_MAX
            );
            return Err(LambdaFault::new(LambdaCode::CodeStorageExceeded, text));
        }
        saved.last_version += 1;
        let mut version = saved.latest.clone();
        if let Some(description) = description {
            version.description = description.to_owned();
        }
        writes.push(self.key(Part::Version(saved.last_version)).set(&version));
        Ok(Qualifier::Version(saved.last_version))
    }
}
