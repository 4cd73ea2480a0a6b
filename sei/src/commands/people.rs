//! `sei people`: who is who, and correcting it.

use anyhow::{Result, anyhow};
use api::Changer;
use api::person_changes::PersonChanges;
use api::person_views::PersonView;
use api::views::join_reason;
use clap::{Args, Subcommand};
use dora::Scope;
use kernel::people::statements::PeopleChange;
use kernel::people::{self, JoinedPerson};
use kernel::{Account, AccountId, Person};
use store::Store;

use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};

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
pub(crate) struct PeopleCommand {
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

impl PeopleCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match &self.action {
            None => self.list(settings, global).await,
            Some(Action::Merge(statement)) => statement.run(settings, global, PeopleChange::Merge).await,
            Some(Action::Split(statement)) => statement.run(settings, global, PeopleChange::Split).await,
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
    async fn run(&self, settings: Settings, global: &Global, change: PeopleChange) -> Result<()> {
        let named: Vec<AccountId> = self.accounts.iter().map(|id| AccountId(id.to_lowercase())).collect();
        with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            let log = machine.log().await?;
            let by = Changer { actor: actor(), address: None };
            let to = PersonChanges { store: &store, log: &log, bots: &machine.settings.dora.bots, own: &[] };
            let joined = to.change(&by, change, &self.name, &named).await.map_err(|problem| anyhow!(problem.detail))?;
            settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
            if global.json { output::print_json(&joined) } else { output::print(&text(&joined, demo)) }
        })
        .await
    }
}

/// What is known of accounts, with those marked as bots that the settings name.
pub(crate) async fn read(store: &Store, bots: &[String]) -> Result<(Vec<Account>, Vec<Person>)> {
    let (mut accounts, persons) = store::people::all(store).await?;
    people::mark_bots(&mut accounts, bots);
    Ok((accounts, persons))
}

fn text(joined: &[JoinedPerson], demo: bool) -> String {
    let mut table = output::table(&["person", "accounts", "joined by"]);
    for human in joined {
        let accounts: Vec<&str> = human.accounts.iter().map(AccountId::as_str).collect();
        let because: Vec<String> = human.because.iter().map(join_reason).collect();
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
