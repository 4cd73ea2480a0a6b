//! `sei-api`: the API and the page as a process of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use api::ApiState;
use clap::Parser;
use runtime::health::{self, Check, Readiness};
use runtime::http::{self, Hosts, Listeners};
use runtime::settings::Settings;
use store::{PgConnectOptions, Store};
use tokio_util::sync::CancellationToken;

/// How often readiness looks at the database.
const LOOK: Duration = Duration::from_secs(5);

/// Answers what the engine computed, over REST, GraphQL and a page.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings; without it `./sei.toml` or `/etc/sei/sei.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides a setting, such as `server.listen=0.0.0.0:8080`. May be given several times.
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
    let serve = async |end: CancellationToken| {
        let listeners = Listeners::open(&settings.server)?;
        let readiness = Readiness::waiting_for(&[Check::Database, Check::Answers]);
        let state = ApiState::new(&store, &settings);
        tokio::spawn(watch(readiness.clone(), store.clone(), state.clone(), end.clone()));
        let health = health::router(readiness, Hosts::of(&settings.server));
        let router = health.merge(api::router(state.clone()));
        http::serve(listeners, router, settings.server, end).await?;
        state.close().await;
        store.close().await;
        Ok(())
    };
    runtime::reload::run(&shutdown, usable, serve).await
}

/// Where the database is, as the settings say.
fn database(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    let url = settings.database.url.as_ref().context(
        "`database.url` is not set: an API of its own needs the database of the others; `sei up` runs all roles on \
         one machine with a database of its own",
    )?;
    let url = runtime::secret::read(url)?;
    url.expose_str().and_then(|url| url.parse().ok()).context("`database.url` is no URL of a PostgreSQL database")
}

/// Keeps readiness up to date.
async fn watch(readiness: Readiness, store: Store, api: ApiState, shutdown: CancellationToken) {
    loop {
        match store.ping().await {
            Ok(()) => readiness.passed(Check::Database),
            Err(error) => readiness.failed(Check::Database, error.to_string()),
        }
        api.check_answers(&readiness).await;
        if shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return readiness.stop();
        }
    }
}
