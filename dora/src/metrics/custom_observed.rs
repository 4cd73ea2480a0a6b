//! What metrics of the settings observed over all time, as SQL aggregates it: of each kind of fact, year by year.

use std::collections::BTreeSet;

use chrono::{TimeZone, Utc};
use kernel::catalog::Declared;
use kernel::{Commit, Deployment};
use store::analytics::ChunkOfObservations;
use store::flow::Span;

use super::metric::{Input, Metric};
use super::observed::{AboutRow, Exporter};
use super::registry::of_settings;
use super::rows::{About, Micros};
use crate::DoraError;
use crate::custom::CustomMetric;
use crate::settings::CustomMetricSettings;

/// All of what was read.
const ALL: Micros = Micros { from: i64::MIN, to: i64::MAX };

/// The metrics of the settings about a kind of fact.
#[derive(Clone)]
pub(crate) struct CustomKind {
    /// The kind.
    pub fact: &'static str,
    metrics: Vec<Metric>,
}

/// The metrics of the settings, by the kind of fact that they are about. An error names the setting that can't be used.
pub(crate) fn custom_kinds(settings: &[CustomMetricSettings]) -> Result<Vec<CustomKind>, DoraError> {
    let mut kinds: Vec<CustomKind> = Vec::new();
    for metric in of_settings(settings)? {
        let Some(fact) = of_facts(&metric).map(|of_facts| of_facts.fact) else { continue };
        match kinds.iter_mut().find(|kind| kind.fact == fact) {
            Some(kind) => kind.metrics.push(metric),
            None => kinds.push(CustomKind { fact, metrics: vec![metric] }),
        }
    }
    Ok(kinds)
}

/// A year, in UTC.
pub(crate) fn span_of_year(year: i32) -> Option<Span> {
    let first = |year: i32| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single();
    Some(Span { from: first(year)?, to: first(year + 1)? })
}

fn of_facts(metric: &Metric) -> Option<&CustomMetric> {
    match &metric.input {
        Input::Custom(of_facts) => Some(of_facts),
        _ => None,
    }
}

impl CustomKind {
    /// The kinds of facts that decide what is read of this one.
    pub fn reads(&self) -> Vec<&'static str> {
        if self.fact == Commit::NAME {
            // of commits that are gone those count that a deployment reaches
            return vec![Commit::NAME, Deployment::NAME];
        }
        vec![self.fact]
    }

    /// The fields that say when a fact happened, each once.
    pub fn times(&self) -> BTreeSet<&'static str> {
        self.metrics.iter().filter_map(of_facts).map(|of_facts| of_facts.at).collect()
    }

    /// What the metrics observed that go by a field, of the facts of a year, which were read.
    pub fn chunks(&self, exporter: &Exporter<'_>, at: &str, year: i32) -> Result<Vec<ChunkOfObservations>, DoraError> {
        let mut chunks = Vec::new();
        for metric in &self.metrics {
            let Some(of_facts) = of_facts(metric).filter(|of_facts| of_facts.at == at) else { continue };
            let Some(number) = exporter.numbers.get(&*metric.id) else { continue };
            let owner = format!("{} {year}", metric.id);
            let mut chunk = ChunkOfObservations { source: self.fact, owner, ..ChunkOfObservations::default() };
            if let Some(facts) = exporter.tables.facts.get(&(of_facts.fact, of_facts.at)) {
                let (subjects, observations) = facts.observe(of_facts, ALL)?;
                let about = |subject| (About { subject, reviewer: None }, None);
                let about: Vec<AboutRow<'_>> = subjects.iter().map(about).collect();
                exporter.add(&mut chunk, (*number, metric), (&observations, &about));
            }
            chunks.push(chunk);
        }
        Ok(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_a_kind_of_fact_are_read_together_by_the_times_that_they_go_by() {
        let metric = |name: &str, fact: &str, at: Option<&str>| CustomMetricSettings {
            name: name.to_owned(),
            fact: fact.to_owned(),
            at: at.map(str::to_owned),
            aggregation: "count".to_owned(),
            ..CustomMetricSettings::default()
        };
        let settings = [
            metric("one", "change", None),
            metric("two", "change", Some("opened_at")),
            metric("three", "incident", None),
            metric("four", "change", Some("opened_at")),
        ];
        let kinds = custom_kinds(&settings).unwrap();
        let facts: Vec<(&str, usize)> = kinds.iter().map(|kind| (kind.fact, kind.metrics.len())).collect();
        assert_eq!(facts, [("change", 3), ("incident", 1)]);
        assert_eq!(kinds[0].times(), BTreeSet::from(["merged_at", "opened_at"]));
        assert_eq!(kinds[0].reads(), ["change"]);
    }

    #[test]
    fn a_year_ends_where_the_next_one_begins() {
        let [one, next] = [2024, 2025].map(|year| span_of_year(year).unwrap());
        assert_eq!((one.to, one.from.to_rfc3339().as_str()), (next.from, "2024-01-01T00:00:00+00:00"));
    }
}
