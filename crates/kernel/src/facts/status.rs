//! What the statuses of workflows mean.

use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;

crate::closed_list! {
    /// Where a work item stands, whatever its workflow calls it.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum StatusCategory: "category of a status" {
        /// Not begun.
        ToDo,
        /// Begun.
        InProgress,
        /// Finished.
        Done,
    }
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
