//! What the programs of this crate share: arguments, settings, database, log, readiness, shutdown.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use eventlog::EventLog;
use runtime::health::{Check, Readiness};
use runtime::settings::Settings;
use store::{PgConnectOptions, Store};
use tokio_util::sync::CancellationToken;

/// How often readiness looks at the log.
const LOOK: Duration = Duration::from_secs(5);

/// The arguments of a role of its own.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    /// The settings; without it `./sei.toml` or `/etc/sei/sei.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides a setting, such as `log.kind=kafka`. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// A role that has what it works with.
pub struct Role {
    /// The settings.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// Whether it may get traffic.
    pub readiness: Readiness,
    /// Asks it to end.
    pub shutdown: CancellationToken,
}

impl Role {
    /// Reads the settings and opens database and log.
    pub async fn start() -> anyhow::Result<Self> {
        let arguments = Arguments::parse();
        let shutdown = runtime::shutdown();
        let settings = runtime::start(arguments.config.as_deref(), &arguments.overrides)?;
        let store = connect(&settings).await?;
        let log = eventlog::open(&settings.log, &store).await?;
        let readiness = Readiness::waiting_for(&[Check::Log]);
        Ok(Self { settings, store, log, readiness, shutdown })
    }
}

/// The settings as they are now.
pub fn settings() -> anyhow::Result<Settings> {
    let arguments = Arguments::parse();
    Ok(runtime::load(arguments.config.as_deref(), &arguments.overrides)?)
}

async fn connect(settings: &Settings) -> anyhow::Result<Store> {
    let url = settings.database.url.as_ref().context(
        "`database.url` is not set: a role of its own needs the database of the others; `sei up` runs all roles on \
         one machine with a database of its own",
    )?;
    let url = runtime::secret::read(url).context("`database.url` can't be read")?;
    let options: PgConnectOptions = url
        .expose_str()
        .and_then(|url| url.parse().ok())
        .context("`database.url` is no URL of a PostgreSQL database")?;
    Ok(Store::connect(options, settings.database.connections).await?)
}

/// Keeps readiness up to date.
pub async fn watch(readiness: Readiness, log: Arc<dyn EventLog>, shutdown: CancellationToken) {
    loop {
        match log.ends().await {
            Ok(_) => readiness.passed(Check::Log),
            Err(error) => readiness.failed(Check::Log, error.to_string()),
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return readiness.stop();
        }
    }
}
