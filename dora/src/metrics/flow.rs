//! Flow: a change from its first commit to its end.

use super::metric::Input::Changes;
use super::metric::metrics;
use super::model::Aggregation::{AgeOfOpen, Median, OpenAtDayEnd, PerWeek, Rate};
use super::observations::Observations;
use super::rows::{About, Change};
use super::unit::Unit;

metrics! { "flow";
    change_cycle_time: Unit::Seconds, Median, Changes(cycle_time), "Change cycle time",
        "First commit to merged, of changes merged in the window.";
    change_throughput: Unit::PerWeek, PerWeek, Changes(merged), "Change throughput",
        "Changes merged a week.", .more_is_better();
    changes_in_progress: Unit::Number, OpenAtDayEnd, Changes(open), "Changes in progress",
        "Changes open at the end of each day, on average over the days.", .neutral();
    age_of_open_changes: Unit::Seconds, AgeOfOpen, Changes(open), "Age of open changes",
        "How long ago the changes were opened that are open at the end.";
    change_size: Unit::Number, Median, Changes(size), "Change size",
        "Lines added and deleted by changes merged in the window, as their source counts them.";
    abandoned_changes: Unit::Ratio, Rate, Changes(abandoned), "Abandoned changes",
        "Share of changes closed without a merge, of all that ended in the window.";
    assisted_changes: Unit::Ratio, Rate, Changes(assisted), "AI-assisted changes",
        "Share of changes merged in the window that an assistant wrote a part of.", .neutral();
}

fn cycle_time(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = change.merged {
        into.span(merged, change.first_commit, Some(merged));
    }
}

fn merged(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = change.merged {
        into.event(merged);
    }
}

fn open(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(opened) = change.opened {
        into.lasting(opened, change.merged.or(change.closed));
    }
}

fn size(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = change.merged {
        into.perhaps(merged, change.lines.map(|lines| lines as f64));
    }
}

fn abandoned(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(ended) = change.merged.or(change.closed) {
        into.is(ended, change.merged.is_none());
    }
}

fn assisted(change: &Change, about: About<'_>, into: &mut Observations) {
    if let Some(merged) = change.merged {
        into.is(merged, about.subject.ai == Some(true));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn change() -> Change {
        Change {
            first_commit: Some(HOUR),
            opened: Some(2 * HOUR),
            ready: Some(3 * HOUR),
            merged: Some(10 * HOUR),
            lines: Some(12),
            ..Change::default()
        }
    }

    fn observed(metric: fn(&Change, About<'_>, &mut Observations), change: &Change) -> Observations {
        let mut into = Observations::default();
        metric(change, About { subject: &Subject::default(), reviewer: None }, &mut into);
        into
    }

    fn values(metric: fn(&Change, About<'_>, &mut Observations), change: &Change) -> Vec<(i64, f64)> {
        let seen = observed(metric, change);
        seen.at.iter().map(|at| at / HOUR).zip(seen.values().into_iter().map(Option::unwrap_or_default)).collect()
    }

    #[test]
    fn spans_of_a_change_are_from_and_to_what_they_say() {
        assert_eq!(values(cycle_time, &change()), [(10, (9 * HOUR) as f64)]);
        assert_eq!(values(size, &change()), [(10, 12.0)]);
    }

    #[test]
    fn a_change_that_was_closed_without_a_merge_is_abandoned_and_no_longer_open() {
        let closed = Change { merged: None, closed: Some(9 * HOUR), ..change() };
        assert_eq!(values(abandoned, &closed), [(9, 1.0)]);
        assert_eq!(values(merged, &closed), []);
        let seen = observed(open, &closed);
        assert_eq!((seen.at[0], seen.until.get(0)), (2 * HOUR, Some(9 * HOUR)));
    }
}
