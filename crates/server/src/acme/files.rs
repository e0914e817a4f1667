//! Certificates in the data folder.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, KeyPair};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::config::{AcmeConfig, KEY};
use super::order::Issued;
use crate::tls::{KeptKeys, TlsError, certificates, pem, private_file, validity};

/// Puts a certificate there that nobody trusts, if there is none: the authority is asked by a server
/// that speaks TLS already.
pub(crate) fn make_placeholder(config: &AcmeConfig, kept: &KeptKeys) -> Result<(), TlsError> {
    let failed = |source| TlsError::NoPlaceholder { folder: config.folder.clone(), source };
    let files = config.files();
    if files.certificate.exists() && kept.has(&files.key) {
        return Ok(());
    }
    make_folder(&config.certificate_folder()).map_err(failed)?;
    let make = || -> Result<Issued, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(config.domains.clone())?;
        // It is over already, so that it is time for another one.
        parameters.not_before = OffsetDateTime::UNIX_EPOCH;
        parameters.not_after = OffsetDateTime::UNIX_EPOCH;
        let chain = pem::encode("CERTIFICATE", parameters.self_signed(&key)?.der());
        Ok(Issued { chain, key: Zeroizing::new(pem::encode("PRIVATE KEY", key.serialized_der())) })
    };
    let issued = make().map_err(|error| failed(io::Error::other(error)))?;
    write(config, kept, &issued).map_err(failed)
}

/// Keeps what an authority gave.
pub(super) fn write(config: &AcmeConfig, kept: &KeptKeys, issued: &Issued) -> io::Result<()> {
    let files = config.files();
    kept.write(&files.key, issued.key.as_bytes())?;
    private_file::replace(&files.certificate, issued.chain.as_bytes(), 0o644)
}

/// Where keys are in a data folder: of certificates and of accounts.
pub(crate) fn keys_in(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut keys = Vec::new();
    let entries = match fs::read_dir(AcmeConfig::folder_in(data)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(keys),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(OsStr::to_str);
        if path.is_dir() {
            keys.push(path.join(KEY));
        } else if let Some("json" | private_file::UNFINISHED) = extension {
            keys.push(path.with_extension("json"));
        }
    }
    Ok(keys)
}

/// How long the certificate will do: until two thirds of its time are over. Zero if it is for other
/// names, or cannot be read.
pub(super) fn good_for(config: &AcmeConfig, now: SystemTime) -> Duration {
    until_due(config).map_or(Duration::ZERO, |due_at| {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(u64::try_from(due_at).unwrap_or_default()).saturating_sub(now)
    })
}

/// When the certificate is to be renewed, in seconds since 1970.
fn until_due(config: &AcmeConfig) -> Option<i64> {
    let chain = certificates(&config.files().certificate).ok()?;
    let certificate = chain.first()?;
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let is_for = |domain: &String| {
        let name = ServerName::try_from(domain.as_str());
        name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    let (from, to) = validity::of(certificate)?;
    config.domains.iter().all(is_for).then_some(from + (to - from) / 3 * 2)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().and_then(Path::parent) {
        fs::create_dir_all(parent)?;
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path, domains: &[&str]) -> AcmeConfig {
        AcmeConfig {
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
            email: None,
            directory: "https://ca.test/dir".to_owned(),
            extra_roots: None,
            folder: folder.join("acme"),
            name: "public".to_owned(),
        }
    }

    fn issue(config: &AcmeConfig, names: &[&str], days: u64) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.not_before = OffsetDateTime::UNIX_EPOCH;
        parameters.not_after = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        let chain = pem::encode("CERTIFICATE", parameters.self_signed(&key).unwrap().der());
        let key = Zeroizing::new(pem::encode("PRIVATE KEY", key.serialized_der()));
        write(config, &KeptKeys::default(), &Issued { chain, key }).unwrap();
    }

    #[test]
    fn a_certificate_does_for_two_thirds_of_its_time_and_for_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &["sqs.test", "sns.test"]);
        let on_day = |day: u64| good_for(&config, UNIX_EPOCH + Duration::from_secs(day * 86_400));
        assert_eq!(on_day(0), Duration::ZERO, "there is none");
        make_placeholder(&config, &KeptKeys::default()).unwrap();
        assert_eq!(on_day(1), Duration::ZERO);

        issue(&config, &["sqs.test", "sns.test", "other.test"], 90);
        assert_eq!(on_day(0), Duration::from_secs(60 * 86_400));
        assert_eq!(on_day(59), Duration::from_secs(86_400));
        assert_eq!(on_day(61), Duration::ZERO);
        let kept = fs::read(config.files().certificate).unwrap();
        make_placeholder(&config, &KeptKeys::default()).unwrap();
        assert_eq!(fs::read(config.files().certificate).unwrap(), kept);

        issue(&config, &["sqs.test"], 90);
        assert_eq!(on_day(0), Duration::ZERO);
        fs::write(config.files().certificate, "no certificate").unwrap();
        assert_eq!(on_day(0), Duration::ZERO);
    }
}
