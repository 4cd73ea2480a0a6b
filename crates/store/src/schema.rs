//! The schemas: `sei`, which all tenants share, and one for each tenant. Where the TimescaleDB extension can be created,
//! its migrations are applied as well, counted separately. A schema that a later version has migrated, which this one
//! works with, is left as it is, with its views for BI tools.

use std::time::Duration;

use kernel::Tenant;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgExecutor};
use tokio::time::Instant;

use crate::advisory_lock::AdvisoryLock;
use crate::audit::{self, Action, Actor, Entry};
use crate::identity::with_tenant;
use crate::migrations::{self, Applied, MigrationSet};
use crate::schema_status::SchemaStatus;
use crate::{Store, StoreError, analytics};

/// How long it is tried to drop a tenant that others read or write.
const DROP_TIMEOUT: Duration = Duration::from_mins(1);
/// How long the others have in between.
const DROP_PAUSE: Duration = Duration::from_millis(100);
/// How long each table is waited for: less than the second after which PostgreSQL looks for deadlocks.
const TABLE_TIMEOUT: &str = "set local lock_timeout = '500ms'";

/// A number that changes whenever a migration does: two builds with the same number make the same schema.
#[must_use]
pub fn schema_digest() -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for migration in migrations::all() {
        hash.update(&migration.checksum);
    }
    hash.update(&analytics::digest().to_be_bytes());
    hash.digest()
}

/// Whether TimescaleDB is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timescale {
    /// It is, in this version.
    Used(String),
    /// It is not, for this reason. Everything works the same on plain tables.
    Absent(String),
}

/// A tenant, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantInfo {
    /// Its name.
    pub tenant: Tenant,
    /// Its data is made up.
    pub demo: bool,
}

impl Store {
    /// Brings the shared schema and every tenant's up to date, and makes the tenant `main`. Several
    /// processes may do so at once; those that come second find nothing to do, and so does this version where a later one
    /// has migrated that it works with.
    pub async fn migrate(&self) -> Result<Timescale, StoreError> {
        let mut connection = self.locked().await?;
        connection.execute("create schema if not exists sei").await?;
        let shared = run(MigrationSet::Shared, &mut connection, "sei").await?;
        let timescale = self.timescale().await?;
        if shared == Applied::ByLater || of_later(&mut connection).await?.is_some() {
            tracing::warn!("a later version of `sei` has migrated the database, and this one works with it as it is");
            connection.close().await?;
            return Ok(timescale);
        }
        // before the tenants: a role that starts meanwhile finds it
        migrations::write_requirements(&mut connection).await?;
        make(&mut connection, (&Tenant::default(), false), &timescale, None).await?;
        for info in tenants(&mut connection).await? {
            migrate_tenant(&mut connection, &info.tenant, &timescale).await?;
            analytics::make(&mut connection, &info.tenant).await?;
        }
        analytics::make_all(&mut connection).await?;
        connection.close().await?;
        Ok(timescale)
    }

    /// Opens the database of a URL, and fails unless this version works with its schema.
    pub async fn open_migrated(url: &str, connections: u32) -> Result<Self, StoreError> {
        let store = Self::open(url, connections).await?;
        if let Err(error) = store.check_schema().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Fails unless this version works with the schema of the database: that of all, and that of this tenant.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        match self.schema_status(std::slice::from_ref(self.tenant())).await? {
            SchemaStatus::Current => Ok(()),
            SchemaStatus::Later { .. } => {
                tracing::info!("a later version of `sei` has migrated the database, and this one works with it");
                Ok(())
            }
            SchemaStatus::Older { schema, version } => Err(StoreError::OlderSchema { schema, version }),
            SchemaStatus::TooNew { version, .. } => Err(StoreError::NewerSchema(version)),
            SchemaStatus::Replaced { schema, version } => {
                Err(StoreError::ReplacedMigration { search_path: schema, version })
            }
        }
    }

    /// Makes a tenant, if it is not there, as `sei` itself does. `demo` marks its data as made up, for good.
    pub async fn create_tenant(&self, tenant: &Tenant, demo: bool) -> Result<(), StoreError> {
        let entry = by_sei(Action::TenantCreated, tenant);
        self.create_tenant_by(tenant, demo, &entry).await.map(drop)
    }

    /// Makes a tenant, unless it is there, and adds the entry of the audit log that says who did. Returns whether it was
    /// not there.
    pub async fn create_tenant_by(&self, tenant: &Tenant, demo: bool, entry: &Entry) -> Result<bool, StoreError> {
        let mut connection = self.locked_to_change().await?;
        let timescale = self.timescale().await?;
        let is_new = make(&mut connection, (tenant, demo), &timescale, Some(entry)).await?;
        connection.close().await?;
        Ok(is_new)
    }

    /// Makes a tenant, if it is not there, and takes no lock if it is.
    pub async fn ensure_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let known = self.tenants().await?;
        if known.iter().all(|info| info.tenant != *tenant) {
            tracing::info!(%tenant, "the tenant is new");
            self.create_tenant(tenant, false).await?;
        }
        Ok(())
    }

    /// Makes a tenant without data in place of the one of that name, if there is one. A process that creates it
    /// meanwhile, because its events arrive, finds this one.
    pub async fn replace_tenant(&self, tenant: &Tenant, demo: bool) -> Result<(), StoreError> {
        let mut connection = self.locked_to_change().await?;
        let timescale = self.timescale().await?;
        drop_schema(&mut connection, tenant, &by_sei(Action::TenantDropped, tenant)).await?;
        let created = by_sei(Action::TenantCreated, tenant);
        make(&mut connection, (tenant, demo), &timescale, Some(&created)).await?;
        Ok(connection.close().await?)
    }

    /// Drops a tenant and all of its data, if it is there, as `sei` itself does.
    pub async fn drop_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.drop_tenant_by(tenant, &by_sei(Action::TenantDropped, tenant)).await.map(drop)
    }

    /// Drops a tenant, all of its data, and the tokens and grants that are for it only, and adds the entry of the audit log
    /// that says who did, with one for each token and grant. Returns whether it was there.
    pub async fn drop_tenant_by(&self, tenant: &Tenant, entry: &Entry) -> Result<bool, StoreError> {
        let mut connection = self.locked_to_change().await?;
        let was_there = drop_schema(&mut connection, tenant, entry).await?;
        connection.close().await?;
        Ok(was_there)
    }

    /// All tenants, by name.
    pub async fn tenants(&self) -> Result<Vec<TenantInfo>, StoreError> {
        tenants(self.pool()).await
    }

    /// A connection that holds the lock until it is closed.
    async fn locked(&self) -> Result<PgConnection, StoreError> {
        let mut connection = self.separate_connection("sei").await?;
        AdvisoryLock::Schemas.take(&mut connection).await?;
        Ok(connection)
    }

    /// The same, to make or drop tenants: only the version that migrated the database last does, since tenants of another
    /// one would be older than those that are there.
    async fn locked_to_change(&self) -> Result<PgConnection, StoreError> {
        let mut connection = self.locked().await?;
        match of_later(&mut connection).await? {
            Some(version) => Err(StoreError::NewerSchema(version)),
            None => Ok(connection),
        }
    }

    /// Creates the extension where that is possible. On a connection of its own, which the server
    /// closes when the extension is installed but not preloaded.
    async fn timescale(&self) -> Result<Timescale, StoreError> {
        let mut connection = self.separate_connection("public").await?;
        let installed = "select exists (select from pg_available_extensions where name = 'timescaledb')";
        if !sqlx::query_scalar::<_, bool>(installed).fetch_one(&mut connection).await? {
            return Ok(Timescale::Absent("the extension is not installed on the server".to_owned()));
        }
        let created = "create extension if not exists timescaledb with schema public";
        if let Err(error) = connection.execute(created).await {
            let why = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            return Ok(Timescale::Absent(why));
        }
        let version = "select extversion from pg_extension where extname = 'timescaledb'";
        Ok(Timescale::Used(sqlx::query_scalar(version).fetch_one(&mut connection).await?))
    }
}

/// What `sei` does by itself.
fn by_sei(action: Action, tenant: &Tenant) -> Entry {
    Entry::new(Actor::sei(), action, tenant.as_str()).of(tenant)
}

/// Makes a tenant, and returns whether it was not there. It is known only when all of its tables and its views for BI tools
/// are there: facts are written for those that are known. With that come the views over all tenants and the entry of the
/// audit log, if there is one.
async fn make(
    connection: &mut PgConnection,
    (tenant, demo): (&Tenant, bool),
    timescale: &Timescale,
    entry: Option<&Entry>,
) -> Result<bool, StoreError> {
    migrate_tenant(connection, tenant, timescale).await?;
    analytics::make(connection, tenant).await?;
    let mut transaction = connection.begin().await?;
    let inserted = sqlx::query!(
        "insert into tenant (name, demo) values ($1, $2) on conflict (name) do nothing",
        tenant.as_str(),
        demo
    )
    .execute(&mut *transaction)
    .await?;
    let is_new = inserted.rows_affected() == 1;
    if is_new {
        analytics::make_all(&mut transaction).await?;
    }
    if let Some(entry) = entry.filter(|_| is_new) {
        audit::add(&mut transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(is_new)
}

/// Drops a tenant with what is granted for it only, and returns whether it was there. Others lock its tables in the order in
/// which they read and write them, whatever that is: where one of them has a table that is waited for, all that is locked is
/// given back, so that they end, and it is tried again.
async fn drop_schema(connection: &mut PgConnection, tenant: &Tenant, entry: &Entry) -> Result<bool, StoreError> {
    let end = Instant::now() + DROP_TIMEOUT;
    loop {
        match try_to_drop_schema(connection, tenant, entry).await {
            Err(StoreError::Transient(error)) if is_in_use(&error) && Instant::now() < end => {
                tokio::time::sleep(DROP_PAUSE).await;
            }
            ended => return ended,
        }
    }
}

/// Whether something else has a lock: `lock_not_available`, or `deadlock_detected`.
fn is_in_use(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| matches!(error.code().as_deref(), Some("55P03" | "40P01")))
}

/// Locks all tables of a tenant for the transaction, or fails.
async fn lock_tables(connection: &mut PgConnection, tenant: &Tenant) -> Result<(), StoreError> {
    let statement = format!(
        "do $$
         declare
             found text;
         begin
             for found in select tablename from pg_tables where schemaname = '{tenant}' order by tablename loop
                 execute format('lock table %I.%I in access exclusive mode', '{tenant}', found);
             end loop;
         end
         $$"
    );
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}

async fn try_to_drop_schema(connection: &mut PgConnection, tenant: &Tenant, entry: &Entry) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    // a token or a grant that is added for it meanwhile waits, and then fails
    let known = sqlx::query_scalar!("select name from tenant where name = $1 for update", tenant.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    transaction.execute(TABLE_TIMEOUT).await?;
    analytics::leave_out(&mut transaction, tenant).await?;
    lock_tables(&mut transaction, tenant).await?;
    transaction.execute("set local lock_timeout to default").await?;
    let roles = analytics::forget_tenant(&mut transaction, tenant).await?;
    // a tenant's name holds only letters, digits and `_`
    transaction.execute(AssertSqlSafe(format!("drop schema if exists \"{tenant}\" cascade"))).await?;
    let ended = with_tenant::end_all(&mut transaction, tenant).await?;
    sqlx::query!("delete from tenant where name = $1", tenant.as_str()).execute(&mut *transaction).await?;
    // before the audit log is held: a view may be in use
    analytics::make_all(&mut transaction).await?;
    if known.is_some() {
        audit::add(&mut transaction, entry).await?;
    }
    for with_tenant::EndedWithTenant { action, id, detail } in ended {
        audit::add(&mut transaction, &Entry { action, subject: id, detail, ..entry.clone() }).await?;
    }
    for name in roles {
        audit::add(&mut transaction, &Entry { action: Action::AnalyticsRevoked, subject: name, ..entry.clone() })
            .await?;
    }
    transaction.commit().await?;
    Ok(known.is_some())
}

async fn tenants(database: impl PgExecutor<'_>) -> Result<Vec<TenantInfo>, StoreError> {
    let rows = sqlx::query!("select name, demo from tenant order by name").fetch_all(database).await?;
    rows.into_iter()
        .map(|row| {
            let tenant = Tenant::new(&row.name).map_err(|error| StoreError::Unreadable(error.to_string()))?;
            Ok(TenantInfo { tenant, demo: row.demo })
        })
        .collect()
}

async fn migrate_tenant(
    connection: &mut PgConnection,
    tenant: &Tenant,
    timescale: &Timescale,
) -> Result<(), StoreError> {
    connection.execute(AssertSqlSafe(format!("create schema if not exists \"{tenant}\""))).await?;
    run(MigrationSet::Tenant, connection, tenant.as_str()).await?;
    if matches!(timescale, Timescale::Used(_)) {
        run(MigrationSet::Timescale, connection, &format!("{tenant},public")).await?;
    }
    see(connection, "sei").await
}

/// Runs migrations in a schema; the table that counts them is in it too.
async fn run(set: MigrationSet, connection: &mut PgConnection, search_path: &str) -> Result<Applied, StoreError> {
    see(connection, search_path).await?;
    set.apply(connection, search_path, None).await
}

/// The migration by which a later version has migrated the tenant that is always there, if one has.
async fn of_later(connection: &mut PgConnection) -> Result<Option<i64>, StoreError> {
    let (main, set) = (Tenant::default(), MigrationSet::Tenant);
    see(connection, main.as_str()).await?;
    let is_there = sqlx::query_scalar!(r#"select to_regclass($1) is not null as "is_there!""#, set.table())
        .fetch_one(&mut *connection)
        .await?;
    let unknown = if is_there { set.of_later(connection, main.as_str()).await? } else { None };
    see(connection, "sei").await?;
    Ok(unknown)
}

/// Lets a connection see schemas, in their order.
pub(crate) async fn see(connection: &mut PgConnection, search_path: &str) -> Result<(), StoreError> {
    sqlx::query_scalar!("select set_config('search_path', $1, false)", search_path).fetch_one(connection).await?;
    Ok(())
}
