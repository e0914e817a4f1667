//! Every limit of keys, once. KMS developer guide, "Quotas"; API reference, each operation.

/// Customer managed keys in an account and region.
pub const KEYS_MAX: usize = 100_000;

/// Accounts and regions, each with each, that have keys: names of regions are without number.
pub const SCOPES_MAX: usize = 10_000;

/// Aliases of a key.
pub const ALIASES_PER_KEY_MAX: usize = 50;

/// Grants on a key.
pub const GRANTS_PER_KEY_MAX: usize = 50_000;

/// Tags of a key.
pub const TAGS_MAX: usize = 50;

/// Rotations that are asked for, over a key's life.
pub const ON_DEMAND_ROTATIONS_MAX: u32 = 25;

/// Key materials that are kept for a key: its entry in the register must stay below 256 KiB. With
/// the shortest period it takes 66 years to have so many. Then the key is no longer rotated.
pub const MATERIALS_MAX: usize = 270;

/// Characters in a key's description.
pub const DESCRIPTION_CHARS_MAX: usize = 8192;

/// Characters in whatever names a key.
pub const KEY_ID_CHARS_MAX: usize = 2048;

/// Characters in an alias, `alias/` included.
pub const ALIAS_CHARS_MAX: usize = 256;

/// Characters in a tag's key, and in its value.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// See [`TAG_KEY_CHARS_MAX`].
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Bytes of a key policy. Its parser holds to it, too.
pub const POLICY_BYTES_MAX: usize = 32_768;

/// Bytes that Encrypt takes.
pub const PLAINTEXT_BYTES_MAX: usize = 4096;

/// Bytes that Decrypt takes.
pub const CIPHERTEXT_BYTES_MAX: usize = 6144;

/// Bytes of a data key, and bytes that GenerateRandom gives.
pub const RANDOM_BYTES_MAX: usize = 1024;

/// Characters in the keys and values of an encryption context taken together. KMS developer guide,
/// "Encryption context".
pub const CONTEXT_CHARS_MAX: usize = 8192;

/// Pairs in the encryption context of a grant's constraint.
pub const CONSTRAINT_PAIRS_MAX: usize = 8;

/// Characters in a value of a grant's constraint.
pub const CONSTRAINT_VALUE_CHARS_MAX: usize = 384;

/// Characters in a grant's name.
pub const GRANT_NAME_CHARS_MAX: usize = 256;

/// Characters in the ARN of a grant's principal.
pub const PRINCIPAL_CHARS_MAX: usize = 256;

/// Grant tokens in a request.
pub const GRANT_TOKENS_MAX: usize = 10;

/// Days between a scheduled deletion and the end: the least, the most, and if none are named.
pub const PENDING_WINDOW_DAYS: (u32, u32, u32) = (7, 30, 30);

/// Days between two rotations: the least, the most, and if none are named.
pub const ROTATION_PERIOD_DAYS: (u32, u32, u32) = (90, 2560, 365);

/// Entries in a register that are written at once.
pub const WRITES_MAX: usize = 100;
