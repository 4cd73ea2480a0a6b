//! `sei status`: where everything stands.

use anyhow::Result;
use api::views;
use chrono::{DateTime, Utc};
use clap::Args;
use connector_git as git;
use dora::Unit;
use eventlog::settings::LogKind;
use runtime::settings::Source as SourceSettings;
use serde::Serialize;
use store::Store;
use store::source_state::SourceState;

use crate::cli::{ForTenant, Global};
use crate::machine::{Machine, with};
use crate::output::{Table, count};
use crate::settings::Settings;
use crate::{output, settle};

/// Services that are listed.
const MAX_SERVICES: u32 = 1000;

/// Show the state of sources, the log, events and computations
#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Serialize)]
struct Snapshot {
    tenant: String,
    demo: bool,
    database: &'static str,
    log: Log,
    events: Vec<Count>,
    dead_letters: i64,
    stale: bool,
    sources: Vec<Source>,
    services: Vec<Service>,
}

#[derive(Serialize)]
struct Log {
    kind: LogKind,
    topic: String,
    partitions: Vec<Partition>,
}

#[derive(Serialize)]
struct Partition {
    #[serde(rename = "partition")]
    number: i32,
    end: i64,
    lag: i64,
}

#[derive(Serialize)]
struct Count {
    source: String,
    kind: String,
    outcome: &'static str,
    reason: String,
    events: i64,
}

#[derive(Default, Serialize)]
struct Source {
    #[serde(rename = "source")]
    name: String,
    /// `None` if its first attempt has not ended yet.
    attempted_at: Option<DateTime<Utc>>,
    succeeded_at: Option<DateTime<Utc>>,
    /// Seconds for which nothing is known of it.
    lag: Option<i64>,
    cursor_saved_at: Option<DateTime<Utc>>,
    fetched: i64,
    budget_left: Option<i64>,
    budget_resets_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    error: Option<String>,
    /// What the last pull went on past.
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Service {
    /// As the API lists it.
    #[serde(flatten)]
    listed: views::Service,
    /// Why it could not be computed last.
    error: Option<String>,
}

impl Status {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let snapshot = self.snapshot(machine).await?;
            if global.json { output::print_json(&snapshot) } else { output::print(&snapshot.text()) }
        })
        .await
    }

    async fn snapshot(&self, machine: &Machine) -> Result<Snapshot> {
        let (store, demo) = machine.tenant(&self.tenant.tenant).await?;
        let log = machine.log().await?;
        let ends = log.ends().await?;
        let lag = settle::lag(&store, log.as_ref(), &ends).await?;
        let partitions = ends.iter().zip(lag).map(|(end, (number, lag))| Partition { number, end: end.next, lag });
        let counts = store::counts::all(&store).await?;
        let services = store::queries::services(&store, None, MAX_SERVICES).await?;
        Ok(Snapshot {
            tenant: self.tenant.tenant.to_string(),
            demo,
            database: if machine.settings.database.url.is_some() { "database.url" } else { "private cluster" },
            log: Log {
                kind: machine.settings.log.kind,
                topic: log.topic().to_owned(),
                partitions: partitions.collect(),
            },
            events: counts
                .into_iter()
                .map(|count| Count {
                    outcome: count.outcome.as_str(),
                    source: count.source,
                    kind: count.kind,
                    reason: count.reason,
                    events: count.events,
                })
                .collect(),
            dead_letters: store::dead_letters::count(&store).await?,
            stale: store::invalidations::any(&store).await?,
            sources: self.sources(&store, &machine.settings).await?,
            services: services
                .into_iter()
                .map(|mut row| Service { error: row.error.take(), listed: row.into() })
                .collect(),
        })
    }
}

impl Status {
    /// The sources that were tried, and those of the settings that were not yet.
    async fn sources(&self, store: &Store, settings: &Settings) -> Result<Vec<Source>> {
        let tenant = &self.tenant.tenant;
        let repositories = collectors::sources::repositories(&settings.source)?;
        let git = repositories.iter().filter(|repository| repository.tenant == *tenant);
        let pulled = collectors::sources::pulled(&settings.source)
            .filter(|source| source.tenant.as_deref().unwrap_or("main") == tenant.as_str());
        let git = git.map(|repository| git::source_name(&repository.source.url));
        let configured = git.chain(pulled.map(SourceSettings::full_name));
        let mut sources: Vec<Source> = store::source_state::all(store).await?.into_iter().map(Source::of).collect();
        for name in configured {
            if sources.iter().all(|source| source.name != name) {
                sources.push(Source { name, ..Source::default() });
            }
        }
        Ok(sources)
    }
}

impl Snapshot {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        if self.demo {
            lines.push(output::DEMO.to_owned());
        }
        let lag: i64 = self.log.partitions.iter().map(|partition| partition.lag).sum();
        let end: i64 = self.log.partitions.iter().map(|partition| partition.end).sum();
        lines.push(format!("tenant {}, database: {}", self.tenant, self.database));
        let events = count(end, "event");
        lines
            .push(format!("log {}: {events}, {lag} not processed yet, {} rejected", self.log.topic, self.dead_letters));
        if self.stale {
            lines.push("some metrics are being computed".to_owned());
        }
        let time = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
        let mut table = output::table(&["source", "last success", "lag", "cursor", "received", "budget left", "error"]);
        for source in &self.sources {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            table.add_row([
                source.name.clone(),
                or_none(source.succeeded_at.as_ref().map(time)),
                or_none(source.lag.map(|seconds| Unit::Seconds.text(seconds as f64))),
                or_none(source.cursor_saved_at.as_ref().map(time)),
                source.fetched.to_string(),
                or_none(source.budget_left.map(|left| left.to_string())),
                source.remarks(),
            ]);
        }
        push(&mut lines, &table);
        let mut table = output::table(&["source", "kind", "outcome", "reason", "events"]);
        for count in &self.events {
            let events = count.events.to_string();
            table.add_row([&count.source, &count.kind, count.outcome, &count.reason, &events]);
        }
        push(&mut lines, &table);
        let mut table =
            output::table(&["service", "measured by", "deployments", "changes", "commits", "computed", "error"]);
        for Service { listed: service, error } in &self.services {
            table.add_row([
                service.name.clone(),
                service.source.clone().unwrap_or_else(|| "–".to_owned()),
                service.deployments.to_string(),
                service.changes.to_string(),
                format!("{}{}", service.commits, if service.partial { " (partial)" } else { "" }),
                time(&service.computed_at),
                error.clone().unwrap_or_default(),
            ]);
        }
        push(&mut lines, &table);
        lines.join("\n")
    }
}

impl Source {
    /// What is wrong with it, a line each.
    fn remarks(&self) -> String {
        if self.attempted_at.is_none() {
            return "no attempt has ended yet; the log of `sei up` shows what it waits for".to_owned();
        }
        self.error.iter().chain(&self.problems).cloned().collect::<Vec<_>>().join("\n")
    }

    fn of(state: SourceState) -> Self {
        Self {
            lag: state.complete_until.map(|until| (Utc::now() - until).num_seconds().max(0)),
            attempted_at: state.health().map(|_| state.attempted_at),
            name: state.source,
            succeeded_at: state.succeeded_at,
            cursor_saved_at: state.cursor_saved_at,
            fetched: state.fetched,
            budget_left: state.budget_left,
            budget_resets_at: state.budget_resets_at,
            failed_at: state.failed_at,
            error: state.error,
            problems: state.problems,
        }
    }
}

/// A table, unless there is nothing in it.
fn push(lines: &mut Vec<String>, table: &Table) {
    if !table.is_empty() {
        lines.push(format!("\n{table}"));
    }
}
