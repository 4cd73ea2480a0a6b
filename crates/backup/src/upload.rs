//! Chunks on their way to where backups are kept, several at once. Those that are there already are not written again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::BackupError;
use crate::id::ChunkId;
use crate::manifest::{Chunk, Totals};
use crate::repository::{Repository, unblocked};

/// The number of chunks that are written at once, and in memory.
const AT_ONCE: usize = 4;

/// The chunks that are kept, and how many bytes each has.
type Kept = Arc<Mutex<HashMap<ChunkId, u64>>>;

/// Writes the chunks of one table after the other.
pub(crate) struct Upload {
    repository: Repository,
    kept: Kept,
    /// Each with the place of its chunk.
    running: JoinSet<Result<(usize, Chunk, bool), BackupError>>,
    chunks: Vec<Option<Chunk>>,
    pub(crate) totals: Totals,
}

impl Upload {
    /// Begins with what is there.
    pub(crate) async fn new(repository: &Repository) -> Result<Self, BackupError> {
        let kept = Arc::new(Mutex::new(repository.chunks().await?));
        Ok(Self {
            repository: repository.clone(),
            kept,
            running: JoinSet::new(),
            chunks: Vec::new(),
            totals: Totals::default(),
        })
    }

    /// Adds the next chunk of the table. Waits while many are on their way.
    pub(crate) async fn add(&mut self, rows: Vec<u8>) -> Result<(), BackupError> {
        while self.running.len() >= AT_ONCE {
            self.arrive().await?;
        }
        let (place, repository, kept) = (self.chunks.len(), self.repository.clone(), Arc::clone(&self.kept));
        self.chunks.push(None);
        self.running.spawn(async move {
            let (chunk, is_new) = put(&repository, kept, rows).await?;
            Ok((place, chunk, is_new))
        });
        Ok(())
    }

    /// Ends the table. Returns its chunks, all of which are kept.
    pub(crate) async fn end_table(&mut self) -> Result<Vec<Chunk>, BackupError> {
        while !self.running.is_empty() {
            self.arrive().await?;
        }
        Ok(std::mem::take(&mut self.chunks).into_iter().flatten().collect())
    }

    async fn arrive(&mut self) -> Result<(), BackupError> {
        let Some(arrived) = self.running.join_next().await else { return Ok(()) };
        let (place, chunk, is_new) = arrived.map_err(BackupError::Task)??;
        self.totals.add(&chunk, is_new);
        if let Some(of_table) = self.chunks.get_mut(place) {
            *of_table = Some(chunk);
        }
        Ok(())
    }
}

/// Writes a chunk unless it is there. Returns whether it was not.
async fn put(repository: &Repository, kept: Kept, rows: Vec<u8>) -> Result<(Chunk, bool), BackupError> {
    let bytes = u64::try_from(rows.len()).unwrap_or_default();
    let (sealer, known) = (Arc::clone(&repository.sealer), Arc::clone(&kept));
    let (id, packed) = unblocked(move || {
        let id = sealer.name(&rows);
        let stored = known.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
        match stored {
            Some(stored) => Ok((id, Err(stored))),
            None => Ok((id, Ok(sealer.seal(&rows)?))),
        }
    })
    .await?;
    match packed {
        Err(stored) => Ok((Chunk { id, bytes, stored }, false)),
        Ok(packed) => {
            let stored = u64::try_from(packed.len()).unwrap_or_default();
            repository.put_chunk(id, packed).await?;
            kept.lock().unwrap_or_else(PoisonError::into_inner).insert(id, stored);
            Ok((Chunk { id, bytes, stored }, true))
        }
    }
}
