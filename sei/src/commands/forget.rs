//! `sei forget`: deletes what is known of a repository, a source, a service, a team or a person.

use std::io::IsTerminal;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use collectors::sources::{self, ConfiguredRepository};
use connector_git as git;
use dora::Scope;
use kernel::Tenant;
use kernel::near::UnknownName;
use runtime::settings::Source;
use store::audit::{self, Action, Entry};
use store::forget::{self, DeletedRows, Forgotten};
use store::{Store, computation_queue};
use strum::Display;

use crate::actor::actor;
use crate::cli::{ForTenant, Global};
use crate::machine::{Machine, with};
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};

const EXAMPLES: &str = "\
Examples:
  sei forget repository github.com/octocat/hello-world --dry-run    what would be deleted, per table
  sei forget repository github.com/octocat/hello-world --yes
  sei forget source git//nope                                       a mistyped `sei collect git /nope`
  sei forget service checkout

Accounts stay: they are of people, whom other repositories, services and `sei people` may name.

What is forgotten stays gone: only a source that reports it once more, and `sei events replay`, which reads the log
from its beginning, bring it back.";

/// Delete what is known of a repository, a source, a service, a team or a person
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Forget {
    /// Its kind
    #[arg(value_enum)]
    kind: Kind,

    /// Its name, as `sei status` and `sei people` show it
    name: String,

    /// Show what would be deleted, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,

    /// Confirm: needed on a terminal
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Display)]
#[strum(serialize_all = "snake_case")]
enum Kind {
    /// Its facts, the metrics of its service, its cursor and its mirror; accounts are kept
    Repository,
    /// Its state and cursors; facts are kept
    Source,
    /// A service, with the deployments and incidents that name it
    Service,
    /// A team
    Team,
    /// A person; accounts are kept
    Person,
}

impl Kind {
    /// Where all of them are listed.
    const fn listed(self) -> &'static str {
        match self {
            Self::Repository => "all are listed by /api/v1/repositories",
            Self::Source | Self::Service => "all are listed by `sei status`",
            Self::Team => "/api/v1/services names the team of each service",
            Self::Person => "all are listed by `sei people`",
        }
    }

    const fn forgotten(self) -> Forgotten {
        match self {
            Self::Repository => Forgotten::Repository,
            Self::Source => Forgotten::Source,
            Self::Service => Forgotten::Service,
            Self::Team => Forgotten::Team,
            Self::Person => Forgotten::Person,
        }
    }
}

impl Forget {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        self.check_not_configured(&settings)?;
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            if !self.dry_run {
                // what the log still holds would bring it back
                let log = machine.log().await?;
                settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
            }
            let deleted = self.delete(&store).await?;
            if !self.dry_run {
                self.delete_mirrors(machine)?;
                dora::recompute(&store, &machine.settings.dora, Scope::Stale).await?;
                settle::computed(&store).await?;
            }
            self.print(&deleted, global)
        })
        .await
    }

    /// Fails if the settings say that the tenant is to know it. Services, teams and persons of the settings are those of
    /// the default tenant.
    fn check_not_configured(&self, settings: &Settings) -> Result<()> {
        let name = &self.name;
        let tenant = &self.tenant.tenant;
        let is_default = *tenant == Tenant::default();
        let repositories = sources::repositories(&settings.source)?;
        let mut git =
            repositories.iter().filter(|repository| repository.tenant == *tenant).map(|repository| &repository.source);
        let is_pulled = |source: &Source| {
            source.full_name() == *name && pull::tenant(source).is_ok_and(|receiver| receiver == *tenant)
        };
        let of_repository = |url: &str| git::repository_of(&git::shown(url)).is_some_and(|id| id.as_str() == name);
        let section = match self.kind {
            Kind::Repository => git
                .any(|source| source.repository.as_ref() == Some(name) || of_repository(&source.url))
                .then_some("[[source]]"),
            Kind::Source => (git.any(|source| git::source_name(&source.url) == *name)
                || sources::pulled(&settings.source).any(is_pulled))
            .then_some("[[source]]"),
            Kind::Service | Kind::Team | Kind::Person if !is_default => None,
            Kind::Service => settings.service.iter().any(|service| service.name == *name).then_some("[[service]]"),
            Kind::Team => settings.team.iter().any(|team| team.name == *name).then_some("[[team]]"),
            Kind::Person => settings.person.iter().any(|person| person.name == *name).then_some("[[person]]"),
        };
        match section {
            Some(section) => bail!(
                "the {} `{name}` is in the settings and would come back: take it out of {section} first",
                self.kind
            ),
            None => Ok(()),
        }
    }

    /// Deletes it, or, for a dry run, finds out what would go.
    async fn delete(&self, store: &Store) -> Result<Vec<DeletedRows>> {
        let (kind, name) = (self.kind, &self.name);
        let mut tx = store.begin().await?;
        // no computation writes what is deleted here
        computation_queue::stop_all(&mut tx).await?;
        let known = forget::names(&mut tx, kind.forgotten()).await?;
        let mut deleted = forget::forget(&mut tx, kind.forgotten(), name).await?;
        if kind == Kind::Repository {
            for source in git_sources(&mut tx, name).await? {
                deleted.extend(forget::forget(&mut tx, Forgotten::Source, &source).await?);
            }
        }
        if deleted.is_empty() {
            let unknown = UnknownName::new(name, known.iter().map(String::as_str));
            bail!("there is no {kind} {unknown} ({})", kind.listed());
        }
        if self.dry_run {
            tx.rollback().await?;
        } else if !self.yes && std::io::stdin().is_terminal() {
            bail!(
                "this deletes {} of the {} `{name}` for good: say --yes if you mean it, --dry-run shows which",
                count(rows(&deleted), "row"),
                kind
            );
        } else {
            let subject = if kind == Kind::Person { kind.to_string() } else { format!("{kind} {name}") };
            let entry = Entry::new(actor(), Action::Forgotten, subject).of(store.tenant());
            audit::record(&mut tx, &entry.with(serde_json::json!({ "rows": rows(&deleted) }))).await?;
            tx.commit().await?;
        }
        Ok(deleted)
    }

    /// Deletes the clone of a remote repository, unless another tenant has it too.
    fn delete_mirrors(&self, machine: &Machine) -> Result<()> {
        let url = match self.kind {
            Kind::Repository => format!("https://{}", self.name),
            Kind::Source => git::source_address(&self.name).unwrap_or_default().to_owned(),
            Kind::Service | Kind::Team | Kind::Person => return Ok(()),
        };
        let mirrors = machine.directory.mirrors();
        let configured = sources::repositories(&machine.settings.source)?;
        for url in [format!("{url}.git"), url] {
            let Some(mirror) = git::mirror(&url, &mirrors).filter(|mirror| mirror.exists()) else { continue };
            let used =
                |other: &ConfiguredRepository| git::mirror(&other.source.url, &mirrors).as_ref() == Some(&mirror);
            if configured.iter().any(used) {
                continue;
            }
            std::fs::remove_dir_all(&mirror)
                .with_context(|| format!("the clone `{}` can't be deleted", mirror.display()))?;
        }
        Ok(())
    }

    fn print(&self, deleted: &[DeletedRows], global: &Global) -> Result<()> {
        if global.json {
            let tables = deleted.iter().map(|one| serde_json::json!({ "table": one.table, "rows": one.rows }));
            let tables: Vec<_> = tables.collect();
            return output::print_json(&serde_json::json!({ "dry_run": self.dry_run, "deleted": tables }));
        }
        let mut table = output::table(&["table", "rows"]);
        for one in deleted {
            table.add_row([one.table.to_owned(), one.rows.to_string()]);
        }
        let (noun, name) = (self.kind, &self.name);
        let words = if self.dry_run { "would be forgotten" } else { "is forgotten" };
        output::print(&format!("{table}\nThe {noun} `{name}` {words}: {}.", count(rows(deleted), "row")))
    }
}

fn rows(deleted: &[DeletedRows]) -> u64 {
    deleted.iter().map(|one| one.rows).sum()
}

/// The sources that a repository was collected by, as far as their addresses say so.
async fn git_sources(tx: &mut store::StoreTx, repository: &str) -> Result<Vec<String>> {
    let mut sources = forget::names(tx, Forgotten::Source).await?;
    sources.retain(|source| {
        git::source_address(source).and_then(git::repository_of).is_some_and(|id| id.as_str() == repository)
    });
    Ok(sources)
}
