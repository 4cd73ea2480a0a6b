//! What identifies a person: their accounts, addresses and names, in the form in which they are compared.

use std::collections::BTreeSet;

use crate::people::JoinedPerson;
use crate::{Account, AccountId, Person};

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

/// Words of a name, at most: a longer text is none.
const MAX_WORDS: usize = 8;

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

/// All that identifies a person, by the accounts that are known and by what was stated of people.
#[must_use]
pub fn identifiers(person: &JoinedPerson, accounts: &[Account], persons: &[Person]) -> BTreeSet<Identifier> {
    let mut found: BTreeSet<Identifier> = person.accounts.iter().map(|id| Identifier::account(id.as_str())).collect();
    found.extend(person.emails.iter().map(|address| Identifier::address(address)));
    let own = accounts.iter().filter(|account| person.accounts.contains(&account.id));
    let mut names: Vec<&str> = own.map(|account| account.name.as_str()).collect();
    names.push(&person.name);
    for stated in persons.iter().filter(|stated| is_of(person, stated)) {
        found.extend(stated.accounts.iter().map(|id| Identifier::account(id.as_str())));
        found.extend(stated.emails.iter().map(|address| Identifier::address(address)));
        names.push(stated_name(stated));
    }
    let logins: BTreeSet<String> =
        person.accounts.iter().filter_map(|id| Some(id.as_str().rsplit_once('/')?.1.to_lowercase())).collect();
    let is_name = |name: &String| name.len() > 1 && name.split(' ').count() <= MAX_WORDS && !logins.contains(name);
    // one with an address is found by that
    let names = names.into_iter().filter(|name| !name.contains('@')).map(normalized_name).filter(is_name);
    found.extend(names.map(|text| Identifier { kind: IdentifierKind::Name, text }));
    found.retain(|identifier| !identifier.text.is_empty());
    found
}

/// The name of a statement: a mailmap's persons have their address in it.
fn stated_name(stated: &Person) -> &str {
    stated.name.split_once(" <").map_or(stated.name.as_str(), |(name, _)| name)
}

/// What others are called and reached by: of all accounts and statements but those of some persons.
#[must_use]
pub fn names_of(accounts: &[Account], persons: &[Person], except: &BTreeSet<&AccountId>) -> BTreeSet<Identifier> {
    let accounts = accounts.iter().filter(|account| !except.contains(&account.id));
    let is_other = |stated: &&Person| !stated.deleted && stated.accounts.iter().all(|id| !except.contains(id));
    let persons = persons.iter().filter(is_other);
    let names = accounts.clone().map(|account| account.name.as_str()).chain(persons.clone().map(stated_name));
    let by_name = |name: &str| Identifier { kind: IdentifierKind::Name, text: normalized_name(name) };
    let addresses =
        accounts.filter_map(|account| account.email.as_ref()).chain(persons.flat_map(|stated| &stated.emails));
    names.map(by_name).chain(addresses.map(|address| Identifier::address(address))).collect()
}

/// Whether a statement is about a person, and about no other.
fn is_of(person: &JoinedPerson, stated: &Person) -> bool {
    let mut accounts = stated.accounts.iter().map(|id| person.accounts.contains(id));
    let has_address = stated.emails.iter().any(|address| person.emails.contains(&address.to_lowercase()));
    if stated.accounts.is_empty() { has_address } else { accounts.all(|is_own| is_own) }
}
