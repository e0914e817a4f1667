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
/// Applications of an account in a region. A bound of ours.
pub const APPLICATIONS_MAX: usize = 1000;
/// Endpoints of all accounts: some 1.4 GB. A bound of ours.
pub const ENDPOINTS_MAX: usize = 2_000_000;
/// Applications and endpoints in a page. API reference of SNS, ListPlatformApplications and
/// ListEndpointsByPlatformApplication.
pub const PAGE: usize = 100;
