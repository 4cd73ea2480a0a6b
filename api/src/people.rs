//! The people of a tenant: joined from all accounts and statements, with the teams that declare them as members, and the
//! users who were linked with them.
//!
//! Promises: what is answered is no older than [`FRESH`] and one read; those who ask at once read once, and all accounts only
//! where something of them has changed; it takes a bounded amount of memory. Programs are those that all else takes for such.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kernel::people::{JoinedPerson, join, mark_bots};
use kernel::{AccountId, Tenant};
use runtime::kept::{Kept, Limits};
use store::changes::ReadAt;
use store::people::Membership;
use store::{Store, StoreError};
use tokio::time::Instant;

use crate::identity::PersonLink;

/// How old what was read may be.
const FRESH: Duration = Duration::from_secs(2);
/// After this time all is read again: the database knows for a day what has changed.
const WHOLE: Duration = Duration::from_hours(12);
/// The most that is kept, in accounts of all tenants together …
const ACCOUNTS: usize = 500_000;
/// … and in tenants.
const TENANTS: usize = 1_000;

/// The people of tenants, as they were read last. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct KnownPeople {
    kept: Arc<Kept<Tenant, Known>>,
    /// Logins and accounts that are bots (`dora.bots`).
    bots: Arc<[String]>,
}

/// What was read, and when.
#[derive(Clone, Debug)]
struct Known {
    people: Arc<People>,
    /// Up to which changes.
    read_at: ReadAt,
    /// When they were read.
    whole_at: Instant,
    /// When they were read, or nothing of them had changed.
    at: Instant,
}

/// The people of a tenant.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct People {
    persons: Vec<Person>,
    of_account: HashMap<AccountId, usize>,
    /// By address in lower case; `None` where several persons have it.
    of_address: HashMap<String, Option<usize>>,
    /// The accounts of those whom users were linked with, by the ids of these.
    of_user: HashMap<String, AccountId>,
}

/// A person, or a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Who it is.
    pub joined: JoinedPerson,
    /// The teams that name one of the accounts as a member.
    pub teams: BTreeSet<String>,
}

/// Without the names.
impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").field("persons", &self.persons.len()).finish_non_exhaustive()
    }
}

impl KnownPeople {
    /// None, yet; these are bots beside those that sources mark.
    pub(crate) fn new(bots: &[String]) -> Self {
        let kept = Kept::new(Limits { size: ACCOUNTS, places: TENANTS, size_of_place: |_| 1 });
        Self { kept: Arc::new(kept), bots: bots.into() }
    }

    /// Those of the tenant of a store.
    pub(crate) async fn of(&self, store: &Store) -> Result<Arc<People>, StoreError> {
        let tenant = store.tenant();
        if let Some(people) = self.fresh(tenant) {
            return Ok(people);
        }
        let place = self.kept.place(tenant);
        let alone = place.lock().await;
        let read = match self.fresh(tenant) {
            Some(people) => Ok(people),
            None => self.read(store).await,
        };
        drop(alone);
        self.kept.give_up(tenant, &place);
        read
    }

    fn fresh(&self, tenant: &Tenant) -> Option<Arc<People>> {
        self.kept.value(tenant).filter(|read| read.at.elapsed() < FRESH).map(|read| read.people)
    }

    async fn read(&self, store: &Store) -> Result<Arc<People>, StoreError> {
        let at = Instant::now();
        let before = self.kept.value(store.tenant()).filter(|read| read.whole_at.elapsed() < WHOLE);
        let changed = store::people::if_changed(store, before.as_ref().map(|read| &read.read_at)).await?;
        let read = match (changed, before) {
            (Some((mut known, read_at)), _) => {
                mark_bots(&mut known.accounts, &self.bots);
                let people = People::new(join(&known.accounts, &known.persons), &known.members, known.users);
                Known { people: people.into(), read_at, whole_at: at, at }
            }
            (None, Some(before)) => Known { at, ..before },
            (None, None) => return Ok(Arc::default()),
        };
        let people = Arc::clone(&read.people);
        self.kept.put(store.tenant(), read, people.of_account.len());
        Ok(people)
    }
}

impl People {
    fn new(joined: Vec<JoinedPerson>, members: &[Membership], users: Vec<(String, AccountId)>) -> Self {
        let mut people = Self::default();
        for (at, person) in joined.iter().enumerate() {
            people.of_account.extend(person.accounts.iter().map(|account| (account.clone(), at)));
            // programs have addresses of people
            for address in person.emails.iter().filter(|_| !person.bot) {
                let of_address = people.of_address.entry(address.to_lowercase());
                of_address.and_modify(|other| *other = None).or_insert(Some(at));
            }
        }
        people.persons = joined.into_iter().map(|joined| Person { joined, teams: BTreeSet::new() }).collect();
        for Membership { team, account } in members {
            let person = people.of_account.get(account).and_then(|at| people.persons.get_mut(*at));
            if let Some(person) = person {
                person.teams.insert(team.clone());
            }
        }
        people.of_user = users.into_iter().collect();
        people
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> &[Person] {
        &self.persons
    }

    /// The person who has an account.
    pub(crate) fn of(&self, account: &str) -> Option<&Person> {
        self.persons.get(*self.of_account.get(&AccountId::from(account))?)
    }

    /// The person who a principal is: whom an administrator has linked with the user, or else the only one who has the
    /// verified address.
    pub(crate) fn linked(&self, link: &PersonLink) -> Option<&Person> {
        if let Some(account) = link.user_id.as_ref().and_then(|id| self.of_user.get(id)) {
            return self.of(account.as_str());
        }
        let at = self.of_address.get(&link.email.as_ref()?.to_lowercase())?;
        self.persons.get((*at)?)
    }

    /// The accounts of the members of teams.
    pub(crate) fn accounts_of(&self, teams: &BTreeSet<String>) -> BTreeSet<String> {
        let members = self.persons.iter().filter(|person| !person.teams.is_disjoint(teams));
        members.flat_map(Person::accounts).collect()
    }
}

impl Person {
    /// The ids of the accounts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = String> {
        self.joined.accounts.iter().map(|account| account.as_str().to_owned())
    }

    /// Whether an account is one of theirs.
    pub(crate) fn has(&self, account: &str) -> bool {
        self.joined.accounts.iter().any(|own| own.as_str() == account)
    }

    /// The id of the account that stands for the person.
    pub(crate) fn id(&self) -> &str {
        self.joined.accounts.first().map_or(self.joined.name.as_str(), AccountId::as_str)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn person(name: &str, bot: bool, accounts: &[&str], emails: &[&str]) -> JoinedPerson {
        JoinedPerson {
            name: name.to_owned(),
            bot,
            accounts: accounts.iter().map(|account| AccountId::from(*account)).collect(),
            emails: emails.iter().map(ToString::to_string).collect(),
            because: Vec::new(),
        }
    }

    /// Ann of the team `web`, Bo of the team `pay`, Cy, and a program.
    pub(crate) fn people() -> People {
        let joined = vec![
            person("Ann", false, &["h/ann", "j/asmith"], &["ann@example.org"]),
            person("Bo", false, &["h/bo"], &["shared@example.org"]),
            person("Cy", false, &["h/cy"], &["shared@example.org"]),
            person("renovate", true, &["h/renovate[bot]"], &["ann@example.org"]),
        ];
        let member = |team: &str, account: &str| Membership { team: team.to_owned(), account: account.into() };
        let members = [member("web", "j/asmith"), member("pay", "h/bo"), member("pay", "h/unknown")];
        People::new(joined, &members, vec![("linked".to_owned(), "h/cy".into()), ("gone".to_owned(), "h/gone".into())])
    }

    fn name(user_id: Option<&str>, email: Option<&str>) -> Option<String> {
        let link = PersonLink { user_id: user_id.map(str::to_owned), email: email.map(str::to_owned) };
        people().linked(&link).map(|person| person.joined.name.clone())
    }

    #[test]
    fn a_principal_is_whom_it_was_linked_with_or_the_only_person_with_its_address() {
        let ann = Some("Ann".to_owned());
        assert_eq!(name(Some("user"), Some("Ann@Example.org")), ann);
        assert_eq!(name(None, Some("ann@example.org")), ann);
        assert_eq!(name(Some("linked"), Some("ann@example.org")), Some("Cy".to_owned()), "an administrator decides");
        assert_eq!(name(Some("gone"), Some("ann@example.org")), None, "who was linked with no one else is no one else");
        assert_eq!(name(Some("user"), Some("shared@example.org")), None, "two have it");
        assert_eq!((name(Some("user"), None), name(None, None)), (None, None));
    }

    #[test]
    fn a_person_is_a_member_by_any_of_the_accounts() {
        let people = people();
        let teams = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(people.of("h/ann").unwrap().teams, teams(&["web"]));
        assert_eq!(people.accounts_of(&teams(&["web"])), teams(&["h/ann", "j/asmith"]));
        assert_eq!(people.accounts_of(&teams(&["none"])), teams(&[]));
    }
}
