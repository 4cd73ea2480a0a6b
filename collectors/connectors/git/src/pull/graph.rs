//! The commit graph in memory, by numbers. About 60 bytes a commit.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit, numbers are theirs")]

use std::collections::HashSet;

use gix::ObjectId;

/// A commit whose parents were not read yet.
const UNREAD: usize = usize::MAX;

/// Commits with their parents.
#[derive(Default)]
pub(super) struct Graph {
    numbers: gix::hashtable::HashMap<ObjectId, u32>,
    ids: Vec<ObjectId>,
    times: Vec<i64>,
    /// For each commit where its parents begin in `parents`, and how many there are.
    ranges: Vec<(usize, u32)>,
    parents: Vec<u32>,
    /// Commits of which not all parents are there: the boundary of a shallow clone, and what can't be read.
    cut: HashSet<u32>,
}

impl Graph {
    /// How many commits were met.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of a commit, which may be a new one.
    pub fn number(&mut self, id: ObjectId) -> u32 {
        let Self { numbers, ids, times, ranges, .. } = self;
        *numbers.entry(id).or_insert_with(|| {
            let number = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            ids.push(id);
            times.push(0);
            ranges.push((UNREAD, 0));
            number
        })
    }

    pub fn id(&self, commit: u32) -> ObjectId {
        self.ids[commit as usize]
    }

    /// When it was committed, in seconds since 1970.
    pub fn time(&self, commit: u32) -> i64 {
        self.times[commit as usize]
    }

    pub fn is_read(&self, commit: u32) -> bool {
        self.ranges[commit as usize].0 != UNREAD
    }

    /// The parents of a commit, as far as they were read.
    pub fn parents(&self, commit: u32) -> &[u32] {
        let (start, count) = self.ranges[commit as usize];
        self.parents.get(start..start.saturating_add(count as usize)).unwrap_or_default()
    }

    /// Notes what was read of a commit.
    pub fn read(&mut self, commit: u32, time: i64, parents: &[ObjectId]) {
        let start = self.parents.len();
        for parent in parents {
            let parent = self.number(*parent);
            self.parents.push(parent);
        }
        self.times[commit as usize] = time;
        self.ranges[commit as usize] = (start, u32::try_from(parents.len()).unwrap_or(u32::MAX));
    }

    /// Notes that not all parents of a commit are there.
    pub fn cut(&mut self, commit: u32) {
        if !self.is_read(commit) {
            self.ranges[commit as usize] = (self.parents.len(), 0);
        }
        self.cut.insert(commit);
    }

    /// Whether all parents of all commits are there, as far as they were read.
    pub fn is_whole(&self) -> bool {
        self.cut.is_empty()
    }

    /// Whether parents of a commit are missing.
    pub fn is_cut(&self, commit: u32) -> bool {
        self.cut.contains(&commit)
    }
}
