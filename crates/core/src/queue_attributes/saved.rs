//! Attributes as bytes, in log records and snapshots.
//!
//! These bytes never change: a further attribute comes with a further kind of record.

use super::{DeduplicationScope, FifoAttributes, QueueAttributes, ThroughputLimit};
use crate::codec::{Damaged, Reader, Writer};
use crate::redrive_policy::{RedriveAllowPolicy, RedrivePolicy};

impl QueueAttributes {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.delay_seconds);
        w.u32(self.maximum_message_size);
        w.u32(self.message_retention_period);
        w.u32(self.receive_message_wait_time_seconds);
        w.u32(self.visibility_timeout);
        w.option(self.policy.as_ref(), |w, policy| w.text(policy));
        w.option(self.redrive_policy.as_ref(), |w, policy| policy.encode(w));
        let allowed = self.redrive_allow_policy.as_ref();
        w.option(allowed, |w, policy| policy.encode(w));
        w.option(self.kms_master_key_id.as_ref(), |w, key| w.text(key));
        w.u32(self.kms_data_key_reuse_period_seconds);
        w.u8(u8::from(self.sqs_managed_sse_enabled));
        w.option(self.fifo.as_ref(), |w, fifo| {
            w.u8(u8::from(fifo.content_based_deduplication));
            let by_group = fifo.deduplication_scope == DeduplicationScope::MessageGroup;
            w.u8(u8::from(by_group));
            let high = fifo.throughput_limit == ThroughputLimit::PerMessageGroupId;
            w.u8(u8::from(high));
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            delay_seconds: r.u32()?,
            maximum_message_size: r.u32()?,
            message_retention_period: r.u32()?,
            receive_message_wait_time_seconds: r.u32()?,
            visibility_timeout: r.u32()?,
            policy: r.option(|r| r.text().map(Into::into))?,
            redrive_policy: r.option(RedrivePolicy::decode)?,
            redrive_allow_policy: r.option(RedriveAllowPolicy::decode)?,
            kms_master_key_id: r.option(|r| r.text().map(Into::into))?,
            kms_data_key_reuse_period_seconds: r.u32()?,
            sqs_managed_sse_enabled: r.flag()?,
            fifo: r.option(|r| {
                Ok(FifoAttributes {
                    content_based_deduplication: r.flag()?,
                    deduplication_scope: match r.flag()? {
                        false => DeduplicationScope::Queue,
                        true => DeduplicationScope::MessageGroup,
                    },
                    throughput_limit: match r.flag()? {
                        false => ThroughputLimit::PerQueue,
                        true => ThroughputLimit::PerMessageGroupId,
                    },
                })
            })?,
        })
    }
}
