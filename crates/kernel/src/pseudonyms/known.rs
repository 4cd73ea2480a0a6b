//! The identifiers that are replaced, by their HMACs.

use std::collections::{BTreeSet, HashSet};

use hmac::Hmac;
use sha2::Sha256;

use super::identifiers::{Identifier, IdentifierKind, normalized_name};
use super::tombstone::{PseudonymKey, Tombstone, digest, pseudonym};

/// The identifiers that are known, and their pseudonyms.
#[derive(Clone)]
pub(super) struct Known {
    mac: Hmac<Sha256>,
    digests: HashSet<[u8; 32]>,
    erased: HashSet<[u8; 32]>,
    /// Hosts of accounts.
    pub hosts: BTreeSet<String>,
    /// Numbers of words of names.
    pub words: BTreeSet<u8>,
}

impl Known {
    /// Those of these tombstones.
    pub fn new(key: &PseudonymKey, tombstones: impl IntoIterator<Item = Tombstone>) -> Self {
        let mut all = Self {
            mac: key.mac(),
            digests: HashSet::new(),
            erased: HashSet::new(),
            hosts: BTreeSet::new(),
            words: BTreeSet::new(),
        };
        for Tombstone { digest, host, words, erased, .. } in tombstones {
            all.digests.insert(digest);
            all.hosts.extend(host);
            all.words.extend(words);
            if erased {
                all.erased.insert(digest);
            }
        }
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The pseudonym of a normalized identifier, if it is known.
    pub fn of(&self, kind: IdentifierKind, normalized: &str) -> Option<String> {
        let digest = digest(&self.mac, kind, normalized);
        self.digests.contains(&digest).then(|| pseudonym(kind, &digest))
    }

    /// The pseudonym of a login at a host.
    pub fn login(&self, host: &str, login: &str) -> Option<String> {
        self.of(IdentifierKind::Account, &format!("{host}/{}", login.to_lowercase()))
    }

    /// The pseudonym of a name that is a whole text.
    pub fn name(&self, text: &str) -> Option<String> {
        let normalized = normalized_name(text);
        let words = u8::try_from(normalized.split(' ').count()).ok()?;
        if !self.words.contains(&words) {
            return None;
        }
        self.of(IdentifierKind::Name, &normalized)
    }

    /// Whether an account or an address was erased.
    pub fn is_erased(&self, text: &str) -> bool {
        let account = Identifier::account(text);
        [account.kind, IdentifierKind::Address]
            .iter()
            .any(|kind| self.erased.contains(&digest(&self.mac, *kind, &account.text)))
    }
}
