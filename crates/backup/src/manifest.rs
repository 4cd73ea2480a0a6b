//! What a backup holds: its tables, and the chunks of each.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::backup::{SchemaVersion, TableShape};

use crate::id::{BackupId, ChunkId};

/// The format of backups that this version writes, and the latest that it reads.
pub(crate) const FORMAT: u32 = 1;

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of backups.
    pub format: u32,
    /// When the tables were read, all at this time.
    pub created_at: DateTime<Utc>,
    /// The version of `sei` that made it.
    pub sei_version: String,
    /// The kind of event log: that of Kafka is not part of a backup.
    pub log: String,
    /// The newest backup before it.
    pub parent: Option<String>,
    /// The schemas, and the migrations that made them.
    pub schemas: Vec<SchemaVersion>,
    /// The tables.
    pub tables: Vec<TableEntry>,
    /// The text of the settings file.
    pub settings: Option<String>,
    /// What it comes to.
    pub totals: Totals,
}

/// A table of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The table.
    #[serde(flatten)]
    pub shape: TableShape,
    /// Number of rows.
    pub rows: u64,
    /// SHA-256 of all rows, in the order of their keys, in hex.
    pub sha256: String,
    /// The chunks that hold the rows, in order.
    pub chunks: Vec<Chunk>,
}

/// A chunk: rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its name.
    pub(crate) id: ChunkId,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Bytes as it is kept.
    pub stored: u64,
}

/// What a backup comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Number of rows.
    pub rows: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Bytes of all of its chunks as they are kept.
    pub stored_bytes: u64,
    /// Number of its chunks.
    pub chunks: u64,
    /// Number of those that no earlier backup had.
    pub new_chunks: u64,
    /// Bytes of these as they are kept.
    pub new_bytes: u64,
}

impl Totals {
    /// Counts a chunk.
    pub(crate) fn add(&mut self, chunk: &Chunk, is_new: bool) {
        self.bytes += chunk.bytes;
        self.stored_bytes += chunk.stored;
        self.chunks += 1;
        if is_new {
            self.new_chunks += 1;
            self.new_bytes += chunk.stored;
        }
    }
}

impl Manifest {
    /// The id of a manifest with this hash.
    pub(crate) fn id(&self, hash: &[u8; 32]) -> BackupId {
        BackupId::new(self.created_at, hash)
    }

    /// A table of a schema.
    pub(crate) fn table(&self, schema: &str, name: &str) -> Option<&TableEntry> {
        self.tables.iter().find(|table| table.shape.schema == schema && table.shape.name == name)
    }
}
