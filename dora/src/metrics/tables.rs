//! The tables that metrics are made from, as far as those that are asked for need them. Each is read once.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::metric_rows::ServiceBasis;

use super::custom::Facts;
use super::ownership::Ownership;
use super::registry::Input;
use super::rows::{
    Author, Change, Deployed, Deployment, Entry, FirstDeployment, Incident, Item, Measure, Micros, Row, Run, Sprint,
    Vulnerability,
};

/// The rows of a table, in chunks that may be shared.
#[derive(Clone, Debug)]
pub(super) struct Table<T>(Vec<Arc<Vec<Entry<T>>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<Vec<Entry<T>>> for Table<T> {
    fn from(rows: Vec<Entry<T>>) -> Self {
        Self(vec![Arc::new(rows)])
    }
}

impl<T: Row> Table<T> {
    /// The rows that a window is about.
    pub fn of(&self, window: Micros) -> impl Iterator<Item = &Entry<T>> {
        self.all().filter(move |entry| entry.row.is_of(window))
    }

    /// All rows.
    pub fn all(&self) -> impl Iterator<Item = &Entry<T>> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }
}

/// What is read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Changes,
    Deployed,
    Deployments,
    Incidents,
    Runs,
    Items,
    Sprints,
    Vulnerabilities,
    Measures,
    Authors,
    /// A kind of fact, and the field that says when it happened.
    Facts(&'static str, &'static str),
}

impl Input {
    /// Where its rows are from.
    pub fn source(&self) -> Source {
        match self {
            Self::Changes(_) | Self::Reviews(_) => Source::Changes,
            Self::Deployed(_) => Source::Deployed,
            Self::Deployments(_) => Source::Deployments,
            Self::Incidents(_) | Self::Recoveries(_) => Source::Incidents,
            Self::Runs(_) | Self::RunsInOrder(_) => Source::Runs,
            Self::Items(_) => Source::Items,
            Self::Sprints(_) => Source::Sprints,
            Self::Vulnerabilities(_) => Source::Vulnerabilities,
            Self::Measures(_) => Source::Measures,
            Self::Authors(_) => Source::Authors,
            Self::Custom(metric) => Source::Facts(metric.fact, metric.at),
        }
    }
}

/// All tables; those that nothing needs are empty.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) ownership: Ownership,
    /// The services that were computed, by name.
    pub(crate) bases: Vec<ServiceBasis>,
    pub(super) changes: Table<Change>,
    pub(super) deployed: Table<Deployed>,
    /// Oldest first.
    pub(super) deployments: Table<Deployment>,
    pub(super) first_deployments: Table<FirstDeployment>,
    pub(super) incidents: Table<Incident>,
    /// Oldest first.
    pub(super) runs: Table<Run>,
    pub(super) items: Table<Item>,
    pub(super) sprints: Table<Sprint>,
    pub(super) vulnerabilities: Table<Vulnerability>,
    /// Oldest first.
    pub(super) measures: Table<Measure>,
    pub(super) authors: Table<Author>,
    pub(super) facts: BTreeMap<(&'static str, &'static str), Facts>,
}
