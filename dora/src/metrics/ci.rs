//! CI: how long runs wait and take, how often they fail, how long the default branch is red.

use std::collections::{BTreeMap, BTreeSet};

use store::flow::RunRow;

use super::observations::{Observations, Subject};

/// The runs of pipelines, oldest first.
pub(super) struct Runs<'a>(pub &'a [RunRow]);

fn over(run: &RunRow) -> bool {
    matches!(run.outcome.as_deref(), Some("success" | "failure"))
}

fn succeeded(run: &RunRow) -> bool {
    run.outcome.as_deref() == Some("success")
}

impl Runs<'_> {
    fn each(&self, into: &mut Observations, one: impl Fn(&RunRow, &mut Observations)) {
        for run in self.0 {
            into.about(subject(run));
            one(run, into);
        }
    }
}

fn subject(run: &RunRow) -> Subject {
    Subject { repository: run.repository.clone(), project: run.repository.clone(), ..Subject::default() }
}

pub(super) fn duration(runs: &Runs<'_>, into: &mut Observations) {
    runs.each(into, |run, into| {
        if over(run) {
            into.span(run.finished, run.started, Some(run.finished));
        }
    });
}

pub(super) fn queue(runs: &Runs<'_>, into: &mut Observations) {
    runs.each(into, |run, into| into.span(run.finished, Some(run.queued), run.started));
}

pub(super) fn success(runs: &Runs<'_>, into: &mut Observations) {
    runs.each(into, |run, into| {
        if over(run) {
            into.is(run.finished, succeeded(run));
        }
    });
}

pub(super) fn spent(runs: &Runs<'_>, into: &mut Observations) {
    runs.each(into, |run, into| into.span(run.finished, run.started, Some(run.finished)));
}

/// A pipeline of a repository.
type Pipeline<'a> = (Option<&'a str>, &'a str);

pub(super) fn red(runs: &Runs<'_>, into: &mut Observations) {
    let mut since: BTreeMap<Pipeline<'_>, &RunRow> = BTreeMap::new();
    let mut seen: BTreeSet<Pipeline<'_>> = BTreeSet::new();
    for run in runs.0.iter().filter(|run| run.default_branch && over(run)) {
        let pipeline = (run.repository.as_deref(), run.name.as_str());
        if seen.insert(pipeline) && succeeded(run) {
            // one that was never red was observed all the same: no time red, which is not unknown
            into.about(subject(run));
            into.lasting(run.finished, Some(run.finished));
        }
        if !succeeded(run) {
            since.entry(pipeline).or_insert(run);
        } else if let Some(first) = since.remove(&pipeline) {
            into.about(subject(first));
            into.lasting(first.finished, Some(run.finished));
        }
    }
    for first in since.into_values() {
        into.about(subject(first));
        into.lasting(first.finished, None);
    }
}

pub(super) fn flaky(runs: &Runs<'_>, into: &mut Observations) {
    let mut failed: BTreeMap<(Pipeline<'_>, &str), (&RunRow, bool)> = BTreeMap::new();
    for run in runs.0.iter().filter(|run| over(run)) {
        let Some(sha) = run.sha.as_deref() else { continue };
        let key = ((run.repository.as_deref(), run.name.as_str()), sha);
        match failed.get_mut(&key) {
            // the code is the same, so what changed was luck
            Some((_, green)) => *green |= succeeded(run),
            None if !succeeded(run) => {
                failed.insert(key, (run, false));
            }
            None => {}
        }
    }
    for (first, green) in failed.into_values() {
        into.about(subject(first));
        into.is(first.finished, green);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(sha: &str, finished: i64, outcome: &str) -> RunRow {
        RunRow {
            repository: Some("h/r".into()),
            name: "test".into(),
            sha: Some(sha.into()),
            default_branch: true,
            attempt: 1,
            queued: finished - 10,
            started: Some(finished - 7),
            finished,
            outcome: Some(outcome.into()),
        }
    }

    #[test]
    fn a_pipeline_is_red_from_a_failure_to_the_next_success() {
        let all = [
            run("a", 10, "success"),
            run("b", 20, "failure"),
            run("c", 30, "failure"),
            run("d", 35, "neither"),
            run("e", 40, "success"),
            run("f", 50, "failure"),
            RunRow { default_branch: false, ..run("g", 60, "success") },
        ];
        let mut into = Observations::default();
        red(&Runs(&all), &mut into);
        let spans: Vec<_> = into.all.iter().map(|seen| (seen.at, seen.until)).collect();
        assert_eq!(spans, [(10, Some(10)), (20, Some(40)), (50, None)]);
    }

    #[test]
    fn a_default_branch_that_was_never_red_was_seen_to_be_red_for_no_time() {
        let other = RunRow { default_branch: false, ..run("b", 20, "failure") };
        let spans = |all: &[RunRow]| {
            let mut into = Observations::default();
            red(&Runs(all), &mut into);
            into.all.iter().map(|seen| (seen.at, seen.until)).collect::<Vec<_>>()
        };
        assert_eq!(spans(&[run("a", 10, "success"), run("c", 30, "success")]), [(10, Some(10))]);
        assert!(spans(&[other]).is_empty());
    }

    #[test]
    fn a_failure_that_turned_green_on_the_same_commit_is_flaky() {
        let all = [
            run("a", 10, "failure"),
            run("a", 20, "success"),
            run("b", 30, "failure"),
            run("c", 40, "success"),
            run("c", 50, "failure"),
        ];
        let mut into = Observations::default();
        flaky(&Runs(&all), &mut into);
        let seen: Vec<_> = into.all.iter().map(|seen| (seen.at, seen.value)).collect();
        assert_eq!(seen, [(10, Some(1.0)), (30, Some(0.0)), (50, Some(0.0))]);
    }

    #[test]
    fn what_was_cancelled_is_neither_success_nor_failure_but_took_its_time() {
        let all = [run("a", 10, "success"), run("b", 20, "failure"), run("c", 30, "neither")];
        let values = |metric: fn(&Runs<'_>, &mut Observations)| {
            let mut into = Observations::default();
            metric(&Runs(&all), &mut into);
            into.all.iter().filter_map(|seen| seen.value).collect::<Vec<_>>()
        };
        assert_eq!(values(success), [1.0, 0.0]);
        assert_eq!(values(duration), [7.0, 7.0]);
        assert_eq!(values(spent), [7.0, 7.0, 7.0]);
        assert_eq!(values(queue), [3.0, 3.0, 3.0]);
    }
}
