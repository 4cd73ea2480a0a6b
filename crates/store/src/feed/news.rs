//! What a row of the feed says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{DeploymentMetric, IncidentMetric};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The longest title that is repeated, in characters.
const TITLE: usize = 200;

kernel::closed_list! {
    /// What a row is about.
    pub(crate) enum Kind: "kind of news" {
        /// Deployments of a service.
        Deployment,
        /// Incidents of a service.
        Incident,
        /// A source.
        Source,
    }
}

kernel::closed_list! {
    /// How a row of metrics has changed.
    pub enum Touch: "change of a row" {
        /// It is new.
        New,
        /// It is another: its verdict, its evidence or what is shown of it.
        Changed,
        /// Nothing gives it any more.
        Removed,
    }
}

kernel::closed_list! {
    /// How a source stands.
    pub enum SourceHealth: "state of a source" {
        /// The last attempt to collect it worked.
        Ok,
        /// The last attempt worked, but for some things that could not be fetched.
        Partial,
        /// The last attempt failed.
        Failing,
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A deployment is new, has another verdict, or is gone.
    Deployment {
        /// Its service.
        service: String,
        /// Its id.
        id: String,
        /// How it has changed.
        touch: Touch,
        /// What it is now; `None` when it is gone.
        shown: Option<ShownDeployment>,
    },
    /// An incident is new, has changed, or is gone.
    Incident {
        /// Its service.
        service: String,
        /// Its id.
        id: String,
        /// How it has changed.
        touch: Touch,
        /// What it is now; `None` when it is gone.
        shown: Option<ShownIncident>,
    },
    /// Many deployments of a service changed at once.
    Deployments {
        /// The service.
        service: String,
        /// How many.
        count: u64,
    },
    /// Many incidents of a service changed at once.
    Incidents {
        /// The service.
        service: String,
        /// How many.
        count: u64,
    },
    /// A source works again, or does not.
    Source {
        /// The connector and the configured name: `github/main`.
        source: String,
        /// How it stands.
        shown: ShownSource,
    },
}

/// What is shown of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a verdict of its own")]
pub struct ShownDeployment {
    /// When it finished.
    pub finished_at: DateTime<Utc>,
    /// Its environment.
    pub environment: Option<String>,
    /// Its tag or version.
    pub name: Option<String>,
    /// How it relates to the ones before it.
    pub kind: String,
    /// It succeeded.
    pub success: bool,
    /// It counts as a deployment.
    pub counted: bool,
    /// It failed in production.
    pub failed: bool,
    /// It is rework.
    pub rework: bool,
}

/// What is shown of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ShownIncident {
    /// Its title, shortened.
    pub title: String,
    /// When it was detected.
    pub detected_at: DateTime<Utc>,
    /// When service was restored.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The deployment that caused it.
    pub deployment: Option<String>,
}

/// What is shown of a source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ShownSource {
    /// A word of [`SourceHealth`].
    pub state: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

impl ShownDeployment {
    pub(super) fn of(row: &DeploymentMetric) -> Self {
        Self {
            finished_at: row.finished_at,
            environment: row.environment.clone(),
            name: row.name.clone(),
            kind: row.kind.as_str().to_owned(),
            success: row.success,
            counted: row.counted,
            failed: row.failed,
            rework: row.rework,
        }
    }
}

impl ShownIncident {
    pub(super) fn of(row: &IncidentMetric) -> Self {
        Self {
            title: row.title.chars().take(TITLE).collect(),
            detected_at: row.detected_at,
            resolved_at: row.resolved_at,
            deployment: row.deployment.as_ref().map(ToString::to_string),
        }
    }
}

/// Subjects and details of rows that were touched; of more than `most` one row that says how many.
pub(super) fn rows<T: Serialize>(
    touched: &BTreeMap<String, Touch>,
    most: usize,
    shown: impl Fn(&str) -> Option<T>,
) -> Vec<(String, Value)> {
    if touched.len() > most {
        return vec![(String::new(), json!({ "count": touched.len() }))];
    }
    touched.iter().map(|(id, touch)| (id.clone(), json!({ "touch": touch, "shown": shown(id) }))).collect()
}

impl News {
    /// What a row says; `None` of what this version does not know.
    pub(super) fn read(kind: &str, subject: String, service: Option<String>, mut detail: Value) -> Option<Self> {
        let mut take = |key: &str| detail.get_mut(key).map(Value::take);
        let kind: Kind = kind.parse().ok()?;
        if kind == Kind::Source {
            return Some(Self::Source { source: subject, shown: of_json(detail)? });
        }
        let service = service?;
        if let Some(count) = take("count").and_then(|count| count.as_u64()) {
            return Some(match kind {
                Kind::Deployment => Self::Deployments { service, count },
                Kind::Incident | Kind::Source => Self::Incidents { service, count },
            });
        }
        let touch: Touch = take("touch")?.as_str()?.parse().ok()?;
        let shown = take("shown")?;
        Some(match kind {
            Kind::Deployment => Self::Deployment { service, id: subject, touch, shown: of_json(shown)? },
            Kind::Incident | Kind::Source => Self::Incident { service, id: subject, touch, shown: of_json(shown)? },
        })
    }
}

fn of_json<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> ShownIncident {
        ShownIncident {
            title: "down".to_owned(),
            detected_at: DateTime::default(),
            resolved_at: None,
            deployment: Some("d".to_owned()),
        }
    }

    fn read(kind: Kind, subject: &str, detail: Value) -> Option<News> {
        News::read(kind.as_str(), subject.to_owned(), Some("cart".to_owned()), detail)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let touched = [("a".to_owned(), Touch::New), ("b".to_owned(), Touch::Removed)].into();
        let written = rows(&touched, 2, |id| (id == "a").then(shown));
        let found: Vec<_> =
            written.into_iter().map(|(id, detail)| read(Kind::Incident, &id, detail).unwrap()).collect();
        let news = |id: &str, touch, shown| News::Incident { service: "cart".into(), id: id.into(), touch, shown };
        assert_eq!(found, [news("a", Touch::New, Some(shown())), news("b", Touch::Removed, None)]);
    }

    #[test]
    fn of_many_rows_only_the_number_is_reported() {
        let touched: BTreeMap<String, Touch> = (0..3).map(|nth| (nth.to_string(), Touch::Changed)).collect();
        let written = rows(&touched, 2, |_| Some(shown()));
        let [(subject, detail)] = &written[..] else { panic!("{written:?}") };
        let many = News::Deployments { service: "cart".into(), count: 3 };
        assert_eq!(read(Kind::Deployment, subject, detail.clone()), Some(many));
    }

    #[test]
    fn what_another_version_wrote_is_no_error() {
        assert_eq!(News::read("sprint", String::new(), None, json!({})), None);
        assert_eq!(read(Kind::Deployment, "a", json!({ "touch": "sold", "shown": null })), None);
        assert_eq!(read(Kind::Deployment, "a", json!({ "touch": "new", "shown": { "title": 1 } })), None);
        assert_eq!(read(Kind::Source, "a", json!([])), None);
    }
}
