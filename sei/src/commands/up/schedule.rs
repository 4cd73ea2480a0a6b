//! Collecting each source when its schedule says so. A source that fails does not hold up the others; it
//! is tried again at its next time.

use std::str::FromStr;

use anyhow::{Context, Error, Result};
use chrono::Utc;
use collectors::git::{self, Summary};
use cron::Schedule;
use eventlog::EventLog;
use kernel::Tenant;
use runtime::labels;
use runtime::settings::GitSource;

use crate::machine::Machine;
use crate::progress::Shown;

/// The connector, as metrics name it.
const CONNECTOR: &str = "git";

/// Collects until the end.
pub(super) async fn run(machine: &Machine, log: &dyn EventLog) -> Result<()> {
    let mut due = Vec::new();
    for source in &machine.settings.git {
        let schedule = Schedule::from_str(&source.schedule)
            .with_context(|| format!("the schedule `{}` of `{}` can't be read", source.schedule, source.url))?;
        due.push((source, schedule));
    }
    loop {
        let next = due.iter().filter_map(|(source, schedule)| Some((schedule.upcoming(Utc).next()?, *source)));
        let Some(at) = next.clone().map(|(at, _)| at).min() else {
            // nothing is ever due: there is nothing to collect, or only in the past
            return std::future::pending().await;
        };
        let now: Vec<&GitSource> = next.filter(|(next, _)| *next == at).map(|(_, source)| source).collect();
        tokio::time::sleep((at - Utc::now()).to_std().unwrap_or_default()).await;
        for source in now {
            match collect(machine, log, source).await {
                Ok(summary) if summary.changed => tracing::info!("{}", super::super::collect::line(&summary)),
                Ok(_) => {}
                Err(error) => tracing::error!(source.name = source.url, "{error:#}"),
            }
        }
    }
}

/// Collects one source, and counts that.
pub(super) async fn collect(machine: &Machine, log: &dyn EventLog, source: &GitSource) -> Result<Summary> {
    let progress = Shown::new(&source.url);
    let (mirrors, tenant) = (machine.folder.mirrors(), Tenant::default());
    let start = std::time::Instant::now();
    let collected =
        git::collect(source, git::From::Cursor, &mirrors, &tenant, log, &machine.store, &progress, Utc::now()).await;
    let metrics = runtime::metrics();
    metrics.collections.get_or_create(&labels::Worked { connector: CONNECTOR, ok: collected.is_ok() }).inc();
    let seconds = metrics.collect_seconds.get_or_create(&labels::Connector { connector: CONNECTOR });
    seconds.observe(start.elapsed().as_secs_f64());
    drop(seconds);
    collected.map_err(Error::from).with_context(|| format!("`{}` could not be collected", source.url))
}
