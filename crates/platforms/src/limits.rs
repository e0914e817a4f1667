//! Every bound, and where it is documented.

/// Characters in an application's name. API reference of SNS, CreatePlatformApplication.
pub const NAME_CHARS_MAX: usize = 256;
/// Bytes in a device's token. Recorded of the service.
pub const TOKEN_BYTES_MAX: usize = 8192;
/// Hexadecimal digits in a token of Apple's. Recorded of the service.
pub const APPLE_TOKEN_CHARS_MAX: usize = 400;
/// Bytes of CustomUserData. API reference of SNS, CreatePlatformEndpoint.
pub const USER_DATA_BYTES_MAX: usize = 2048;
/// Bytes of ChannelId and of UserId, which Baidu's endpoints have. A bound of ours.
pub const BAIDU_ID_BYTES_MAX: usize = 512;
/// Bytes of PlatformPrincipal and of PlatformCredential: certificates with their chain are the
/// longest. A bound of ours.
pub const CREDENTIAL_BYTES_MAX: usize = 32 << 10;
/// Bytes of a role's ARN, of ApplePlatformTeamID and of ApplePlatformBundleID. A bound of ours.
pub const SETTING_BYTES_MAX: usize = 2048;
/// Applications of an account, in all regions: whoever signs may name any. A bound of ours.
pub const APPLICATIONS_MAX: usize = 1000;
/// Endpoints of all accounts. A bound of ours.
pub const ENDPOINTS_MAX: usize = 2_000_000;
/// Bytes that an endpoint takes beside its texts, which are there twice: 720 bytes in all with a token
/// of 160.
pub const ENDPOINT_BYTES: usize = 400;
/// Bytes that the endpoints of all accounts take: two millions of the usual ones. A bound of ours.
pub const ENDPOINT_BYTES_MAX: usize = 1_440_000_000;
/// Bytes that the endpoints of an account take: half of it, so that none has all. A bound of ours.
pub const ACCOUNT_ENDPOINT_BYTES_MAX: usize = 720_000_000;
/// Applications and endpoints in a page. API reference of SNS, ListPlatformApplications and
/// ListEndpointsByPlatformApplication.
pub const PAGE: usize = 100;
