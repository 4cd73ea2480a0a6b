//! Deleting old backups, and chunks that none needs any more.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::ObjectStore;
use store::backup::Exclusive;

use crate::BackupError;
use crate::id::{BackupId, ChunkId};
use crate::repository::{Repository, chunk_path};

/// What was deleted.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// The backups.
    pub backups: Vec<BackupId>,
    /// Number of backups that are kept.
    pub kept: usize,
    /// Number of chunks that were deleted.
    pub chunks: u64,
    /// Bytes that these took.
    pub bytes: u64,
}

/// Deletes all but the newest backups, and the chunks that these don't need, also those of backups that were given up
/// halfway. No backup is made meanwhile: it may rely on chunks that no manifest names yet.
pub async fn prune(repository: &Repository, keep: usize, _alone: &Exclusive) -> Result<Pruned, BackupError> {
    delete(repository, keep).await
}

pub(crate) async fn delete(repository: &Repository, keep: usize) -> Result<Pruned, BackupError> {
    let mut backups = repository.list().await?;
    let kept = backups.split_off(backups.len().saturating_sub(keep.max(1)));
    let mut needed: BTreeSet<ChunkId> = BTreeSet::new();
    // before anything is deleted: what can't be read may need anything
    for listed in &kept {
        let manifest = repository.manifest(&listed.id).await?;
        needed.extend(manifest.tables.iter().flat_map(|table| &table.chunks).map(|chunk| chunk.id));
    }
    let mut pruned = Pruned { kept: kept.len(), ..Pruned::default() };
    for listed in backups {
        repository.delete_manifest(&listed.id).await?;
        pruned.backups.push(listed.id);
    }
    let mut unneeded = Vec::new();
    for (id, bytes) in repository.chunks().await? {
        if !needed.contains(&id) {
            pruned.chunks += 1;
            pruned.bytes += bytes;
            unneeded.push(Ok(chunk_path(id)));
        }
    }
    let mut deleted = repository.objects.delete_stream(stream::iter(unneeded).boxed());
    loop {
        match deleted.try_next().await {
            Ok(Some(_)) | Err(object_store::Error::NotFound { .. }) => {}
            Ok(None) => return Ok(pruned),
            Err(error) => return Err(error.into()),
        }
    }
}
