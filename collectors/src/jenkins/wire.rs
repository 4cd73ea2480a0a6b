//! The fields of the Notification plugin's messages and of the API's rows that we use. Everything else is
//! left unread.

use serde::{Deserialize, Deserializer};

/// A message of the Notification plugin.
#[derive(Deserialize)]
pub(super) struct Notification {
    pub(super) build: NotifiedBuild,
}

#[derive(Deserialize)]
pub(super) struct NotifiedBuild {
    /// Missing where Jenkins was not told its own address.
    pub(super) full_url: Option<String>,
    /// Relative to Jenkins' address.
    pub(super) url: Option<String>,
    pub(super) number: i64,
    pub(super) phase: Phase,
    pub(super) status: Option<String>,
    /// Milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
    /// Milliseconds.
    pub(super) duration: Option<i64>,
    pub(super) scm: Option<Scm>,
}

/// `STARTED` and `FINALIZED`, which the plugin called `FINISHED` once.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Phase {
    Queued,
    Started,
    Completed,
    #[serde(alias = "FINISHED")]
    Finalized,
}

#[derive(Deserialize)]
pub(super) struct Scm {
    pub(super) url: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) commit: Option<String>,
}

/// What a pull keeps of a build: the build, and its stages where it is a pipeline.
#[derive(Deserialize)]
pub(super) struct Pulled {
    /// Needed where the build does not tell its address.
    pub(super) job: Option<Job>,
    pub(super) build: Build,
    #[serde(default)]
    pub(super) stages: Vec<Stage>,
}

#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) url: String,
}

#[derive(Deserialize)]
pub(super) struct Build {
    pub(super) number: i64,
    /// Milliseconds since 1970.
    pub(super) timestamp: i64,
    /// Milliseconds; 0 while it runs.
    #[serde(default)]
    pub(super) duration: i64,
    #[serde(default)]
    pub(super) building: bool,
    pub(super) result: Option<String>,
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) actions: Vec<Action>,
}

/// What plugins say of a build; most say nothing of this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) last_built_revision: Option<Revision>,
    #[serde(default, deserialize_with = "list")]
    pub(super) remote_urls: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Revision {
    #[serde(rename = "SHA1")]
    pub(super) sha: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) branch: Vec<Branch>,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Stage {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: Option<String>,
    #[serde(rename = "startTimeMillis")]
    pub(super) started_at: Option<i64>,
    #[serde(rename = "durationMillis")]
    pub(super) duration: Option<i64>,
}

/// A list that can be `null`.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
