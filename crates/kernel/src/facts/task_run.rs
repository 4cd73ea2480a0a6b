//! Jobs of CI runs.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pipeline_run::Outcome;
use super::version::Version;
use crate::RepositoryId;

/// A job of a CI run. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    order(repository, run),
    happened_at(finished_at),
    example = r#"{
        "id": "git.example.org/shop/checkout/run/900/1/task/4",
        "run": "git.example.org/shop/checkout/run/900/1", "repository": "git.example.org/shop/checkout",
        "name": "unit tests", "started_at": "2026-02-03T08:30:20Z", "finished_at": "2026-02-03T08:33:10Z",
        "outcome": "success"
    }"#
)]
pub struct TaskRun {
    /// `<run>/task/<native id>`.
    #[fact(moves)]
    pub id: String,
    /// The run that it is part of.
    #[fact(moves, filled)]
    pub run: String,
    /// The code that it ran on, where the source knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub repository: Option<RepositoryId>,
    /// The job's name.
    pub name: String,
    /// 1 for the first attempt.
    #[serde(default = "super::pipeline_run::first_attempt")]
    #[fact(written)]
    pub attempt: i64,
    /// When it was queued. The store keeps the earliest of all versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(earliest)]
    pub queued_at: Option<DateTime<Utc>>,
    /// When it began. The store keeps the earliest of all versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(earliest)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; `null` while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}

impl TaskRun {
    /// The id of a job of a run, by what identifies the job at its source.
    #[must_use]
    pub fn id_in(run: &str, native: impl Display) -> String {
        format!("{run}/task/{native}")
    }
}
