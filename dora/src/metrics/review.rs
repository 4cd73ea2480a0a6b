//! Review: reviews and comments of others on a change, and how few know a repository.

use std::collections::BTreeSet;

use super::metric::Input::{Authors, Changes, Reviews};
use super::metric::metrics;
use super::model::Aggregation::{FewestWithHalf, LargestShare, Mean, Median, PerWeek, Rate};
use super::observations::Observations;
use super::rows::{About, Author, Change, Micros, Review};
use super::unit::Unit;

metrics! { "review";
    time_to_first_review: Unit::Seconds, Median, Changes(first_review), "Time to first review",
        "Opened, or ready for review, to the first review or comment by another person, no bot.";
    time_to_merge: Unit::Seconds, Median, Changes(time_to_merge), "Time to merge",
        "Opened to merged, of changes merged in the window.";
    merged_without_review: Unit::Ratio, Rate, Changes(without_review), "Merged without review",
        "Share of changes merged in the window that no other person had reviewed or commented on.";
    review_depth: Unit::Number, Mean, Changes(depth), "Review depth",
        "Reviews and comments by others a merged change, without bots.", .neutral();
    reviewers: Unit::Number, Mean, Changes(reviewers), "Reviewers",
        "Different people who reviewed or commented, a merged change, without bots.", .neutral();
    reviews: Unit::PerWeek, PerWeek, Reviews(given), "Reviews",
        "Reviews and comments by others a week, without bots; asked for by review_teams, who reviews whom.", .neutral();
    busiest_reviewer: Unit::Ratio, LargestShare, Changes(by_reviewer), "Share of the busiest reviewer",
        "Share of all reviews and comments by the one who gave most. No person is named.";
    bus_factor: Unit::Count, FewestWithHalf, Authors(changed), "Bus factor",
        "The fewest authors who together changed half of the lines in the year before the end of the window.",
        .more_is_better();
}

fn first_review(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(first) = change.reviews.first() {
        into.span(first.at, change.ready.or(change.opened), Some(first.at));
    }
}

fn time_to_merge(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = change.merged {
        into.span(merged, change.opened, Some(merged));
    }
}

/// When a change was merged that can have had reviews. Whether a source reports reviews can't be seen from a change
/// without any; one that was opened at a forge can have had some.
fn reviewable(change: &Change) -> Option<i64> {
    change.merged.filter(|_| change.opened.is_some())
}

fn without_review(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        into.is(merged, change.reviews.is_empty());
    }
}

fn depth(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        into.value(merged, change.reviews.len() as f64);
    }
}

fn reviewers(change: &Change, _: About<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        let who: BTreeSet<&str> = change.reviews.iter().filter_map(|review| review.reviewer.as_deref()).collect();
        into.value(merged, who.len() as f64);
    }
}

fn by_reviewer(change: &Change, _: About<'_>, into: &mut Observations) {
    for review in &change.reviews {
        if let Some(reviewer) = &review.reviewer {
            into.keyed(review.at, reviewer, 1.0);
        }
    }
}

fn given(review: &Review, into: &mut Observations) {
    into.event(review.at);
}

/// What an author changed: lines, or commits where their lines are not counted.
fn changed(author: &Author, window: Micros, into: &mut Observations) {
    let (lines, commits) = author.changed(window);
    into.keyed(window.from, &author.name, if lines > 0 { lines as f64 } else { commits as f64 });
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn change(reviews: &[(&str, i64)]) -> Change {
        let review = |(reviewer, hour): &(&str, i64)| Review { reviewer: Some((*reviewer).into()), at: hour * HOUR };
        Change {
            opened: Some(2 * HOUR),
            ready: Some(3 * HOUR),
            merged: Some(10 * HOUR),
            reviews: reviews.iter().map(review).collect(),
            ..Change::default()
        }
    }

    fn values(metric: fn(&Change, About<'_>, &mut Observations), change: &Change) -> Vec<(i64, f64)> {
        let mut seen = Observations::default();
        metric(change, About { subject: &Subject::default(), reviewer: None }, &mut seen);
        seen.at.iter().map(|at| at / HOUR).zip(seen.values().into_iter().map(Option::unwrap_or_default)).collect()
    }

    #[test]
    fn reviews_are_timed_and_counted() {
        let change = change(&[("bob", 6), ("eve", 8), ("bob", 9)]);
        let hours = |count: i64| (count * HOUR) as f64;
        assert_eq!(values(first_review, &change), [(6, hours(3))]);
        assert_eq!(values(time_to_merge, &change), [(10, hours(8))]);
        assert_eq!(values(depth, &change), [(10, 3.0)]);
        assert_eq!(values(reviewers, &change), [(10, 2.0)]);
        assert_eq!(values(without_review, &change), [(10, 0.0)]);
    }

    #[test]
    fn a_change_without_reviews_was_merged_without_review() {
        assert_eq!(values(without_review, &change(&[])), [(10, 1.0)]);
        assert_eq!(values(first_review, &change(&[])), []);
        assert_eq!(values(depth, &change(&[])), [(10, 0.0)]);
    }

    #[test]
    fn a_change_that_no_forge_reported_says_nothing_about_reviews() {
        let inferred = Change { opened: None, ready: None, ..change(&[]) };
        assert_eq!(values(without_review, &inferred), []);
    }

    #[test]
    fn an_author_whose_lines_are_not_counted_has_commits() {
        let mut seen = Observations::default();
        for (name, commits) in [("ann", vec![(1, 30), (2, 10)]), ("bob", vec![(1, 0), (2, 0), (3, 0)])] {
            changed(&Author::new(name.into(), commits), Micros { from: 7, to: 9 }, &mut seen);
        }
        assert_eq!((seen.at.clone(), seen.values()), (vec![7, 7], vec![Some(40.0), Some(3.0)]));
    }
}
