//! What a merge brought: `git rev-list M^1..M` without the merge itself.
//!
//! Where all of a whole history was walked, one pass along the line of the default branch, oldest merge first, finds it
//! for all merges on that line: each commit is visited once. What other merges brought, and those of a history of which
//! only the new part is read, is walked by itself, by commit times and little further than the branches part. All walks
//! of a collection together visit at most [`VISITS`] commits to find what was brought, and about [`CHECKS`] to check it,
//! so that no history makes them long.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a commit, numbers are theirs")]

use gix::ObjectId;
use kernel::Sha;
use kernel::difference::Walks;

use super::graph::Graph;
use super::walk::{AsNeeded, Walker};

/// Of a merge that brought more commits than this none is listed.
pub(super) const LISTED: usize = 1_000;
/// How many commits all walks of a collection visit until they have found all.
const VISITS: u64 = 50_000_000;
/// How many commits a walk goes on when it has found all, since a commit whose clock was wrong may still show that
/// the first parent reaches what was found.
const BEYOND: usize = 1_000;
/// How many commits all walks of a collection go on by [`BEYOND`].
const CHECKS: u64 = 500_000_000;
/// How many commits a walk goes on afterward, as in `git` itself.
const BEYOND_AFTER_CHECKS: usize = 5;

const NONE: u32 = u32::MAX;

/// Finds what merges brought.
pub(super) struct Brought {
    walker: Walker,
    graph: Graph,
    line: Option<Line>,
    walks: Walks,
    visits_left: u64,
    checks_left: u64,
}

/// What a merge brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// These commits, oldest first.
    Commits(Vec<Sha>),
    /// They can't be known: the history is cut off.
    Unknown,
    /// They are too many, or finding them takes too long.
    TooMany,
}

impl Brought {
    /// Reads commits as they are needed.
    pub fn new(walker: Walker) -> Self {
        let (visits_left, checks_left) = (VISITS, CHECKS);
        Self { walker, graph: Graph::default(), line: None, walks: Walks::default(), visits_left, checks_left }
    }

    /// Takes the graph of everything, and the tip of the default branch.
    pub fn take(&mut self, mut graph: Graph, tip: Option<ObjectId>) {
        let tip = tip.filter(|_| graph.is_whole()).map(|tip| graph.number(tip));
        self.line = tip.map(|tip| Line::new(&graph, tip));
        self.graph = graph;
    }

    /// What a merge brought.
    pub fn by(&mut self, merge: ObjectId) -> Listed {
        let merge = self.graph.number(merge);
        AsNeeded { walker: &mut self.walker, graph: &mut self.graph, unreadable: 0 }.read(merge);
        let brought = self.line.as_ref().and_then(|line| line.brought(merge));
        let brought = match brought {
            Some(brought) => brought.to_vec(),
            None => match self.difference(merge) {
                Some(brought) => brought,
                None => return Listed::TooMany,
            },
        };
        let graph = &self.graph;
        let whole = graph.is_whole() && !self.walker.is_shallow();
        let ends = |commit: &u32| !whole && (graph.is_cut(*commit) || graph.parents(*commit).is_empty());
        if graph.is_cut(merge) || brought.iter().any(ends) {
            return Listed::Unknown;
        }
        if brought.len() > LISTED {
            return Listed::TooMany;
        }
        let mut brought: Vec<(i64, ObjectId)> =
            brought.into_iter().map(|commit| (graph.time(commit), graph.id(commit))).collect();
        brought.sort_unstable();
        Listed::Commits(brought.iter().filter_map(|(_, id)| Sha::from_bytes(id.as_bytes()).ok()).collect())
    }

    /// What the other parents of a merge reach and its first does not; none if too much was visited.
    fn difference(&mut self, merge: u32) -> Option<Vec<u32>> {
        let most_beyond = if self.checks_left > 0 { BEYOND } else { BEYOND_AFTER_CHECKS };
        let mut beyond = 0;
        let mut commits = AsNeeded { walker: &mut self.walker, graph: &mut self.graph, unreadable: 0 };
        let mut walk = self.walks.begin_at_merge(&mut commits, merge);
        loop {
            if walk.is_open() {
                self.visits_left = self.visits_left.checked_sub(1)?;
            } else if beyond < most_beyond {
                beyond += 1;
                self.checks_left = self.checks_left.saturating_sub(1);
            } else {
                break;
            }
            if !walk.step() {
                break;
            }
        }
        Some(walk.found())
    }
}

/// What the merges on the first-parent line of a branch brought.
struct Line {
    /// The commits of the line, oldest first.
    commits: Vec<u32>,
    /// For each commit the position of the first commit of the line that reaches it.
    positions: Vec<u32>,
    /// What the commits of the line brought, one after the other, and where that of each ends.
    brought: Vec<u32>,
    ends: Vec<usize>,
}

impl Line {
    /// `graph` holds everything that the tip reaches.
    fn new(graph: &Graph, tip: u32) -> Self {
        let mut commits = vec![tip];
        let mut next = graph.parents(tip).first();
        while let Some(commit) = next {
            commits.push(*commit);
            next = graph.parents(*commit).first();
        }
        commits.reverse();
        let mut line = Self {
            positions: vec![NONE; graph.len()],
            brought: Vec::new(),
            ends: Vec::with_capacity(commits.len()),
            commits,
        };
        let mut stack = Vec::new();
        for (position, commit) in (0..).zip(&line.commits) {
            line.positions[*commit as usize] = position;
            stack.extend(graph.parents(*commit).iter().skip(1));
            while let Some(commit) = stack.pop() {
                if line.positions[commit as usize] == NONE {
                    line.positions[commit as usize] = position;
                    line.brought.push(commit);
                    stack.extend(graph.parents(commit));
                }
            }
            line.ends.push(line.brought.len());
        }
        line
    }

    /// What a commit brought, if it is on the line.
    fn brought(&self, commit: u32) -> Option<&[u32]> {
        let position = *self.positions.get(commit as usize)? as usize;
        let end = *self.ends.get(position).filter(|_| self.commits.get(position) == Some(&commit))?;
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.brought.get(start..end)
    }
}
