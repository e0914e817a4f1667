//! Encrypt, Decrypt, ReEncrypt, GenerateDataKey and GenerateRandom.

use std::fmt;

use serde::Deserialize;
use tidings_keys::{EncryptionContext, KeyCode, KeyFault, limits};
use zeroize::Zeroizing;

use super::checks::Checks;
use super::request::KmsRequest;
use crate::json::{Blob, Map};
use crate::text::Text;

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";
const ALGORITHMS: [&str; 4] = [SYMMETRIC, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];

/// What Encrypt asks. Its plaintext does not print.
#[derive(Clone)]
pub struct Encrypt {
    /// By any name.
    pub key: String,
    /// 1 to 4096 bytes.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Empty if there is none.
    pub context: EncryptionContext,
    /// Whether only to try.
    pub dry_run: bool,
}

/// What Decrypt asks.
#[derive(Clone, Debug)]
pub struct Decrypt {
    /// 1 to 6144 bytes.
    pub blob: Vec<u8>,
    /// The key that it must be under.
    pub key: Option<String>,
    /// As it was encrypted.
    pub context: EncryptionContext,
    /// Whether only to try.
    pub dry_run: bool,
}

/// What ReEncrypt asks.
#[derive(Clone, Debug)]
pub struct ReEncrypt {
    /// 1 to 6144 bytes.
    pub blob: Vec<u8>,
    /// The key that it must be under.
    pub source: Option<String>,
    /// As it was encrypted.
    pub source_context: EncryptionContext,
    /// The key that it is to be under.
    pub destination: String,
    /// As it is to be encrypted.
    pub destination_context: EncryptionContext,
    /// Whether only to try.
    pub dry_run: bool,
}

/// What GenerateDataKey and GenerateDataKeyWithoutPlaintext ask.
#[derive(Clone, Debug)]
pub struct GenerateDataKey {
    /// By any name.
    pub key: String,
    /// How long the data key is to be: 1 to 1024.
    pub bytes: usize,
    /// Empty if there is none.
    pub context: EncryptionContext,
    /// Whether the answer has the data key itself, too.
    pub with_plaintext: bool,
    /// Whether only to try.
    pub dry_run: bool,
}

impl fmt::Debug for Encrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, context, dry_run, .. } = self;
        write!(f, "Encrypt {{ key: {key:?}, context: {context:?}, dry_run: {dry_run}, .. }}")
    }
}

/// The input of all of them.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CryptoInput<'a> {
    #[serde(borrow)]
    key_id: Option<Text<'a>>,
    plaintext: Option<Blob>,
    ciphertext_blob: Option<Blob>,
    #[serde(borrow)]
    encryption_context: Option<Map<'a, Text<'a>>>,
    #[serde(borrow)]
    encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    source_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    source_encryption_context: Option<Map<'a, Text<'a>>>,
    #[serde(borrow)]
    source_encryption_algorithm: Option<Text<'a>>,
    #[serde(borrow)]
    destination_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    destination_encryption_context: Option<Map<'a, Text<'a>>>,
    #[serde(borrow)]
    destination_encryption_algorithm: Option<Text<'a>>,
    number_of_bytes: Option<i64>,
    #[serde(borrow)]
    key_spec: Option<Text<'a>>,
    recipient: Option<serde::de::IgnoredAny>,
    dry_run: Option<bool>,
}

impl CryptoInput<'_> {
    pub(super) fn encrypt(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let bounds = (1, limits::PLAINTEXT_BYTES_MAX);
        let plaintext = Zeroizing::new(blob(&mut checks, "plaintext", self.plaintext, bounds));
        algorithm(&mut checks, "encryptionAlgorithm", self.encryption_algorithm.as_ref());
        checks.finish()?;
        check_algorithm(self.encryption_algorithm.as_ref())?;
        let context = context(self.encryption_context)?;
        let dry_run = self.dry_run.unwrap_or_default();
        Ok(KmsRequest::Encrypt(Encrypt { key, plaintext, context, dry_run }))
    }

    pub(super) fn decrypt(self) -> Result<KmsRequest, KeyFault> {
        self.check_recipient()?;
        let mut checks = Checks::default();
        let blob = ciphertext(&mut checks, self.ciphertext_blob);
        let key = checks.optional("keyId", self.key_id, (1, limits::KEY_ID_CHARS_MAX));
        algorithm(&mut checks, "encryptionAlgorithm", self.encryption_algorithm.as_ref());
        checks.finish()?;
        check_algorithm(self.encryption_algorithm.as_ref())?;
        let context = context(self.encryption_context)?;
        let dry_run = self.dry_run.unwrap_or_default();
        Ok(KmsRequest::Decrypt(Decrypt { blob, key, context, dry_run }))
    }

    pub(super) fn re_encrypt(self) -> Result<KmsRequest, KeyFault> {
        let mut checks = Checks::default();
        let blob = ciphertext(&mut checks, self.ciphertext_blob);
        let key_id = (1, limits::KEY_ID_CHARS_MAX);
        let source = checks.optional("sourceKeyId", self.source_key_id, key_id);
        let destination = checks.key("destinationKeyId", self.destination_key_id);
        let algorithms = [
            ("sourceEncryptionAlgorithm", self.source_encryption_algorithm.as_ref()),
            ("destinationEncryptionAlgorithm", self.destination_encryption_algorithm.as_ref()),
        ];
        for (member, name) in algorithms {
            algorithm(&mut checks, member, name);
        }
        checks.finish()?;
        for (_, name) in algorithms {
            check_algorithm(name)?;
        }
        Ok(KmsRequest::ReEncrypt(ReEncrypt {
            blob,
            source,
            source_context: context(self.source_encryption_context)?,
            destination,
            destination_context: context(self.destination_encryption_context)?,
            dry_run: self.dry_run.unwrap_or_default(),
        }))
    }

    pub(super) fn generate_data_key(self, with_plaintext: bool) -> Result<KmsRequest, KeyFault> {
        self.check_recipient()?;
        let mut checks = Checks::default();
        let key = checks.key("keyId", self.key_id);
        let numbered = self.number_of_bytes.map(|number| number_of_bytes(&mut checks, number));
        if let Some(spec) = &self.key_spec {
            checks.one_of("keySpec", spec, &["AES_256", "AES_128"]);
        }
        checks.finish()?;
        let bytes = match (numbered, self.key_spec.as_deref()) {
            (Some(bytes), None) => bytes,
            (None, Some("AES_128")) => 16,
            (None, Some(_)) => 32,
            (Some(_), Some(_)) | (None, None) => {
                let text = "Please specify either number of bytes or key spec.";
                return Err(KeyFault::validation(text));
            }
        };
        let context = context(self.encryption_context)?;
        let dry_run = self.dry_run.unwrap_or_default();
        let asked = GenerateDataKey { key, bytes, context, with_plaintext, dry_run };
        Ok(KmsRequest::GenerateDataKey(asked))
    }

    pub(super) fn generate_random(self) -> Result<KmsRequest, KeyFault> {
        self.check_recipient()?;
        let Some(number) = self.number_of_bytes else {
            return Err(KeyFault::validation("NumberOfBytes is required."));
        };
        let mut checks = Checks::default();
        let bytes = number_of_bytes(&mut checks, number);
        checks.finish()?;
        Ok(KmsRequest::GenerateRandom { bytes })
    }

    /// Answers for enclaves of another cloud are sealed otherwise than asked for if it is ignored.
    fn check_recipient(&self) -> Result<(), KeyFault> {
        if self.recipient.is_none() {
            return Ok(());
        }
        let text = "This server does not support the Recipient parameter.";
        Err(KeyFault::new(KeyCode::UnsupportedOperation, text))
    }
}

fn number_of_bytes(checks: &mut Checks, number: i64) -> usize {
    checks.number("numberOfBytes", number, (1, limits::RANDOM_BYTES_MAX as u32)) as usize
}

fn ciphertext(checks: &mut Checks, given: Option<Blob>) -> Vec<u8> {
    blob(checks, "ciphertextBlob", given, (1, limits::CIPHERTEXT_BYTES_MAX))
}

fn blob(checks: &mut Checks, member: &str, given: Option<Blob>, bounds: (usize, usize)) -> Vec<u8> {
    let is_there = given.is_some();
    let bytes = checks.required(member, given.map(|Blob(bytes)| bytes));
    if is_there {
        checks.bytes(member, bytes.len(), bounds);
    }
    bytes
}

fn algorithm(checks: &mut Checks, member: &str, name: Option<&Text<'_>>) {
    if let Some(name) = name {
        checks.one_of(member, name, &ALGORITHMS);
    }
}

fn check_algorithm(name: Option<&Text<'_>>) -> Result<(), KeyFault> {
    match name.map(Text::as_str) {
        None | Some(SYMMETRIC) => Ok(()),
        Some(other) => Err(KeyFault::new(
            KeyCode::InvalidKeyUsage,
            format!("Algorithm {other} is incompatible with key spec {SYMMETRIC}."),
        )),
    }
}

fn context(map: Option<Map<'_, Text<'_>>>) -> Result<EncryptionContext, KeyFault> {
    let pairs = map.map(|map| map.0).unwrap_or_default();
    let chars: usize =
        pairs.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if chars > limits::CONTEXT_CHARS_MAX {
        return Err(KeyFault::validation(format!(
            "The encryption context is longer than {} characters.",
            limits::CONTEXT_CHARS_MAX
        )));
    }
    let owned = |(name, value): (Text<'_>, Text<'_>)| (name.into_string(), value.into_string());
    Ok(pairs.into_iter().map(owned).collect())
}
