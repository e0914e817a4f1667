//! A key: its state, what it may do in it, and what it encrypts with.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_seal::Sealer;
use zeroize::{Zeroize as _, Zeroizing};

use crate::blob::{Blob, SALT_BYTES};
use crate::context::EncryptionContext;
use crate::fault::{KeyCode, KeyFault};
use crate::limits;
use crate::manager::ManagedBy;
use crate::material::{MATERIAL_BYTES, Material, MaterialId};
use crate::policy::KeyPolicy;
use crate::random::Random;
use crate::saved::{MadeBy, SavedKey, SavedMaterial, SavedState};
use crate::scope::{KeyId, Scope};

/// Milliseconds in a day.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A symmetric key for encryption.
pub struct Key {
    scope: Scope,
    id: KeyId,
    arn: String,
    managed_by: Option<ManagedBy>,
    policy: KeyPolicy,
    /// As in `saved`, opened.
    materials: Vec<Material>,
    saved: SavedKey,
}

/// What state a key is in. KMS developer guide, "Key states".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It may be used.
    Enabled,
    /// It may not be used until it is enabled.
    Disabled,
    /// It may not be used, and goes for good at that time unless that is cancelled.
    PendingDeletion {
        /// Milliseconds since 1970.
        delete_at_ms: u64,
        /// As asked for.
        window_days: u32,
    },
}

/// What an operation asks of a key's state. KMS developer guide, "Key state table".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// To encrypt, decrypt or rotate, to set its rotation, to create a grant.
    Enabled,
    /// To be changed in any other way.
    NotPendingDeletion,
    /// To be kept after all.
    PendingDeletion,
    /// Nothing.
    Nothing,
}

/// What came of encrypting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encrypted {
    /// The ciphertext. It names its key.
    pub blob: Vec<u8>,
    /// The material that it is under.
    pub material: MaterialId,
}

/// What came of decrypting.
pub struct Decrypted {
    /// What was encrypted. Wiped when dropped.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The material that it was under.
    pub material: MaterialId,
}

/// A key material, as ListKeyRotations tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaterialInfo {
    /// What it is known by.
    pub id: MaterialId,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: u64,
    /// What made it.
    pub made_by: MadeBy,
    /// Whether it encrypts, rather than only decrypts.
    pub is_current: bool,
}

/// How a key is rotated by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// How often.
    pub period_days: u32,
    /// When next, in milliseconds since 1970.
    pub next_at_ms: u64,
}

impl Key {
    /// Opens a saved key. `None` if it is damaged, or sealed by another master key.
    pub(crate) fn open(scope: Scope, id: KeyId, saved: SavedKey, sealer: &Sealer) -> Option<Self> {
        let arn = scope.key_arn(id);
        let managed_by = match &saved.managed_by {
            Some(service) => Some(ManagedBy::of_service(service)?),
            None => None,
        };
        let policy = KeyPolicy::parse(&saved.policy).ok()?;
        let open = |material: &SavedMaterial| {
            let id = MaterialId::parse(&material.id)?;
            let sealed = STANDARD.decode(&material.sealed).ok()?;
            let opened = sealer.open(&material_context(&arn, id), &sealed)?;
            let bytes: &[u8; MATERIAL_BYTES] = opened.first_chunk()?;
            (opened.len() == MATERIAL_BYTES).then(|| Material::new(id, Zeroizing::new(*bytes)))
        };
        let materials = saved.materials.iter().map(open).collect::<Option<Vec<_>>>()?;
        // Whoever asks for the current one relies on it.
        (!materials.is_empty()).then_some(Self {
            scope,
            id,
            arn,
            managed_by,
            policy,
            materials,
            saved,
        })
    }

    /// The account and region that it belongs to.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The service that it was made for, if it is a managed key.
    pub fn managed_by(&self) -> Option<ManagedBy> {
        self.managed_by
    }

    /// Who may do what with it.
    pub fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// What people wrote about it.
    pub fn description(&self) -> &str {
        &self.saved.description
    }

    /// When it was created, in milliseconds since 1970.
    pub fn created_at_ms(&self) -> u64 {
        self.saved.created_at_ms
    }

    /// Its state.
    pub fn state(&self) -> KeyState {
        match self.saved.state {
            SavedState::Enabled => KeyState::Enabled,
            SavedState::Disabled => KeyState::Disabled,
            SavedState::PendingDeletion { delete_at_ms, window_days } => {
                KeyState::PendingDeletion { delete_at_ms, window_days }
            }
        }
    }

    /// Its tags, in the order of their keys.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.saved.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The material that encrypts.
    pub fn current_material(&self) -> MaterialId {
        self.current().id
    }

    /// Its materials, the oldest first.
    pub fn materials(&self) -> impl Iterator<Item = MaterialInfo> {
        let current = self.current_material();
        self.materials.iter().zip(&self.saved.materials).map(move |(material, saved)| {
            MaterialInfo {
                id: material.id,
                made_at_ms: saved.made_at_ms,
                made_by: saved.made_by,
                is_current: material.id == current,
            }
        })
    }

    /// How it is rotated by itself, if it is. A key that is to be deleted is not, as GetKeyRotation
    /// Status is documented to say.
    pub fn rotation(&self) -> Option<Rotation> {
        let rotation = self.saved.rotation?;
        if matches!(self.saved.state, SavedState::PendingDeletion { .. }) {
            return None;
        }
        let next_at_ms = later(rotation.since_ms, rotation.period_days);
        Some(Rotation { period_days: rotation.period_days, next_at_ms })
    }

    /// Encrypts. `salt` must be random.
    ///
    /// # Errors
    /// DisabledException or KMSInvalidStateException in any state but Enabled.
    pub fn encrypt(
        &self,
        plaintext: &[u8],
        context: &EncryptionContext,
        salt: [u8; SALT_BYTES],
    ) -> Result<Encrypted, KeyFault> {
        self.check(Need::Enabled)?;
        let material = self.current();
        let blob = material.encrypt(self.id, plaintext, context, salt);
        Ok(Encrypted { blob, material: material.id })
    }

    /// Decrypts what any of its materials encrypted.
    ///
    /// # Errors
    /// As [`Key::encrypt`]; InvalidCiphertextException if the blob was changed, is under another
    /// key, or is for another context.
    pub fn decrypt(
        &self,
        blob: &Blob<'_>,
        context: &EncryptionContext,
    ) -> Result<Decrypted, KeyFault> {
        self.check(Need::Enabled)?;
        let mut materials = self.materials.iter().rev();
        let material = materials.find(|m| m.id == blob.material && blob.key == self.id);
        let opened = material.and_then(|material| {
            let plaintext = material.decrypt(blob, context)?;
            Some(Decrypted { plaintext, material: material.id })
        });
        opened.ok_or_else(KeyFault::invalid_ciphertext)
    }

    /// Whether it may encrypt and decrypt now.
    ///
    /// # Errors
    /// As [`Key::encrypt`].
    pub fn check_usable(&self) -> Result<(), KeyFault> {
        self.check(Need::Enabled)
    }

    pub(crate) fn check(&self, need: Need) -> Result<(), KeyFault> {
        let arn = &self.arn;
        let fault = |code, what| Err(KeyFault::new(code, format!("{arn} is {what}.")));
        match (need, self.saved.state) {
            (Need::Nothing, _)
            | (Need::PendingDeletion, SavedState::PendingDeletion { .. })
            | (Need::Enabled | Need::NotPendingDeletion, SavedState::Enabled)
            | (Need::NotPendingDeletion, SavedState::Disabled) => Ok(()),
            (Need::Enabled, SavedState::Disabled) => fault(KeyCode::Disabled, "disabled"),
            (Need::PendingDeletion, _) => fault(KeyCode::InvalidState, "not pending deletion"),
            (_, SavedState::PendingDeletion { .. }) => {
                fault(KeyCode::InvalidState, "pending deletion")
            }
        }
    }

    /// As it is kept, to be changed.
    pub(crate) fn to_saved(&self) -> SavedKey {
        self.saved.clone()
    }

    pub(crate) fn saved(&self) -> &SavedKey {
        &self.saved
    }

    /// When something is to be done to it by itself, if ever: its deletion or its next rotation.
    pub(crate) fn due_at_ms(&self) -> Option<u64> {
        match self.saved.state {
            SavedState::PendingDeletion { delete_at_ms, .. } => Some(delete_at_ms),
            // A disabled key is rotated when it is enabled again, if that is due by then.
            SavedState::Disabled => None,
            SavedState::Enabled if self.materials.len() >= limits::MATERIALS_MAX => None,
            SavedState::Enabled => self.rotation().map(|rotation| rotation.next_at_ms),
        }
    }

    fn current(&self) -> &Material {
        self.materials.last().expect("a key has a material, which `open` checks")
    }
}

/// New key material, sealed.
pub(crate) fn new_material(
    arn: &str,
    made_by: MadeBy,
    now_ms: u64,
    random: &mut Random,
    sealer: &Sealer,
) -> SavedMaterial {
    let id = MaterialId(random.take());
    let mut bytes: [u8; MATERIAL_BYTES] = random.take();
    let sealed = sealer.seal(&material_context(arn, id), &bytes, random.take());
    bytes.zeroize();
    let sealed = STANDARD.encode(sealed);
    SavedMaterial { id: id.to_string(), made_at_ms: now_ms, made_by, sealed }
}

/// Some days later, or the last instant there is.
pub(crate) fn later(at_ms: u64, days: u32) -> u64 {
    at_ms.saturating_add(u64::from(days) * DAY_MS)
}

/// What a sealed material belongs to: it cannot be put to another key.
fn material_context(arn: &str, id: MaterialId) -> Vec<u8> {
    format!("{arn}/{id}").into_bytes()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {:?}, ..)", self.arn, self.saved.state)
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decrypted({}, ..)", self.material)
    }
}
