//! `sei-dora`: the DORA engine as a process of its own. It computes what is stale, of every tenant,
//! whenever something is.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use runtime::health::{self, Check, Readiness};
use runtime::http::{self, Hosts, Listeners};
use runtime::settings::Settings;
use store::{PgConnectOptions, Store};
use tokio_util::sync::CancellationToken;

/// Computes metric facts from facts.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings; without it `./sei.toml` or `/etc/sei/sei.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides a setting, such as `dora.attribution_window=12h`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let shutdown = runtime::shutdown();
    let settings = runtime::start(arguments.config.as_deref(), &arguments.overrides)?;
    let store = Store::connect(database(&settings)?, settings.database.connections).await?;
    let usable = || database(&runtime::load(arguments.config.as_deref(), &arguments.overrides)?).map(drop);
    let compute = async |end: CancellationToken| {
        let readiness = Readiness::waiting_for(&[Check::Database]);
        let listeners = Listeners::open(&settings.server)?;
        tokio::spawn(watch(readiness.clone(), store.clone(), end.clone()));
        let health = health::router(readiness, Hosts::of(&settings.server));
        let health = tokio::spawn(http::serve(listeners, health, settings.server, end.clone()));

        dora::run(store.clone(), settings.dora, end).await?;
        health.await??;
        store.close().await;
        Ok(())
    };
    runtime::reload::run(&shutdown, usable, compute).await
}

/// Where the database is, as the settings say.
fn database(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    let url = settings.database.url.as_ref().context(
        "`database.url` is not set: an engine of its own needs the database of the others; `sei up` runs all roles on \
         one machine with a database of its own",
    )?;
    let url = runtime::secret::read(url)?;
    url.expose_str().and_then(|url| url.parse().ok()).context("`database.url` is no URL of a PostgreSQL database")
}

/// Keeps readiness up to date.
async fn watch(readiness: Readiness, store: Store, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match store.ping().await {
            Ok(()) => readiness.passed(Check::Database),
            Err(error) => readiness.failed(Check::Database, error.to_string()),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
        }
    }
    readiness.stop();
}
