//! The server's own certificates: a small authority, and one certificate that it signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize,
};
use time::OffsetDateTime;

use super::pem;

/// The name in the certificate. Validators in Java compare it with this very name, in every region.
const CERTIFICATE_NAME: &str = "sns.amazonaws.com";
/// How long both certificates are valid.
const VALID: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// They begin in the past, for clients whose clocks are behind.
const VALID_BEFORE_NOW: Duration = Duration::from_secs(24 * 3600);

/// Everything that signing needs, as PEM.
pub(super) struct Issued {
    pub(super) ca_certificate: String,
    pub(super) ca_key: String,
    pub(super) certificate: String,
    pub(super) key: String,
}

/// Makes an authority, an RSA key of 2048 bits and its certificate. Takes tens of milliseconds, and
/// sometimes hundreds: finding primes is a matter of luck.
///
/// # Errors
///
/// If the system has no randomness to give.
pub(super) fn issue() -> Result<Issued, rcgen::Error> {
    let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let ca = ca_parameters();
    let ca_certificate = ca.self_signed(&ca_key)?;

    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let certificate = certificate_parameters()?.signed_by(&key, &issuer)?;
    Ok(Issued {
        ca_certificate: pem::encode("CERTIFICATE", ca_certificate.der()),
        ca_key: pem::encode("PRIVATE KEY", ca_key.serialized_der()),
        certificate: pem::encode("CERTIFICATE", certificate.der()),
        key: pem::encode("PRIVATE KEY", key.serialized_der()),
    })
}

fn ca_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named("Tidings message signing");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut parameters);
    parameters
}

fn certificate_parameters() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(vec![CERTIFICATE_NAME.to_owned()])?;
    parameters.distinguished_name = named(CERTIFICATE_NAME);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // AWS's own is a certificate for a TLS server, and validators may look for that.
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    set_validity(&mut parameters);
    Ok(parameters)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn set_validity(parameters: &mut CertificateParams) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Neither fails: a clock that far from today is set to the epoch.
    let start = i64::try_from(now.saturating_sub(VALID_BEFORE_NOW).as_secs()).unwrap_or_default();
    let not_before =
        OffsetDateTime::from_unix_timestamp(start).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    parameters.not_before = not_before;
    parameters.not_after = not_before.checked_add(time_of(VALID)).unwrap_or(not_before);
}

fn time_of(duration: Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}
