//! CI: how long runs wait and take, how often they fail, how long the default branch is red.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;

use super::metric::Input::{Runs, RunsInOrder};
use super::metric::metrics;
use super::model::Aggregation::{Median, OpenAtDayEnd, Rate, Sum, TimeOpen};
use super::observations::Observations;
use super::rows::{EntryRef, RUN_US, Run};
use super::unit::Unit;

metrics! { "ci";
    ci_duration: Unit::Seconds, Median, Runs(duration), "CI duration",
        "Started to finished, of runs that ended with success or failure.";
    ci_queue_time: Unit::Seconds, Median, Runs(queue), "CI queue time",
        "Asked for to started.";
    ci_success_rate: Unit::Ratio, Rate, Runs(success), "CI success rate",
        "Share of runs that succeeded, of those that succeeded or failed.", .more_is_better();
    ci_red_time: Unit::Seconds, TimeOpen, RunsInOrder(red), "Time red",
        "How long pipelines of the default branch were red: from a failed run to the next that succeeded, in sum.";
    ci_red_pipelines: Unit::Number, OpenAtDayEnd, RunsInOrder(red), "Red pipelines",
        "Pipelines of the default branch whose last run failed, at the end of each day, on average over the days.";
    ci_flakiness: Unit::Ratio, Rate, RunsInOrder(flaky), "Flakiness",
        "Share of failed runs that turned green on the same commit without a change.";
    ci_time_spent: Unit::Seconds, Sum, Runs(spent), "CI time spent",
        "The time that runs took, in sum.", .neutral();
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

/// Pipelines as they are found, by number.
#[derive(Default)]
struct Pipelines<'a> {
    numbers: HashMap<Pipeline<'a>, usize>,
    last: Option<(Pipeline<'a>, usize)>,
}

impl<'a> Pipelines<'a> {
    fn number(&mut self, pipeline: Pipeline<'a>) -> usize {
        // runs of a pipeline often follow each other
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == pipeline) {
            return number;
        }
        let next = self.numbers.len();
        let number = *self.numbers.entry(pipeline).or_insert(next);
        self.last = Some((pipeline, number));
        number
    }
}

/// Runs that succeeded or failed, oldest first: the number of each, that of its pipeline, and whether it succeeded.
fn over<'a>(runs: &'a [EntryRef<'_, Run>]) -> impl Iterator<Item = (u32, &'a Run, usize, bool)> {
    let mut pipelines = Pipelines::default();
    (0_u32..).zip(runs).filter_map(move |(number, entry)| {
        let succeeded = entry.row.succeeded?;
        let pipeline = pipelines.number((entry.subject.repository.as_deref(), &*entry.row.name));
        Some((number, entry.row, pipeline, succeeded))
    })
}

/// A pipeline that is red: the number of its first failed run, and when that and the last one finished.
struct Red {
    first: u32,
    since: i64,
    last: i64,
}

fn red(runs: &[EntryRef<'_, Run>], into: &mut Observations) {
    // by pipeline: whether any run was seen, and since when it is red
    let mut pipelines: Vec<(bool, Option<Red>)> = Vec::new();
    for (number, run, pipeline, succeeded) in over(runs).filter(|(_, run, ..)| run.default_branch) {
        if pipelines.len() <= pipeline {
            pipelines.resize_with(pipeline + 1, || (false, None));
        }
        let Some((seen, red)) = pipelines.get_mut(pipeline) else { continue };
        if !std::mem::replace(seen, true) && succeeded {
            // one that was never red was observed all the same: no time red, which is not unknown
            into.about(number);
            into.lasting(run.finished, Some(run.finished));
        }
        if !succeeded {
            red.get_or_insert(Red { first: number, since: run.finished, last: 0 }).last = run.finished;
        } else if let Some(red) = red.take() {
            into.about(red.first);
            into.lasting_known(red.since, Some(run.finished), red.last + RUN_US);
        }
    }
    for red in pipelines.into_iter().filter_map(|(_, red)| red) {
        into.about(red.first);
        into.lasting_known(red.since, None, red.last + RUN_US);
    }
}

fn flaky(runs: &[EntryRef<'_, Run>], into: &mut Observations) {
    // by pipeline and commit: the first failed run, and when one after it succeeded
    let mut positions: HashMap<(usize, NonZeroU64), usize> = HashMap::new();
    let mut failed: Vec<(u32, i64, Option<i64>)> = Vec::new();
    for (number, run, pipeline, succeeded) in over(runs) {
        let Some(commit) = run.commit else { continue };
        if succeeded {
            // the code is the same, so what changed was luck
            if let Some((.., green)) = positions.get(&(pipeline, commit)).and_then(|place| failed.get_mut(*place)) {
                green.get_or_insert(run.finished);
            }
        } else if let Entry::Vacant(place) = positions.entry((pipeline, commit)) {
            place.insert(failed.len());
            failed.push((number, run.finished, None));
        }
    }
    for (first, at, green) in failed {
        into.about(first);
        into.turned(at, green);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    fn run(commit: &str, finished: i64, succeeded: Option<bool>) -> Run {
        Run {
            name: "test".into(),
            commit: NonZeroU64::new(commit.bytes().map(u64::from).sum()),
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
    fn pipelines_are_red_each_by_itself() {
        let named = |name: &str, run: Run| Run { name: name.into(), ..run };
        let all = [
            Run { default_branch: false, ..named("lint", run("z", 5, RED)) },
            named("test", run("a", 10, RED)),
            named("lint", run("a", 20, GREEN)),
            named("test", run("b", 30, GREEN)),
        ];
        assert_eq!(spans(&all), [(20, Some(20)), (10, Some(30))]);
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
