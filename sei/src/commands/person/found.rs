//! Who is meant by an account or an address: the person, with all that identifies them.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use kernel::near::UnknownName;
use kernel::people::{self, JoinedPerson};
use kernel::pseudonyms::{Identifier, IdentifierKind, identifiers};
use store::Store;

use crate::commands::people::read;
use crate::settings::Settings;

/// A person.
pub(super) struct Found {
    /// As `sei people` has them.
    pub person: JoinedPerson,
    /// All that identifies them, the account or address that was asked for first.
    pub identifiers: BTreeSet<Identifier>,
    /// What was asked for.
    pub asked: Identifier,
}

/// Finds the person who has an account or an address. One that no account has is taken as it is: raw events may name it.
pub(super) async fn find(store: &Store, settings: &Settings, identity: &str) -> Result<Found> {
    let asked = identifier(identity)?;
    let (accounts, persons) = read(store, &settings.dora.bots).await?;
    let joined = people::join(&accounts, &persons);
    let has = |person: &&JoinedPerson| {
        let accounts = person.accounts.iter().map(|id| Identifier::account(id.as_str()));
        let addresses = person.emails.iter().map(|address| Identifier::address(address));
        accounts.chain(addresses).any(|own| own == asked)
    };
    let mut having = joined.iter().filter(has);
    let (Some(person), None) = (having.next(), having.next()) else {
        let several: Vec<&str> =
            joined.iter().filter(has).flat_map(|person| &person.accounts).map(kernel::AccountId::as_str).collect();
        if !several.is_empty() {
            bail!(
                "{} people have the address `{identity}`; name one of their accounts: {}",
                joined.iter().filter(has).count(),
                several.join(", ")
            );
        }
        return Ok(unknown(asked));
    };
    let identifiers = identifiers(person, &accounts, &persons);
    Ok(Found { person: person.clone(), identifiers, asked })
}

fn identifier(identity: &str) -> Result<Identifier> {
    match (identity.split_once('/'), identity.split_once('@')) {
        (Some((host, login)), _) if !host.is_empty() && !login.is_empty() => Ok(Identifier::account(identity)),
        (None, Some((local, domain))) if !local.is_empty() && !domain.is_empty() => Ok(Identifier::address(identity)),
        _ => {
            bail!(
                "`{identity}` identifies no person; expected an account such as `github.com/ann`, or an e-mail address"
            )
        }
    }
}

fn unknown(asked: Identifier) -> Found {
    let person = JoinedPerson {
        name: asked.text.clone(),
        bot: false,
        accounts: Vec::new(),
        emails: Vec::new(),
        because: Vec::new(),
    };
    Found { person, identifiers: BTreeSet::from([asked.clone()]), asked }
}

impl Found {
    /// The accounts that are theirs.
    pub(super) fn accounts(&self) -> Vec<String> {
        self.person.accounts.iter().map(|account| account.as_str().to_owned()).collect()
    }

    /// The addresses that are theirs.
    pub(super) fn addresses(&self) -> Vec<String> {
        let addresses = self.identifiers.iter().filter(|identifier| identifier.kind == IdentifierKind::Address);
        addresses.map(|identifier| identifier.text.clone()).collect()
    }

    /// Why nothing was found that names the person.
    pub(super) async fn unknown(&self, store: &Store) -> Result<String> {
        let (accounts, _) = store::people::all(store).await?;
        let known = accounts.iter().map(|account| account.id.as_str());
        let unknown = UnknownName::new(&self.asked.text, known);
        let hint = unknown.suggestion().map(|suggestion| format!("; {suggestion}")).unwrap_or_default();
        Ok(format!("nothing names `{}` (`sei people` lists all accounts){hint}", self.asked.text))
    }

    /// Fails if the settings name the person: they would be written again.
    pub(super) fn check_not_configured(&self, settings: &Settings) -> Result<()> {
        let names = |kind, text: &str| self.identifiers.iter().any(|own| own.kind == kind && own.text == text);
        let is_account = |id: &String| self.identifiers.contains(&Identifier::account(id));
        let person = settings.person.iter().find(|person| {
            person.accounts.iter().any(is_account)
                || person.emails.iter().any(|email| self.identifiers.contains(&Identifier::address(email)))
                || names(IdentifierKind::Name, &person.name.to_lowercase())
        });
        if let Some(person) = person {
            bail!("the settings name the person as [[person]] `{}`: take that out first", person.name);
        }
        if let Some(team) = settings.team.iter().find(|team| team.members.iter().any(is_account)) {
            bail!("the settings name the person as a member of [[team]] `{}`: take that out first", team.name);
        }
        Ok(())
    }
}
