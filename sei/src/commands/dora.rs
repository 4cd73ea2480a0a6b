//! `sei dora`: the metrics, and why they are what they are.

mod explain;
mod metric;
mod window;

use anyhow::{Result, bail};
use api::questions::ReportQuestion;
use api::views;
use chrono::Utc;
use clap::{Args, Subcommand};
use dora::{Budget, MetricSettings, Scope};
use kernel::near::UnknownName;
use store::Store;
use store::queries::{self, DeploymentFilter};

use crate::cli::{ForTenant, Global, Usage};
use crate::machine::with;
use crate::output::count;
use crate::report::{self, Format};
use crate::settings::Settings;
use crate::{output, settle};

/// Show and explain the DORA metrics
#[derive(Debug, Subcommand)]
pub(crate) enum Dora {
    /// Print the five DORA metrics
    Report(Box<Report>),
    /// Explain the verdict on a deployment or a change: its commits, stages and evidence
    Explain(Explain),
    /// Compute metrics from the facts again
    Recompute(Recompute),
    /// List the metrics for `sei dora metric`: built-in and custom
    Metrics,
    /// Print metrics (flow, review, CI, planning, quality, custom), by service, team, type …
    Metric(Box<metric::Metric>),
}

const REPORT: &str = "\
Examples:
  sei dora report                                    the last 90 days of all services
  sei dora report --service checkout --window 365d --interval month --series
  sei dora report --from 2026-01-01 --to 2026-04-01 --time-zone Europe/Berlin
  sei dora report --benchmark 2025/technology        compared with the Quick Check's answers of an industry
  sei dora report --format csv > dora.csv";

#[derive(Args, Debug)]
#[command(after_help = REPORT)]
pub(crate) struct Report {
    #[command(flatten)]
    question: ReportQuestion,

    /// Show the series too (JSON and CSV always do)
    #[arg(long)]
    series: bool,

    /// The form [default: table]
    #[arg(long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A deployment's id or name (v1.4.0), a commit (7 digits at least), a change's id or #number
    id: String,

    #[command(flatten)]
    tenant: ForTenant,
}

/// Of how many deployments the ids are compared with one that nothing has.
const NEWEST: u32 = 200;

#[derive(Args, Debug)]
pub(crate) struct Recompute {
    /// Compute all services, not only those with new facts
    #[arg(long)]
    full: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

impl Dora {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Report(command) => Box::pin(command.run(settings, global)).await,
            Self::Explain(command) => command.run(settings, global).await,
            Self::Recompute(command) => command.run(settings, global).await,
            Self::Metrics => metric::list(&settings, global),
            Self::Metric(command) => Box::pin(command.run(settings, global)).await,
        }
    }
}

impl Report {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        window::check(&self.question.span, settings.dora.time_zone, Utc::now())?;
        let format = match (self.format, global.json) {
            (None | Some(Format::Json), true) => Format::Json,
            (Some(_), true) => {
                let text = "--json and --format ask for two forms: leave one of them out";
                return Err(Usage(text.to_owned()).into());
            }
            (format, false) => format.unwrap_or(Format::Table),
        };
        with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            let settings = &machine.settings.dora;
            let (about, built_in) = (self.question.services.question(), MetricSettings { dora: settings, custom: &[] });
            let asked = dora::asked_services(&store, built_in, &about);
            let first = self.question.span.first_deployment_at(asked).await?;
            // the command line works for the one who asks, so it has no budget
            let query = self.question.query(settings.time_zone, first, Budget::default()).map_err(Usage::from)?;
            let report = dora::report(&store, settings, &query).await?;
            output::print(&report::text(&report, format, demo, self.series)?)
        })
        .await
    }
}

impl Explain {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
            let Some(explanation) = dora::explain(&store, &machine.settings.dora, &self.id).await? else {
                bail!(self.nothing(&store).await?);
            };
            if global.json {
                return output::print_json(&views::Explanation::whole(explanation));
            }
            let heading = if demo { format!("{}\n", output::DEMO) } else { String::new() };
            output::print(&format!("{heading}{}", explain::text(&explanation)))
        })
        .await
    }

    /// Why there is nothing to explain, with deployments that there are.
    async fn nothing(&self, store: &Store) -> Result<String> {
        let newest = queries::deployments(store, &DeploymentFilter::default(), None, NEWEST).await?;
        let mut ids: Vec<&str> = newest.iter().map(|row| row.deployment.as_str()).collect();
        // several services may have one
        ids.dedup();
        let unknown = UnknownName::new(&self.id, ids);
        Ok(format!(
            "no deployment, change or commit has the id {unknown} (of the newest deployments; /api/v1/deployments and \
             /api/v1/changes list all)"
        ))
    }
}

impl Recompute {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let scope = if self.full { Scope::All } else { Scope::Stale };
            let summary = dora::recompute(&store, &machine.settings.dora, scope).await?;
            settle::computed(&store).await?;
            if global.json {
                return output::print_json(&summary);
            }
            output::print(&format!(
                "{}, {}, {} out of {} in {:.1} s; {} written, {} deleted",
                count(summary.services, "service"),
                count(summary.deployments, "deployment"),
                count(summary.changes, "change"),
                count(summary.commits, "commit"),
                summary.elapsed.as_secs_f64(),
                count(summary.written, "row"),
                summary.deleted
            ))
        })
        .await
    }
}
