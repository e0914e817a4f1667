//! Every bound of IAM and STS, each with its home here. IAM user guide, "IAM and AWS STS quotas":
//! where a quota can be raised, this is the default.

/// Access keys of a user, and of a root user.
pub const ACCESS_KEYS_MAX: usize = 2;
/// Users of an account.
pub const USERS_MAX: usize = 5_000;
/// Groups of an account.
pub const GROUPS_MAX: usize = 300;
/// Roles of an account.
pub const ROLES_MAX: usize = 1_000;
/// Customer managed policies of an account.
pub const POLICIES_MAX: usize = 1_500;
/// Groups that a user is in.
pub const GROUPS_OF_USER_MAX: usize = 10;
/// Managed policies attached to a user, group or role.
pub const ATTACHED_MAX: usize = 10;
/// Versions of a managed policy.
pub const VERSIONS_MAX: usize = 5;
/// Tags of a user, role or policy, and of a session.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag's key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters of a tag's value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Characters of all inline policies of a user, white space apart.
pub const USER_INLINE_CHARS_MAX: usize = 2_048;
/// Characters of all inline policies of a group, white space apart.
pub const GROUP_INLINE_CHARS_MAX: usize = 5_120;
/// Characters of all inline policies of a role, white space apart.
pub const ROLE_INLINE_CHARS_MAX: usize = 10_240;
/// Characters of a managed policy, white space apart.
pub const MANAGED_CHARS_MAX: usize = 6_144;
/// Characters of a role's trust policy, white space apart.
pub const TRUST_CHARS_MAX: usize = 2_048;
/// Characters of any document that is taken at all.
pub const DOCUMENT_CHARS_MAX: usize = 131_072;

/// Characters of a user's or role's name.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters of a group's or policy's name, and of names that are only looked up.
pub const LONG_NAME_CHARS_MAX: usize = 128;
/// Characters of a path.
pub const PATH_CHARS_MAX: usize = 512;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// Characters of a managed policy's ARN: at least, at most.
pub const ARN_CHARS: (usize, usize) = (20, 2_048);

/// Elements of a page, unless the request says otherwise.
pub const PAGE_DEFAULT: usize = 100;
/// Elements of a page at most.
pub const PAGE_MAX: usize = 1_000;

/// Seconds that a role's sessions may last at least and at most, by what the role says.
pub const ROLE_SESSION_SECONDS: (u32, u32) = (3_600, 43_200);
/// Seconds that any session lasts at least.
pub const SESSION_SECONDS_MIN: u32 = 900;
/// Seconds that a session of a role lasts, unless the request says otherwise; and at most one that a
/// session began.
pub const ASSUMED_SECONDS_DEFAULT: u32 = 3_600;
/// Seconds that a session of GetSessionToken or GetFederationToken lasts, unless the request says
/// otherwise.
pub const TOKEN_SECONDS_DEFAULT: u32 = 43_200;
/// Seconds that a session of GetSessionToken or GetFederationToken lasts at most.
pub const TOKEN_SECONDS_MAX: u32 = 129_600;
/// Seconds that such a session of the root user lasts at most.
pub const ROOT_TOKEN_SECONDS_MAX: u32 = 3_600;
/// Characters of a session's own policy.
pub const SESSION_POLICY_CHARS_MAX: usize = 2_048;
/// Characters of a role session's name, and of a source identity.
pub const SESSION_NAME_CHARS_MAX: usize = 64;
/// Characters of a federated user's name.
pub const FEDERATED_NAME_CHARS_MAX: usize = 32;
/// Characters of an external id: at least, at most.
pub const EXTERNAL_ID_CHARS: (usize, usize) = (2, 1_224);
/// Managed policies that bound a session.
pub const SESSION_POLICY_ARNS_MAX: usize = 10;
/// Bytes of a session's policies and tags together. AWS packs them first and does not say how;
/// here they count as they are, so that a session token stays under 8 KiB.
pub const SESSION_PACKED_BYTES_MAX: usize = 4_096;
/// Bytes of a session token that is looked at.
pub const TOKEN_BYTES_MAX: usize = 12_288;
/// Sessions that are kept opened: each saves a request of its holder a few microseconds.
pub const SESSIONS_KEPT_MAX: usize = 1_024;

/// Bytes of a register entry. The core's own bound.
pub const ENTRY_BYTES_MAX: usize = 256 * 1_024;
