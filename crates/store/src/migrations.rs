//! The migrations, which are compiled in: how they are applied, and which of them a program has to know to work with the
//! schema that they make.
//!
//! Promises: each runs once. A database that a later version migrated, or one with other migrations, is left alone. None
//! waits for a table longer than [`LOCK_TIMEOUT`] at a time, since all who come after it would wait as well.

#[cfg(test)]
mod rules;

use std::time::Duration;

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgExecutor};

use crate::StoreError;

static SHARED: Migrator = sqlx::migrate!("../../migrations/shared");
static TENANT: Migrator = sqlx::migrate!("../../migrations/tenant");
static TIMESCALE: Migrator = sqlx::migrate!("../../migrations/timescale");

/// How long a migration waits for a lock before it lets the others go first.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// The pause after that.
const LOCK_PAUSE: Duration = Duration::from_millis(500);
/// How often it tries.
const LOCK_ATTEMPTS: u32 = 240;

/// The line of a migration that takes away what programs used: those that know the migration of the number that follows
/// use it no longer.
const CONTRACTS_AFTER: &str = "-- contracts after ";

/// Migrations of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MigrationSet {
    /// Those of the schema `sei`.
    Shared,
    /// Those of the schema of each tenant.
    Tenant,
    /// Those of tenants where the extension is. No program depends on them.
    Timescale,
}

/// How migrations that were applied compare to those of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// They are the same.
    Same,
    /// This one is missing.
    Lacks(i64),
    /// This one is unknown: a later version applied it.
    Unknown(i64),
    /// This one is another one.
    Replaced(i64),
}

/// What applying migrations came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The schema is as this program makes it.
    All,
    /// A later version has migrated the schema, and this one works with it: nothing was done.
    ByLater,
}

/// All migrations, in the order of their sets and numbers.
pub(crate) fn all() -> impl Iterator<Item = &'static Migration> {
    [&SHARED, &TENANT, &TIMESCALE].into_iter().flat_map(Migrator::iter)
}

impl MigrationSet {
    fn migrator(self) -> &'static Migrator {
        match self {
            Self::Shared => &SHARED,
            Self::Tenant => &TENANT,
            Self::Timescale => &TIMESCALE,
        }
    }

    /// The table that counts those that were applied; it is in the schema that they change.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Shared | Self::Tenant => "_sqlx_migrations",
            Self::Timescale => "_sqlx_migrations_timescale",
        }
    }

    /// The last number that is used before the first release: who knows one of these migrations knows all. What follows keeps
    /// the rules of `migrations/README.md`.
    #[must_use]
    pub(crate) fn baseline(self) -> i64 {
        match self {
            Self::Shared => 19,
            Self::Tenant => 39,
            Self::Timescale => 0,
        }
    }

    /// The newest migration that a program has to know to work with the schema as this program makes it.
    pub(crate) fn required(self) -> i64 {
        let newest = self.migrator().iter().map(|migration| migration.version).max().unwrap_or_default();
        let contracted = self.migrator().iter().filter_map(|migration| contracts_after(migration.sql.as_str())).max();
        self.baseline().max(contracted.unwrap_or_default()).min(newest)
    }

    /// Compares those that were applied to its own.
    pub(crate) fn compare(self, applied: &[AppliedMigration]) -> Compared {
        let own = self.migrator();
        // one that is not known is of a later version only if those before it are the same
        let is_replaced = |applied: &&AppliedMigration| {
            own.iter().any(|own| own.version == applied.version && own.checksum != applied.checksum)
        };
        if let Some(replaced) = applied.iter().find(is_replaced) {
            return Compared::Replaced(replaced.version);
        }
        if let Some(unknown) = applied.iter().find(|applied| !own.version_exists(applied.version)) {
            return Compared::Unknown(unknown.version);
        }
        let missing = own.iter().find(|own| applied.iter().all(|applied| applied.version != own.version));
        missing.map_or(Compared::Same, |missing| Compared::Lacks(missing.version))
    }

    /// Whether this program works with a schema that a later version has migrated, as that version has written it.
    pub(crate) async fn is_enough_for(self, database: impl PgExecutor<'_>) -> Result<bool, StoreError> {
        let Some(name) = self.name() else { return Ok(true) };
        let newest = self.migrator().iter().map(|migration| migration.version).max().unwrap_or_default();
        let known = sqlx::query_scalar!("select known from sei.schema_requirement where migrations = $1", name);
        match known.fetch_optional(database).await.map_err(StoreError::from) {
            Ok(known) => Ok(known.is_some_and(|known| newest >= known)),
            // it was made by a version that writes no requirements
            Err(StoreError::NoTable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How requirements name it.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Shared => Some("shared"),
            Self::Tenant => Some("tenant"),
            Self::Timescale => None,
        }
    }

    /// The first of those that were applied in the schema that the connection sees first which only a later version knows.
    /// Fails if this one does not work with the schema.
    pub(crate) async fn of_later(
        self,
        connection: &mut PgConnection,
        search_path: &str,
    ) -> Result<Option<i64>, StoreError> {
        let applied = connection.list_applied_migrations(self.table()).await?;
        self.unknown(connection, &applied, search_path).await
    }

    async fn unknown(
        self,
        connection: &mut PgConnection,
        applied: &[AppliedMigration],
        search_path: &str,
    ) -> Result<Option<i64>, StoreError> {
        match self.compare(applied) {
            Compared::Replaced(version) => {
                Err(StoreError::ReplacedMigration { search_path: search_path.to_owned(), version })
            }
            Compared::Unknown(version) if self.is_enough_for(&mut *connection).await? => Ok(Some(version)),
            Compared::Unknown(version) => Err(StoreError::NewerSchema(version)),
            Compared::Same | Compared::Lacks(_) => Ok(None),
        }
    }

    /// Applies those that are missing in the schema that the connection sees first, all or those up to one.
    pub(crate) async fn apply(
        self,
        connection: &mut PgConnection,
        search_path: &str,
        last: Option<i64>,
    ) -> Result<Applied, StoreError> {
        connection.ensure_migrations_table(self.table()).await?;
        let applied = connection.list_applied_migrations(self.table()).await?;
        if self.unknown(connection, &applied, search_path).await?.is_some() {
            return Ok(Applied::ByLater);
        }
        let is_missing = |own: &&Migration| applied.iter().all(|applied| applied.version != own.version);
        let is_asked = |own: &&Migration| last.is_none_or(|last| own.version <= last);
        for migration in self.migrator().iter().filter(is_asked).filter(is_missing) {
            self.apply_one(connection, migration).await?;
        }
        connection.execute("reset lock_timeout").await?;
        Ok(Applied::All)
    }

    /// Applies one. Where others hold a table that it needs, it lets those that wait for the table go first, and tries again.
    async fn apply_one(self, connection: &mut PgConnection, migration: &Migration) -> Result<(), StoreError> {
        // an index that is made concurrently waits for transactions, and holds up nothing meanwhile
        let timeout_ms = if migration.no_tx { 0 } else { LOCK_TIMEOUT.as_millis() };
        connection.execute(AssertSqlSafe(format!("set lock_timeout = {timeout_ms}"))).await?;
        let mut attempt = 1;
        loop {
            match connection.apply(self.table(), migration).await {
                Err(error) if is_lock_timeout(&error) && attempt < LOCK_ATTEMPTS => {
                    if attempt == 1 {
                        tracing::warn!(migration = migration.version, "a table is in use: the migration tries again");
                    }
                    attempt += 1;
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                outcome => return Ok(outcome.map(drop)?),
            }
        }
    }
}

/// Writes which migrations a program has to know from now on.
pub(crate) async fn write_requirements(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sei.schema_requirement as requirement (migrations, known)
         values ('shared', $1::bigint), ('tenant', $2::bigint)
         on conflict (migrations) do update set known = excluded.known where requirement.known < excluded.known",
        MigrationSet::Shared.required(),
        MigrationSet::Tenant.required(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn is_lock_timeout(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else { return false };
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("55P03")
}

/// The number of the migration after which programs do without what this one takes away, if it takes something away.
fn contracts_after(sql: &str) -> Option<i64> {
    sql.lines().find_map(|line| line.strip_prefix(CONTRACTS_AFTER)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(set: MigrationSet) -> Vec<AppliedMigration> {
        let own = set.migrator().iter();
        own.map(|own| AppliedMigration { version: own.version, checksum: own.checksum.clone() }).collect()
    }

    #[test]
    fn what_was_applied_is_compared_to_what_is_known() {
        let set = MigrationSet::Tenant;
        let same = applied(set);
        assert_eq!(set.compare(&same), Compared::Same);
        let last = same.last().map(|last| last.version).unwrap();
        assert_eq!(set.compare(&same[..same.len() - 1]), Compared::Lacks(last));
        assert_eq!(set.compare(&[]), Compared::Lacks(same[0].version));
        let mut later = same.clone();
        later.push(AppliedMigration { version: 9999, checksum: vec![0].into() });
        assert_eq!(set.compare(&later), Compared::Unknown(9999));
        later[0].checksum = vec![0].into();
        assert_eq!(set.compare(&later), Compared::Replaced(later[0].version), "another history is no later one");
    }

    #[test]
    fn a_migration_states_which_programs_do_without_what_it_takes_away() {
        assert_eq!(contracts_after("-- Drops it.\n-- contracts after 0031\nalter table a drop column b;"), Some(31));
        assert_eq!(contracts_after("-- contracts after all\nselect 1;"), None);
        for set in [MigrationSet::Shared, MigrationSet::Tenant] {
            let newest = set.migrator().iter().map(|migration| migration.version).max().unwrap();
            assert!(set.required() <= newest, "{set:?}: a program has to know no more than there is");
        }
    }
}
