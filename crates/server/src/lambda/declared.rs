//! Functions that the operator's configuration declares: made, or made to be as it says, at the start.

use tidings_broker::Broker;
use tidings_lambda::{
    CodeUpdate, Fresh, FunctionId, FunctionName, LambdaFault, NewFunction, Reference, Scope,
    Settings,
};

use super::service::{Hosted, Lambda};
use crate::plane::ChangeFault;

/// A function as it is to be.
#[derive(Clone)]
pub struct DeclaredFunction {
    /// Its name.
    pub name: String,
    /// How it is run. What is not said stays as it is, or as it is by default.
    pub settings: Settings,
    /// Its code, as an archive.
    pub zip: Vec<u8>,
}

/// Why a function is not as it is declared.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// It cannot be a function.
    #[error(transparent)]
    Refused(#[from] LambdaFault),
    /// It cannot be made durable.
    #[error("it cannot be kept: {0}")]
    Failed(tidings_broker::Failure),
}

impl Lambda {
    /// Makes a function, or changes what is different of one that is there. Versions, aliases,
    /// policies and other settings are left alone, and so are functions that are declared no longer.
    ///
    /// # Errors
    /// [`DeclareError`]
    pub async fn declare(
        &self,
        broker: &Broker,
        scope: Scope,
        function: DeclaredFunction,
    ) -> Result<(), DeclareError> {
        let DeclaredFunction { name, settings, zip } = function;
        let hosted = &self.0;
        let invalid = || LambdaFault::parameter(format!("{name:?} is no name of a function"));
        let name = FunctionName::parse(&name).ok_or_else(invalid)?;
        let reference = Reference { id: FunctionId { scope, name }, qualifier: None };
        let claimed = hosted.keep_code(zip).await?;
        let code = claimed.code.clone();
        let fresh =
            || Fresh { now_ms: broker.now().as_ms(), revision_id: broker.uuid().to_string() };
        let there = hosted.plane.look().shown(&reference).ok().map(|shown| shown.configuration);
        let Some(there) = there else {
            let new = NewFunction { settings, code, publish: false, tags: [].into() };
            let made = hosted.plane.change(|functions| {
                let (writes, _) = functions.create(&reference.id, new, fresh())?;
                Ok((writes, ()))
            });
            return made.await.map_err(refused);
        };
        if there.code != code {
            let update = CodeUpdate {
                code,
                architecture: None,
                publish: false,
                dry_run: false,
                revision_id: None,
            };
            let changed = hosted.plane.change(|functions| {
                let (writes, _) = functions.update_code(&reference, update, fresh())?;
                Ok((writes, ()))
            });
            changed.await.map_err(refused)?;
        }
        change_settings(hosted, &reference, settings, fresh).await
    }
}

/// Changes settings only if some would be different: a revision is for a change.
async fn change_settings(
    hosted: &Hosted,
    reference: &Reference,
    settings: Settings,
    fresh: impl Fn() -> Fresh,
) -> Result<(), DeclareError> {
    let changed = hosted.plane.change(|functions| {
        let before = functions.shown(reference)?.configuration;
        let (writes, after) = functions.update_configuration(reference, settings, None, fresh())?;
        let is_same = before.does_as(&after.configuration);
        Ok((if is_same { Vec::new() } else { writes }, ()))
    });
    changed.await.map_err(refused)
}

fn refused(fault: ChangeFault<LambdaFault>) -> DeclareError {
    match fault {
        ChangeFault::Refused(fault) => DeclareError::Refused(fault),
        ChangeFault::Failed(failure) => DeclareError::Failed(failure),
    }
}
