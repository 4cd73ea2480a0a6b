//! The fields of GitLab's payloads that we use. One form reads a thing as webhooks tell it and as the
//! API does, where they differ in little: `author_id` or `author`, a label as an object or as its title.

use chrono::{DateTime, SubsecRound, Utc};
use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// An instant in any of the forms that GitLab writes. Webhooks tell whole seconds and the API
/// milliseconds, so the fraction is cut off: both give the same version of a thing.
#[derive(Clone, Copy)]
pub(super) struct When(pub(super) DateTime<Utc>);

/// `2013-12-03 17:15:43 UTC`, `2021-04-28 21:50:00 +0200`.
const FORMS: [&str; 2] = ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%.f %z"];

impl When {
    fn parse(text: &str) -> Option<DateTime<Utc>> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(instant.to_utc().trunc_subsecs(0));
        }
        let numeric = match text.strip_suffix("UTC") {
            Some(local) => format!("{local}+0000"),
            None => text.to_owned(),
        };
        let parsed = FORMS.iter().find_map(|form| DateTime::parse_from_str(&numeric, form).ok())?;
        Some(parsed.to_utc().trunc_subsecs(0))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected an instant, such as 2013-12-03 17:15:43 UTC"))
    }
}

/// What every payload says of itself. System hooks name the event differently.
#[derive(Default, Deserialize)]
pub(super) struct About {
    pub(super) object_kind: Option<String>,
    pub(super) event_name: Option<String>,
    #[serde(alias = "full_path")]
    pub(super) path_with_namespace: Option<String>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) project: Option<Project>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) repository: Option<Homepage>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Project {
    pub(super) web_url: String,
    pub(super) default_branch: Option<String>,
}

/// The repository of a job's hook, which names no project.
#[derive(Deserialize)]
pub(super) struct Homepage {
    pub(super) homepage: Option<String>,
}

#[derive(Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: Option<i64>,
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) bot: Option<bool>,
}

/// A label: its title in the API, an object in webhooks.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Label {
    Title(String),
    Object { title: String },
    Other(IgnoredAny),
}

impl Label {
    pub(super) fn title(&self) -> Option<&str> {
        match self {
            Self::Title(title) | Self::Object { title } => Some(title),
            Self::Other(_) => None,
        }
    }
}

/// The titles of labels, in an order that does not depend on how they came.
pub(super) fn titles(labels: Option<&Vec<Label>>) -> Vec<String> {
    let mut titles: Vec<String> =
        labels.into_iter().flatten().filter_map(|one| one.title().map(str::to_owned)).collect();
    titles.sort();
    titles.dedup();
    titles
}

/// A value before and after. What is not of the expected type is nothing.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Changed<T> {
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) previous: Option<T>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) current: Option<T>,
}

fn nothing<T>() -> Option<T> {
    None
}

fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Good(T),
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Good(value) => Some(value),
        Either::Other(_) => None,
    })
}

#[derive(Default, Deserialize)]
pub(super) struct Changes {
    pub(super) draft: Option<Changed<bool>>,
    pub(super) title: Option<Changed<String>>,
    pub(super) labels: Option<Changed<Vec<Label>>>,
    pub(super) status: Option<Changed<Status>>,
}

#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) after: Option<Sha>,
    pub(super) checkout_sha: Option<Sha>,
    pub(super) user_id: Option<i64>,
    pub(super) user_username: Option<String>,
    pub(super) user_email: Option<String>,
    pub(super) project: Project,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) commits: Vec<Commit>,
}

/// A commit that tells its time.
#[derive(Deserialize)]
#[serde(try_from = "ToldCommit")]
pub(super) struct Commit {
    pub(super) committed: When,
    pub(super) told: ToldCommit,
}

impl TryFrom<ToldCommit> for Commit {
    type Error = &'static str;

    fn try_from(told: ToldCommit) -> Result<Self, Self::Error> {
        let committed = told.committed_date.or(told.timestamp).ok_or("expected `timestamp` or `committed_date`")?;
        Ok(Self { committed, told })
    }
}

/// A commit of a push (`timestamp`, `author`) or of the API (`committed_date`, `author_email`).
#[derive(Deserialize)]
pub(super) struct ToldCommit {
    pub(super) id: Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) message: String,
    pub(super) authored_date: Option<When>,
    pub(super) timestamp: Option<When>,
    pub(super) committed_date: Option<When>,
    pub(super) author: Option<GitPerson>,
    pub(super) author_name: Option<String>,
    pub(super) author_email: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) parent_ids: Vec<Sha>,
}

#[derive(Deserialize)]
pub(super) struct GitPerson {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MergeRequestHook {
    pub(super) user: Option<User>,
    pub(super) project: Project,
    pub(super) object_attributes: MergeRequest,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) changes: Option<Changes>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) assignees: Vec<User>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) reviewers: Vec<User>,
}

#[derive(Deserialize)]
pub(super) struct MergeRequest {
    pub(super) iid: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) state: Option<Word>,
    /// What the event did, in webhooks.
    pub(super) action: Option<Word>,
    /// GitLab itself took the approvals back, not the user of the event.
    #[serde(default)]
    pub(super) system: Option<bool>,
    pub(super) author_id: Option<i64>,
    pub(super) author: Option<User>,
    pub(super) source_branch: Option<String>,
    pub(super) target_branch: Option<String>,
    pub(super) created_at: When,
    pub(super) updated_at: Option<When>,
    pub(super) merged_at: Option<When>,
    pub(super) closed_at: Option<When>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) sha: Option<Sha>,
    pub(super) last_commit: Option<LastCommit>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) merge_commit_sha: Option<Sha>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) squash_commit_sha: Option<Sha>,
    pub(super) squash: Option<bool>,
    pub(super) labels: Option<Vec<Label>>,
}

#[derive(Deserialize)]
pub(super) struct LastCommit {
    pub(super) id: Option<Sha>,
}

#[derive(Deserialize)]
pub(super) struct NoteHook {
    pub(super) user: Option<User>,
    /// Missing for what a group has, such as an epic.
    pub(super) project: Option<Project>,
    pub(super) object_attributes: Note,
    pub(super) merge_request: Option<MergeRequest>,
}

/// A comment, or what GitLab wrote down itself.
#[derive(Deserialize)]
pub(super) struct Note {
    pub(super) id: i64,
    pub(super) noteable_type: Option<String>,
    pub(super) author_id: Option<i64>,
    pub(super) author: Option<User>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) system: bool,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) body: String,
    pub(super) created_at: When,
    pub(super) updated_at: Option<When>,
}

#[derive(Deserialize)]
pub(super) struct PipelineHook {
    pub(super) user: Option<User>,
    pub(super) project: Project,
    pub(super) object_attributes: Pipeline,
    /// The merge request that it ran for; that of its parent, for a child pipeline.
    pub(super) merge_request: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) builds: Vec<Job>,
}

#[derive(Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    /// Whether `ref` is a tag.
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) tag: bool,
    pub(super) sha: Option<Sha>,
    pub(super) source: Option<Word>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) status: Word,
    pub(super) created_at: When,
    pub(super) finished_at: Option<When>,
    /// Seconds between creation and start.
    pub(super) queued_duration: Option<f64>,
    /// Who began it, in the API.
    pub(super) user: Option<User>,
}

/// A job as the hook of its pipeline and the API tell it.
#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) status: Word,
    pub(super) created_at: Option<When>,
    pub(super) started_at: Option<When>,
    pub(super) finished_at: Option<When>,
    pub(super) queued_duration: Option<f64>,
    pub(super) pipeline: Option<Reference>,
    pub(super) user: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) id: i64,
}

#[derive(Deserialize)]
pub(super) struct JobHook {
    pub(super) build_id: i64,
    pub(super) build_name: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) build_status: Word,
    pub(super) build_created_at: Option<When>,
    pub(super) build_started_at: Option<When>,
    pub(super) build_finished_at: Option<When>,
    pub(super) build_queued_duration: Option<f64>,
    pub(super) pipeline_id: Option<i64>,
    pub(super) commit: Option<PipelineOfJob>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) project: Option<Project>,
    pub(super) repository: Option<Homepage>,
    pub(super) user: Option<User>,
}

/// Under the name `commit` older versions tell the pipeline.
#[derive(Deserialize)]
pub(super) struct PipelineOfJob {
    pub(super) id: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct DeploymentHook {
    pub(super) deployment_id: Option<i64>,
    pub(super) deployable_id: Option<i64>,
    pub(super) deployable_url: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) status: Word,
    pub(super) status_changed_at: Option<When>,
    pub(super) environment: Option<String>,
    pub(super) environment_tier: Option<String>,
    pub(super) commit_url: Option<String>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) user: Option<User>,
    pub(super) project: Project,
}

/// A deployment as the API tells it.
#[derive(Deserialize)]
pub(super) struct Deployment {
    pub(super) id: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) status: Word,
    pub(super) sha: Option<Sha>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) created_at: When,
    pub(super) updated_at: Option<When>,
    pub(super) environment: Option<Environment>,
    pub(super) deployable: Option<Reference>,
    pub(super) user: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct Environment {
    pub(super) name: String,
}

/// What the hook of a release tells beside the release itself.
#[derive(Deserialize)]
pub(super) struct ReleaseHook {
    pub(super) action: Option<Word>,
    pub(super) project: Project,
}

#[derive(Deserialize)]
pub(super) struct Release {
    #[serde(alias = "tag_name")]
    pub(super) tag: String,
    pub(super) created_at: Option<When>,
    pub(super) released_at: Option<When>,
    pub(super) commit: Option<LastCommit>,
    pub(super) author: Option<User>,
}

#[derive(Deserialize)]
pub(super) struct IssueHook {
    pub(super) user: Option<User>,
    /// Missing for what a group has, such as an epic.
    pub(super) project: Option<Project>,
    pub(super) object_attributes: Issue,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) assignees: Vec<User>,
    pub(super) labels: Option<Vec<Label>>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(super) changes: Option<Changes>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub(super) iid: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) title: String,
    pub(super) state: Option<Word>,
    pub(super) action: Option<Word>,
    /// `issue`, `incident`, `task`; in webhooks `type`, in the API both.
    #[serde(rename = "issue_type")]
    pub(super) named_type: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) severity: Option<String>,
    /// The issue that this one repeats, in webhooks.
    pub(super) duplicated_to_id: Option<i64>,
    /// The same, in the API.
    #[serde(rename = "_links")]
    pub(super) links: Option<Links>,
    pub(super) weight: Option<f64>,
    pub(super) created_at: When,
    pub(super) updated_at: Option<When>,
    pub(super) closed_at: Option<When>,
    /// What it is in the project that it was moved to.
    pub(super) moved_to_id: Option<i64>,
    pub(super) author_id: Option<i64>,
    pub(super) author: Option<User>,
    pub(super) assignee_id: Option<i64>,
    pub(super) assignee: Option<User>,
    pub(super) labels: Option<Vec<Label>>,
}

#[derive(Deserialize)]
pub(super) struct Links {
    pub(super) closed_as_duplicate_of: Option<String>,
}

/// A status of a work item, where the instance has them.
#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) name: Option<String>,
    pub(super) category: Option<String>,
}

/// A project or a group that has another path now, or was created. It names no address.
#[derive(Deserialize)]
pub(super) struct Renamed {
    #[serde(alias = "full_path")]
    pub(super) path_with_namespace: String,
    #[serde(alias = "old_full_path")]
    pub(super) old_path_with_namespace: Option<String>,
    pub(super) updated_at: Option<When>,
}

/// A row of `resource_state_events`.
#[derive(Deserialize)]
pub(super) struct StateEvent {
    pub(super) user: Option<User>,
    pub(super) created_at: When,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) state: Word,
}

/// A row as our own pull put it together: what GitLab said, and the project that it said it of.
#[derive(Deserialize)]
pub(super) struct Pulled<T> {
    pub(super) project: Project,
    pub(super) row: T,
    /// The tier of a deployment's environment.
    pub(super) tier: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) notes: Vec<Note>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) commits: Vec<Commit>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) states: Vec<StateEvent>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_instant_are_the_same_second() {
        for text in [
            "2021-04-28 19:50:00 UTC",
            "2021-04-28 21:50:00 +0200",
            "2021-04-28T19:50:00Z",
            "2021-04-28T19:50:00.999Z",
            "2021-04-28T21:50:00.123+02:00",
            "2021-04-28 19:50:00.5 UTC",
        ] {
            let When(instant) = serde_json::from_value(text.into()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(instant.to_rfc3339(), "2021-04-28T19:50:00+00:00", "{text}");
        }
        for no in ["", "yesterday", "2021-04-28", "UTC"] {
            assert!(serde_json::from_value::<When>(no.into()).is_err(), "{no}");
        }
    }
}
