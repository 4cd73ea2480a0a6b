//! The facts of scanners: holes that were found, and measures of code at a time.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::RepositoryId;

/// A hole in code or in what it depends on. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
    /// Unique among all vulnerabilities.
    pub id: String,
    /// The repository that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// `critical`, `high`, `medium` or `low`; otherwise as the source has it, in lower case.
    pub severity: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The package, or the rule that found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// When it was found.
    pub opened_at: DateTime<Utc>,
    /// When it was mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_at: Option<DateTime<Utc>>,
    /// When somebody decided that it is none, or can stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<DateTime<Utc>>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there.
    #[serde(default)]
    pub deleted: bool,
    /// Which picture of it this is.
    pub version: Version,
}

/// A measure of code at a time. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityMeasure {
    /// `<source's project>/<metric>/<time>`.
    pub id: String,
    /// The repository that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// The project, as the source has it.
    pub project: String,
    /// What was measured, with its unit where it has one: `coverage` and `duplication` are percent,
    /// `technical_debt_minutes` says so.
    pub metric: String,
    /// How much.
    pub value: f64,
    /// When.
    pub at: DateTime<Utc>,
    /// Which picture of it this is.
    pub version: Version,
}
