//! Which migrations made the schemas of a backup.

use kernel::Tenant;
use serde::{Deserialize, Serialize};
use sqlx::migrate::AppliedMigration as Applied;
use sqlx::{AssertSqlSafe, PgConnection};

use super::shape::quoted;
use crate::StoreError;
use crate::migrations::{Compared, MigrationSet};

/// The schema that all tenants share.
pub(super) const SHARED_SCHEMA: &str = "sei";

/// A migration that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// Its checksum, in hex.
    pub checksum: String,
}

/// A schema, and what made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Its name: `sei`, or a tenant.
    pub schema: String,
    /// Its migrations, in order.
    pub migrations: Vec<AppliedMigration>,
}

impl SchemaVersion {
    /// The migrations that this version of `sei` has for it.
    pub(super) fn set(&self) -> MigrationSet {
        if self.schema == SHARED_SCHEMA { MigrationSet::Shared } else { MigrationSet::Tenant }
    }

    /// The number of its last migration.
    pub(super) fn last(&self) -> i64 {
        self.migrations.iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// Fails unless this version of `sei` can make the schema.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.schema != SHARED_SCHEMA && Tenant::new(&self.schema).is_err() {
            return Err(StoreError::Unreadable(format!("`{}` is no name of a tenant", self.schema.escape_debug())));
        }
        let mut all = Vec::new();
        for applied in &self.migrations {
            let garbled = |_| StoreError::Unreadable(format!("`{}` is no checksum", applied.checksum.escape_debug()));
            let checksum = hex::decode(&applied.checksum).map_err(garbled)?;
            all.push(Applied { version: applied.version, checksum: checksum.into() });
        }
        match self.set().compare(&all) {
            Compared::Same | Compared::Lacks(_) => Ok(()),
            Compared::Unknown(version) => Err(StoreError::NewerSchema(version)),
            Compared::Replaced(version) => {
                Err(StoreError::ReplacedMigration { search_path: self.schema.clone(), version })
            }
        }
    }
}

/// The migrations of schemas.
pub(super) async fn versions(
    connection: &mut PgConnection,
    schemas: &[String],
) -> Result<Vec<SchemaVersion>, StoreError> {
    let mut versions = Vec::new();
    for schema in schemas {
        let statement =
            format!("select version, checksum from {}._sqlx_migrations where success order by version", quoted(schema));
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(statement)).fetch_all(&mut *connection).await?;
        let applied = |(version, checksum)| AppliedMigration { version, checksum: hex::encode(checksum) };
        versions.push(SchemaVersion { schema: schema.clone(), migrations: rows.into_iter().map(applied).collect() });
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(schema: &str, migrations: Vec<AppliedMigration>) -> SchemaVersion {
        SchemaVersion { schema: schema.to_owned(), migrations }
    }

    #[test]
    fn only_the_migrations_of_this_version_can_make_a_schema() {
        let own = crate::migrations::all().find(|own| own.description == "events").unwrap();
        let applied = AppliedMigration { version: own.version, checksum: hex::encode(&own.checksum) };
        version("main", vec![applied.clone()]).check().unwrap();
        let later = AppliedMigration { version: 9_000, ..applied.clone() };
        assert!(matches!(version("main", vec![later]).check(), Err(StoreError::NewerSchema(9_000))));
        let other = AppliedMigration { checksum: "00".to_owned(), ..applied };
        assert!(matches!(version("main", vec![other]).check(), Err(StoreError::ReplacedMigration { .. })));
        assert!(version("main\"; --", Vec::new()).check().is_err());
    }
}
