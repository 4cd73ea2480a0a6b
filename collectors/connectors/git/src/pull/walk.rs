//! Walks the commit graph. All of it chain by chain, each along first parents, so that a commit's parent
//! comes next and its objects are still at hand; or, for what is new, by time from tips to known tips.
//!
//! A commit that can't be read ends its line of history; it is noted, and the walk goes on elsewhere.

use std::collections::{HashMap, HashSet, VecDeque};

use gix::ObjectId;
use gix::objs::{FindHeader as _, Kind};
use kernel::difference::{CommitGraph, Walks};

use super::graph::Graph;
use super::{open, raw};

/// Reads commits for their place in the graph.
pub(super) struct Walker {
    repository: gix::Repository,
    graph: Option<gix::commitgraph::Graph>,
    shallow: HashSet<ObjectId>,
    buffer: Vec<u8>,
    /// Commits that could not be read.
    pub unreadable: Vec<ObjectId>,
}

/// A commit that a walk over everything has come to.
pub(super) struct Visited<'a> {
    pub id: ObjectId,
    /// Its bytes, if they were read.
    pub data: Option<&'a [u8]>,
    /// It is on the first-parent line of the first start.
    pub on_first_line: bool,
    pub is_merge: bool,
}

/// How one first-parent line became another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LineChange {
    /// Commits that are on it now and were not, latest first.
    pub entered: Vec<ObjectId>,
    /// Commits that were on it and are no longer, latest first.
    pub left: Vec<ObjectId>,
}

/// Commits of a graph, read as they are needed. A commit's place is when it was committed, which may be wrong.
pub(super) struct AsNeeded<'w> {
    pub walker: &'w mut Walker,
    pub graph: &'w mut Graph,
    /// The place of commits that can't be read.
    pub unreadable: i64,
}

impl AsNeeded<'_> {
    /// Reads a commit unless that was done.
    pub fn read(&mut self, commit: u32) {
        if self.graph.is_read(commit) {
            return;
        }
        let id = self.graph.id(commit);
        let (mut parents, mut time) = (Vec::new(), 0);
        if self.walker.place(id, &mut parents, &mut time) {
            self.graph.read(commit, time, &parents);
        }
        if !self.graph.is_read(commit) || self.walker.is_cut(id) {
            self.graph.cut(commit);
        }
    }

    /// Whether a commit that was read could not be.
    pub fn is_unreadable(&self, commit: u32) -> bool {
        self.graph.is_cut(commit) && !self.walker.is_cut(self.graph.id(commit))
    }
}

impl CommitGraph for AsNeeded<'_> {
    fn place(&mut self, commit: u32) -> i64 {
        self.read(commit);
        if self.is_unreadable(commit) { self.unreadable } else { self.graph.time(commit) }
    }

    fn parents(&self, commit: u32) -> &[u32] {
        self.graph.parents(commit)
    }
}

impl Walker {
    /// Walks this repository. `shallow` are the commits whose parents were left out of it.
    pub fn new(repository: gix::Repository, shallow: HashSet<ObjectId>) -> Self {
        // like git, which trusts the file of the graph only where histories are whole
        let graph = if shallow.is_empty() { repository.commit_graph_if_enabled().ok().flatten() } else { None };
        Self { repository, graph, shallow, buffer: Vec::new(), unreadable: Vec::new() }
    }

    /// The repository that it walks.
    pub fn repository(&self) -> &gix::Repository {
        &self.repository
    }

    /// Reads a commit's bytes; `None` if it is missing or broken, which is noted.
    pub fn read(&mut self, id: ObjectId) -> Option<&[u8]> {
        let length = open::commit(&self.repository, id, &mut self.buffer).map(<[u8]>::len);
        if length.is_none() && !self.unreadable.contains(&id) {
            self.unreadable.push(id);
        }
        self.buffer.get(..length?)
    }

    /// Whether there is a commit of this id, however large. Nothing is noted.
    pub fn is_commit(&self, id: ObjectId) -> bool {
        matches!(self.repository.objects.try_header(&id), Ok(Some(header)) if header.kind == Kind::Commit)
    }

    /// Whether a commit can be read. Nothing is noted.
    pub fn has(&self, id: ObjectId) -> bool {
        open::has_commit(&self.repository, id)
    }

    /// Whether some commits' parents were left out.
    pub fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    /// Whether a commit's parents were left out.
    pub fn is_cut(&self, id: ObjectId) -> bool {
        self.shallow.contains(&id)
    }

    /// The same of another handle on the repository.
    pub fn with(&self, repository: gix::Repository) -> Self {
        Self::new(repository, self.shallow.clone())
    }

    /// The parents that are there, and the time of a commit; `false` if it can't be read.
    pub fn place(&mut self, id: ObjectId, parents: &mut Vec<ObjectId>, time: &mut i64) -> bool {
        parents.clear();
        if let Some(known) = self.by_graph(id, parents) {
            *time = known;
            return true;
        }
        let shallow = self.shallow.contains(&id);
        let Some(data) = self.read(id) else { return false };
        *time = raw::committed(data);
        if !shallow {
            raw::parents(data, parents);
        }
        true
    }

    /// The same by the file of the graph, if the commit is in it.
    fn by_graph(&self, id: ObjectId, parents: &mut Vec<ObjectId>) -> Option<i64> {
        let graph = self.graph.as_ref()?;
        let commit = graph.commit_by_id(id)?;
        parents.clear();
        parents.extend(commit.iter_parents().map_while(Result::ok).map(|position| graph.id_at(position).to_owned()));
        Some(i64::try_from(commit.committer_timestamp()).unwrap_or(i64::MAX))
    }

    /// Calls `each` once for every commit that can be reached, first along the line of `starts`' first, and notes
    /// all of them in `graph`, which must be empty. `each` says whether to go on.
    pub fn all(
        &mut self,
        starts: impl IntoIterator<Item = ObjectId>,
        graph: &mut Graph,
        mut each: impl FnMut(Visited<'_>) -> bool,
    ) {
        let mut starts: VecDeque<u32> = starts.into_iter().map(|id| graph.number(id)).collect();
        let (mut parents, mut on_first_line) = (Vec::new(), true);
        while let Some(start) = starts.pop_front() {
            let mut next = Some(start);
            while let Some(commit) = next.take().filter(|commit| !graph.is_read(*commit)) {
                let id = graph.id(commit);
                let shallow = self.shallow.contains(&id);
                let (time, data) = if let Some(time) = self.by_graph(id, &mut parents) {
                    (time, None)
                } else if let Some(data) = self.read(id) {
                    raw::parents(data, &mut parents);
                    (raw::committed(data), Some(data))
                } else {
                    graph.cut(commit);
                    break;
                };
                let is_merge = parents.len() > 1;
                if shallow {
                    parents.clear();
                }
                graph.read(commit, time, &parents);
                if shallow {
                    graph.cut(commit);
                }
                if !each(Visited { id, data, on_first_line, is_merge }) {
                    return;
                }
                next = graph.parents(commit).first().copied();
                starts.extend(graph.parents(commit).iter().skip(1).filter(|parent| !graph.is_read(**parent)));
            }
            on_first_line = false;
        }
    }

    /// The commits that can be reached from `tips` and not from `hidden`. Where clocks ran backwards it can
    /// be more of them, never fewer.
    pub fn since(
        &mut self,
        tips: impl IntoIterator<Item = ObjectId>,
        hidden: impl IntoIterator<Item = ObjectId>,
    ) -> Vec<ObjectId> {
        let mut graph = Graph::default();
        let tips: Vec<u32> = tips.into_iter().map(|id| graph.number(id)).collect();
        let hidden: Vec<u32> = hidden.into_iter().map(|id| graph.number(id)).collect();
        let mut commits = AsNeeded { walker: self, graph: &mut graph, unreadable: i64::MAX };
        let mut found = Walks::default().begin(&mut commits, &tips, &hidden).all();
        found.retain(|commit| !commits.is_unreadable(*commit));
        found.into_iter().map(|commit| graph.id(commit)).collect()
    }

    /// How the first-parent line changed as its tip moved. Either may be missing.
    pub fn line_change(&mut self, old: Option<ObjectId>, new: Option<ObjectId>) -> LineChange {
        if old == new {
            return LineChange::default();
        }
        let mut entered = new.map(|new| self.line(new, |id| Some(id) == old)).unwrap_or_default();
        if old.is_some() && entered.last() == old.as_ref() {
            entered.pop();
            return LineChange { entered, left: Vec::new() };
        }
        let places: HashMap<ObjectId, usize> = entered.iter().copied().zip(0..).collect();
        let mut left = old.map(|old| self.line(old, |id| places.contains_key(&id))).unwrap_or_default();
        if let Some(fork) = left.last().and_then(|id| places.get(id)) {
            entered.truncate(*fork);
            left.pop();
        }
        LineChange { entered, left }
    }

    /// The first-parent line down from a tip, ending with the first commit that is `last`.
    pub fn line(&mut self, tip: ObjectId, last: impl Fn(ObjectId) -> bool) -> Vec<ObjectId> {
        let (mut line, mut parents, mut time) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(tip);
        while let Some(id) = next {
            if !self.place(id, &mut parents, &mut time) {
                break;
            }
            line.push(id);
            next = parents.first().copied().filter(|_| !last(id));
        }
        line
    }
}
