//! Pipelines and jobs.

use connector::json;
use connector::lenient::Word;
use kernel::Sha;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::common::{Project, Reference, User, When, lenient, nothing};
use super::project::Homepage;

#[derive(Deserialize)]
pub(crate) struct PipelineHook {
    pub(crate) user: Option<User>,
    pub(crate) project: Project,
    pub(crate) object_attributes: Pipeline,
    /// The merge request that it ran for; that of its parent, for a child pipeline.
    pub(crate) merge_request: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) builds: Vec<Job>,
}

#[derive(Deserialize)]
pub(crate) struct Pipeline {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    /// Whether `ref` is a tag.
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) tag: bool,
    pub(crate) sha: Option<Sha>,
    pub(crate) source: Option<Word>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) status: Word,
    pub(crate) created_at: When,
    pub(crate) finished_at: Option<When>,
    /// Seconds between creation and start.
    pub(crate) queued_duration: Option<f64>,
    /// Who began it, in the API.
    pub(crate) user: Option<User>,
}

/// A job as the hook of its pipeline and the API report it.
#[derive(Deserialize)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) status: Word,
    pub(crate) created_at: Option<When>,
    pub(crate) started_at: Option<When>,
    pub(crate) finished_at: Option<When>,
    pub(crate) queued_duration: Option<f64>,
    pub(crate) pipeline: Option<Reference>,
    pub(crate) user: Option<User>,
}

#[derive(Deserialize)]
pub(crate) struct JobHook {
    pub(crate) build_id: i64,
    pub(crate) build_name: Option<String>,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(crate) build_status: Word,
    pub(crate) build_created_at: Option<When>,
    pub(crate) build_started_at: Option<When>,
    pub(crate) build_finished_at: Option<When>,
    pub(crate) build_queued_duration: Option<f64>,
    pub(crate) pipeline_id: Option<i64>,
    pub(crate) commit: Option<PipelineOfJob>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) project: Option<Project>,
    pub(crate) repository: Option<Homepage>,
    pub(crate) user: Option<User>,
}

/// Under the name `commit` older versions report the pipeline.
#[derive(Deserialize)]
pub(crate) struct PipelineOfJob {
    pub(crate) id: Option<i64>,
}
