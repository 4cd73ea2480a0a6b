//! `sei-collector`: collects the configured git repositories at their times, as a process of its own.

mod role;

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use chrono::Utc;
use collectors::progress::Silent;
use collectors::scheduler::{self, Job};
use collectors::{Connector, git};
use futures::FutureExt;
use kernel::Tenant;
use runtime::settings::GitSource;
use runtime::{health, http, labels};

use role::Role;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let role = Arc::new(Role::start().await?);
    ensure!(!role.settings.git.is_empty(), "there is nothing to collect: the settings have no [[git]]");
    let listener = http::listen(role.settings.server.listen).await?;
    let health = http::serve(listener, health::router(role.readiness.clone()), role.shutdown.clone());
    let health = tokio::spawn(health);
    let jobs = role.settings.git.iter().map(|source| job(&role, source)).collect::<Result<_, _>>()?;
    scheduler::run(jobs, role.shutdown.clone()).await;
    health.await??;
    role.store.close().await;
    Ok(())
}

fn job(role: &Arc<Role>, source: &GitSource) -> Result<Job, scheduler::ScheduleError> {
    let (role, job) = (Arc::clone(role), source.clone());
    Job::new(&source.url, &source.schedule, move || collect(Arc::clone(&role), job.clone()).boxed())
}

/// Collects one source; what goes wrong is tried again at its next time. At the shutdown it is left
/// where it is: what was not acknowledged is collected again.
async fn collect(role: Arc<Role>, source: GitSource) {
    let start = Instant::now();
    let mirrors = role.settings.data.folder.join("mirrors");
    let tenant = Tenant::default();
    let collected =
        git::collect(&source, git::From::Cursor, &mirrors, &tenant, &*role.log, &role.store, &Silent, Utc::now());
    let Some(collected) = role.shutdown.run_until_cancelled(collected).await else { return };
    let metrics = runtime::metrics();
    let connector = git::Git.name();
    metrics.collections.get_or_create(&labels::Worked { connector, ok: collected.is_ok() }).inc();
    metrics.collect_seconds.get_or_create(&labels::Connector { connector }).observe(start.elapsed().as_secs_f64());
    match collected {
        Ok(summary) => tracing::info!(source.name = source.url, commits = summary.commits, "collected"),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(source.name = source.url, error, "could not be collected");
        }
    }
}
