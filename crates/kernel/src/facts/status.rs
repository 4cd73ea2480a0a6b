//! What the statuses of workflows mean.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray, VariantNames};

use super::version::Version;

/// Where a work item stands, whatever its workflow calls it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantArray, VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StatusCategory {
    /// Not begun.
    ToDo,
    /// Begun.
    InProgress,
    /// Finished.
    Done,
}

/// What a status of a workflow means. Transitions that do not know their categories have them from here.
/// Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(example = r#"{
        "id": "tracker/status/in review", "tracker": "tracker", "name": "In review", "category": "in_progress"
    }"#)]
pub struct Status {
    /// `<tracker>/status/<name in lower case>`.
    #[fact(moves, form = Lowercase)]
    pub id: String,
    /// Where the workflow is: a host, or `host/project`.
    pub tracker: String,
    /// As the workflow calls it.
    #[fact(filled)]
    pub name: String,
    /// Where a work item in it stands.
    pub category: StatusCategory,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
