//! A certificate and its key, read from files and checked: what would fail at a client is found here, by its file.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::time::Time;

use crate::settings::TlsFiles;

/// Certificates and keys are far smaller; what is larger is another file.
const FILE_BYTES: u64 = 1024 * 1024;

/// Why a certificate and its key can't be used. Never holds the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("`{}` can't be read; make it readable for the user that sei runs as", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is far too large.
    #[error("`{}` has {bytes} bytes; a PEM file of at most {FILE_BYTES} was expected", .path.display())]
    Large {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// There is no certificate in the file.
    #[error("`{}` has no certificate; a PEM file was expected, with `-----BEGIN CERTIFICATE-----`", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key in the file.
    #[error(
        "`{}` has no private key that is readable without a password; a PEM file was expected, with `-----BEGIN PRIVATE KEY-----`",
        .0.display()
    )]
    NoKey(PathBuf),
    /// A file is no PEM, or what it holds is damaged.
    #[error("`{}` is damaged ({why}); write the file again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The key is of a kind that TLS does not use.
    #[error("the key in `{}` can't be used; expected RSA of 2048 bits or more, ECDSA P-256 or P-384, or Ed25519", .0.display())]
    UnsupportedKey(PathBuf),
    /// The key belongs to another certificate.
    #[error(
        "the key in `{}` is not that of the first certificate in `{}`; name the pair that was issued together, the own certificate first, then those of its issuers",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// This build has no cipher suites for TLS 1.2 and 1.3.
    #[error("TLS 1.2 and 1.3 are not supported by this build")]
    Unsupported(#[source] rustls::Error),
    /// The certificate is not valid any more.
    #[error("the certificate in `{}` has expired at {at}; renew it", .path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// When it expired.
        at: DateTime<Utc>,
    },
    /// The certificate is not valid yet.
    #[error("the certificate in `{}` is valid from {at} on; check the clock of this machine", .path.display())]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// When it begins.
        at: DateTime<Utc>,
    },
}

impl TlsError {
    /// Whether a file is not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }

    /// Whether it is about the key rather than the certificate.
    #[must_use]
    pub fn is_about_key(&self, files: &TlsFiles) -> bool {
        let path = match self {
            Self::Unreadable { path, .. }
            | Self::Large { path, .. }
            | Self::Damaged { path, .. }
            | Self::NoKey(path)
            | Self::UnsupportedKey(path) => path,
            Self::Mismatch { key, .. } => key,
            Self::NoCertificate(_) | Self::Expired { .. } | Self::NotYetValid { .. } | Self::Unsupported(_) => {
                return false;
            }
        };
        files.key.as_ref() == Some(path)
    }
}

/// A certificate with those of its issuers, and its key.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certified: CertifiedKey,
    pub(super) expires: DateTime<Utc>,
}

/// Reads a certificate and its key, which are used from `now` on.
pub(super) fn read(certificate: &Path, key: &Path, now: SystemTime) -> Result<Pair, TlsError> {
    let chain = certificates(certificate)?;
    let own = chain.first().ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let expires = check_validity(certificate, own, now)?;
    let private = private_key(key)?;
    let signing = ring::default_provider()
        .key_provider
        .load_private_key(private)
        .map_err(|_| TlsError::UnsupportedKey(key.to_owned()))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
        Err(rustls::Error::InconsistentKeys(_)) => {
            return Err(TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() });
        }
        Err(error) => return Err(damaged(certificate, &error)),
    }
    Ok(Pair { certified, expires })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = bytes(path)?;
    CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|error| damaged(path, &error))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&bytes(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey(path.to_owned()),
        // its text names markers and never what stands between them
        other => damaged(path, &other),
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES {
        return Err(TlsError::Large { path: path.to_owned(), bytes });
    }
    std::fs::read(path).map_err(unreadable)
}

fn damaged(path: &Path, why: &impl ToString) -> TlsError {
    TlsError::Damaged { path: path.to_owned(), why: why.to_string() }
}

/// Fails if a certificate is not valid now. Returns until when it is.
fn check_validity(path: &Path, certificate: &CertificateDer<'_>, now: SystemTime) -> Result<DateTime<Utc>, TlsError> {
    let parsed = Certificate::from_der(certificate).map_err(|error| damaged(path, &error))?;
    let validity = parsed.tbs_certificate.validity;
    let [begins, expires] = [validity.not_before, validity.not_after].map(Time::to_unix_duration);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if now > expires {
        return Err(TlsError::Expired { path: path.to_owned(), at: utc(expires) });
    }
    if now < begins {
        return Err(TlsError::NotYetValid { path: path.to_owned(), at: utc(begins) });
    }
    Ok(utc(expires))
}

/// A time since 1970. Certificates end before the year 10000.
fn utc(since_1970: Duration) -> DateTime<Utc> {
    let secs = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(secs, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
