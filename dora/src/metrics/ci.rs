//! CI: how long runs wait and take, how often they fail, how long the default branch is red.

use std::collections::{BTreeMap, BTreeSet};

use super::metric::Input::{Runs, RunsInOrder};
use super::metric::metrics;
use super::model::Aggregation::{Median, Rate, Sum, TimeOpen};
use super::observations::Observations;
use super::rows::{EntryRef, Run};
use super::unit::Unit;

metrics! { "ci";
    ci_duration: Unit::Seconds, Median, Runs(duration), "CI duration",
        "Started to finished, of runs that ended with success or failure.";
    ci_queue_time: Unit::Seconds, Median, Runs(queue), "CI queue time",
        "Asked for to started.";
    ci_success_rate: Unit::Ratio, Rate, Runs(success), "CI success rate",
        "Share of runs that succeeded, of those that succeeded or failed.";
    ci_red_time: Unit::Seconds, TimeOpen, RunsInOrder(red), "Time red",
        "How long pipelines of the default branch were red: from a failed run to the next that succeeded, in sum.";
    ci_flakiness: Unit::Ratio, Rate, RunsInOrder(flaky), "Flakiness",
        "Share of failed runs that turned green on the same commit without a change.";
    ci_time_spent: Unit::Seconds, Sum, Runs(spent), "CI time spent",
        "The time that runs took, in sum.";
}

fn duration(run: &Run, into: &mut Observations) {
    if run.succeeded.is_some() {
        spent(run, into);
    }
}

fn queue(run: &Run, into: &mut Observations) {
    into.span(run.finished, Some(run.queued), run.started);
}

fn success(run: &Run, into: &mut Observations) {
    if let Some(succeeded) = run.succeeded {
        into.is(run.finished, succeeded);
    }
}

fn spent(run: &Run, into: &mut Observations) {
    into.span(run.finished, run.started, Some(run.finished));
}

/// A pipeline of a repository.
type Pipeline<'a> = (Option<&'a str>, &'a str);

/// Runs that succeeded or failed, oldest first: the number of each, its pipeline, and whether it succeeded.
fn over<'a>(runs: &'a [EntryRef<'_, Run>]) -> impl Iterator<Item = (u32, &'a Run, Pipeline<'a>, bool)> {
    (0_u32..).zip(runs).filter_map(|(number, entry)| {
        let pipeline = (entry.subject.repository.as_deref(), &*entry.row.name);
        Some((number, entry.row, pipeline, entry.row.succeeded?))
    })
}

fn red(runs: &[EntryRef<'_, Run>], into: &mut Observations) {
    let mut since: BTreeMap<Pipeline<'_>, (u32, i64)> = BTreeMap::new();
    let mut seen: BTreeSet<Pipeline<'_>> = BTreeSet::new();
    for (number, run, pipeline, succeeded) in over(runs).filter(|(_, run, ..)| run.default_branch) {
        if seen.insert(pipeline) && succeeded {
            // one that was never red was observed all the same: no time red, which is not unknown
            into.about(number);
            into.lasting(run.finished, Some(run.finished));
        }
        if !succeeded {
            since.entry(pipeline).or_insert((number, run.finished));
        } else if let Some((first, failed)) = since.remove(&pipeline) {
            into.about(first);
            into.lasting(failed, Some(run.finished));
        }
    }
    for (first, failed) in since.into_values() {
        into.about(first);
        into.lasting(failed, None);
    }
}

fn flaky(runs: &[EntryRef<'_, Run>], into: &mut Observations) {
    let mut failed: BTreeMap<(Pipeline<'_>, &str), (u32, i64, bool)> = BTreeMap::new();
    for (number, run, pipeline, succeeded) in over(runs) {
        let Some(sha) = run.sha.as_deref() else { continue };
        match failed.get_mut(&(pipeline, sha)) {
            // the code is the same, so what changed was luck
            Some((.., green)) => *green |= succeeded,
            None if !succeeded => {
                failed.insert((pipeline, sha), (number, run.finished, false));
            }
            None => {}
        }
    }
    for (first, at, green) in failed.into_values() {
        into.about(first);
        into.is(at, green);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    fn run(sha: &str, finished: i64, succeeded: Option<bool>) -> Run {
        Run {
            name: "test".into(),
            sha: Some(sha.into()),
            default_branch: true,
            queued: finished - 10,
            started: Some(finished - 7),
            finished,
            succeeded,
        }
    }

    fn in_order(metric: fn(&[EntryRef<'_, Run>], &mut Observations), runs: &[Run]) -> Observations {
        let subject = Subject::default();
        let entries: Vec<EntryRef<'_, Run>> = runs.iter().map(|row| EntryRef { subject: &subject, row }).collect();
        let mut into = Observations::default();
        metric(&entries, &mut into);
        into
    }

    fn spans(runs: &[Run]) -> Vec<(i64, Option<i64>)> {
        let seen = in_order(red, runs);
        seen.at.iter().enumerate().map(|(row, at)| (*at, seen.until.get(row))).collect()
    }

    const GREEN: Option<bool> = Some(true);
    const RED: Option<bool> = Some(false);

    #[test]
    fn a_pipeline_is_red_from_a_failure_to_the_next_success() {
        let all = [
            run("a", 10, GREEN),
            run("b", 20, RED),
            run("c", 30, RED),
            run("d", 35, None),
            run("e", 40, GREEN),
            run("f", 50, RED),
            Run { default_branch: false, ..run("g", 60, GREEN) },
        ];
        assert_eq!(spans(&all), [(10, Some(10)), (20, Some(40)), (50, None)]);
    }

    #[test]
    fn a_default_branch_that_was_never_red_was_seen_to_be_red_for_no_time() {
        assert_eq!(spans(&[run("a", 10, GREEN), run("c", 30, GREEN)]), [(10, Some(10))]);
        assert!(spans(&[Run { default_branch: false, ..run("b", 20, RED) }]).is_empty());
    }

    #[test]
    fn a_failure_that_turned_green_on_the_same_commit_is_flaky() {
        let all = [run("a", 10, RED), run("a", 20, GREEN), run("b", 30, RED), run("c", 40, GREEN), run("c", 50, RED)];
        let seen = in_order(flaky, &all);
        assert_eq!(seen.at, [10, 30, 50]);
        assert_eq!(seen.values(), [Some(1.0), Some(0.0), Some(0.0)]);
    }

    #[test]
    fn what_was_canceled_is_neither_success_nor_failure_but_took_its_time() {
        let all = [run("a", 10, GREEN), run("b", 20, RED), run("c", 30, None)];
        let values = |metric: fn(&Run, &mut Observations)| {
            let mut into = Observations::default();
            for run in &all {
                metric(run, &mut into);
            }
            into.values().into_iter().flatten().collect::<Vec<_>>()
        };
        assert_eq!(values(success), [1.0, 0.0]);
        assert_eq!(values(duration), [7.0, 7.0]);
        assert_eq!(values(spent), [7.0, 7.0, 7.0]);
        assert_eq!(values(queue), [3.0, 3.0, 3.0]);
    }
}
