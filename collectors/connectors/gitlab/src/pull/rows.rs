//! The rows of GitLab's lists, as they go into the log.

use chrono::{DateTime, Utc};
use pull::{PullError, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::facts::Place;

/// Rows on a page: those that need requests of their own, and those that do not.
pub(super) const FEW: usize = 20;
pub(super) const MANY: usize = 100;

/// What each row says of its project.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Project {
    #[serde(skip_serializing)]
    pub(super) path_with_namespace: String,
    pub(super) web_url: String,
    pub(super) default_branch: Option<String>,
}

/// A row with what was asked for with it, as the normalizer reads it.
#[derive(Serialize)]
pub(super) struct PulledRow<'a> {
    pub(super) project: &'a Project,
    pub(super) row: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notes: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) commits: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) states: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<String>,
}

/// What a walk must know of a row.
#[derive(Deserialize)]
pub(super) struct Key {
    pub(super) id: i64,
    pub(super) iid: Option<i64>,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
}

impl Key {
    pub(super) fn number(&self) -> i64 {
        self.iid.unwrap_or(self.id)
    }

    pub(super) fn changed(&self) -> DateTime<Utc> {
        self.updated_at.unwrap_or(self.created_at)
    }
}

impl<'a> PulledRow<'a> {
    pub(super) fn of(project: &'a Project, row: &'a RawValue) -> Self {
        Self { project, row, notes: None, commits: None, states: None, tier: None }
    }

    pub(super) fn row(&self, kind: &'static str) -> Result<Row, PullError> {
        let place = Place::at(&self.project.web_url, None).ok();
        let subject = place.map(|place| place.id.to_string());
        let key = subject.clone().unwrap_or_else(|| self.project.web_url.clone());
        Row::new(kind, (subject, key), self)
    }
}
