//! Measures of code at a time.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::RepositoryId;

/// A measure of code at a time. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    order(repository, project),
    happened_at(at),
    example = r#"{
        "id": "checkout/coverage/2026-02-03T08:36:00Z", "repository": "git.example.org/shop/checkout",
        "project": "checkout", "metric": "coverage", "value": 81.4, "at": "2026-02-03T08:36:00Z"
    }"#
)]
pub struct QualityMeasure {
    /// `<source's project>/<metric>/<time>`.
    #[fact(moves)]
    pub id: String,
    /// The repository that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub repository: Option<RepositoryId>,
    /// The project, as the source has it.
    #[fact(moves, filled)]
    pub project: String,
    /// What was measured, with its unit where it has one: `coverage` and `duplication` are percent,
    /// `technical_debt_minutes` says so.
    #[fact(filled)]
    pub metric: String,
    /// How much.
    pub value: f64,
    /// When.
    pub at: DateTime<Utc>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
