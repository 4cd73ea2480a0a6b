//! `sei-collector`: collects the configured sources at their times, as a process of its own.

mod role;

use std::sync::Arc;

use collectors::collector::Collector;
use collectors::progress::Silent;
use collectors::scheduler;
use runtime::health;
use runtime::http::{self, Hosts, Listeners};

use role::Role;

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
    let jobs = collector.jobs(&settings, true, &shutdown)?;
    let listeners = Listeners::open(&settings.server)?;
    let health = health::router(readiness, Hosts::of(&settings.server));
    let health = tokio::spawn(http::serve(listeners, health, settings.server.clone(), shutdown.clone()));
    let usable = || -> anyhow::Result<()> {
        collector.jobs(&role::settings()?, true, &shutdown)?;
        Ok(())
    };
    let work = async {
        scheduler::run(jobs, shutdown.clone()).await;
        // nothing is ever due
        shutdown.cancelled().await;
    };
    let reload = tokio::select! {
        () = work => false,
        () = runtime::reload::asked(usable) => true,
    };
    shutdown.cancel();
    health.await??;
    store.close().await;
    if reload { Err(role::restart()) } else { Ok(()) }
}
