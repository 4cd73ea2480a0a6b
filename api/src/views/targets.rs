//! Targets as they are shown.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::TargetBound;
use serde::Serialize;
use store::targets::TargetRow;
use utoipa::ToSchema;

/// A target: what a team, or the organization, has agreed a metric should be.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[schema(as = Target)]
#[graphql(name = "Target")]
pub struct TargetView {
    /// The team that agreed on it; null for the organization.
    #[schema(required)]
    pub team: Option<String>,
    /// The metric's name.
    pub metric: String,
    /// On which side of the value it is met.
    pub bound: TargetBound,
    /// The value, in the metric's unit.
    pub value: f64,
    /// What was agreed, in words.
    pub note: String,
    /// Whether you may change it.
    pub may_change: bool,
    /// When it was set last.
    pub changed_at: DateTime<Utc>,
}

impl TargetView {
    /// A target as it is shown to who may change it, or may not.
    pub(crate) fn new(row: TargetRow, may_change: bool) -> Self {
        let TargetRow { team, metric, bound, value, note, changed_at } = row;
        Self { team, metric, bound, value, note, may_change, changed_at }
    }
}
