//! The settings of the processor.

use std::time::Duration;

use eventlog::settings::Log;
use runtime::duration;
use runtime::settings::{Database, Findings, Server, Settings, Telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The sections that the processor reads.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "each section is documented by its type")]
pub struct ProcessorSettings {
    pub database: Database,
    pub log: Log,
    pub retention: RetentionSettings,
    pub server: Server,
    pub telemetry: Telemetry,
}

/// How long it is kept what no other section says. Raw events: `log.retention`; dead letters: `log.rejected_retention`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionSettings {
    /// How long entries of the audit log are kept. Older ones are deleted once a day, the oldest first, and an entry says
    /// so.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub audit: Duration,
    /// How long the numbers of events by hour and day are kept, in which they were processed. Where TimescaleDB is used it
    /// deletes them by itself, a month at a time.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub event_counts: Duration,
    /// How long runs of single tasks of pipelines, and measures of quality, are kept after they happened: they take much room,
    /// and only metrics of windows that old need them. Older ones are deleted once an hour; without this setting none. All
    /// other facts are kept, since later numbers follow from them.
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<duration::Text>", example = &"400d")]
    pub details: Option<Duration>,
    /// How long people keep their names after what they did last: a commit, a change, a review, a step of a work item.
    /// After that they are pseudonymized, as `sei person pseudonymize` does, at most 100 of a tenant once a day. Members of
    /// teams, people of `[[person]]` and those who log in keep them, and without this setting all people.
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<duration::Text>", example = &"730d")]
    pub people: Option<Duration>,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        let years = Duration::from_hours(24 * 730);
        Self { audit: years, event_counts: years, details: None, people: None }
    }
}

impl RetentionSettings {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        findings.positive("retention.audit", self.audit);
        findings.positive("retention.event_counts", self.event_counts);
        if let Some(details) = self.details {
            findings.positive("retention.details", details);
        }
        if let Some(people) = self.people {
            findings.positive("retention.people", people);
        }
    }
}

impl Settings for ProcessorSettings {
    runtime::process_sections!();

    fn check(&self, findings: &mut Findings) {
        self.database.check(findings);
        self.log.check(findings);
        self.retention.check(findings);
        self.server.check(findings);
        self.telemetry.check(findings);
    }
}
