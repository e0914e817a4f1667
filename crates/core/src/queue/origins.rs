//! Where messages came from, for those that were not sent to their queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{Damaged, Reader, Writer};
use crate::delivery::{Delivery, QueueKey, SignatureVersion};
use crate::names::{QueueArn, SubscriptionArn, Uuid};
use crate::record::{
    read_arn, read_protocol, read_topic_arn, write_arn, write_protocol, write_topic_arn,
};

/// How a message came into its queue.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Origin {
    /// The queue that it was a dead letter of.
    pub(crate) dead_letter_source: Option<QueueArn>,
    /// The subscription, if it was published to a topic. Its entry points at a publication then.
    pub(crate) delivery: Option<Arc<Delivery>>,
}

impl Origin {
    fn is_none(&self) -> bool {
        self.dead_letter_source.is_none() && self.delivery.is_none()
    }
}

/// The origins of a queue's messages, by number. Number 0 stands for "sent here".
#[derive(Default)]
pub(crate) struct Origins {
    by_origin: BTreeMap<Origin, u32>,
    /// Each with its messages.
    origins: BTreeMap<u32, (Origin, u64)>,
    last: u32,
}

impl Origins {
    pub(crate) fn get(&self, number: u32) -> Option<&Origin> {
        self.origins.get(&number).map(|(origin, _)| origin)
    }

    /// Whether a message of this origin is a publication.
    pub(crate) fn is_published(&self, number: u32) -> bool {
        number != 0 && self.get(number).is_some_and(|origin| origin.delivery.is_some())
    }

    /// The number of the origin, which gains a message.
    pub(crate) fn enter(&mut self, origin: &Origin) -> u32 {
        if origin.is_none() {
            return 0;
        }
        let number = match self.by_origin.get(origin) {
            Some(number) => *number,
            None => self.add(origin),
        };
        self.origins.get_mut(&number).expect("a number given out is kept").1 += 1;
        number
    }

    /// A message of the origin has left the queue; with the last one the origin is forgotten.
    pub(crate) fn leave(&mut self, number: u32) {
        let Some((origin, messages)) = self.origins.get_mut(&number) else { return };
        *messages -= 1;
        if *messages == 0 {
            self.by_origin.remove(origin);
            self.origins.remove(&number);
        }
    }

    fn add(&mut self, origin: &Origin) -> u32 {
        // Numbers come round after four billion origins; those still in use are passed over.
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.origins.contains_key(&self.last) {
                break;
            }
        }
        self.by_origin.insert(origin.clone(), self.last);
        self.origins.insert(self.last, (origin.clone(), 0));
        self.last
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.list(self.origins.iter(), |w, (number, (origin, _))| {
            w.u32(*number);
            w.option(origin.dead_letter_source.as_ref(), write_arn);
            w.option(origin.delivery.as_deref(), write_delivery);
        });
    }

    /// Reads the origins back, each still without messages: [`Origins::rejoin`] brings them.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut read = Self::default();
        for _ in 0..r.count(6)? {
            let number = r.u32()?;
            let origin = Origin {
                dead_letter_source: r.option(read_arn)?,
                delivery: r.option(read_delivery)?.map(Arc::new),
            };
            if number == 0 || origin.is_none() {
                return Err(Damaged);
            }
            read.last = read.last.max(number);
            read.by_origin.insert(origin.clone(), number);
            read.origins.insert(number, (origin, 0));
        }
        Ok(read)
    }

    /// A message of the origin is back.
    pub(crate) fn rejoin(&mut self, number: u32) -> Result<(), Damaged> {
        self.origins.get_mut(&number).ok_or(Damaged)?.1 += 1;
        Ok(())
    }

    /// Whether every origin has its messages.
    pub(crate) fn is_whole(&self) -> bool {
        self.by_origin.len() == self.origins.len() && self.origins.values().all(|(_, n)| *n > 0)
    }
}

fn write_delivery(w: &mut Writer<'_>, delivery: &Delivery) {
    write_topic_arn(w, &delivery.subscription.topic);
    w.raw(&delivery.subscription.id.to_bytes());
    write_protocol(w, delivery.protocol);
    w.u8(u8::from(delivery.is_raw));
    w.u8(u8::from(delivery.is_replayed));
    w.u8(match (delivery.signature_version, &delivery.key) {
        (SignatureVersion::V1, None) => 1,
        (SignatureVersion::V2, None) => 2,
        (SignatureVersion::V1, Some(_)) => V1_WITH_KEY,
        (SignatureVersion::V2, Some(_)) => V2_WITH_KEY,
    });
    if let Some(QueueKey { queue, key_id }) = &delivery.key {
        write_arn(w, queue);
        w.text(key_id);
    }
}

/// A key follows.
const V1_WITH_KEY: u8 = 3;
const V2_WITH_KEY: u8 = 4;

fn read_delivery(r: &mut Reader<'_>) -> Result<Delivery, Damaged> {
    let topic = read_topic_arn(r)?;
    let subscription = SubscriptionArn { topic, id: Uuid::from_bytes(r.array()?) };
    let protocol = read_protocol(r)?;
    let (is_raw, is_replayed) = (r.flag()?, r.flag()?);
    let (signature_version, has_key) = match r.u8()? {
        1 => (SignatureVersion::V1, false),
        2 => (SignatureVersion::V2, false),
        V1_WITH_KEY => (SignatureVersion::V1, true),
        V2_WITH_KEY => (SignatureVersion::V2, true),
        _ => return Err(Damaged),
    };
    let key = match has_key {
        true => Some(QueueKey { queue: read_arn(r)?, key_id: r.text()?.into() }),
        false => None,
    };
    Ok(Delivery { subscription, protocol, is_raw, is_replayed, signature_version, key })
}
