//! Who is who, as the API and the command line change it: statements of people about accounts.

use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use eventlog::EventLog;
use kernel::near::UnknownName;
use kernel::people::statements::{PeopleChange, after, changed, statement, withdrawn};
use kernel::people::{JoinedPerson, join, mark_bots};
use kernel::pseudonyms::Identifier;
use kernel::{Account, AccountId, Fact, Person};
use serde_json::json;
use store::audit::Action;
use store::{Store, StoreError, StoreTx};

use crate::changer::Changer;
use crate::problem::Problem;
use crate::stated;

/// What the events of statements come from.
const SOURCE: &str = "generic/people";
/// Characters of a name at most.
const NAME_CHARS: usize = 200;
/// Accounts of one statement at most.
const ACCOUNTS: usize = 100;

/// Where statements are written.
#[derive(Clone, Copy)]
pub struct PersonChanges<'p> {
    /// The store of the tenant.
    pub store: &'p Store,
    /// The event log.
    pub log: &'p Arc<dyn EventLog>,
    /// Logins and accounts that are bots (`dora.bots`).
    pub bots: &'p [String],
    /// The accounts of who changes it and says of no other account that it is theirs; none of who may.
    pub own: &'p [AccountId],
}

impl PersonChanges<'_> {
    /// All accounts and statements, as a transaction sees them; programs are marked.
    async fn read(&self, tx: &mut StoreTx) -> Result<(Vec<Account>, Vec<Person>), StoreError> {
        let (mut accounts, persons) = store::people::all_in(tx).await?;
        mark_bots(&mut accounts, self.bots);
        Ok((accounts, persons))
    }

    /// States that accounts are one person's, or only theirs. Returns who then has them.
    pub async fn change(
        &self,
        by: &Changer,
        change: PeopleChange,
        name: &str,
        named: &[AccountId],
    ) -> Result<Vec<JoinedPerson>, Problem> {
        let chars = name.chars().count();
        if name.trim() != name || !(1..=NAME_CHARS).contains(&chars) {
            let expected = format!("a name of 1 to {NAME_CHARS} characters, without spaces at the ends");
            return Err(Problem::parameter("name", name, expected));
        }
        if !(1..=ACCOUNTS).contains(&named.len()) {
            let found = format!("a list of {}", named.len());
            return Err(Problem::parameter("accounts", &found, format!("1 to {ACCOUNTS} accounts")));
        }
        let mut tx = stated::begin(self.store).await?;
        let (accounts, persons) = self.read(&mut tx).await?;
        check_known(named, &accounts, &persons)?;
        let statements = changed(change, &persons, name, named);
        self.state((tx, by), (&accounts, persons), statements, named).await
    }

    /// Withdraws what was stated under a name: what was joined or split by it alone is so no more. Returns who then has
    /// its accounts.
    pub async fn withdraw(&self, by: &Changer, name: &str) -> Result<Vec<JoinedPerson>, Problem> {
        let mut tx = stated::begin(self.store).await?;
        let (accounts, persons) = self.read(&mut tx).await?;
        let Some(person) = withdrawn(&persons, name) else { return Err(Problem::not_found("statement", name)) };
        let named = person.accounts.clone();
        self.state((tx, by), (&accounts, persons), vec![person], &named).await
    }

    async fn state(
        &self,
        (mut tx, by): (StoreTx, &Changer),
        (accounts, persons): (&[Account], Vec<Person>),
        statements: Vec<Person>,
        named: &[AccountId],
    ) -> Result<Vec<JoinedPerson>, Problem> {
        let mut joined = join(accounts, &after(persons, &statements));
        let is_own = |id: &AccountId| self.own.contains(id);
        if joined.iter().any(|person| person.accounts.iter().any(is_own) && !person.accounts.iter().all(is_own)) {
            return Err(Problem::about_oneself());
        }
        // as exact as the database is
        let now = Utc::now().trunc_subsecs(6);
        let facts: Vec<Fact> = statements.into_iter().map(|person| statement(person, now)).collect();
        // by their pseudonyms: the audit log outlives what is known of people
        let key = store::pseudonyms::key(&mut tx).await?;
        let pseudonym = |id: &AccountId| key.tombstone(&Identifier::account(id.as_str()), false).pseudonym();
        let pseudonyms: Vec<String> = named.iter().map(pseudonym).collect();
        let subject = pseudonyms.first().map_or("", String::as_str);
        let entry = by.entry(self.store.tenant(), Action::PeopleChanged, subject);
        let entry = entry.with(json!({ "accounts": pseudonyms }));
        stated::commit(tx, Arc::clone(self.log), SOURCE, &facts, &entry).await?;
        joined.retain(|person| person.accounts.iter().any(|id| named.contains(id)));
        Ok(joined)
    }
}

/// Fails for an account that nothing names.
fn check_known(named: &[AccountId], accounts: &[Account], persons: &[Person]) -> Result<(), Problem> {
    for id in named {
        let all = || accounts.iter().map(|account| &account.id).chain(persons.iter().flat_map(|one| &one.accounts));
        if !all().any(|known| known == id) {
            let unknown = UnknownName::new(id.as_str(), all().map(AccountId::as_str));
            let hint = unknown.suggestion().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let problem = Problem::parameter("accounts", id.as_str(), "accounts that are known");
            return Err(Problem { detail: format!("There is no account `{id}`{hint}."), ..problem });
        }
    }
    Ok(())
}
