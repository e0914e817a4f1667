//! Attributes as bytes, in log records and snapshots.
//!
//! These bytes never change: a further attribute comes with a further kind of record. Documents
//! that are shown as they were given are written as such, and read again.

use std::sync::Arc;

use super::{ReplayPolicy, SubscriptionAttributes, SubscriptionRedrivePolicy};
use crate::attribute_fault::AttributeFault;
use crate::codec::{Damaged, Reader, Writer};
use crate::delivery_policy::SubscriptionDeliveryPolicy;
use crate::filter_policy::{FilterPolicy, FilterPolicyScope};

impl SubscriptionAttributes {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u8(u8::from(self.raw_message_delivery));
        w.u8(u8::from(self.filter_policy_scope == FilterPolicyScope::MessageBody));
        w.option(self.filter_policy.as_ref(), |w, policy| w.text(policy.text()));
        w.option(self.redrive_policy.as_ref(), |w, policy| w.text(policy.text()));
        w.option(self.delivery_policy.as_ref(), |w, policy| policy.encode(w));
        w.option(self.subscription_role_arn.as_ref(), |w, role| w.text(role));
        w.option(self.replay_policy.as_ref(), |w, policy| w.text(policy.text()));
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let raw_message_delivery = r.flag()?;
        let filter_policy_scope = match r.flag()? {
            true => FilterPolicyScope::MessageBody,
            false => FilterPolicyScope::MessageAttributes,
        };
        Ok(Self {
            raw_message_delivery,
            filter_policy_scope,
            filter_policy: r.option(|r| {
                let policy = FilterPolicy::parse(r.text()?, filter_policy_scope);
                policy.map(Arc::new).map_err(|_| Damaged)
            })?,
            redrive_policy: r
                .option(|r| document(r, SubscriptionRedrivePolicy::parse))?
                .map(Box::new),
            delivery_policy: r.option(SubscriptionDeliveryPolicy::decode)?.map(Box::new),
            subscription_role_arn: r.option(|r| r.text().map(Into::into))?,
            replay_policy: r.option(|r| document(r, ReplayPolicy::parse))?.map(Box::new),
        })
    }
}

/// A document that was written because it says something.
fn document<T>(
    r: &mut Reader<'_>,
    parse: impl FnOnce(&str) -> Result<Option<T>, AttributeFault>,
) -> Result<T, Damaged> {
    parse(r.text()?).ok().flatten().ok_or(Damaged)
}
