//! Counts the lines that a commit changes, as `git log --numstat` does: against the first parent, merges
//! not at all, renames (see [`super::renames`]) only by what they changed, binary files as a file without
//! lines. Files above the size limit count as binary; `.gitattributes` have no say, as in a bare repository.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::num::NonZero;
use std::ops::Range;
use std::time::{Duration, Instant};

use gix::ObjectId;
use gix::diff::blob::{Algorithm, Diff, InternedInput, sources};
use gix::objs::tree::EntryMode;
use gix::objs::{Find as _, FindHeader as _, Kind, TreeRefIter};
use gix::odb::pack::cache::lru::MemoryCappedHashmap;

use super::open::OBJECT_LIMIT;
use super::raw::RawCommit;
use super::renames;

/// Bytes of objects that all threads together remember, because others are stored as what differs from them.
const BASES: usize = 192 << 20;

/// So many folders of one commit are told apart.
const FOLDERS: usize = 200;

/// The first `depth` levels of a directory's path, or all of it if it is not deeper.
fn prefix(folder: &str, depth: usize) -> &str {
    let Some(slash) = depth.checked_sub(1) else { return "" };
    folder.match_indices('/').nth(slash).and_then(|(end, _)| folder.get(..end)).unwrap_or(folder)
}

/// What a commit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Lines added.
    pub additions: u64,
    /// Lines deleted.
    pub deletions: u64,
    /// Files changed.
    pub files: u64,
}

/// Why the lines of a commit can't be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uncounted {
    /// An object is missing or broken.
    Unreadable(ObjectId),
    /// Comparing it takes more than one commit may: see [`Effort`].
    TooLarge,
}

/// The directories in which a commit changes files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folders {
    /// Their names, in order.
    pub names: Vec<String>,
    /// They were too many, so that some stand for those below.
    pub shortened: bool,
}

/// Tree entries that are compared for one commit, at most.
pub(super) const ENTRIES_LIMIT: usize = 1_000_000;
/// Bytes of objects that are read for one commit, at most.
pub(super) const BYTES_LIMIT: usize = 512 << 20;
/// How long comparing one commit may take.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How deep directories may be nested.
const DEPTH_LIMIT: usize = 256;

/// What comparing a commit took so far. A tree can hold ten billion files in a few kilobytes.
#[derive(Debug)]
struct Effort {
    entries: Cell<usize>,
    bytes: Cell<usize>,
    until: Cell<Instant>,
}

impl Effort {
    fn new() -> Self {
        Self { entries: Cell::new(0), bytes: Cell::new(0), until: Cell::new(Instant::now() + TIME_LIMIT) }
    }

    /// Adds some, unless that is too much.
    fn add(&self, entries: usize, bytes: usize) -> Result<(), Uncounted> {
        self.entries.set(self.entries.get() + entries);
        self.bytes.set(self.bytes.get() + bytes);
        let fits = self.entries.get() <= ENTRIES_LIMIT && self.bytes.get() <= BYTES_LIMIT;
        // the clock is looked at now and then
        let late = (bytes > 0 || self.entries.get().is_multiple_of(1_024)) && Instant::now() > self.until.get();
        if fits && !late { Ok(()) } else { Err(Uncounted::TooLarge) }
    }
}

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
    /// The folder that is being compared, and those in which anything differs.
    folder: Vec<u8>,
    folders: BTreeSet<Vec<u8>>,
}

impl Changes {
    /// The name of a file within its folder.
    pub fn name(&self, file: &Lone) -> &[u8] {
        self.names.get(file.name.clone()).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.deleted.clear();
        self.added.clear();
        self.modified.clear();
        self.names.clear();
        self.folder.clear();
        self.folders.clear();
    }

    /// Something differs in the folder that is being compared.
    fn here(&mut self) {
        if !self.folders.contains(&self.folder) {
            self.folders.insert(self.folder.clone());
        }
    }

    /// Goes into a folder; what it returns leads back.
    fn enter(&mut self, name: &[u8]) -> usize {
        let before = self.folder.len();
        if before > 0 {
            self.folder.push(b'/');
        }
        self.folder.extend_from_slice(name);
        before
    }

    fn lone(&mut self, side: Side, name: &[u8], added: bool) {
        self.here();
        let start = self.names.len();
        self.names.extend_from_slice(name);
        let file = Lone { side, name: start..self.names.len() };
        if added { self.added.push(file) } else { self.deleted.push(file) }
    }
}

/// Counts for one thread.
pub(super) struct LineCounter {
    repository: gix::Repository,
    changes: Changes,
    spare: Vec<Vec<u8>>,
    effort: Effort,
}

impl LineCounter {
    /// Counts in this repository, as one of so many threads.
    pub fn new(mut repository: gix::Repository, threads: NonZero<usize>) -> Self {
        let share = BASES / threads;
        repository.object_cache_size(share / 4);
        repository.objects.set_pack_cache(move || Box::new(MemoryCappedHashmap::new(share)));
        Self { repository, changes: Changes::default(), spare: Vec::new(), effort: Effort::new() }
    }

    /// What a commit changes; `None` for a merge, and where its parent is beyond the end of a shallow clone.
    pub fn count(&mut self, commit: &RawCommit<'_>) -> Result<Option<Counts>, Uncounted> {
        self.effort = Effort::new();
        let old = match commit.parents.as_slice() {
            [] => None,
            [parent] => {
                let mut buffer = self.buffer();
                let tree = match self.repository.objects.try_find(parent, &mut buffer) {
                    Ok(Some(object)) if object.kind == Kind::Commit => RawCommit::parse(object.data).tree,
                    Ok(None) => return Ok(None),
                    _ => return Err(Uncounted::Unreadable(*parent)),
                };
                self.spare.push(buffer);
                Some(tree.ok_or(Uncounted::Unreadable(*parent))?)
            }
            _ => return Ok(None),
        };
        let mut changes = std::mem::take(&mut self.changes);
        changes.clear();
        let counts = self.trees(old, commit.tree, &mut changes).and_then(|()| self.sum(&mut changes));
        // what did not come to an end can have filled much memory
        self.changes = if counts.is_ok() { changes } else { Changes::default() };
        counts.map(Some)
    }

    /// The directories in which the commit that was counted last changed anything. Where they are very many,
    /// those above them.
    pub fn folders(&self) -> Folders {
        let names: BTreeSet<String> =
            self.changes.folders.iter().map(|folder| String::from_utf8_lossy(folder).into_owned()).collect();
        if names.len() <= FOLDERS {
            return Folders { names: names.into_iter().collect(), shortened: false };
        }
        let cut = |depth: usize| names.iter().map(|name| prefix(name, depth)).collect::<BTreeSet<_>>();
        // the deeper they are cut, the more of them differ
        let depths: Vec<usize> = (0..=DEPTH_LIMIT).collect();
        let depth = depths.partition_point(|depth| cut(*depth).len() <= FOLDERS).saturating_sub(1);
        Folders { names: cut(depth).into_iter().map(str::to_owned).collect(), shortened: true }
    }

    /// Whether there is still time.
    pub fn go_on(&self) -> Result<(), Uncounted> {
        self.effort.add(1, 0)
    }

    fn sum(&mut self, changes: &mut Changes) -> Result<Counts, Uncounted> {
        renames::find(changes, self)?;
        let mut counts = Counts {
            files: count(changes.added.len() + changes.deleted.len() + changes.modified.len()),
            ..Counts::default()
        };
        for file in &changes.added {
            counts.additions += self.lines_of(file.side)?;
        }
        for file in &changes.deleted {
            counts.deletions += self.lines_of(file.side)?;
        }
        for (old, new) in &changes.modified {
            if old.id != new.id {
                let (additions, deletions) = self.modified(*old, *new)?;
                counts.additions += additions;
                counts.deletions += deletions;
            }
        }
        Ok(counts)
    }

    fn lines_of(&mut self, side: Side) -> Result<u64, Uncounted> {
        let mut buffer = self.buffer();
        let text = self.content(side, &mut buffer)?;
        let lines = text.map(lines).unwrap_or_default();
        self.spare.push(buffer);
        Ok(lines)
    }

    fn modified(&mut self, old: Side, new: Side) -> Result<(u64, u64), Uncounted> {
        let (mut before, mut after) = (self.buffer(), self.buffer());
        let counts = match (self.content(old, &mut before)?, self.content(new, &mut after)?) {
            (Some(before), Some(after)) => diff(before, after),
            _ => (0, 0),
        };
        self.spare.extend([before, after]);
        Ok(counts)
    }

    /// The text of a file; `None` if it is binary or too large.
    fn content<'b>(&self, side: Side, buffer: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>, Uncounted> {
        Ok(self.bytes(side, buffer)?.filter(|data| !is_binary(data)))
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
            Err(_) if self.size(side)? > count(OBJECT_LIMIT) => return Ok(None),
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

    /// Notes what differs between two trees, at any depth.
    fn trees(&mut self, old: Option<ObjectId>, new: Option<ObjectId>, changes: &mut Changes) -> Result<(), Uncounted> {
        if old == new {
            return Ok(());
        }
        let (mut before, mut after) = (self.buffer(), self.buffer());
        {
            let mut left = self.entries(old, &mut before)?.peekable();
            let mut right = self.entries(new, &mut after)?.peekable();
            loop {
                let order = match (left.peek(), right.peek()) {
                    (None, None) => break,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(left), Some(right)) => by_name(left, right),
                };
                let left = if order == Ordering::Greater { None } else { left.next() };
                let right = if order == Ordering::Less { None } else { right.next() };
                self.entry(left, right, changes)?;
            }
        }
        self.spare.extend([before, after]);
        Ok(())
    }

    fn entry(
        &mut self,
        left: Option<Entry<'_>>,
        right: Option<Entry<'_>>,
        changes: &mut Changes,
    ) -> Result<(), Uncounted> {
        self.effort.add(1, 0)?;
        match (left, right) {
            (Some((name, old)), None) if !old.mode.is_tree() => changes.lone(old, name, false),
            (None, Some((name, new))) if !new.mode.is_tree() => changes.lone(new, name, true),
            (Some((name, old)), None) => self.folder(name, Some(old.id), None, changes)?,
            (None, Some((name, new))) => self.folder(name, None, Some(new.id), changes)?,
            (Some((name, old)), Some((_, new))) if old.mode.is_tree() => {
                self.folder(name, Some(old.id), Some(new.id), changes)?;
            }
            (Some((_, old)), Some((_, new))) if old != new => {
                changes.here();
                changes.modified.push((old, new));
            }
            _ => {}
        }
        Ok(())
    }

    fn folder(
        &mut self,
        name: &[u8],
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        changes: &mut Changes,
    ) -> Result<(), Uncounted> {
        if changes.folder.split(|byte| *byte == b'/').count() > DEPTH_LIMIT {
            return Err(Uncounted::TooLarge);
        }
        // names are kept, so they weigh more than what is only read
        self.effort.add(0, 8 * (changes.folder.len() + name.len()))?;
        let before = changes.enter(name);
        let compared = self.trees(old, new, changes);
        changes.folder.truncate(before);
        compared
    }

    fn entries<'b>(
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

type Entry<'a> = (&'a [u8], Side);

/// The order of entries in a tree: a folder's name sorts as if it ended with a slash.
fn by_name((left, old): &Entry<'_>, (right, new): &Entry<'_>) -> Ordering {
    let common = left.len().min(right.len());
    let slash = |name: &[u8], side: &Side| match name.get(common) {
        Some(byte) => Some(*byte),
        None => side.mode.is_tree().then_some(b'/'),
    };
    left.get(..common).cmp(&right.get(..common)).then_with(|| slash(left, old).cmp(&slash(right, new)))
}

/// As git has it: a zero byte among the first 8,000.
pub(super) fn is_binary(data: &[u8]) -> bool {
    data.iter().take(8_000).any(|byte| *byte == 0)
}

fn lines(text: &[u8]) -> u64 {
    let ends = text.split(|byte| *byte == b'\n').count() - 1;
    count(ends) + u64::from(text.last().is_some_and(|last| *last != b'\n'))
}

fn count(number: usize) -> u64 {
    number as u64
}

/// Lines added and deleted.
fn diff(before: &[u8], after: &[u8]) -> (u64, u64) {
    let (old, new) = trimmed(before, after);
    if old.is_empty() || new.is_empty() {
        return (lines(new), lines(old));
    }
    let input = InternedInput::new(sources::byte_lines(before), sources::byte_lines(after));
    let diff = Diff::compute(Algorithm::Myers, &input);
    (u64::from(diff.count_additions()), u64::from(diff.count_removals()))
}

/// Both texts without the lines that they begin with and end with in common.
fn trimmed<'a>(before: &'a [u8], after: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let equal = common(before, after);
    let prefix =
        before.get(..equal).and_then(|head| head.iter().rposition(|byte| *byte == b'\n')).map_or(0, |at| at + 1);
    let (before, after) = (before.get(prefix..).unwrap_or_default(), after.get(prefix..).unwrap_or_default());
    let equal = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, tail) = before.split_at(before.len() - equal);
    let (new, _) = after.split_at(after.len() - equal);
    let ends = |text: &[u8]| text.last().is_none_or(|last| *last == b'\n');
    if ends(old) && ends(new) {
        return (old, new);
    }
    // the rest of the line in which the common end begins
    let more = tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |at| at + 1);
    (before.get(..old.len() + more).unwrap_or(before), after.get(..new.len() + more).unwrap_or(after))
}

/// How many bytes two texts have in common at their start.
fn common(before: &[u8], after: &[u8]) -> usize {
    const STEP: usize = 64;
    let blocks = before.chunks_exact(STEP).zip(after.chunks_exact(STEP)).take_while(|(a, b)| a == b).count() * STEP;
    let rest = before.iter().skip(blocks).zip(after.iter().skip(blocks)).take_while(|(a, b)| a == b).count();
    blocks + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_shortened_by_levels() {
        for (depth, prefixes) in [(0, ["", ""]), (1, ["a", "b"]), (2, ["a/b", "b"]), (9, ["a/b/c", "b"])] {
            assert_eq!(["a/b/c", "b"].map(|folder| prefix(folder, depth)), prefixes);
        }
        assert_eq!(prefix("", 1), "");
    }

    #[test]
    fn lines_are_counted_as_a_diff_shows_them() {
        for (before, after, added, deleted) in [
            ("a\nb\nc\n", "a\nb\nc\n", 0, 0),
            ("", "a\nb", 2, 0),
            ("a\nb", "a\nb\n", 1, 1),
            ("a\nc\n", "a\nb\nc\n", 1, 0),
            ("a\na\na\n", "a\na\n", 0, 1),
            ("x\na\nb\n", "y\na\nb\n", 1, 1),
            ("a\nb\nc\nd\n", "d\na\nb\nc\n", 1, 1),
            ("ab\nb\n", "b\n", 0, 1),
            ("b\n", "ab\nb\n", 1, 0),
            ("xb\n", "b\n", 1, 1),
        ] {
            assert_eq!(diff(before.as_bytes(), after.as_bytes()), (added, deleted), "{before:?} {after:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_both_texts_share_at_their_ends_never_counts(
            before in "[ab\n]{0,30}", after in "[ab\n]{0,30}",
        ) {
            let (before, after) = (before.as_bytes(), after.as_bytes());
            let input = InternedInput::new(sources::byte_lines(before), sources::byte_lines(after));
            let whole = Diff::compute(Algorithm::MyersMinimal, &input);
            let (added, deleted) = diff(before, after);
            proptest::prop_assert_eq!(added.cast_signed() - deleted.cast_signed(), i64::from(whole.count_additions()) - i64::from(whole.count_removals()));
            proptest::prop_assert_eq!(lines(after).cast_signed() - lines(before).cast_signed(), added.cast_signed() - deleted.cast_signed());
            let (old, new) = trimmed(before, after);
            if old.is_empty() || new.is_empty() {
                proptest::prop_assert_eq!(added, u64::from(whole.count_additions()));
            }
        }
    }
}
