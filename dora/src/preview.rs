//! What services without deployments would be measured as if each merge to their default branch were a deployment: a
//! function of the merges that the engine keeps of them. The answer stands beside a report. No metric, level, score or
//! export has any of it.

mod merges;

use std::collections::BTreeSet;

use async_graphql::SimpleObject;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use store::metric_rows::{Computation, MergePreview};
use utoipa::ToSchema;

use crate::basis::{self, Caveat, CaveatCode, no_earlier_beginning};
use crate::metrics::{Plan, Tables};
use crate::{DoraError, Interval, MetricAnswer, MetricPart, Question, Slice, Unit, Value, ValueName, Window};
pub(crate) use merges::merge_preview;

/// What a preview is, in words.
const LABEL: &str = "As if each merge to the default branch were a deployment";
/// The metrics whose values are shown.
const METRICS: [&str; 2] = ["deployment_frequency", "change_lead_time"];
/// Services that are listed at most.
const LISTED: usize = 10;

/// What would be measured as if each merge to the default branch were a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Preview {
    /// What the values are, in words.
    pub label: &'static str,
    /// The window of the report. Where nothing was merged in it, a window of the same length up to the last merge.
    pub window: Window,
    /// The number of merges, or pushes, in the window.
    pub merges: Value,
    /// Merges a day, on average.
    pub frequency: Value,
    /// The median lead time of the changes that were merged, up to their merge.
    pub lead_time: Value,
    /// The services that were merged to in the window, those with the most merges first; at most 10.
    pub services: Vec<ServicePreview>,
    /// What a reader must know about the values.
    pub caveats: Vec<Caveat>,
    /// What to connect or configure so that the real values are known.
    pub remedy: String,
}

/// The preview of a service.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct ServicePreview {
    /// The service.
    pub service: String,
    /// The default branches of its repositories, each name once.
    pub branches: Vec<String>,
    /// The number of merges, or pushes, in the window.
    pub merges: Value,
    /// Merges a day, on average.
    pub frequency: Value,
    /// The median lead time of the changes that were merged, up to their merge.
    pub lead_time: Value,
}

/// The preview of services over a window; `None` where one of them has a deployment, or nothing was merged. `plan` is
/// that of the report, whose rules it follows.
pub(crate) async fn preview(
    plan: &Plan,
    services: &[Computation],
    merges: &[MergePreview],
    window: Window,
    zone: Tz,
) -> Result<Option<Preview>, DoraError> {
    if services.iter().any(|service| service.deployments > 0) {
        return Ok(None);
    }
    let names: BTreeSet<&str> = services.iter().map(|service| service.service.as_str()).collect();
    let asked = merges.iter().filter(|row| names.contains(row.service.as_str()));
    let (later, merges): (Vec<&MergePreview>, Vec<_>) = asked.partition(|row| begins_after(row, window));
    let Some(window) = window_with_merges(&merges, window) else { return Ok(None) };
    let measured = Measured { plan, window, zone };
    let (frequency, lead_time) = measured.answers(&merges, None).await?;
    let whole = Values::of(&frequency.whole, Some(&lead_time.whole));
    let shown = with_most_merges(merges, window);
    let (frequency, lead_time) = measured.answers(&shown, Some(Slice::Service)).await?;
    let of = |answer: &MetricAnswer, row: &MergePreview| {
        answer.slices.iter().find(|part| part.slice.as_ref() == Some(&row.service)).cloned()
    };
    let listed = shown.iter().filter_map(|row| {
        let Values { merges, frequency, lead_time } = Values::of(&of(&frequency, row)?, of(&lead_time, row).as_ref());
        let (service, branches) = (row.service.clone(), row.branches.clone());
        Some(ServicePreview { service, branches, merges, frequency, lead_time })
    });
    let listed: Vec<ServicePreview> = listed.collect();
    let branch = listed.first().and_then(|service| service.branches.first()).map_or("main", String::as_str);
    let remedy = remedy(branch);
    let partial: Vec<&str> =
        services.iter().filter(|service| service.partial).map(|service| service.service.as_str()).collect();
    let later: Vec<&str> = later.iter().map(|row| row.service.as_str()).collect();
    let caveats = caveats(&whole, &partial, &later);
    let Values { merges, frequency, lead_time } = whole;
    Ok(Some(Preview { label: LABEL, window, merges, frequency, lead_time, services: listed, caveats, remedy }))
}

/// Those that have the most merges in a window, by their number, then by service.
fn with_most_merges(merges: Vec<&MergePreview>, window: Window) -> Vec<&MergePreview> {
    let (from, to) = (window.from.timestamp_micros(), window.to.timestamp_micros());
    let count = |row: &MergePreview| {
        let before = |end: i64| row.merged_us.partition_point(|at| *at < end);
        before(to) - before(from)
    };
    let mut counted: Vec<(usize, &MergePreview)> = merges.into_iter().map(|row| (count(row), row)).collect();
    counted.retain(|(count, _)| *count > 0);
    counted.sort_by(|(one, left), (other, right)| other.cmp(one).then_with(|| left.service.cmp(&right.service)));
    counted.into_iter().take(LISTED).map(|(_, row)| row).collect()
}

/// Whether the merges that are kept begin after the window, so that it is not known what was merged in it.
fn begins_after(row: &MergePreview, window: Window) -> bool {
    row.truncated && row.merged_us.first().is_none_or(|first| *first >= window.to.timestamp_micros())
}

/// The window, or one of the same length up to the last merge before its end. `None` where there is no merge before it.
/// It begins no earlier than the merges that are kept of each service.
fn window_with_merges(merges: &[&MergePreview], window: Window) -> Option<Window> {
    let end = window.to.timestamp_micros();
    let before_end = |row: &&MergePreview| {
        let count = row.merged_us.partition_point(|at| *at < end);
        row.merged_us.get(..count).and_then(<[i64]>::last).copied()
    };
    let last = DateTime::from_timestamp_micros(merges.iter().filter_map(before_end).max()?)?;
    let Window { mut from, mut to } = window;
    if last < from {
        to = last + Duration::seconds(1);
        from = to.checked_sub_signed(window.to - window.from)?;
    }
    let kept = merges.iter().filter(|row| row.truncated).filter_map(|row| row.merged_us.first()).max();
    let kept: Option<DateTime<Utc>> = kept.and_then(|at| DateTime::from_timestamp_micros(*at));
    Some(Window { from: kept.map_or(from, |kept| kept.max(from)), to })
}

/// How merges are measured: as the metrics of the report measure deployments.
struct Measured<'p> {
    plan: &'p Plan,
    window: Window,
    zone: Tz,
}

impl Measured<'_> {
    /// The frequency and the lead time of merges, in one step.
    async fn answers(
        &self,
        merges: &[&MergePreview],
        by: Option<Slice>,
    ) -> Result<(MetricAnswer, MetricAnswer), DoraError> {
        let question = Question {
            from: Some(self.window.from),
            to: Some(self.window.to),
            time_zone: self.zone,
            interval: Some(Interval::Year),
            by,
            ..Question::default()
        };
        let plan = self.plan.with(&METRICS, &question)?;
        let answers = plan.answered(Tables::of_merges(merges, self.window)).await?;
        let answers: [MetricAnswer; 2] = answers.try_into().map_err(|answers: Vec<MetricAnswer>| DoraError::Ended {
            of: "a preview".to_owned(),
            message: format!("{} metrics were answered of 2", answers.len()),
        })?;
        Ok(answers.into())
    }
}

/// The values of some services.
struct Values {
    merges: Value,
    frequency: Value,
    lead_time: Value,
}

impl Values {
    /// Of their frequency and their lead time, which no change may have.
    fn of(frequency: &MetricPart, lead_time: Option<&MetricPart>) -> Self {
        let value = |part: Option<&MetricPart>, name: ValueName, unit: Unit| {
            let found = part.and_then(|part| part.values.iter().find(|value| value.name == name).cloned());
            found.unwrap_or_else(|| Value::new(name, None, unit, 0))
        };
        Self {
            merges: Value::new(ValueName::Count, Some(frequency.n as f64), Unit::Count, frequency.n),
            frequency: value(Some(frequency), ValueName::PerDay, Unit::PerDay),
            lead_time: value(lead_time, ValueName::Median, Unit::Seconds),
        }
    }
}

fn caveats(values: &Values, partial: &[&str], later: &[&str]) -> Vec<Caveat> {
    let merges = Caveat { code: CaveatCode::PreviewMergesAsDeployments, text: basis::PREVIEW.to_owned() };
    let partial = (!partial.is_empty()).then(|| {
        let names = basis::listed(partial);
        Caveat { code: CaveatCode::PartialHistory, text: basis::partial_history(&names) }
    });
    let later = (!later.is_empty()).then(|| {
        let names = basis::listed(later);
        let text =
            format!("Only the newest merges are kept: {names} is left out, as those of it begin after the window.");
        Caveat { code: CaveatCode::PartialHistory, text }
    });
    std::iter::once(merges).chain(partial).chain(later).chain(no_earlier_beginning(values.lead_time.value)).collect()
}

fn remedy(branch: &str) -> String {
    format!(
        "Connect what deploys: version tags (`tag_pattern` under `[source.pull]` of git), releases, deployments or \
         pipelines of a forge or CI server, CDEvents, or events of your own. If merges do deploy, \
         `deployment_branch = \"{branch}\"` under `[source.pull]` of git, or `--deployment-branch {branch}`, makes them \
         the report."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricSettings;
    use crate::settings::{Compat, Dora};

    const DAY: i64 = 86_400_000_000;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn window(from: &str, to: &str) -> Window {
        Window { from: at(from), to: at(to) }
    }

    fn computed(service: &str, deployments: i64) -> Computation {
        Computation {
            service: service.to_owned(),
            source: None,
            statement: None,
            computed_at: at("2026-03-01T00:00:00Z"),
            deployments,
            changes: 0,
            commits: 9,
            partial: false,
            options: 0,
        }
    }

    /// A merge a day from 2026-01-01 on, each of a change that took an hour more than the one before.
    fn merged(service: &str, days: i64) -> MergePreview {
        let first = at("2026-01-01T12:00:00Z").timestamp_micros();
        let merged_us: Vec<i64> = (0..days).map(|day| first + day * DAY).collect();
        MergePreview {
            service: service.to_owned(),
            branches: vec!["main".to_owned()],
            change_merged_us: merged_us.clone(),
            lead_time_us: (1..=days).map(|hours| hours * DAY / 24).collect(),
            merged_us,
            truncated: false,
        }
    }

    fn previewed(services: &[Computation], merges: &[MergePreview], window: Window) -> Option<Preview> {
        previewed_by(Compat::Off, services, merges, window)
    }

    fn previewed_by(
        compat: Compat,
        services: &[Computation],
        merges: &[MergePreview],
        window: Window,
    ) -> Option<Preview> {
        let dora = Dora { compat, ..Dora::default() };
        let plan = Plan::new(MetricSettings { dora: &dora, custom: &[] }, &[], &Question::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(preview(&plan, services, merges, window, Tz::UTC)).unwrap()
    }

    #[test]
    fn a_preview_follows_the_rules_of_its_report() {
        let (services, merges) = ([computed("a", 0)], [merged("a", 4)]);
        let january = window("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z");
        let median = |compat| previewed_by(compat, &services, &merges, january).unwrap().lead_time.value;
        // of 1 to 4 h
        assert_eq!(median(Compat::Off), Some(2.5 * 3600.0));
        assert_eq!(median(Compat::Devlake), Some(2.0 * 3600.0));
    }

    #[test]
    fn merges_are_counted_over_the_window_and_over_all_services_without_deployments() {
        let (services, january) =
            ([computed("a", 0), computed("b", 0)], window("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z"));
        let found = previewed(&services, &[merged("a", 20), merged("b", 2), merged("other", 9)], january).unwrap();
        assert_eq!((found.window, found.merges.value, found.merges.n), (january, Some(12.0), 12));
        assert_eq!((found.frequency.value, found.frequency.n), (Some(1.2), 12));
        // 1 to 10 h, 1 h and 2 h
        assert_eq!((found.lead_time.value, found.lead_time.n), (Some(4.5 * 3600.0), 12));
        let each: Vec<_> = found.services.iter().map(|one| (one.service.as_str(), one.merges.n)).collect();
        assert_eq!(each, [("a", 10), ("b", 2)]);
        assert_eq!(found.label, "As if each merge to the default branch were a deployment");
        assert_eq!(found.caveats[0].code, CaveatCode::PreviewMergesAsDeployments);
        assert!(found.remedy.contains("`deployment_branch = \"main\"`"), "{}", found.remedy);
    }

    #[test]
    fn one_deployment_of_any_service_leaves_no_preview() {
        let window = window("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z");
        let merges = [merged("a", 20), merged("b", 2)];
        assert_eq!(previewed(&[computed("a", 0), computed("b", 1)], &merges, window), None);
        assert!(previewed(&[computed("a", 0)], &merges, window).is_some());
        assert_eq!(previewed(&[], &merges, window), None);
    }

    #[test]
    fn a_branch_that_rests_is_previewed_up_to_its_last_merge_before_the_end() {
        let services = [computed("a", 0)];
        let later = window("2026-06-01T00:00:00Z", "2026-06-11T00:00:00Z");
        let found = previewed(&services, &[merged("a", 20)], later).unwrap();
        assert_eq!(found.window, window("2026-01-10T12:00:01Z", "2026-01-20T12:00:01Z"));
        assert_eq!(found.merges.n, 10);
        let before = window("2025-06-01T00:00:00Z", "2025-06-11T00:00:00Z");
        assert_eq!(previewed(&services, &[merged("a", 20)], before), None);
    }

    #[test]
    fn a_preview_begins_no_earlier_than_the_merges_that_are_kept() {
        let long = window("2025-01-01T00:00:00Z", "2026-01-11T12:00:00Z");
        let kept = MergePreview { truncated: true, ..merged("a", 20) };
        let found = previewed(&[computed("a", 0)], &[kept], long).unwrap();
        assert_eq!(found.window.from, at("2026-01-01T12:00:00Z"));
        assert_eq!(found.frequency.value, Some(1.0));
    }

    #[test]
    fn a_service_whose_kept_merges_begin_after_the_window_is_left_out_with_a_caveat() {
        let services = [computed("a", 0), computed("b", 0)];
        let january = window("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z");
        let mut later = MergePreview { truncated: true, ..merged("b", 20) };
        later.merged_us.drain(..15);
        let found = previewed(&services, &[merged("a", 20), later.clone()], january).unwrap();
        assert_eq!((found.window, found.merges.n, found.services.len()), (january, 10, 1));
        assert_eq!(found.caveats[1].code, CaveatCode::PartialHistory);
        assert!(found.caveats[1].text.contains("`b` is left out"), "{}", found.caveats[1].text);
        assert_eq!(previewed(&services, &[later], january), None);
    }

    #[test]
    fn a_history_that_is_cut_off_is_a_caveat_of_its_preview() {
        let partial = Computation { partial: true, ..computed("a", 0) };
        let all = window("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z");
        let found = previewed(&[partial], &[merged("a", 20)], all).unwrap();
        let codes: Vec<CaveatCode> = found.caveats.iter().map(|caveat| caveat.code).collect();
        assert_eq!(codes, [CaveatCode::PreviewMergesAsDeployments, CaveatCode::PartialHistory]);
    }
}
