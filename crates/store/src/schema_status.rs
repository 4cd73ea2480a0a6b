//! How the schemas of a database compare to the migrations of this program: whether a role may start on them.

use kernel::Tenant;
use sqlx::AssertSqlSafe;
use sqlx::migrate::AppliedMigration;

use crate::migrations::{Compared, MigrationSet};
use crate::{Store, StoreError};

/// The schema that all tenants use.
const SHARED: &str = "sei";

/// How the schemas of a database stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaStatus {
    /// They are as this version makes them.
    Current,
    /// A later version has migrated one, and this one works with it.
    Later {
        /// The schema.
        schema: String,
        /// The first migration that this version does not know.
        version: i64,
    },
    /// One lacks a migration of this version.
    Older {
        /// The schema.
        schema: String,
        /// The first migration that it lacks.
        version: i64,
    },
    /// A later version has migrated one, and took away what this one needs.
    TooNew {
        /// The schema.
        schema: String,
        /// The first migration that this version does not know.
        version: i64,
    },
    /// A development version made one, with other migrations.
    Replaced {
        /// The schema.
        schema: String,
        /// The first migration that differs.
        version: i64,
    },
}

impl SchemaStatus {
    /// Whether this version works with them.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Current | Self::Later { .. })
    }
}

impl Store {
    /// How the schema of all and those of these tenants stand: the first with which this version does not work, else the
    /// first that a later one has migrated.
    pub async fn schema_status(&self, tenants: &[Tenant]) -> Result<SchemaStatus, StoreError> {
        let schemas = tenants.iter().map(|tenant| (MigrationSet::Tenant, tenant.as_str()));
        let mut status = SchemaStatus::Current;
        for (set, schema) in [(MigrationSet::Shared, SHARED)].into_iter().chain(schemas) {
            let found = self.status_of(set, schema).await?;
            if !found.is_usable() {
                return Ok(found);
            }
            if status == SchemaStatus::Current {
                status = found;
            }
        }
        Ok(status)
    }

    async fn status_of(&self, set: MigrationSet, name: &str) -> Result<SchemaStatus, StoreError> {
        let schema = name.to_owned();
        Ok(match set.compare(&self.applied(set, name).await?) {
            Compared::Same => SchemaStatus::Current,
            Compared::Lacks(version) => SchemaStatus::Older { schema, version },
            Compared::Replaced(version) => SchemaStatus::Replaced { schema, version },
            Compared::Unknown(version) if set.is_enough_for(self.pool()).await? => {
                SchemaStatus::Later { schema, version }
            }
            Compared::Unknown(version) => SchemaStatus::TooNew { schema, version },
        })
    }

    /// What was applied in a schema; nothing where it is not there.
    async fn applied(&self, set: MigrationSet, schema: &str) -> Result<Vec<AppliedMigration>, StoreError> {
        // names of tenants are letters, digits and `_`
        let listed = format!("select version, checksum from \"{schema}\".{} order by version", set.table());
        let rows: Result<Vec<(i64, Vec<u8>)>, sqlx::Error> =
            sqlx::query_as(AssertSqlSafe(listed)).fetch_all(self.pool()).await;
        let rows = match rows.map_err(StoreError::from) {
            Err(StoreError::NoTable(_)) => Vec::new(),
            rows => rows?,
        };
        Ok(rows
            .into_iter()
            .map(|(version, checksum)| AppliedMigration { version, checksum: checksum.into() })
            .collect())
    }
}
