//! What subscribers are sent.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::feed::{ShownDeployment, ShownIncident, ShownSource, Touch};
use utoipa::ToSchema;

/// The outcome of a deployment or an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowChange {
    /// It is new.
    New,
    /// It has another verdict or other evidence, or what is shown of it has changed.
    Changed,
    /// There is no reason for it any more.
    Removed,
}

impl From<Touch> for RowChange {
    fn from(touch: Touch) -> Self {
        match touch {
            Touch::New => Self::New,
            Touch::Changed => Self::Changed,
            Touch::Removed => Self::Removed,
        }
    }
}

/// A deployment is new, has another verdict, or is gone. Where many of a service changed at once, the event has no id,
/// and says how many: ask for the list.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub(crate) struct DeploymentEvent {
    /// Where the feed stands after it: `after` of a subscription that goes on from here.
    #[serde(skip)]
    pub cursor: String,
    /// When the verdict was written.
    pub at: DateTime<Utc>,
    /// Its service.
    pub service: String,
    /// Its id.
    #[schema(required)]
    pub id: Option<String>,
    /// Whether it is new, has changed, or is gone.
    pub change: RowChange,
    /// How many deployments it is about.
    pub count: u64,
    /// When it finished.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
    /// Its environment.
    #[schema(required)]
    pub environment: Option<String>,
    /// Its tag or version.
    #[schema(required)]
    pub name: Option<String>,
    /// How it relates to the ones before it.
    #[schema(required)]
    pub kind: Option<String>,
    /// It succeeded; otherwise it is a failed attempt.
    #[schema(required)]
    pub success: Option<bool>,
    /// It counts as a deployment.
    #[schema(required)]
    pub counted: Option<bool>,
    /// It failed in production.
    #[schema(required)]
    pub failed: Option<bool>,
    /// It is rework.
    #[schema(required)]
    pub rework: Option<bool>,
}

/// An incident is new, has changed, or is gone. Where many of a service changed at once, the event has no id.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub(crate) struct IncidentEvent {
    /// Where the feed stands after it: `after` of a subscription that goes on from here.
    #[serde(skip)]
    pub cursor: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Its service.
    pub service: String,
    /// Its id.
    #[schema(required)]
    pub id: Option<String>,
    /// Whether it is new, has changed, or is gone.
    pub change: RowChange,
    /// How many incidents it is about.
    pub count: u64,
    /// Its title.
    #[schema(required)]
    pub title: Option<String>,
    /// When it was detected.
    #[schema(required)]
    pub detected_at: Option<DateTime<Utc>>,
    /// When service was restored.
    #[schema(required)]
    pub resolved_at: Option<DateTime<Utc>>,
    /// The deployment that caused it.
    #[schema(required)]
    pub deployment: Option<String>,
}

/// A source works again, or does not.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub(crate) struct SourceEvent {
    /// Where the feed stands after it: `after` of a subscription that goes on from here.
    #[serde(skip)]
    pub cursor: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// The connector and the configured name: `github/main`.
    pub source: String,
    /// `ok`, `partial` (some things could not be fetched) or `failing`.
    pub state: String,
    /// Why the last attempt failed.
    #[schema(required)]
    pub error: Option<String>,
}

/// Metrics have other values than before: a client that shows them asks again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MetricsEvent {
    /// Their names; `null` where it may be any of them.
    #[schema(required)]
    pub metrics: Option<Vec<String>>,
    /// The services whose values have changed; `null` where it may be any of them.
    #[schema(required)]
    pub services: Option<Vec<String>>,
}

/// How many events of the log are not processed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub(crate) struct LagEvent {
    /// Each consumer of the log.
    pub consumers: Vec<ConsumerLag>,
}

/// How far a consumer of the log is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject, ToSchema)]
pub(crate) struct ConsumerLag {
    /// Its name.
    pub consumer: String,
    /// Events in the log that it has not processed.
    pub events: i64,
}

impl DeploymentEvent {
    pub(super) fn one(
        (cursor, at): (String, DateTime<Utc>),
        service: String,
        (id, touch): (String, Touch),
        shown: Option<ShownDeployment>,
    ) -> Self {
        let event = Self { id: Some(id), change: touch.into(), ..Self::many((cursor, at), service, 1) };
        let Some(shown) = shown else { return event };
        Self {
            finished_at: Some(shown.finished_at),
            environment: shown.environment,
            name: shown.name,
            kind: Some(shown.kind),
            success: Some(shown.success),
            counted: Some(shown.counted),
            failed: Some(shown.failed),
            rework: Some(shown.rework),
            ..event
        }
    }

    pub(super) fn many((cursor, at): (String, DateTime<Utc>), service: String, count: u64) -> Self {
        Self {
            cursor,
            at,
            service,
            id: None,
            change: RowChange::Changed,
            count,
            finished_at: None,
            environment: None,
            name: None,
            kind: None,
            success: None,
            counted: None,
            failed: None,
            rework: None,
        }
    }
}

impl IncidentEvent {
    pub(super) fn one(
        (cursor, at): (String, DateTime<Utc>),
        service: String,
        (id, touch): (String, Touch),
        shown: Option<ShownIncident>,
    ) -> Self {
        let event = Self { id: Some(id), change: touch.into(), ..Self::many((cursor, at), service, 1) };
        let Some(shown) = shown else { return event };
        Self {
            title: Some(shown.title),
            detected_at: Some(shown.detected_at),
            resolved_at: shown.resolved_at,
            deployment: shown.deployment,
            ..event
        }
    }

    pub(super) fn many((cursor, at): (String, DateTime<Utc>), service: String, count: u64) -> Self {
        Self {
            cursor,
            at,
            service,
            id: None,
            change: RowChange::Changed,
            count,
            title: None,
            detected_at: None,
            resolved_at: None,
            deployment: None,
        }
    }
}

impl SourceEvent {
    pub(super) fn new((cursor, at): (String, DateTime<Utc>), source: String, shown: ShownSource) -> Self {
        Self { cursor, at, source, state: shown.state, error: shown.error }
    }
}
