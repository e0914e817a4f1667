//! How much of the register the functions of each account and region take.

use std::collections::BTreeMap;

use crate::fault::{LambdaCode, LambdaFault};
use crate::limits;
use crate::names::Scope;
use crate::saved::{EntryKey, Write};

/// The sizes of all entries.
#[derive(Default, Debug)]
pub(crate) struct Ledger {
    scopes: BTreeMap<Scope, Account>,
}

/// What one account has in one region.
#[derive(Default, Debug)]
struct Account {
    bytes: u64,
    entries: BTreeMap<String, u64>,
}

/// Bytes of an entry: of its name and its value.
fn size(entry: &str, value: &[u8]) -> u64 {
    (entry.len() + value.len()) as u64
}

impl Ledger {
    /// An entry is written, or removed.
    pub(crate) fn put(&mut self, scope: &Scope, entry: &str, value: Option<&[u8]>) {
        let account = self.scopes.entry(scope.clone()).or_default();
        let before = match value {
            Some(value) => {
                let size = size(entry, value);
                account.bytes += size;
                account.entries.insert(entry.to_owned(), size)
            }
            None => account.entries.remove(entry),
        };
        account.bytes -= before.unwrap_or(0);
        if account.entries.is_empty() {
            self.scopes.remove(scope);
        }
    }

    /// Refuses writes by which somebody who has as much as may be would have more.
    pub(crate) fn check(&self, writes: &[Write], code: LambdaCode) -> Result<(), LambdaFault> {
        let Some(key) = writes.first().and_then(|(entry, _)| EntryKey::parse(entry)) else {
            return Ok(());
        };
        let account = self.scopes.get(&key.function.scope);
        let before = account.map_or(0, |account| account.bytes);
        let (mut after, mut gone) = (before, 0);
        for (entry, value) in writes {
            gone += account.and_then(|account| account.entries.get(entry)).unwrap_or(&0);
            after += value.as_ref().map_or(0, |value| size(entry, value));
        }
        after -= gone;
        if after <= limits::KEPT_BYTES_MAX || after <= before {
            return Ok(());
        }
        let text = format!(
            "The settings, variables, tags and policies of all functions and versions of an account in a \
             region can have {} bytes here. Delete versions or functions that nobody needs.",
            limits::KEPT_BYTES_MAX
        );
        Err(LambdaFault::new(code, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scope;

    fn entry(name: &str) -> String {
        format!("lambda/111122223333/us-east-1/{name}")
    }

    #[test]
    fn entries_count_as_long_as_they_are_there() {
        let mut ledger = Ledger::default();
        let write = |name: &str, bytes: u64| {
            let entry = entry(name);
            let value = vec![b'x'; usize::try_from(bytes).unwrap() - entry.len()];
            (entry, Some(value))
        };
        let fits = |ledger: &Ledger, writes: &[Write]| {
            let checked = ledger.check(writes, LambdaCode::InvalidParameterValue);
            checked.map_err(|fault| assert_eq!(fault.code.status(), 400)).is_ok()
        };
        let max = limits::KEPT_BYTES_MAX;
        assert!(fits(&ledger, &[write("a", max - 100), write("b", 100)]));
        assert!(!fits(&ledger, &[write("a", max - 100), write("b", 101)]));
        for (name, value) in [write("a", 100), write("a", max - 100), write("b", 200)] {
            ledger.put(&scope(), &name, value.as_deref());
        }
        // Whoever has too much by now may still have less.
        assert!(fits(&ledger, &[write("b", 199)]));
        assert!(!fits(&ledger, &[write("b", 201)]));
        assert!(!fits(&ledger, &[write("c", 100)]));
        assert!(fits(&ledger, &[(entry("b"), None), write("c", 100)]));
        let elsewhere = ("lambda/111122223333/eu-west-1/c".to_owned(), Some(vec![b'x'; 100]));
        assert!(fits(&ledger, &[elsewhere]));
        ledger.put(&scope(), &entry("b"), None);
        ledger.put(&scope(), &entry("a"), None);
        assert!(ledger.scopes.is_empty());
    }
}
