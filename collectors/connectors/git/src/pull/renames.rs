//! Finds renamed files by git's default rules: first files of equal content, then files of the same name that are at
//! least three quarters alike, then any files that are at least half alike, most alike first. The last step is left out
//! if there are too many files to compare.
//!
//! Similarity is the number of bytes in lines (or blocks of 64 bytes) that both files have, divided by the size of the
//! larger file. Renamed directories and copies are not detected.

use std::collections::HashMap;

use gix::ObjectId;

use super::changes::{Changes, Lone, Side};
use super::effort::Uncounted;
use super::files::{Files, is_binary};

/// Pairs are compared up to the square of it, git's `diff.renameLimit`.
const LIMIT: usize = 1_000;
/// Of how many in a million two files are alike.
const COMPLETE: u64 = 60_000;
const HALF: u64 = 30_000;
const THREE_QUARTERS: u64 = 45_000;
/// How many candidates of a file are kept.
const CANDIDATES: usize = 4;

/// Moves pairs of deleted and added files that are renames to the modified ones.
pub(super) fn find(changes: &mut Changes, files: &mut Files) -> Result<(), Uncounted> {
    if changes.deleted.is_empty() || changes.added.is_empty() {
        return Ok(());
    }
    let mut pairs = Pairs { from: vec![None; changes.added.len()], used: vec![false; changes.deleted.len()] };
    identical(changes, &mut pairs);
    let mut likeness = Likeness { changes, files, prints: HashMap::new(), sizes: HashMap::new() };
    same_name(&mut likeness, &mut pairs)?;
    most_alike(&mut likeness, &mut pairs)?;
    pairs.apply(changes);
    Ok(())
}

/// Which deleted file each added one was, and which deleted ones are taken.
struct Pairs {
    from: Vec<Option<usize>>,
    used: Vec<bool>,
}

impl Pairs {
    fn set(&mut self, deleted: usize, added: usize) {
        if let (Some(used), Some(from)) = (self.used.get_mut(deleted), self.from.get_mut(added)) {
            *used = true;
            *from = Some(deleted);
        }
    }

    fn is_free(&self, deleted: usize) -> bool {
        self.used.get(deleted) == Some(&false)
    }

    fn is_new(&self, added: usize) -> bool {
        self.from.get(added) == Some(&None)
    }

    fn apply(self, changes: &mut Changes) {
        for (added, from) in changes.added.iter().zip(&self.from) {
            if let Some(deleted) = from.and_then(|from| changes.deleted.get(from)) {
                changes.modified.push((deleted.side, added.side));
            }
        }
        let mut from = self.from.into_iter();
        changes.added.retain(|_| from.next() == Some(None));
        let mut used = self.used.into_iter();
        changes.deleted.retain(|_| used.next() == Some(false));
    }
}

fn identical(changes: &Changes, pairs: &mut Pairs) {
    let mut by_id: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for (at, file) in changes.deleted.iter().enumerate() {
        by_id.entry(file.side.id).or_default().push(at);
    }
    for (at, added) in changes.added.iter().enumerate() {
        let candidates = by_id.get(&added.side.id).map(Vec::as_slice).unwrap_or_default();
        let fitting = candidates.iter().copied().filter(|from| {
            pairs.is_free(*from) && changes.deleted.get(*from).is_some_and(|file| fit(file.side, added.side))
        });
        let name = changes.name(added);
        let best = fitting.max_by_key(|from| {
            (changes.deleted.get(*from).is_some_and(|file| changes.name(file) == name), std::cmp::Reverse(*from))
        });
        if let Some(from) = best {
            pairs.set(from, at);
        }
    }
}

/// Whether one can be the other renamed: both files, or of exactly the same kind.
fn fit(old: Side, new: Side) -> bool {
    (old.mode.is_blob() && new.mode.is_blob()) || old.mode == new.mode
}

fn same_name(likeness: &mut Likeness<'_>, pairs: &mut Pairs) -> Result<(), Uncounted> {
    let changes = likeness.changes;
    let deleted = unique_names(changes, &changes.deleted, |at| pairs.is_free(at));
    let added = unique_names(changes, &changes.added, |at| pairs.is_new(at));
    let mut both: Vec<(usize, usize)> =
        deleted.iter().filter_map(|(name, from)| Some(((*from)?, (*added.get(name)?)?))).collect();
    both.sort_unstable();
    for (from, to) in both {
        if likeness.of(from, to, THREE_QUARTERS)? >= THREE_QUARTERS {
            pairs.set(from, to);
        }
    }
    Ok(())
}

/// The place of each name; `None` for a name that several have.
fn unique_names<'c>(
    changes: &'c Changes,
    files: &[Lone],
    wanted: impl Fn(usize) -> bool,
) -> HashMap<&'c [u8], Option<usize>> {
    let mut names = HashMap::new();
    for (at, file) in files.iter().enumerate().filter(|(at, _)| wanted(*at)) {
        names.entry(changes.name(file)).and_modify(|place| *place = None).or_insert(Some(at));
    }
    names
}

fn most_alike(likeness: &mut Likeness<'_>, pairs: &mut Pairs) -> Result<(), Uncounted> {
    let changes = likeness.changes;
    let deleted: Vec<usize> = (0..changes.deleted.len()).filter(|at| pairs.is_free(*at)).collect();
    let added: Vec<usize> = (0..changes.added.len()).filter(|at| pairs.is_new(*at)).collect();
    if deleted.len().saturating_mul(added.len()) > LIMIT * LIMIT {
        return Ok(());
    }
    let mut all = Vec::new();
    for to in added {
        let mut best: Vec<(u64, bool, usize, usize)> = Vec::new();
        for from in deleted.iter().copied() {
            let alike = likeness.of(from, to, HALF)?;
            if alike >= HALF {
                let same_name = match (changes.deleted.get(from), changes.added.get(to)) {
                    (Some(old), Some(new)) => changes.name(old) == changes.name(new),
                    _ => false,
                };
                best.push((alike, same_name, from, to));
            }
        }
        best.sort_by_key(|(alike, same_name, ..)| std::cmp::Reverse((*alike, *same_name)));
        all.extend(best.into_iter().take(CANDIDATES));
    }
    all.sort_by_key(|(alike, same_name, ..)| std::cmp::Reverse((*alike, *same_name)));
    for (_, _, from, to) in all {
        if pairs.is_free(from) && pairs.is_new(to) {
            pairs.set(from, to);
        }
    }
    Ok(())
}

/// A file's lines or blocks: the hash of each that it has, with its bytes altogether, sorted.
type Print = Vec<(u64, u64)>;

/// How alike files are, with what was found out about each kept.
struct Likeness<'a> {
    changes: &'a Changes,
    files: &'a mut Files,
    prints: HashMap<ObjectId, Print>,
    sizes: HashMap<ObjectId, u64>,
}

impl Likeness<'_> {
    /// How alike a deleted and an added file are; 0 if less than `least` for sure.
    fn of(&mut self, deleted: usize, added: usize, least: u64) -> Result<u64, Uncounted> {
        let (Some(old), Some(new)) = (self.changes.deleted.get(deleted), self.changes.added.get(added)) else {
            return Ok(0);
        };
        let (old, new) = (old.side, new.side);
        self.files.go_on()?;
        if !old.mode.is_blob() || !new.mode.is_blob() {
            return Ok(0);
        }
        let (before, after) = (self.size(old)?, self.size(new)?);
        let (smaller, larger) = (before.min(after), before.max(after));
        if smaller == 0 || larger * (COMPLETE - least) < (larger - smaller) * COMPLETE {
            return Ok(0);
        }
        self.read(old)?;
        self.read(new)?;
        let (Some(before), Some(after)) = (self.prints.get(&old.id), self.prints.get(&new.id)) else { return Ok(0) };
        Ok(shared(before, after) * COMPLETE / larger)
    }

    fn size(&mut self, side: Side) -> Result<u64, Uncounted> {
        if let Some(size) = self.sizes.get(&side.id) {
            return Ok(*size);
        }
        let bytes = self.files.size(side)?;
        self.sizes.insert(side.id, bytes);
        Ok(bytes)
    }

    fn read(&mut self, side: Side) -> Result<(), Uncounted> {
        if !self.prints.contains_key(&side.id) {
            let mut buffer = self.files.buffer();
            let print = self.files.bytes(side, &mut buffer)?.map(print).unwrap_or_default();
            self.files.reuse(buffer);
            self.prints.insert(side.id, print);
        }
        Ok(())
    }
}

/// The bytes of lines or blocks that both have.
fn shared(before: &Print, after: &Print) -> u64 {
    let mut after = after.iter().peekable();
    let mut bytes = 0;
    for (hash, size) in before {
        while after.next_if(|(other, _)| other < hash).is_some() {}
        if let Some((_, other)) = after.next_if(|(other, _)| other == hash) {
            bytes += size.min(other);
        }
    }
    bytes
}

fn print(data: &[u8]) -> Print {
    let text = !is_binary(data);
    let mut blocks: Print = Vec::with_capacity(data.len() / 32 + 1);
    let (mut hash, mut size) = (SEED, 0);
    let mut bytes = data.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        // the two kinds of line ends are alike
        if text && byte == b'\r' && bytes.peek() == Some(&b'\n') {
            continue;
        }
        hash = (hash.rotate_left(5) ^ u64::from(byte)).wrapping_mul(FACTOR);
        size += 1;
        if size == 64 || byte == b'\n' {
            blocks.push((hash, size));
            (hash, size) = (SEED, 0);
        }
    }
    if size > 0 {
        blocks.push((hash, size));
    }
    blocks.sort_unstable();
    blocks.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    blocks
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0x517c_c1b7_2722_0a95;

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(before: &str, after: &str) -> u64 {
        let larger = before.len().max(after.len()) as u64;
        shared(&print(before.as_bytes()), &print(after.as_bytes())) * COMPLETE / larger
    }

    #[test]
    fn files_are_alike_by_the_lines_that_both_have() {
        let lines = |range: std::ops::Range<u32>| range.map(|n| format!("line {n:04}\n")).collect::<Vec<_>>().concat();
        assert_eq!(alike(&lines(0..100), &lines(0..100)), COMPLETE);
        assert_eq!(alike(&lines(0..100), &lines(50..150)), HALF);
        assert_eq!(alike(&lines(0..100), &lines(100..200)), 0);
        assert_eq!(alike("a\r\nb\r\n", "a\nb\n") / 100, COMPLETE * 4 / 6 / 100);
    }
}
