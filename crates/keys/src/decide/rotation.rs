//! Rotation: new material to encrypt with. What earlier material encrypted stays readable.

use super::{Decision, write_if_changed};
use crate::change::Output;
use crate::fault::{KeyCode, KeyFault};
use crate::key::{Need, new_material};
use crate::limits;
use crate::random::Random;
use crate::saved::{MadeBy, SavedRotation};
use crate::scope::Scope;
use crate::store::KeyStore;

impl KeyStore {
    /// If rotation is on already, the new period counts from where the old one did, so the next
    /// rotation may be due at once.
    pub(super) fn enable_rotation(
        &self,
        key: &str,
        caller: &Scope,
        period_days: u32,
        now_ms: u64,
    ) -> Decision {
        self.change_key(key, caller, Need::Enabled, |saved| {
            let since_ms = saved.rotation.map_or(now_ms, |rotation| rotation.since_ms);
            saved.rotation = Some(SavedRotation { period_days, since_ms });
            Ok(())
        })
    }

    pub(super) fn disable_rotation(&self, key: &str, caller: &Scope) -> Decision {
        self.change_key(key, caller, Need::Enabled, |saved| {
            saved.rotation = None;
            Ok(())
        })
    }

    /// Done at once. The schedule of automatic rotations stays as it is, as documented.
    pub(super) fn rotate_on_demand(
        &self,
        key: &str,
        caller: &Scope,
        now_ms: u64,
        random: &mut Random,
    ) -> Decision {
        let key = self.own_key(key, caller, Need::Enabled)?;
        let mut saved = key.to_saved();
        if saved.on_demand_rotations >= limits::ON_DEMAND_ROTATIONS_MAX
            || saved.materials.len() >= limits::MATERIALS_MAX
        {
            let text = format!(
                "The on-demand rotations limit has been reached for the given keyId. No more \
                 on-demand rotations can be performed for this key: {}",
                key.arn()
            );
            return Err(KeyFault::new(KeyCode::LimitExceeded, text));
        }
        let material = new_material(key.arn(), MadeBy::OnDemand, now_ms, random, &self.sealer);
        saved.materials.push(material);
        saved.on_demand_rotations += 1;
        let output = Output::Named { arn: key.arn().to_owned(), id: key.id().to_string() };
        Ok((write_if_changed(key, &saved), output))
    }
}
