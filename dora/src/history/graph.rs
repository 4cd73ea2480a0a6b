//! The commit graph of a service: one column a property, commits by number, so that a million of them
//! fit into a quarter of a gigabyte and a walk touches only what it needs.
#![expect(clippy::indexing_slicing, reason = "every column has one entry a commit, and only `intern` makes numbers")]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use kernel::{EARLIEST_AUTHOR_TIME, Sha};
use store::history::CommitRow;

use super::index::index;
use super::text::Texts;

/// An object id is random already: its first eight bytes are its hash, and all of the key that is kept.
#[derive(Debug, Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The first eight bytes of an object id.
fn begin(sha: &Sha) -> u64 {
    sha.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Commits by number.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    numbers: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    /// The commits whose ids begin as that of another: none, unless they are forged.
    alike: HashMap<Sha, u32>,
    shas: Vec<Sha>,
    flags: Vec<u8>,
    authored: Vec<i64>,
    committed: Vec<i64>,
    repository: Vec<u32>,
    author: Vec<u32>,
    branch: Vec<u32>,
    subject: Vec<(usize, usize)>,
    subjects: String,
    parents: Vec<(u32, u32)>,
    edges: Vec<u32>,
    reverts: Vec<(u32, u32)>,
    cherry_picks: Vec<(u32, u32)>,
}

/// The commit itself was read, not only its id.
const KNOWN: u8 = 1;
/// Its parents are known.
const PARENTS: u8 = 2;
/// It changes nothing in the directories of the service.
const ELSEWHERE: u8 = 4;

/// Whether a directory holds another, or is it.
fn holds(outer: &str, inner: &str) -> bool {
    outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a commit changes nothing in a service's directories. It is unknown for a commit without directories; a
/// merge changes nothing by itself.
fn elsewhere(row: &CommitRow<'_>, paths: &[String]) -> bool {
    if paths.is_empty() {
        return false;
    }
    match row.directories {
        None => row.parents.is_some_and(|parents| parents.len() > 1),
        // a file above a path belongs to none; a directory that stands for those below it may be any of them
        Some(directories) => !directories.iter().any(|directory| {
            paths.iter().any(|path| holds(path, directory) || (row.directories_truncated && holds(directory, path)))
        }),
    }
}

impl Graph {
    /// The number of "no commit".
    pub const NONE: u32 = u32::MAX;

    /// The number of an id, a new one if it is new.
    pub fn intern(&mut self, sha: Sha) -> u32 {
        let next = index(self.shas.len());
        let mut number = *self.numbers.entry(begin(&sha)).or_insert(next);
        if number != next && self.shas[number as usize] != sha {
            number = *self.alike.entry(sha).or_insert(next);
        }
        if number == next {
            self.shas.push(sha);
            self.flags.push(0);
            self.authored.push(0);
            self.committed.push(0);
            self.repository.push(Texts::NONE);
            self.author.push(Texts::NONE);
            self.branch.push(Texts::NONE);
            self.subject.push((0, 0));
            self.parents.push((0, 0));
        }
        number
    }

    /// Adds a commit. One that is in two repositories is taken from the one that knows its parents, or
    /// the first by name: the order of arrival never matters.
    /// `paths` are the directories of the service, if it shares its repository.
    pub fn add(&mut self, row: &CommitRow<'_>, paths: &[String], texts: &mut Texts) {
        let commit = self.intern(row.sha);
        let at = commit as usize;
        if self.known(commit) {
            let held = (!self.parents_known(commit), texts.get(self.repository[at]).unwrap_or_default());
            if held <= (row.parents.is_none(), row.repository) {
                return;
            }
            self.reverts.retain(|(from, _)| *from != commit);
            self.cherry_picks.retain(|(copy, _)| *copy != commit);
        }
        self.flags[at] = if elsewhere(row, paths) { KNOWN | ELSEWHERE } else { KNOWN };
        self.authored[at] = row.authored_us;
        self.committed[at] = row.committed_us;
        self.repository[at] = texts.number(row.repository);
        self.author[at] = row.author.map_or(Texts::NONE, |author| texts.number(author));
        self.branch[at] = row.branch.map_or(Texts::NONE, |branch| texts.number(branch));
        self.subject[at] = self.keep(row.subject);
        self.parents[at] = (0, 0);
        if let Some(parents) = row.parents {
            self.flags[at] |= PARENTS;
            let start = self.edges.len();
            for parent in parents {
                let parent = self.intern(*parent);
                self.edges.push(parent);
            }
            self.parents[at] = (index(start), index(self.edges.len() - start));
        }
        for target in row.reverts {
            let target = self.intern(*target);
            self.reverts.push((commit, target));
        }
        if let Some(original) = row.cherry_picked_from {
            let original = self.intern(original);
            self.cherry_picks.push((commit, original));
        }
    }

    fn keep(&mut self, subject: &str) -> (usize, usize) {
        let start = self.subjects.len();
        self.subjects.push_str(subject);
        (start, subject.len())
    }

    pub fn len(&self) -> usize {
        self.shas.len()
    }

    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        0..index(self.shas.len())
    }

    pub fn find(&self, sha: &Sha) -> Option<u32> {
        let number = *self.numbers.get(&begin(sha))?;
        if self.shas[number as usize] == *sha { Some(number) } else { self.alike.get(sha).copied() }
    }

    pub fn sha(&self, commit: u32) -> Sha {
        self.shas[commit as usize]
    }

    pub fn known(&self, commit: u32) -> bool {
        self.flags[commit as usize] & KNOWN != 0
    }

    pub fn parents_known(&self, commit: u32) -> bool {
        self.flags[commit as usize] & PARENTS != 0
    }

    /// It changes nothing in the directories of the service, which has some of its own.
    pub fn elsewhere(&self, commit: u32) -> bool {
        self.flags[commit as usize] & ELSEWHERE != 0
    }

    /// Its parents, first parent first; none where they are not known.
    pub fn parents(&self, commit: u32) -> &[u32] {
        let (start, count) = self.parents[commit as usize];
        &self.edges[start as usize..(start + count) as usize]
    }

    /// For each commit that some commits reach, themselves included, how many there are on the longest way down
    /// from it, so that an ancestor always has fewer; 0 for every other.
    pub fn generations(&self, from: impl Iterator<Item = u32>) -> Vec<u32> {
        const OPEN: u32 = u32::MAX;
        let mut generations = vec![0; self.shas.len()];
        let mut stack = Vec::new();
        for tip in from {
            stack.push(tip);
            while let Some(commit) = stack.last().copied() {
                match generations[commit as usize] {
                    0 => {
                        generations[commit as usize] = OPEN;
                        let parents = self.parents(commit).iter();
                        stack.extend(parents.filter(|parent| generations[**parent as usize] == 0));
                    }
                    OPEN => {
                        // invented histories can go in circles: what is still open is no further down
                        let parents = self.parents(commit).iter().map(|parent| generations[*parent as usize]);
                        let below = parents.filter(|generation| *generation != OPEN).max();
                        generations[commit as usize] = below.unwrap_or(0) + 1;
                        stack.pop();
                    }
                    _ => {
                        stack.pop();
                    }
                }
            }
        }
        generations
    }

    /// When it was written, microseconds since 1970.
    pub fn authored(&self, commit: u32) -> i64 {
        self.authored[commit as usize]
    }

    /// The same, unless that can't be when software was written.
    pub fn plausibly_authored(&self, commit: u32) -> Option<i64> {
        Some(self.authored(commit)).filter(|at| *at >= EARLIEST_AUTHOR_TIME.timestamp_micros())
    }

    /// When it was committed, microseconds since 1970.
    pub fn committed(&self, commit: u32) -> i64 {
        self.committed[commit as usize]
    }

    /// The number of its repository's text.
    pub fn repository(&self, commit: u32) -> u32 {
        self.repository[commit as usize]
    }

    /// The number of its author's text.
    pub fn author(&self, commit: u32) -> u32 {
        self.author[commit as usize]
    }

    /// The number of its branch's text.
    pub fn branch(&self, commit: u32) -> u32 {
        self.branch[commit as usize]
    }

    pub fn subject(&self, commit: u32) -> &str {
        let (start, length) = self.subject[commit as usize];
        self.subjects.get(start..start + length).unwrap_or_default()
    }

    /// Whether it merges others: it has several parents, or, where they are not known, git's own subject of a merge.
    pub fn is_merge(&self, commit: u32) -> bool {
        const SUBJECTS: [&str; 5] =
            ["Merge branch '", "Merge branches '", "Merge remote-tracking branch '", "Merge tag '", "Merge commit '"];
        if self.parents_known(commit) {
            return self.parents(commit).len() > 1;
        }
        SUBJECTS.iter().any(|subject| self.subject(commit).starts_with(subject))
    }

    /// Which commit says that it reverts which.
    pub fn reverts(&self) -> &[(u32, u32)] {
        &self.reverts
    }

    /// Which commit says that it was cherry-picked from which.
    pub fn cherry_picks(&self) -> &[(u32, u32)] {
        &self.cherry_picks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::small_graph::{graph, sha};

    #[test]
    fn a_directory_holds_what_is_below_it() {
        for (outer, inner, is_held) in [
            ("services/shop", "services/shop", true),
            ("services/shop", "services/shop/src/cart", true),
            ("services/shop", "services", false),
            ("services/shop", "services/shopping", false),
            ("services/shop", "services/mail", false),
            ("services/shop", "", false),
            ("", "anything", true),
        ] {
            assert_eq!(holds(outer, inner), is_held, "{outer} {inner}");
        }
    }

    #[test]
    fn a_generation_is_greater_than_those_of_all_ancestors_and_circles_end() {
        let graph = graph();
        let numbers: Vec<u32> = [5, 8].into_iter().filter_map(|number| graph.find(&sha(number))).collect();
        let generations = graph.generations(numbers.into_iter());
        let of = |number| generations[graph.find(&sha(number)).unwrap() as usize];
        assert_eq!([1, 2, 3, 4, 5, 9, 8].map(of), [1, 2, 3, 2, 4, 1, 2]);
    }

    #[test]
    fn ids_that_begin_alike_are_two_commits() {
        let sha = |end: u8| {
            let mut bytes = [7; 20];
            bytes[19] = end;
            Sha::from_bytes(&bytes).unwrap()
        };
        let mut graph = Graph::default();
        let numbers: Vec<u32> = [1, 2, 3, 2, 1].map(|end| graph.intern(sha(end))).to_vec();
        assert_eq!(numbers, [0, 1, 2, 1, 0]);
        assert_eq!([1, 2, 3, 4].map(|end| graph.find(&sha(end))), [Some(0), Some(1), Some(2), None]);
    }
}
