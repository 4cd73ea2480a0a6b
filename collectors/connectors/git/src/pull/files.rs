//! Reads the files and directories of commits, no more of them than one commit may take.

use std::num::NonZero;

use gix::ObjectId;
use gix::objs::{Find as _, FindHeader as _, Kind, TreeRefIter};
use gix::odb::pack::cache::lru::MemoryCappedHashmap;

use super::changes::Side;
use super::effort::{Effort, Uncounted};
use super::open::OBJECT_LIMIT;
use super::raw::RawCommit;

/// Bytes of objects that all threads together remember, because others are stored as what differs from them.
const BASES: usize = 192 << 20;

/// A file or a directory with its name.
pub(super) type Entry<'a> = (&'a [u8], Side);

/// Reads for one thread.
pub(super) struct Files {
    repository: gix::Repository,
    spare: Vec<Vec<u8>>,
    effort: Effort,
}

impl Files {
    /// Reads from this repository, as one of this number of threads.
    pub fn new(mut repository: gix::Repository, threads: NonZero<usize>) -> Self {
        let share = BASES / threads;
        repository.object_cache_size(share / 4);
        repository.objects.set_pack_cache(move || Box::new(MemoryCappedHashmap::new(share)));
        Self { repository, spare: Vec::new(), effort: Effort::new() }
    }

    /// Begins with another commit, which may take as much as the one before.
    pub fn begin(&mut self) {
        self.effort = Effort::new();
    }

    /// Notes that entries were compared and bytes read, unless that is too much.
    pub fn spend(&self, entries: usize, bytes: usize) -> Result<(), Uncounted> {
        self.effort.add(entries, bytes)
    }

    /// Whether there is still time.
    pub fn go_on(&self) -> Result<(), Uncounted> {
        self.effort.add(1, 0)
    }

    /// The tree of a commit; `None` if the repository does not have the commit.
    pub fn tree_of(&mut self, commit: ObjectId) -> Result<Option<ObjectId>, Uncounted> {
        let mut buffer = self.buffer();
        let tree = match self.repository.objects.try_find(&commit, &mut buffer) {
            Ok(Some(object)) if object.kind == Kind::Commit => RawCommit::parse(object.data).tree,
            Ok(None) => return Ok(None),
            _ => return Err(Uncounted::Unreadable(commit)),
        };
        self.reuse(buffer);
        tree.map(Some).ok_or(Uncounted::Unreadable(commit))
    }

    /// The bytes of a file; `None` if they are too many.
    pub fn bytes<'b>(&self, side: Side, buffer: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>, Uncounted> {
        if side.mode.is_commit() {
            buffer.clear();
            buffer.extend_from_slice(format!("Subproject commit {}\n", side.id).as_bytes());
            return Ok(Some(buffer));
        }
        let length = match self.repository.objects.try_find(&side.id, buffer) {
            Ok(Some(object)) => {
                self.effort.add(0, object.data.len())?;
                object.data.len()
            }
            Err(_) if self.size(side)? > OBJECT_LIMIT as u64 => return Ok(None),
            _ => return Err(Uncounted::Unreadable(side.id)),
        };
        Ok(buffer.get(..length))
    }

    /// The size of a file.
    pub fn size(&self, side: Side) -> Result<u64, Uncounted> {
        match self.repository.objects.try_header(&side.id) {
            Ok(Some(header)) => Ok(header.size),
            _ => Err(Uncounted::Unreadable(side.id)),
        }
    }

    /// A buffer to read an object into.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn reuse(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    /// The entries of a tree; of none there are none.
    pub fn entries<'b>(
        &self,
        tree: Option<ObjectId>,
        buffer: &'b mut Vec<u8>,
    ) -> Result<impl Iterator<Item = Entry<'b>> + use<'b>, Uncounted> {
        let data = match tree {
            None => &[][..],
            Some(id) => match self.repository.objects.try_find(&id, buffer) {
                Ok(Some(object)) if object.kind == Kind::Tree => {
                    self.effort.add(0, object.data.len())?;
                    object.data
                }
                // git knows it without storing it
                Ok(None) if id.is_empty_tree() => &[],
                _ => return Err(Uncounted::Unreadable(id)),
            },
        };
        let entries = TreeRefIter::from_bytes(data, self.repository.object_hash()).map_while(Result::ok);
        Ok(entries.map(|entry| (&**entry.filename, Side { mode: entry.mode, id: entry.oid.to_owned() })))
    }
}

/// As git has it: a zero byte among the first 8,000.
pub(super) fn is_binary(data: &[u8]) -> bool {
    data.iter().take(8_000).any(|byte| *byte == 0)
}
