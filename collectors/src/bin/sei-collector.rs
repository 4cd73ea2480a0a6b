//! `sei-collector`: collects the configured sources at their times, as a process of its own.

mod role;

use std::sync::Arc;

use collectors::collector::Collector;
use collectors::progress::Silent;
use collectors::scheduler;
use runtime::health;
use runtime::http::{self, Hosts, Listeners};

use role::Role;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Role { settings, store, log, readiness, shutdown } = Role::start().await?;
    if settings.git.is_empty() && settings.source.is_empty() {
        tracing::info!(
            "there is nothing to collect: the settings have no [[source]] and no [[git]]; waiting for SIGHUP, which \
             reads them again"
        );
    }
    let mirrors = settings.data.folder.join("mirrors");
    let collector = Collector {
        store: store.clone(),
        log,
        mirrors,
        progress: Arc::new(|_| Box::new(Silent)),
        time_zone: settings.dora.time_zone,
    };
    let usable = || -> anyhow::Result<()> {
        collector.jobs(&role::settings()?, true, &shutdown)?;
        Ok(())
    };
    let collect = async |end: CancellationToken| {
        let jobs = collector.jobs(&settings, true, &end)?;
        let listeners = Listeners::open(&settings.server)?;
        tokio::spawn(role::watch(readiness.clone(), collector.log.clone(), end.clone()));
        let health = health::router(readiness, Hosts::of(&settings.server));
        let health = tokio::spawn(http::serve(listeners, health, settings.server.clone(), end.clone()));
        scheduler::run(jobs, end.clone()).await;
        // nothing is ever due
        end.cancelled().await;
        health.await??;
        store.close().await;
        Ok(())
    };
    runtime::reload::run(&shutdown, usable, collect).await
}
