//! Certificates for development: an authority of one's own, and what it vouches for.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::{self as rustls_pem, PemObject};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::config::CertificateFiles;
use super::kept_keys::KeptKeys;
use super::{pem, private_file};

const FOLDER: &str = "tls";
/// What is being made. Renamed when it is whole, so `tls` has an authority or is not there.
const UNFINISHED: &str = "tls.new";

const AUTHORITY_KEY: &str = "ca-key.pem";
const KEY: &str = "key.pem";

/// Who answers for this machine, whatever else it is called.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const AUTHORITY_VALID: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// No client asks for less: some refuse certificates of servers that are valid for longer.
const CERTIFICATE_VALID: Duration = Duration::from_secs(397 * 24 * 3600);
/// They begin in the past, for clients whose clocks are behind.
const VALID_BEFORE_NOW: Duration = Duration::from_secs(24 * 3600);

/// A local authority and a certificate of its, in the folder `tls` of a data folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DevelopmentCertificates {
    /// The authority's certificate: what clients are told to trust.
    pub authority: PathBuf,
    /// The server's.
    pub files: CertificateFiles,
}

/// Why there are no certificates for development.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// A file cannot be read or written.
    #[error("cannot {doing} {}: {source}", .file.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The authority's key is not PEM.
    #[error("{} is no private key: {source}. Remove the folder to get another authority",
        .file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: rustls_pem::Error,
    },
    /// A key or a certificate cannot be made or used.
    #[error("a certificate for development cannot be made: {0}")]
    NotMade(#[from] rcgen::Error),
}

impl DevelopmentCertificates {
    /// Where they are in a data folder, made or not.
    pub fn in_data_folder(data: &Path) -> Self {
        let folder = data.join(FOLDER);
        Self {
            authority: folder.join("ca.pem"),
            files: CertificateFiles {
                certificate: folder.join("certificate.pem"),
                key: folder.join(KEY),
            },
        }
    }

    /// Makes what is missing in a data folder. The authority is made on first use and kept; the
    /// server's certificate is made anew, for this machine's own names and these: names of hosts or
    /// addresses. It is valid for 397 days.
    ///
    /// The authority's key lies beside it, as `keys` are kept: readable by nobody else. Whoever has it
    /// can be any server to those who trust the authority, so nobody should who does not develop on
    /// this machine.
    ///
    /// # Errors
    /// [`DevelopmentError`].
    pub fn make(data: &Path, names: &[String], keys: &KeptKeys) -> Result<Self, DevelopmentError> {
        let folder = data.join(FOLDER);
        if !folder.try_exists().or_error("look for", &folder)? {
            make_authority(data, &folder, keys)?;
        }
        let made = Self::in_data_folder(data);
        let authority_key = read_key(&folder.join(AUTHORITY_KEY), keys)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let authority = authority()?;
        let issuer = Issuer::from_params(&authority, &authority_key);
        let certificate = certificate(names)?.signed_by(&key, &issuer)?;
        write_certificate(&made.files.certificate, certificate.der())?;
        write_key(&made.files.key, &key, keys)?;
        Ok(made)
    }
}

/// Where keys are in a data folder, made or not.
pub(super) fn keys_in(data: &Path) -> [PathBuf; 2] {
    [AUTHORITY_KEY, KEY].map(|name| data.join(FOLDER).join(name))
}

/// Removes an authority that a crash has left half made.
pub(super) fn remove_unfinished(data: &Path) -> io::Result<()> {
    match fs::remove_dir_all(data.join(UNFINISHED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn make_authority(data: &Path, folder: &Path, keys: &KeptKeys) -> Result<(), DevelopmentError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = authority()?.self_signed(&key)?;
    fs::create_dir_all(data).or_error("create", data)?;
    let unfinished = data.join(UNFINISHED);
    remove_unfinished(data).or_error("remove", &unfinished)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.create(&unfinished).or_error("create", &unfinished)?;
    write_certificate(&unfinished.join("ca.pem"), certificate.der())?;
    write_key(&unfinished.join(AUTHORITY_KEY), &key, keys)?;
    fs::rename(&unfinished, folder).or_error("rename", &unfinished)
}

fn authority() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named("Tidings development");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut parameters, AUTHORITY_VALID);
    Ok(parameters)
}

fn certificate(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut all: Vec<String> = OWN_NAMES.map(str::to_owned).to_vec();
    all.extend(names.iter().filter(|name| !OWN_NAMES.contains(&name.as_str())).cloned());
    let mut parameters = CertificateParams::new(all)?;
    parameters.distinguished_name = named("Tidings");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    set_validity(&mut parameters, CERTIFICATE_VALID);
    Ok(parameters)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn set_validity(parameters: &mut CertificateParams, valid: Duration) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let start = now.saturating_sub(VALID_BEFORE_NOW);
    // A clock beyond the year 9999 is set to the epoch.
    let at = |instant: Duration| {
        let seconds = i64::try_from(instant.as_secs()).unwrap_or_default();
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    parameters.not_before = at(start);
    parameters.not_after = at(start.saturating_add(valid));
}

fn read_key(file: &Path, keys: &KeptKeys) -> Result<KeyPair, DevelopmentError> {
    let text = keys.read(file).or_error("read", file)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&text)
        .map_err(|source| DevelopmentError::NotPem { file: file.to_owned(), source })?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)?)
}

fn write_certificate(file: &Path, der: &[u8]) -> Result<(), DevelopmentError> {
    let text = pem::encode("CERTIFICATE", der);
    private_file::replace(file, text.as_bytes(), 0o644).or_error("write", file)
}

fn write_key(file: &Path, key: &KeyPair, keys: &KeptKeys) -> Result<(), DevelopmentError> {
    let text = Zeroizing::new(pem::encode("PRIVATE KEY", key.serialized_der()));
    keys.write(file, text.as_bytes()).or_error("write", file)
}

trait OrError<T> {
    fn or_error(self, doing: &'static str, file: &Path) -> Result<T, DevelopmentError>;
}

impl<T> OrError<T> for io::Result<T> {
    fn or_error(self, doing: &'static str, file: &Path) -> Result<T, DevelopmentError> {
        self.map_err(|source| DevelopmentError::Io { doing, file: file.to_owned(), source })
    }
}
