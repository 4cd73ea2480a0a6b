//! Changes that have not reached production.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use dora::{ChangeStage, Progress};
use kernel::Change;
use serde::Serialize;
use utoipa::ToSchema;

use super::personal::{Personal, hide};

/// A change that is open, or merged and not deployed.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct OpenChange {
    /// `<repository>#<number>`.
    #[graphql(name = "key")]
    pub id: String,
    /// The repository.
    pub repository: String,
    /// Its title.
    pub title: String,
    /// The account that opened it; null for who may not see data about single persons.
    #[schema(required)]
    pub author: Option<String>,
    /// The teams that own the services of its repository, by name.
    pub teams: Vec<String>,
    /// Where it stands.
    pub stage: ChangeStage,
    /// Since when.
    #[schema(required)]
    pub stage_since: Option<DateTime<Utc>>,
    /// For how long.
    #[schema(required)]
    pub stage_seconds: Option<f64>,
    /// How long 85 % of the changes of its team were in this stage at most, of those deployed in the last 90 days; of the
    /// first of its teams that has any.
    #[schema(required)]
    pub stage_p85_seconds: Option<f64>,
    /// It is in its stage for longer than that.
    #[schema(required)]
    pub is_slow: Option<bool>,
    /// How long 85 % of the changes of its team took from opened to merged at most, of those merged in the last 90 days.
    #[schema(required)]
    pub age_p85_seconds: Option<f64>,
    /// It is open for longer than that; null once it is merged.
    #[schema(required)]
    pub is_stuck: Option<bool>,
    /// When it was opened.
    #[schema(required)]
    pub opened_at: Option<DateTime<Utc>>,
    /// How long ago that was.
    #[schema(required)]
    pub age_seconds: Option<f64>,
    /// When it was merged.
    #[schema(required)]
    pub merged_at: Option<DateTime<Utc>>,
    /// When its source last changed it, or a review was submitted.
    pub last_activity_at: DateTime<Utc>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}

impl OpenChange {
    /// A change of some teams, which has come so far; with how long 85 % of changes are in that stage at most, and how long
    /// they take from opened to merged.
    pub(crate) fn new(
        change: Change,
        teams: Vec<String>,
        progress: &Progress,
        (stage_p85_seconds, age_p85_seconds): (Option<f64>, Option<f64>),
    ) -> Self {
        let Progress { stage, stage_since, stage_seconds, age_seconds, last_activity_at } = *progress;
        Self {
            id: change.id.0,
            repository: change.repository.0,
            title: change.title,
            author: change.author.map(|id| id.0),
            teams,
            stage,
            stage_since,
            stage_seconds,
            stage_p85_seconds,
            age_p85_seconds,
            is_stuck: age_seconds
                .zip(age_p85_seconds)
                .filter(|_| stage != ChangeStage::Merged)
                .map(|(seconds, p85)| seconds > p85),
            is_slow: stage_seconds.zip(stage_p85_seconds).map(|(seconds, p85)| seconds > p85),
            opened_at: change.opened_at,
            age_seconds,
            merged_at: change.merged_at,
            last_activity_at,
            url: change.url,
        }
    }
}

impl Personal for OpenChange {
    fn hide_people(&mut self, may_name: &dyn Fn(&str) -> bool) {
        hide(&mut self.author, may_name);
    }
}
