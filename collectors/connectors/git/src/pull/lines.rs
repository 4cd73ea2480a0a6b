//! Counts the lines that a commit changes, as `git log --numstat` does: against the first parent, merges
//! not at all, renames (see [`super::renames`]) only by what they changed, binary files as a file without
//! lines. Files above the size limit count as binary; `.gitattributes` have no say, as in a bare repository.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::num::NonZero;

use gix::ObjectId;
use gix::diff::blob::{Algorithm, Diff, InternedInput, sources};

use super::changes::{Changes, Side};
use super::counts::{Counts, Directories};
use super::effort::Uncounted;
use super::files::{Entry, Files, is_binary};
use super::raw::RawCommit;
use super::renames;

/// The most directories of one commit that are listed.
const MAX_DIRECTORIES: usize = 200;

/// The first `depth` levels of a directory's path, or all of it if it is not deeper.
fn prefix(directory: &str, depth: usize) -> &str {
    let Some(slash) = depth.checked_sub(1) else { return "" };
    directory.match_indices('/').nth(slash).and_then(|(end, _)| directory.get(..end)).unwrap_or(directory)
}

/// How deep directories may be nested.
const DEPTH_LIMIT: usize = 256;

/// Counts for one thread.
pub(super) struct LineCounter {
    files: Files,
    changes: Changes,
}

impl LineCounter {
    /// Counts in this repository, as one of this number of threads.
    pub fn new(repository: gix::Repository, threads: NonZero<usize>) -> Self {
        Self { files: Files::new(repository, threads), changes: Changes::default() }
    }

    /// What a commit changes; `None` for a merge, and where its parent is beyond the end of a shallow clone.
    pub fn count(&mut self, commit: &RawCommit<'_>) -> Result<Option<Counts>, Uncounted> {
        self.files.begin();
        let old = match commit.parents.as_slice() {
            [] => None,
            [parent] => match self.files.tree_of(*parent)? {
                None => return Ok(None),
                tree => tree,
            },
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
    pub fn directories(&self) -> Directories {
        let names: BTreeSet<String> =
            self.changes.directories.iter().map(|directory| String::from_utf8_lossy(directory).into_owned()).collect();
        if names.len() <= MAX_DIRECTORIES {
            return Directories { names: names.into_iter().collect(), shortened: false };
        }
        let cut = |depth: usize| names.iter().map(|name| prefix(name, depth)).collect::<BTreeSet<_>>();
        // the deeper they are cut, the more of them differ
        let depths: Vec<usize> = (0..=DEPTH_LIMIT).collect();
        let depth = depths.partition_point(|depth| cut(*depth).len() <= MAX_DIRECTORIES).saturating_sub(1);
        Directories { names: cut(depth).into_iter().map(str::to_owned).collect(), shortened: true }
    }

    fn sum(&mut self, changes: &mut Changes) -> Result<Counts, Uncounted> {
        renames::find(changes, &mut self.files)?;
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
        let mut buffer = self.files.buffer();
        let text = self.content(side, &mut buffer)?;
        let lines = text.map(lines).unwrap_or_default();
        self.files.reuse(buffer);
        Ok(lines)
    }

    fn modified(&mut self, old: Side, new: Side) -> Result<(u64, u64), Uncounted> {
        let (mut before, mut after) = (self.files.buffer(), self.files.buffer());
        let counts = match (self.content(old, &mut before)?, self.content(new, &mut after)?) {
            (Some(before), Some(after)) => diff(before, after),
            _ => (0, 0),
        };
        self.files.reuse(before);
        self.files.reuse(after);
        Ok(counts)
    }

    /// The text of a file; `None` if it is binary or too large.
    fn content<'b>(&self, side: Side, buffer: &'b mut Vec<u8>) -> Result<Option<&'b [u8]>, Uncounted> {
        Ok(self.files.bytes(side, buffer)?.filter(|data| !is_binary(data)))
    }

    /// Notes what differs between two trees, at any depth.
    fn trees(&mut self, old: Option<ObjectId>, new: Option<ObjectId>, changes: &mut Changes) -> Result<(), Uncounted> {
        if old == new {
            return Ok(());
        }
        let (mut before, mut after) = (self.files.buffer(), self.files.buffer());
        {
            let mut left = self.files.entries(old, &mut before)?.peekable();
            let mut right = self.files.entries(new, &mut after)?.peekable();
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
        self.files.reuse(before);
        self.files.reuse(after);
        Ok(())
    }

    fn entry(
        &mut self,
        left: Option<Entry<'_>>,
        right: Option<Entry<'_>>,
        changes: &mut Changes,
    ) -> Result<(), Uncounted> {
        self.files.spend(1, 0)?;
        match (left, right) {
            (Some((name, old)), None) if !old.mode.is_tree() => changes.lone(old, name, false),
            (None, Some((name, new))) if !new.mode.is_tree() => changes.lone(new, name, true),
            (Some((name, old)), None) => self.directory(name, Some(old.id), None, changes)?,
            (None, Some((name, new))) => self.directory(name, None, Some(new.id), changes)?,
            (Some((name, old)), Some((_, new))) if old.mode.is_tree() => {
                self.directory(name, Some(old.id), Some(new.id), changes)?;
            }
            (Some((_, old)), Some((_, new))) if old != new => {
                changes.here();
                changes.modified.push((old, new));
            }
            _ => {}
        }
        Ok(())
    }

    fn directory(
        &mut self,
        name: &[u8],
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        changes: &mut Changes,
    ) -> Result<(), Uncounted> {
        if changes.directory.split(|byte| *byte == b'/').count() > DEPTH_LIMIT {
            return Err(Uncounted::TooLarge);
        }
        // names are kept, so they weigh more than what is only read
        self.files.spend(0, 8 * (changes.directory.len() + name.len()))?;
        let before = changes.enter(name);
        let compared = self.trees(old, new, changes);
        changes.directory.truncate(before);
        compared
    }
}

/// The order of entries in a tree: a directory's name sorts as if it ended with a slash.
fn by_name((left, old): &Entry<'_>, (right, new): &Entry<'_>) -> Ordering {
    let common = left.len().min(right.len());
    let slash = |name: &[u8], side: &Side| match name.get(common) {
        Some(byte) => Some(*byte),
        None => side.mode.is_tree().then_some(b'/'),
    };
    left.get(..common).cmp(&right.get(..common)).then_with(|| slash(left, old).cmp(&slash(right, new)))
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
            assert_eq!(["a/b/c", "b"].map(|directory| prefix(directory, depth)), prefixes);
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
