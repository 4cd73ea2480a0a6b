//! `sei collect`.

mod failures;
mod pulled;

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use collectors::sources::{self, ConfiguredRepository};
use connector_git::{self as git, Summary};
use dora::Scope;
use kernel::Tenant;

use crate::cli::Global;
use crate::machine::with;
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};
use failures::failed;
use pulled::Pulled;

/// Collect from a source once
#[derive(Debug, Subcommand)]
pub(crate) enum Collect {
    /// Collect new commits and tags of git repositories
    Git(Git),
    /// Pull new data from GitHub
    Github(Pulled),
    /// Pull new data from GitLab
    Gitlab(Pulled),
    /// Pull new data from Jira
    Jira(Pulled),
    /// Pull new data from Jenkins
    Jenkins(Pulled),
    /// Pull new data from CircleCI
    Circleci(Pulled),
    /// Pull new data from PagerDuty
    Pagerduty(Pulled),
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
            Self::Github(command) => command.run("github", settings, global).await,
            Self::Gitlab(command) => command.run("gitlab", settings, global).await,
            Self::Jira(command) => command.run("jira", settings, global).await,
            Self::Jenkins(command) => command.run("jenkins", settings, global).await,
            Self::Circleci(command) => command.run("circleci", settings, global).await,
            Self::Pagerduty(command) => command.run("pagerduty", settings, global).await,
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
                let from = if self.full { git::From::Start } else { git::From::Cursor };
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
pub(crate) fn line(summary: &Summary) -> String {
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
