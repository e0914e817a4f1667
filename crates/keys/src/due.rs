//! What happens by itself, as time passes: deletions and rotations.

use crate::decide::entry_of;
use crate::key::{Key, new_material};
use crate::limits;
use crate::random::Random;
use crate::saved::{EntryKey, MadeBy, SavedState, Write};
use crate::store::KeyStore;

impl KeyStore {
    /// When [`KeyStore::advance`] has something to do, in milliseconds since 1970, if ever.
    pub fn next_due(&self) -> Option<u64> {
        self.due.first().map(|(due_at_ms, _)| *due_at_ms)
    }

    /// What is due for one key: to be made durable and applied, as with changes. Nothing if nothing
    /// is due.
    ///
    /// A key that has many grants goes in several steps, itself in the last one.
    pub fn advance(&self, now_ms: u64, mut random: Random) -> Vec<Write> {
        let Some((_, id)) = self.due.first().filter(|(due_at_ms, _)| *due_at_ms <= now_ms) else {
            return Vec::new();
        };
        let key = &*self.keys[id];
        match key.saved().state {
            SavedState::PendingDeletion { .. } => self.delete(key),
            SavedState::Enabled | SavedState::Disabled => self.rotate(key, now_ms, &mut random),
        }
    }

    /// The key with its material, and all that leads to it.
    fn delete(&self, key: &Key) -> Vec<Write> {
        let scope = || key.scope().clone();
        let aliases = self.aliases_of(key).map(|name| EntryKey::Alias(scope(), name.to_owned()));
        let grants = self.grants.of_key(key.id());
        let grants = grants.map(|(id, _)| EntryKey::Grant(scope(), key.id(), id));
        let last = std::iter::once(entry_of(key));
        let entries = aliases.chain(grants).chain(last);
        entries.take(limits::WRITES_MAX).map(|entry| entry.remove()).collect()
    }

    /// A key that missed several rotations, being disabled, is rotated once. The next one is due a
    /// period later.
    fn rotate(&self, key: &Key, now_ms: u64, random: &mut Random) -> Vec<Write> {
        let mut saved = key.to_saved();
        let Some(rotation) = &mut saved.rotation else { return Vec::new() };
        rotation.since_ms = now_ms;
        let material = new_material(key.arn(), MadeBy::Automatic, now_ms, random, &self.sealer);
        saved.materials.push(material);
        vec![entry_of(key).set(&saved)]
    }
}
