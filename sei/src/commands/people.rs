//! `sei people`: who is who, and correcting it.

use anyhow::{Result, bail};
use api::person_views::PersonView;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use dora::Scope;
use kernel::near::UnknownName;
use kernel::people::{self, JoinReason, JoinedPerson};
use kernel::pseudonyms::Identifier;
use kernel::{Account, AccountId, Completeness, Fact, Person, Version};
use store::Store;
use store::audit::{self, Entry};

use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};

/// What the events of this command come from.
const SOURCE: &str = "generic/people";

const EXAMPLES: &str = "\
Examples:
  sei people                                                    all people, with their accounts and why
  sei people merge 'Ann Smith' github.com/ann email/ann@x.org   these are one person's
  sei people split 'Bo Li' github.com/bo                        this one is only his

Accounts are joined by an address that both have, by .mailmap, by [[person]] of the settings, and by what
is stated here; never because two sources have the same login.";

/// List people with their accounts and why these are joined, or change that
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct People {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// State that accounts belong to one person, in addition to earlier statements
    Merge(Statement),
    /// State that accounts belong to this person only, whatever joins them
    Split(Statement),
}

#[derive(Args, Debug)]
struct Statement {
    /// The person's name
    name: String,

    /// The accounts, host/login or email/address, as `sei people` lists them
    #[arg(required = true)]
    accounts: Vec<String>,

    #[command(flatten)]
    tenant: ForTenant,
}

impl People {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match &self.action {
            None => self.list(settings, global).await,
            Some(Action::Merge(statements)) => statements.run(settings, global, merged).await,
            Some(Action::Split(statements)) => statements.run(settings, global, split).await,
        }
    }

    async fn list(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            PersonView::of_persons("sei people").record(&store, actor(), None).await?;
            let (accounts, persons) = read(&store, &machine.settings.dora.bots).await?;
            let joined = people::join(&accounts, &persons);
            if global.json { output::print_json(&joined) } else { output::print(&text(&joined, demo)) }
        })
        .await
    }
}

impl Statement {
    async fn run(
        &self,
        settings: Settings,
        global: &Global,
        what: fn(&[Person], &str, &[AccountId]) -> Vec<Person>,
    ) -> Result<()> {
        let named: Vec<AccountId> = self.accounts.iter().map(|id| AccountId(id.to_lowercase())).collect();
        if self.name.trim().is_empty() {
            bail!("the human needs a name");
        }
        with(settings, async |machine| {
            let tenant = &self.tenant.tenant;
            let (store, demo) = machine.tenant(tenant).await?;
            let bots = &machine.settings.dora.bots;
            let (accounts, persons) = read(&store, bots).await?;
            known(&named, &accounts, &persons)?;
            let now = Utc::now();
            let facts = what(&persons, &self.name, &named).into_iter().map(|person| statement(person, now));
            let events = facts.map(|fact| connector_generic::own_event(&fact, SOURCE, tenant, now));
            let log = machine.log().await?;
            record_change(&store, &named).await?;
            log.append(events.collect::<Result<_, _>>()?).await?;
            settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
            let (accounts, persons) = read(&store, bots).await?;
            let mut joined = people::join(&accounts, &persons);
            joined.retain(|human| human.accounts.iter().any(|id| named.contains(id)));
            if global.json { output::print_json(&joined) } else { output::print(&text(&joined, demo)) }
        })
        .await
    }
}

/// Records whose accounts are joined or split, by their pseudonyms: the audit log outlives what is known of people.
async fn record_change(store: &Store, accounts: &[AccountId]) -> Result<()> {
    let mut tx = store.begin().await?;
    let key = store::pseudonyms::key(&mut tx).await?;
    let pseudonym = |id: &AccountId| key.tombstone(&Identifier::account(id.as_str()), false).pseudonym();
    let accounts: Vec<String> = accounts.iter().map(pseudonym).collect();
    let subject = accounts.first().map_or("", String::as_str);
    let entry = Entry::new(actor(), audit::Action::PeopleChanged, subject).of(store.tenant());
    audit::record(&mut tx, &entry.with(serde_json::json!({ "accounts": accounts }))).await?;
    Ok(tx.commit().await?)
}

/// What is known of accounts, with those marked as bots that the settings name.
pub(crate) async fn read(store: &Store, bots: &[String]) -> Result<(Vec<Account>, Vec<Person>)> {
    let (mut accounts, persons) = store::people::all(store).await?;
    for account in &mut accounts {
        let id = account.id.as_str();
        let login = id.rsplit('/').next().unwrap_or(id);
        account.bot |= bots.iter().map(|bot| bot.to_lowercase()).any(|bot| bot == login || bot == id);
    }
    Ok((accounts, persons))
}

fn known(named: &[AccountId], accounts: &[Account], persons: &[Person]) -> Result<()> {
    for id in named {
        let all = || accounts.iter().map(|account| &account.id).chain(persons.iter().flat_map(|x| &x.accounts));
        if !all().any(|known| known == id) {
            let unknown = UnknownName::new(id.as_str(), all().map(AccountId::as_str));
            bail!("there is no account {unknown} (all are listed by `sei people`)");
        }
    }
    Ok(())
}

fn statement(person: Person, at: DateTime<Utc>) -> Fact {
    // only people say this, so that the last word counts
    Fact::Person(Person { version: Version { completeness: Completeness::Measured, at }, ..person })
}

/// The statements that make accounts one person's, in addition to earlier ones, and no longer
/// separate from them.
fn merged(persons: &[Person], name: &str, accounts: &[AccountId]) -> Vec<Person> {
    let mut statements = without(persons, name, accounts, |person| person.separate);
    let before = earlier_statements(persons).find(|person| person.name == name);
    let mut person = before.cloned().unwrap_or_else(|| empty_statement(name));
    person.accounts.extend_from_slice(accounts);
    person.accounts.sort();
    person.accounts.dedup();
    statements.push(person);
    statements
}

/// The statements that make accounts this person's only.
fn split(persons: &[Person], name: &str, accounts: &[AccountId]) -> Vec<Person> {
    let mut statements = without(persons, name, accounts, |_| true);
    statements.push(Person { accounts: accounts.to_vec(), separate: true, ..empty_statement(name) });
    statements
}

/// Others whom these accounts were stated to be, without them.
fn without(persons: &[Person], name: &str, accounts: &[AccountId], which: fn(&Person) -> bool) -> Vec<Person> {
    let has_one = |person: &&Person| person.accounts.iter().any(|id| accounts.contains(id));
    let others = earlier_statements(persons).filter(|person| person.name != name && which(person)).filter(has_one);
    others
        .map(|person| {
            let mut left = person.clone();
            left.accounts.retain(|id| !accounts.contains(id));
            left.deleted = left.accounts.is_empty() && left.emails.is_empty();
            left
        })
        .collect()
}

fn earlier_statements(persons: &[Person]) -> impl Iterator<Item = &Person> {
    persons.iter().filter(|person| person.origin == people::SEI_PEOPLE && !person.deleted)
}

fn empty_statement(name: &str) -> Person {
    Person {
        origin: people::SEI_PEOPLE.to_owned(),
        ..Person::new(name.to_owned(), Version { completeness: Completeness::Measured, at: DateTime::UNIX_EPOCH })
    }
}

fn text(joined: &[JoinedPerson], demo: bool) -> String {
    let mut table = output::table(&["person", "accounts", "joined by"]);
    for human in joined {
        let accounts: Vec<&str> = human.accounts.iter().map(AccountId::as_str).collect();
        let because: Vec<String> = human.because.iter().map(reason).collect();
        let bot = if human.bot { " (bot)" } else { "" };
        table.add_row([format!("{}{bot}", human.name), accounts.join("\n"), because.join("\n")]);
    }
    let people = joined.iter().filter(|human| !human.bot).count();
    let accounts: usize = joined.iter().map(|human| human.accounts.len()).sum();
    let mut lines = vec![format!(
        "{} and {} with {}",
        count(people, "person"),
        count(joined.len() - people, "bot"),
        count(accounts, "account")
    )];
    if demo {
        lines.insert(0, output::DEMO.to_owned());
    }
    if !joined.is_empty() {
        lines.push(format!("\n{table}"));
    }
    lines.join("\n")
}

/// Why, in words.
fn reason(because: &JoinReason) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<AccountId> {
        ids.iter().map(|id| AccountId::from(*id)).collect()
    }

    /// Persons after a statement, as the store would have them.
    fn after(mut persons: Vec<Person>, statements: Vec<Person>) -> Vec<Person> {
        for person in statements {
            persons.retain(|known| (&known.origin, &known.name) != (&person.origin, &person.name));
            persons.push(person);
        }
        persons
    }

    fn listed(persons: &[Person]) -> Vec<String> {
        let line = |human: &JoinedPerson| {
            format!("{}: {}", human.name, human.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(" "))
        };
        people::join(&[], persons).iter().map(line).collect()
    }

    #[test]
    fn merging_adds_splitting_separates_and_the_last_statement_counts() {
        type Step = fn(&[Person], &str, &[AccountId]) -> Vec<Person>;
        let configured =
            Person { origin: people::CONFIGURED.to_owned(), accounts: ids(&["a", "b"]), ..empty_statement("Both") };
        let mut persons = vec![configured];
        let steps: [(Step, &str, &[&str], &[&str]); 5] = [
            (merged, "Ann", &["a", "c"], &["Ann: a b c"]),
            (merged, "Ann", &["d"], &["Ann: a b c d"]),
            (split, "Bo", &["b"], &["Ann: a c d", "Bo: b"]),
            (split, "Cy", &["c", "d"], &["Ann: a", "Bo: b", "Cy: c d"]),
            (merged, "Ann", &["b", "c"], &["Ann: a b c", "Cy: d"]),
        ];
        for (what, name, accounts, expected) in steps {
            let statements = what(&persons, name, &ids(accounts));
            persons = after(persons, statements);
            assert_eq!(listed(&persons), expected, "{name} {accounts:?}");
        }
    }
}
