//! What branches and tags a repository has right now, and which branch is the default one.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::Find as _;
use gix::refs::TargetRef;

use super::{open, raw};

/// The branches and tags of a repository.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// Full name → commit. With `HEAD` when it is on no branch.
    pub branches: BTreeMap<String, ObjectId>,
    /// Name of a tag → what it points to.
    pub tags: BTreeMap<String, Tag>,
    /// The branch that changes go to.
    pub default: Option<(String, ObjectId)>,
    /// How many refs can't be read.
    pub broken: usize,
}

/// What a tag points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// The object that the ref names: a tag object, or the commit itself.
    pub direct: ObjectId,
    /// The commit in the end; none if it is something else.
    pub commit: Option<ObjectId>,
}

const HEADS: &str = "refs/heads/";
const REMOTES: &str = "refs/remotes/";
const TAGS: &str = "refs/tags/";

impl Refs {
    /// Reads them. `known` gives the commit of a tag that was seen before, so that it need not be peeled.
    pub fn read(repository: &gix::Repository, known: impl Fn(&str, ObjectId) -> Option<Tag>) -> gix::Result<Self> {
        let mut refs = Self::default();
        let mut symbolic = Vec::new();
        let mut tags = Vec::new();
        for reference in repository.references()?.all()? {
            let Ok(reference) = reference else {
                refs.broken += 1;
                continue;
            };
            let name = reference.name().as_bstr().to_string();
            let wanted = [HEADS, REMOTES, TAGS].iter().any(|prefix| name.starts_with(prefix));
            match reference.target() {
                _ if !wanted => {}
                TargetRef::Symbolic(target) => symbolic.push((name, target.as_bstr().to_string())),
                TargetRef::Object(id) if name.starts_with(TAGS) => tags.push((name, id.to_owned())),
                TargetRef::Object(id) => {
                    refs.branches.insert(name, id.to_owned());
                }
            }
        }
        let mut buffer = Vec::new();
        for (name, direct) in tags {
            let name = name.strip_prefix(TAGS).unwrap_or(&name);
            let tag = match known(name, direct) {
                Some(tag) => tag,
                None => Tag { direct, commit: peel(repository, direct, &mut buffer).0 },
            };
            refs.tags.insert(name.to_owned(), tag);
        }
        let mut remote_default = None;
        for (name, target) in symbolic {
            if name.starts_with(REMOTES) && name.ends_with("/HEAD") {
                if remote_default.is_none() || name == "refs/remotes/origin/HEAD" {
                    remote_default = short(&target).map(str::to_owned);
                }
            } else if let Some(id) = refs.branches.get(&target).copied() {
                refs.branches.insert(name, id);
            }
        }
        let head = repository.head()?;
        if let (None, Some(id)) = (head.referent_name(), head.id()) {
            refs.branches.insert("HEAD".to_owned(), id.detach());
        }
        let head_name = head.referent_name().map(|name| name.as_bstr().to_string());
        refs.default = refs.find_default(remote_default.as_deref(), head_name.as_deref().and_then(short));
        Ok(refs)
    }

    fn find_default(&self, remote: Option<&str>, head: Option<&str>) -> Option<(String, ObjectId)> {
        let usual = ["main", "master", "trunk", "develop"].into_iter();
        let mut candidates = remote.into_iter().chain(head).chain(usual);
        let named = candidates.find_map(|name| Some((name.to_owned(), self.branch(name)?)));
        named.or_else(|| {
            let (name, id) = self.branches.iter().next().filter(|_| self.branches.len() == 1)?;
            Some((short(name).unwrap_or(name).to_owned(), *id))
        })
    }

    /// The commit of a branch, by its name: the remote's view of it before the local one.
    pub fn branch(&self, name: &str) -> Option<ObjectId> {
        let full = [format!("{REMOTES}origin/{name}"), format!("{HEADS}{name}"), name.to_owned()];
        full.iter().find_map(|full| self.branches.get(full)).copied()
    }

    /// The names of the branches, each once, without the name of their remote.
    pub fn branch_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.branches.keys().filter_map(|name| short(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The commits that all of this holds.
    pub fn tips(&self) -> impl Iterator<Item = ObjectId> {
        self.branches.values().copied().chain(self.tags.values().filter_map(|tag| tag.commit))
    }
}

/// The name of a branch without where it is.
fn short(full: &str) -> Option<&str> {
    full.strip_prefix(HEADS).or_else(|| full.strip_prefix(REMOTES)?.split_once('/').map(|(_, name)| name))
}

/// When a tag was set, in seconds: as its tag object says, else when its commit was made.
pub(super) fn set_at(repository: &gix::Repository, tag: Tag) -> Option<i64> {
    peel(repository, tag.direct, &mut Vec::new()).1
}

/// Follows a tag to its commit. The time is that of the outermost tag object that has one.
fn peel(repository: &gix::Repository, direct: ObjectId, buffer: &mut Vec<u8>) -> (Option<ObjectId>, Option<i64>) {
    let (mut id, mut when) = (direct, None);
    for _ in 0..20 {
        let Ok(Some(object)) = repository.objects.try_find(&id, buffer) else {
            // larger than an object may be, and perhaps no larger than a commit may be
            let Some(commit) = open::commit(repository, id, buffer) else { break };
            return (Some(id), when.or_else(|| Some(raw::committed(commit))));
        };
        match object.kind {
            gix::objs::Kind::Commit => return (Some(id), when.or_else(|| Some(raw::committed(object.data)))),
            gix::objs::Kind::Tag => {
                let (target, at) = raw::tag(object.data);
                when = when.or(at);
                let Some(target) = target else { break };
                id = target;
            }
            _ => break,
        }
    }
    (None, when)
}
