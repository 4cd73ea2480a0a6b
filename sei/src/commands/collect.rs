//! `sei collect`.

mod failures;
mod pulled;

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow, bail};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};
use collectors::sources::{self, ConfiguredRepository};
use connector::Connector;
use connector_git::{self as git, CollectionSummary};
use dora::Scope;
use kernel::Tenant;

use crate::cli::Global;
use crate::machine::with;
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};
use failures::failed;
use pulled::Pulled;

/// Collect from a source once. Each connector of the registry whose sources are fetched page by page has a command.
#[derive(Debug)]
pub(crate) enum Collect {
    Git(Git),
    /// The connector of this name.
    Pulled(&'static str, Pulled),
}

impl Subcommand for Collect {
    fn augment_subcommands(command: Command) -> Command {
        let git = Git::augment_args(Command::new(git::CONNECTOR.name()));
        registry::paged().map(pulled::command).fold(command.subcommand(git), Command::subcommand)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        name == git::CONNECTOR.name() || registry::paged().any(|connector| connector.name() == name)
    }
}

impl FromArgMatches for Collect {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let missing =
            || -> Error { Error::raw(ErrorKind::MissingSubcommand, "found no connector, expected one such as `git`") };
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        match registry::paged().find(|connector| connector.name() == name) {
            Some(connector) => Ok(Self::Pulled(connector.name(), Pulled::from_arg_matches(matches)?)),
            None => Ok(Self::Git(Git::from_arg_matches(matches)?)),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  sei collect git                                    the repositories of the settings
  sei collect git ~/src/shop https://github.com/octocat/hello-world.git
  sei collect git . --tag-pattern '^release-' --line-counts
  sei collect git . --deployment-branch main         each merge to main is a deployment

Works with and without a running `sei up` on the same data directory.";

/// How repositories that are named on the command line are collected.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct GitOptions {
    /// Tags that are deployments, a regular expression; version tags without it
    #[arg(long, value_name = "REGEX")]
    tag_pattern: Option<String>,

    /// A branch each merge (or push) to which is a deployment
    #[arg(long, value_name = "BRANCH")]
    deployment_branch: Option<String>,

    /// Count changed lines (slower)
    #[arg(long)]
    line_counts: bool,
}

/// Collect new commits and tags of git repositories
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Git {
    /// Paths or URLs; without any, those of the settings
    repositories: Vec<String>,

    #[command(flatten)]
    options: GitOptions,

    /// Return once the history is in the log, without waiting until it is stored and computed
    #[arg(long)]
    no_wait: bool,

    /// Collect everything again
    #[arg(long)]
    full: bool,

    /// Whose data; `main` without it
    #[arg(long, value_name = "NAME")]
    tenant: Option<Tenant>,
}

impl GitOptions {
    /// Whether no option is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.tag_pattern.is_none() && self.deployment_branch.is_none() && !self.line_counts
    }

    /// The repositories at these URLs, or all of the settings without any: as the settings have them where they do, with
    /// these options over that.
    pub(crate) fn repositories(
        &self,
        urls: &[String],
        configured: &[ConfiguredRepository],
    ) -> Vec<ConfiguredRepository> {
        let named = |url: &String| {
            let known = configured.iter().find(|repository| repository.source.url == *url).cloned();
            known.unwrap_or_else(|| ConfiguredRepository::new(url.clone()))
        };
        let mut repositories: Vec<ConfiguredRepository> =
            if urls.is_empty() { configured.to_vec() } else { urls.iter().map(named).collect() };
        for ConfiguredRepository { source, .. } in &mut repositories {
            if let Some(pattern) = &self.tag_pattern {
                source.tag_pattern.clone_from(pattern);
            }
            if self.deployment_branch.is_some() {
                source.deployment_branch.clone_from(&self.deployment_branch);
            }
            source.line_counts |= self.line_counts;
        }
        repositories
    }
}

impl Collect {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Git(command) => command.run(settings, global).await,
            Self::Pulled(connector, command) => Box::pin(command.run(connector, settings, global)).await,
        }
    }
}

impl Git {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let mut repositories = self.options.repositories(&self.repositories, &sources::repositories(&settings.source)?);
        if repositories.is_empty() {
            bail!(
                "no repository to collect: name one (`sei collect git PATH`), or list them in the settings: [[source]] \
                 with `connector = \"git\"`"
            );
        }
        if let Some(tenant) = &self.tenant {
            for repository in &mut repositories {
                repository.tenant.clone_from(tenant);
            }
        }
        let tenants: BTreeSet<&Tenant> = repositories.iter().map(|repository| &repository.tenant).collect();
        with(settings, async |machine| {
            let mut stores = Vec::new();
            for tenant in tenants {
                // a name on the command line may be mistyped
                stores.push(match &self.tenant {
                    Some(_) => machine.tenant(tenant).await?.0,
                    None => machine.configured_tenant(tenant).await?,
                });
            }
            let log = machine.log().await?;
            let collector = machine.collector(&log);
            let (mut summaries, mut failures) = (Vec::new(), Vec::new());
            for ConfiguredRepository { source, tenant, .. } in &repositories {
                let from = if self.full { git::CollectFrom::Start } else { git::CollectFrom::Cursor };
                let collected = Box::pin(collector.git(source, from, tenant)).await;
                let what = || format!("`{}` could not be collected", git::shown(&source.url));
                // one repository that can't be read says nothing about the others
                match collected.with_context(what) {
                    Ok(summary) => {
                        let missing = summary.missing_branch.as_ref();
                        failures.extend(missing.map(|missing| anyhow!("{}: {missing}", summary.repository)));
                        summaries.push(summary);
                    }
                    Err(failure) => failures.push(failure),
                }
            }
            for store in stores.iter().filter(|_| !self.no_wait) {
                settle::settle(store, &log, &machine.settings.dora, Scope::Stale).await?;
            }
            if global.json {
                output::print_json(&summaries)?;
            } else if !summaries.is_empty() {
                output::print(&summaries.iter().map(line).collect::<Vec<_>>().join("\n"))?;
            }
            failed(failures, "repositories", repositories.len())
        })
        .await
    }
}

/// A collection in words.
pub(crate) fn line(summary: &CollectionSummary) -> String {
    let first = format!(
        "{}: {}, {}, {} in {:.1} s ({}, {})",
        summary.repository,
        count(summary.commits, "new commit"),
        count(summary.changes, "change"),
        count(summary.deployments, "deployment"),
        summary.elapsed.as_secs_f64(),
        count(summary.branches, "branch"),
        count(summary.tags, "tag")
    );
    let notes = summary.warnings.iter().map(|warning| format!("  note: {warning}"));
    std::iter::once(first).chain(notes).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connector_with_a_pull_side_has_a_command_with_help_of_its_own() {
        let collect = Collect::augment_subcommands(Command::new("collect"));
        let names: Vec<&str> = collect.get_subcommands().map(Command::get_name).collect();
        let pulled: Vec<&str> = registry::pulled().iter().map(|pull| pull.name()).collect();
        assert_eq!(names, pulled);
        for command in collect.get_subcommands() {
            let (name, text) = (command.get_name(), |of: Option<&clap::builder::StyledStr>| of.unwrap().to_string());
            assert!(Collect::has_subcommand(name), "{name}");
            assert!(text(command.get_after_help()).contains(&format!("sei collect {name} ")), "{name}");
            // what is pulled, and not only that something is
            assert!(text(command.get_about()).len() > "Pull new data from ".len(), "{name}");
        }
        let github = collect.find_subcommand("github").unwrap();
        assert_eq!(github.get_about().unwrap().to_string(), "Pull new data from GitHub's API");
        assert!(github.get_long_about().unwrap().to_string().contains("deployments, releases, workflow runs"));
    }

    #[test]
    fn a_command_is_of_its_connector() {
        let read = |arguments: &[&str]| {
            let matches = Collect::augment_subcommands(Command::new("collect")).try_get_matches_from(arguments);
            matches.and_then(|matches| Collect::from_arg_matches(&matches))
        };
        assert!(matches!(read(&["collect", "jira", "main", "--full"]), Ok(Collect::Pulled("jira", _))));
        assert!(matches!(read(&["collect", "git", ".", "--line-counts"]), Ok(Collect::Git(_))));
        assert!(read(&["collect", "jira", "--line-counts"]).is_err() && read(&["collect", "tekton"]).is_err());
        assert_eq!(read(&["collect"]).unwrap_err().kind(), ErrorKind::MissingSubcommand);
    }
}
