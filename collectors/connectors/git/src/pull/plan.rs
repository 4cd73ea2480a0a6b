//! What a collection has to report, by comparing the refs of a repository with those of the last collection.
//!
//! History that was only added to is reported from the last position. When history was rewritten so that something
//! reported (a change, a deployment of a branch) is gone, that is reported as deleted, and everything else is reported
//! again with a later version: which of several commits represents a change is then decided again.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use regex::Regex;

use super::cursor::{self, Cursor, Wanted};
use super::pages;
use super::raw::RawCommit;
use super::refs::{Refs, set_at};
use super::walk::Walker;
use crate::normalize::claim;
use crate::page::{Frame, PageRepository, PageTag, mark};

/// What is to be reported.
#[derive(Debug)]
pub(super) struct Plan {
    /// Common to all pages.
    pub frame: Frame,
    /// Common to the pages of what is gone.
    pub gone_frame: Frame,
    /// Commits by which something was reported that is gone.
    pub gone: Vec<(ObjectId, u8)>,
    /// The commits to report.
    pub work: Work,
    /// Tags to report.
    pub tags: Vec<PageTag>,
    /// Whether there is anything to report.
    pub changed: bool,
    /// The cursor to keep when all is reported.
    pub next: Cursor,
    /// Whether the cursor differs from the last one.
    pub moved: bool,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// The commits to report.
#[derive(Debug)]
pub(super) enum Work {
    /// All that can be reached: first along the default branch.
    All { starts: Vec<ObjectId>, on_default: bool, deployed: HashSet<ObjectId> },
    /// These, with their marks.
    These(Vec<(ObjectId, u8)>),
}

/// How a repository stands.
pub(super) struct Standing<'a> {
    pub repository: PageRepository,
    pub refs: &'a Refs,
    pub shallow: Vec<String>,
    /// The `.mailmap` at the tip of the default branch.
    pub mailmap: Option<ObjectId>,
    pub wanted: &'a Wanted,
    pub tag_pattern: &'a Regex,
}

/// Plans. `now` is in microseconds.
pub(super) fn plan(standing: Standing<'_>, old: Option<&Cursor>, walker: &mut Walker, now: i64) -> Plan {
    let Standing { repository, refs, shallow, mailmap, wanted, tag_pattern } = standing;
    let mut warnings = Vec::new();
    let observed = old.map_or(now, |old| now.max(old.observed + 10));
    let mut next = Cursor::new(wanted, repository.clone(), refs, shallow);
    next.observed = observed + 5;
    next.mailmap = mailmap.map(|id| id.to_string());
    next.unreadable = old.map(|old| old.unreadable.clone()).unwrap_or_default();
    let renamed = old.is_some_and(|old| {
        old.repository.url != repository.url || old.repository.default_branch != repository.default_branch
    });
    let lines = Lines::compare(old, &next, walker);
    let gone = old.map(|old| gone(old, refs, &lines, walker, &mut warnings)).unwrap_or_default();
    // a commit that is lost takes nothing else along, unless it brought a change or a deployment
    let rewritten = renamed || gone.iter().any(|(_, marks)| marks & mark::GONE != 0);
    let lost = gone.iter().any(|(_, marks)| marks & mark::LOST != 0);
    next.floor = if rewritten { Some(observed + 2) } else { old.and_then(|old| old.floor) };
    next.commit_floor = if lost { Some(observed + 2) } else { old.and_then(|old| old.commit_floor) };

    let again = rewritten || old.is_none_or(|old| must_read_again(old, &next, walker));
    if again {
        next.unreadable.clear();
    }
    let work = if again { all(refs, &next, walker) } else { added(old, refs, &lines, walker) };
    let tags = tags(refs, old.filter(|_| !renamed), old, tag_pattern, walker, &mut warnings);
    let frame = Frame {
        repository,
        observed,
        floor: next.floor,
        commit_floor: next.commit_floor,
        counted: wanted.line_counts,
        deployment_branch: wanted.deployment_branch.clone(),
    };
    let gone_frame = Frame { deployment_branch: old.and_then(|old| old.deployment_branch.clone()), ..frame.clone() };
    let moved = old.is_none_or(|old| !old.stands_as(&next));
    let reported = old.is_some_and(|old| old.repository == frame.repository);
    let nothing = matches!(&work, Work::These(commits) if commits.is_empty());
    let changed = !(nothing && tags.is_empty() && gone.is_empty() && reported);
    Plan { frame, gone_frame, gone, work, tags, changed, next, moved, warnings }
}

/// How the lines of the default and of the deployment branch changed.
#[derive(Default)]
struct Lines {
    entered: Vec<(ObjectId, u8)>,
    left: Vec<(ObjectId, u8)>,
}

impl Lines {
    fn compare(old: Option<&Cursor>, next: &Cursor, walker: &mut Walker) -> Self {
        let mut lines = Self::default();
        let Some(old) = old else { return lines };
        let tip = |hex: &Option<String>| hex.as_deref().and_then(cursor::parse);
        let default = walker.line_change(tip(&old.default_tip), tip(&next.default_tip));
        lines.add(default, mark::DEFAULT);
        if old.deployment_branch == next.deployment_branch {
            lines.add(walker.line_change(tip(&old.deployment_tip), tip(&next.deployment_tip)), mark::DEPLOYMENT);
        } else {
            // another branch: other deployments altogether
            lines.add(walker.line_change(tip(&old.deployment_tip), None), mark::DEPLOYMENT);
            lines.add(walker.line_change(None, tip(&next.deployment_tip)), mark::DEPLOYMENT);
        }
        lines
    }

    fn add(&mut self, change: super::walk::LineChange, mark: u8) {
        self.entered.extend(change.entered.into_iter().map(|id| (id, mark)));
        self.left.extend(change.left.into_iter().map(|id| (id, mark)));
    }
}

/// The commits that reported something that is gone: those that left a line and brought something there,
/// and those that no branch or tag reaches any more.
fn gone(
    old: &Cursor,
    refs: &Refs,
    lines: &Lines,
    walker: &mut Walker,
    warnings: &mut Vec<String>,
) -> Vec<(ObjectId, u8)> {
    let now: HashSet<ObjectId> = refs.tips().collect();
    let (lost, missing): (Vec<_>, Vec<_>) =
        old.tips().filter(|tip| !now.contains(tip)).partition(|tip| walker.has(*tip));
    if !missing.is_empty() {
        warnings.push(format!(
            "history was rewritten and its former state ({}) is no longer in the repository: commits, changes and branch deployments that only it held stay counted",
            missing.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ));
    }
    let mut gone: HashMap<ObjectId, u8> = HashMap::new();
    let mut unreachable = if lost.is_empty() { Vec::new() } else { walker.since(lost, now.iter().copied()) };
    if !unreachable.is_empty() {
        // That walk goes by commit times, so a descendant with an early clock is seen too late. Rewriting is rare:
        // everything that is still there is walked once.
        let reached: HashSet<ObjectId> = walker.since(now, []).into_iter().collect();
        unreachable.retain(|id| !reached.contains(id));
    }
    for (id, marks) in lines.left.iter().copied().chain(unreachable.into_iter().map(|id| (id, mark::LOST))) {
        *gone.entry(id).or_default() |= marks;
    }
    let mut gone: Vec<_> = gone.into_iter().filter_map(|(id, marks)| gone_with(id, marks, walker)).collect();
    gone.sort_unstable();
    gone
}

/// A commit that left a line or is lost, marked as gone if a change or a deployment is with it; nothing if
/// it is still there and took nothing along.
fn gone_with(id: ObjectId, marks: u8, walker: &mut Walker) -> Option<(ObjectId, u8)> {
    if marks & mark::DEPLOYMENT != 0 {
        return Some((id, marks | mark::GONE));
    }
    let commit = RawCommit::parse(walker.read(id)?);
    let brought = claim(&pages::message(&commit), commit.parents.len(), marks).is_some();
    let marks = if brought { marks | mark::GONE } else { marks };
    (marks & (mark::GONE | mark::LOST) != 0).then_some((id, marks))
}

/// Whether what was reported before is not enough: lines were not counted, or history reaches further now.
fn must_read_again(old: &Cursor, next: &Cursor, walker: &mut Walker) -> bool {
    (next.line_counts && !old.line_counts)
        || old.shallow != next.shallow
        || old.unreadable.iter().filter_map(|hex| cursor::parse(hex)).any(|id| walker.has(id))
}

fn all(refs: &Refs, next: &Cursor, walker: &mut Walker) -> Work {
    let default = refs.default.as_ref().map(|(_, id)| *id);
    let deployment = next.deployment_tip.as_deref().and_then(cursor::parse);
    let deployed = deployment.map(|tip| walker.line(tip, |_| false).into_iter().collect()).unwrap_or_default();
    let mut seen = HashSet::new();
    let starts = default.into_iter().chain(deployment).chain(refs.tips()).filter(|id| seen.insert(*id)).collect();
    Work::All { starts, on_default: default.is_some(), deployed }
}

/// What is new since the last time, and what is new on a line.
fn added(old: Option<&Cursor>, refs: &Refs, lines: &Lines, walker: &mut Walker) -> Work {
    let known: HashSet<ObjectId> = old.into_iter().flat_map(Cursor::tips).collect();
    let tips: Vec<ObjectId> = refs.tips().filter(|tip| !known.contains(tip)).collect();
    let mut marks: HashMap<ObjectId, u8> = HashMap::new();
    let mut order = Vec::new();
    let new = if tips.is_empty() {
        Vec::new()
    } else {
        let known: Vec<ObjectId> = known.into_iter().filter(|id| walker.has(*id)).collect();
        walker.since(tips, known)
    };
    for (id, mark) in new.into_iter().map(|id| (id, 0)).chain(lines.entered.iter().copied()) {
        let marks = marks.entry(id).or_insert_with(|| {
            order.push(id);
            0
        });
        *marks |= mark;
    }
    Work::These(order.into_iter().map(|id| (id, marks.get(&id).copied().unwrap_or_default())).collect())
}

/// The version tags to report: all if nothing was reported, else those that are new, moved or gone.
fn tags(
    refs: &Refs,
    reported: Option<&Cursor>,
    old: Option<&Cursor>,
    pattern: &Regex,
    walker: &Walker,
    warnings: &mut Vec<String>,
) -> Vec<PageTag> {
    let was = old.and_then(|old| Regex::new(&old.tag_pattern).ok());
    let mut tags = Vec::new();
    let mut odd = Vec::new();
    for (name, tag) in refs.tags.iter().filter(|(name, _)| pattern.is_match(name)) {
        let Some(commit) = tag.commit else {
            odd.push(name.as_str());
            continue;
        };
        let known = reported.and_then(|old| old.known_tag(name, tag.direct)).is_some();
        if !known || !was.as_ref().is_some_and(|was| was.is_match(name)) {
            let sha = kernel::Sha::from_bytes(commit.as_bytes()).ok();
            tags.push(PageTag { name: name.clone(), sha, at: set_at(walker.repository(), *tag), gone: false });
        }
    }
    if let (Some(old), Some(was)) = (old, was) {
        for name in old.tag_names().filter(|name| was.is_match(name)) {
            let counted = old.tag(name).is_some_and(|tag| tag.commit.is_some());
            let counts = pattern.is_match(name) && refs.tags.get(name).is_some_and(|tag| tag.commit.is_some());
            if counted && !counts {
                tags.push(PageTag { name: name.to_owned(), sha: None, at: None, gone: true });
            }
        }
    }
    if let Some(first) = odd.first() {
        let others = if odd.len() > 1 { format!(" and {} more", odd.len() - 1) } else { String::new() };
        warnings.push(format!(
            "tag `{first}`{others} names no commit that can be read (a tree or a file, perhaps): it is no deployment"
        ));
    }
    tags
}
