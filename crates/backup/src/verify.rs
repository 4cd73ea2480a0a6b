//! Whether a backup holds what was written, byte for byte.

use futures::StreamExt;

use crate::manifest::{Manifest, TableEntry};
use crate::repository::Repository;
use crate::tables::{self, Checksum};
use crate::{BackupError, OnBytes};

/// What a verification found.
#[derive(Clone, Debug, Default)]
pub struct VerifiedBackup {
    /// Number of chunks.
    pub chunks: u64,
    /// Bytes of their rows.
    pub bytes: u64,
    /// What is wrong.
    pub damages: Vec<Damage>,
}

/// A part of a table that can't be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The table, with its schema.
    pub table: String,
    /// What is wrong.
    pub what: String,
}

/// Reads all chunks of a backup, and compares them with their names and the tables with their checksums.
pub async fn verify(
    repository: &Repository,
    manifest: &Manifest,
    on_bytes: &OnBytes<'_>,
) -> Result<VerifiedBackup, BackupError> {
    let mut verified = VerifiedBackup::default();
    for table in &manifest.tables {
        of_table(repository, table, &mut verified, on_bytes).await?;
    }
    Ok(verified)
}

async fn of_table(
    repository: &Repository,
    table: &TableEntry,
    verified: &mut VerifiedBackup,
    on_bytes: &OnBytes<'_>,
) -> Result<(), BackupError> {
    let (mut checksum, mut is_whole) = (Checksum::default(), true);
    let mut rows = tables::rows(repository, table);
    let mut damaged = |what: String| verified.damages.push(Damage { table: table.shape.full_name(), what });
    while let Some(rows) = rows.next().await {
        verified.chunks += 1;
        match rows {
            Ok(rows) => {
                let bytes = u64::try_from(rows.len()).unwrap_or_default();
                verified.bytes += bytes;
                on_bytes(bytes);
                checksum.add(&rows, 0);
            }
            Err(error) if error.is_damage() => {
                is_whole = false;
                damaged(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    let (_, sha256) = checksum.end();
    if is_whole && sha256 != table.sha256 {
        damaged("its rows have another checksum than the manifest".to_owned());
    }
    Ok(())
}
