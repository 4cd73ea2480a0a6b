//! The metrics by name: what each says, what it is made from, how its observations are put together.

use std::time::Duration;

use kernel::near::UnknownName;
use runtime::custom::{Aggregate, CustomMetric};
use runtime::settings::MetricSettings;
use serde::Serialize;

use super::Slice;
use super::changes::{self, Change};
use super::ci::{self, Runs};
use super::deliveries;
use super::observations::Observations;
use super::quality;
use super::work::{self, Planned};
use crate::DoraError;
use crate::report::Unit;

/// How observations become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The median; beside it p75, p90 and the mean.
    Median,
    /// The mean; beside it median, p75 and p90.
    Mean,
    /// The third quartile; beside it median, p90 and the mean.
    P75,
    /// The ninth decile; beside it median, p75 and the mean.
    P90,
    /// The share of those that are so.
    Rate,
    /// How many.
    Count,
    /// How many a day.
    PerDay,
    /// How many a week.
    PerWeek,
    /// The sum.
    Sum,
    /// The sum of the parts over the sum of the wholes.
    RatioOfSums,
    /// How many are there at the end of a day, on average over the days.
    OpenAtDayEnd,
    /// How old those are that are there at the end: the median.
    AgeOfOpen,
    /// How much of the time any of them was there, each by itself, in sum.
    TimeOpen,
    /// The last measure of each project before the end, on average.
    LatestMean,
    /// The last measure of each project before the end, in sum.
    LatestSum,
    /// The share of whoever has most.
    LargestShare,
    /// The fewest who have half of it together.
    FewestWithHalf,
    /// The share of the whole.
    ShareOfWhole,
}

/// What a metric is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is about: `delivery`, `flow`, `review`, `ci`, `planning`, `quality`, `security`, `custom`.
    pub group: &'static str,
    /// What it says.
    pub definition: String,
    /// What its first value is.
    pub unit: Unit,
    /// How observations become a value.
    pub aggregation: Aggregation,
    /// What it can be asked for by.
    pub slices: Vec<Slice>,
}

/// What a metric is made from, and how one observation is made.
#[derive(Clone)]
pub(super) enum Source {
    Changes(fn(&Change<'_>, &mut Observations)),
    Reviews(fn(&Change<'_>, &mut Observations)),
    Deployed(fn(&store::flow::DeployedRow, &mut Observations)),
    Deployments(fn(&store::flow::DeploymentRow, &mut Observations)),
    Incidents(fn(&store::flow::IncidentRow, &mut Observations)),
    Runs(fn(&Runs<'_>, &mut Observations)),
    Items(fn(&work::Item<'_>, &mut Observations)),
    Sprints(fn(&Planned<'_>, &mut Observations)),
    Vulnerabilities(fn(&store::flow::VulnerabilityRow, &mut Observations)),
    Measures(&'static str, f64),
    Authors,
    Custom(CustomMetric),
}

/// A metric of the registry.
#[derive(Clone)]
pub(super) struct Entry {
    pub definition: Definition,
    pub source: Source,
    /// How far back it looks unless asked otherwise.
    pub window: Option<Duration>,
    /// Medians are the lower ones: only where the rules of `DevLake` are followed.
    pub lower_median: bool,
}

/// What every metric of a source can be asked for by.
fn slices(source: &Source) -> Vec<Slice> {
    use Slice::{Ai, Author, AuthorTeam, Label, Repository, Service, Team, Type};
    match source {
        Source::Changes(_) | Source::Deployed(_) => {
            vec![Service, Team, AuthorTeam, Repository, Label, Type, Ai, Author]
        }
        Source::Reviews(_) => Slice::ALL.to_vec(),
        Source::Deployments(_) | Source::Measures(..) | Source::Runs(_) | Source::Authors => {
            vec![Service, Team, Repository]
        }
        Source::Incidents(_) => vec![Service, Team, Type],
        Source::Items(_) => vec![Service, Team, AuthorTeam, Repository, Label, Type, Author],
        Source::Sprints(_) => vec![Repository],
        Source::Vulnerabilities(_) => vec![Service, Team, Repository, Type],
        Source::Custom(_) => vec![Service, Team, AuthorTeam, Repository, Label, Type, Ai, Author],
    }
}

impl Entry {
    /// What its observations are.
    pub fn noun(&self) -> String {
        use Source as S;
        let noun = match &self.source {
            S::Changes(_) | S::Deployed(_) => "changes",
            S::Reviews(_) => "reviews",
            S::Deployments(_) if self.definition.name == "failed_deployment_recovery_time" => "failed deployments",
            S::Deployments(_) => "deployments",
            S::Incidents(_) => "incidents",
            S::Runs(_) => "runs",
            S::Items(_) => "work items",
            S::Sprints(_) => "sprints",
            S::Vulnerabilities(_) => "vulnerabilities",
            S::Measures(..) => "measures",
            S::Authors => "authors",
            S::Custom(metric) if metric.fact == "vulnerability" => "vulnerabilities",
            S::Custom(metric) => return format!("{}s", metric.fact.replace('_', " ")),
        };
        noun.to_owned()
    }

    /// Whether a single observation can change the value much.
    pub const fn sways(&self) -> bool {
        use Aggregation as A;
        matches!(self.definition.aggregation, A::Median | A::Mean | A::P75 | A::P90 | A::Rate | A::RatioOfSums)
    }
}

fn entry(
    group: &'static str,
    name: &str,
    title: &str,
    unit: Unit,
    aggregation: Aggregation,
    source: Source,
    definition: &str,
) -> Entry {
    let slices = slices(&source);
    let (name, title, definition) = (name.to_owned(), title.to_owned(), definition.to_owned());
    Entry {
        definition: Definition { name, title, group, definition, unit, aggregation, slices },
        source,
        window: None,
        lower_median: false,
    }
}

/// The built-in metrics, in the order in which they are listed.
#[expect(clippy::too_many_lines, reason = "a table: a call a metric")]
fn built_in() -> Vec<Entry> {
    use Aggregation as A;
    use Source as S;
    use Unit as U;
    let mut all = Vec::new();
    let mut add = |group, name, title, unit, aggregation, source, definition| {
        all.push(entry(group, name, title, unit, aggregation, source, definition));
    };
    let delivery = "delivery";
    add(
        delivery,
        "change_lead_time",
        "Change lead time",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::lead_time),
        "First commit to production, of changes first deployed in the window.",
    );
    add(
        delivery,
        "coding_time",
        "Coding time",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::coding),
        "Stage of lead time: first commit to opened, or to ready for review.",
    );
    add(
        delivery,
        "pickup_time",
        "Pickup time",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::pickup),
        "Stage of lead time: opened to the first review by somebody else.",
    );
    add(
        delivery,
        "review_time",
        "Review time",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::review),
        "Stage of lead time: first review to merged.",
    );
    add(
        delivery,
        "approval_time",
        "Approved to merged",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::approval),
        "Part of the review: first approval to merged.",
    );
    add(
        delivery,
        "deploy_time",
        "Deploy time",
        U::Seconds,
        A::Median,
        S::Deployed(deliveries::deploy),
        "Stage of lead time: merged to production.",
    );
    add(
        delivery,
        "deployment_frequency",
        "Deployment frequency",
        U::PerDay,
        A::PerDay,
        S::Deployments(deliveries::frequency),
        "Successful production deployments a day; the same commit again counts once.",
    );
    add(
        delivery,
        "change_fail_rate",
        "Change fail rate",
        U::Ratio,
        A::Rate,
        S::Deployments(deliveries::failed),
        "Share of production deployments that failed.",
    );
    add(
        delivery,
        "failed_deployment_recovery_time",
        "Failed deployment recovery time",
        U::Seconds,
        A::Median,
        S::Deployments(deliveries::recovery),
        "Failed deployment to its recovery, of those recovered in the window.",
    );
    add(
        delivery,
        "deployment_rework_rate",
        "Deployment rework rate",
        U::Ratio,
        A::Rate,
        S::Deployments(deliveries::rework),
        "Share of production deployments that repaired rather than advanced.",
    );
    add(
        delivery,
        "time_to_restore",
        "Time to restore",
        U::Seconds,
        A::Median,
        S::Incidents(deliveries::restore),
        "Incident detected to resolved, of those resolved in the window.",
    );
    add(
        delivery,
        "incidents",
        "Incidents",
        U::PerWeek,
        A::PerWeek,
        S::Incidents(deliveries::detected),
        "Incidents detected a week.",
    );
    add(
        delivery,
        "open_incidents",
        "Open incidents",
        U::Number,
        A::OpenAtDayEnd,
        S::Incidents(deliveries::open),
        "Incidents open at the end of each day, on average.",
    );
    let flow = "flow";
    add(
        flow,
        "change_cycle_time",
        "Change cycle time",
        U::Seconds,
        A::Median,
        S::Changes(changes::cycle_time),
        "First commit to merged, of changes merged in the window.",
    );
    add(
        flow,
        "change_throughput",
        "Change throughput",
        U::PerWeek,
        A::PerWeek,
        S::Changes(changes::merged),
        "Changes merged a week.",
    );
    add(
        flow,
        "changes_in_progress",
        "Changes in progress",
        U::Number,
        A::OpenAtDayEnd,
        S::Changes(changes::open),
        "Changes open at the end of each day, on average over the days.",
    );
    add(
        flow,
        "age_of_open_changes",
        "Age of open changes",
        U::Seconds,
        A::AgeOfOpen,
        S::Changes(changes::open),
        "How long ago the changes were opened that are open at the end.",
    );
    add(
        flow,
        "change_size",
        "Change size",
        U::Number,
        A::Median,
        S::Changes(changes::size),
        "Lines added and deleted by changes merged in the window, as their source counts them.",
    );
    add(
        flow,
        "abandoned_changes",
        "Abandoned changes",
        U::Ratio,
        A::Rate,
        S::Changes(changes::abandoned),
        "Share of changes closed without a merge, of all that ended in the window.",
    );
    add(
        flow,
        "assisted_changes",
        "AI-assisted changes",
        U::Ratio,
        A::Rate,
        S::Changes(changes::assisted),
        "Share of changes merged in the window that an assistant wrote a part of.",
    );
    let review = "review";
    add(
        review,
        "time_to_first_review",
        "Time to first review",
        U::Seconds,
        A::Median,
        S::Changes(changes::first_review),
        "Opened, or ready for review, to the first review or comment by somebody else who is no bot.",
    );
    add(
        review,
        "time_to_merge",
        "Time to merge",
        U::Seconds,
        A::Median,
        S::Changes(changes::time_to_merge),
        "Opened to merged, of changes merged in the window.",
    );
    add(
        review,
        "merged_without_review",
        "Merged without review",
        U::Ratio,
        A::Rate,
        S::Changes(changes::without_review),
        "Share of changes merged in the window that nobody else had reviewed or commented on.",
    );
    add(
        review,
        "review_depth",
        "Review depth",
        U::Number,
        A::Mean,
        S::Changes(changes::depth),
        "Reviews and comments by others a merged change, without bots.",
    );
    add(
        review,
        "reviewers",
        "Reviewers",
        U::Number,
        A::Mean,
        S::Changes(changes::reviewers),
        "Different people who reviewed or commented, a merged change, without bots.",
    );
    add(
        review,
        "reviews",
        "Reviews",
        U::PerWeek,
        A::PerWeek,
        S::Reviews(changes::given),
        "Reviews and comments by others a week, without bots; asked for by review_teams, who reviews whom.",
    );
    add(
        review,
        "busiest_reviewer",
        "Share of the busiest reviewer",
        U::Ratio,
        A::LargestShare,
        S::Changes(changes::reviews),
        "Share of all reviews and comments by the one who gave most. Nobody is named.",
    );
    add(
        review,
        "bus_factor",
        "Bus factor",
        U::Count,
        A::FewestWithHalf,
        S::Authors,
        "The fewest authors who together changed half of the lines in the year before the end of the window.",
    );
    let ci = "ci";
    add(
        ci,
        "ci_duration",
        "CI duration",
        U::Seconds,
        A::Median,
        S::Runs(ci::duration),
        "Started to finished, of runs that ended with success or failure.",
    );
    add(ci, "ci_queue_time", "CI queue time", U::Seconds, A::Median, S::Runs(ci::queue), "Asked for to started.");
    add(
        ci,
        "ci_success_rate",
        "CI success rate",
        U::Ratio,
        A::Rate,
        S::Runs(ci::success),
        "Share of runs that succeeded, of those that succeeded or failed.",
    );
    add(
        ci,
        "ci_red_time",
        "Time red",
        U::Seconds,
        A::TimeOpen,
        S::Runs(ci::red),
        "How long pipelines of the default branch were red: from a failed run to the next that succeeded, in sum.",
    );
    add(
        ci,
        "ci_flakiness",
        "Flakiness",
        U::Ratio,
        A::Rate,
        S::Runs(ci::flaky),
        "Share of failed runs that turned green on the same commit without a change.",
    );
    add(
        ci,
        "ci_time_spent",
        "CI time spent",
        U::Seconds,
        A::Sum,
        S::Runs(ci::spent),
        "The time that runs took, in sum.",
    );
    let planning = "planning";
    add(
        planning,
        "item_cycle_time",
        "Work item cycle time",
        U::Seconds,
        A::Median,
        S::Items(work::cycle_time),
        "First in progress to done, of work items done in the window.",
    );
    add(
        planning,
        "item_lead_time",
        "Work item lead time",
        U::Seconds,
        A::Median,
        S::Items(work::lead_time),
        "Written down to done, of work items done in the window.",
    );
    add(
        planning,
        "item_throughput",
        "Work item throughput",
        U::PerWeek,
        A::PerWeek,
        S::Items(work::done),
        "Work items done a week.",
    );
    add(
        planning,
        "items_in_progress",
        "Work items in progress",
        U::Number,
        A::OpenAtDayEnd,
        S::Items(work::in_progress),
        "Work items in progress at the end of each day, on average over the days.",
    );
    add(
        planning,
        "age_of_items_in_progress",
        "Age of work items in progress",
        U::Seconds,
        A::AgeOfOpen,
        S::Items(work::in_progress),
        "How long ago work began on the items that are in progress at the end.",
    );
    add(
        planning,
        "flow_efficiency",
        "Flow efficiency",
        U::Ratio,
        A::RatioOfSums,
        S::Items(work::efficiency),
        "Time in statuses that mean in progress over cycle time, of work items done in the window.",
    );
    add(
        planning,
        "investment",
        "Investment",
        U::Ratio,
        A::ShareOfWhole,
        S::Items(work::done),
        "Share of all work items done in the window; asked for by type, where work goes.",
    );
    add(
        planning,
        "sprint_velocity",
        "Velocity",
        U::Number,
        A::Mean,
        S::Sprints(work::velocity),
        "Points done in a sprint, on average over sprints that ended in the window; items where there are no points.",
    );
    add(
        planning,
        "say_do_ratio",
        "Say-do ratio",
        U::Ratio,
        A::RatioOfSums,
        S::Sprints(work::say_do),
        "Of what was in a sprint when it began, what was done when it ended.",
    );
    add(
        planning,
        "scope_change",
        "Scope change",
        U::Ratio,
        A::RatioOfSums,
        S::Sprints(work::scope_change),
        "What was put into sprints or taken out of them after they began, over what was in them when they began.",
    );
    let quality = "quality";
    add(
        quality,
        "coverage",
        "Coverage",
        U::Number,
        A::LatestMean,
        S::Measures("coverage", 1.0),
        "The last coverage of each project, in percent, on average.",
    );
    add(
        quality,
        "duplication",
        "Duplication",
        U::Number,
        A::LatestMean,
        S::Measures("duplication", 1.0),
        "The last share of duplicated lines of each project, in percent, on average.",
    );
    // minutes become microseconds, as all durations are
    add(
        quality,
        "technical_debt",
        "Technical debt",
        U::Seconds,
        A::LatestSum,
        S::Measures("technical_debt_minutes", 6e7),
        "The last technical debt of each project, in sum.",
    );
    let security = "security";
    add(
        security,
        "open_vulnerabilities",
        "Open vulnerabilities",
        U::Number,
        A::OpenAtDayEnd,
        S::Vulnerabilities(quality::open),
        "Vulnerabilities open at the end of each day, on average over the days.",
    );
    add(
        security,
        "vulnerability_fix_time",
        "Time to fix a vulnerability",
        U::Seconds,
        A::Median,
        S::Vulnerabilities(quality::fix_time),
        "Found to fixed, of vulnerabilities fixed in the window.",
    );
    all
}

fn custom(metric: CustomMetric) -> Entry {
    use runtime::custom::Taken;
    let aggregation = match metric.aggregate {
        Aggregate::Count => Aggregation::Count,
        Aggregate::PerWeek => Aggregation::PerWeek,
        Aggregate::Sum => Aggregation::Sum,
        Aggregate::Mean => Aggregation::Mean,
        Aggregate::Median => Aggregation::Median,
        Aggregate::P75 => Aggregation::P75,
        Aggregate::P90 => Aggregation::P90,
        Aggregate::Rate => Aggregation::Rate,
    };
    let unit = match (&metric.value, aggregation) {
        (_, Aggregation::PerWeek) => Unit::PerWeek,
        (_, Aggregation::Rate) => Unit::Ratio,
        (Taken::Between(..), _) => Unit::Seconds,
        (Taken::Field(_), _) => Unit::Number,
        _ => Unit::Count,
    };
    let title = metric.name.replace('_', " ");
    let (name, window) = (metric.name.clone(), metric.window);
    let definition = metric.description.clone();
    let made = entry("custom", &name, &title, unit, aggregation, Source::Custom(metric), &definition);
    Entry { window, ..made }
}

/// Built-in metrics, then those of the settings.
fn entries(settings: &[MetricSettings]) -> Result<Vec<Entry>, DoraError> {
    let mut all = built_in();
    for (index, settings) in settings.iter().enumerate() {
        let read = CustomMetric::read(settings).map_err(|wrong| {
            let first = wrong.into_iter().next();
            DoraError::Metric {
                key: first.as_ref().map_or(format!("metric.{index}"), |wrong| format!("metric.{index}.{}", wrong.key)),
                expected: first.map(|wrong| wrong.expected).unwrap_or_default(),
            }
        })?;
        if all.iter().any(|entry| entry.definition.name == read.name) {
            return Err(DoraError::Metric {
                key: format!("metric.{index}.name"),
                expected: format!("a name that no other metric has; `{}` is taken", read.name),
            });
        }
        all.push(custom(read));
    }
    Ok(all)
}

/// All metrics that can be asked for: those that are built in, then those of the settings. An error names
/// the setting that can't be used.
pub fn definitions(custom: &[MetricSettings]) -> Result<Vec<Definition>, DoraError> {
    Ok(entries(custom)?.into_iter().map(|entry| entry.definition).collect())
}

/// The metric of a name.
pub(super) fn find(name: &str, custom: &[MetricSettings]) -> Result<Entry, DoraError> {
    let mut entries = entries(custom)?;
    if let Some(found) = entries.iter().position(|entry| entry.definition.name == name) {
        return Ok(entries.swap_remove(found));
    }
    let known = entries.iter().map(|entry| entry.definition.name.as_str());
    Err(DoraError::UnknownMetric(UnknownName::new(name, known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_of_its_own_and_says_what_it_is() {
        let all = definitions(&[]).unwrap();
        let names: std::collections::BTreeSet<&str> = all.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|metric| metric.definition.ends_with('.') && !metric.slices.is_empty()));
    }

    #[test]
    fn a_metric_of_ones_own_can_not_take_a_name_that_is_taken() {
        let mine = MetricSettings {
            name: "change_size".into(),
            fact: "change".into(),
            aggregation: "count".into(),
            ..MetricSettings::default()
        };
        let Err(DoraError::Metric { key, .. }) = definitions(&[mine]) else { panic!("it was taken") };
        assert_eq!(key, "metric.0.name");
    }

    #[test]
    fn every_metric_is_documented() {
        let document = include_str!("../../../docs/metrics.md");
        for metric in definitions(&[]).unwrap() {
            assert!(document.contains(&format!("`{}`", metric.name)), "docs/metrics.md does not know {}", metric.name);
        }
    }
}
