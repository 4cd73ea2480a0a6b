//! Restoring a backup into an empty database.

use futures::StreamExt;
use store::Store;
use store::backup::{LaterAccess, LaterTable, LaterTombstones, TakenBack, Target, Tokens};

use crate::manifest::{Manifest, TableEntry};
use crate::repository::Repository;
use crate::tables::{self, Checksum};
use crate::{BackupError, OnBytes};

/// What was restored.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Number of tables.
    pub tables: usize,
    /// Number of rows.
    pub rows: u64,
    /// Number of identifiers of people who were erased or pseudonymized after the backup, as a later one says.
    pub later_tombstones: u64,
    /// The access that was taken back.
    pub access: TakenBack,
}

/// Restores a backup. All tables are compared with their checksums before anything is there. `later` is the newest backup:
/// whom it knows as erased is known as erased afterwards, too; the rows about them still have to be replaced. And who had no
/// access as it was made has none.
pub async fn restore(
    repository: &Repository,
    manifest: &Manifest,
    later: Option<&Manifest>,
    tokens: Tokens,
    store: &Store,
    on_bytes: &OnBytes<'_>,
) -> Result<Restored, BackupError> {
    let mut target = Target::open(store).await?;
    target.make_schemas(&manifest.schemas).await?;
    let shapes: Vec<_> = manifest.tables.iter().map(|table| table.shape.clone()).collect();
    let mut restored = Restored { tables: shapes.len(), ..Restored::default() };
    for shape in target.begin(&shapes).await? {
        let Some(table) = manifest.table(&shape.schema, &shape.name) else { continue };
        write(repository, table, &mut target, on_bytes).await?;
        restored.rows += table.rows;
    }
    for table in &manifest.tables {
        compare(table, &mut target).await?;
    }
    if let Some(later) = later {
        for schema in &manifest.schemas {
            if let Some(tombstones) = tombstones(repository, later, &schema.schema).await? {
                restored.later_tombstones += target.add_tombstones(&tombstones).await?;
            }
        }
    }
    let later = match later {
        Some(later) => access(repository, later).await?,
        None => None,
    };
    restored.access = target.take_back(later.as_ref(), tokens).await?;
    target.commit().await?;
    // brings the schemas up to date, and makes the views for BI tools
    store.migrate().await?;
    Ok(restored)
}

async fn write(
    repository: &Repository,
    table: &TableEntry,
    target: &mut Target,
    on_bytes: &OnBytes<'_>,
) -> Result<(), BackupError> {
    let mut writer = target.writer(&table.shape).await?;
    let mut chunks = tables::rows(repository, table);
    while let Some(rows) = chunks.next().await {
        let rows = rows?;
        on_bytes(u64::try_from(rows.len()).unwrap_or_default());
        writer.write(&rows).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Fails unless the table holds what the backup does.
async fn compare(table: &TableEntry, target: &mut Target) -> Result<(), BackupError> {
    let mut checksum = Checksum::default();
    let mut rows = target.rows(&table.shape).await?;
    while let Some(block) = rows.next().await? {
        checksum.add(block.bytes(), block.len());
    }
    let (rows, sha256) = checksum.end();
    let differs = |what| BackupError::Differs { table: table.shape.full_name(), what };
    if rows != table.rows {
        return Err(differs(format!("it has {rows} rows, the backup {}", table.rows)));
    }
    if sha256 == table.sha256 { Ok(()) } else { Err(differs("its rows have another checksum".to_owned())) }
}

/// The tombstones of a tenant.
async fn tombstones(
    repository: &Repository,
    manifest: &Manifest,
    schema: &str,
) -> Result<Option<LaterTombstones>, BackupError> {
    let tables = (manifest.table(schema, "pseudonym_key"), manifest.table(schema, "tombstone"));
    let (Some(key), Some(tombstones)) = tables else { return Ok(None) };
    let (key, tombstones) = (all_rows(repository, key).await?, all_rows(repository, tombstones).await?);
    Ok(Some(LaterTombstones { key, tombstones }))
}

/// Who had access as a backup was made.
async fn access(repository: &Repository, manifest: &Manifest) -> Result<Option<LaterAccess>, BackupError> {
    let [users, tokens, grants] = ["login_user", "api_token", "access_grant"].map(|name| manifest.table("sei", name));
    let (Some(users), Some(tokens), Some(grants)) = (users, tokens, grants) else { return Ok(None) };
    Ok(Some(LaterAccess {
        users: all_rows(repository, users).await?,
        tokens: all_rows(repository, tokens).await?,
        grants: all_rows(repository, grants).await?,
    }))
}

async fn all_rows(repository: &Repository, table: &TableEntry) -> Result<LaterTable, BackupError> {
    let mut all = Vec::new();
    let mut chunks = tables::rows(repository, table);
    while let Some(rows) = chunks.next().await {
        all.extend(rows?);
    }
    Ok((table.shape.clone(), all))
}
