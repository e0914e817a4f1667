//! Bodies of messages, sealed for queues and topics that are encrypted, and opened for whoever gets
//! them. SQS developer guide, "Encryption at rest"; SNS developer guide, the same.

use std::borrow::Cow;

use tidings_access::{Facts, Policies};
use tidings_aws::Refusal;
use tidings_broker::Broker;
use tidings_core::names::{QueueArn, TopicArn};
use tidings_keys::{
    EnvelopeRandom, Key, KeyFault, KeyName, KeyRequest, KeyStore, Resource, Scope, SealRequest,
    authorise,
};

use crate::authorise::Judge;
use crate::keys::Kms;

/// Who opens and seals where nobody is judged.
pub(crate) const NOBODY: &str = "nobody";

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
    /// `KmsDataKeyReusePeriodSeconds`; of topics, five minutes.
    pub(crate) reuse_seconds: u64,
}

/// A queue as keys know it, and where it is.
pub(crate) fn queue(arn: &QueueArn) -> (Resource, Scope) {
    let owner = Scope { account: arn.account, region: arn.region.clone() };
    (Resource::Queue(arn.to_string()), owner)
}

/// A topic as keys know it, and where it is.
pub(crate) fn topic(arn: &TopicArn) -> (Resource, Scope) {
    let owner = Scope { account: arn.account, region: arn.region.clone() };
    (Resource::Topic(arn.to_string()), owner)
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
        let (key, principal) =
            (self.find(&store, key, owner, "kms:GenerateDataKey")?, self.principal());
        let request = SealRequest {
            resource,
            principal: principal.as_deref(),
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

    /// Whether what the queue holds could be opened: asked before messages are handed out that
    /// nobody could read then.
    ///
    /// # Errors
    /// As [`Messages::seal`].
    pub(crate) fn check_opening(&self, encrypted: &Encrypted<'_>) -> Result<(), KeyFault> {
        let Encrypted { resource, owner, key, .. } = *encrypted;
        let store = self.kms.plane.look();
        if store.unmade_managed_key(key, owner).is_some() {
            // So nothing was sealed with it.
            return Ok(());
        }
        let action = "kms:Decrypt";
        let key = self.find(&store, key, owner, action)?;
        self.check(&store, key, resource, action)?;
        key.check_usable()
    }

    /// Whether the caller could seal something for a queue or topic, of which nothing is made.
    ///
    /// # Errors
    /// As [`Messages::seal`].
    pub(crate) fn check_sealing(&self, encrypted: &Encrypted<'_>) -> Result<(), KeyFault> {
        let Encrypted { resource, owner, key, .. } = *encrypted;
        let store = self.kms.plane.look();
        if store.unmade_managed_key(key, owner).is_some() {
            // It is made when something is sent, and lets in whoever of its account may send there.
            return self.check_own(owner, "kms:GenerateDataKey");
        }
        let key = self.find(&store, key, owner, "kms:GenerateDataKey")?;
        self.check(&store, key, resource, "kms:GenerateDataKey")?;
        self.check(&store, key, resource, "kms:Decrypt")?;
        key.check_usable()
    }

    /// Whether the caller is of this account.
    fn check_own(&self, owner: &Scope, action: &str) -> Result<(), KeyFault> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let of = owner.account.to_string();
        judge.ask(|facts, _| match facts.caller.account() == Some(of.as_str()) {
            true => Ok(()),
            false => Err(KeyFault::hidden(facts.caller.name(), action)),
        })
    }

    /// A key that a queue or topic names. Whoever is of another account does not learn from it
    /// whether there is one.
    fn find<'s>(
        &self,
        store: &'s KeyStore,
        name: &str,
        owner: &Scope,
        action: &str,
    ) -> Result<&'s Key, KeyFault> {
        store.find(name, owner).map(|key| &**key).map_err(|fault| {
            let of = match KeyName::parse(name, owner) {
                Ok(KeyName::Id(scope, _) | KeyName::Alias(scope, _)) => scope.account.to_string(),
                Err(_) => return fault,
            };
            let hide = |judge: &Judge<'_>| {
                judge.ask(|facts, _| {
                    let is_own = facts.caller.account() == Some(of.as_str());
                    (!is_own).then(|| KeyFault::hidden(facts.caller.name(), action))
                })
            };
            self.judge.as_ref().and_then(hide).unwrap_or(fault)
        })
    }

    /// Opens a body, whatever queue or topic it was sealed for: a dead-letter queue has messages of
    /// others. What was published, SNS opens for its subscribers: they need no permission for that.
    ///
    /// # Errors
    /// DisabledException or KMSInvalidStateException if the key may not be used, NotFoundException if
    /// it is gone, AccessDeniedException; InvalidCiphertextException if the body was damaged.
    pub(crate) fn open(&self, sealed: &[u8], reuse_seconds: u64) -> Result<Vec<u8>, KeyFault> {
        let store = self.kms.plane.look();
        let times = (reuse_seconds, self.broker.now().as_ms());
        let principal = self.principal();
        self.kms.envelopes.open(&store, sealed, principal.as_deref(), times, |key, resource| {
            match resource {
                Resource::Queue(_) => self.check(&store, key, resource, "kms:Decrypt"),
                Resource::Topic(_) => Ok(()),
            }
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
        let allowed = self.ask(judge, store, key, resource, action);
        judge.write_down(action, key.arn(), allowed.as_ref().map_err(|fault| &fault.text));
        allowed.map(drop)
    }

    /// Why it is allowed, if anybody wants to know.
    fn ask(
        &self,
        judge: &Judge<'_>,
        store: &KeyStore,
        key: &Key,
        resource: &Resource,
        action: &str,
    ) -> Result<Option<String>, KeyFault> {
        let service = match resource {
            Resource::Queue(_) => "sqs",
            Resource::Topic(_) => "sns",
        };
        let request = KeyRequest {
            context: Some(&resource.context()),
            via_service: Some(service),
            ..KeyRequest::new(action, key)
        };
        // The service asks for the caller, and not through the endpoint that the caller came by.
        let called_via = [format!("{service}.amazonaws.com")];
        let called_via = called_via.each_ref().map(String::as_str);
        judge.ask(|facts, policies| {
            let facts = Facts { called_via: &called_via, ..facts.clone() };
            let policies = Policies { endpoint: None, ..*policies };
            let allowance = authorise(store, &request, &facts, &policies)?;
            Ok(judge.audit.map(|_| allowance.to_string()))
        })
    }

    /// Who has data keys of its own: a user, or a role, whatever its sessions are called. A session
    /// that policies may tell from others of its role has its own. `None` for the anonymous, who
    /// are not one.
    fn principal(&self) -> Option<Cow<'_, str>> {
        let Some(judge) = &self.judge else { return Some(NOBODY.into()) };
        let principal = judge.principal?;
        let arn = principal.caller().principal_arn().unwrap_or_default();
        let is_told_apart = principal.session_policies().is_some()
            || principal.source_identity().is_some()
            || !principal.tags().is_empty();
        match judge.access_key_id.filter(|_| is_told_apart && principal.is_session()) {
            Some(session) => Some(format!("{arn} {session}").into()),
            None => Some(arn.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tidings_broker::{Clock, Entropy, Options};
    use tidings_core::time::Timestamp;
    use tidings_keys::{Change, KeyCode, Output, Random, Sealed, Under};

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
            let (_, owner) = queue(&QueueArn::parse(QUEUE).unwrap());
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
        assert_eq!(Sealed::parse(&sealed[0]).unwrap().under, Under::Own(managed));
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
        let unopened = desk.messages().open(&sealed[0], 300).unwrap_err();
        assert_eq!(unopened.code, KeyCode::Disabled);
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
        assert_eq!(damaged.code, KeyCode::InvalidCiphertext);
    }
}
