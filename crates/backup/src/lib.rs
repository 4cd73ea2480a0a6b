//! Backups of everything that `sei` stores: facts, metric rows, positions, the embedded log, users and what they were
//! granted, of all tenants, at one point in time.
//!
//! A backup is a manifest that names the chunks of each table. Chunks are cut where the keys of rows say so, and named by a
//! hash of what they hold, so a backup writes only the chunks that no earlier one has written. Chunks and manifests are
//! compressed with zstd and encrypted with age.
//!
//! Promises: a backup is there when its manifest is, which comes last; what was given up halfway is taken up by the next
//! one; what was changed or cut off afterwards is found and refused; names show nothing of what is in a chunk without
//! the key; however large the database, a few chunks are in memory at once, and the list of their names.

mod create;
mod cut;
mod error;
mod files;
mod id;
mod key;
mod manifest;
mod place;
mod prune;
mod repository;
mod restore;
mod seal;
pub mod settings;
mod tables;
#[cfg(test)]
mod tests;
mod upload;
mod verify;

pub use create::{Contents, Created, create};
pub use error::BackupError;
pub use files::Files;
pub use id::BackupId;
pub use manifest::{Chunk, Manifest, TableEntry, Totals};
pub use prune::{Pruned, prune};
pub use repository::{Listed, Repository};
pub use restore::{Restored, restore};
pub use verify::{Damage, VerifiedBackup, verify};

/// Receives the number of bytes of rows that were read.
pub type OnBytes<'a> = dyn Fn(u64) + Send + Sync + 'a;
