//! What one worker alone writes, and so always knows.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde_json::Value;

use crate::clerk::{Clerk, Cut};

/// Something that one person alone writes: what it can be now.
#[derive(Debug)]
pub(crate) struct Register<T>(BTreeSet<T>);

impl<T: Ord + Clone + Debug> Register<T> {
    pub(crate) fn of(value: T) -> Self {
        Self([value].into())
    }

    /// It was set, or not, or nobody knows.
    pub(crate) fn write(&mut self, value: T, done: Result<bool, Cut>) -> Result<(), Cut> {
        match done {
            Ok(true) => *self = Self::of(value),
            Ok(false) => {}
            Err(_) => self.open([value]),
        }
        done.map(|_| ())
    }

    /// It may be any of these now, as well as what it could be before.
    pub(crate) fn open(&mut self, values: impl IntoIterator<Item = T>) {
        self.0.extend(values);
    }

    /// It is so, and stays so until the next write.
    pub(crate) fn read(&mut self, value: T, what: &str, clerk: &mut Clerk) {
        if !self.0.contains(&value) {
            clerk.complain(format!("{what} is {value:?} and can only be {:?}", self.0));
        }
        *self = Self::of(value);
    }

    pub(crate) fn settled(&self) -> Option<T> {
        self.0.first().filter(|_| self.0.len() == 1).cloned()
    }
}

/// Whether it was done. Only a server that is unavailable may refuse.
pub(crate) fn done(clerk: &mut Clerk, action: &str, input: &Value) -> Result<bool, Cut> {
    Ok(asked(clerk, action, input)?.is_some())
}

/// The answer; `None` if the server was unavailable.
pub(crate) fn asked(clerk: &mut Clerk, action: &str, input: &Value) -> Result<Option<Value>, Cut> {
    let answer = clerk.ask(action, input)?;
    if let Err(refusal) = &answer
        && !refusal.is_unavailable()
    {
        clerk.complain(format!("{action} is refused: {refusal:?}"));
    }
    Ok(answer.ok())
}
