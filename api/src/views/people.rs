//! People as administrators see them: with the accounts that are theirs, and why.

use kernel::people::{self, JoinReason, JoinedPerson};
use kernel::{AccountId, Person};
use serde::Serialize;
use utoipa::ToSchema;

/// A person, or a program, with the accounts that are theirs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = JoinedPerson)]
pub struct JoinedPersonView {
    /// Their name, from a statement; otherwise from one of the accounts.
    pub name: String,
    /// It is a program.
    pub bot: bool,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The addresses of the accounts.
    pub emails: Vec<String>,
    /// Why the accounts are joined, in words; empty for one that stands alone.
    pub joined_by: Vec<String>,
}

/// A statement of people about accounts.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PersonStatement)]
pub struct PersonStatementView {
    /// The name of the person.
    pub name: String,
    /// The accounts.
    pub accounts: Vec<String>,
    /// They are this person's only (a split); otherwise they are joined (a merge).
    pub separate: bool,
}

impl From<JoinedPerson> for JoinedPersonView {
    fn from(from: JoinedPerson) -> Self {
        Self {
            name: from.name,
            bot: from.bot,
            accounts: from.accounts.into_iter().map(|AccountId(id)| id).collect(),
            emails: from.emails,
            joined_by: from.because.iter().map(join_reason).collect(),
        }
    }
}

impl From<Person> for PersonStatementView {
    fn from(from: Person) -> Self {
        let accounts = from.accounts.into_iter().map(|AccountId(id)| id).collect();
        Self { name: from.name, accounts, separate: from.separate }
    }
}

/// Why accounts are joined, in words.
#[must_use]
pub fn join_reason(because: &JoinReason) -> String {
    match because {
        JoinReason::Address { address } => format!("the address {address}"),
        JoinReason::Login { account } => format!("an address of {account}"),
        JoinReason::Stated { origin, name } => match origin.as_str() {
            people::SEI_PEOPLE => format!("sei people: {name}"),
            people::CONFIGURED => format!("the settings: {name}"),
            "" => format!("a fact that was sent in: {name}"),
            origin => match origin.strip_prefix(people::MAILMAP) {
                Some(repository) => format!(".mailmap of {repository}: {name}"),
                None => format!("{origin}: {name}"),
            },
        },
    }
}
