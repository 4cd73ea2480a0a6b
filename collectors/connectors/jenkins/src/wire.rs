//! The fields of the Notification plugin's messages and of the API's rows that we use. Everything else is
//! left unread.

use connector::json;
use connector::lenient::Word;
use serde::Deserialize;
use serde_json::Value;

/// A message of the Notification plugin.
#[derive(Deserialize)]
pub(super) struct Notification {
    pub(super) build: NotifiedBuild,
}

#[derive(Deserialize)]
pub(super) struct NotifiedBuild {
    /// Missing where Jenkins does not know its own address.
    pub(super) full_url: Option<String>,
    /// Relative to Jenkins' address.
    pub(super) url: Option<String>,
    pub(super) number: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) phase: Phase,
    pub(super) status: Option<Word>,
    /// Milliseconds since 1970.
    pub(super) timestamp: Option<i64>,
    /// Milliseconds.
    pub(super) duration: Option<i64>,
    pub(super) scm: Option<Scm>,
    /// By name.
    #[serde(default)]
    pub(super) parameters: Value,
}

/// What the plugin reports. It called `FINALIZED` `FINISHED` once; a step of a pipeline can notify without any
/// phase (`NONE`).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Started,
    Completed,
    Finalized,
    #[default]
    Other,
}

impl<'de> Deserialize<'de> for Phase {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name: Option<String> = Option::deserialize(from)?;
        Ok(match name.unwrap_or_default().to_ascii_uppercase().as_str() {
            "QUEUED" => Self::Queued,
            "STARTED" => Self::Started,
            "COMPLETED" => Self::Completed,
            "FINALIZED" | "FINISHED" => Self::Finalized,
            _ => Self::Other,
        })
    }
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
    /// Needed where the build does not report its address.
    pub(super) job: Option<Job>,
    pub(super) build: Build,
    /// Whether its job is one of a multibranch project.
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) of_branch: bool,
    #[serde(default, deserialize_with = "json::list")]
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
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) duration: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    pub(super) building: bool,
    pub(super) result: Option<Word>,
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) actions: Vec<Action>,
}

/// What plugins say of a build; most say nothing of this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) last_built_revision: Option<Revision>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) remote_urls: Vec<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
pub(super) struct Parameter {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Deserialize)]
pub(super) struct Revision {
    #[serde(rename = "SHA1")]
    pub(super) sha: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(super) branch: Vec<Branch>,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Stage {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) status: Option<Word>,
    #[serde(rename = "startTimeMillis")]
    pub(super) started_at: Option<i64>,
    #[serde(rename = "durationMillis")]
    pub(super) duration: Option<i64>,
}
