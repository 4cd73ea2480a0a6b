//! What identifies a person: their accounts, addresses and names, in the form in which they are compared.

use std::collections::BTreeSet;

use crate::Account;
use crate::people::{JoinReason, JoinedPerson, MAILMAP};

crate::closed_list! {
    /// What identifies a person.
    pub enum IdentifierKind: "kind of identifier" {
        /// An account: `<host>/<login>`.
        Account,
        /// An e-mail address.
        Address,
        /// A name.
        Name,
    }
}

/// Something that identifies a person, normalized.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// What it is.
    pub kind: IdentifierKind,
    /// An account or an address in lower case; a name as its words in lower case.
    pub text: String,
}

impl Identifier {
    /// An account; one that is made of an address is that.
    #[must_use]
    pub fn account(id: &str) -> Self {
        let id = id.to_lowercase();
        match id.strip_prefix("email/") {
            Some(address) => Self { kind: IdentifierKind::Address, text: address.to_owned() },
            None => Self { kind: IdentifierKind::Account, text: id },
        }
    }

    /// An address.
    #[must_use]
    pub fn address(address: &str) -> Self {
        Self { kind: IdentifierKind::Address, text: address.trim().to_lowercase() }
    }
}

/// What separates the words of a name from what stands around them.
pub(super) fn word(text: &str) -> &str {
    let trimmed = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let possessive = trimmed.strip_suffix("'s").or_else(|| trimmed.strip_suffix("’s"));
    possessive.unwrap_or(trimmed)
}

/// The words of a name, in lower case.
pub(super) fn normalized_name(name: &str) -> String {
    let words = name.split_whitespace().map(word).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// All that identifies a person, of whom these are the accounts that are known.
#[must_use]
pub fn identifiers(person: &JoinedPerson, accounts: &[Account]) -> BTreeSet<Identifier> {
    let mut found: BTreeSet<Identifier> = person.accounts.iter().map(|id| Identifier::account(id.as_str())).collect();
    found.extend(person.emails.iter().map(|address| Identifier::address(address)));
    let mut names = vec![person.name.as_str()];
    for reason in &person.because {
        if let JoinReason::Stated { origin, name } = reason {
            let of_mailmap = name.split_once(" <").filter(|_| origin.starts_with(MAILMAP));
            names.push(of_mailmap.map_or(name.as_str(), |(name, _)| name));
        }
    }
    let own = accounts.iter().filter(|account| person.accounts.contains(&account.id));
    names.extend(own.map(|account| account.name.as_str()));
    let logins: BTreeSet<String> =
        person.accounts.iter().filter_map(|id| Some(id.as_str().rsplit_once('/')?.1.to_lowercase())).collect();
    for name in names {
        let normalized = normalized_name(name);
        if name.contains('@') {
            // found as an address, if it is one
        } else if normalized.len() > 1
            && !logins.contains(&normalized)
            && u8::try_from(normalized.split(' ').count()).is_ok()
        {
            found.insert(Identifier { kind: IdentifierKind::Name, text: normalized });
        }
    }
    found.retain(|identifier| !identifier.text.is_empty());
    found
}
