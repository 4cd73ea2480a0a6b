//! Flow and review: a change from its first commit to its end, and what others said on it.

use std::collections::BTreeSet;

use store::flow::{ChangeRow, ReviewRow};

use super::observations::Observations;

/// A change, and what others who are no bots said on it before it was merged, oldest first.
pub(super) struct Change<'a> {
    pub row: &'a ChangeRow,
    pub first_commit: Option<i64>,
    pub reviews: Vec<&'a ReviewRow>,
    pub assisted: bool,
}

impl Change<'_> {
    fn ready(&self) -> Option<i64> {
        self.row.ready.or(self.row.opened)
    }
}

/// What others said on a change, of all that was said on it.
pub(super) fn by_others<'r>(
    row: &ChangeRow,
    reviews: &[&'r ReviewRow],
    is_bot: impl Fn(&str) -> bool,
) -> Vec<&'r ReviewRow> {
    let other = |review: &&&ReviewRow| {
        let reviewer = review.reviewer.as_deref();
        let own = reviewer.is_some() && reviewer == row.author.as_deref();
        !own && !reviewer.is_some_and(&is_bot) && row.merged.is_none_or(|merged| review.at <= merged)
    };
    reviews.iter().filter(other).copied().collect()
}

pub(super) fn cycle_time(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = change.row.merged {
        into.span(merged, change.first_commit, Some(merged));
    }
}

pub(super) fn merged(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = change.row.merged {
        into.event(merged);
    }
}

pub(super) fn open(change: &Change<'_>, into: &mut Observations) {
    if let Some(opened) = change.row.opened {
        into.lasting(opened, change.row.merged.or(change.row.closed));
    }
}

pub(super) fn size(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = change.row.merged {
        let lines = change.row.additions.zip(change.row.deletions);
        into.perhaps(merged, lines.map(|(additions, deletions)| additions as f64 + deletions as f64));
    }
}

pub(super) fn abandoned(change: &Change<'_>, into: &mut Observations) {
    if let Some(ended) = change.row.merged.or(change.row.closed) {
        into.is(ended, change.row.merged.is_none());
    }
}

pub(super) fn assisted(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = change.row.merged {
        into.is(merged, change.assisted);
    }
}

pub(super) fn first_review(change: &Change<'_>, into: &mut Observations) {
    if let Some(first) = change.reviews.first() {
        into.span(first.at, change.ready(), Some(first.at));
    }
}

pub(super) fn time_to_merge(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = change.row.merged {
        into.span(merged, change.row.opened, Some(merged));
    }
}

/// Whether a source tells of reviews at all can't be seen from a change without any; one that was opened by
/// a forge can have had some.
fn reviewable(change: &Change<'_>) -> Option<i64> {
    change.row.merged.filter(|_| change.row.opened.is_some())
}

pub(super) fn without_review(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        into.is(merged, change.reviews.is_empty());
    }
}

pub(super) fn depth(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        into.value(merged, change.reviews.len() as f64);
    }
}

pub(super) fn reviewers(change: &Change<'_>, into: &mut Observations) {
    if let Some(merged) = reviewable(change) {
        let who: BTreeSet<&str> = change.reviews.iter().filter_map(|review| review.reviewer.as_deref()).collect();
        into.value(merged, who.len() as f64);
    }
}

pub(super) fn reviews(change: &Change<'_>, into: &mut Observations) {
    for review in &change.reviews {
        if let Some(reviewer) = &review.reviewer {
            into.keyed(review.at, reviewer, 1.0);
        }
    }
}

pub(super) fn given(change: &Change<'_>, into: &mut Observations) {
    for review in &change.reviews {
        if let Some(reviewer) = &review.reviewer {
            into.reviewed_by(reviewer);
            into.event(review.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::observations::Subject;
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn review(reviewer: &str, hour: i64) -> ReviewRow {
        ReviewRow { change: "c".into(), reviewer: Some(reviewer.into()), state: "commented".into(), at: hour * HOUR }
    }

    fn row() -> ChangeRow {
        ChangeRow {
            id: "c".into(),
            author: Some("ann".into()),
            opened: Some(2 * HOUR),
            ready: Some(3 * HOUR),
            merged: Some(10 * HOUR),
            additions: Some(7),
            deletions: Some(5),
            ..ChangeRow::default()
        }
    }

    fn values(metric: fn(&Change<'_>, &mut Observations), row: &ChangeRow, said: &[ReviewRow]) -> Vec<(i64, f64)> {
        let said: Vec<&ReviewRow> = said.iter().collect();
        let reviews = by_others(row, &said, |account| account == "bot");
        let mut into = Observations::default();
        metric(&Change { row, first_commit: Some(HOUR), reviews, assisted: false }, &mut into);
        into.all.iter().map(|seen| (seen.at / HOUR, seen.value.unwrap_or_default())).collect()
    }

    #[test]
    fn spans_of_a_change_are_from_and_to_what_they_say() {
        let said = [review("ann", 4), review("bot", 5), review("bob", 6), review("eve", 8), review("bob", 12)];
        let hours = |count: i64| (count * HOUR) as f64;
        assert_eq!(values(cycle_time, &row(), &said), [(10, hours(9))]);
        assert_eq!(values(first_review, &row(), &said), [(6, hours(3))]);
        assert_eq!(values(time_to_merge, &row(), &said), [(10, hours(8))]);
        assert_eq!(values(size, &row(), &said), [(10, 12.0)]);
        assert_eq!(values(depth, &row(), &said), [(10, 2.0)]);
        assert_eq!(values(reviewers, &row(), &said), [(10, 2.0)]);
        assert_eq!(values(without_review, &row(), &said), [(10, 0.0)]);
    }

    #[test]
    fn each_review_is_about_who_gave_it() {
        let said = [review("bob", 4), review("ann", 5), review("bot", 6), review("eve", 7), review("bob", 12)];
        let said: Vec<&ReviewRow> = said.iter().collect();
        let reviews = by_others(&row(), &said, |account| account == "bot");
        let mut into = Observations::default();
        into.about(Subject { author: Some("ann".into()), ..Subject::default() });
        given(&Change { row: &row(), first_commit: None, reviews, assisted: false }, &mut into);
        let pairs: Vec<_> = into.all.iter().map(|seen| &into.subjects[seen.subject]).collect();
        let reviewers: Vec<_> = pairs.iter().map(|pair| pair.reviewer.as_deref().unwrap()).collect();
        assert_eq!(reviewers, ["bob", "eve"]);
        assert!(pairs.iter().all(|pair| pair.author.as_deref() == Some("ann")));
    }

    #[test]
    fn what_a_bot_or_the_author_says_is_no_review() {
        let said = [review("ann", 4), review("bot", 5)];
        assert_eq!(values(without_review, &row(), &said), [(10, 1.0)]);
        assert_eq!(values(first_review, &row(), &said), []);
        assert_eq!(values(depth, &row(), &said), [(10, 0.0)]);
    }

    #[test]
    fn a_change_that_no_forge_told_of_says_nothing_about_reviews() {
        let inferred = ChangeRow { opened: None, ready: None, ..row() };
        assert_eq!(values(without_review, &inferred, &[]), []);
        assert_eq!(values(merged, &inferred, &[]), [(10, 1.0)]);
    }

    #[test]
    fn a_change_that_was_closed_without_a_merge_is_abandoned_and_no_longer_open() {
        let closed = ChangeRow { merged: None, closed: Some(9 * HOUR), ..row() };
        assert_eq!(values(abandoned, &closed, &[]), [(9, 1.0)]);
        assert_eq!(values(merged, &closed, &[]), []);
        let mut into = Observations::default();
        open(&Change { row: &closed, first_commit: None, reviews: Vec::new(), assisted: false }, &mut into);
        assert_eq!((into.all[0].at, into.all[0].until), (2 * HOUR, Some(9 * HOUR)));
    }
}
