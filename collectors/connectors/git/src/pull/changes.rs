//! What differs between two trees.

use std::collections::BTreeSet;
use std::ops::Range;

use gix::ObjectId;
use gix::objs::tree::EntryMode;

/// A file on one side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub mode: EntryMode,
    pub id: ObjectId,
}

/// A file that is on one side only, with the place of its name in [`Changes::names`].
#[derive(Clone, Debug)]
pub(super) struct Lone {
    pub side: Side,
    name: Range<usize>,
}

/// What differs between two trees.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub deleted: Vec<Lone>,
    pub added: Vec<Lone>,
    /// Of one path, or renamed.
    pub modified: Vec<(Side, Side)>,
    names: Vec<u8>,
    /// The directory that is being compared, and those in which anything differs.
    pub directory: Vec<u8>,
    pub directories: BTreeSet<Vec<u8>>,
}

impl Changes {
    /// The name of a file within its directory.
    pub fn name(&self, file: &Lone) -> &[u8] {
        self.names.get(file.name.clone()).unwrap_or_default()
    }

    pub fn clear(&mut self) {
        self.deleted.clear();
        self.added.clear();
        self.modified.clear();
        self.names.clear();
        self.directory.clear();
        self.directories.clear();
    }

    /// Something differs in the directory that is being compared.
    pub fn here(&mut self) {
        if !self.directories.contains(&self.directory) {
            self.directories.insert(self.directory.clone());
        }
    }

    /// Goes into a directory; what it returns leads back.
    pub fn enter(&mut self, name: &[u8]) -> usize {
        let before = self.directory.len();
        if before > 0 {
            self.directory.push(b'/');
        }
        self.directory.extend_from_slice(name);
        before
    }

    pub fn lone(&mut self, side: Side, name: &[u8], added: bool) {
        self.here();
        let start = self.names.len();
        self.names.extend_from_slice(name);
        let file = Lone { side, name: start..self.names.len() };
        if added { self.added.push(file) } else { self.deleted.push(file) }
    }
}
