//! How far a repository was collected: where its refs stood, and the settings that the facts depend on.

use std::collections::BTreeMap;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::refs::{Refs, Tag};
use crate::page::PageRepository;

/// The form of the cursor; another one is not understood and everything is collected again.
const FORM: u32 = 2;

/// Kept by the store after each collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    form: u32,
    /// When the refs were looked at, in microseconds; the next time is later.
    pub observed: i64,
    /// See [`crate::page::Frame::floor`].
    pub floor: Option<i64>,
    /// See [`crate::page::Frame::commit_floor`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_floor: Option<i64>,
    pub repository: PageRepository,
    pub tag_pattern: String,
    pub line_counts: bool,
    pub deployment_branch: Option<String>,
    pub deployment_tip: Option<String>,
    pub default_tip: Option<String>,
    /// The `.mailmap` that was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailmap: Option<String>,
    /// Where the history was cut off.
    pub shallow: Vec<String>,
    /// Commits that could not be read.
    pub unreadable: Vec<String>,
    branches: BTreeMap<String, String>,
    /// What the ref names and, after a space, the commit that it leads to, if it is one.
    tags: BTreeMap<String, String>,
}

/// What a collection was configured to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub tag_pattern: String,
    pub line_counts: bool,
    pub deployment_branch: Option<String>,
}

impl Cursor {
    /// From what the store kept for a source; none if it is of another form, or can't be read, which is logged.
    pub fn read(value: serde_json::Value, source: &str) -> Option<Self> {
        match serde_json::from_value(value) {
            Ok(cursor) => Some(cursor).filter(|cursor: &Self| cursor.form == FORM),
            Err(error) => {
                let error = connector::json::describe(&error);
                tracing::warn!(source.name = source, error, "the cursor can't be read, so all is collected again");
                None
            }
        }
    }

    /// Where things stand now.
    pub fn new(wanted: &Wanted, repository: PageRepository, refs: &Refs, shallow: Vec<String>) -> Self {
        let tag = |tag: &Tag| match tag.commit {
            Some(commit) => format!("{} {commit}", tag.direct),
            None => tag.direct.to_string(),
        };
        Self {
            form: FORM,
            observed: 0,
            floor: None,
            commit_floor: None,
            repository,
            tag_pattern: wanted.tag_pattern.clone(),
            line_counts: wanted.line_counts,
            deployment_branch: wanted.deployment_branch.clone(),
            deployment_tip: wanted
                .deployment_branch
                .as_deref()
                .and_then(|name| refs.branch(name))
                .map(|id| id.to_string()),
            default_tip: refs.default.as_ref().map(|(_, id)| id.to_string()),
            mailmap: None,
            shallow,
            unreadable: Vec::new(),
            branches: refs.branches.iter().map(|(name, id)| (name.clone(), id.to_string())).collect(),
            tags: refs.tags.iter().map(|(name, it)| (name.clone(), tag(it))).collect(),
        }
    }

    /// Whether another cursor says the same but for the time.
    pub fn stands_as(&self, other: &Self) -> bool {
        Self { observed: other.observed, ..self.clone() } == *other
    }

    /// A tag, if its ref still names what it named.
    pub fn known_tag(&self, name: &str, direct: ObjectId) -> Option<Tag> {
        self.tag(name).filter(|tag| tag.direct == direct)
    }

    /// A tag, as it was.
    pub fn tag(&self, name: &str) -> Option<Tag> {
        parse_tag(self.tags.get(name)?)
    }

    /// The names of the tags.
    pub fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.tags.keys().map(String::as_str)
    }

    /// The commits that branches and tags led to.
    pub fn tips(&self) -> impl Iterator<Item = ObjectId> {
        let branches = self.branches.values().filter_map(|hex| parse(hex));
        branches.chain(self.tags.values().filter_map(|text| parse_tag(text)?.commit))
    }
}

/// An object id out of a cursor.
pub(super) fn parse(hex: &str) -> Option<ObjectId> {
    ObjectId::from_hex(hex.as_bytes()).ok()
}

fn parse_tag(text: &str) -> Option<Tag> {
    match text.split_once(' ') {
        Some((direct, commit)) => Some(Tag { direct: parse(direct)?, commit: Some(parse(commit)?) }),
        None => Some(Tag { direct: parse(text)?, commit: None }),
    }
}
