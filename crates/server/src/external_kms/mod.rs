//! Keys that a service elsewhere has: AWS KMS, another Tidings, or whatever speaks its API.
//!
//! ```text
//!   seal ──► the queue's data key ──► known? ──► AES-256-GCM, here
//!   open ──► the message's data key ──┘  └ no ─► asked for once, whoever waits: GenerateDataKey,
//!                                                Decrypt ──► known for the reuse period
//! ```
//!
//! The service knows this server, not its callers: they are judged here, by policies of queues, topics
//! and identities, and nobody asks for `kms:…` on their behalf.

mod answer;
mod client;
mod config;
mod flights;
mod refusals;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidings_broker::{Broker, Opener, Unopened};
use tidings_couriers::RootsError;
use tidings_keys::{DataKey, DataKeys, EncryptionContext, OpeningName, Sealed, SealingName, Under};
use tokio::runtime::Handle;

pub(crate) use answer::Fault;
pub use config::{ExternalKmsConfig, KMS_TIMEOUT, KmsEndpoint};

use self::answer::{Decrypted, GeneratedDataKey, UNREACHABLE, UNUSABLE};
use self::client::Client;
use self::flights::{Flight, Flights};
use crate::encryption::REUSE_SECONDS;
use crate::keys::Kms;
use crate::kms::Encrypted;
use crate::plane::LoadError;

/// Data keys that are remembered, for sealing and for opening.
const DATA_KEYS_MAX: usize = 16_384;

/// The keys of queues and topics, kept by a service elsewhere. Cheap to clone; all clones are the
/// same.
///
/// What was sealed under this server's own keys, before there was another service, is opened with
/// those still; nothing new is sealed under them, and nobody can manage them.
#[derive(Clone)]
pub struct ExternalKms {
    asking: Arc<Asking>,
    before: Kms,
}

/// What asks, and what is known.
struct Asking {
    client: Arc<Client>,
    known: Arc<DataKeys>,
    sealing: Arc<Flights<SealingName, Outcome>>,
    opening: Arc<Flights<OpeningName, Outcome>>,
    runtime: Handle,
}

type Outcome = Result<Arc<DataKey>, Fault>;

/// Why the service cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExternalKmsError {
    /// The file with authorities cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// The keys from before cannot be read.
    #[error(transparent)]
    Keys(#[from] LoadError),
}

/// For how long a data key is used, and what time it is.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) reuse_seconds: u64,
    pub(crate) now_ms: u64,
}

/// A data key that is here, or on its way.
enum Awaited {
    Here(Arc<DataKey>),
    OnItsWay(Flight<Outcome>),
}

impl Awaited {
    async fn wait(self) -> Outcome {
        match self {
            Self::Here(data_key) => Ok(data_key),
            Self::OnItsWay(flight) => {
                flight.land().await.unwrap_or(Err(Fault::Unavailable(UNREACHABLE)))
            }
        }
    }
}

/// A body whose data key was asked for, if it was not known.
pub(crate) struct Opening<'a> {
    sealed: Sealed<'a>,
    data_key: Awaited,
}

impl Opening<'_> {
    /// Waits for the data key, and opens the body.
    ///
    /// # Errors
    /// What the service says of the key, InvalidCiphertextException if the body was damaged, or that
    /// there is no answer.
    pub(crate) async fn finish(self) -> Result<Vec<u8>, Fault> {
        Ok(self.data_key.wait().await?.open(&self.sealed)?)
    }
}

impl ExternalKms {
    /// Has keys kept by a service. It is not asked yet: it may come later than this server. Call it
    /// on the runtime that serves.
    ///
    /// # Errors
    /// Nobody can be trusted, or the register cannot be read.
    pub async fn open(config: ExternalKmsConfig, broker: Broker) -> Result<Self, ExternalKmsError> {
        let asking = Arc::new(Asking {
            client: Arc::new(Client::new(config)?),
            known: Arc::new(DataKeys::new(DATA_KEYS_MAX)),
            sealing: Flights::new(),
            opening: Flights::new(),
            runtime: Handle::current(),
        });
        let kms = Self { asking, before: Kms::load(broker.clone()).await? };
        broker.open_contents_by(kms.opener());
        Ok(kms)
    }

    /// The keys from before.
    pub(crate) fn before(&self) -> &Kms {
        &self.before
    }

    /// Where the keys are.
    pub(crate) fn endpoint(&self) -> String {
        self.asking.client.endpoint()
    }

    /// Seals bodies, each with a nonce of its own.
    ///
    /// # Errors
    /// What the service says of the key, or that there is no answer.
    pub(crate) async fn seal(
        &self,
        encrypted: &Encrypted<'_>,
        bodies: &[&[u8]],
        broker: &Broker,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let Encrypted { resource, key, reuse_seconds, .. } = *encrypted;
        let name = (resource.clone(), key.to_owned());
        let mut sealed = Vec::with_capacity(bodies.len());
        for body in bodies {
            let times = Times { reuse_seconds, now_ms: broker.now().as_ms() };
            let data_key = self.asking.to_seal(&name, times).wait().await?;
            sealed.push(data_key.seal(resource, body, broker.random_bytes())?);
        }
        Ok(sealed)
    }

    /// Whether the service lets the queue's key be used, as far as is known from its data key: asked
    /// before messages are handed out that nobody could read then.
    ///
    /// # Errors
    /// As [`ExternalKms::seal`].
    pub(crate) async fn check_opening(
        &self,
        encrypted: &Encrypted<'_>,
        now_ms: u64,
    ) -> Result<(), Fault> {
        let Encrypted { resource, key, reuse_seconds, .. } = *encrypted;
        let name = (resource.clone(), key.to_owned());
        self.asking.to_seal(&name, Times { reuse_seconds, now_ms }).wait().await.map(drop)
    }

    /// Begins to open a body, if it is under a key of the service. Whoever has many begins with all
    /// of them, so that they wait for the service once.
    pub(crate) fn begin_to_open<'a>(&self, sealed: &'a [u8], times: Times) -> Option<Opening<'a>> {
        let sealed = Sealed::parse(sealed).ok()?;
        let Under::Elsewhere(key) = sealed.under else { return None };
        let data_key = self.asking.to_open(&sealed, key, times);
        Some(Opening { sealed, data_key })
    }

    /// Opens for replays what was published. It is called on a thread that must not wait: what is not
    /// known is asked for, and is there when the replay tries again, ten seconds later. It holds
    /// neither the key store nor, by it, the broker.
    fn opener(&self) -> Opener {
        let asking = Arc::downgrade(&self.asking);
        let (plane, own) = (Arc::downgrade(&self.before.plane), self.before.opener());
        Box::new(move |bytes| {
            let sealed = Sealed::parse(bytes).map_err(|_| Unopened::Never)?;
            let Under::Elsewhere(key) = sealed.under else { return own(bytes) };
            let (Some(plane), Some(asking)) = (plane.upgrade(), asking.upgrade()) else {
                return Err(Unopened::NotNow);
            };
            let now_ms = plane.broker().now().as_ms();
            let times = Times { reuse_seconds: REUSE_SECONDS, now_ms };
            match asking.to_open(&sealed, key, times) {
                Awaited::Here(data_key) => data_key.open(&sealed).map_err(|_| Unopened::Never),
                Awaited::OnItsWay(_) => Err(Unopened::NotNow),
            }
        })
    }
}

impl Asking {
    fn to_seal(&self, name: &SealingName, times: Times) -> Awaited {
        if let Some(known) = self.known.to_seal(name, times.now_ms, times.reuse_seconds) {
            return Awaited::Here(known);
        }
        let (client, known) = (Arc::clone(&self.client), Arc::clone(&self.known));
        let flight = self.sealing.join(&self.runtime, name.clone(), || {
            let name = name.clone();
            async move {
                // Another request may have landed since it was looked for.
                if let Some(known) = known.to_seal(&name, times.now_ms, times.reuse_seconds) {
                    return Ok(known);
                }
                let made = Arc::new(generate(&client, &name, times.now_ms).await?);
                known.put_to_seal(name, &made, times.now_ms, times.reuse_seconds);
                Ok(made)
            }
        });
        Awaited::OnItsWay(flight)
    }

    fn to_open(&self, sealed: &Sealed<'_>, key: &str, times: Times) -> Awaited {
        let name = sealed.opening_name();
        if let Some(known) = self.known.to_open(&name, times.now_ms) {
            return Awaited::Here(known);
        }
        let (client, known) = (Arc::clone(&self.client), Arc::clone(&self.known));
        let (key, context) = (key.to_owned(), sealed.resource.context());
        let flight = self.opening.join(&self.runtime, name.clone(), || async move {
            if let Some(known) = known.to_open(&name, times.now_ms) {
                return Ok(known);
            }
            let opened = decrypt(&client, &context, key, name.1.clone(), times.now_ms).await?;
            let opened = Arc::new(opened);
            known.put_to_open(name, &opened, times.now_ms, times.reuse_seconds);
            Ok(opened)
        });
        Awaited::OnItsWay(flight)
    }
}

/// A new data key. It is taken from Decrypt, not from the answer that made it: nothing is sealed that
/// could not be opened again. KMS developer guide, "How Amazon SQS uses AWS KMS": producers need both
/// permissions.
async fn generate(client: &Client, name: &SealingName, now_ms: u64) -> Result<DataKey, Fault> {
    let (resource, key) = name;
    let context = resource.context();
    let input = json!({
        "KeyId": key, "KeySpec": "AES_256", "EncryptionContext": members(&context),
    });
    let made: GeneratedDataKey = client.ask("GenerateDataKey", key, &input, now_ms).await?;
    let GeneratedDataKey { ciphertext_blob, key_id } = made;
    decrypt(client, &context, key_id, ciphertext_blob.0.to_vec(), now_ms).await
}

async fn decrypt(
    client: &Client,
    context: &EncryptionContext,
    key: String,
    blob: Vec<u8>,
    now_ms: u64,
) -> Result<DataKey, Fault> {
    let input = json!({
        "CiphertextBlob": STANDARD.encode(&blob), "EncryptionContext": members(context),
    });
    let decrypted: Decrypted = client.ask("Decrypt", &key, &input, now_ms).await?;
    let data_key = DataKey::of_service(&decrypted.plaintext.0, key, blob, now_ms);
    data_key.ok_or(Fault::Unavailable(UNUSABLE))
}

fn members(context: &EncryptionContext) -> Value {
    context.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}
