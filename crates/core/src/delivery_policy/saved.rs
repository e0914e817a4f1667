//! Delivery policies as bytes. These never change: what is added comes with another kind of record.

use super::{BackoffFunction, RetryPolicy, SubscriptionDeliveryPolicy, TopicDeliveryPolicy};
use crate::codec::{Damaged, Reader, Writer};

impl TopicDeliveryPolicy {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.option(self.retry.as_ref(), |w, retry| retry.encode(w));
        w.option(self.disable_subscription_overrides.as_ref(), |w, &flag| w.u8(u8::from(flag)));
        w.option(self.max_receives_per_second.as_ref(), |w, &rate| w.u32(rate));
        w.option(self.content_type.as_ref(), |w, text| w.text(text));
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            retry: r.option(RetryPolicy::decode)?,
            disable_subscription_overrides: r.option(Reader::flag)?,
            max_receives_per_second: r.option(Reader::u32)?,
            content_type: r.option(|r| r.text().map(Into::into))?,
        })
    }
}

impl SubscriptionDeliveryPolicy {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.option(self.retry.as_ref(), |w, retry| retry.encode(w));
        w.option(self.sickly_retry.as_ref(), |w, retry| retry.encode(w));
        w.option(self.max_receives_per_second.as_ref(), |w, &rate| w.u32(rate));
        w.option(self.content_type.as_ref(), |w, text| w.text(text));
        w.u8(u8::from(self.guaranteed));
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            retry: r.option(RetryPolicy::decode)?,
            sickly_retry: r.option(RetryPolicy::decode)?,
            max_receives_per_second: r.option(Reader::u32)?,
            content_type: r.option(|r| r.text().map(Into::into))?,
            guaranteed: r.flag()?,
        })
    }
}

impl RetryPolicy {
    fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.min_delay);
        w.u32(self.max_delay);
        w.u32(self.retries);
        for count in [self.max_delay_retries, self.no_delay_retries, self.min_delay_retries] {
            w.option(count.as_ref(), |w, &count| w.u32(count));
        }
        w.option(self.backoff.as_ref(), |w, backoff| {
            w.u8(match backoff {
                BackoffFunction::Linear => 0,
                BackoffFunction::Arithmetic => 1,
                BackoffFunction::Geometric => 2,
                BackoffFunction::Exponential => 3,
            });
        });
    }

    /// Only a policy that could have been set: schedules count on its bounds.
    fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let policy = Self {
            min_delay: r.u32()?,
            max_delay: r.u32()?,
            retries: r.u32()?,
            max_delay_retries: r.option(Reader::u32)?,
            no_delay_retries: r.option(Reader::u32)?,
            min_delay_retries: r.option(Reader::u32)?,
            backoff: r.option(|r| {
                BackoffFunction::ALL.get(usize::from(r.u8()?)).copied().ok_or(Damaged)
            })?,
        };
        if policy.is_valid() { Ok(policy) } else { Err(Damaged) }
    }
}
