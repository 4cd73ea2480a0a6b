//! Secrets: read from where the settings point to, compared in constant time, never printed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub use kernel::Secret;

use crate::settings::SecretRef;

/// Why a secret could not be had. Never holds the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("{0} is not set")]
    Unset(SecretRef),
    /// The file cannot be read.
    #[error("{reference} can't be read")]
    Unreadable {
        /// The file.
        reference: SecretRef,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{0} is blank; a secret needs at least one character beside spaces and line ends")]
    Empty(SecretRef),
    /// It can be guessed.
    #[error(
        "{0} has {1} bytes; what verifies requests needs at least {SHORTEST}, such as `openssl rand -hex 32` makes"
    )]
    Short(SecretRef, usize),
}

/// The environment variables out of which secrets were read.
static VARIABLES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The environment variables that hold secrets, as far as any was read out of them: what a program that
/// we start must not inherit.
pub fn variables() -> impl Iterator<Item = Cow<'static, str>> {
    let known = VARIABLES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    known.into_iter().map(Cow::Owned)
}

/// The shortest secret that requests are verified with, in bytes.
pub const SHORTEST: usize = 8;

/// Reads a secret that requests are verified with, as [`read`], but none that can be guessed.
pub fn read_verifying(reference: &SecretRef) -> Result<Secret, SecretError> {
    let secret = read(reference)?;
    let length = secret.expose().len();
    if length < SHORTEST { Err(SecretError::Short(reference.clone(), length)) } else { Ok(secret) }
}

/// Reads a secret from where the settings say it is. Spaces and line ends around it are not part of it.
#[expect(clippy::disallowed_methods, reason = "this is the place where secrets are read")]
pub fn read(reference: &SecretRef) -> Result<Secret, SecretError> {
    let bytes = match reference {
        SecretRef::Env(name) => {
            let value = std::env::var_os(name).ok_or_else(|| SecretError::Unset(reference.clone()))?;
            VARIABLES.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
            value.into_encoded_bytes()
        }
        SecretRef::File(path) => {
            std::fs::read(path).map_err(|source| SecretError::Unreadable { reference: reference.clone(), source })?
        }
    };
    Secret::new(bytes.trim_ascii()).ok_or_else(|| SecretError::Empty(reference.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_without_what_is_around_it_and_never_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, " s3cret\r\n").unwrap();
        let secret = read(&SecretRef::File(path)).unwrap();
        assert_eq!(secret.expose(), b"s3cret");
        assert!(secret.is(b"s3cret") && !secret.is(b"s3cre") && !secret.is(b""));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn nothing_is_no_secret_and_what_can_be_guessed_verifies_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for blank in ["\n", "", " ", "\t \r\n"] {
            std::fs::write(&path, blank).unwrap();
            assert!(matches!(read(&SecretRef::File(path.clone())), Err(SecretError::Empty(_))), "{blank:?}");
        }
        std::fs::write(&path, " seven77 ").unwrap();
        assert!(read(&SecretRef::File(path.clone())).is_ok(), "a password of a database may be short");
        let error = read_verifying(&SecretRef::File(path.clone())).unwrap_err().to_string();
        assert!(error.contains("7 bytes") && error.contains("at least 8") && !error.contains("seven77"), "{error}");
        std::fs::write(&path, "eight888").unwrap();
        assert!(read_verifying(&SecretRef::File(path)).is_ok());
        assert!(matches!(read(&SecretRef::File(directory.path().join("none"))), Err(SecretError::Unreadable { .. })));
        assert!(matches!(read(&SecretRef::Env("SEI_TEST_NO_SUCH_VARIABLE".into())), Err(SecretError::Unset(_))));
    }
}
