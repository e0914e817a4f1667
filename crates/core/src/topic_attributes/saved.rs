//! Attributes as bytes, in log records and snapshots.
//!
//! These bytes never change: a further attribute comes with a further kind of record.

use super::name::Feedback;
use super::{FifoTopicAttributes, ThroughputScope, TopicAttributes, TracingConfig};
use crate::codec::{Damaged, Reader, Writer};
use crate::delivery::SignatureVersion;
use crate::delivery_policy::TopicDeliveryPolicy;

impl TopicAttributes {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.text(&self.display_name);
        w.option(self.policy.as_ref(), |w, policy| w.text(policy));
        w.option(self.delivery_policy.as_ref(), |w, policy| policy.encode(w));
        w.option(self.kms_master_key_id.as_ref(), |w, key| w.text(key));
        w.option(self.signature_version.as_ref(), |w, &version| {
            w.u8(u8::from(version == SignatureVersion::V2));
        });
        w.option(self.tracing_config.as_ref(), |w, &config| {
            w.u8(u8::from(config == TracingConfig::Active));
        });
        w.option(self.maximum_message_size.as_ref(), |w, &size| w.u32(size));
        w.option(self.fifo.as_ref(), |w, fifo| {
            w.u8(u8::from(fifo.content_based_deduplication));
            w.option(fifo.throughput_scope.as_ref(), |w, &scope| {
                w.u8(u8::from(scope == ThroughputScope::MessageGroup));
            });
            w.option(fifo.archive_days.as_ref(), |w, &days| w.u32(days));
        });
        w.list(self.feedback.iter(), |w, (feedback, value)| {
            w.u8(feedback.number());
            w.text(value);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        /// A number and the length of a text.
        const FEEDBACK_BYTES_MIN: usize = 5;
        Ok(Self {
            display_name: r.text()?.into(),
            policy: r.option(|r| r.text().map(Into::into))?,
            delivery_policy: r.option(TopicDeliveryPolicy::decode)?,
            kms_master_key_id: r.option(|r| r.text().map(Into::into))?,
            signature_version: r.option(|r| {
                Ok(if r.flag()? { SignatureVersion::V2 } else { SignatureVersion::V1 })
            })?,
            tracing_config: r.option(|r| {
                Ok(if r.flag()? { TracingConfig::Active } else { TracingConfig::PassThrough })
            })?,
            maximum_message_size: r.option(Reader::u32)?,
            fifo: r.option(|r| {
                Ok(FifoTopicAttributes {
                    content_based_deduplication: r.flag()?,
                    throughput_scope: r.option(|r| {
                        let by_group = r.flag()?;
                        let (group, topic) =
                            (ThroughputScope::MessageGroup, ThroughputScope::Topic);
                        Ok(if by_group { group } else { topic })
                    })?,
                    archive_days: r.option(Reader::u32)?,
                })
            })?,
            feedback: r
                .list(FEEDBACK_BYTES_MIN, |r| {
                    let feedback = Feedback::from_number(r.u8()?).ok_or(Damaged)?;
                    Ok((feedback, r.text()?.into()))
                })?
                .into_iter()
                .collect(),
        })
    }
}
