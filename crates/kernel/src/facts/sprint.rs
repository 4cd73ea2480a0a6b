//! Sprints.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;

/// A span of time that a team plans for. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(example = r#"{
        "id": "tracker/sprint/31", "board": "Shop", "name": "Shop 31", "goal": "Totals that add up",
        "started_at": "2026-01-26T08:00:00Z", "ends_at": "2026-02-06T16:00:00Z"
    }"#)]
pub struct Sprint {
    /// `<tracker>/sprint/<native id>`.
    #[fact(moves)]
    pub id: String,
    /// The board that it was planned on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub board: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was closed; `null` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
