//! Merge requests, and what was written under them.

use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;

use super::common::{Changes, Label, LastCommit, Project, User, When, lenient, nothing};

#[derive(Deserialize)]
pub(crate) struct MergeRequestHook {
    pub(crate) user: Option<User>,
    pub(crate) project: Project,
    pub(crate) object_attributes: MergeRequest,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) changes: Option<Changes>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) assignees: Vec<User>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) reviewers: Vec<User>,
}

#[derive(Deserialize)]
pub(crate) struct MergeRequest {
    pub(crate) iid: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) state: Option<Word>,
    /// What the event did, in webhooks.
    pub(crate) action: Option<Word>,
    /// GitLab itself took the approvals back, not the user of the event.
    #[serde(default)]
    pub(crate) system: Option<bool>,
    pub(crate) author_id: Option<i64>,
    pub(crate) author: Option<User>,
    pub(crate) source_branch: Option<String>,
    pub(crate) target_branch: Option<String>,
    pub(crate) created_at: When,
    pub(crate) updated_at: Option<When>,
    pub(crate) merged_at: Option<When>,
    pub(crate) closed_at: Option<When>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) sha: Option<Sha>,
    pub(crate) last_commit: Option<LastCommit>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) merge_commit_sha: Option<Sha>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) squash_commit_sha: Option<Sha>,
    pub(crate) squash: Option<bool>,
    pub(crate) labels: Option<Vec<Label>>,
}

#[derive(Deserialize)]
pub(crate) struct NoteHook {
    pub(crate) user: Option<User>,
    /// Missing for what a group has, such as an epic.
    pub(crate) project: Option<Project>,
    pub(crate) object_attributes: Note,
    pub(crate) merge_request: Option<MergeRequest>,
}

/// A comment, or what GitLab wrote down itself.
#[derive(Deserialize)]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) noteable_type: Option<String>,
    pub(crate) author_id: Option<i64>,
    pub(crate) author: Option<User>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) system: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) body: String,
    pub(crate) created_at: When,
    pub(crate) updated_at: Option<When>,
}
