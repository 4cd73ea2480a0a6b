//! What is kept of an identifier, and the pseudonym that follows from it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::identifiers::{Identifier, IdentifierKind};
use crate::{AccountId, Secret};

/// The domain of pseudonymous addresses, under which there are none.
pub const DOMAIN: &str = "pseudonym.invalid";

/// The key of the HMACs of a tenant.
#[derive(Clone, Debug)]
pub struct PseudonymKey(Secret);

/// What is kept of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tombstone {
    /// What it was.
    pub kind: IdentifierKind,
    /// Its HMAC.
    pub digest: [u8; 32],
    /// Of an account, the host.
    pub host: Option<String>,
    /// Of a name, its number of words.
    pub words: Option<u8>,
    /// Whether it was erased: nothing says any more which identifiers were one person's.
    pub erased: bool,
}

impl PseudonymKey {
    /// Of these bytes, 64 at most.
    #[must_use]
    pub const fn new(key: Secret) -> Self {
        Self(key)
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        let mut key = [0; 64];
        for (byte, of_key) in key.iter_mut().zip(self.0.expose()) {
            *byte = *of_key;
        }
        Hmac::new(&key.into())
    }

    /// What is kept of an identifier.
    #[must_use]
    pub fn tombstone(&self, Identifier { kind, text }: &Identifier, erased: bool) -> Tombstone {
        let (mut host, mut words) = (None, None);
        match kind {
            IdentifierKind::Account => host = text.split_once('/').map(|(host, _)| host.to_owned()),
            IdentifierKind::Name => words = u8::try_from(text.split(' ').count()).ok(),
            IdentifierKind::Address => {}
        }
        Tombstone { kind: *kind, digest: digest(&self.mac(), *kind, text), host, words, erased }
    }
}

pub(super) fn digest(mac: &Hmac<Sha256>, kind: IdentifierKind, normalized: &str) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(kind.as_str().as_bytes());
    mac.update(b"\0");
    mac.update(normalized.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Bytes of a digest that are the own part of pseudonyms.
const SHORT: usize = 8;

/// The part of pseudonyms that is their own: 64 bits.
fn short(digest: &[u8; 32]) -> String {
    hex::encode(digest.get(..SHORT).unwrap_or_default())
}

impl Tombstone {
    /// The login, the address or the name that takes the place of the identifier.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        pseudonym(self.kind, &self.digest)
    }
}

/// Whether the login or the address of an account is a pseudonym.
#[must_use]
pub fn is_pseudonymous(account: &AccountId) -> bool {
    let (_, login) = account.as_str().split_once('/').unwrap_or_default();
    let own = login.split_once('@').map_or(login, |(local, _)| local).strip_prefix("person-");
    own.is_some_and(|own| own.len() == SHORT * 2 && own.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

pub(super) fn pseudonym(kind: IdentifierKind, digest: &[u8; 32]) -> String {
    let short = short(digest);
    match kind {
        IdentifierKind::Account => format!("person-{short}"),
        IdentifierKind::Address => format!("person-{short}@{DOMAIN}"),
        IdentifierKind::Name => format!("Person {short}"),
    }
}
