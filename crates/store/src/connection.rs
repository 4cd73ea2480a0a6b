//! Connections: a handle on one tenant's part of the database, and a transaction that can write to
//! several tenants. A tenant is a schema and is chosen by `search_path` only; no query names one.

use std::time::Duration;

use kernel::{Tenant, TraceParent};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};

use crate::StoreError;
use crate::pool::{Lent, ListeningConnection, Pool, Purpose};

/// How the server finds out that the host of a session is gone, which closes nothing: it asks after 10 s of silence, and ends
/// the session 10 s later. Until then the session holds its locks, by default for two hours.
const KEEPALIVES: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "2")];

/// A handle on the database, for one tenant. All handles that come of one share its connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    tenant: Tenant,
    purpose: Purpose,
    pool: Pool,
}

impl Store {
    /// Connects to a database, for the tenant `main`. All handles that come of this one have up to `connections`
    /// connections together, opened as they are needed and closed when idle. Says at once whether the database can be
    /// reached.
    pub async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, StoreError> {
        let store = Self::lazy(options, connections);
        store.pool.lend().await?.give_back();
        Ok(store)
    }

    /// The same, and the first connection is opened when it is needed: so that there is a store to close however far its
    /// use has come.
    #[must_use]
    pub fn lazy(options: PgConnectOptions, connections: u32) -> Self {
        let options =
            options.application_name("sei").log_statements(tracing::log::LevelFilter::Trace).options(KEEPALIVES);
        let tenant = Tenant::default();
        let pool = Pool::new(options, connections, &tenant);
        Self { tenant, purpose: Purpose::Anything, pool }
    }

    /// Connects as [`Self::connect`] does to the database of a URL.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        Self::connect(Self::options_of(url)?, connections).await
    }

    /// How to connect to the database of a URL.
    pub fn options_of(url: &str) -> Result<PgConnectOptions, StoreError> {
        // the URL may hold a password: the error names none of it
        url.parse().map_err(|_| StoreError::Url)
    }

    /// The same database, for another tenant.
    #[must_use]
    pub fn for_tenant(&self, tenant: &Tenant) -> Self {
        self.handle(tenant, self.purpose)
    }

    /// The same database and tenant, read only, and no statement of which may take longer than `timeout`: for answering
    /// others, who must not hold up what writes. A quarter of the connections, at least one, is left to that.
    #[must_use]
    pub fn read_only(&self, timeout: Duration) -> Self {
        self.handle(&self.tenant, Purpose::Reads(timeout))
    }

    /// The same as [`Self::read_only`] for statements that read next to nothing: they may have any connection, and wait
    /// for no other read to end.
    #[must_use]
    pub fn looking(&self, timeout: Duration) -> Self {
        self.handle(&self.tenant, Purpose::Looks(timeout))
    }

    fn handle(&self, tenant: &Tenant, purpose: Purpose) -> Self {
        Self { tenant: tenant.clone(), purpose, pool: self.pool.for_session(tenant, purpose) }
    }

    /// The tenant whose data this handle reads and writes.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Begins a transaction for this handle's tenant.
    pub async fn begin(&self) -> Result<StoreTx, StoreError> {
        self.begin_as("begin").await
    }

    /// The same by another statement that begins one.
    pub(crate) async fn begin_as(&self, begin: &'static str) -> Result<StoreTx, StoreError> {
        let mut lent = self.pool.lend().await?;
        lent.connection().execute(begin).await?;
        Ok(StoreTx { lent, tenant: self.tenant.clone(), settings: None, traceparent: None })
    }

    /// Asks the database for nothing, to see whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Whether the database was asked and has answered nothing for 5 s. Until it does, one asks at a time, and all others are
    /// refused at once.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.pool.is_silent()
    }

    /// Closes all connections, of all tenants and handles, when what runs on them is done. It takes 5 s at most: a server
    /// that does not answer holds up no end.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A connection of its own, outside of the pools, that sees only the named schemas.
    pub(crate) async fn separate_connection(&self, search_path: &str) -> Result<PgConnection, StoreError> {
        Ok(self.pool.options().options([("search_path", search_path)]).connect().await?)
    }

    /// A connection of its own that listens.
    pub(crate) async fn listener(&self) -> Result<ListeningConnection, StoreError> {
        Ok(ListeningConnection::open(self.pool.options()).await?)
    }
}

/// A transaction. Dropped without [`StoreTx::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct StoreTx {
    lent: Lent,
    tenant: Tenant,
    /// What its settings say, in the words of who set them.
    settings: Option<String>,
    traceparent: Option<TraceParent>,
}

impl StoreTx {
    /// What its settings say, in the words of who set them; noted when they are set.
    pub(crate) fn settings(&mut self) -> &mut Option<String> {
        &mut self.settings
    }

    /// From here on, what it causes to be computed and reported is part of a trace, if it is part of one.
    pub fn trace(&mut self, parent: Option<TraceParent>) {
        self.traceparent = parent;
    }

    /// The span that rows come from which it writes now, as they hold it.
    pub(crate) fn traceparent(&self) -> Option<String> {
        self.traceparent.map(|parent| parent.to_string())
    }

    /// From here on the transaction reads and writes another tenant's data.
    pub async fn use_tenant(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let known = sqlx::query_scalar!(
            r#"select exists (select from tenant where name = $1) as "known!"
               from set_config('search_path', $1 || ',sei', true)"#,
            tenant.as_str(),
        )
        .fetch_one(self.lent.connection())
        .await?;
        if !known {
            return Err(StoreError::UnknownTenant(tenant.clone()));
        }
        self.tenant = tenant.clone();
        Ok(())
    }

    /// The tenant whose data it reads and writes now.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Makes everything that was written durable and visible, at once.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.end("commit").await
    }

    /// Takes everything back that was written.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.end("rollback").await
    }

    async fn end(mut self, statement: &'static str) -> Result<(), StoreError> {
        self.lent.connection().execute(statement).await?;
        self.lent.give_back();
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.lent.connection()
    }
}
