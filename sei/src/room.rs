//! Room on disks.

use std::io::Result;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// The room of the disk that a directory is on, or will be made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) free_bytes: u64,
    pub(crate) all_bytes: u64,
}

impl Room {
    pub(crate) fn of(directory: &Path) -> Result<Self> {
        let absolute = std::path::absolute(directory)?;
        let existing = absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let disk = statvfs(existing)?;
        let block = disk.fragment_size();
        let bytes = |blocks: u64| blocks.saturating_mul(block);
        Ok(Self { free_bytes: bytes(disk.blocks_available()), all_bytes: bytes(disk.blocks()) })
    }
}
