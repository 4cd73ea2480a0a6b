//! The domain facts. Names follow CDEvents and DORA where they have a word for the thing.
//!
//! The same types are read by `POST /v1/events`, `sei import` and by our own normalizers; their JSON
//! Schema is what `sei schema` prints. Times are UTC instants (RFC 3339 in JSON).
//!
//! A kind of fact is a file with its struct, which declares its table, and a line in the list below.

mod account;
pub mod catalog;
mod change;
mod close_event;
mod commit;
mod deployment;
mod incident;
mod moved;
mod person;
mod pipeline_run;
mod quality_measure;
mod repository;
mod review;
mod service;
mod sprint;
mod sprint_entry;
mod status;
mod task_run;
mod team;
mod transition;
mod version;
mod vulnerability;
mod words;
mod work_item;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use self::catalog::{Declared, FieldValue, Kind, Record};
use crate::{RejectReason, Rejection, plausible_instant};

pub use account::Account;
pub use change::{Change, ChangeState};
pub use close_event::CloseEvent;
pub use commit::Commit;
pub use deployment::{Deployment, DeploymentSource};
pub use incident::Incident;
pub use moved::Moved;
pub use person::Person;
pub use pipeline_run::{Outcome, PipelineRun};
pub use quality_measure::QualityMeasure;
pub use repository::Repository;
pub use review::{Review, ReviewState};
pub use service::Service;
pub use sprint::Sprint;
pub use sprint_entry::SprintEntry;
pub use status::{Status, StatusCategory};
pub use task_run::TaskRun;
pub use team::Team;
pub use transition::Transition;
pub use version::{Completeness, Version};
pub use vulnerability::Vulnerability;
pub use work_item::WorkItem;

/// No number of a fact is larger, whichever its sign.
const LARGEST: f64 = 1e15;

macro_rules! facts {
    ($($kind:ident,)+) => {
        /// One thing that is known about how software was made.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "fact", rename_all = "snake_case")]
        pub enum Fact {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")] $kind($kind),)+
            /// What one event states of a change or an incident.
            Partial(Partial),
        }

        impl Fact {
            /// The kinds of facts, in the order in which their tables are locked.
            pub const KINDS: &[&Kind] = &[$($kind::KIND),+];

            /// The fact as a row of its table. Of a partial fact, that which it is a part of.
            #[must_use]
            pub fn record(&self) -> &dyn Record {
                match self {
                    $(Self::$kind(fact) => fact,)+
                    Self::Partial(partial) => partial.of.record(),
                }
            }

            /// The fact as a row of its table, to be changed.
            pub fn record_mut(&mut self) -> &mut dyn Record {
                match self {
                    $(Self::$kind(fact) => fact,)+
                    Self::Partial(partial) => partial.of.record_mut(),
                }
            }

            /// Reads a fact of a kind, from its fields without `fact`.
            pub fn of_kind<'de, D: Deserializer<'de>>(kind: &Kind, fields: D) -> Result<Self, D::Error> {
                match kind.title {
                    $(stringify!($kind) => Deserialize::deserialize(fields).map(Self::$kind),)+
                    other => Err(serde::de::Error::custom(format_args!("no kind of fact is called {other}"))),
                }
            }
        }
    };
}

facts! {
    Repository,
    Commit,
    Change,
    Review,
    PipelineRun,
    TaskRun,
    Deployment,
    Incident,
    WorkItem,
    CloseEvent,
    Transition,
    Status,
    Sprint,
    SprintEntry,
    Vulnerability,
    QualityMeasure,
    Moved,
    Account,
    Person,
    Service,
    Team,
}

/// What one event states of a thing whose other events don't repeat it: CDEvents names the cause of an incident when it
/// is detected, and not when it is resolved. The store keeps each field as the newest event that has it states it.
/// Fields that say how a thing ended are those of the newest event, present or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// The fields that the event has; the others are empty.
    pub of: Box<Fact>,
    /// When the event happened, which decides which of two values of a field is the newer one. Which event says how a
    /// thing ended, the versions decide.
    pub at: DateTime<Utc>,
}

impl Partial {
    /// What an event of this time states of a thing.
    #[must_use]
    pub fn new(fact: Fact, at: DateTime<Utc>) -> Self {
        Self { of: Box::new(fact), at }
    }
}

impl Fact {
    /// The name of its kind, as in JSON's `fact` field.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.record().kind().name
    }

    /// The id of a fact whose events are remembered, so that a number can be followed to them: what metrics
    /// are computed from, except commits, whose raw form is in git itself.
    #[must_use]
    pub fn traced(&self) -> Option<&str> {
        let record = self.record();
        let key = record.kind().key.first().filter(|_| record.kind().traced)?;
        match record.value(*key) {
            FieldValue::Text(id) => Some(id),
            _ => None,
        }
    }

    /// The key of its events, whose order is kept: its repository where it has one, else its own id or what its kind
    /// declares. Names are not unique among kinds, so the kind is part of a key that is made of them.
    #[must_use]
    pub fn order_key(&self) -> String {
        let record = self.record();
        let kind = record.kind();
        let text = |position: &usize| match record.value(*position) {
            FieldValue::Text(text) => Some(text),
            _ => None,
        };
        let has_id = kind.key_columns().all(|column| column.name == "id");
        match kind.order.iter().find_map(text) {
            None => kind.name.to_owned(),
            Some(_) if !has_id && kind.order == kind.key => {
                let parts = [kind.name].into_iter().chain(kind.key.iter().filter_map(text));
                parts.collect::<Vec<_>>().join("/")
            }
            // of a review, that of the repository of its change
            Some(change) if matches!(self, Self::Review(_)) => {
                change.rsplit_once('#').map_or(change, |(repository, _)| repository).to_owned()
            }
            Some(id) => id.to_owned(),
        }
    }

    /// Refuses instants that nothing can have happened at, and numbers whose sums would be infinite. Every normalizer's
    /// facts pass here before they are stored.
    pub fn check(&self) -> Result<(), Rejection> {
        for (field, instant) in self.instants() {
            if !plausible_instant(instant) {
                return Err(Rejection::new(
                    RejectReason::ImplausibleTime,
                    format!("{}.{field} is {instant}; expected a time between 1970 and 2199", self.kind()),
                ));
            }
        }
        let record = self.record();
        for (position, column) in record.kind().columns.iter().enumerate() {
            if let FieldValue::Float(number) = record.value(position)
                && !(-LARGEST..=LARGEST).contains(&number)
            {
                return Err(Rejection::new(
                    RejectReason::Schema,
                    format!("{}.{} is {number:e}; expected a number up to {LARGEST:e}", self.kind(), column.name),
                ));
            }
        }
        Ok(())
    }

    fn instants(&self) -> impl Iterator<Item = (&'static str, DateTime<Utc>)> {
        let record = self.record();
        let fields =
            record.kind().columns.iter().enumerate().filter_map(|(position, column)| match record.value(position) {
                FieldValue::Time(instant) => Some((column.name, instant)),
                _ => None,
            });
        let stated = if let Self::Partial(partial) = self { Some(("at", partial.at)) } else { None };
        fields.chain([("version.at", record.version().at)]).chain(stated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_called_in_the_catalog_as_in_json_and_its_example_is_one() {
        for kind in Fact::KINDS {
            let example: serde_json::Value = serde_json::from_str(kind.example).unwrap();
            let mut fields = example.as_object().unwrap().clone();
            fields.insert("version".to_owned(), serde_json::json!({"at": "2026-02-03T10:00:00Z"}));
            let fact = Fact::of_kind(kind, serde_json::Value::Object(fields.clone())).unwrap();
            assert_eq!(fact.kind(), kind.name);
            assert_eq!(serde_json::to_value(&fact).unwrap()["fact"], kind.name);
            fields.insert("fact".to_owned(), kind.name.into());
            assert_eq!(serde_json::from_value::<Fact>(fields.into()).unwrap(), fact);
        }
    }

    #[test]
    fn a_new_fact_is_what_json_of_its_required_fields_is() {
        let version = Version { completeness: Completeness::Reported, at: DateTime::UNIX_EPOCH };
        let json = |fields: serde_json::Value| serde_json::from_value::<Fact>(fields).unwrap();
        let of_json = json(serde_json::json!({"fact": "deployment", "id": "d", "version": version}));
        assert_eq!(Fact::Deployment(Deployment::new("d".into(), version)), of_json);
        let of_json =
            json(serde_json::json!({"fact": "task_run", "id": "t", "run": "r", "name": "n", "version": version}));
        assert_eq!(Fact::TaskRun(TaskRun::new("t".to_owned(), "r".to_owned(), "n".to_owned(), version)), of_json);
    }

    #[test]
    fn json_has_no_fields_that_a_fact_has_no_value_for() {
        for kind in Fact::KINDS {
            let example: serde_json::Value = serde_json::from_str(kind.example).unwrap();
            let mut fields = example.as_object().unwrap().clone();
            fields.insert("version".to_owned(), serde_json::json!({"at": "2026-02-03T10:00:00Z"}));
            let read = |fields: &serde_json::Map<String, serde_json::Value>| {
                Fact::of_kind(kind, serde_json::Value::Object(fields.clone()))
            };
            for name in example.as_object().unwrap().keys() {
                let given = fields.remove(name).unwrap();
                if read(&fields).is_err() {
                    fields.insert(name.clone(), given);
                }
            }
            let written = serde_json::to_value(read(&fields).unwrap()).unwrap();
            let is_empty = |value: &serde_json::Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            assert!(!written.as_object().unwrap().values().any(is_empty), "{written}");
        }
    }

    #[test]
    fn the_events_of_what_belongs_together_have_one_key() {
        let key = |json: serde_json::Value| serde_json::from_value::<Fact>(json).unwrap().order_key();
        let version = serde_json::json!({"at": "2026-02-03T10:00:00Z"});
        let review = serde_json::json!({"fact": "review", "id": "h/o/r#1/review/2", "change": "h/o/r#1",
            "state": "approved", "submitted_at": "2026-02-03T10:00:00Z", "version": version});
        assert_eq!(key(review), "h/o/r");
        let deployment = |fields: &str| {
            let mut json: serde_json::Value = serde_json::from_str(fields).unwrap();
            json["fact"] = "deployment".into();
            json["version"] = version.clone();
            key(json)
        };
        assert_eq!(deployment(r#"{"id": "d", "repository": "h/o/r"}"#), "h/o/r");
        assert_eq!(deployment(r#"{"id": "d"}"#), "d");
        assert_eq!(key(serde_json::json!({"fact": "team", "name": "payments", "version": version})), "team/payments");
    }

    #[test]
    fn a_time_that_nothing_can_have_happened_at_is_named() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let close_event = |time: &str, version: &str| {
            let version = Version { completeness: Completeness::Reported, at: at(version) };
            Fact::CloseEvent(CloseEvent::new("i".to_owned(), at(time), version))
        };
        assert_eq!(close_event("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z").check(), Ok(()));
        let detail = |fact: Fact| fact.check().unwrap_err().detail;
        let found = detail(close_event("2206-01-01T00:00:00Z", "2026-01-01T00:00:00Z"));
        assert_eq!(found, "close_event.at is 2206-01-01 00:00:00 UTC; expected a time between 1970 and 2199");
        let partial = Fact::Partial(Partial::new(
            close_event("2026-01-01T00:00:00Z", "1960-01-01T00:00:00Z"),
            DateTime::UNIX_EPOCH,
        ));
        assert!(detail(partial).starts_with("close_event.version.at is 1960-01-01"));
    }

    #[test]
    fn a_number_whose_sums_would_be_infinite_is_named() {
        let item = |points: f64| {
            let json = serde_json::json!({"fact": "work_item", "id": "t/1", "key": "T-1", "project": "t", "points": points,
                "status_category": "done", "created_at": "2026-01-01T00:00:00Z", "version": {"at": "2026-01-01T00:00:00Z"}});
            serde_json::from_value::<Fact>(json).unwrap().check().map_err(|refused| refused.detail)
        };
        assert_eq!((item(8.0), item(-1.0)), (Ok(()), Ok(())));
        let refused = "work_item.points is 1.7e308; expected a number up to 1e15";
        assert_eq!(item(1.7e308), Err(refused.to_owned()));
        assert!(item(-1e16).is_err());
    }
}
