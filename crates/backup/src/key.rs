//! What the key of backups is encrypted with: a passphrase, or identities of age.

use std::io::Write;
use std::iter;

use age::secrecy::{ExposeSecret, SecretString};
use age::{Recipient, scrypt, x25519};
use runtime::secret;

use crate::BackupError;
use crate::settings::Backup;

/// The work that a passphrase costs, 2 to the power of it: a quarter of a second and 64 MiB.
const WORK_FACTOR: u8 = 16;
/// The most that is done for a passphrase.
const MAX_WORK_FACTOR: u8 = 20;

/// What the settings say.
pub(crate) enum Key {
    /// Backups are not encrypted.
    Open,
    Passphrase(SecretString),
    Identity {
        own: x25519::Identity,
        others: Vec<x25519::Recipient>,
    },
}

impl Key {
    /// Reads it from where the settings point to.
    pub(crate) fn read(settings: &Backup) -> Result<Self, BackupError> {
        if !settings.encrypt {
            return Ok(Self::Open);
        }
        if let Some(reference) = &settings.identity {
            let own = secret::read(reference)?;
            let expected = "an identity of age, AGE-SECRET-KEY-1…,";
            let invalid = || BackupError::InvalidKey { key: "backup.identity", expected };
            let own = identity(own.expose_str().ok_or_else(invalid)?).ok_or_else(invalid)?;
            let mut others = Vec::new();
            for recipient in &settings.recipients {
                let recipient = recipient.parse::<x25519::Recipient>().map_err(|_| BackupError::InvalidKey {
                    key: "backup.recipients",
                    expected: "a recipient of age, age1…,",
                })?;
                others.push(recipient);
            }
            return Ok(Self::Identity { own, others });
        }
        let Some(reference) = &settings.passphrase else {
            return Err(BackupError::NoKey("there is no key to encrypt backups with"));
        };
        let passphrase = secret::read(reference)?;
        let invalid = BackupError::InvalidKey { key: "backup.passphrase", expected: "a text in UTF-8" };
        let passphrase = passphrase.expose_str().ok_or(invalid)?;
        Ok(Self::Passphrase(SecretString::from(passphrase.to_owned())))
    }

    /// The key of the backups, encrypted: a file that the program `age` decrypts, too.
    pub(crate) fn lock(&self, of_backups: &x25519::Identity) -> Result<Vec<u8>, BackupError> {
        let text = of_backups.to_string();
        let text = text.expose_secret().as_bytes();
        match self {
            Self::Open => Err(BackupError::NoKey("there is no key to encrypt backups with")),
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK_FACTOR);
                encrypt(iter::once(&recipient as &dyn Recipient), text)
            }
            Self::Identity { own, others } => {
                let own = own.to_public();
                let all = iter::once(&own).chain(others);
                encrypt(all.map(|recipient| recipient as &dyn Recipient), text)
            }
        }
    }

    /// The key of the backups; `None` if it was encrypted with another one.
    pub(crate) fn unlock(&self, locked: &[u8]) -> Option<x25519::Identity> {
        let text = match self {
            Self::Open => return None,
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                age::decrypt(&identity, locked).ok()?
            }
            Self::Identity { own, .. } => age::decrypt(own, locked).ok()?,
        };
        identity(std::str::from_utf8(&text).ok()?)
    }
}

/// The first identity of a file as `age-keygen` writes it.
fn identity(text: &str) -> Option<x25519::Identity> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next()?.parse().ok()
}

fn encrypt<'r>(recipients: impl Iterator<Item = &'r dyn Recipient>, text: &[u8]) -> Result<Vec<u8>, BackupError> {
    let encryptor = age::Encryptor::with_recipients(recipients)
        .map_err(|error| BackupError::Seal(std::io::Error::other(error.to_string())))?;
    let mut encrypted = Vec::new();
    let mut writer = encryptor.wrap_output(&mut encrypted).map_err(BackupError::Seal)?;
    writer.write_all(text).map_err(BackupError::Seal)?;
    writer.finish().map_err(BackupError::Seal)?;
    Ok(encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(identity: &x25519::Identity) -> String {
        identity.to_string().expose_secret().to_owned()
    }

    #[test]
    fn each_recipient_and_no_one_else_opens_the_key_of_the_backups() {
        let [own, other, stranger] = [(); 3].map(|()| x25519::Identity::generate());
        let of_backups = x25519::Identity::generate();
        let key = Key::Identity { own, others: vec![other.to_public()] };
        let locked = key.lock(&of_backups).unwrap();
        assert_eq!(key.unlock(&locked).map(|key| text(&key)), Some(text(&of_backups)));
        let alone = |own| Key::Identity { own, others: Vec::new() };
        assert_eq!(alone(other).unlock(&locked).map(|key| text(&key)), Some(text(&of_backups)));
        assert!(alone(stranger).unlock(&locked).is_none());
        assert!(Key::Passphrase(SecretString::from("guess".to_owned())).unlock(&locked).is_none());
        let mut cut = locked;
        cut.pop();
        assert!(key.unlock(&cut).is_none());
    }

    #[test]
    fn only_the_passphrase_opens_the_key_of_the_backups() {
        let of_backups = x25519::Identity::generate();
        let key = |passphrase: &str| Key::Passphrase(SecretString::from(passphrase.to_owned()));
        let locked = key("correct horse").lock(&of_backups).unwrap();
        assert_eq!(key("correct horse").unlock(&locked).map(|key| text(&key)), Some(text(&of_backups)));
        assert!(key("battery staple").unlock(&locked).is_none());
    }

    #[test]
    fn an_identity_may_have_comments_before_it() {
        let own = x25519::Identity::generate();
        let file = format!("# created: 2026-11-30\n# public key: {}\n{}\n", own.to_public(), text(&own));
        assert_eq!(identity(&file).map(|read| text(&read)), Some(text(&own)));
        assert!(identity("# nothing\n").is_none() && identity("hunter2").is_none());
    }
}
