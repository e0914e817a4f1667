//! Bodies of messages, sealed for queues and topics that are encrypted, and opened for whoever gets
//! them. SQS developer guide, "Encryption at rest"; SNS developer guide, the same.
#![allow(dead_code, reason = "queues and topics do not ask for it yet")]

use tidings_aws::{Refusal, WireError};
use tidings_broker::Broker;
use tidings_core::names::{QueueArn, TopicArn};
use tidings_keys::{
    EnvelopeRandom, Key, KeyFault, KeyRequest, KeyStore, Resource, Scope, SealRequest, authorise,
};

use crate::authorise::Judge;
use crate::keys::Kms;

/// Whose request a body is sealed or opened for.
pub(crate) struct Messages<'a> {
    pub(crate) kms: &'a Kms,
    pub(crate) broker: &'a Broker,
    /// `None` where nobody is judged.
    pub(crate) judge: Option<Judge<'a>>,
}

/// A queue or a topic, as far as its messages are encrypted.
pub(crate) struct Encrypted<'a> {
    /// Which.
    pub(crate) resource: &'a Resource,
    /// Where it is: what a key's name that is no ARN is looked for in.
    pub(crate) owner: &'a Scope,
    /// `KmsMasterKeyId`, as it was set.
    pub(crate) key: &'a str,
    /// `KmsDataKeyReusePeriodSeconds`; of topics [`TOPIC_REUSE_SECONDS`].
    pub(crate) reuse_seconds: u64,
}

/// How long a topic's data key is used. SNS developer guide, "Key management".
pub(crate) const TOPIC_REUSE_SECONDS: u64 = 300;

/// Where a queue is.
pub(crate) fn scope_of_queue(arn: &QueueArn) -> Scope {
    Scope { account: arn.account, region: arn.region.clone() }
}

/// Where a topic is.
pub(crate) fn scope_of_topic(arn: &TopicArn) -> Scope {
    Scope { account: arn.account, region: arn.region.clone() }
}

impl Messages<'_> {
    /// Seals bodies, each with a nonce of its own.
    ///
    /// # Errors
    /// [`Refusal::Key`], which the service that is asked spells in its own way, if the key is not
    /// there, may not be used, or not by this caller.
    pub(crate) async fn seal(
        &self,
        encrypted: &Encrypted<'_>,
        bodies: &[&[u8]],
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let Encrypted { resource, owner, key, reuse_seconds } = *encrypted;
        self.kms.make_managed_key(self.broker, key, owner).await?;
        let store = self.kms.plane.look();
        let (key, principal) = (store.find(key, owner)?, self.principal());
        let request = SealRequest {
            resource,
            principal: &principal,
            key,
            reuse_seconds,
            now_ms: self.broker.now().as_ms(),
        };
        let allowed = || {
            self.check(&store, key, resource, "kms:GenerateDataKey")?;
            self.check(&store, key, resource, "kms:Decrypt")
        };
        let seal = |body: &&[u8]| {
            let random = EnvelopeRandom::new(&self.broker.random_bytes());
            self.kms.envelopes.seal(&request, body, random, allowed)
        };
        Ok(bodies.iter().map(seal).collect::<Result<_, KeyFault>>()?)
    }

    /// Opens a body, whatever queue or topic it was sealed for: a dead-letter queue has messages of
    /// others.
    ///
    /// # Errors
    /// As [`Messages::seal`]; [`WireError::InternalFailure`] if the body was damaged.
    pub(crate) fn open(&self, sealed: &[u8], reuse_seconds: u64) -> Result<Vec<u8>, Refusal> {
        let store = self.kms.plane.look();
        let times = (reuse_seconds, self.broker.now().as_ms());
        let opened =
            self.kms.envelopes.open(&store, sealed, &self.principal(), times, |key, resource| {
                self.check(&store, key, resource, "kms:Decrypt")
            });
        opened.map_err(|fault| match fault.code {
            tidings_keys::KeyCode::InvalidCiphertext => WireError::InternalFailure.into(),
            _ => fault.into(),
        })
    }

    fn check(
        &self,
        store: &KeyStore,
        key: &Key,
        resource: &Resource,
        action: &str,
    ) -> Result<(), KeyFault> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let service = match resource {
            Resource::Queue(_) => "sqs",
            Resource::Topic(_) => "sns",
        };
        let request = KeyRequest {
            context: Some(&resource.context()),
            via_service: Some(service),
            ..KeyRequest::new(action, key)
        };
        let allowed = judge.ask(|facts, policies| {
            let allowance = authorise(store, &request, facts, policies)?;
            Ok(judge.audit.map(|_| allowance.to_string()))
        });
        let outcome = allowed.as_ref().map_err(|fault: &KeyFault| &fault.text);
        judge.write_down(action, key.arn(), outcome);
        allowed.map(drop)
    }

    /// Who has data keys of its own: a user, or a role, whatever its sessions are called.
    fn principal(&self) -> String {
        let principal = self.judge.as_ref().and_then(|judge| judge.principal);
        let arn = principal.and_then(|principal| principal.caller().principal_arn());
        arn.unwrap_or("anonymous").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use tidings_broker::{Clock, Entropy, Options};
    use tidings_core::time::Timestamp;
    use tidings_keys::{Change, KeyCode, Output, Random, Sealed};

    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:orders";

    struct Desk {
        kms: Kms,
        broker: Broker,
        owner: Scope,
        _folder: tempfile::TempDir,
    }

    impl Desk {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Clock::manual(Timestamp::from_ms(1_800_000_000_000));
            let entropy = Entropy::seeded(7);
            let options = Options { clock, entropy, ..Options::new(folder.path()) };
            let (broker, _) = Broker::open(options).unwrap();
            let kms = Kms::open(broker.clone()).await.unwrap();
            let owner = scope_of_queue(&QueueArn::parse(QUEUE).unwrap());
            Self { kms, broker, owner, _folder: folder }
        }

        fn messages(&self) -> Messages<'_> {
            Messages { kms: &self.kms, broker: &self.broker, judge: None }
        }

        async fn seal(&self, key: &str) -> Result<Vec<Vec<u8>>, Refusal> {
            let resource = &Resource::Queue(QUEUE.to_owned());
            let encrypted = Encrypted { resource, owner: &self.owner, key, reuse_seconds: 300 };
            self.messages().seal(&encrypted, &[b"one", b"two"]).await
        }

        async fn change(&self, change: Change) -> Output {
            let random = Random::new(self.broker.random_bytes());
            let now_ms = self.broker.now().as_ms();
            let changed = self.kms.plane.change(|store| {
                Ok::<_, Refusal>(store.decide(change, &self.owner, now_ms, random)?)
            });
            changed.await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_managed_key_seals_and_opens() {
        let desk = Desk::new().await;
        let sealed = desk.seal("alias/aws/sqs").await.unwrap();
        for (sealed, body) in sealed.iter().zip([b"one", b"two"]) {
            assert_eq!(desk.messages().open(sealed, 300).unwrap(), body);
            assert!(!sealed.windows(3).any(|bytes| bytes == body));
        }
        let managed = desk.kms.plane.look().find("alias/aws/sqs", &desk.owner).unwrap().id();
        assert_eq!(Sealed::parse(&sealed[0]).unwrap().key, managed);
    }

    #[tokio::test]
    async fn a_disabled_key_stops_it_and_loses_nothing() {
        let desk = Desk::new().await;
        let (description, tags) = (String::new(), Vec::new());
        let created = desk.change(Change::CreateKey { policy: None, description, tags }).await;
        let Output::Key(metadata) = created else { panic!("{created:?}") };
        let key = metadata.arn;
        let sealed = desk.seal(&key).await.unwrap();
        desk.change(Change::DisableKey { key: key.clone() }).await;
        let is_disabled = |refusal: Refusal| match refusal {
            Refusal::Key(fault) => fault.code == KeyCode::Disabled,
            _ => false,
        };
        assert!(is_disabled(desk.messages().open(&sealed[0], 300).unwrap_err()));
        assert!(is_disabled(desk.seal(&key).await.unwrap_err()));
        desk.change(Change::EnableKey { key }).await;
        assert_eq!(desk.messages().open(&sealed[0], 300).unwrap(), b"one");
    }

    #[tokio::test]
    async fn a_key_that_is_not_there_and_a_damaged_body_are_said() {
        let desk = Desk::new().await;
        let unknown = desk.seal("alias/none").await.unwrap_err();
        assert!(matches!(unknown, Refusal::Key(fault) if fault.code == KeyCode::NotFound));
        let mut sealed = desk.seal("alias/aws/sqs").await.unwrap().remove(0);
        *sealed.last_mut().unwrap() ^= 1;
        let damaged = desk.messages().open(&sealed, 300).unwrap_err();
        assert_eq!(damaged, WireError::InternalFailure.into());
    }
}
