//! Tags of functions.

use std::collections::BTreeMap;

use crate::fault::{LambdaCode, LambdaFault};
use crate::functions::{Decided, Functions};
use crate::limits;
use crate::names::FunctionId;
use crate::saved::SavedFunction;

impl Functions {
    /// Sets tags of a function, and takes others away.
    ///
    /// # Errors
    /// ResourceNotFoundException; InvalidParameterValueException if they are too many or too long.
    pub fn tag(
        &self,
        id: &FunctionId,
        set: BTreeMap<String, String>,
        removed: &[String],
    ) -> Decided<()> {
        let function = self.find(id)?;
        let mut saved = SavedFunction::clone(&function.saved);
        saved.tags.extend(set);
        saved.tags.retain(|key, _| !removed.contains(key));
        check_tags(&saved.tags)?;
        let set = vec![function.set(&saved)];
        self.bounded(LambdaCode::InvalidParameterValue, (set, ()))
    }
}

pub(crate) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), LambdaFault> {
    if tags.len() > limits::TAGS_MAX {
        let text = format!("The number of tags exceeds the limit of {}.", limits::TAGS_MAX);
        return Err(LambdaFault::parameter(text));
    }
    for (key, value) in tags {
        let fits = !key.is_empty()
            && key.chars().count() <= limits::TAG_KEY_CHARS_MAX
            && value.chars().count() <= limits::TAG_VALUE_CHARS_MAX;
        if !fits || key.starts_with("aws:") {
            let text = "A tag has a key of 1 to 128 characters, which does not begin with aws:, and a \
                        value of up to 256.";
            return Err(LambdaFault::parameter(text));
        }
    }
    Ok(())
}
