//! What almost every command needs: the database (a private cluster, or the one that the settings name),
//! the event log, the settings.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use chrono::Utc;
use collectors::collector::Collector;
use dora::Scope;
use eventlog::EventLog;
use kernel::Tenant;
use kernel::near::UnknownName;
use runtime::role;
use store::{ClusterError, PgConnectOptions, PrivateCluster, ServerNeeds, Store, Timescale};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::declare::declare;
use crate::directory::DataDirectory;
use crate::progress::Shown;
use crate::settings::Settings;

/// The opened parts.
pub(crate) struct Machine {
    pub(crate) settings: Settings,
    pub(crate) directory: DataDirectory,
    pub(crate) store: Store,
    database: Option<PrivateDatabase>,
    /// What the migration found, of a private cluster.
    migrated: Option<Timescale>,
}

/// Opens the machine for a command that ends soon, and closes it when the command's work is done, or has
/// failed, or was interrupted.
pub(crate) async fn with(settings: Settings, work: impl AsyncFnOnce(&Machine) -> Result<()>) -> Result<()> {
    let shutdown = runtime::shutdown();
    let directory = DataDirectory::open(&settings.data.directory)?;
    // opening takes much room, which the command's work would have to carry along
    let opened = Box::pin(Machine::open(settings, directory, None, &shutdown)).await?;
    let Some(machine) = opened else { bail!("interrupted") };
    let result = tokio::select! {
        result = work(&machine) => result,
        () = shutdown.cancelled() => Err(anyhow!("interrupted")),
    };
    result.and(machine.close().await)
}

/// The private cluster, until it is left.
#[derive(Clone)]
pub(crate) struct PrivateDatabase(Arc<Mutex<Option<PrivateCluster>>>);

impl Machine {
    /// Opens the database. A private cluster is joined where it runs, else started, and its schema is
    /// brought up to date; another database is left as it is. None if the shutdown came before it was open.
    /// `analytics_port` is that of a private cluster for BI tools.
    pub(crate) async fn open(
        settings: Settings,
        directory: DataDirectory,
        analytics_port: Option<u16>,
        shutdown: &CancellationToken,
    ) -> Result<Option<Self>> {
        let (options, database) = if settings.database.url.is_some() {
            if analytics_port.is_some() {
                bail!(
                    "--analytics-port is the port of the private database; BI tools reach that of `database.url` as it is"
                )
            }
            (Store::options_of(&role::database_url(&settings.database)?)?, None)
        } else {
            // one that is given up halfway ends what it has started
            let needs = ServerNeeds { connections: settings.database.connections, analytics_port };
            let Some((database, options)) = PrivateDatabase::start(&directory, needs, shutdown).await? else {
                return Ok(None);
            };
            (options, Some(database))
        };
        let store = Store::lazy(options, settings.database.connections);
        let opened = async {
            store.ping().await?;
            if database.is_none() {
                return Ok(None);
            }
            let migrated = store.migrate().await;
            migrated.map(Some).context("the schema of the private database can't be brought up to date")
        };
        let failed = match shutdown.run_until_cancelled(opened).await {
            Some(Ok(migrated)) => return Ok(Some(Self { settings, directory, store, database, migrated })),
            Some(Err(error)) => Some(error.context("the database can't be used")),
            None => None,
        };
        close(&store, database).await?;
        failed.map_or(Ok(None), Err)
    }

    /// Brings the schema up to date. That of a private cluster is since it was opened.
    pub(crate) async fn migrate(&self) -> Result<Timescale> {
        match &self.migrated {
            Some(migrated) => Ok(migrated.clone()),
            None => Ok(self.store.migrate().await?),
        }
    }

    /// The database, if it is a private cluster.
    pub(crate) fn private_database(&self) -> Option<PrivateDatabase> {
        self.database.clone()
    }

    /// The event log.
    pub(crate) async fn log(&self) -> Result<Arc<dyn EventLog>> {
        Ok(eventlog::open(&self.settings.log, &self.store).await?)
    }

    /// What collects into this machine.
    pub(crate) fn collector(&self, log: &Arc<dyn EventLog>) -> Collector {
        Collector {
            store: self.store.clone(),
            log: Arc::clone(log),
            mirrors: self.directory.mirrors(),
            progress: Arc::new(|source| Box::new(Shown::new(source))),
            time_zone: self.settings.dora.time_zone,
        }
    }

    /// The store of a tenant that exists, and whether its data is made up. The services and teams that the
    /// settings declare are those of the default tenant: each command speaks of the same ones as `sei up`.
    pub(crate) async fn tenant(&self, tenant: &Tenant) -> Result<(Store, bool)> {
        let tenants = self.store.tenants().await.context("the database has no schema yet: run `sei migrate` first")?;
        match tenants.iter().find(|info| info.tenant == *tenant) {
            Some(info) => {
                let store = self.store.for_tenant(tenant);
                if *tenant == Tenant::default() && declare(&store, &self.settings, Utc::now()).await? {
                    dora::recompute(&store, &self.settings.dora, Scope::Stale).await?;
                }
                Ok((store, info.demo))
            }
            None if tenant.as_str() == crate::demo::TENANT => {
                bail!("there is no demo data yet: run `sei demo load` first")
            }
            None => {
                let unknown = UnknownName::new(tenant.as_str(), tenants.iter().map(|info| info.tenant.as_str()));
                bail!(
                    "there is no tenant {unknown} (`sei tenant list` shows all, `sei tenant create {tenant}` makes it)"
                )
            }
        }
    }

    /// The store of a tenant that the settings name, which is made if it is not there.
    pub(crate) async fn configured_tenant(&self, tenant: &Tenant) -> Result<Store> {
        self.store.ensure_tenant(tenant).await.with_context(|| {
            format!("the tenant `{tenant}` can't be made; a database without a schema needs `sei migrate` first")
        })?;
        Ok(self.tenant(tenant).await?.0)
    }

    /// Closes the connections, and stops the private cluster if no other process uses it.
    pub(crate) async fn close(self) -> Result<()> {
        close(&self.store, self.database).await
    }
}

/// Closes the connections before their server ends: one that loses it would be reported as a fault.
async fn close(store: &Store, database: Option<PrivateDatabase>) -> Result<()> {
    store.close().await;
    match database {
        Some(database) => Ok(database.leave().await?),
        None => Ok(()),
    }
}

impl PrivateDatabase {
    /// Starts it, or joins it where it runs; with how to connect to it. `None` if the shutdown came before.
    pub(crate) async fn start(
        directory: &DataDirectory,
        needs: ServerNeeds,
        shutdown: &CancellationToken,
    ) -> Result<Option<(Self, PgConnectOptions)>, ClusterError> {
        runtime::before_forced_end(store::abandon_clusters);
        let started = PrivateCluster::start_unless(&directory.cluster(), needs, shutdown.cancelled()).await?;
        Ok(started.map(|cluster| {
            let options = cluster.options();
            (Self(Arc::new(Mutex::new(Some(cluster)))), options)
        }))
    }

    /// Starts it again if it has died. `true` if it had.
    pub(crate) async fn revive(&self) -> Result<bool, ClusterError> {
        match &mut *self.0.lock().await {
            Some(cluster) => cluster.revive().await,
            None => Ok(false),
        }
    }

    /// Uses it no longer; it is stopped if no other process does.
    pub(crate) async fn leave(&self) -> Result<(), ClusterError> {
        let cluster = self.0.lock().await.take();
        match cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}
