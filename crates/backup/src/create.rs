//! Making a backup.

use chrono::{DateTime, TimeDelta, Utc};
use store::Store;
use store::backup::{Source, TableShape};

use crate::cut::Cutter;
use crate::id::BackupId;
use crate::manifest::{FORMAT, Manifest, TableEntry, Totals};
use crate::repository::Repository;
use crate::tables::Checksum;
use crate::upload::Upload;
use crate::{BackupError, OnBytes};

/// What a backup says beside what is in the database.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The version of `sei`.
    pub sei_version: String,
    /// The kind of event log.
    pub log: String,
    /// The text of the settings file, if there is one.
    pub settings: Option<String>,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// Its id.
    pub id: BackupId,
    /// The newest backup before it.
    pub parent: Option<String>,
    /// Number of its tables.
    pub tables: usize,
    /// What it comes to.
    pub totals: Totals,
}

/// Makes a backup of the whole database, of all tenants. What was written before it is given up halfway is kept for the
/// next one.
pub async fn create(
    repository: &Repository,
    store: &Store,
    contents: Contents,
    on_bytes: &OnBytes<'_>,
) -> Result<Created, BackupError> {
    // open until the manifest is there: what it names is not deleted meanwhile
    let mut source = Source::open(store).await?.ok_or(BackupError::Busy)?;
    let parent = repository.list().await?.pop().map(|listed| listed.id);
    let created_at = after(parent.as_ref().and_then(BackupId::created_at), Utc::now());
    let parent = parent.map(|id| id.to_string());
    let mut upload = Upload::new(repository).await?;
    let shapes: Vec<TableShape> = source.tables().cloned().collect();
    let mut tables = Vec::new();
    for shape in shapes {
        tables.push(table(&mut source, shape, &mut upload, repository.sealer.seed(), on_bytes).await?);
    }
    let totals = Totals { rows: tables.iter().map(|table| table.rows).sum(), ..upload.totals };
    let manifest = Manifest {
        format: FORMAT,
        created_at,
        sei_version: contents.sei_version,
        log: contents.log,
        parent: parent.clone(),
        schemas: source.versions().to_vec(),
        tables,
        settings: contents.settings,
        totals,
    };
    let id = repository.put_manifest(&manifest).await?;
    source.close().await?;
    Ok(Created { id, parent, tables: manifest.tables.len(), totals })
}

/// The time of a backup: the newest one is the last, also where the clock was set back.
fn after(parent: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    parent.map_or(now, |parent| now.max(parent + TimeDelta::milliseconds(1)))
}

/// Writes the chunks of a table.
async fn table(
    source: &mut Source,
    shape: TableShape,
    upload: &mut Upload,
    seed: u64,
    on_bytes: &OnBytes<'_>,
) -> Result<TableEntry, BackupError> {
    let (mut cutter, mut checksum) = (Cutter::new(seed), Checksum::default());
    let mut rows = source.rows(&shape).await?;
    while let Some(block) = rows.next().await? {
        checksum.add(block.bytes(), block.len());
        on_bytes(u64::try_from(block.bytes().len()).unwrap_or_default());
        let mut chunks = Vec::new();
        for (key, row) in block.rows() {
            chunks.extend(cutter.push(key, row));
        }
        for chunk in chunks {
            upload.add(chunk).await?;
        }
    }
    if let Some(last) = cutter.rest() {
        upload.add(last).await?;
    }
    let chunks = upload.end_table().await?;
    let (rows, sha256) = checksum.end();
    Ok(TableEntry { shape, rows, sha256, chunks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_is_the_last_also_where_the_clock_was_set_back() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-30T10:52:19.7654Z");
        assert_eq!(after(None, now), now);
        assert_eq!(after(Some(at("2026-11-30T10:52:18Z")), now), now);
        assert_eq!(after(Some(at("2026-11-30T11:00:00Z")), now), at("2026-11-30T11:00:00.001Z"));
    }
}
