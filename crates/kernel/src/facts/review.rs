//! Reviews of changes, and comments on them.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{AccountId, ChangeId};

crate::closed_list! {
    /// The result of a review.
    #[derive(Deserialize, JsonSchema)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum ReviewState: "state of a review" {
        /// The change may be merged.
        Approved,
        /// The change must not be merged as it is.
        ChangesRequested,
        /// Neither.
        Commented,
        /// Taken back.
        Dismissed,
    }
}

/// A review of a change, or a comment on it. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced,
    order(change),
    happened_at(submitted_at),
    example = r#"{
        "id": "git.example.org/shop/checkout#41/review/1", "change": "git.example.org/shop/checkout#41",
        "reviewer": "git.example.org/bo", "state": "approved", "submitted_at": "2026-02-03T08:05:00Z"
    }"#
)]
pub struct Review {
    /// `<change>/review/<native id>`; `<change>/comment/<native id>` for a comment outside of a review.
    #[fact(moves)]
    pub id: String,
    /// The change.
    #[fact(moves, filled)]
    pub change: ChangeId,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<AccountId>,
    /// What.
    pub state: ReviewState,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
